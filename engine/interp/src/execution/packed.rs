//! Vector instructions ("Vector Instructions"): a function for each. Their arithmetic is in `etalon_numerics::vector`,
//! under the same names; with the operator known, only its own part remains of those functions.

use super::flow::{Flow, Handler, Running, Slots, next};
use super::slots::{get, get_vector, set, set_vector};
use crate::program::Step;
use etalon_module::Opcode;
use etalon_numerics::vector;

/// How a vector instruction is executed, by what its operands are. Each has the slot of its result in `x` and that of its
/// first operand in `y`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packed {
    /// One vector.
    Unary(Handler),
    /// Two vectors; the second in `b`.
    Binary(Handler),
    /// Three vectors; the second in `b`, the third in `c`.
    Ternary(Handler),
    /// A vector, and an amount in `b`.
    Shift(Handler),
    /// A vector, to a number.
    Test(Handler),
    /// A number.
    Splat(Handler),
    /// A vector and, in `z`, a lane number, to a number.
    Extract(Handler),
    /// A vector, a number in `b`, and a lane number in `c`.
    Replace(Handler),
}

// One vector to one vector.
macro_rules! unary {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let result = vector::unop($opcode, get_vector(slots, this.y));
            set_vector(slots, this.x, result.unwrap_or_default());
        })
    };
}
// Two vectors to one vector.
macro_rules! binary {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let (a, b) = (get_vector(slots, this.y), get_vector(slots, this.b()));
            set_vector(slots, this.x, vector::binop($opcode, a, b).unwrap_or_default());
        })
    };
}
macro_rules! ternary {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let (a, b) = (get_vector(slots, this.y), get_vector(slots, this.b()));
            let result = vector::ternop($opcode, a, b, get_vector(slots, this.c()));
            set_vector(slots, this.x, result.unwrap_or_default());
        })
    };
}
macro_rules! shift {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let result = vector::shift($opcode, get_vector(slots, this.y), get(slots, this.b()));
            set_vector(slots, this.x, result.unwrap_or_default());
        })
    };
}
macro_rules! test {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(
                slots,
                this.x,
                vector::test($opcode, get_vector(slots, this.y)).unwrap_or_default(),
            );
        })
    };
}
macro_rules! splat {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let result = vector::splat($opcode, get(slots, this.y));
            set_vector(slots, this.x, result.unwrap_or_default());
        })
    };
}
macro_rules! extract {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let result = vector::extract($opcode, this.z as u8, get_vector(slots, this.y));
            set(slots, this.x, result.unwrap_or_default());
        })
    };
}
macro_rules! replace {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let (vector, value) = (get_vector(slots, this.y), get(slots, this.b()));
            let result = vector::replace($opcode, this.c() as u8, vector, value);
            set_vector(slots, this.x, result.unwrap_or_default());
        })
    };
}
// The same for operators that gather lanes in memory: see `flow.rs`.
macro_rules! unary_aside {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            #[inline(never)]
            fn aside(a: u128) -> u128 {
                vector::unop($opcode, a).unwrap_or_default()
            }
            set_vector(slots, this.x, aside(get_vector(slots, this.y)));
        })
    };
}
macro_rules! binary_aside {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            #[inline(never)]
            fn aside(a: u128, b: u128) -> u128 {
                vector::binop($opcode, a, b).unwrap_or_default()
            }
            let (a, b) = (get_vector(slots, this.y), get_vector(slots, this.b()));
            set_vector(slots, this.x, aside(a, b));
        })
    };
}
macro_rules! ternary_aside {
    ($opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            #[inline(never)]
            fn aside(a: u128, b: u128, c: u128) -> u128 {
                vector::ternop($opcode, a, b, c).unwrap_or_default()
            }
            let (a, b) = (get_vector(slots, this.y), get_vector(slots, this.b()));
            set_vector(slots, this.x, aside(a, b, get_vector(slots, this.c())));
        })
    };
}
/// A match with one arm for each operator.
macro_rules! table {
    ($form:ident, $make:ident: $opcode:expr; $($operator:ident)*) => {
        match $opcode {
            $(Opcode::$operator => return Some(Packed::$form($make!(Opcode::$operator))),)*
            _ => {}
        }
    };
}

