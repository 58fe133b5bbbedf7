//! Constant expressions (specification: *Execution*, "Expressions"), evaluated at instantiation.

use crate::instance::InstanceInst;
use crate::reference::Ref;
use crate::room;
use crate::stop::Stop;
use crate::store::Store;
use crate::value::Value;
use etalon_module::{CompType, ConstExpr, ConstOp, Opcode};

/// Evaluates a validated constant expression in an instance under construction. Its operators are charged before it
/// is evaluated (gas-1 §7.1).
pub(crate) fn eval(
    store: &mut Store,
    instance: &InstanceInst,
    expr: &ConstExpr,
) -> Result<Value, Stop> {
    let weight = store.schedule().instantiation().const_operator;
    store.charge(u128::from(weight) * expr.0.len() as u128)?;
    let mut stack = Stack(Vec::new());
    let Some((last, others)) = expr.0.split_last() else {
        return Err(Stop::crash("an empty constant expression"));
    };
    for op in others {
        let value = step(store, instance, &mut stack, *op)?;
        room::push(&mut stack.0, value)?;
    }
    // Most have one operator, whose value need not go to the stack.
    step(store, instance, &mut stack, *last)
}

/// The operand stack. Validation excludes underflow and operands of the wrong type.
struct Stack(Vec<Value>);

impl Stack {
    fn pop(&mut self) -> Result<Value, Stop> {
        self.0.pop().ok_or_else(|| Stop::crash("a constant expression lacks an operand"))
    }

    fn pop_i32(&mut self) -> Result<u32, Stop> {
        match self.pop()? {
            Value::I32(v) => Ok(v),
            other => Err(wrong_type(other)),
        }
    }

    fn pop_i64(&mut self) -> Result<u64, Stop> {
        match self.pop()? {
            Value::I64(v) => Ok(v),
            other => Err(wrong_type(other)),
        }
    }

    fn pop_ref(&mut self) -> Result<Ref, Stop> {
        match self.pop()? {
            Value::Ref(r) => Ok(r),
            other => Err(wrong_type(other)),
        }
    }

    /// Pops `count` values, as slots in the order in which they were pushed.
    fn pop_slots(&mut self, count: u32) -> Result<Vec<u64>, Stop> {
        let first = self.0.len().checked_sub(count as usize);
        let first = first.ok_or_else(|| Stop::crash("a constant expression lacks operands"))?;
        let values = self.0.split_off(first);
        let mut slots = Vec::new();
        room::extend_to(&mut slots, 2 * values.len(), 0)?;
        let len = Value::write_all(&values, &mut slots);
        slots.truncate(len);
        Ok(slots)
    }
}

fn wrong_type(value: Value) -> Stop {
    Stop::crash(format!("{value:?} in a constant expression"))
}

/// The value that an operator pushes.
fn step(
    store: &mut Store,
    instance: &InstanceInst,
    stack: &mut Stack,
    op: ConstOp,
) -> Result<Value, Stop> {
    let i32_op = |stack: &mut Stack, f: fn(u32, u32) -> u32| -> Result<Value, Stop> {
        let (b, a) = (stack.pop_i32()?, stack.pop_i32()?);
        Ok(Value::I32(f(a, b)))
    };
    let i64_op = |stack: &mut Stack, f: fn(u64, u64) -> u64| -> Result<Value, Stop> {
        let (b, a) = (stack.pop_i64()?, stack.pop_i64()?);
        Ok(Value::I64(f(a, b)))
    };
    Ok(match op {
        ConstOp::I32Const(v) => Value::I32(v as u32),
        ConstOp::I64Const(v) => Value::I64(v as u64),
        ConstOp::F32Const(v) => Value::F32(v),
        ConstOp::F64Const(v) => Value::F64(v),
        ConstOp::V128Const(v) => Value::V128(v),
        ConstOp::RefNull(_) => Value::Ref(Ref::NULL),
        ConstOp::RefFunc(i) => {
            let func = instance.func(i).ok_or_else(|| Stop::crash("there is no such function"))?;
            Value::Ref(Ref::func(func))
        }
        ConstOp::GlobalGet(i) => store.globals[instance.globals[i as usize].index()].get(),
        ConstOp::I32Add => i32_op(stack, u32::wrapping_add)?,
        ConstOp::I32Sub => i32_op(stack, u32::wrapping_sub)?,
        ConstOp::I32Mul => i32_op(stack, u32::wrapping_mul)?,
        ConstOp::I64Add => i64_op(stack, u64::wrapping_add)?,
        ConstOp::I64Sub => i64_op(stack, u64::wrapping_sub)?,
        ConstOp::I64Mul => i64_op(stack, u64::wrapping_mul)?,
        ConstOp::RefI31 => Value::Ref(Ref::i31(stack.pop_i32()?)),
        ConstOp::AnyConvertExtern => Value::Ref(stack.pop_ref()?.internalise()),
        ConstOp::ExternConvertAny => Value::Ref(stack.pop_ref()?.externalise()),
        ConstOp::StructNew(_)
        | ConstOp::StructNewDefault(_)
        | ConstOp::ArrayNew(_)
        | ConstOp::ArrayNewDefault(_)
        | ConstOp::ArrayNewFixed(..) => allocate(store, instance, stack, op)?,
    })
}

/// The allocating instructions. They never collect: objects that other constant expressions of the module
/// allocated may not be reachable from the store yet.
fn allocate(
    store: &mut Store,
    instance: &InstanceInst,
    stack: &mut Stack,
    op: ConstOp,
) -> Result<Value, Stop> {
    let ty = |index: u32| instance.types[index as usize];
    Ok(Value::Ref(match op {
        ConstOp::StructNew(index) | ConstOp::StructNewDefault(index) => {
            let ty = ty(index);
            let CompType::Struct(fields) = &store.types.get(ty).comp else {
                return Err(Stop::crash(format!("{op:?} of another type")));
            };
            let count = fields.len() as u32;
            store.room_for_struct(ty)?;
            Ref::structure(if let ConstOp::StructNew(_) = op {
                charge(store, Opcode::StructNew, count)?;
                let slots = stack.pop_slots(count)?;
                store.alloc_struct(ty, &slots)?
            } else {
                charge(store, Opcode::StructNewDefault, count)?;
                store.alloc_struct_default(ty)?
            })
        }
        ConstOp::ArrayNew(index) | ConstOp::ArrayNewDefault(index) => {
            let ty = ty(index);
            let len = stack.pop_i32()?;
            store.room_for_array(ty, len)?;
            let value = if let ConstOp::ArrayNew(_) = op {
                charge(store, Opcode::ArrayNew, len)?;
                stack.pop()?.to_slots()
            } else {
                charge(store, Opcode::ArrayNewDefault, len)?;
                [0, 0]
            };
            Ref::array(store.alloc_array(ty, len, value)?)
        }
        ConstOp::ArrayNewFixed(index, len) => {
            let ty = ty(index);
            store.room_for_array(ty, len)?;
            charge(store, Opcode::ArrayNewFixed, len)?;
            let slots = stack.pop_slots(len)?;
            Ref::array(store.alloc_array_fixed(ty, &slots)?)
        }
        _ => return Err(Stop::crash(format!("{op:?} does not allocate"))),
    }))
}

/// The dynamic charge of an operator (gas-1 §7.1).
fn charge(store: &mut Store, op: Opcode, units: u32) -> Result<(), Stop> {
    let gas = store.schedule().dynamic(op).map_or(0, |rate| rate.charge(units.into()));
    store.charge(gas)
}
