//! Finding the handler of an exception: a walk over the frames of compiled code.

use crate::abi::{Landing, VmLayout};
use crate::code::{Clause, FrameInfo, LoadedModule};
use etalon_runtime::TagAddr;
use std::sync::Arc;

/// Code that frames may be of, with the layout of its instances' contexts.
pub(crate) type Modules = [Arc<LoadedModule>];

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
        // SAFETY: a frame pointer points at the caller's, and the return address lies above it.
        let (caller, pc) = unsafe { (word(fp), word(fp + 8)) };
        let (module, frame) = modules.iter().find_map(|m| Some((m, m.frame(pc)?)))?;
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

/// # Safety
/// The address must be of a readable, aligned word.
unsafe fn word(address: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::with_exposed_provenance::<usize>(address).read() }
}
