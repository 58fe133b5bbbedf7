//! Canonical types and matching (specification: *Validation*, "Types" and "Matching").
//!
//! Two recursive groups that are equal up to the names of their members define the same types. A
//! registry gives each such type one [`TypeId`], so that type equality is integer equality. Every
//! store owns a registry: identities are deterministic and last as long as the store.

use crate::module::Module;
use crate::rolled::{Key, Known, Rolled};
use crate::types::{
    CompType, ExternType, FieldType, FuncType, GlobalType, HeapType, Limits, MemoryType, RecGroup,
    RefType, StorageType, SubType, TableType, TagType, TypeId, TypeUse, ValType,
};
use smallvec::{SmallVec, smallvec};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// The canonical types of one store.
#[derive(Debug, Default)]
pub struct TypeRegistry {
    types: Vec<Canonical>,
    groups: HashMap<Key, TypeId, BuildHasherDefault<Known>>,
}

#[derive(Debug)]
struct Canonical {
    ty: Unrolled,
    /// All declared supertypes, the outermost first, then the type itself.
    chain: SmallVec<[TypeId; 4]>,
}

#[derive(Debug)]
enum Unrolled {
    /// The only type of a group, which names none.
    Alone(Arc<Rolled>),
    Own(SubType),
}

impl TypeRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of canonical types.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether no type was interned yet.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Interns the types of a module, as [`TypeRegistry::intern_groups`] does; what is the same in every store is shared with it.
    ///
    /// # Panics
    /// As for [`TypeRegistry::intern_groups`].
    pub fn intern_module(&mut self, module: &Module) -> Vec<TypeId> {
        let mut ids = Vec::with_capacity(module.flat_types.len());
        self.groups.reserve(module.types.len());
        self.types.reserve(module.flat_types.len());
        for (group, alone) in module.types.iter().zip(module.alone()) {
            match alone {
                Some(rolled) => ids.push(self.intern_alone(rolled)),
                None => self.intern_group(group, &mut ids),
            }
        }
        ids
    }

    /// Interns the groups of a module's type section in order; the result maps type indices to
    /// canonical types.
    ///
    /// # Panics
    /// If a group refers forward beyond itself, which validation excludes.
    pub fn intern_groups(&mut self, groups: &[RecGroup]) -> Vec<TypeId> {
        let mut ids = Vec::new();
        for group in groups {
            self.intern_group(group, &mut ids);
        }
        ids
    }

    fn intern_group(&mut self, group: &RecGroup, ids: &mut Vec<TypeId>) {
        let first_idx = ids.len() as u32;
        let size = group.0.len() as u32;
        // spec: roll — members of the group become relative, others canonical.
        let roll = |u| match u {
            TypeUse::Idx(i) if i >= first_idx && i < first_idx + size => {
                TypeUse::Rec(i - first_idx)
            }
            TypeUse::Idx(i) => TypeUse::Def(ids[i as usize]),
            other => other,
        };
        let rolled = RecGroup(group.0.iter().map(|ty| map_sub(ty, &roll)).collect());
        let first = self.intern_rolled(rolled);
        ids.extend((0..size).map(|i| TypeId(first.0 + i)));
    }

    /// Interns the type of a host function: final, alone in its group, without supertype.
    pub fn intern_func(&mut self, ty: FuncType) -> TypeId {
        self.intern_rolled(RecGroup(Box::new([SubType::of_func(ty)])))
    }

    /// Interns a group of one type that names none.
    pub fn intern_alone(&mut self, rolled: &Arc<Rolled>) -> TypeId {
        let id = TypeId(self.types.len() as u32);
        let known = *self.groups.entry(Key(Arc::clone(rolled))).or_insert(id);
        if known == id {
            let ty = Unrolled::Alone(Arc::clone(rolled));
            self.types.push(Canonical { ty, chain: smallvec![id] });
        }
        known
    }

    fn intern_rolled(&mut self, rolled: RecGroup) -> TypeId {
        let key = Key(Rolled::new(rolled));
        if let Some(&first) = self.groups.get(&key) {
            return first;
        }
        let first = TypeId(self.types.len() as u32);
        for (i, ty) in key.0.group().0.iter().enumerate() {
            // spec: unroll — relative members become canonical.
            let ty = map_sub(ty, &|u| match u {
                TypeUse::Rec(i) => TypeUse::Def(TypeId(first.0 + i)),
                other => other,
            });
            let mut chain = match ty.supertype {
                Some(TypeUse::Def(id)) => self.types[id.0 as usize].chain.clone(),
                _ => SmallVec::new(),
            };
            chain.push(TypeId(first.0 + i as u32));
            self.types.push(Canonical { ty: Unrolled::Own(ty), chain });
        }
        self.groups.insert(key, first);
        first
    }

    /// The interned groups in the order of their identities, for [`TypeRegistry::from_groups`]. References
    /// to members of the same group are relative, all others canonical.
    pub fn groups(&self) -> Vec<RecGroup> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, first)| **first);
        groups.into_iter().map(|(group, _)| group.0.group().clone()).collect()
    }

    /// Rebuilds a registry from the groups of another, so that each type keeps its identity; `None` if no
    /// registry can have produced these groups.
    pub fn from_groups(groups: Vec<RecGroup>) -> Option<TypeRegistry> {
        let mut registry = TypeRegistry::new();
        for group in groups {
            let first = registry.types.len() as u32;
            let size = group.0.len() as u32;
            for (i, ty) in group.0.iter().enumerate() {
                let known = |u: TypeUse, members: u32| match u {
                    TypeUse::Rec(member) => member < members,
                    TypeUse::Def(TypeId(id)) => id < first,
                    TypeUse::Idx(_) => false,
                };
                let all_known =
                    std::cell::Cell::new(ty.supertype.is_none_or(|u| known(u, i as u32)));
                map_sub(ty, &|u| {
                    all_known.set(all_known.get() && known(u, size));
                    u
                });
                if !all_known.get() {
                    return None;
                }
            }
            if registry.intern_rolled(group).0 != first {
                return None;
            }
        }
        Some(registry)
    }

    /// The type behind an identity, its references all canonical.
    ///
    /// # Panics
    /// If the identity is of another registry.
    #[inline]
    pub fn get(&self, id: TypeId) -> &SubType {
        match &self.types[id.0 as usize].ty {
            Unrolled::Alone(rolled) => rolled.first().expect("the group has one type"),
            Unrolled::Own(ty) => ty,
        }
    }

    /// The function type behind an identity, if it is one.
    #[inline]
    pub fn func(&self, id: TypeId) -> Option<&FuncType> {
        match &self.get(id).comp {
            CompType::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// All declared supertypes of a type, the outermost first, then the type itself.
    pub fn supertypes(&self, id: TypeId) -> &[TypeId] {
        &self.types[id.0 as usize].chain
    }

    /// `Deftype_sub`: whether `sub` is `sup` or declares it as a supertype at some distance.
    pub fn matches_def(&self, sub: TypeId, sup: TypeId) -> bool {
        if sub == sup {
            return true;
        }
        let depth = self.types[sup.0 as usize].chain.len() - 1;
        self.types[sub.0 as usize].chain.get(depth) == Some(&sup)
    }

    /// `Heaptype_sub`.
    pub fn matches_heap(&self, sub: HeapType, sup: HeapType) -> bool {
        use HeapType::*;
        if sub == sup {
            return true;
        }
        match (sub, sup) {
            (Use(TypeUse::Def(a)), Use(TypeUse::Def(b))) => self.matches_def(a, b),
            (Use(TypeUse::Def(a)), _) => match self.get(a).comp {
                CompType::Func(_) => sup == Func,
                CompType::Struct(_) => matches!(sup, Struct | Eq | Any),
                CompType::Array(_) => matches!(sup, Array | Eq | Any),
            },
            (Eq | I31 | Struct | Array, Any) | (I31 | Struct | Array, Eq) => true,
            (None, Any | Eq | I31 | Struct | Array) => true,
            (None, Use(TypeUse::Def(b))) => !matches!(self.get(b).comp, CompType::Func(_)),
            (NoFunc, Func) | (NoExtern, Extern) | (NoExn, Exn) => true,
            (NoFunc, Use(TypeUse::Def(b))) => matches!(self.get(b).comp, CompType::Func(_)),
            _ => false,
        }
    }

    /// `Reftype_sub`.
    pub fn matches_ref(&self, sub: RefType, sup: RefType) -> bool {
        (sup.nullable || !sub.nullable) && self.matches_heap(sub.heap, sup.heap)
    }

    /// `Valtype_sub`.
    pub fn matches_val(&self, sub: ValType, sup: ValType) -> bool {
        match (sub, sup) {
            (ValType::Ref(a), ValType::Ref(b)) => self.matches_ref(a, b),
            _ => sub == sup,
        }
    }

    /// `Externtype_sub`: whether something of type `sub` satisfies an import of type `sup`.
    ///
    /// The minimum of a memory or table type must be its current size.
    pub fn matches_extern(&self, sub: ExternType, sup: ExternType) -> bool {
        match (sub, sup) {
            (ExternType::Func(TypeUse::Def(a)), ExternType::Func(TypeUse::Def(b))) => {
                self.matches_def(a, b)
            }
            (ExternType::Table(a), ExternType::Table(b)) => self.matches_table(a, b),
            (ExternType::Memory(a), ExternType::Memory(b)) => matches_memory(a, b),
            (ExternType::Global(a), ExternType::Global(b)) => self.matches_global(a, b),
            (ExternType::Tag(a), ExternType::Tag(b)) => a == b,
            _ => false,
        }
    }

    fn matches_table(&self, a: TableType, b: TableType) -> bool {
        a.addr == b.addr
            && matches_limits(a.limits, b.limits)
            && self.matches_ref(a.element, b.element)
            && self.matches_ref(b.element, a.element)
    }

    fn matches_global(&self, a: GlobalType, b: GlobalType) -> bool {
        a.mutable == b.mutable
            && self.matches_val(a.val, b.val)
            && (!a.mutable || self.matches_val(b.val, a.val))
    }
}

fn matches_memory(a: MemoryType, b: MemoryType) -> bool {
    a.addr == b.addr
        && a.shared == b.shared
        && a.page_size_log2 == b.page_size_log2
        && matches_limits(a.limits, b.limits)
}

/// `Limits_sub`.
fn matches_limits(a: Limits, b: Limits) -> bool {
    a.min >= b.min
        && match (a.max, b.max) {
            (_, None) => true,
            (Some(a), Some(b)) => a <= b,
            (None, Some(_)) => false,
        }
}

/// Replaces every type use of a subtype.
fn map_sub(ty: &SubType, map: &dyn Fn(TypeUse) -> TypeUse) -> SubType {
    let vals = |types: &[ValType]| types.iter().map(|t| map_val(*t, map)).collect();
    let comp = match &ty.comp {
        CompType::Func(f) => {
            CompType::Func(FuncType { params: vals(&f.params), results: vals(&f.results) })
        }
        CompType::Struct(fields) => {
            CompType::Struct(fields.iter().map(|f| map_field(*f, map)).collect())
        }
        CompType::Array(field) => CompType::Array(map_field(*field, map)),
    };
    SubType { is_final: ty.is_final, supertype: ty.supertype.map(map), comp }
}

fn map_field(field: FieldType, map: &dyn Fn(TypeUse) -> TypeUse) -> FieldType {
    let storage = match field.storage {
        StorageType::Val(val) => StorageType::Val(map_val(val, map)),
        packed => packed,
    };
    FieldType { mutable: field.mutable, storage }
}

fn map_val(val: ValType, map: &dyn Fn(TypeUse) -> TypeUse) -> ValType {
    match val {
        ValType::Ref(r) => ValType::Ref(map_ref(r, map)),
        number => number,
    }
}

fn map_ref(r: RefType, map: &dyn Fn(TypeUse) -> TypeUse) -> RefType {
    let heap = match r.heap {
        HeapType::Use(u) => HeapType::Use(map(u)),
        abs => abs,
    };
    RefType { nullable: r.nullable, heap }
}

/// Replaces module indices by canonical types: the closure of a type in an instance.
///
/// `ids` maps type indices to canonical types.
pub trait Canonicalise: Sized {
    /// The type with every index replaced.
    fn canonical(self, ids: &[TypeId]) -> Self;
}

fn subst(ids: &[TypeId]) -> impl Fn(TypeUse) -> TypeUse + '_ {
    |u| match u {
        TypeUse::Idx(i) => TypeUse::Def(ids[i as usize]),
        other => other,
    }
}

