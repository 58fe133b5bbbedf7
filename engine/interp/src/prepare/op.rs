//! Operations: what preparation turns a function's instructions into, before they become steps.
//!
//! An operation names its operands by their slots, counted from the first slot of the frame. That is
//! possible because validation has determined the height of the operand stack at every instruction. An
//! operand that is still in its local needs no move: the operation reads it there.

use crate::execution::memories::Which;
use crate::execution::{Handler, Relation};
use crate::program::Slow;
use etalon_module::Opcode;

/// A result and one operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Un {
    pub(crate) dst: u32,
    pub(crate) a: u32,
}

/// A result and two operands. In variants that end in `K`, the second is the value itself: a constant that is
/// sign-extended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bin {
    pub(crate) dst: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// The second operand of a comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Second {
    Slot(u32),
    Constant(u32),
}

/// An operation. Targets are numbers of the builder's targets until the operations become steps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Nothing.
    Nop,
    /// Counts an entry of the function or a turn of a loop. At some loops the frame can go on elsewhere.
    Count {
        leaves: bool,
    },
    /// `unreachable`
    Unreachable,
    /// Takes gas where control falls through into a gas segment.
    Charge {
        cost: u64,
    },
    /// A constant.
    Const {
        dst: u32,
        value: u64,
    },
    /// Moves one slot: `local.get`, `local.set`, `local.tee`, or a value to where a label wants it.
    Copy(Un),
    /// Moves two slots.
    Copy2(Un),
    /// Keeps `dst` if the condition holds, else replaces it by `b`.
    Select {
        dst: u32,
        b: u32,
        cond: u32,
    },
    /// The same for two slots.
    Select2 {
        dst: u32,
        b: u32,
        cond: u32,
    },
    /// `global.get`
    GlobalGet {
        dst: u32,
        global: u32,
    },
    /// `global.get` of a vector.
    GlobalGet2 {
        dst: u32,
        global: u32,
    },
    /// `global.set`
    GlobalSet {
        src: u32,
        global: u32,
    },
    /// `global.set` of a vector.
    GlobalSet2 {
        src: u32,
        global: u32,
    },
    /// `table.get`
    TableGet {
        dst: u32,
        index: u32,
        table: u32,
    },
    /// `table.set`
    TableSet {
        index: u32,
        value: u32,
        table: u32,
    },
    /// Numeric instructions, by their handlers.
    Unary(Handler, Un),
    Binary {
        opcode: Opcode,
        handler: Handler,
        o: Bin,
    },
    BinaryK {
        opcode: Opcode,
        handler: Handler,
        o: Bin,
    },
    /// One around another: see `fuse.rs`. The second operand of the inner one is `c`, a slot or a constant.
    Pair {
        handler: Handler,
        o: Bin,
        c: u32,
    },
    /// A load from the sum of two slots.
    LoadSum {
        handler: Handler,
        o: Bin,
        offset: u32,
    },
    /// Comparisons, which may become branches.
    Compare(Relation, Bin),
    CompareK(Relation, Bin),
    /// A load: the slots of its result, and its offset as `b`.
    Load {
        handler: Handler,
        width: u32,
        o: Bin,
        memory: Which,
    },
    /// A store, or `struct.set` with the field in the place of the offset.
    Store {
        handler: Handler,
        addr: u32,
        value: u32,
        offset: u32,
        memory: Which,
    },
    /// A jump: `br` with its values in place, or past the other arm of an `if`.
    Br {
        target: u32,
    },
    /// Jumps if the condition holds.
    BrIf {
        cond: u32,
        target: u32,
    },
    /// Jumps if the condition does not hold: an `if`.
    BrUnless {
        cond: u32,
        target: u32,
    },
    /// Jumps if a comparison holds.
    BrIfCompare {
        relation: Relation,
        a: u32,
        b: u32,
        target: u32,
    },
    /// The same with a constant for the second operand.
    BrIfCompareK {
        relation: Relation,
        a: u32,
        b: u32,
        target: u32,
    },
    /// Adds a constant to a slot and jumps.
    AddAndBr {
        a: u32,
        k: i16,
        target: u32,
    },
    /// Adds a constant to a slot, and jumps if a comparison of it holds.
    AddAndBrIf {
        relation: Relation,
        a: u32,
        k: i16,
        second: Second,
        target: u32,
    },
    /// Moves a label's values and jumps if the condition holds.
    BrIfMove {
        cond: u32,
        label: u32,
    },
    /// `br_table`: the first of its labels, how many it has besides the default, and whether none moves values.
    BrTable {
        index: u32,
        first: u32,
        count: u16,
        in_place: bool,
    },
    /// `br_on_null`
    BrOnNull {
        a: u32,
        label: u32,
    },
    /// `br_on_non_null`
    BrOnNonNull {
        a: u32,
        label: u32,
    },
    /// `br_on_cast` or `br_on_cast_fail`, with a row of the casts.
    BrOnCast {
        a: u32,
        fails: bool,
        label: u32,
        cast: u32,
    },
    /// `call`: the function's address, and where its arguments begin.
    Call {
        func: u32,
        at: u32,
    },
    /// `call_indirect`: operand, and which row of the signatures.
    CallIndirect {
        index: u32,
        signature: u32,
    },
    /// `call_ref`: the slot of the function reference, and where its arguments begin.
    CallRef {
        func: u32,
        at: u32,
    },
    /// `return_call`
    ReturnCall {
        func: u32,
        at: u32,
    },
    /// `return_call_indirect`
    ReturnCallIndirect {
        index: u32,
        signature: u32,
    },
    /// `return_call_ref`
    ReturnCallRef {
        func: u32,
        at: u32,
    },
    /// Returns no results.
    Return0,
    /// Returns one slot.
    Return1 {
        src: u32,
    },
    /// Returns the slots from `from` on.
    Return {
        from: u32,
        count: u32,
    },
    /// A vector constant: a row of the program's vectors.
    VectorConst {
        dst: u32,
        row: u32,
    },
    /// From one vector to one vector.
    VectorUnary(Handler, Un),
    /// From two vectors to one vector.
    VectorBinary(Handler, Bin),
    /// From three vectors to one vector.
    VectorTernary(Handler, Bin, u32),
    /// A vector and an amount.
    VectorShift(Handler, Bin),
    /// A number to a vector.
    VectorSplat(Handler, Un),
    /// A vector and a lane number to a number.
    VectorExtract {
        handler: Handler,
        o: Un,
        lane: u8,
    },
    /// A vector, a number and a lane number.
    VectorReplace {
        handler: Handler,
        o: Bin,
        lane: u8,
    },
    /// `i8x16.shuffle` of two vectors one after the other: the row of its lanes.
    VectorShuffle {
        o: Un,
        row: u32,
    },
    /// `array.set` of what is no vector.
    ArraySet {
        array: u32,
        index: u32,
        value: u32,
    },
    /// A load of a lane of a vector: the slots of its result, its address and the vector.
    LoadLane {
        handler: Handler,
        o: Bin,
        lane: u8,
        offset: u32,
    },
    /// A store of a lane of a vector.
    StoreLane {
        handler: Handler,
        addr: u32,
        value: u32,
        lane: u8,
        offset: u32,
    },
    /// `memory.size` of the instance's first memory, with the binary logarithm of the size of a page.
    MemorySize {
        dst: u32,
        log2: u32,
    },
    /// `memory.fill` of the instance's first memory: where its operands begin, whether addresses have 64 bits, and a row of the
    /// rates.
    MemoryFill {
        at: u32,
        wide: bool,
        rate: u32,
    },
    /// `memory.copy` within the instance's first memory.
    MemoryCopy {
        at: u32,
        wide: bool,
        rate: u32,
    },
    /// Any other load or store: where its operands begin, and a row of the program.
    Far {
        at: u32,
        row: u32,
    },
    /// Any other operator.
    Slow(Slow),
}

