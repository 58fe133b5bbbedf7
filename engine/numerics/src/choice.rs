//! Which choice of the specification a relaxed operator consults.

use crate::Function;
use crate::vector::alternatives;
use etalon_module::Opcode;

/// The functions that stand for the choice that a relaxed operator leaves, if with these operands
/// the alternatives differ. Operands that the operator lacks are ignored.
pub fn visible_choice(opcode: Opcode, operands: [u128; 3]) -> &'static [Function] {
    let differ = |results: Vec<u128>| results.iter().any(|r| *r != results[0]);
    match choice(opcode) {
        [] => &[],
        functions if alternatives(opcode, operands).is_some_and(differ) => functions,
        _ => &[],
    }
}

/// The functions that a relaxed operator may consult: `relaxed2` or `relaxed4`, and the choice's own.
pub fn choice(opcode: Opcode) -> &'static [Function] {
    use Function as R;
    use Opcode as O;
    match opcode {
        O::I8x16RelaxedSwizzle => &[R::Relaxed2, R::RSwizzle],
        O::I32x4RelaxedTruncF32x4S | O::I32x4RelaxedTruncF64x2SZero => &[R::Relaxed2, R::RTruncS],
        O::I32x4RelaxedTruncF32x4U | O::I32x4RelaxedTruncF64x2UZero => &[R::Relaxed4, R::RTruncU],
        O::F32x4RelaxedMadd | O::F32x4RelaxedNmadd | O::F64x2RelaxedMadd | O::F64x2RelaxedNmadd => {
            &[R::Relaxed2, R::RFmadd]
        }
        O::I8x16RelaxedLaneselect
        | O::I16x8RelaxedLaneselect
        | O::I32x4RelaxedLaneselect
        | O::I64x2RelaxedLaneselect => &[R::Relaxed2, R::RLaneselect],
        O::F32x4RelaxedMin | O::F64x2RelaxedMin => &[R::Relaxed4, R::RFmin],
        O::F32x4RelaxedMax | O::F64x2RelaxedMax => &[R::Relaxed4, R::RFmax],
        O::I16x8RelaxedQ15mulrS => &[R::Relaxed2, R::RIq15mulr],
        O::I16x8RelaxedDotI8x16I7x16S | O::I32x4RelaxedDotI8x16I7x16AddS => {
            &[R::Relaxed2, R::RIdot]
        }
        _ => &[],
    }
}
