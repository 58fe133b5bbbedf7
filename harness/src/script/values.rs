//! The arguments of actions.

use etalon_adapters::{RefKind, Val, ValKind};
use wast::WastArg;
use wast::core::{AbstractHeapType, HeapType, WastArgCore};

/// The values of an action's arguments.
///
/// # Errors
/// The feature of an argument that has no value here.
pub(crate) fn arguments(args: &[WastArg<'_>]) -> Result<Vec<Val>, &'static str> {
    args.iter().map(argument).collect()
}

pub(crate) fn argument(arg: &WastArg<'_>) -> Result<Val, &'static str> {
    let WastArg::Core(arg) = arg else { return Err("component-model") };
    Ok(match arg {
        WastArgCore::I32(v) => Val::I32(*v),
        WastArgCore::I64(v) => Val::I64(*v),
        WastArgCore::F32(v) => Val::F32(v.bits),
        WastArgCore::F64(v) => Val::F64(v.bits),
        WastArgCore::V128(v) => Val::V128(u128::from_le_bytes(v.to_le_bytes())),
        // A module's own types can be named only inside the module, never in an argument.
        WastArgCore::RefNull(heap) => Val::Null(hierarchy(heap).ok_or("typed null argument")?),
        WastArgCore::RefExtern(n) => Val::Ref(RefKind::Extern(*n)),
        WastArgCore::RefHost(n) => Val::Ref(RefKind::Host(*n)),
    })
}

/// The hierarchy of an abstract heap type; `None` for a module's own type and for continuations.
pub(crate) fn hierarchy(heap: &HeapType<'_>) -> Option<ValKind> {
    use AbstractHeapType as Heap;
    let HeapType::Abstract { ty, .. } = heap else { return None };
    match ty {
        Heap::Func | Heap::NoFunc => Some(ValKind::Func),
        Heap::Extern | Heap::NoExtern => Some(ValKind::Extern),
        Heap::Any | Heap::Eq | Heap::Struct | Heap::Array | Heap::I31 | Heap::None => {
            Some(ValKind::Any)
        }
        Heap::Exn | Heap::NoExn => Some(ValKind::Exn),
        Heap::Cont | Heap::NoCont => None,
    }
}
