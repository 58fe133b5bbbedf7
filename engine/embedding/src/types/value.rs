//! Value types and function types.

use crate::error::WrongStore;
use etalon_module::{self as module, Module as ModuleData, TypeId, TypeUse};
use etalon_runtime::{Store as State, StoreId};
use std::fmt;
use std::sync::Arc;

/// A type that a module defines: a type of structures, arrays or functions. It comes out of a module or a store, and
/// two are equal if they are the same type of the same one.
#[derive(Clone)]
pub struct ConcreteType {
    owner: Owner,
    is_func: bool,
}

#[derive(Clone)]
enum Owner {
    Module(Arc<ModuleData>, u32),
    Store(StoreId, TypeId),
}

/// What a reference refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeapType {
    /// Top of the internal hierarchy.
    Any,
    /// Internal references that can be compared.
    Eq,
    /// Unboxed 31-bit integers.
    I31,
    /// Every structure.
    Struct,
    /// Every array.
    Array,
    /// Bottom of the internal hierarchy.
    None,
    /// Every function.
    Func,
    /// Bottom of the function hierarchy.
    NoFunc,
    /// Every external reference.
    Extern,
    /// Bottom of the external hierarchy.
    NoExtern,
    /// Every exception.
    Exn,
    /// Bottom of the exception hierarchy.
    NoExn,
    /// A type that a module defines.
    Concrete(ConcreteType),
}

/// The type of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefType {
    nullable: bool,
    heap: HeapType,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// 128-bit vector.
    V128,
    /// Reference.
    Ref(RefType),
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncType {
    params: Box<[ValType]>,
    results: Box<[ValType]>,
}

impl PartialEq for ConcreteType {
    fn eq(&self, other: &ConcreteType) -> bool {
        match (&self.owner, &other.owner) {
            (Owner::Module(a, i), Owner::Module(b, j)) => Arc::ptr_eq(a, b) && i == j,
            (Owner::Store(a, i), Owner::Store(b, j)) => (a, i) == (b, j),
            _ => false,
        }
    }
}

impl Eq for ConcreteType {}

impl fmt::Debug for ConcreteType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Owner::Module(_, index) => write!(f, "ConcreteType({index})"),
            Owner::Store(_, id) => write!(f, "ConcreteType({})", id.0),
        }
    }
}

/// Pairs of an abstract heap type here and in the modules' own terms.
macro_rules! abstract_types {
    ($($name:ident)*) => {
        impl HeapType {
            fn of(ty: module::HeapType, concrete: impl Fn(TypeUse) -> ConcreteType) -> HeapType {
                match ty {
                    $(module::HeapType::$name => HeapType::$name,)*
                    module::HeapType::Use(used) => HeapType::Concrete(concrete(used)),
                }
            }

            /// The same type in any store, if it is abstract.
            fn abstract_canonical(&self) -> Option<module::HeapType> {
                Some(match self {
                    $(HeapType::$name => module::HeapType::$name,)*
                    HeapType::Concrete(_) => return None,
                })
            }

            /// The same type in a store.
            fn canonical(&self, state: &mut State) -> Result<module::HeapType, WrongStore> {
                Ok(match self {
                    $(HeapType::$name => module::HeapType::$name,)*
                    HeapType::Concrete(ty) => module::HeapType::Use(TypeUse::Def(ty.id(state)?)),
                })
            }
        }
    };
}

abstract_types!(Any Eq I31 Struct Array None Func NoFunc Extern NoExtern Exn NoExn);

impl ConcreteType {
    fn of_module(data: &Arc<ModuleData>, used: TypeUse) -> ConcreteType {
        // Modules name their types by index alone; the others are of groups and stores.
        let (TypeUse::Idx(index) | TypeUse::Rec(index) | TypeUse::Def(TypeId(index))) = used;
        let ty = data.flat_types.get(index as usize);
        let is_func = ty.is_some_and(|ty| matches!(ty.comp, module::CompType::Func(_)));
        ConcreteType { owner: Owner::Module(Arc::clone(data), index), is_func }
    }

    fn of_store(state: &State, used: TypeUse) -> ConcreteType {
        // Stores name their types by identity alone.
        let (TypeUse::Idx(index) | TypeUse::Rec(index) | TypeUse::Def(TypeId(index))) = used;
        let is_func = state.types.func(TypeId(index)).is_some();
        ConcreteType { owner: Owner::Store(state.id(), TypeId(index)), is_func }
    }

