//! Recursive groups as a registry knows them.

use crate::types::{CompType, FuncType, HeapType, RecGroup, StorageType, SubType, ValType};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

/// A recursive group in rolled form (specification: *Validation*, "Type Equivalence"): its types name each other by their place in it, and
/// others by their identity. It is hashed once, and any number of registries can share it.
#[derive(Debug)]
pub struct Rolled {
    group: RecGroup,
    hash: u64,
}

/// Nobody who makes a module knows these keys, so nobody makes groups that collide.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Rolled {
    pub(crate) fn new(group: RecGroup) -> Arc<Rolled> {
        let hash = KEYS.hash_one(&group);
        Arc::new(Rolled { group, hash })
    }

    /// The group of a module that is the same in every store: one type that names no other.
    pub(crate) fn alone(group: &RecGroup) -> Option<Arc<Rolled>> {
        let is_alone = matches!(&*group.0, [ty] if ty.supertype.is_none() && is_plain(ty));
        is_alone.then(|| Rolled::new(group.clone()))
    }

    /// The type of a host function: final, alone in its group, without supertype. `None` if it names a type.
    pub fn of_func(ty: &FuncType) -> Option<Arc<Rolled>> {
        Rolled::alone(&RecGroup(Box::new([SubType::of_func(ty.clone())])))
    }

    /// The function type, if it is one.
    pub fn func(&self) -> Option<&FuncType> {
        match &self.first()?.comp {
            CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    pub(crate) fn group(&self) -> &RecGroup {
        &self.group
    }

    /// The first type, which is the same unrolled if it names none.
    pub(crate) fn first(&self) -> Option<&SubType> {
        self.group.0.first()
    }
}

fn is_plain(ty: &SubType) -> bool {
    let number = |ty: &ValType| match ty {
        ValType::Ref(ty) => !matches!(ty.heap, HeapType::Use(_)),
        _ => true,
    };
    let storage = |ty: StorageType| match ty {
        StorageType::Val(ty) => number(&ty),
        StorageType::I8 | StorageType::I16 => true,
    };
    match &ty.comp {
        CompType::Func(ty) => ty.params.iter().chain(&ty.results).all(number),
        CompType::Struct(fields) => fields.iter().all(|field| storage(field.storage)),
        CompType::Array(field) => storage(field.storage),
    }
}

/// Where a registry finds a group.
#[derive(Debug)]
pub(crate) struct Key(pub(crate) Arc<Rolled>);

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        let (a, b) = (&self.0, &other.0);
        Arc::ptr_eq(a, b) || (a.hash == b.hash && a.group == b.group)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

/// Takes the hash that a group has.
#[derive(Debug, Default)]
pub(crate) struct Known(u64);

impl Hasher for Known {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // No key writes bytes; whatever does is still spread.
        self.0 ^= KEYS.hash_one(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
