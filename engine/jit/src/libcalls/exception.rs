//! Exceptions ("Control Instructions"): `throw`, `throw_ref`, and what a clause of `try_table` carries.

use super::{Guest, STOP, VmContext};
use crate::trap;
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

/// Makes an exception of a tag.
///
/// # Safety
/// `slots` must be the address of the slots of the tag's fields, and `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn make(mut guest: Guest<'_>, tag: u64, slots: u64, fp: u64) -> Result<u64, Stop> {
    let ty = guest.tag_type(tag)?;
    let len = ty.param_slots();
    let slots = std::ptr::with_exposed_provenance::<u64>(slots as usize);
    // SAFETY: the caller's promise of `slots`.
    let fields = Value::read_all(&ty.params, unsafe { std::slice::from_raw_parts(slots, len) });
    let tag = guest.tag(tag);
    let reference = |field: &Value| match field {
        Value::Ref(reference) => Some(*reference),
        _ => None,
    };
    let held = |_: &_| fields.iter().filter_map(reference).collect();
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, held) };
    let exn = guest.store.alloc_exn(tag, fields.into_vec())?;
    Ok(Ref::exn(exn).to_bits())
}

/// Writes the fields of an exception to slots.
///
/// # Safety
/// `slots` must be the address of as many as the fields take.
unsafe fn read(guest: Guest<'_>, word: u64, slots: u64) -> Result<u64, Stop> {
    let exn = guest.store.exn(exception(word)?);
    let exn = exn.ok_or_else(|| Stop::crash("a caught exception is not in the heap"))?;
    let mut slots = std::ptr::with_exposed_provenance_mut::<u64>(slots as usize);
    for field in &exn.fields {
        let mut words = [0; 2];
        let count = Value::write_all(&[*field], &mut words);
        for word in &words[..count] {
            // SAFETY: the caller's promise of `slots`.
            unsafe {
                slots.write(*word);
                slots = slots.add(1);
            }
        }
    }
    Ok(0)
}

routines! {
    /// Makes an exception of a tag, with fields in slots; gives the word of its reference.
    exn_new(tag, slots, c, d, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { make(g, tag, slots, fp) }
    };
    /// Writes the fields of an exception to slots that have room for them.
    exn_fields(word, slots, c, d, e) = |g: Guest<'_>| {
        // SAFETY: a clause is of one tag, whose exceptions alone get there, so the slots are as many as this one's fields.
        unsafe { read(g, word, slots) }
    };
    /// Finds the handler of an exception, or leaves compiled code with it. The result is always [`STOP`].
    find_handler(word, fp, c, d, e) = |g: Guest<'_>| {
        let exn = exception(word)?;
        // SAFETY: the stub that calls this passes its frame pointer.
        if unsafe { g.executor.catch(g.store, fp as usize, exn) } {
            return Ok(STOP as u64);
        }
        Err(Stop::Throw(exn))
    };
}

/// Throws: goes on in the handler, if there is one, without the detour of a signal where the processor is one for which that is
/// written. Otherwise it gives [`STOP`].
///
/// # Safety
/// As for the routine that finds the handler.
pub(super) unsafe extern "C" fn throw(
    vmctx: *mut VmContext,
    word: u64,
    fp: u64,
    c: u64,
    d: u64,
    e: u64,
) -> i64 {
    // SAFETY: the caller's promise.
    let status = unsafe { Routines::find_handler(vmctx, word, fp, c, d, e) };
    // SAFETY: the stub that called this waits. Nothing in this frame or in the stub's is left to be done, and what was held while the
    // handler was looked for is given back.
    unsafe { trap::land() };
    status
}