impl Canonicalise for TypeUse {
    fn canonical(self, ids: &[TypeId]) -> Self {
        subst(ids)(self)
    }
}

impl Canonicalise for RefType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        map_ref(self, &subst(ids))
    }
}

impl Canonicalise for ValType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        map_val(self, &subst(ids))
    }
}

impl Canonicalise for TableType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        TableType { element: self.element.canonical(ids), ..self }
    }
}

impl Canonicalise for GlobalType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        GlobalType { val: self.val.canonical(ids), ..self }
    }
}

impl Canonicalise for TagType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        TagType { ty: self.ty.canonical(ids) }
    }
}

impl Canonicalise for ExternType {
    fn canonical(self, ids: &[TypeId]) -> Self {
        match self {
            ExternType::Func(u) => ExternType::Func(u.canonical(ids)),
            ExternType::Table(t) => ExternType::Table(t.canonical(ids)),
            ExternType::Memory(m) => ExternType::Memory(m),
            ExternType::Global(g) => ExternType::Global(g.canonical(ids)),
            ExternType::Tag(t) => ExternType::Tag(t.canonical(ids)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(target: u32) -> SubType {
        SubType {
            is_final: true,
            supertype: None,
            comp: CompType::Struct(Box::new([FieldType {
                mutable: true,
                storage: StorageType::Val(ValType::Ref(RefType {
                    nullable: true,
                    heap: HeapType::Use(TypeUse::Idx(target)),
                })),
            }])),
        }
    }

    #[test]
    fn equal_groups_at_other_indices_are_one_type() {
        let mut registry = TypeRegistry::new();
        let first = registry.intern_groups(&[RecGroup(Box::new([node(0)]))]);
        let filler = RecGroup(Box::new([SubType {
            is_final: true,
            supertype: None,
            comp: CompType::Func(FuncType::new([], [])),
        }]));
        let second = registry.intern_groups(&[filler, RecGroup(Box::new([node(1)]))]);
        assert_eq!(first[0], second[1]);
        assert_ne!(second[0], second[1]);
    }

    #[test]
    fn a_pair_is_not_a_single() {
        let mut registry = TypeRegistry::new();
        let single = registry.intern_groups(&[RecGroup(Box::new([node(0)]))]);
        let pair = registry.intern_groups(&[RecGroup(Box::new([node(0), node(1)]))]);
        assert_ne!(single[0], pair[0]);
        assert_ne!(pair[0], pair[1]);
    }

    #[test]
    fn groups_give_the_registry_again() {
        let mut registry = TypeRegistry::new();
        let ids = registry.intern_groups(&[
            RecGroup(Box::new([node(0)])),
            RecGroup(Box::new([node(0), node(2), node(1)])),
        ]);
        registry.intern_func(FuncType::new([ValType::I32], []));
        let groups = registry.groups();
        let again = TypeRegistry::from_groups(groups.clone()).unwrap();
        assert_eq!(again.groups(), groups);
        assert_eq!(again.len(), registry.len());
        assert!(ids.iter().all(|id| again.get(*id) == registry.get(*id)));
        // No registry has its groups out of order, a group twice, or indices of a module in a group.
        assert!(TypeRegistry::from_groups(vec![groups[1].clone(), groups[0].clone()]).is_none());
        assert!(TypeRegistry::from_groups(vec![groups[0].clone(), groups[0].clone()]).is_none());
        assert!(TypeRegistry::from_groups(vec![RecGroup(Box::new([node(0)]))]).is_none());
    }

    #[test]
    fn subtypes_match_along_the_declared_chain() {
        let open = |supertype, fields: usize| SubType {
            is_final: false,
            supertype,
            comp: CompType::Struct(
                vec![FieldType { mutable: false, storage: StorageType::I8 }; fields].into(),
            ),
        };
        let mut registry = TypeRegistry::new();
        let ids = registry.intern_groups(&[
            RecGroup(Box::new([open(None, 0)])),
            RecGroup(Box::new([open(Some(TypeUse::Idx(0)), 1)])),
            RecGroup(Box::new([open(Some(TypeUse::Idx(1)), 2)])),
        ]);
        assert!(registry.matches_def(ids[2], ids[0]));
        assert!(registry.matches_def(ids[2], ids[1]));
        assert!(!registry.matches_def(ids[0], ids[2]));
        let heap = |id| HeapType::Use(TypeUse::Def(id));
        assert!(registry.matches_heap(HeapType::None, heap(ids[2])));
        assert!(!registry.matches_heap(HeapType::NoFunc, heap(ids[2])));
        assert!(registry.matches_heap(heap(ids[2]), HeapType::Eq));
    }
}
