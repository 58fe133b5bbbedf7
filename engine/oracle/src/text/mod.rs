//! The text of a function: its instructions as the module has them, one for one.
//!
//! A body is decoded once, before its first run. Nothing is fused, moved or left out, and nothing in it depends on how it is run.

mod decode;
mod segments;

pub(crate) use decode::decode;

use crate::stop::Step;
use etalon_module::{DeclaredLocals, Opcode, RefType};
use etalon_runtime::{Stop, Value};

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    pub(crate) opcode: Opcode,
    /// Whether a gas segment ends with it (gas-1, *Gas segments*).
    pub(crate) ends_segment: bool,
    /// Whether another instruction follows in the same sequence. `false` for values, which make no step there.
    pub(crate) is_followed: bool,
    /// Where it begins in the module's bytes.
    pub(crate) offset: u32,
    pub(crate) immediate: Immediate,
}

/// What an instruction has besides its name. Long immediates lie in lists of the text, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Immediate {
    None,
    /// An index into an index space, or a label.
    Index(u32),
    /// Two of them, in the order of the binary format; for a branch on a cast, a label and a row of [`Text::types`].
    Indices(u32, u32),
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    Lane(u8),
    /// A load, a store or an atomic access; the lane is that of accesses to a lane.
    Memarg {
        lane: u8,
        memory: u32,
        offset: u64,
    },
    /// A row of [`Text::blocks`].
    Block(u32),
    /// A row of [`Text::branches`], [`Text::vectors`] or [`Text::types`], as the instruction needs it.
    Row(u32),
}

/// The place of an access in a memory, apart from its operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memarg {
    pub(crate) memory: u32,
    pub(crate) offset: u64,
}

/// What belongs to a block besides its instructions. Positions count instructions of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    /// How many values it takes from the stack.
    pub(crate) params: u32,
    /// How many values it leaves there.
    pub(crate) results: u32,
    /// The `else` of an `if` that has one.
    pub(crate) otherwise: Option<u32>,
    /// The `end` or `delegate` that closes it.
    pub(crate) end: u32,
    /// The clauses of a `try_table`.
    pub(crate) catches: Box<[Catch]>,
    /// What ends the body of a `try` (exceptions of before 3.0).
    pub(crate) clauses: Vec<Clause>,
    /// The label of its `delegate`, counted from outside of the `try`.
    pub(crate) delegate: Option<u32>,
}

/// A clause of a `try_table`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Catch {
    /// The index of the tag that it catches; `None` catches all.
    pub(crate) tag: Option<u32>,
    pub(crate) label: u32,
    /// Whether the branch takes the exception along.
    pub(crate) with_ref: bool,
}

/// A `catch` or `catch_all` of a `try`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    /// The index of the tag that it catches; `None` catches all.
    pub(crate) tag: Option<u32>,
    /// The position of the instruction.
    pub(crate) at: u32,
}

/// A function as the module writes it.
#[derive(Debug)]
pub(crate) struct Text {
    /// Its index in the module.
    pub(crate) index: u32,
    pub(crate) params: usize,
    pub(crate) results: usize,
    pub(crate) locals: DeclaredLocals,
    pub(crate) instructions: Box<[Instruction]>,
    pub(crate) blocks: Box<[Block]>,
    /// Labels of each `br_table`, the default at the end.
    pub(crate) branches: Box<[Box<[u32]>]>,
    pub(crate) vectors: Box<[u128]>,
    pub(crate) types: Box<[RefType]>,
    /// What its frame takes of the depth, in slots (gas-1, *Depth*).
    pub(crate) frame_slots: u64,
    /// E(f): gas for entering it (gas-1, *Function entry*); 0 if nothing is metered.
    pub(crate) entry_gas: u64,
    /// By position: the cost of the gas segment that begins there if it is a cut. Empty if nothing is metered.
    pub(crate) segments: Box<[u64]>,
}

impl Text {
    pub(crate) fn block(&self, number: u32) -> Step<&Block> {
        self.blocks.get(number as usize).ok_or_else(|| missing("a block"))
    }

    pub(crate) fn vector(&self, number: u32) -> Step<u128> {
        self.vectors.get(number as usize).copied().ok_or_else(|| missing("a vector"))
    }

    pub(crate) fn ty(&self, number: u32) -> Step<RefType> {
        self.types.get(number as usize).copied().ok_or_else(|| missing("a type"))
    }
}

/// The immediates that the decoder gave to every instruction of the name.
impl Instruction {
    #[inline(always)]
    pub(crate) fn index(&self) -> Step<u32> {
        if let Immediate::Index(index) = self.immediate { Ok(index) } else { Err(self.wrong()) }
    }

    #[inline(always)]
    pub(crate) fn indices(&self) -> Step<(u32, u32)> {
        if let Immediate::Indices(x, y) = self.immediate { Ok((x, y)) } else { Err(self.wrong()) }
    }

    #[inline(always)]
    pub(crate) fn memarg(&self) -> Step<Memarg> {
        if let Immediate::Memarg { memory, offset, .. } = self.immediate {
            return Ok(Memarg { memory, offset });
        }
        Err(self.wrong())
    }

    #[inline(always)]
    pub(crate) fn lane(&self) -> Step<u8> {
        match self.immediate {
            Immediate::Lane(lane) | Immediate::Memarg { lane, .. } => Ok(lane),
            _ => Err(self.wrong()),
        }
    }

    #[inline(always)]
    pub(crate) fn block(&self) -> Step<u32> {
        if let Immediate::Block(number) = self.immediate { Ok(number) } else { Err(self.wrong()) }
    }

    pub(crate) fn row(&self) -> Step<u32> {
        if let Immediate::Row(number) = self.immediate { Ok(number) } else { Err(self.wrong()) }
    }

    #[inline(always)]
    pub(crate) fn constant(&self) -> Step<Value> {
        match self.immediate {
            Immediate::I32(c) => Ok(Value::I32(c)),
            Immediate::I64(c) => Ok(Value::I64(c)),
            Immediate::F32(c) => Ok(Value::F32(c)),
            Immediate::F64(c) => Ok(Value::F64(c)),
            _ => Err(self.wrong()),
        }
    }

    #[cold]
    fn wrong(&self) -> Box<Stop> {
        Stop::crash(format!("{} at {:#x} has other immediates", self.opcode, self.offset)).into()
    }
}

#[cold]
fn missing(what: &str) -> Box<Stop> {
    Stop::crash(format!("the text of a function lacks {what}")).into()
}
