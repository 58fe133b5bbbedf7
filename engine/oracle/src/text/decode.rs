//! From a body's bytes to its text (specification, *Binary Format: Expressions*).

use super::{Block, Catch, Clause, Immediate, Instruction, Text, segments};
use etalon_module::{HeapType, Immediates, Module, Opcode, RefType};
use etalon_runtime::{FuncAddr, FuncKind, Stop, Store};
use wasmparser::{BlockType, Operator};

/// Decodes the body of a function.
///
/// # Errors
/// Only if it was not validated: a crash.
pub(crate) fn decode(store: &Store, func: FuncAddr) -> Result<Text, Stop> {
    let Some(FuncKind::Wasm { instance, index, .. }) = store.funcs.kind(func) else {
        return Err(Stop::crash("a host function has no text"));
    };
    let module = &*store.instance(instance).module;
    let body = module.body(index).ok_or_else(|| Stop::crash("an import has no text"))?;
    let mut decoder = Decoder::new(module);
    let mut reader = module.operators(body);
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset().map_err(damaged)?;
        decoder.instruction(&operator, offset as u32)?;
    }
    let Decoder { mut instructions, blocks, branches, vectors, types, .. } = decoder;
    let schedule = store.schedule();
    for at in 0..instructions.len() {
        // What follows a block comes after its end.
        let end = match instructions[at].immediate {
            Immediate::Block(number) => blocks[number as usize].end as usize,
            _ => at,
        };
        let next = instructions.get(end + 1).map(|i| i.opcode);
        let is_followed = next.is_some_and(|next| !ends_sequence(next));
        instructions[at].is_followed = is_followed && !is_value(instructions[at].opcode);
        let ends_segment = segments::ends_segment(schedule, instructions[at].opcode);
        instructions[at].ends_segment = ends_segment && store.has_cuts();
    }
    let ty = module.func_type(index);
    let frame = u64::from(schedule.depth().frame) + u64::from(body.max_height);
    let slots = ty.param_slots() + body.locals.slots();
    let function = schedule.function();
    let entry_gas = u64::from(function.entry)
        .saturating_add(u64::from(function.arg).saturating_mul(ty.params.len() as u64))
        .saturating_add(u64::from(function.local).saturating_mul(body.locals.len() as u64));
    let (entry_gas, segments) = match store.is_metering() {
        true => (entry_gas, segments::costs(schedule, &instructions)),
        false => (0, Box::default()),
    };
    Ok(Text {
        index,
        params: ty.params.len(),
        results: ty.results.len(),
        locals: body.locals.clone(),
        instructions: instructions.into(),
        blocks: blocks.into(),
        branches: branches.into(),
        vectors: vectors.into(),
        types: types.into(),
        frame_slots: frame + slots as u64,
        entry_gas,
        segments,
    })
}

fn damaged(error: impl std::fmt::Display) -> Stop {
    Stop::crash(format!("a validated body does not decode: {error}"))
}

/// Whether an instruction ends the sequence of those before it.
fn ends_sequence(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(opcode, O::End | O::Else | O::Catch | O::CatchAll | O::Delegate)
}

/// Whether an instruction is a value already: no rule applies to it.
fn is_value(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(opcode, O::I32Const | O::I64Const | O::F32Const | O::F64Const | O::V128Const)
}

struct Decoder<'a> {
    module: &'a Module,
    instructions: Vec<Instruction>,
    blocks: Vec<Block>,
    /// The blocks that are open, by their numbers.
    open: Vec<u32>,
    branches: Vec<Box<[u32]>>,
    vectors: Vec<u128>,
    types: Vec<RefType>,
}

