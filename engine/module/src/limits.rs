//! The engine's limits, which the specification allows (appendix, *Implementation Limitations*), and their counters.
//!
//! They are those of the decoder, which are those of the JavaScript API. A module beyond one of them may well be
//! valid, so it is neither malformed nor invalid: we count ourselves, before the decoder would refuse it in words
//! that do not tell. What is counted must be there: a count that its section cannot hold is malformed.

use crate::error::{LoadError, LoadErrorKind};
use crate::module::Module;
use crate::types::{CompType, ExternType, TagType, TypeUse};
use std::ops::Range;
use wasmparser as wp;

/// The greatest number of something in a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    what: &'static str,
    most: u64,
}

const fn limit(what: &'static str, most: u64) -> Limit {
    Limit { what, most }
}

pub(crate) const MODULE_BYTES: Limit = limit("bytes", 1 << 30);
pub(crate) const TYPES: Limit = limit("types", 1_000_000);
pub(crate) const SUBTYPING_DEPTH: Limit = limit("supertypes above each other", 63);
pub(crate) const IMPORTS: Limit = limit("imports", 1_000_000);
pub(crate) const EXPORTS: Limit = limit("exports", 1_000_000);
pub(crate) const FUNCTIONS: Limit = limit("functions", 1_000_000);
pub(crate) const TABLES: Limit = limit("tables", 100_000);
pub(crate) const MEMORIES: Limit = limit("memories", 100);
pub(crate) const TAGS: Limit = limit("tags", 1_000_000);
pub(crate) const GLOBALS: Limit = limit("globals", 1_000_000);
pub(crate) const ELEMENT_SEGMENTS: Limit = limit("element segments", 100_000);
pub(crate) const ELEMENTS: Limit = limit("elements in a segment", 10_000_000);
pub(crate) const DATA_SEGMENTS: Limit = limit("data segments", 100_000);
pub(crate) const BODY_BYTES: Limit = limit("bytes in a function body", 7_654_321);
/// Parameters count as locals.
pub(crate) const LOCALS: Limit = limit("locals in a function", 50_000);
/// The types of all imports and exports, each as large as it has parts.
pub(crate) const TYPE_PARTS: Limit = limit("parts in the types of imports and exports", 999_998);

/// Values that the instructions of a module may pass, and more for each of its bytes.
const PASSED: u64 = 1 << 24;
const PASSED_FOR_A_BYTE: u64 = 16;

/// The limits of what the decoder counts inside of an item, by the word in its message.
const IN_ITEMS: &[(&str, Limit)] = &[
    ("rec group types", TYPES),
    ("supertype idxs", limit("supertypes of a type", 5)),
    ("function params", limit("parameters of a function", 1_000)),
    ("function returns", limit("results of a function", 1_000)),
    ("struct fields", limit("fields of a structure", 10_000)),
    ("catches", limit("handlers of a block", 10_000)),
    ("resume table", limit("handlers of a resumption", 10_000)),
    ("select types", limit("types of a select", 10)),
    ("br_table", limit("labels of a br_table", BODY_BYTES.most)),
];

const NAME_BYTES: Limit = limit("bytes in a name", 100_000);

impl Limit {
    /// Whether a count is within the limit.
    ///
    /// # Errors
    /// The limit, at an offset in the module.
    pub(crate) fn check(self, count: u64, offset: u64) -> Result<(), LoadError> {
        if count <= self.most {
            return Ok(());
        }
        let message = format!("more than {} {}", self.most, self.what);
        Err(LoadError { kind: LoadErrorKind::Limit, fault: None, message, offset })
    }

    /// The same for the items of a section, each of which takes a byte at least, after some that came before.
    ///
    /// # Errors
    /// The limit.
    pub(crate) fn check_section<T>(
        self,
        before: usize,
        section: &wp::SectionLimited<'_, T>,
    ) -> Result<(), LoadError> {
        let Range { start, end } = section.range();
        match u64::from(section.count()) <= end - start {
            true => self.check(before as u64 + u64::from(section.count()), start),
            false => Ok(()),
        }
    }
}

/// What is counted over all of a module.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// How many supertypes are above each type, one above the other.
    type_depths: Vec<u8>,
    /// How many parts the types of all imports and exports have.
    type_parts: u64,
    /// How many values all instructions pass.
    passed: u64,
}