    /// Its identity in a store, which learns the type if it does not know it.
    fn id(&self, state: &mut State) -> Result<TypeId, WrongStore> {
        match &self.owner {
            Owner::Store(store, id) if *store == state.id() => Ok(*id),
            Owner::Store(..) => Err(WrongStore),
            Owner::Module(data, index) => {
                let ids = state.types.intern_module(data);
                ids.get(*index as usize).copied().ok_or(WrongStore)
            }
        }
    }
}

impl HeapType {
    /// The type in the terms of its own module or store, for its text.
    fn in_own_terms(&self) -> module::HeapType {
        match self {
            HeapType::Concrete(ty) => module::HeapType::Use(match ty.owner {
                Owner::Module(_, index) => TypeUse::Idx(index),
                Owner::Store(_, id) => TypeUse::Def(id),
            }),
            // Every other type is abstract.
            other => other.abstract_canonical().unwrap_or(module::HeapType::Any),
        }
    }

    /// The top of its hierarchy: [`HeapType::Func`], [`HeapType::Extern`], [`HeapType::Exn`] or [`HeapType::Any`].
    pub fn top(&self) -> HeapType {
        match self {
            HeapType::Func | HeapType::NoFunc => HeapType::Func,
            HeapType::Concrete(ty) if ty.is_func => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            _ => HeapType::Any,
        }
    }
}

impl RefType {
    /// `(ref null func)`.
    pub const FUNCREF: RefType = RefType::new(true, HeapType::Func);
    /// `(ref null extern)`.
    pub const EXTERNREF: RefType = RefType::new(true, HeapType::Extern);
    /// `(ref null any)`.
    pub const ANYREF: RefType = RefType::new(true, HeapType::Any);
    /// `(ref null exn)`.
    pub const EXNREF: RefType = RefType::new(true, HeapType::Exn);

    /// References to something, with or without null.
    pub const fn new(is_nullable: bool, heap_type: HeapType) -> RefType {
        RefType { nullable: is_nullable, heap: heap_type }
    }

    /// Whether null belongs to the type.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// What is referred to.
    pub fn heap_type(&self) -> &HeapType {
        &self.heap
    }

    fn of(ty: module::RefType, concrete: impl Fn(TypeUse) -> ConcreteType) -> RefType {
        RefType { nullable: ty.nullable, heap: HeapType::of(ty.heap, concrete) }
    }

    pub(crate) fn of_module(data: &Arc<ModuleData>, ty: module::RefType) -> RefType {
        RefType::of(ty, |used| ConcreteType::of_module(data, used))
    }

    pub(crate) fn of_store(state: &State, ty: module::RefType) -> RefType {
        RefType::of(ty, |used| ConcreteType::of_store(state, used))
    }

    pub(crate) fn canonical(&self, state: &mut State) -> Result<module::RefType, WrongStore> {
        Ok(module::RefType { nullable: self.nullable, heap: self.heap.canonical(state)? })
    }
}

impl ValType {
    /// `(ref null func)`.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `(ref null extern)`.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);
    /// `(ref null any)`.
    pub const ANYREF: ValType = ValType::Ref(RefType::ANYREF);
    /// `(ref null exn)`.
    pub const EXNREF: ValType = ValType::Ref(RefType::EXNREF);

    fn of(ty: module::ValType, of_ref: impl Fn(module::RefType) -> RefType) -> ValType {
        match ty {
            module::ValType::I32 => ValType::I32,
            module::ValType::I64 => ValType::I64,
            module::ValType::F32 => ValType::F32,
            module::ValType::F64 => ValType::F64,
            module::ValType::V128 => ValType::V128,
            module::ValType::Ref(ty) => ValType::Ref(of_ref(ty)),
        }
    }

    pub(crate) fn of_module(data: &Arc<ModuleData>, ty: module::ValType) -> ValType {
        ValType::of(ty, |ty| RefType::of_module(data, ty))
    }

    pub(crate) fn of_store(state: &State, ty: module::ValType) -> ValType {
        ValType::of(ty, |ty| RefType::of_store(state, ty))
    }

    /// The same type in any store, if it names no type of a module.
    pub(crate) fn abstract_canonical(&self) -> Option<module::ValType> {
        Some(match self {
            ValType::I32 => module::ValType::I32,
            ValType::I64 => module::ValType::I64,
            ValType::F32 => module::ValType::F32,
            ValType::F64 => module::ValType::F64,
            ValType::V128 => module::ValType::V128,
            ValType::Ref(ty) => {
                let (nullable, heap) = (ty.nullable, ty.heap.abstract_canonical()?);
                module::ValType::Ref(module::RefType { nullable, heap })
            }
        })
    }

