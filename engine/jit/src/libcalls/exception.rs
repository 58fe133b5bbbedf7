//! Exceptions ("Control Instructions"): `throw`, `throw_ref`, and what a clause of `try_table` carries.

use super::{Guest, VmContext, run};
use etalon_module::{Canonicalise, FuncType, TypeUse};
use etalon_runtime::{ExnAddr, Ref, RefKind, Stop, TagAddr, Value};

impl Guest<'_> {
    fn tag(&self, index: u64) -> TagAddr {
        self.store.instance(self.instance).tags[index as usize]
    }

    /// The type of a tag of the instance.
    fn tag_type(&self, index: u64) -> Result<FuncType, Stop> {
        let inst = self.store.instance(self.instance);
        let TypeUse::Def(ty) = inst.module.tags[index as usize].ty.canonical(&inst.types) else {
            return Err(Stop::crash("the type of a tag is not canonical"));
        };
        let ty = self.store.types.func(ty);
        ty.cloned().ok_or_else(|| Stop::crash("the type of a tag is no function type"))
    }
}

/// The exception of a reference that compiled code holds.
fn exception(word: u64) -> Result<ExnAddr, Stop> {
    match Ref::from_bits(word).and_then(Ref::kind) {
        Some(RefKind::Exn(exn)) => Ok(exn),
        _ => Err(Stop::crash(format!("{word:#x} is no reference to an exception"))),
    }
}

/// Makes an exception of a tag, with fields in slots; gives the word of its reference.
///
/// # Safety
/// As for [`run`]; `slots` must hold the fields, and `fp` be the frame pointer of the stub that calls this.
pub(super) unsafe extern "C" fn exn_new(
    vmctx: *mut VmContext,
    tag: u64,
    slots: u64,
    _: u64,
    _: u64,
    fp: u64,
) -> i64 {
    let make = |mut guest: Guest<'_>| {
        let ty = guest.tag_type(tag)?;
        let len = ty.param_slots();
        let slots = std::ptr::with_exposed_provenance::<u64>(slots as usize);
        // SAFETY: compiled code wrote the fields of this tag there.
        let fields = Value::read_all(&ty.params, unsafe { std::slice::from_raw_parts(slots, len) });
        let tag = guest.tag(tag);
        let reference = |field: &Value| match field {
            Value::Ref(reference) => Some(*reference),
            _ => None,
        };
        let held = |_: &_| fields.iter().filter_map(reference).collect();
        // SAFETY: the caller's promise.
        unsafe { guest.collect_if_needed(fp, held) };
        let exn = guest.store.alloc_exn(tag, fields)?;
        Ok(Ref::exn(exn).to_bits())
    };
    // SAFETY: the caller's promise.
    unsafe { run(vmctx, make) }
}

/// Writes the fields of an exception to slots.
///
/// # Safety
/// As for [`run`]; `slots` must have room for the fields.
pub(super) unsafe extern "C" fn exn_fields(
    vmctx: *mut VmContext,
    word: u64,
    slots: u64,
    _: u64,
    _: u64,
    _: u64,
) -> i64 {
    let read = |guest: Guest<'_>| {
        let exn = guest.store.exn(exception(word)?);
        let exn = exn.ok_or_else(|| Stop::crash("a caught exception is not in the heap"))?;
        let mut slots = std::ptr::with_exposed_provenance_mut::<u64>(slots as usize);
        for field in &exn.fields {
            let mut words = [0; 2];
            let count = Value::write_all(&[*field], &mut words);
            for word in &words[..count] {
                // SAFETY: compiled code reserved what the tag's fields take.
                unsafe {
                    slots.write(*word);
                    slots = slots.add(1);
                }
            }
        }
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { run(vmctx, read) }
}

/// Throws: finds the handler, or leaves compiled code with the exception. The result is always [`STOP`](super::STOP).
///
/// # Safety
/// As for [`run`]; `fp` must be the frame pointer of the stub that calls this.
pub(super) unsafe extern "C" fn throw(
    vmctx: *mut VmContext,
    word: u64,
    fp: u64,
    _: u64,
    _: u64,
    _: u64,
) -> i64 {
    // SAFETY: the caller's promise; the executor outlives the code that it runs.
    let executor = unsafe { &*(*(*vmctx).context).executor };
    let find = |guest: Guest<'_>| {
        let exn = exception(word)?;
        // SAFETY: the caller's promise.
        if unsafe { executor.catch(guest.store, fp as usize, exn) } {
            return Ok(super::STOP as u64);
        }
        Err(Stop::Throw(exn))
    };
    // SAFETY: the caller's promise.
    unsafe { run(vmctx, find) }
}