impl Counters {
    /// The types of a group, and the supertypes above each of them.
    ///
    /// # Errors
    /// The limit.
    pub(crate) fn types(&mut self, group: &wp::RecGroup, offset: u64) -> Result<(), LoadError> {
        TYPES.check((self.type_depths.len() + group.types().len()) as u64, offset)?;
        for ty in group.types() {
            let above = ty.supertype_idxs.first().and_then(|index| index.as_module_index());
            // A supertype that is not defined yet is for validation to refuse.
            let above = above.and_then(|index| self.type_depths.get(index as usize));
            let depth = above.map_or(0, |depth| depth + 1);
            SUBTYPING_DEPTH.check(u64::from(depth), offset)?;
            self.type_depths.push(depth);
        }
        Ok(())
    }

    /// The values that an instruction passes to a label or a function and gets back. A byte may name a type of a thousand, so that
    /// validation would take a thousand times what the module's size says.
    ///
    /// # Errors
    /// The limit.
    pub(crate) fn passed(
        &mut self,
        values: u64,
        module_bytes: usize,
        offset: u64,
    ) -> Result<(), LoadError> {
        self.passed = self.passed.saturating_add(values);
        let most = PASSED + PASSED_FOR_A_BYTE * module_bytes as u64;
        limit("values that instructions pass", most).check(self.passed, offset)
    }

    /// An import.
    ///
    /// # Errors
    /// The limit.
    pub(crate) fn imported(
        &mut self,
        module: &Module,
        ty: ExternType,
        offset: u64,
    ) -> Result<(), LoadError> {
        let index = match ty {
            ExternType::Func(TypeUse::Idx(i))
            | ExternType::Tag(TagType { ty: TypeUse::Idx(i) }) => Some(i),
            _ => None,
        };
        self.type_of(module, index, offset)
    }

    /// An export.
    ///
    /// # Errors
    /// The limit.
    pub(crate) fn exported(
        &mut self,
        module: &Module,
        export: &wp::Export<'_>,
        offset: u64,
    ) -> Result<(), LoadError> {
        let i = export.index as usize;
        let index = match export.kind {
            wp::ExternalKind::Func | wp::ExternalKind::FuncExact => module.funcs.get(i).copied(),
            wp::ExternalKind::Tag => match module.tags.get(i) {
                Some(TagType { ty: TypeUse::Idx(i) }) => Some(*i),
                _ => None,
            },
            _ => None,
        };
        self.type_of(module, index, offset)
    }

    fn type_of(&mut self, module: &Module, ty: Option<u32>, at: u64) -> Result<(), LoadError> {
        let ty = ty.and_then(|i| module.flat_types.get(i as usize));
        self.type_parts += match ty.map(|ty| &ty.comp) {
            Some(CompType::Func(ty)) => 2 + (ty.params.len() + ty.results.len()) as u64,
            Some(CompType::Struct(_) | CompType::Array(_)) | None => 1,
        };
        TYPE_PARTS.check(self.type_parts, at)
    }
}

/// The limit behind an error of the decoder, if it refused a count that our own reading finds too large, and whose
/// items can be there: `end` is where the section or the body ends.
///
/// The decoder says where the count stands; for a name, where it ends.
pub(crate) fn behind(error: &wp::Error, bytes: &[u8], end: usize) -> Option<LoadError> {
    let at = error.offset() as usize;
    let counts = |limit: Limit, at: usize| {
        let (count, next) = unsigned(bytes, at)?;
        let is_there = count <= end.checked_sub(next)? as u64;
        limit.check(count, at as u64).err().filter(|_| is_there)
    };
    if error.message() == "string size out of bounds" {
        // The bytes of an integer but for its last have the highest bit.
        let before = bytes.get(..at)?;
        let more = before.iter().rev().take(4).take_while(|byte| **byte >= 0x80).count();
        return (2..=more).rev().find_map(|more| counts(NAME_BYTES, at - more));
    }
    let what = error.message().strip_suffix(" size is out of bounds")?;
    let (_, limit) = IN_ITEMS.iter().find(|(word, _)| *word == what)?;
    counts(*limit, at)
}

/// The end of the section that holds an offset: the format's own chain of sections.
pub(crate) fn end_of_section(bytes: &[u8], offset: u64) -> usize {
    let mut at = 8;
    while let Some((size, start)) = unsigned(bytes, at + 1) {
        let end = start.saturating_add(size as usize).min(bytes.len());
        if end as u64 > offset {
            return end;
        }
        at = end;
    }
    bytes.len()
}

/// An unsigned integer of at most 32 bits, and where it ends (specification: *Binary Format*, "Integers").
fn unsigned(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (i, byte) in bytes.get(at..)?.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Some((value, at + i + 1));
        }
    }
    None
}
