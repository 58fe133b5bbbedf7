//! What loading costs (gas-1, *Instantiation and compilation*): the same whenever it succeeds, so it is known before.

use crate::convert::{bytes_of, object};
use crate::error::{Cap, Error};
use crate::shapes::Shape;
use etalon_gas::Schedule;
use etalon_module::{
    AddrType, CompType, ConstExpr, ConstOp, DataMode, ElemMode, FieldType, Module, Opcode,
};

/// What loading takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loading {
    /// Gas, without the start function; above every limit if that is more.
    pub(crate) gas: u64,
    /// Bytes of objects.
    pub(crate) heap: u64,
}

/// An `i32` on the stack of a constant expression; `None` for all else, and where an import decides.
type Known = Option<i32>;

struct Sum<'a> {
    module: &'a Module,
    schedule: &'a Schedule,
    shapes: &'a [Shape],
    gas: u128,
    heap: u64,
    globals: Vec<Known>,
}

/// What loading a module takes.
pub(crate) fn cost(
    module: &Module,
    schedule: &Schedule,
    shapes: &[Shape],
) -> Result<Loading, Error> {
    sizes(module, schedule)?;
    let globals = vec![None; module.imported_globals as usize];
    let mut sum = Sum { module, schedule, shapes, gas: 0, heap: 0, globals };
    for global in &module.global_defs {
        let value = sum.expr(&global.init)?;
        sum.globals.push(value);
    }
    for init in module.table_defs.iter().filter_map(|table| table.init.as_ref()) {
        sum.expr(init)?;
    }
    for elem in &module.elems {
        for item in &elem.items {
            sum.expr(item)?;
        }
        if let ElemMode::Active { offset, .. } = &elem.mode {
            sum.expr(offset)?;
            sum.gas += schedule.instantiation().elements.charge(elem.items.len() as u64);
        }
    }
    for data in &module.datas {
        if let DataMode::Active { offset, .. } = &data.mode {
            sum.expr(offset)?;
            sum.gas += schedule.instantiation().data_bytes.charge(data.range.len() as u64);
        }
    }
    if sum.heap > schedule.limits().gc_heap_bytes {
        return Err(Error::Cap { cap: Cap::Heap });
    }
    Ok(Loading { gas: u64::try_from(sum.gas).unwrap_or(u64::MAX), heap: sum.heap })
}

/// What needs more than a cap never loads (gas-1, *Memories and tables*).
fn sizes(module: &Module, schedule: &Schedule) -> Result<(), Error> {
    let limits = schedule.limits();
    let own = module.memories.iter().skip(module.imported_memories as usize);
    for ty in own {
        let cap = match ty.addr {
            AddrType::I32 => limits.memory_pages,
            AddrType::I64 => limits.memory_pages_64,
        };
        if u128::from(ty.limits.min) << ty.page_size_log2 > u128::from(cap) << 16 {
            return Err(Error::Cap { cap: Cap::Memory });
        }
    }
    let own = module.tables.iter().skip(module.imported_tables as usize);
    match own.into_iter().any(|ty| ty.limits.min > limits.table_elements) {
        true => Err(Error::Cap { cap: Cap::Table }),
        false => Ok(()),
    }
}

impl Sum<'_> {
    /// Adds what an expression costs; gives its value.
    fn expr(&mut self, expr: &ConstExpr) -> Result<Known, Error> {
        let weight = u128::from(self.schedule.instantiation().const_operator);
        self.gas += weight * expr.0.len() as u128;
        let mut stack: Vec<Known> = Vec::new();
        for op in &expr.0 {
            self.op(*op, &mut stack)?;
        }
        Ok(stack.pop().flatten())
    }

    fn op(&mut self, op: ConstOp, stack: &mut Vec<Known>) -> Result<(), Error> {
        use ConstOp::*;
        let both = |stack: &mut Vec<Known>, apply: fn(i32, i32) -> i32| {
            let (b, a) = (stack.pop().flatten(), stack.pop().flatten());
            a.zip(b).map(|(a, b)| apply(a, b))
        };
        let result = match op {
            I32Const(value) => Some(value),
            GlobalGet(global) => self.globals.get(global as usize).copied().flatten(),
            I32Add => both(stack, i32::wrapping_add),
            I32Sub => both(stack, i32::wrapping_sub),
            I32Mul => both(stack, i32::wrapping_mul),
            I64Add | I64Sub | I64Mul => both(stack, |_, _| 0).and(None),
            RefI31 | AnyConvertExtern | ExternConvertAny => stack.pop().and(None),
            StructNew(ty) => {
                let fields = self.structure(ty, Opcode::StructNew);
                stack.truncate(stack.len().saturating_sub(fields));
                None
            }
            StructNewDefault(ty) => {
                self.structure(ty, Opcode::StructNewDefault);
                None
            }
            ArrayNew(ty) => {
                let len = stack.pop().flatten().ok_or(Error::Length)?;
                stack.pop();
                self.array(ty, Opcode::ArrayNew, len as u32);
                None
            }
            ArrayNewDefault(ty) => {
                let len = stack.pop().flatten().ok_or(Error::Length)?;
                self.array(ty, Opcode::ArrayNewDefault, len as u32);
                None
            }
            ArrayNewFixed(ty, len) => {
                stack.truncate(stack.len().saturating_sub(len as usize));
                self.array(ty, Opcode::ArrayNewFixed, len);
                None
            }
            I64Const(_) | F32Const(_) | F64Const(_) | V128Const(_) | RefNull(_) | RefFunc(_) => {
                None
            }
        };
        stack.push(result);
        Ok(())
    }

    /// Adds a structure; gives how many fields it has.
    fn structure(&mut self, ty: u32, op: Opcode) -> usize {
        let shape = self.shapes[ty as usize];
        self.object(op, shape.bytes, shape.fields);
        shape.fields as usize
    }

    fn array(&mut self, ty: u32, op: Opcode, len: u32) {
        if let CompType::Array(FieldType { storage, .. }) = self.module.flat_types[ty as usize].comp
        {
            self.object(op, object(bytes_of(storage) * u64::from(len)), len.into());
        }
    }

    fn object(&mut self, op: Opcode, bytes: u64, units: u64) {
        self.heap = self.heap.saturating_add(bytes);
        self.gas += self.schedule.dynamic(op).map_or(0, |rate| rate.charge(units));
    }
}
