//! The context of an instance: what compiled code of one module reads of the store.

use etalon_module::Module;
use etalon_runtime::{FuncAddr, Ref};
use std::collections::HashMap;

/// Bytes of a word: everything in the context is one.
const WORD: u32 = 8;

/// Where things are in the context of a module's instances, as byte offsets.
///
/// In order: the store's context, the instance's address, the base of the heap and the address of its definition, then of each memory its base and the
/// address of its definition, of each table the address of its definition, of each global that of
/// its cell, canonical types, words of references to imported functions and to the first of the others, addresses of tags, and the code and context of each
/// function that is not compiled here. Where functions are compiled one by one that is every function, and a count follows.
#[derive(Clone, Debug)]
pub(crate) struct VmLayout {
    memories: u32,
    tables: u32,
    globals: u32,
    types: u32,
    funcs: u32,
    imported_funcs: u32,
    tags: u32,
    callees: u32,
    words: u32,
    /// Functions that are not compiled here, in the order of their places.
    foreign: Vec<u32>,
    places: HashMap<u32, u32>,
    /// How many functions the module has, if they are compiled one by one.
    one_by_one: Option<u32>,
}

/// The word of the reference to the function at address 0.
const FIRST: u64 = 1;

/// Words of the place of a function where functions are compiled one by one: its code, its context, its count.
const PLACE: u32 = 3;

impl VmLayout {
    /// Offset of the address of the store's context.
    pub(crate) const CONTEXT: i32 = 0;
    /// Offset of the address of the instance.
    pub(crate) const INSTANCE: i32 = 8;
    /// Offset of the base of the heap, which is set if the module may have to do with objects.
    pub(crate) const HEAP_BASE: i32 = 16;
    /// Offset of the address of the heap's definition.
    pub(crate) const HEAP_DEF: i32 = 24;

    /// The layout for a module of which the functions in `compiled` are compiled.
    pub(crate) fn new(module: &Module, compiled: impl Fn(u32) -> bool) -> VmLayout {
        let mut next = 4u32;
        let mut take = |words: usize| {
            let at = next;
            next = next.saturating_add(u32::try_from(words).unwrap_or(u32::MAX));
            at.saturating_mul(WORD)
        };
        let memories = take(module.memories.len() * 2);
        let tables = take(module.tables.len());
        let globals = take(module.globals.len());
        let types = take(module.flat_types.len());
        let funcs = take(module.imported_funcs as usize + 1);
        let tags = take(module.tags.len());
        let all = 0..module.funcs.len() as u32;
        let foreign: Vec<u32> = all.filter(|f| !compiled(*f)).collect();
        let callees = take(foreign.len() * 2);
        let places = foreign.iter().enumerate().map(|(i, f)| (*f, i as u32)).collect();
        VmLayout {
            memories,
            tables,
            globals,
            types,
            funcs,
            imported_funcs: module.imported_funcs,
            tags,
            callees,
            words: next,
            foreign,
            places,
            one_by_one: None,
        }
    }

    /// The layout for a module whose functions are compiled one by one: each is called through the context, as it may be compiled
    /// later, and again.
    pub(crate) fn one_by_one(module: &Module) -> VmLayout {
        let layout = VmLayout::new(module, |_| true);
        let count = u32::try_from(module.funcs.len()).unwrap_or(u32::MAX);
        let words = layout.words.saturating_add(count.saturating_mul(PLACE));
        VmLayout { one_by_one: Some(count), words, ..layout }
    }

    /// Whether functions are compiled one by one, so that what is called may be another each time.
    pub(crate) fn is_one_by_one(&self) -> bool {
        self.one_by_one.is_some()
    }

    /// The same with functions that were to be compiled, and are not: their places are the last.
    #[must_use]
    pub(crate) fn with_foreign(mut self, functions: impl IntoIterator<Item = u32>) -> VmLayout {
        for func in functions {
            self.places.insert(func, self.foreign.len() as u32);
            self.foreign.push(func);
            self.words = self.words.saturating_add(2);
        }
        self
    }

    /// Words of a context.
    pub(crate) fn words(&self) -> usize {
        self.words as usize
    }

    /// Functions that are called through the context.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = u32> + '_ {
        self.foreign.iter().copied().chain(0..self.one_by_one.unwrap_or(0))
    }

    /// Base of a memory; the address of its definition follows.
    pub(crate) fn memory(&self, index: u32) -> i32 {
        (self.memories + index * 2 * WORD) as i32
    }

    /// Address of a table's definition.
    pub(crate) fn table(&self, index: u32) -> i32 {
        (self.tables + index * WORD) as i32
    }

    /// Address of a global's cell.
    pub(crate) fn global(&self, index: u32) -> i32 {
        (self.globals + index * WORD) as i32
    }

    /// Canonical type of a type index.
    pub(crate) fn ty(&self, index: u32) -> i32 {
        (self.types + index * WORD) as i32
    }

    /// Word of the reference to an imported function.
    pub(crate) fn imported_func(&self, index: u32) -> i32 {
        (self.funcs + index * WORD) as i32
    }

    /// Word of the reference to the first function that is not imported.
    pub(crate) fn first_func(&self) -> i32 {
        self.imported_func(self.imported_funcs)
    }

    /// The word of the reference to a function is the word at an offset, and this much more.
    pub(crate) fn func(&self, index: u32) -> (i32, u64) {
        match index.checked_sub(self.imported_funcs) {
            None => (self.imported_func(index), 0),
            // The others have addresses in a row.
            Some(more) => (self.first_func(), Ref::func(FuncAddr(more)).to_bits() - FIRST),
        }
    }

    /// Address of a tag.
    pub(crate) fn tag(&self, index: u32) -> i32 {
        (self.tags + index * WORD) as i32
    }

    /// Code of a function that is not compiled here; its context follows.
    pub(crate) fn callee(&self, func: u32) -> Option<i32> {
        match self.one_by_one {
            Some(_) => Some((self.callees + func * PLACE * WORD) as i32),
            None => self.places.get(&func).map(|place| (self.callees + place * 2 * WORD) as i32),
        }
    }

    /// What is left to be counted of a function, where functions are compiled one by one.
    pub(crate) fn count(&self, func: u32) -> i32 {
        (self.callees + func * PLACE * WORD + 2 * WORD) as i32
    }
}