impl<'a> Decoder<'a> {
    fn new(module: &'a Module) -> Decoder<'a> {
        Decoder {
            module,
            instructions: Vec::new(),
            blocks: Vec::new(),
            open: Vec::new(),
            branches: Vec::new(),
            vectors: Vec::new(),
            types: Vec::new(),
        }
    }

    fn instruction(&mut self, operator: &Operator<'_>, offset: u32) -> Result<(), Stop> {
        let immediate = self.immediate(operator)?;
        self.instructions.push(Instruction {
            opcode: Opcode::of(operator),
            ends_segment: false,
            is_followed: false,
            offset,
            immediate,
        });
        Ok(())
    }

    fn immediate(&mut self, operator: &Operator<'_>) -> Result<Immediate, Stop> {
        use Operator as O;
        Ok(match operator {
            O::I32Const { value } => Immediate::I32(*value as u32),
            O::I64Const { value } => Immediate::I64(*value as u64),
            O::F32Const { value } => Immediate::F32(value.bits()),
            O::F64Const { value } => Immediate::F64(value.bits()),
            O::V128Const { value } => self.vector(value.i128() as u128),
            O::I8x16Shuffle { lanes } => self.vector(u128::from_le_bytes(*lanes)),
            O::Block { blockty } | O::Loop { blockty } | O::If { blockty } | O::Try { blockty } => {
                self.open(*blockty, Box::default())
            }
            O::TryTable { try_table } => {
                let catches = try_table.catches.iter().map(catch).collect();
                self.open(try_table.ty, catches)
            }
            O::Else => {
                let at = self.position();
                self.innermost(|block| block.otherwise = Some(at))?
            }
            O::Catch { tag_index } => self.clause(Some(*tag_index))?,
            O::CatchAll => self.clause(None)?,
            O::Delegate { relative_depth } => {
                let label = *relative_depth;
                self.innermost(|block| block.delegate = Some(label))?;
                self.close()
            }
            O::End => self.close(),
            O::BrTable { targets } => {
                let labels = targets.targets().chain([Ok(targets.default())]);
                self.branches.push(labels.collect::<Result<_, _>>().map_err(damaged)?);
                Immediate::Row(self.branches.len() as u32 - 1)
            }
            O::RefTestNonNull { hty } | O::RefCastNonNull { hty } => {
                Immediate::Row(self.ty(false, *hty)?)
            }
            O::RefTestNullable { hty } | O::RefCastNullable { hty } => {
                Immediate::Row(self.ty(true, *hty)?)
            }
            O::BrOnCast { relative_depth, to_ref_type, .. }
            | O::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                let ty = self.ty(to_ref_type.is_nullable(), to_ref_type.heap_type())?;
                Immediate::Indices(*relative_depth, ty)
            }
            other => plain(other),
        })
    }

    fn vector(&mut self, bits: u128) -> Immediate {
        self.vectors.push(bits);
        Immediate::Row(self.vectors.len() as u32 - 1)
    }

    fn ty(&mut self, nullable: bool, heap: wasmparser::HeapType) -> Result<u32, Stop> {
        let heap = HeapType::from_decoder(heap);
        let heap = heap.ok_or_else(|| Stop::crash("a heap type of no known feature"))?;
        self.types.push(RefType { nullable, heap });
        Ok(self.types.len() as u32 - 1)
    }

    fn position(&self) -> u32 {
        self.instructions.len() as u32
    }

    fn open(&mut self, ty: BlockType, catches: Box<[Catch]>) -> Immediate {
        let number = self.blocks.len() as u32;
        let (params, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = self.module.func_type_at(index);
                (ty.params.len() as u32, ty.results.len() as u32)
            }
        };
        self.blocks.push(Block { params, results, catches, ..Block::default() });
        self.open.push(number);
        Immediate::Block(number)
    }

    /// Changes the innermost block that is open.
    fn innermost(&mut self, change: impl FnOnce(&mut Block)) -> Result<Immediate, Stop> {
        let number = *self.open.last().ok_or_else(|| Stop::crash("no block is open"))?;
        change(&mut self.blocks[number as usize]);
        Ok(Immediate::Block(number))
    }

    fn clause(&mut self, tag: Option<u32>) -> Result<Immediate, Stop> {
        let at = self.position();
        self.innermost(|block| block.clauses.push(Clause { tag, at }))
    }

    /// The `end` of the body closes no block.
    fn close(&mut self) -> Immediate {
        let at = self.position();
        if let Some(number) = self.open.pop() {
            self.blocks[number as usize].end = at;
        }
        Immediate::None
    }
}

fn catch(catch: &wasmparser::Catch) -> Catch {
    use wasmparser::Catch as C;
    match *catch {
        C::One { tag, label } => Catch { tag: Some(tag), label, with_ref: false },
        C::OneRef { tag, label } => Catch { tag: Some(tag), label, with_ref: true },
        C::All { label } => Catch { tag: None, label, with_ref: false },
        C::AllRef { label } => Catch { tag: None, label, with_ref: true },
    }
}

/// The immediates of an instruction that has numbers only.
fn plain(operator: &Operator<'_>) -> Immediate {
    let Immediates { indices: [x, y], count, memarg, lane, .. } = Immediates::of(operator);
    match (memarg, count) {
        (Some((memory, offset)), _) => Immediate::Memarg { lane, memory, offset },
        (None, 0) => Immediate::Lane(lane),
        (None, 1) => Immediate::Index(x),
        (None, _) => Immediate::Indices(x, y),
    }
}
