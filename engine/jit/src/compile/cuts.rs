//! Where gas segments end (gas-1 section 2), as the compiler reads it: no other part of the engine decides this for it.

use etalon_gas::Cuts;
use etalon_module::operator::Opcode;

/// Whether a gas segment ends with an operator.
pub(super) fn ends_segment(cuts: Cuts, op: Opcode) -> bool {
    leaves_the_straight_line(op) || has_dynamic_charge(op) || (cuts == Cuts::Fine && may_trap(op))
}

/// Whether control may come from, or go to, somewhere other than the next operator. Nothing branches to the start of a
/// `block`.
#[rustfmt::skip]
fn leaves_the_straight_line(op: Opcode) -> bool {
    use Opcode as O;
    matches!(
        op,
        O::Loop | O::If | O::Else | O::End
            | O::Br | O::BrIf | O::BrTable | O::Return | O::Unreachable
            | O::BrOnNull | O::BrOnNonNull
            | O::BrOnCast | O::BrOnCastFail | O::BrOnCastDescEq | O::BrOnCastDescEqFail
            | O::Call | O::CallIndirect | O::CallRef
            | O::ReturnCall | O::ReturnCallIndirect | O::ReturnCallRef
            | O::TryTable | O::Throw | O::ThrowRef
            | O::Try | O::Catch | O::CatchAll | O::Delegate | O::Rethrow
    )
}

/// Whether an operator has a dynamic charge, which its routine takes after its checks.
#[rustfmt::skip]
fn has_dynamic_charge(op: Opcode) -> bool {
    use Opcode as O;
    matches!(
        op,
        O::MemoryGrow | O::MemoryFill | O::MemoryCopy | O::MemoryInit | O::MemoryDiscard
            | O::TableGrow | O::TableFill | O::TableCopy | O::TableInit
            | O::StructNew | O::StructNewDefault | O::StructNewDesc | O::StructNewDefaultDesc
            | O::ArrayNew | O::ArrayNewDefault | O::ArrayNewFixed | O::ArrayNewData | O::ArrayNewElem
            | O::ArrayFill | O::ArrayCopy | O::ArrayInitData | O::ArrayInitElem
    )
}

/// Whether an operator that the compiler translates, and that ends no segment otherwise, may trap.
#[rustfmt::skip]
pub(super) fn may_trap(op: Opcode) -> bool {
    use Opcode as O;
    match op {
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU => true,
        O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU => true,
        O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U => true,
        O::I64TruncF32S | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U => true,
        O::TableGet | O::TableSet => true,
        O::RefAsNonNull | O::RefCastNonNull | O::RefCastNullable | O::I31GetS | O::I31GetU => true,
        O::StructGet | O::StructGetS | O::StructGetU | O::StructSet => true,
        O::ArrayGet | O::ArrayGetS | O::ArrayGetU | O::ArraySet | O::ArrayLen => true,
        _ => accesses_memory(op),
    }
}

/// Makes a table of the arguments that the decoder gives with each operator, in the order of opcodes.
macro_rules! define_arguments {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        const ARGUMENTS: &[&[&str]] = &[$(&[$($(stringify!($arg)),*)?]),*];
    };
}

wasmparser::for_each_operator!(define_arguments);

/// Whether an operator has a memory argument: every load, store and atomic access has one, and each may be out of bounds.
fn accesses_memory(op: Opcode) -> bool {
    ARGUMENTS[op as usize].contains(&"memarg")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::UNSUPPORTED_PROPOSALS;
    use etalon_gas::Schedule;
    use std::collections::BTreeSet;

    fn names(select: impl Fn(Opcode) -> bool) -> BTreeSet<&'static str> {
        Opcode::ALL.iter().filter(|op| select(**op)).map(|op| op.name()).collect()
    }

    /// The operators that gas-1 lists under a heading.
    fn listed(heading: &str) -> BTreeSet<&'static str> {
        let spec = include_str!("../../../gas/SPEC.md");
        let (_, rest) = spec.split_once(heading).expect("gas-1 has the heading");
        let (_, rest) = rest.split_once("```text\n").expect("a list follows");
        let (list, _) = rest.split_once("```").expect("the list ends");
        list.split_whitespace().collect()
    }

    fn is_translated(op: Opcode) -> bool {
        op.is_executed() && !UNSUPPORTED_PROPOSALS.contains(&op.proposal())
    }

    #[test]
    fn coarse_cuts_are_those_of_gas_1() {
        let fixed = |op: Opcode| op.priced_as().is_none();
        assert_eq!(names(|op| fixed(op) && leaves_the_straight_line(op)), listed("### 2.2"));
        assert_eq!(names(|op| fixed(op) && has_dynamic_charge(op)), listed("### 2.3"));
        let both = &listed("### 2.2") | &listed("### 2.3");
        assert_eq!(names(|op| fixed(op) && ends_segment(Cuts::Coarse, op)), both);
    }

    /// gas-1 section 1.5.
    #[test]
    fn what_came_after_gas_1_was_fixed_cuts_as_its_older_operator() {
        for newer in Opcode::ALL.iter().copied().filter(|op| is_translated(*op)) {
            let Some(older) = newer.priced_as() else { continue };
            let both = [newer, older];
            let [new, old] = both.map(leaves_the_straight_line);
            assert_eq!(new, old, "{newer} is priced as {older}: control");
            let [new, old] = both.map(has_dynamic_charge);
            assert_eq!(new, old, "{newer} is priced as {older}: dynamic charge");
        }
    }

    /// gas-1 has no list of what may trap: this compares with the one that schedules are checked by.
    #[test]
    fn fine_cuts_are_those_of_the_schedule() {
        let text =
            include_str!("../../../gas/schedules/default.toml").replace("\"coarse\"", "\"fine\"");
        let schedule = Schedule::parse(&text, "test").expect("the schedule is read");
        assert_eq!(schedule.cuts(), Cuts::Fine);
        assert_eq!(
            names(|op| is_translated(op) && ends_segment(Cuts::Fine, op)),
            names(|op| is_translated(op) && schedule.is_cut(op)),
        );
    }
}
