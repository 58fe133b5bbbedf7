//! Changes of one body.

use super::draft::Draft;
use crate::rewrite::{Func, Op};
use etalon_module::Opcode;
use std::collections::BTreeMap;
use std::ops::Range;
use wasm_encoder::Encode;

/// A body in which instructions go, others stand in their places, and code is added.
pub(crate) struct Edit<'d, 'a> {
    draft: &'d Draft<'a>,
    func: &'d Func,
    gone: Vec<bool>,
    before: BTreeMap<usize, Vec<u8>>,
    instead: BTreeMap<usize, Vec<u8>>,
}

impl<'d, 'a> Edit<'d, 'a> {
    pub(crate) fn of(draft: &'d Draft<'a>, func: &'d Func) -> Self {
        let gone = vec![false; func.ops.len()];
        Edit { draft, func, gone, before: BTreeMap::new(), instead: BTreeMap::new() }
    }

    /// Takes instructions away, and what was to stand before them.
    pub(crate) fn remove(&mut self, ops: Range<usize>) {
        self.gone[ops].fill(true);
    }

    /// Adds code before an instruction.
    pub(crate) fn insert(&mut self, at: usize, code: &[u8]) {
        self.before.entry(at).or_default().extend_from_slice(code);
    }

    pub(crate) fn replace(&mut self, at: usize, code: Vec<u8>) {
        self.instead.insert(at, code);
    }

    /// Gives each local its new number; those that have none are not named.
    pub(crate) fn renumber(&mut self, place: impl Fn(u32) -> u32) {
        for (at, op) in self.func.ops.iter().enumerate() {
            if let Some(local) = named_local(op) {
                let opcode = self.draft.code(self.func, at..at + 1)[0];
                self.replace(at, with_index(opcode, place(local)));
            }
        }
    }

    /// The instructions.
    pub(crate) fn code(&self) -> Vec<u8> {
        self.range(0..self.func.ops.len())
    }

    /// Some of them.
    pub(crate) fn range(&self, ops: Range<usize>) -> Vec<u8> {
        let mut code = Vec::new();
        for at in ops.filter(|at| !self.gone[*at]) {
            if let Some(before) = self.before.get(&at) {
                code.extend_from_slice(before);
            }
            match self.instead.get(&at) {
                Some(instead) => code.extend_from_slice(instead),
                None => code.extend_from_slice(self.draft.code(self.func, at..at + 1)),
            }
        }
        code
    }
}

/// The local that an instruction reads or writes.
pub(crate) fn named_local(op: &Op) -> Option<u32> {
    let names = matches!(op.opcode, Opcode::LocalGet | Opcode::LocalSet | Opcode::LocalTee);
    op.index.filter(|_| names)
}

/// An instruction of one byte and an index.
pub(crate) fn with_index(opcode: u8, index: u32) -> Vec<u8> {
    let mut code = vec![opcode];
    index.encode(&mut code);
    code
}
