//! Where gas is charged (gas-1, *Gas segments*): the oracle adds up the text from one cut to the next.

use super::Instruction;
use etalon_gas::{Cuts, Schedule};
use etalon_module::Opcode;

/// Whether a gas segment ends with an instruction.
pub(super) fn ends_segment(schedule: &Schedule, opcode: Opcode) -> bool {
    let is_dynamic = schedule.dynamic(opcode).is_some();
    let may_trap = schedule.cuts() == Cuts::Fine && Cuts::Fine.after(opcode);
    transfers_control(opcode) || is_dynamic || may_trap
}

/// gas-1, *Control operators of T*.
#[rustfmt::skip]
fn transfers_control(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::Loop | O::If | O::Else | O::End | O::TryTable
            | O::Br | O::BrIf | O::BrTable | O::BrOnNull | O::BrOnNonNull | O::BrOnCast | O::BrOnCastFail
            | O::Return | O::Unreachable | O::Throw | O::ThrowRef
            | O::Try | O::Catch | O::CatchAll | O::Delegate | O::Rethrow
            | O::Call | O::CallIndirect | O::CallRef
            | O::ReturnCall | O::ReturnCallIndirect | O::ReturnCallRef
    )
}

/// By position: the weights of the instructions from there up to the next cut.
pub(super) fn costs(schedule: &Schedule, text: &[Instruction]) -> Box<[u64]> {
    let mut costs: Box<[u64]> = text.iter().map(|i| schedule.weight(i.opcode).into()).collect();
    for at in (1..costs.len()).rev() {
        if !text[at - 1].ends_segment {
            costs[at - 1] = costs[at - 1].saturating_add(costs[at]);
        }
    }
    costs
}