/// How a vector instruction without a memory, and other than a constant or a shuffle, is executed.
#[rustfmt::skip]
pub(crate) fn packed(opcode: Opcode) -> Option<Packed> {
    table!(Unary, unary: opcode;
        V128Not I8x16Abs I16x8Abs I32x4Abs I64x2Abs I8x16Neg I16x8Neg I32x4Neg I64x2Neg F32x4Abs F64x2Abs F32x4Neg
        F64x2Neg F32x4Sqrt F64x2Sqrt F32x4Ceil F64x2Ceil F32x4Floor F64x2Floor F32x4Trunc F64x2Trunc F32x4Nearest
        F64x2Nearest I16x8ExtendLowI8x16S I16x8ExtendHighI8x16S I16x8ExtendLowI8x16U I16x8ExtendHighI8x16U
        I32x4ExtendLowI16x8S I32x4ExtendHighI16x8S I32x4ExtendLowI16x8U I32x4ExtendHighI16x8U I64x2ExtendLowI32x4S
        I64x2ExtendHighI32x4S I64x2ExtendLowI32x4U I64x2ExtendHighI32x4U F32x4ConvertI32x4S F32x4ConvertI32x4U
    );
    table!(Unary, unary_aside: opcode;
        I8x16Popcnt I16x8ExtAddPairwiseI8x16S I16x8ExtAddPairwiseI8x16U I32x4ExtAddPairwiseI16x8S
        I32x4ExtAddPairwiseI16x8U I32x4TruncSatF32x4S I32x4TruncSatF32x4U I32x4TruncSatF64x2SZero
        I32x4TruncSatF64x2UZero F64x2ConvertLowI32x4S F64x2ConvertLowI32x4U F32x4DemoteF64x2Zero F64x2PromoteLowF32x4
        I32x4RelaxedTruncF32x4S I32x4RelaxedTruncF32x4U I32x4RelaxedTruncF64x2SZero I32x4RelaxedTruncF64x2UZero
    );
    table!(Binary, binary: opcode;
        V128And V128AndNot V128Or V128Xor I8x16Add I16x8Add I32x4Add I64x2Add I8x16Sub I16x8Sub I32x4Sub I64x2Sub
        I16x8Mul I32x4Mul I64x2Mul I8x16AddSatS I8x16AddSatU I16x8AddSatS I16x8AddSatU I8x16SubSatS I8x16SubSatU
        I16x8SubSatS I16x8SubSatU I8x16MinS I8x16MinU I16x8MinS I16x8MinU I32x4MinS I32x4MinU I8x16MaxS I8x16MaxU
        I16x8MaxS I16x8MaxU I32x4MaxS I32x4MaxU I8x16AvgrU I16x8AvgrU F32x4Add F64x2Add F32x4Sub F64x2Sub F32x4Mul
        F64x2Mul F32x4Div F64x2Div F32x4Min F64x2Min F32x4Max F64x2Max F32x4PMin F64x2PMin F32x4PMax F64x2PMax
        I8x16Eq I8x16Ne I8x16LtS I8x16LtU I8x16GtS I8x16GtU I8x16LeS I8x16LeU I8x16GeS I8x16GeU I16x8Eq I16x8Ne
        I16x8LtS I16x8LtU I16x8GtS I16x8GtU I16x8LeS I16x8LeU I16x8GeS I16x8GeU I32x4Eq I32x4Ne I32x4LtS I32x4LtU
        I32x4GtS I32x4GtU I32x4LeS I32x4LeU I32x4GeS I32x4GeU I64x2Eq I64x2Ne I64x2LtS I64x2GtS I64x2LeS I64x2GeS
        F32x4Eq F32x4Ne F32x4Lt F32x4Gt F32x4Le F32x4Ge F64x2Eq F64x2Ne F64x2Lt F64x2Gt F64x2Le F64x2Ge
    );
    table!(Binary, binary_aside: opcode;
        I8x16Swizzle I16x8Q15MulrSatS I8x16NarrowI16x8S I8x16NarrowI16x8U I16x8NarrowI32x4S I16x8NarrowI32x4U
        I16x8ExtMulLowI8x16S I16x8ExtMulHighI8x16S I16x8ExtMulLowI8x16U I16x8ExtMulHighI8x16U I32x4ExtMulLowI16x8S
        I32x4ExtMulHighI16x8S I32x4ExtMulLowI16x8U I32x4ExtMulHighI16x8U I64x2ExtMulLowI32x4S I64x2ExtMulHighI32x4S
        I64x2ExtMulLowI32x4U I64x2ExtMulHighI32x4U I32x4DotI16x8S I8x16RelaxedSwizzle F32x4RelaxedMin F32x4RelaxedMax
        F64x2RelaxedMin F64x2RelaxedMax I16x8RelaxedQ15mulrS I16x8RelaxedDotI8x16I7x16S
    );
    table!(Ternary, ternary: opcode;
        V128Bitselect
    );
    table!(Ternary, ternary_aside: opcode;
        F32x4RelaxedMadd F32x4RelaxedNmadd F64x2RelaxedMadd F64x2RelaxedNmadd I8x16RelaxedLaneselect
        I16x8RelaxedLaneselect I32x4RelaxedLaneselect I64x2RelaxedLaneselect I32x4RelaxedDotI8x16I7x16AddS
    );
    table!(Shift, shift: opcode;
        I8x16Shl I8x16ShrS I8x16ShrU I16x8Shl I16x8ShrS I16x8ShrU I32x4Shl I32x4ShrS I32x4ShrU I64x2Shl I64x2ShrS
        I64x2ShrU
    );
    table!(Test, test: opcode;
        V128AnyTrue I8x16AllTrue I16x8AllTrue I32x4AllTrue I64x2AllTrue I8x16Bitmask I16x8Bitmask I32x4Bitmask
        I64x2Bitmask
    );
    table!(Splat, splat: opcode;
        I8x16Splat I16x8Splat I32x4Splat F32x4Splat I64x2Splat F64x2Splat
    );
    table!(Extract, extract: opcode;
        I8x16ExtractLaneS I8x16ExtractLaneU I16x8ExtractLaneS I16x8ExtractLaneU I32x4ExtractLane F32x4ExtractLane
        I64x2ExtractLane F64x2ExtractLane
    );
    table!(Replace, replace: opcode;
        I8x16ReplaceLane I16x8ReplaceLane I32x4ReplaceLane F32x4ReplaceLane I64x2ReplaceLane F64x2ReplaceLane
    );
    None
}

