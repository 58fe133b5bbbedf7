//! A fingerprint of a store's state, for comparing runs.

use crate::reference::{Ref, RefKind};
use crate::store::Store;
use crate::value::Value;
use blake3::Hasher;
use std::collections::{HashMap, VecDeque};

/// Hashes of the contents of a store's memories, globals and tables, in the order of their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDigest {
    /// Of the memories.
    pub memories: String,
    /// Of the globals, and of the objects and exceptions reachable from them.
    pub globals: String,
    /// Of the tables, and of what is reachable from them and not from globals.
    pub tables: String,
}

impl Store {
    /// The fingerprint of the current state. It depends on contents alone: pieces of zeros and of nulls are left out, whether
    /// the host has pages for them or not, and when a tier collected makes no difference. It costs what was touched.
    pub fn digest(&self) -> StateDigest {
        let mut names = Names::default();
        let mut globals = Hasher::new();
        for global in &self.globals {
            match global.get() {
                Value::Ref(r) => update(&mut globals, [names.word(r), 0]),
                value => update(&mut globals, value.to_slots()),
            }
        }
        self.hash_objects(&mut names, &mut globals);
        let mut tables = Hasher::new();
        for table in &self.tables {
            update(&mut tables, [table.len()]);
            table.for_each_piece(|number, refs| {
                update(&mut tables, [number]);
                refs.iter().for_each(|r| update(&mut tables, [names.word(*r)]));
            });
        }
        self.hash_objects(&mut names, &mut tables);
        StateDigest {
            memories: text(&self.hash_memories()),
            globals: text(&globals),
            tables: text(&tables),
        }
    }

    fn hash_memories(&self) -> Hasher {
        let mut memories = Hasher::new();
        for memory in &self.memories {
            update(&mut memories, [memory.bytes().len() as u64]);
            memory.for_each_piece(|number, piece| {
                update(&mut memories, [number]);
                memories.update(piece);
            });
        }
        memories
    }

    /// Hashes the objects that were numbered since, in that order; hashing one may number others.
    fn hash_objects(&self, names: &mut Names, hasher: &mut Hasher) {
        while let Some(r) = names.pending.pop_front() {
            match r.kind() {
                Some(RefKind::Struct(a) | RefKind::Array(a)) => {
                    let Some(object) = self.heap.get(a) else { continue };
                    let mut bytes = object.bytes().to_vec();
                    self.heap.layout(object.ty()).for_each_ref(bytes.len(), |offset| {
                        let named =
                            Ref::from_bits(object.word(offset)).map_or(0, |r| names.word(r));
                        bytes[offset..offset + 8].copy_from_slice(&named.to_le_bytes());
                    });
                    update(hasher, [object.ty().0.into(), bytes.len() as u64]);
                    hasher.update(&bytes);
                }
                Some(RefKind::Exn(a)) => {
                    let Some(exn) = self.exn(a) else { continue };
                    update(hasher, [exn.tag.0.into(), exn.fields.len() as u64]);
                    for field in &exn.fields {
                        match field {
                            Value::Ref(r) => update(hasher, [names.word(*r), 0]),
                            value => update(hasher, value.to_slots()),
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Numbers for objects, in the order of traversal. Addresses will not do: a collection frees them for
/// reuse, and so they depend on when one happened.
#[derive(Default)]
struct Names {
    of: HashMap<Ref, u64>,
    /// Numbered, but not yet hashed.
    pending: VecDeque<Ref>,
}

impl Names {
    /// The word of a reference with the object's number in place of its address.
    fn word(&mut self, r: Ref) -> u64 {
        let Some(RefKind::Struct(_) | RefKind::Array(_) | RefKind::Exn(_)) = r.kind() else {
            return r.to_bits();
        };
        let next = self.of.len() as u64;
        let name = *self.of.entry(r.internalise()).or_insert_with(|| {
            self.pending.push_back(r);
            next
        });
        name << 4 | r.to_bits() & 0xf
    }
}

fn update<const N: usize>(hasher: &mut Hasher, words: [u64; N]) {
    for word in words {
        hasher.update(&word.to_le_bytes());
    }
}

fn text(hasher: &Hasher) -> String {
    hasher.finalize().to_hex()[..32].to_owned()
}
