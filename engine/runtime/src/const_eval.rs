//! Constant expressions (specification chapter 4.6.8, *Expressions*), evaluated at instantiation.

use crate::instance::InstanceInst;
use crate::reference::Ref;
use crate::stop::Stop;
use crate::store::Store;
use crate::value::Value;
use etalon_module::{CompType, ConstExpr, ConstOp, StorageType};

/// Evaluates a validated constant expression over an instance that is being made.
pub(crate) fn eval(
    store: &mut Store,
    instance: &InstanceInst,
    expr: &ConstExpr,
) -> Result<Value, Stop> {
    let mut stack = Stack(Vec::new());
    for op in &expr.0 {
        step(store, instance, &mut stack, *op)?;
    }
    stack.pop()
}

/// The operands; running out of them, or one of another type, cannot happen after validation.
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
}

fn wrong_type(value: Value) -> Stop {
    Stop::crash(format!("{value:?} in a constant expression"))
}

fn step(
    store: &mut Store,
    instance: &InstanceInst,
    stack: &mut Stack,
    op: ConstOp,
) -> Result<(), Stop> {
    let i32_op = |stack: &mut Stack, f: fn(u32, u32) -> u32| -> Result<Value, Stop> {
        let (b, a) = (stack.pop_i32()?, stack.pop_i32()?);
        Ok(Value::I32(f(a, b)))
    };
    let i64_op = |stack: &mut Stack, f: fn(u64, u64) -> u64| -> Result<Value, Stop> {
        let (b, a) = (stack.pop_i64()?, stack.pop_i64()?);
        Ok(Value::I64(f(a, b)))
    };
    let value = match op {
        ConstOp::I32Const(v) => Value::I32(v as u32),
        ConstOp::I64Const(v) => Value::I64(v as u64),
        ConstOp::F32Const(v) => Value::F32(v),
        ConstOp::F64Const(v) => Value::F64(v),
        ConstOp::V128Const(v) => Value::V128(v),
        ConstOp::RefNull(_) => Value::Ref(Ref::NULL),
        ConstOp::RefFunc(i) => Value::Ref(Ref::func(instance.funcs[i as usize])),
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
    };
    stack.0.push(value);
    Ok(())
}

/// The allocating instructions.
fn allocate(
    store: &mut Store,
    instance: &InstanceInst,
    stack: &mut Stack,
    op: ConstOp,
) -> Result<Value, Stop> {
    let (ConstOp::StructNew(index)
    | ConstOp::StructNewDefault(index)
    | ConstOp::ArrayNew(index)
    | ConstOp::ArrayNewDefault(index)
    | ConstOp::ArrayNewFixed(index, _)) = op
    else {
        return Err(Stop::crash(format!("{op:?} does not allocate")));
    };
    let ty = instance.types[index as usize];
    let comp = store.types.get(ty).comp.clone();
    let values = match (op, &comp) {
        (ConstOp::StructNew(_), CompType::Struct(fields)) => {
            let mut values =
                (0..fields.len()).map(|_| stack.pop()).collect::<Result<Vec<_>, _>>()?;
            values.reverse();
            fields.iter().zip(values).map(|(f, v)| pack(v, f.storage)).collect()
        }
        (ConstOp::StructNewDefault(_), CompType::Struct(fields)) => {
            fields.iter().map(|f| default_of(f.storage)).collect::<Result<Vec<_>, _>>()?
        }
        (ConstOp::ArrayNewFixed(_, n), CompType::Array(field)) => {
            let mut values = (0..n).map(|_| stack.pop()).collect::<Result<Vec<_>, _>>()?;
            values.reverse();
            values.into_iter().map(|v| pack(v, field.storage)).collect()
        }
        (ConstOp::ArrayNew(_) | ConstOp::ArrayNewDefault(_), CompType::Array(field)) => {
            let n = stack.pop_i32()?;
            let value = match op {
                ConstOp::ArrayNew(_) => pack(stack.pop()?, field.storage),
                _ => default_of(field.storage)?,
            };
            if !store.heap.has_room(u64::from(n) * 2) {
                return Err(crate::Exhaustion::Limit("the heap is full").into());
            }
            vec![value; n as usize]
        }
        _ => return Err(Stop::crash(format!("{op:?} of {comp:?}"))),
    };
    let slots: Box<[u64]> = values
        .iter()
        .flat_map(|v| {
            let slots = v.to_slots();
            let count = if matches!(v, Value::V128(_)) { 2 } else { 1 };
            slots.into_iter().take(count)
        })
        .collect();
    let addr = store.heap.alloc(ty, slots)?;
    Ok(Value::Ref(match comp {
        CompType::Array(_) => Ref::array(addr),
        _ => Ref::structure(addr),
    }))
}

/// `packval`: what of a value is stored.
fn pack(value: Value, storage: StorageType) -> Value {
    match (value, storage) {
        (Value::I32(v), StorageType::I8) => Value::I32(v & 0xff),
        (Value::I32(v), StorageType::I16) => Value::I32(v & 0xffff),
        _ => value,
    }
}

fn default_of(storage: StorageType) -> Result<Value, Stop> {
    match storage {
        StorageType::I8 | StorageType::I16 => Ok(Value::I32(0)),
        StorageType::Val(ty) => {
            Value::default_of(ty).ok_or_else(|| Stop::crash("a default of a type without one"))
        }
    }
}
