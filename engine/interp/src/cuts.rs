//! After which operators a gas segment ends (gas-1, *Gas segments*), as the interpreter reads it: no other part of the engine
//! decides this for it.

use etalon_gas::Cuts;
use etalon_module::Opcode;

/// When a gas segment ends with an operator, whatever the policy (*Policies*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// Control may go on elsewhere (*Control operators of T*).
    AsControl,
    /// It is paid for by what it is given (*Dynamic operators*).
    AsDynamic,
    /// It may trap, which counts where cuts are fine.
    IfFine,
    Never,
}

/// Whether a gas segment ends with an operator.
pub(crate) fn ends_segment(cuts: Cuts, op: Opcode) -> bool {
    match ends(op) {
        Ends::AsControl | Ends::AsDynamic => true,
        Ends::IfFine => cuts == Cuts::Fine,
        Ends::Never => false,
    }
}

#[rustfmt::skip]
fn ends(op: Opcode) -> Ends {
    use Opcode as O;
    match op {
        // Blocks: where one begins to be repeated, parts in two arms, or is over.
        O::Loop | O::If | O::Else | O::End => Ends::AsControl,
        // Branches, and what leaves the body.
        O::Br | O::BrIf | O::BrTable | O::Return | O::Unreachable => Ends::AsControl,
        O::BrOnNull | O::BrOnNonNull | O::BrOnCast | O::BrOnCastFail => Ends::AsControl,
        O::BrOnCastDescEq | O::BrOnCastDescEqFail => Ends::AsControl,
        // Calls.
        O::Call | O::CallIndirect | O::CallRef => Ends::AsControl,
        O::ReturnCall | O::ReturnCallIndirect | O::ReturnCallRef => Ends::AsControl,
        // Exceptions of 3.0, and those of before.
        O::TryTable | O::Throw | O::ThrowRef => Ends::AsControl,
        O::Try | O::Catch | O::CatchAll | O::Delegate | O::Rethrow => Ends::AsControl,

        O::MemoryGrow | O::MemoryCopy | O::MemoryFill | O::MemoryInit => Ends::AsDynamic,
        O::TableGrow | O::TableCopy | O::TableFill | O::TableInit => Ends::AsDynamic,
        O::ArrayNew | O::ArrayNewFixed | O::ArrayNewDefault | O::ArrayNewData | O::ArrayNewElem => Ends::AsDynamic,
        O::ArrayCopy | O::ArrayFill | O::ArrayInitData | O::ArrayInitElem => Ends::AsDynamic,
        O::StructNew | O::StructNewDefault | O::StructNewDesc | O::StructNewDefaultDesc => Ends::AsDynamic,
        // Priced as `memory.fill`.
        O::MemoryDiscard => Ends::AsDynamic,

        _ if may_trap(op.name()) => Ends::IfFine,
        _ => Ends::Never,
    }
}

/// Whether an operator that ends no segment otherwise may trap: its name says what it does.
fn may_trap(name: &str) -> bool {
    let Some((of, does)) = name.split_once('.') else { return false };
    match (of, does) {
        // Loads, stores, atomic accesses, waiting and notifying; `atomic.fence` is no access.
        _ if does.starts_with("load") || does.starts_with("store") => true,
        _ if does.starts_with("atomic.") => true,
        ("i32" | "i64", _) => {
            let rounds = does.starts_with("trunc_f");
            does.starts_with("div_") || does.starts_with("rem_") || rounds
        }
        ("table", _) => matches!(does, "get" | "set"),
        // Accesses through a reference that may be null, or beyond the end.
        ("struct" | "array", _) => does.starts_with("get") || matches!(does, "set" | "len"),
        ("i31", _) => does.starts_with("get"),
        ("ref", _) => does == "as_non_null" || does.starts_with("cast"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_gas::Schedule;
    use std::collections::BTreeSet;

    fn names(select: impl Fn(Opcode) -> bool) -> BTreeSet<&'static str> {
        Opcode::ALL.iter().filter(|op| select(**op)).map(|op| op.name()).collect()
    }

    /// The operators that gas-1 lists under a heading.
    fn listed(heading: &str) -> BTreeSet<&'static str> {
        let spec = include_str!("../../gas/SPEC.md");
        let (_, rest) = spec.split_once(heading).expect("gas-1 has the heading");
        let (_, rest) = rest.split_once("```text\n").expect("a list follows");
        let (list, _) = rest.split_once("```").expect("the list ends");
        list.split_whitespace().collect()
    }

    #[test]
    fn coarse_cuts_are_those_that_gas_1_lists() {
        let fixed = |op: Opcode| op.priced_as().is_none();
        let of = |kind| names(|op| fixed(op) && ends(op) == kind);
        assert_eq!(of(Ends::AsControl), listed("### 2.2"));
        assert_eq!(of(Ends::AsDynamic), listed("### 2.3"));
    }

    /// *Gas, limits and schedules*.
    #[test]
    fn what_came_later_cuts_as_the_operator_it_is_priced_as() {
        let cuts = |op| matches!(ends(op), Ends::AsControl | Ends::AsDynamic).then(|| ends(op));
        for newer in Opcode::ALL.iter().filter(|op| op.is_executed()) {
            let Some(older) = newer.priced_as() else { continue };
            assert_eq!(cuts(*newer), cuts(older), "{newer} is priced as {older}");
        }
    }

    /// gas-1 has no list of what may trap: this compares with the one that schedules are checked by.
    #[test]
    fn fine_cuts_are_those_of_the_schedule() {
        let text =
            include_str!("../../gas/schedules/default.toml").replace("\"coarse\"", "\"fine\"");
        let schedule = Schedule::parse(&text, "test").expect("the schedule is read");
        assert_eq!(schedule.cuts(), Cuts::Fine);
        let ours = names(|op| op.is_executed() && ends_segment(Cuts::Fine, op));
        assert_eq!(ours, names(|op| op.is_executed() && schedule.is_cut(op)));
    }
}
