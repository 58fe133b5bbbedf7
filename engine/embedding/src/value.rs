//! Values (specification: *Runtime Structure*, "Values").

use crate::error::{Mismatch, Result};
use crate::func::Func;
use crate::reference::{AnyRef, ExnRef, ExternRef, Rooted};
use crate::types::{FuncType, HeapType, ValType};
use etalon_module::{self as module, TypeUse};
use etalon_runtime::{Ref as Word, Store as State, Value};

/// A value with its type. Floats are bits, so that NaNs keep their payload.
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// `i32`
    I32(i32),
    /// `i64`
    I64(i64),
    /// `f32`, as bits
    F32(u32),
    /// `f64`, as bits
    F64(u64),
    /// `v128`, as a little-endian number
    V128(u128),
    /// A function, or null
    FuncRef(Option<Func>),
    /// An external reference, or null
    ExternRef(Option<Rooted<ExternRef>>),
    /// An internal reference, or null
    AnyRef(Option<Rooted<AnyRef>>),
    /// An exception, or null
    ExnRef(Option<Rooted<ExnRef>>),
}

/// A reference: what tables hold.
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function, or null
    Func(Option<Func>),
    /// An external reference, or null
    Extern(Option<Rooted<ExternRef>>),
    /// An internal reference, or null
    Any(Option<Rooted<AnyRef>>),
    /// An exception, or null
    Exn(Option<Rooted<ExnRef>>),
}

/// The four hierarchies of references.
#[derive(Clone, Copy)]
enum Hierarchy {
    Func,
    Extern,
    Any,
    Exn,
}

/// Accessors of one variant each: by reference, and with a panic.
macro_rules! accessors {
    ($enum:ident: $($get:ident $unwrap:ident $variant:ident($value:ident => $given:expr) $ty:ty, $name:literal;)*) => {$(
        #[doc = concat!("The value, if it is of type `", $name, "`.")]
        pub fn $get(&self) -> Option<$ty> {
            match self {
                $enum::$variant($value) => Some($given),
                _ => None,
            }
        }

        #[doc = concat!("The value, which is of type `", $name, "`.")]
        ///
        /// # Panics
        /// If it is not.
        #[track_caller]
        pub fn $unwrap(&self) -> $ty {
            match self.$get() {
                Some(value) => value,
                None => panic!("{self:?} is no {}", $name),
            }
        }
    )*};
}

impl Ref {
    accessors! { Ref:
        as_func unwrap_func Func(r => r.as_ref()) Option<&Func>, "funcref";
        as_extern unwrap_extern Extern(r => r.as_ref()) Option<&Rooted<ExternRef>>, "externref";
        as_any unwrap_any Any(r => r.as_ref()) Option<&Rooted<AnyRef>>, "anyref";
        as_exn unwrap_exn Exn(r => r.as_ref()) Option<&Rooted<ExnRef>>, "exnref";
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None))
    }

    /// The null of a type's hierarchy.
    pub fn null(ty: &HeapType) -> Ref {
        match ty.top() {
            HeapType::Func => Ref::Func(None),
            HeapType::Extern => Ref::Extern(None),
            HeapType::Exn => Ref::Exn(None),
            _ => Ref::Any(None),
        }
    }

    /// What a word of a store refers to, as a type says.
    pub(crate) fn of(state: &mut State, word: Word, ty: module::HeapType) -> Ref {
        let some = !word.is_null();
        match hierarchy(state, ty) {
            Hierarchy::Func => Ref::Func(word.as_func().map(|func| Func::of(state, func))),
            Hierarchy::Extern => Ref::Extern(some.then(|| Rooted::of(state, word))),
            Hierarchy::Any => Ref::Any(some.then(|| Rooted::of(state, word))),
            Hierarchy::Exn => Ref::Exn(some.then(|| Rooted::of(state, word))),
        }
    }

    /// Its word in a store.
    pub(crate) fn word(&self, state: &State) -> Result<Word> {
        match self {
            Ref::Func(Some(func)) => Ok(Word::func(func.find(state)?)),
            Ref::Extern(Some(r)) => r.word(state),
            Ref::Any(Some(r)) => r.word(state),
            Ref::Exn(Some(r)) => r.word(state),
            _ => Ok(Word::NULL),
        }
    }
}

