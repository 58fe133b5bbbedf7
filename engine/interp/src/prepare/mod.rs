//! Preparation: a function's instructions become operations at its first call.

mod assemble;
mod calls;
mod control;
mod fuse;
mod legacy;
mod memory;
mod objects;
mod op;
mod operands;
mod rare;
mod vector;

use crate::cuts::ends_segment;
use crate::execution::{self, Relation, WINDOW};
use crate::gas::{self, Segments};
use crate::program::{Code, Handler, Label, NO_MEMORY, Program};
use assemble::SCRATCH;
use control::{Block, Kind};
use etalon_module::{Module, Opcode, TypeUse, ValType};
use etalon_runtime::{FuncAddr, FuncKind, InstanceInst, Ref, Stop, Store};
use legacy::Try;
use op::{Bin, Op, Un};
use operands::{Operand, Place};
use wasmparser::Operator;

/// Something that cannot be in a validated body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused(&'static str);

impl From<Refused> for Stop {
    fn from(Refused(what): Refused) -> Stop {
        Stop::crash(format!("preparing a function: {what}"))
    }
}

type Result<T = ()> = std::result::Result<T, Refused>;

/// A target of branches.
#[derive(Debug, Default)]
struct Target {
    /// The number of the operation there, when it is known.
    at: Option<u32>,
    /// Whether any branch goes there.
    used: bool,
}

/// An operation, with what becomes of it in the program.
#[derive(Clone, Copy, Debug)]
struct Made {
    op: Op,
    /// If control may jump here: the cost of the gas segment that begins here.
    cost: u64,
    /// The offset of its instruction.
    offset: u32,
}

/// A function that is being prepared.
struct Builder<'a> {
    program: &'a mut Program,
    module: &'a Module,
    instance: &'a InstanceInst,
    store: &'a Store,
    addr: FuncAddr,
    segments: Segments,
    metered: bool,
    /// The slot of the first caught exception.
    kept: u32,
    /// The slot of the first operand.
    locals: u32,
    /// Where a function keeps operands for a moment that are beyond the window.
    scratch: u32,
    /// Whether the frame is larger than the window.
    is_large: bool,
    /// The first of its rows of the program's labels.
    first_label: usize,
    /// The operations so far; other tables hold their numbers.
    ops: Vec<Made>,
    /// Handlers of exceptions, inner ones before outer ones.
    handlers: Vec<Handler>,
    /// Operations at which a collection may happen, each with the slot of an operand that is not there.
    unplaced: Vec<(u32, u32)>,
    /// Slot and width of every local.
    local_slots: Vec<(u32, u32)>,
    operands: Vec<Operand>,
    blocks: Vec<Block>,
    /// The open blocks that are a `try`.
    tries: Vec<Try>,
    targets: Vec<Target>,
    /// Whether control cannot reach the current instruction.
    dead: bool,
    /// The offset of the current instruction.
    offset: u32,
    /// The cost of the gas segment after the current instruction, if that ends one.
    cost_after: u64,
    /// The cost of the gas segment that begins at the next operation, if control may jump there.
    next_cost: Option<u64>,
    /// The last operation, if it only computed the topmost operand.
    producer: Option<u32>,
    /// The last operation, if it wrote a local.
    increment: Option<u32>,
}

