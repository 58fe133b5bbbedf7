//! Walks over the frames of compiled code: for the handler of an exception, and for references.

use crate::abi::Landing;
use crate::code::{FrameInfo, Modules, Scope};
use etalon_runtime::{Ref, TagAddr};

/// The handler for an exception of a tag, thrown or passed on by a stub whose frame pointer is `fp`, and the number of the clause in
/// its function; `None` if no frame up to the entry has one.
///
/// # Safety
/// `fp` must be of a stub that compiled code of `modules` called and that has not returned: from there to the
/// entry trampoline there are frames of that code alone, each with a frame pointer.
pub(crate) unsafe fn find_handler(
    modules: &Modules,
    mut fp: usize,
    tag: TagAddr,
) -> Option<(Landing, u32)> {
    loop {
        // SAFETY: the caller's promise.
        let (caller, pc) = unsafe { caller_of(fp) };
        // A call may be the last instruction of its module, so the address before is looked up.
        let module = modules.at(pc - 1)?;
        let frame = module.frame(pc)?;
        match frame {
            FrameInfo::Trampoline => return None,
            FrameInfo::Function => {}
            FrameInfo::Handlers { start, site, scopes } => {
                let sp = caller - site.frame as usize;
                // SAFETY: the code generator keeps the context there as long as the call lasts.
                let vmctx = unsafe { word(sp + site.context as usize) };
                // SAFETY: it is the context of an instance of this layout.
                let of_tag = |index| unsafe { word(vmctx + module.layout().tag(index) as usize) };
                if let Some(clause) = matching(scopes, site.scope, |i| of_tag(i) == tag.index()) {
                    let pc = start + site.landing as usize;
                    return Some((Landing { pc, sp, fp: caller }, clause));
                }
            }
        }
        fp = caller;
    }
}

/// The number of the first clause that handles a tag, from a scope outwards.
fn matching(scopes: &[Scope], innermost: u32, is_thrown: impl Fn(u32) -> bool) -> Option<u32> {
    let mut next = Some(innermost);
    while let Some(scope) = next {
        let scope = scopes.get(scope as usize)?;
        if let Some(at) = scope.tags.iter().position(|tag| tag.is_none_or(&is_thrown)) {
            return Some(scope.first + at as u32);
        }
        next = scope.outer;
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
pub(super) unsafe fn caller_of(fp: usize) -> (usize, usize) {
    // SAFETY: a frame pointer points at the caller's, and the return address lies above it.
    unsafe { (word(fp), word(fp + RETURN_ADDRESS)) }
}

/// # Safety
/// The address must be of a readable, aligned word.
unsafe fn word(address: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::with_exposed_provenance::<usize>(address).read() }
}
