//! After which operators a gas segment ends (gas-1, *Gas segments*), from the lists of the page.

use etalon_gas::Cuts;
use etalon_module::Opcode;

/// Whether an operator is in T.
pub(crate) fn ends_segment(cuts: Cuts, opcode: Opcode) -> bool {
    let may_trap = cuts == Cuts::Fine && opcode.may_trap();
    transfers_control(opcode) || is_dynamic(opcode) || may_trap
}

/// gas-1, *Control operators of T*.
#[rustfmt::skip]
fn transfers_control(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        Loop | If | Else | End | TryTable
            | Br | BrIf | BrTable
            | BrOnNull | BrOnNonNull | BrOnCast | BrOnCastFail | BrOnCastDescEq | BrOnCastDescEqFail
            | Return | Unreachable | Throw | ThrowRef
            | Try | Catch | CatchAll | Delegate | Rethrow
            | Call | CallIndirect | CallRef
            | ReturnCall | ReturnCallIndirect | ReturnCallRef
    )
}

/// gas-1, *Dynamic operators*.
#[rustfmt::skip]
pub(crate) fn is_dynamic(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        MemoryGrow | MemoryCopy | MemoryFill | MemoryInit | MemoryDiscard
            | TableGrow | TableCopy | TableFill | TableInit
            | ArrayNew | ArrayNewFixed | ArrayNewDefault | ArrayNewData | ArrayNewElem
            | ArrayCopy | ArrayFill | ArrayInitData | ArrayInitElem
            | StructNew | StructNewDefault | StructNewDesc | StructNewDefaultDesc
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_those_that_the_schedule_has() {
        for cuts in [Cuts::Coarse, Cuts::Fine] {
            for op in Opcode::ALL {
                assert_eq!(ends_segment(cuts, *op), cuts.after(*op), "{op}");
            }
        }
    }
}