fn hierarchy(state: &State, ty: module::HeapType) -> Hierarchy {
    use module::HeapType as H;
    match ty {
        H::Func | H::NoFunc => Hierarchy::Func,
        H::Extern | H::NoExtern => Hierarchy::Extern,
        H::Exn | H::NoExn => Hierarchy::Exn,
        H::Use(TypeUse::Def(id)) if state.types.func(id).is_some() => Hierarchy::Func,
        _ => Hierarchy::Any,
    }
}

impl From<Ref> for Val {
    fn from(r: Ref) -> Val {
        match r {
            Ref::Func(r) => Val::FuncRef(r),
            Ref::Extern(r) => Val::ExternRef(r),
            Ref::Any(r) => Val::AnyRef(r),
            Ref::Exn(r) => Val::ExnRef(r),
        }
    }
}

impl Val {
    accessors! { Val:
        i32 unwrap_i32 I32(v => *v) i32, "i32";
        i64 unwrap_i64 I64(v => *v) i64, "i64";
        f32 unwrap_f32 F32(v => f32::from_bits(*v)) f32, "f32";
        f64 unwrap_f64 F64(v => f64::from_bits(*v)) f64, "f64";
        v128 unwrap_v128 V128(v => *v) u128, "v128";
        func_ref unwrap_func_ref FuncRef(r => r.as_ref()) Option<&Func>, "funcref";
        extern_ref unwrap_extern_ref ExternRef(r => r.as_ref()) Option<&Rooted<ExternRef>>, "externref";
        any_ref unwrap_any_ref AnyRef(r => r.as_ref()) Option<&Rooted<AnyRef>>, "anyref";
        exn_ref unwrap_exn_ref ExnRef(r => r.as_ref()) Option<&Rooted<ExnRef>>, "exnref";
    }

    /// The value as a reference, if it is one.
    pub fn ref_(&self) -> Option<Ref> {
        Some(match self {
            Val::FuncRef(r) => Ref::Func(*r),
            Val::ExternRef(r) => Ref::Extern(*r),
            Val::AnyRef(r) => Ref::Any(*r),
            Val::ExnRef(r) => Ref::Exn(*r),
            _ => return None,
        })
    }

