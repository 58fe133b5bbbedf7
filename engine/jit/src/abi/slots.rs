//! Values in slots: 64 bits each, whatever the byte order; a vector takes two, the low half first.

use super::{AbiType, Region};
use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64, I64X2};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;

/// The flags by which a vector is seen as lanes of another type: lane 0 is the lowest bits.
pub(crate) fn lanes() -> MemFlagsData {
    MemFlagsData::new().with_endianness(Endianness::Little)
}

/// Reads a value at `base + at`.
pub(crate) fn read(
    b: &mut FunctionBuilder<'_>,
    region: Region,
    ty: AbiType,
    base: Value,
    at: i32,
) -> Value {
    let flags = region.flags(b.func);
    let word = b.ins().load(I64, flags, base, at);
    match ty {
        AbiType::I64 => word,
        AbiType::I32 => b.ins().ireduce(I32, word),
        AbiType::F32 => {
            let bits = b.ins().ireduce(I32, word);
            b.ins().bitcast(F32, MemFlagsData::new(), bits)
        }
        AbiType::F64 => b.ins().bitcast(F64, MemFlagsData::new(), word),
        AbiType::V128 => {
            let high = b.ins().load(I64, flags, base, at + 8);
            let low = b.ins().scalar_to_vector(I64X2, word);
            let both = b.ins().insertlane(low, high, 1);
            b.ins().bitcast(I8X16, lanes(), both)
        }
    }
}

/// Writes a value at `base + at`.
pub(crate) fn write(
    b: &mut FunctionBuilder<'_>,
    region: Region,
    ty: AbiType,
    value: Value,
    base: Value,
    at: i32,
) {
    let flags = region.flags(b.func);
    let word = match ty {
        AbiType::I64 => value,
        AbiType::I32 => b.ins().uextend(I64, value),
        AbiType::F32 => {
            let bits = b.ins().bitcast(I32, MemFlagsData::new(), value);
            b.ins().uextend(I64, bits)
        }
        AbiType::F64 => b.ins().bitcast(I64, MemFlagsData::new(), value),
        AbiType::V128 => {
            let halves = b.ins().bitcast(I64X2, lanes(), value);
            let high = b.ins().extractlane(halves, 1);
            b.ins().store(flags, high, base, at + 8);
            b.ins().extractlane(halves, 0)
        }
    };
    b.ins().store(flags, word, base, at);
}
