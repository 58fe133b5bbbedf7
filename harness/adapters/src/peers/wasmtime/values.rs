//! Values and outcomes of the harness, as Wasmtime has them.

use super::super::linked::Left;
use crate::outcome::{Outcome, Reason, Rejection};
use crate::remote::WASMTIME;
use crate::value::{RefKind, Val, ValKind};
use wasmtime::{
    AnyRef, AsContextMut, Error, ExternRef, GcHeapOutOfMemory, I31, Rooted, ThrownException, Trap,
    UnknownImportError, Val as Value,
};

/// The harness's number, in an external reference.
struct Number(u32);

/// A value of the harness in the store; `None` if only a guest can create it.
pub(super) fn to_value(mut store: impl AsContextMut, val: Val) -> Option<Value> {
    Some(match val {
        Val::I32(v) => Value::I32(v),
        Val::I64(v) => Value::I64(v),
        Val::F32(v) => Value::F32(v),
        Val::F64(v) => Value::F64(v),
        Val::V128(v) => Value::V128(v.into()),
        Val::Null(ValKind::Func) => Value::FuncRef(None),
        Val::Null(ValKind::Extern) => Value::ExternRef(None),
        Val::Null(ValKind::Exn) => Value::ExnRef(None),
        Val::Null(_) => Value::AnyRef(None),
        Val::Ref(RefKind::Extern(n)) => {
            Value::ExternRef(Some(ExternRef::new(&mut store, Number(n)).ok()?))
        }
        Val::Ref(RefKind::Host(n)) => {
            let number = ExternRef::new(&mut store, Number(n)).ok()?;
            Value::AnyRef(Some(AnyRef::convert_extern(&mut store, number).ok()?))
        }
        Val::Ref(RefKind::I31(n)) => {
            Value::AnyRef(Some(AnyRef::from_i31(&mut store, I31::wrapping_u32(n))))
        }
        Val::Ref(_) => return None,
    })
}

pub(super) fn from_value(store: impl AsContextMut, value: &Value) -> Val {
    match value {
        Value::I32(v) => Val::I32(*v),
        Value::I64(v) => Val::I64(*v),
        Value::F32(v) => Val::F32(*v),
        Value::F64(v) => Val::F64(*v),
        Value::V128(v) => Val::V128(v.as_u128()),
        Value::FuncRef(None) => Val::Null(ValKind::Func),
        Value::FuncRef(Some(_)) => Val::Ref(RefKind::Func),
        Value::ExternRef(None) => Val::Null(ValKind::Extern),
        Value::ExternRef(Some(reference)) => {
            Val::Ref(number(store, *reference).map_or(RefKind::Externalised, RefKind::Extern))
        }
        Value::ExnRef(None) => Val::Null(ValKind::Exn),
        Value::ExnRef(Some(_)) => Val::Ref(RefKind::Exn),
        Value::AnyRef(Some(reference)) => Val::Ref(any(store, *reference)),
        Value::AnyRef(None) | Value::ContRef(_) => Val::Null(ValKind::Any),
    }
}

fn any(mut store: impl AsContextMut, reference: Rooted<AnyRef>) -> RefKind {
    if let Ok(Some(number)) = reference.as_i31(&store) {
        return RefKind::I31(number.get_u32());
    }
    if reference.is_struct(&store).unwrap_or_default() {
        return RefKind::Struct;
    }
    if reference.is_array(&store).unwrap_or_default() {
        return RefKind::Array;
    }
    // What the host made, or what a guest has of an external reference.
    let external = ExternRef::convert_any(&mut store, reference);
    let number = external.ok().and_then(|external| number(store, external));
    number.map_or(RefKind::Struct, RefKind::Host)
}

/// The number in an external reference, if it is one of ours.
fn number(store: impl AsContextMut, reference: Rooted<ExternRef>) -> Option<u32> {
    let store = store.as_context();
    let Number(number) = reference.data(&store).ok()??.downcast_ref()?;
    Some(*number)
}

/// How an action stopped.
pub(super) fn stopped(
    mut store: wasmtime::StoreContextMut<'_, impl Sized>,
    error: &Error,
) -> Outcome {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        let text = trap.to_string();
        return WASMTIME.translate(Outcome::Trapped { text, site: None });
    }
    if let Some(left) = error.downcast_ref::<Left>() {
        return left.outcome();
    }
    if error.is::<ThrownException>() {
        let Some(exception) = store.take_pending_exception() else {
            return Outcome::Crashed("the exception is gone".to_owned());
        };
        let fields = exception.fields(&mut store).map(Iterator::collect::<Vec<Value>>);
        return match fields {
            Ok(fields) => {
                Outcome::Threw(fields.iter().map(|v| from_value(&mut store, v)).collect())
            }
            Err(_) => Outcome::Threw(Vec::new()),
        };
    }
    if error.is::<GcHeapOutOfMemory<()>>() {
        return Outcome::Exhausted("heap exhausted".to_owned());
    }
    let unlinkable = |kind| {
        let reason = Reason::new(Some(kind), format!("{error:#}"));
        Outcome::Rejected(Rejection::Unlinkable(reason))
    };
    if error.is::<UnknownImportError>() {
        return unlinkable("unknown-import");
    }
    let text = format!("{error:#}");
    match text.starts_with("incompatible import type") {
        true => unlinkable("incompatible-import"),
        false => WASMTIME.translate(Outcome::HostError(text)),
    }
}