/// A slot that an operation names, to be changed.
pub(crate) enum Slot<'a> {
    /// It reads one slot, or two from there on.
    Read(&'a mut u32),
    /// It writes one slot.
    Write(&'a mut u32),
    /// It writes two slots.
    Write2(&'a mut u32),
    /// It reads and writes as many slots.
    Change(&'a mut u32, u32),
}

impl Op {
    /// The slots that the operation names one by one. Those from which on it uses any number are not among them.
    pub(crate) fn slots(&mut self, mut visit: impl FnMut(Slot<'_>)) {
        use Slot::{Change, Read, Write, Write2};
        match self {
            Op::Const { dst, .. } | Op::GlobalGet { dst, .. } | Op::MemorySize { dst, .. } => {
                visit(Write(dst));
            }
            Op::GlobalGet2 { dst, .. } | Op::VectorConst { dst, .. } => visit(Write2(dst)),
            Op::Copy(o) | Op::Unary(_, o) | Op::VectorExtract { o, .. } => {
                visit(Read(&mut o.a));
                visit(Write(&mut o.dst));
            }
            Op::Copy2(o) | Op::VectorUnary(_, o) | Op::VectorSplat(_, o) => {
                visit(Read(&mut o.a));
                visit(Write2(&mut o.dst));
            }
            // They keep what is in the slot of the result, or replace it.
            Op::Select { dst, b, cond } => {
                [b, cond].into_iter().for_each(|slot| visit(Read(slot)));
                visit(Change(dst, 1));
            }
            Op::Select2 { dst, b, cond } => {
                [b, cond].into_iter().for_each(|slot| visit(Read(slot)));
                visit(Change(dst, 2));
            }
            Op::TableGet { dst, index, .. } => {
                visit(Read(index));
                visit(Write(dst));
            }
            Op::TableSet { index: a, value: b, .. }
            | Op::Store { addr: a, value: b, .. }
            | Op::StoreLane { addr: a, value: b, .. }
            | Op::BrIfCompare { a, b, .. } => {
                visit(Read(a));
                visit(Read(b));
            }
            Op::Binary { o, .. } | Op::Compare(_, o) => {
                visit(Read(&mut o.a));
                visit(Read(&mut o.b));
                visit(Write(&mut o.dst));
            }
            Op::BinaryK { o, .. } | Op::CompareK(_, o) => {
                visit(Read(&mut o.a));
                visit(Write(&mut o.dst));
            }
            Op::Load { width, o, .. } => {
                visit(Read(&mut o.a));
                visit(if *width == 1 { Write(&mut o.dst) } else { Write2(&mut o.dst) });
            }
            Op::VectorBinary(_, o)
            | Op::VectorShift(_, o)
            | Op::VectorReplace { o, .. }
            | Op::LoadLane { o, .. } => {
                visit(Read(&mut o.a));
                visit(Read(&mut o.b));
                visit(Write2(&mut o.dst));
            }
            Op::ArraySet { array, index, value } => {
                [array, index, value].into_iter().for_each(|slot| visit(Read(slot)));
            }
            Op::VectorTernary(_, o, c) => {
                [&mut o.a, &mut o.b, c].into_iter().for_each(|slot| visit(Read(slot)));
                visit(Write2(&mut o.dst));
            }
            Op::GlobalSet { src: a, .. }
            | Op::GlobalSet2 { src: a, .. }
            | Op::Return1 { src: a }
            | Op::BrIf { cond: a, .. }
            | Op::BrUnless { cond: a, .. }
            | Op::BrIfMove { cond: a, .. }
            | Op::BrTable { index: a, .. }
            | Op::BrOnNull { a, .. }
            | Op::BrOnNonNull { a, .. }
            | Op::BrOnCast { a, .. }
            | Op::BrIfCompareK { a, .. }
            | Op::CallIndirect { index: a, .. }
            | Op::ReturnCallIndirect { index: a, .. }
            | Op::CallRef { func: a, .. }
            | Op::ReturnCallRef { func: a, .. } => visit(Read(a)),
            // `i8x16.shuffle` is special: see `prepare/vector.rs`.
            Op::VectorShuffle { o, .. } => visit(Write2(&mut o.dst)),
            // There are none of these in frames for which this is asked.
            Op::Pair { .. } | Op::LoadSum { .. } | Op::AddAndBr { .. } | Op::AddAndBrIf { .. } => {}
            Op::Nop | Op::Count { .. } | Op::Unreachable | Op::Charge { .. } | Op::Br { .. } => {}
            Op::Call { .. } | Op::ReturnCall { .. } | Op::Return0 | Op::Return { .. } => {}
            Op::MemoryFill { .. } | Op::MemoryCopy { .. } | Op::Far { .. } | Op::Slow(_) => {}
        }
    }

    /// The slot that the operation writes, where that is one that may be chosen freely.
    pub(crate) fn dst_mut(&mut self) -> Option<&mut u32> {
        match self {
            Op::Const { dst, .. } | Op::GlobalGet { dst, .. } | Op::TableGet { dst, .. } => {
                Some(dst)
            }
            Op::VectorConst { dst, .. }
            | Op::GlobalGet2 { dst, .. }
            | Op::MemorySize { dst, .. } => Some(dst),
            Op::Copy(o) | Op::Copy2(o) | Op::Unary(_, o) | Op::VectorUnary(_, o) => {
                Some(&mut o.dst)
            }
            Op::VectorSplat(_, o) | Op::VectorExtract { o, .. } | Op::VectorShuffle { o, .. } => {
                Some(&mut o.dst)
            }
            Op::Compare(_, o) | Op::CompareK(_, o) => Some(&mut o.dst),
            Op::Binary { o, .. } | Op::BinaryK { o, .. } => Some(&mut o.dst),
            Op::Pair { o, .. } | Op::LoadSum { o, .. } => Some(&mut o.dst),
            Op::Load { o, .. } | Op::LoadLane { o, .. } | Op::VectorReplace { o, .. } => {
                Some(&mut o.dst)
            }
            Op::VectorBinary(_, o) | Op::VectorTernary(_, o, _) | Op::VectorShift(_, o) => {
                Some(&mut o.dst)
            }
            _ => None,
        }
    }

    /// Whether the operation jumps to a target that it names.
    pub(crate) fn jumps(&self) -> bool {
        use Op::{AddAndBr, AddAndBrIf, Br, BrIf, BrIfCompare, BrIfCompareK, BrUnless};
        let plain = matches!(self, Br { .. } | BrIf { .. } | BrUnless { .. });
        let comparing = matches!(self, BrIfCompare { .. } | BrIfCompareK { .. });
        plain || comparing || matches!(self, AddAndBr { .. } | AddAndBrIf { .. })
    }

    /// The comparison as a branch that is taken if it holds, or if it does not.
    pub(crate) fn as_branch(self, if_holds: bool, target: u32) -> Option<Op> {
        let relation = |relation: Relation| if if_holds { relation } else { relation.inverse() };
        Some(match self {
            Op::Compare(r, Bin { a, b, .. }) => {
                Op::BrIfCompare { relation: relation(r), a, b, target }
            }
            Op::CompareK(r, Bin { a, b, .. }) => {
                Op::BrIfCompareK { relation: relation(r), a, b, target }
            }
            _ => return None,
        })
    }
}
