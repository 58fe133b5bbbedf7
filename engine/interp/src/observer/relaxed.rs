//! Which choice of the specification a relaxed operator consults.

use super::Rule;
use etalon_module::Opcode;
use etalon_numerics::vector::alternatives;

/// The functions that stand for the choice that a relaxed operator leaves, if with these operands
/// the alternatives differ. Operands that the operator lacks are ignored.
pub(crate) fn visible_choice(opcode: Opcode, operands: [u128; 3]) -> &'static [Rule] {
    let differ = |results: Vec<u128>| results.iter().any(|r| *r != results[0]);
    match choice(opcode) {
        [] => &[],
        functions if alternatives(opcode, operands).is_some_and(differ) => functions,
        _ => &[],
    }
}

/// `$relaxed2` or `$relaxed4`, and the choice's name.
fn choice(opcode: Opcode) -> &'static [Rule] {
    use Opcode as O;
    use Rule as R;
    match opcode {
        O::I8x16RelaxedSwizzle => &[R::FnRelaxed2, R::FnRSwizzle],
        O::I32x4RelaxedTruncF32x4S | O::I32x4RelaxedTruncF64x2SZero => {
            &[R::FnRelaxed2, R::FnRTruncS]
        }
        O::I32x4RelaxedTruncF32x4U | O::I32x4RelaxedTruncF64x2UZero => {
            &[R::FnRelaxed4, R::FnRTruncU]
        }
        O::F32x4RelaxedMadd | O::F32x4RelaxedNmadd | O::F64x2RelaxedMadd | O::F64x2RelaxedNmadd => {
            &[R::FnRelaxed2, R::FnRFmadd]
        }
        O::I8x16RelaxedLaneselect
        | O::I16x8RelaxedLaneselect
        | O::I32x4RelaxedLaneselect
        | O::I64x2RelaxedLaneselect => &[R::FnRelaxed2, R::FnRLaneselect],
        O::F32x4RelaxedMin | O::F64x2RelaxedMin => &[R::FnRelaxed4, R::FnRFmin],
        O::F32x4RelaxedMax | O::F64x2RelaxedMax => &[R::FnRelaxed4, R::FnRFmax],
        O::I16x8RelaxedQ15mulrS => &[R::FnRelaxed2, R::FnRIq15mulr],
        O::I16x8RelaxedDotI8x16I7x16S | O::I32x4RelaxedDotI8x16I7x16AddS => {
            &[R::FnRelaxed2, R::FnRIdot]
        }
        _ => &[],
    }
}
