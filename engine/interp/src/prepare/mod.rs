//! Preparation: a function's instructions become operations at its first call.

mod calls;
mod control;
mod legacy;
mod memory;
mod numeric;
mod operands;
mod rare;
mod vector;

use crate::cuts::ends_segment;
use crate::gas::{self, Segments};
use crate::program::{Code, Label, NO_MEMORY, Op, Program};
use control::Block;
use etalon_module::{Module, Opcode, TypeUse, ValType};
use etalon_runtime::{FuncAddr, FuncKind, InstanceInst, Ref, Stop, Store};
use legacy::Try;
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

/// A place where the target of a forward branch is filled in.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// In the operation at a position.
    Op(u32),
    /// In a row of the program's labels.
    Row(usize),
}

/// A target of branches.
#[derive(Debug, Default)]
struct Target {
    pc: Option<u32>,
    uses: Vec<Use>,
}

/// A function that is being prepared.
struct Builder<'a> {
    program: &'a mut Program,
    module: &'a Module,
    instance: &'a InstanceInst,
    store: &'a Store,
    segments: Segments,
    metered: bool,
    /// Slots of the parameters and declared locals.
    declared: u32,
    /// Those and the slots of caught exceptions; this is the slot of the first operand.
    locals: u32,
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
    let FuncKind::Wasm { instance, index, .. } = store.funcs[func.index()].kind else {
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
    let locals = declared + legacy::levels(&opcodes);
    let entry_cost = match metered {
        true => gas::entry(schedule, ty.params.len(), body.locals.len())
            .saturating_add(segments.cost(0)),
        false => segments.cost(0),
    };
    let home = instance.memories.first().map_or(NO_MEMORY, |m| m.0);
    program.begin_function(func, index);
    let entry = program.pc();
    let mut slot = 0;
    let local_slots = ty
        .params
        .iter()
        .copied()
        .chain(body.locals.iter())
        .map(|t| {
            let width = t.slots() as u32;
            slot += width;
            (slot - width, width)
        })
        .collect();
    let mut builder = Builder {
        program,
        module,
        instance,
        store,
        segments,
        metered,
        declared,
        locals,
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
    };
    builder.begin_body(&ty.results);
    for (i, (operator, offset)) in operators.iter().enumerate() {
        builder.offset = *offset as u32;
        builder.cost_after = builder.segments.cost(i + 1);
        builder.operator(operator, opcodes[i])?;
    }
    if !builder.blocks.is_empty() {
        return Err(Refused("a body without its end").into());
    }
    let depth = gas::frame(schedule, declared, body.max_height);
    let frame_slots = locals + body.max_height;
    let code = Code { entry, own: true, home, frame_slots, params, locals, depth, entry_cost };
    program.set_code(func, code);
    Ok(())
}

/// How many slots the values of each type take.
fn widths(types: &[ValType]) -> Box<[u32]> {
    types.iter().map(|t| t.slots() as u32).collect()
}

impl Builder<'_> {
    /// Appends an operation of the current instruction.
    fn emit(&mut self, op: Op) -> u32 {
        self.emit_at(op, self.offset)
    }

    fn emit_at(&mut self, op: Op, offset: u32) -> u32 {
        let cost = self.next_cost.take().unwrap_or(0);
        self.program.push(op, cost, offset)
    }

    /// Declares that control may jump to the next operation, which then begins a gas segment of this cost.
    fn enter_at_next(&mut self, cost: u64) {
        // Two cuts may meet at one position, and each needs a cost of its own, so they get different positions.
        if self.next_cost.is_some_and(|other| other != cost) {
            self.emit(Op::Nop);
        }
        self.next_cost = Some(cost);
        self.producer = None;
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
        self.producer = None;
    }

    fn operator(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result {
        if self.dead {
            return self.skip(operator);
        }
        if self.control(operator)? || self.call(operator)? || self.legacy(operator)? {
            return Ok(());
        }
        if !(self.numeric(operator)? || self.memory(operator, opcode)?) {
            self.other(operator, opcode)?;
        }
        // Operators that transfer control have charged for their cuts. The dynamic operators remain, and with
        // fine cuts all operators that may trap.
        if self.metered && !self.dead && ends_segment(self.store.schedule().cuts(), opcode) {
            self.fall_through();
        }
        Ok(())
    }

    fn numeric(&mut self, operator: &Operator<'_>) -> Result<bool> {
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
            _ => return self.computation(operator),
        }
        Ok(true)
    }

    fn computation(&mut self, operator: &Operator<'_>) -> Result<bool> {
        if let Some((make, with_const)) = numeric::binary(operator) {
            let b = self.pop()?;
            let a = self.pop_read()?;
            match (b.place, with_const) {
                (Place::Const(value), Some((make, width))) if width.fits(value) => {
                    self.push_result(|dst| make(crate::program::Bin { dst, a, b: value as u32 }));
                }
                _ => {
                    self.place_const(b);
                    let b = b.source();
                    self.push_result(|dst| make(crate::program::Bin { dst, a, b }));
                }
            }
            return Ok(true);
        }
        if let Some(make) = numeric::unary(operator) {
            let a = self.pop_read()?;
            self.push_result(|dst| make(crate::program::Un { dst, a }));
            return Ok(true);
        }
        Ok(false)
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
                let func = self.instance.funcs[function_index as usize];
                self.push_lazy(Place::Const(Ref::func(func).to_bits()), 1);
            }
            O::RefIsNull => {
                let a = self.pop_read()?;
                self.push_result(|dst| Op::RefIsNull(crate::program::Un { dst, a }));
            }
            O::Unreachable => {
                self.emit(Op::Unreachable);
                self.dead = true;
            }
            O::RefEq => {
                let b = self.pop_read()?;
                let a = self.pop_read()?;
                self.push_result(|dst| Op::RefEq(crate::program::Bin { dst, a, b }));
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
            _ if self.vector(operator, opcode)? => {}
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
            let dst = self.push_slot(2);
            self.emit(Op::GlobalGet2 { dst, global });
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
        self.producer = None;
        Ok(self.next_slot())
    }

    /// A row of the labels, to be filled in when the target is known.
    fn label_row(&mut self, target: usize, label: Label) -> u32 {
        let row = self.program.labels.len();
        self.program.labels.push(label);
        self.refer(target, Use::Row(row));
        row as u32
    }
}
