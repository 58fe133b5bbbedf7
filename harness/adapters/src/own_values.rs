//! Types, values and outcomes of the harness as our own tiers have them.

use crate::outcome::Outcome;
use crate::value::{RefKind, Val, ValKind};
use etalon::unstable::{self, Kind, module};
use etalon::wasi;
use etalon::{
    AnyRef, AsContext, AsContextMut, Crash, Error, Exhaustion, ForbiddenAccess, HeapType, Site,
    ThrownException, Trap, Val as Value, ValType,
};

/// The kind of a type.
pub(crate) fn kind(ty: &ValType) -> ValKind {
    match ty {
        ValType::I32 => ValKind::I32,
        ValType::I64 => ValKind::I64,
        ValType::F32 => ValKind::F32,
        ValType::F64 => ValKind::F64,
        ValType::V128 => ValKind::V128,
        ValType::Ref(ty) => match ty.heap_type().top() {
            HeapType::Func => ValKind::Func,
            HeapType::Extern => ValKind::Extern,
            HeapType::Exn => ValKind::Exn,
            _ => ValKind::Any,
        },
    }
}

/// The kind of a type of a module's, as far as it is known without it: a defined type counts as a function type.
pub fn kind_of(ty: module::ValType) -> ValKind {
    use module::HeapType as Heap;
    match ty {
        module::ValType::I32 => ValKind::I32,
        module::ValType::I64 => ValKind::I64,
        module::ValType::F32 => ValKind::F32,
        module::ValType::F64 => ValKind::F64,
        module::ValType::V128 => ValKind::V128,
        module::ValType::Ref(r) => match r.heap {
            Heap::Func | Heap::NoFunc | Heap::Use(_) => ValKind::Func,
            Heap::Extern | Heap::NoExtern => ValKind::Extern,
            Heap::Exn | Heap::NoExn => ValKind::Exn,
            _ => ValKind::Any,
        },
    }
}

pub(crate) fn type_of(kind: ValKind) -> ValType {
    match kind {
        ValKind::I32 => ValType::I32,
        ValKind::I64 => ValType::I64,
        ValKind::F32 => ValType::F32,
        ValKind::F64 => ValType::F64,
        ValKind::V128 => ValType::V128,
        ValKind::Func => ValType::FUNCREF,
        ValKind::Extern => ValType::EXTERNREF,
        ValKind::Any => ValType::ANYREF,
        ValKind::Exn => ValType::EXNREF,
    }
}

/// A value of the harness in the store; `None` if only a guest can create it.
pub fn to_value(mut store: impl AsContextMut, val: Val) -> Option<Value> {
    Some(match val {
        Val::I32(v) => v.into(),
        Val::I64(v) => v.into(),
        Val::F32(v) => Value::F32(v),
        Val::F64(v) => Value::F64(v),
        Val::V128(v) => v.into(),
        Val::Null(kind) => Value::default_for_ty(&type_of(kind))?,
        Val::Ref(RefKind::Extern(n)) => unstable::extern_number(&mut store, n).into(),
        Val::Ref(RefKind::Host(n)) => unstable::any_number(&mut store, n).into(),
        Val::Ref(RefKind::I31(n)) => AnyRef::from_i31(&mut store, n).into(),
        Val::Ref(_) => return None,
    })
}

/// A value of a store as the harness has it.
pub fn from_value(store: impl AsContext, val: &Value) -> Val {
    let null = match val {
        Value::I32(v) => return Val::I32(*v),
        Value::I64(v) => return Val::I64(*v),
        Value::F32(v) => return Val::F32(*v),
        Value::F64(v) => return Val::F64(*v),
        Value::V128(v) => return Val::V128(*v),
        Value::FuncRef(_) => ValKind::Func,
        Value::ExternRef(_) => ValKind::Extern,
        Value::AnyRef(_) => ValKind::Any,
        Value::ExnRef(_) => ValKind::Exn,
    };
    match unstable::kind_of(store, val) {
        None => Val::Null(null),
        Some(Kind::Extern(n)) => Val::Ref(RefKind::Extern(n)),
        Some(Kind::Externalised) => Val::Ref(RefKind::Externalised),
        Some(Kind::Host(n)) => Val::Ref(RefKind::Host(n)),
        Some(Kind::Func) => Val::Ref(RefKind::Func),
        Some(Kind::I31(n)) => Val::Ref(RefKind::I31(n)),
        Some(Kind::Struct) => Val::Ref(RefKind::Struct),
        Some(Kind::Array) => Val::Ref(RefKind::Array),
        Some(Kind::Exn) => Val::Ref(RefKind::Exn),
    }
}

/// The outcome of a function that returned.
pub fn returned(store: impl AsContext, values: &[Value]) -> Outcome {
    Outcome::Returned(values.iter().map(|val| from_value(&store, val)).collect())
}

/// The outcome of a call that stopped.
pub fn stopped(mut store: impl AsContextMut, error: &Error) -> Outcome {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let site = error.downcast_ref::<Site>().map(|site| (site.func, site.offset));
        let text = match error.downcast_ref::<ForbiddenAccess>() {
            Some(forbidden) => forbidden.to_string(),
            None => trap.text().to_owned(),
        };
        return Outcome::Trapped { text, site };
    }
    if let Some(thrown) = error.downcast_ref::<ThrownException>() {
        return match thrown.exception().fields(&mut store) {
            Ok(fields) => {
                Outcome::Threw(fields.iter().map(|val| from_value(&store, val)).collect())
            }
            Err(_) => Outcome::Crashed("the exception is gone".to_owned()),
        };
    }
    if let Some(wasi::Exit { status }) = error.downcast_ref() {
        return Outcome::Exited(*status);
    }
    if let Some(what) = error.downcast_ref::<Exhaustion>() {
        if *what == Exhaustion::Interrupted {
            return Outcome::TimedOut;
        }
        return Outcome::Exhausted(what.text().to_owned());
    }
    if let Some(crash) = error.downcast_ref::<Crash>() {
        return Outcome::Crashed(crash.to_string());
    }
    // Its frames are told apart.
    if let Some(bad) = error.downcast_ref::<wasi::BadPointer>() {
        return Outcome::HostError(bad.to_string());
    }
    Outcome::HostError(format!("{error:#}"))
}