/// Prepares a function of this tier. Its row in `program.codes` is set except for its entry.
///
/// # Errors
/// Only if the function was not validated: a crash.
pub(crate) fn prepare(
    store: &Store,
    program: &mut Program,
    func: FuncAddr,
) -> std::result::Result<(), Stop> {
    let Some(FuncKind::Wasm { instance, index, .. }) = store.funcs.kind(func) else {
        return Err(Stop::crash("a host function cannot be prepared"));
    };
    let instance = store.instance(instance);
    let module = &*instance.module;
    let (Some(body), ty) = (module.body(index), module.func_type(index)) else {
        return Err(Stop::crash("an imported function cannot be prepared"));
    };
    let mut operators = Vec::new();
    let mut reader = module.operators(body);
    while !reader.eof() {
        let read = reader.read_with_offset();
        operators.push(read.map_err(|e| Stop::crash(format!("a validated body: {e}")))?);
    }
    let opcodes: Vec<Opcode> = operators.iter().map(|(o, _)| Opcode::of(o)).collect();
    let metered = store.is_metering();
    let schedule = store.schedule();
    let segments = match metered {
        true => Segments::find(schedule, &opcodes),
        false => Segments::free(store.is_interruptible()),
    };
    let params = ty.param_slots() as u32;
    let declared = params + body.locals.slots() as u32;
    let levels = legacy::levels(&opcodes);
    // A frame that is larger than the window needs a place within it for operands beyond.
    let is_large = declared + levels + body.max_height > WINDOW as u32;
    let gap = if is_large { SCRATCH } else { 0 };
    let locals = declared + gap + levels;
    let entry_cost = match metered {
        true => gas::entry(schedule, ty.params.len(), body.locals.len())
            .saturating_add(segments.cost(0)),
        false => segments.cost(0),
    };
    let home = instance.memories.first().map_or(NO_MEMORY, |m| m.0);
    program.begin_function(func, index);
    let first_label = program.labels.len();
    let entry = program.pc();
    let (mut slot, param_count) = (0, ty.params.len());
    let mut local_slots = Vec::new();
    for (i, ty) in ty.params.iter().copied().chain(body.locals.iter()).enumerate() {
        let shift = if i < param_count { 0 } else { gap };
        local_slots.push((slot + shift, ty.slots() as u32));
        slot += ty.slots() as u32;
    }
    let mut builder = Builder {
        program,
        module,
        instance,
        store,
        addr: func,
        segments,
        metered,
        kept: declared + gap,
        locals,
        scratch: params,
        is_large,
        first_label,
        ops: Vec::new(),
        handlers: Vec::new(),
        unplaced: Vec::new(),
        local_slots,
        operands: Vec::new(),
        blocks: Vec::new(),
        tries: Vec::new(),
        targets: Vec::new(),
        dead: false,
        offset: 0,
        cost_after: 0,
        next_cost: None,
        producer: None,
        increment: None,
    };
    builder.begin_body(&ty.results);
    builder.count(false);
    for (i, (operator, offset)) in operators.iter().enumerate() {
        builder.offset = *offset as u32;
        builder.cost_after = builder.segments.cost(i + 1);
        builder.operator(operator, opcodes[i])?;
    }
    if !builder.blocks.is_empty() {
        return Err(Refused("a body without its end").into());
    }
    builder.assemble()?;
    let depth = gas::frame(schedule, declared, body.max_height);
    let frame_slots = locals + body.max_height;
    let before = program.code(func);
    let code = Code {
        entry,
        own: true,
        home,
        frame_slots,
        params,
        locals,
        gap,
        depth,
        entry_cost,
        ..before
    };
    program.set_code(func, code);
    Ok(())
}

/// How many slots the values of each type take.
fn widths(types: &[ValType]) -> Box<[u32]> {
    types.iter().map(|t| t.slots() as u32).collect()
}

