//! Walks over the frames of compiled code: for the handler of an exception, and for references.

use crate::abi::{Landing, VmLayout};
use crate::code::{Clause, FrameInfo, Modules};
use etalon_runtime::{Ref, TagAddr};

/// The handler for an exception of a tag, thrown or passed on by a stub whose frame pointer is `fp`;
/// `None` if no frame up to the entry has one.
///
/// # Safety
/// `fp` must be of a stub that compiled code of `modules` called and that has not returned: from there to the
/// entry trampoline there are frames of that code alone, each with a frame pointer.
pub(crate) unsafe fn find_handler(
    modules: &Modules,
    mut fp: usize,
    tag: TagAddr,
    payload: u64,
) -> Option<Landing> {
    loop {
        // SAFETY: the caller's promise.
        let (caller, pc) = unsafe { caller_of(fp) };
        // A call may be the last instruction of its module, so the address before is looked up.
        let module = modules.at(pc - 1)?;
        let frame = module.frame(pc)?;
        match frame {
            FrameInfo::Trampoline => return None,
            FrameInfo::Function => {}
            FrameInfo::Handlers { start, size, clauses } => {
                let sp = caller - size;
                // SAFETY: the clauses are of the call at which this frame waits.
                let found = unsafe { matching(clauses, module.layout(), sp, tag) };
                if let Some(offset) = found {
                    let pc = start + offset as usize;
                    return Some(Landing { pc, sp, fp: caller, payload });
                }
            }
        }
        fp = caller;
    }
}

/// The offset of the first clause that handles a tag.
///
/// # Safety
/// `sp` must be of the frame that the clauses are for, and it must still wait at their call.
unsafe fn matching(clauses: &[Clause], layout: &VmLayout, sp: usize, tag: TagAddr) -> Option<u32> {
    let mut vmctx = None;
    for clause in clauses {
        match *clause {
            // SAFETY: the code generator keeps the context there as long as the call lasts.
            Clause::Context(at) => vmctx = Some(unsafe { word(sp + at as usize) }),
            Clause::Tag(index, offset) => {
                // SAFETY: it is the context of an instance of this layout.
                let handled = unsafe { word(vmctx? + layout.tag(index) as usize) };
                if handled == tag.index() {
                    return Some(offset);
                }
            }
            Clause::All(offset) => return Some(offset),
        }
    }
    None
}

/// Visits the references that compiled code holds, from the caller of a stub to the entry.
///
/// # Safety
/// As for [`find_handler`].
pub(crate) unsafe fn visit_references(
    modules: &Modules,
    mut fp: usize,
    visit: &mut dyn FnMut(Ref),
) {
    loop {
        // SAFETY: the caller's promise.
        let (caller, pc) = unsafe { caller_of(fp) };
        let found = modules.at(pc - 1).and_then(|m| Some((m, m.frame(pc)?)));
        let Some((module, FrameInfo::Function | FrameInfo::Handlers { .. })) = found else {
            return;
        };
        if let Some(map) = module.map(pc) {
            let sp = caller - map.frame as usize;
            for at in &map.words {
                // SAFETY: the code generator keeps a reference there as long as the call lasts.
                let bits = unsafe { word(sp + *at as usize) };
                Ref::from_bits(bits as u64).into_iter().for_each(&mut *visit);
            }
        }
        fp = caller;
    }
}

/// From a frame pointer up to the return address: next to it, or where s390x has its place for register 14.
const RETURN_ADDRESS: usize = if cfg!(target_arch = "s390x") { 14 * 8 } else { 8 };

/// The frame pointer of the caller of a frame, and where the frame returns to.
///
/// # Safety
/// `fp` must be the frame pointer of a frame of compiled code that has not returned.
unsafe fn caller_of(fp: usize) -> (usize, usize) {
    // SAFETY: a frame pointer points at the caller's, and the return address lies above it.
    unsafe { (word(fp), word(fp + RETURN_ADDRESS)) }
}

/// # Safety
/// The address must be of a readable, aligned word.
unsafe fn word(address: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::with_exposed_provenance::<usize>(address).read() }
}