    pub(crate) fn canonical(&self, state: &mut State) -> Result<module::ValType, WrongStore> {
        match (self.abstract_canonical(), self) {
            (Some(ty), _) => Ok(ty),
            (None, ValType::Ref(ty)) => Ok(module::ValType::Ref(ty.canonical(state)?)),
            // Only references name types.
            (None, _) => Err(WrongStore),
        }
    }
}

impl FuncType {
    /// A function type from its parameters and results.
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        FuncType { params: params.into_iter().collect(), results: results.into_iter().collect() }
    }

    /// The parameters.
    pub fn params(&self) -> &[ValType] {
        &self.params
    }

    /// The results.
    pub fn results(&self) -> &[ValType] {
        &self.results
    }

    pub(crate) fn of_module(data: &Arc<ModuleData>, ty: &module::FuncType) -> FuncType {
        let own = |types: &[module::ValType]| -> Vec<ValType> {
            types.iter().map(|ty| ValType::of_module(data, *ty)).collect()
        };
        FuncType::new(own(&ty.params), own(&ty.results))
    }

    pub(crate) fn of_store(state: &State, ty: &module::FuncType) -> FuncType {
        let own = |types: &[module::ValType]| -> Vec<ValType> {
            types.iter().map(|ty| ValType::of_store(state, *ty)).collect()
        };
        FuncType::new(own(&ty.params), own(&ty.results))
    }

    pub(crate) fn canonical(&self, state: &mut State) -> Result<module::FuncType, WrongStore> {
        let mut own = |types: &[ValType]| -> Result<Vec<module::ValType>, WrongStore> {
            types.iter().map(|ty| ty.canonical(state)).collect()
        };
        let (params, results) = (own(&self.params)?, own(&self.results)?);
        Ok(module::FuncType::new(params, results))
    }

    /// The same type in any store, if it names no type of a module.
    pub(crate) fn abstract_canonical(&self) -> Option<module::FuncType> {
        let own = |types: &[ValType]| -> Option<Vec<module::ValType>> {
            types.iter().map(ValType::abstract_canonical).collect()
        };
        Some(module::FuncType::new(own(&self.params)?, own(&self.results)?))
    }

    /// The function type of a type in a module's terms.
    pub(crate) fn of_use(data: &Arc<ModuleData>, used: TypeUse) -> FuncType {
        match used {
            TypeUse::Idx(index) => FuncType::of_module(data, data.func_type_at(index)),
            // No module says so.
            TypeUse::Rec(_) | TypeUse::Def(_) => FuncType::new([], []),
        }
    }
}

/// As the text format writes it; a type that a module defines by its index.
impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_own_terms().fmt(f)
    }
}

/// As the text format writes it: `funcref`, `(ref 0)`.
impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        module::RefType { nullable: self.nullable, heap: self.heap.in_own_terms() }.fmt(f)
    }
}

/// As the text format writes it.
impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => module::ValType::I32.fmt(f),
            ValType::I64 => module::ValType::I64.fmt(f),
            ValType::F32 => module::ValType::F32.fmt(f),
            ValType::F64 => module::ValType::F64.fmt(f),
            ValType::V128 => module::ValType::V128.fmt(f),
            ValType::Ref(ty) => ty.fmt(f),
        }
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        write!(f, "[{}] -> [{}]", list(&self.params), list(&self.results))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_in_the_text_format() {
        let text = "(module (type $s (struct)) (func (export \"f\") (param i32 v128 funcref (ref func) nullfuncref
            externref nullexternref exnref i31ref (ref i31) (ref null $s) (ref $s) nullref) (result (ref any))
            unreachable))";
        let engine = crate::Engine::default();
        let module = crate::Module::new(&engine, text).unwrap();
        let Some(crate::ExternType::Func(ty)) = module.get_export("f") else {
            panic!("it is there")
        };
        let expected = "[i32 v128 funcref (ref func) nullfuncref externref nullexternref exnref i31ref \
                        (ref i31) (ref null 0) (ref 0) nullref] -> [(ref any)]";
        assert_eq!(ty.to_string(), expected);
        assert_eq!(ValType::ANYREF.to_string(), "anyref");
        assert_eq!(HeapType::NoExn.to_string(), "noexn");
    }
}