impl Builder<'_> {
    /// Appends an operation of the current instruction; returns its number.
    fn emit(&mut self, op: Op) -> u32 {
        self.emit_at(op, self.offset)
    }

    fn emit_at(&mut self, op: Op, offset: u32) -> u32 {
        let cost = self.next_cost.take().unwrap_or(0);
        self.ops.push(Made { op, cost, offset });
        self.here() - 1
    }

    /// The number of the next operation.
    fn here(&self) -> u32 {
        self.ops.len() as u32
    }

    /// An entry of the function, or a turn of a loop, where those are counted. The frame can go on elsewhere if no handler is around, and
    /// no other loop with operands below this one.
    fn count(&mut self, turns: bool) {
        if self.instance.promoter.is_some() {
            let catches = |block: &Block| {
                !matches!(block.kind, Kind::Body | Kind::Block | Kind::Loop | Kind::If { .. })
            };
            let below = self.blocks.last().map_or(0, |block| block.height);
            let around = self.blocks.iter().rev().skip(1);
            let is_bare = below == 0 || !around.clone().any(|block| block.kind == Kind::Loop);
            let leaves = turns && is_bare && !self.blocks.iter().any(catches);
            self.emit(Op::Count { leaves });
        }
    }

    /// Declares that control may jump to the next operation, which then begins a gas segment of this cost.
    fn enter_at_next(&mut self, cost: u64) {
        // Two cuts may meet at one position, and each needs a cost of its own, so they get different positions.
        if self.next_cost.is_some_and(|other| other != cost) {
            self.emit(Op::Nop);
        }
        self.next_cost = Some(cost);
        self.forget_last();
    }

    /// Control may join here, so the last operation is not part of the next.
    fn forget_last(&mut self) {
        self.producer = None;
        self.increment = None;
    }

    /// Gives the next operation the cost of one that was removed.
    fn entry_cost_at_next(&mut self, cost: u64) {
        if cost != 0 {
            self.next_cost = Some(cost);
        }
    }

    /// Control falls through to a gas segment from an operation that does not charge for it.
    fn fall_through(&mut self) {
        if self.metered {
            self.emit(Op::Charge { cost: self.cost_after });
        }
        self.forget_last();
    }

    fn operator(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result {
        if self.dead {
            return self.skip(operator);
        }
        if self.control(operator)? || self.call(operator)? || self.legacy(operator)? {
            return Ok(());
        }
        if !(self.numeric(operator, opcode)? || self.memory(operator, opcode)?) {
            self.other(operator, opcode)?;
        }
        // Operators that transfer control have charged for their cuts. The dynamic operators remain, and with
        // fine cuts all operators that may trap.
        if self.metered && !self.dead && ends_segment(self.store.schedule().cuts(), opcode) {
            self.fall_through();
        }
        Ok(())
    }

    fn numeric(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        match operator {
            // `i32.const`, `i64.const`, `f32.const`, `f64.const`: no operation, until the value is
            // needed in its slot.
            O::I32Const { value } => self.push_lazy(Place::Const(u64::from(*value as u32)), 1),
            O::I64Const { value } => self.push_lazy(Place::Const(*value as u64), 1),
            O::F32Const { value } => self.push_lazy(Place::Const(value.bits().into()), 1),
            O::F64Const { value } => self.push_lazy(Place::Const(value.bits()), 1),
            // `i32.reinterpret_f32`, `i64.reinterpret_f64`, `f32.reinterpret_i32`,
            // `f64.reinterpret_i64`: neither bits nor slots change.
            O::I32ReinterpretF32
            | O::I64ReinterpretF64
            | O::F32ReinterpretI32
            | O::F64ReinterpretI64 => {}
            _ => return self.computation(operator, opcode),
        }
        Ok(true)
    }

    fn computation(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Some((handler, with_const)) = execution::binary(operator) {
            let (b, a) = (self.pop()?, self.pop()?);
            if self.pair(opcode, a, b) {
                return Ok(true);
            }
            self.place_const(a);
            let a = a.source();
            match (b.place, with_const) {
                (Place::Const(value), Some((handler, width))) if width.fits(value) => {
                    let b = value as u32;
                    self.push_result(|dst| Op::BinaryK { opcode, handler, o: Bin { dst, a, b } });
                }
                _ => {
                    self.place_const(b);
                    let b = b.source();
                    self.push_result(|dst| Op::Binary { opcode, handler, o: Bin { dst, a, b } });
                }
            }
            return Ok(true);
        }
        if let Some(handler) = execution::unary(operator) {
            let a = self.pop_read()?;
            self.push_result(|dst| Op::Unary(handler, Un { dst, a }));
            return Ok(true);
        }
        self.comparison(operator)
    }

    fn comparison(&mut self, operator: &Operator<'_>) -> Result<bool> {
        let with_zero = match operator {
            Operator::I32Eqz => Some(Relation::I32Eq),
            Operator::I64Eqz => Some(Relation::I64Eq),
            _ => None,
        };
        if let Some(relation) = with_zero {
            let a = self.pop_read()?;
            self.push_result(|dst| Op::CompareK(relation, Bin { dst, a, b: 0 }));
            return Ok(true);
        }
        let Some(relation) = Relation::of(operator) else { return Ok(false) };
        let (b, a) = (self.pop()?, self.pop_read()?);
        match (b.place, relation.width()) {
            (Place::Const(value), Some(width)) if width.fits(value) => {
                let b = value as u32;
                self.push_result(|dst| Op::CompareK(relation, Bin { dst, a, b }));
            }
            _ => {
                self.place_const(b);
                let b = b.source();
                self.push_result(|dst| Op::Compare(relation, Bin { dst, a, b }));
            }
        }
        Ok(true)
    }

    /// Instructions on references, tables, globals and locals, and all others.
    fn other(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result {
        use Operator as O;
        match *operator {
            // `nop`, `drop`, `local.get`, `ref.null` and `ref.func` become no operations either.
            O::Nop => {}
            O::Drop => {
                self.pop()?;
            }
            O::Select | O::TypedSelect { .. } => self.select()?,
            O::LocalGet { local_index } => {
                let (slot, width) = self.local(local_index)?;
                self.push_lazy(Place::Local(slot), width);
            }
            O::LocalSet { local_index } => {
                let (slot, _) = self.local(local_index)?;
                self.set_local(slot)?;
            }
            O::LocalTee { local_index } => {
                let (slot, width) = self.local(local_index)?;
                self.set_local(slot)?;
                self.push_lazy(Place::Local(slot), width);
            }
            O::GlobalGet { global_index } => self.global_get(global_index),
            O::GlobalSet { global_index } => self.global_set(global_index)?,
            O::RefNull { .. } => self.push_lazy(Place::Const(Ref::NULL.to_bits()), 1),
            O::RefFunc { function_index } => {
                let func = self.function(function_index)?;
                self.push_lazy(Place::Const(Ref::func(func).to_bits()), 1);
            }
            O::RefIsNull => {
                let a = self.pop_read()?;
                self.push_result(|dst| Op::Unary(execution::ref_is_null(), Un { dst, a }));
            }
            O::Unreachable => {
                self.emit(Op::Unreachable);
                self.dead = true;
            }
            O::TableGet { table } => {
                let table = self.instance.tables[table as usize].0;
                let index = self.pop_read()?;
                self.push_result(|dst| Op::TableGet { dst, index, table });
            }
            O::TableSet { table } => {
                let table = self.instance.tables[table as usize].0;
                let value = self.pop_read()?;
                let index = self.pop_read()?;
                self.emit(Op::TableSet { index, value, table });
            }
            O::Throw { tag_index } => self.throw(tag_index, opcode)?,
            O::ThrowRef => {
                self.slow(opcode, 1, 0, 0)?;
                self.dead = true;
            }
            _ if self.vector(operator, opcode)? || self.object(operator, opcode)? => {}
            _ => self.rare(operator, opcode)?,
        }
        Ok(())
    }

    /// Throwing needs the machine, so `throw` and `throw_ref` have no function outside of it.
    fn throw(&mut self, tag: u32, opcode: Opcode) -> Result {
        let TypeUse::Idx(ty) = self.module.tags[tag as usize].ty else {
            return Err(Refused("a tag without its type"));
        };
        let count = self.module.func_type_at(ty).params.len();
        self.slow(opcode, count, self.instance.tags[tag as usize].0, 0)?;
        self.dead = true;
        Ok(())
    }

    fn local(&self, index: u32) -> Result<(u32, u32)> {
        self.local_slots.get(index as usize).copied().ok_or(Refused("a local is missing"))
    }

    fn global_get(&mut self, index: u32) {
        let width = self.module.globals[index as usize].val.slots() as u32;
        let global = self.instance.globals[index as usize].0;
        if width == 2 {
            self.push_wide_result(2, |dst| Op::GlobalGet2 { dst, global });
        } else {
            self.push_result(|dst| Op::GlobalGet { dst, global });
        }
    }

    fn global_set(&mut self, index: u32) -> Result {
        let global = self.instance.globals[index as usize].0;
        let value = self.pop()?;
        self.place_const(value);
        let src = value.source();
        self.emit(match value.width {
            2 => Op::GlobalSet2 { src, global },
            _ => Op::GlobalSet { src, global },
        });
        Ok(())
    }

    fn select(&mut self) -> Result {
        let condition = self.pop()?;
        let b = self.pop()?;
        self.place_const(condition);
        self.place_const(b);
        self.settle_top(1);
        let first = self.pop()?;
        let (b, cond) = (b.source(), condition.source());
        let dst = self.push_slot(first.width);
        self.emit(match first.width {
            2 => Op::Select2 { dst, b, cond },
            _ => Op::Select { dst, b, cond },
        });
        Ok(())
    }

    /// Moves operands to their own slots and pops them; returns the first slot.
    fn settle_operands(&mut self, count: usize) -> Result<u32> {
        self.settle_top(count);
        let Some(rest) = self.operands.len().checked_sub(count) else {
            return Err(Refused("operands are missing"));
        };
        self.operands.truncate(rest);
        self.forget_last();
        Ok(self.next_slot())
    }

    /// A row of the labels, to be filled in when the target is known.
    fn label_row(&mut self, target: usize, label: Label) -> u32 {
        let target = self.refer(target);
        self.program.labels.push(Label { target, ..label });
        self.program.labels.len() as u32 - 1
    }
}