    /// Zero or null; `None` for references that are not nullable.
    pub fn default_for_ty(ty: &ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::V128 => Val::V128(0),
            ValType::Ref(r) if r.is_nullable() => Ref::null(r.heap_type()).into(),
            ValType::Ref(_) => return None,
        })
    }

    /// A value of a store, as a type says.
    pub(crate) fn of(state: &mut State, value: Value, ty: module::ValType) -> Val {
        match (value, ty) {
            (Value::I32(v), _) => Val::I32(v as i32),
            (Value::I64(v), _) => Val::I64(v as i64),
            (Value::F32(v), _) => Val::F32(v),
            (Value::F64(v), _) => Val::F64(v),
            (Value::V128(v), _) => Val::V128(v),
            (Value::Ref(r), module::ValType::Ref(ty)) => Ref::of(state, r, ty.heap).into(),
            (Value::Ref(r), _) => Ref::of(state, r, module::HeapType::Any).into(),
        }
    }

    /// Values of a store, as their types say.
    pub(crate) fn list_of(
        state: &mut State,
        values: &[Value],
        types: &[module::ValType],
    ) -> Vec<Val> {
        values.iter().zip(types).map(|(value, ty)| Val::of(state, *value, *ty)).collect()
    }

    /// The value in a store.
    pub(crate) fn value(&self, state: &State) -> Result<Value> {
        Ok(match self {
            Val::I32(v) => Value::I32(*v as u32),
            Val::I64(v) => Value::I64(*v as u64),
            Val::F32(v) => Value::F32(*v),
            Val::F64(v) => Value::F64(*v),
            Val::V128(v) => Value::V128(*v),
            _ => Value::Ref(self.ref_().map_or(Ok(Word::NULL), |r| r.word(state))?),
        })
    }

    /// The value in a store, where it must be of a type.
    pub(crate) fn value_of(&self, state: &State, ty: module::ValType) -> Result<Value> {
        let value = self.value(state)?;
        if !self.is_of_hierarchy(state, ty) || !state.has_type(value, ty) {
            let ty = ValType::of_store(state, ty);
            return Err(Mismatch(format!("{self:?} is not of type {ty}")).into());
        }
        Ok(value)
    }

    /// Whether a reference is of the variant that its type says. Null is the same in all of them.
    fn is_of_hierarchy(&self, state: &State, ty: module::ValType) -> bool {
        let module::ValType::Ref(ty) = ty else { return true };
        if self.ref_().is_some_and(|r| r.is_null()) {
            return true;
        }
        matches!(
            (self, hierarchy(state, ty.heap)),
            (Val::FuncRef(_), Hierarchy::Func)
                | (Val::ExternRef(_), Hierarchy::Extern)
                | (Val::AnyRef(_), Hierarchy::Any)
                | (Val::ExnRef(_), Hierarchy::Exn)
        )
    }

    /// The values in a store, where they must be a function's arguments.
    pub(crate) fn arguments(
        state: &State,
        vals: &[Val],
        ty: &module::FuncType,
    ) -> Result<Vec<Value>> {
        if vals.len() != ty.params.len() {
            let (want, got) = (ty.params.len(), vals.len());
            let ty = FuncType::of_store(state, ty);
            let text = format!("wrong arguments: {want} are needed, {got} given to {ty}");
            return Err(Mismatch(text).into());
        }
        vals.iter().zip(&ty.params).map(|(val, ty)| val.value_of(state, *ty)).collect()
    }
}

/// Values of Rust as values of the guest.
macro_rules! from {
    ($of:ident: $($ty:ty, $value:ident => $val:expr;)*) => {$(
        impl From<$ty> for $of {
            fn from($value: $ty) -> $of {
                $val
            }
        }
    )*};
}

from! { Ref:
    Func, value => Ref::Func(Some(value));
    Option<Func>, value => Ref::Func(value);
    Rooted<ExternRef>, value => Ref::Extern(Some(value));
    Option<Rooted<ExternRef>>, value => Ref::Extern(value);
    Rooted<AnyRef>, value => Ref::Any(Some(value));
    Option<Rooted<AnyRef>>, value => Ref::Any(value);
    Rooted<ExnRef>, value => Ref::Exn(Some(value));
    Option<Rooted<ExnRef>>, value => Ref::Exn(value);
}

from! { Val:
    i32, value => Val::I32(value);
    u32, value => Val::I32(value as i32);
    i64, value => Val::I64(value);
    u64, value => Val::I64(value as i64);
    f32, value => Val::F32(value.to_bits());
    f64, value => Val::F64(value.to_bits());
    u128, value => Val::V128(value);
    Func, value => Val::FuncRef(Some(value));
    Option<Func>, value => Val::FuncRef(value);
    Rooted<ExternRef>, value => Val::ExternRef(Some(value));
    Option<Rooted<ExternRef>>, value => Val::ExternRef(value);
    Rooted<AnyRef>, value => Val::AnyRef(Some(value));
    Option<Rooted<AnyRef>>, value => Val::AnyRef(value);
    Rooted<ExnRef>, value => Val::ExnRef(Some(value));
    Option<Rooted<ExnRef>>, value => Val::ExnRef(value);
}
