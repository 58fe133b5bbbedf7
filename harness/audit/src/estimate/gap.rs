//! Why there is no bound.

use super::graph::Node;

/// Gaps of a function that are kept.
const MOST_KEPT: usize = 16;

/// Something that nothing bounds.
#[derive(Clone, Debug)]
pub(crate) enum Gap {
    /// How often a loop runs.
    Loop { function: u32, offset: u32 },
    /// How deep calls go that lead back to where they began: the call of `function` at `offset` is one of them.
    Recursion { cycle: Vec<Node>, function: u32, offset: u32 },
    /// What a call comes to.
    Outside { function: u32, offset: u32, why: String },
    /// An operator that gas-1 does not cover.
    NoPrice { function: u32, offset: u32, operator: &'static str },
}

impl Gap {
    /// Where it is in the module.
    pub(crate) fn offset(&self) -> u32 {
        let (Gap::Loop { offset, .. }
        | Gap::Recursion { offset, .. }
        | Gap::Outside { offset, .. }
        | Gap::NoPrice { offset, .. }) = self;
        *offset
    }
}

/// The gaps of a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps {
    pub(crate) kept: Vec<Gap>,
    /// How many there are besides.
    pub(crate) more: u64,
}

impl Gaps {
    pub(crate) fn add(&mut self, gap: Gap) {
        match self.kept.len() < MOST_KEPT {
            true => self.kept.push(gap),
            false => self.more += 1,
        }
    }
}