/// `v128.const`: a row of the program's vectors.
pub(crate) fn constant() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(value) = cx.program.vectors.get(this.z as usize) else { return cx.lost(code) };
        set_vector(slots, this.x, *value);
    })
}

/// `i8x16.shuffle`: its operands are one after the other, and its lanes are a row of the program's vectors.
pub(crate) fn shuffle() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(lanes) = cx.program.vectors.get(this.z as usize) else { return cx.lost(code) };
        // The second is within the window, because preparation has given it a slot of its own.
        let second = this.y.wrapping_add(2);
        let result = shuffled(*lanes, get_vector(slots, this.y), get_vector(slots, second));
        set_vector(slots, this.x, result);
    })
}

/// The lanes are bytes that are looked up in memory.
#[inline(never)]
fn shuffled(lanes: u128, a: u128, b: u128) -> u128 {
    vector::shuffle(lanes.to_le_bytes(), a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form of an operator is the function that knows it.
    #[test]
    fn every_vector_instruction_has_a_handler_of_its_form() {
        let mut found = 0;
        for &opcode in Opcode::ALL {
            let form = match packed(opcode) {
                Some(Packed::Unary(_)) => vector::unop(opcode, 0).is_some(),
                Some(Packed::Binary(_)) => vector::binop(opcode, 0, 0).is_some(),
                Some(Packed::Ternary(_)) => vector::ternop(opcode, 0, 0, 0).is_some(),
                Some(Packed::Shift(_)) => vector::shift(opcode, 0, 0).is_some(),
                Some(Packed::Test(_)) => vector::test(opcode, 0).is_some(),
                Some(Packed::Splat(_)) => vector::splat(opcode, 0).is_some(),
                Some(Packed::Extract(_)) => vector::extract(opcode, 0, 0).is_some(),
                Some(Packed::Replace(_)) => vector::replace(opcode, 0, 0, 0).is_some(),
                None => !known(opcode),
            };
            assert!(form, "{opcode}");
            found += usize::from(packed(opcode).is_some());
        }
        assert!(found > 200, "{found}");
    }

    fn known(opcode: Opcode) -> bool {
        // Lanes that are loaded or stored are accesses to a memory.
        let access = opcode.class().is_some_and(|class| format!("{class:?}").contains("Lane"));
        vector::unop(opcode, 0).is_some()
            || vector::binop(opcode, 0, 0).is_some()
            || vector::ternop(opcode, 0, 0, 0).is_some()
            || vector::shift(opcode, 0, 0).is_some()
            || vector::test(opcode, 0).is_some()
            || vector::splat(opcode, 0).is_some()
            || (vector::extract(opcode, 0, 0).is_some() && !access)
            || (vector::replace(opcode, 0, 0, 0).is_some() && !access)
    }
}
