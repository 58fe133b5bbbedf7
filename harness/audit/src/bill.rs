//! Bills: where the gas of a step went.

use etalon_adapters::Outcome;

/// What a step took.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// What was called, with its arguments; loading is `instantiation`.
    pub what: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Gas that was charged (gas-1, *Charging*).
    pub consumed: u64,
    /// Gas of what was executed: weights, entries and dynamic charges (gas-1, *What must be equal*). Host calls are not in it.
    pub executed: u64,
    /// The greatest depth, in slots (gas-1, *Depth*).
    pub depth: u64,
    /// The most pages of 64 KiB that all memories had together so far.
    pub pages: u64,
    /// Bytes of objects that it allocated.
    pub heap: u64,
    /// Gas that no function took: for segments and constant expressions.
    pub outside: u64,
    /// Each function that ran, by its index in the module; imports come first.
    pub functions: Vec<FunctionBill>,
    /// Each operator that ran, by name.
    pub operators: Vec<OperatorBill>,
    /// Each gas segment that ran, in the order of the module.
    pub segments: Vec<SegmentBill>,
    /// Along which calls.
    pub tree: Tree,
}

/// What a function took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionBill {
    /// Its index in the module.
    pub index: u32,
    /// Its name for people, on one line.
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// Gas from its entry to its end, callees included; of a recursive function, of its outermost activations.
    pub inclusive: u64,
    /// Gas of its own.
    pub exclusive: u64,
}

/// What an operator took, in all functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorBill {
    /// Its name; `(entry)` is what entering functions cost.
    pub name: String,
    /// How often it began.
    pub count: u64,
    /// Its weights and its dynamic charges.
    pub gas: u64,
}

/// What a gas segment took (gas-1, *Gas segments*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentBill {
    /// The function's index in the module.
    pub function: u32,
    /// The offset of its first operator in the module.
    pub offset: u32,
    /// How often it began.
    pub count: u64,
    /// The weights of its operators that ran, and the dynamic charge of the last.
    pub gas: u64,
}

/// Along which calls gas went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Each call comes after the one that made it.
    pub calls: Vec<Call>,
    /// Whether calls were too many or too deep for the tree, and are part of the innermost that is in it.
    pub is_cut: bool,
}

/// All calls of a function along one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The function.
    pub function: u32,
    /// The place of the call that made it; `None` if nobody of the module did.
    pub parent: Option<usize>,
    /// How often.
    pub count: u64,
    /// Gas of its own.
    pub gas: u64,
}
