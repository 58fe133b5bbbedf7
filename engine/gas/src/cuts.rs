//! After which operators a gas segment ends (§2): the vocabulary only, each tier finds the segments for itself.

use etalon_module::operator::Opcode;
use serde::Deserialize;

/// How finely a body is cut into gas segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cuts {
    /// After what transfers control and after dynamic operators. A trap may leave the rest of its segment charged.
    Coarse,
    /// Also after every operator that may trap, so that nothing is charged that did not begin.
    Fine,
}

impl Cuts {
    /// Whether a gas segment ends with `op`: whether it is in T (§2).
    pub fn after(self, op: Opcode) -> bool {
        transfers_control(op) || is_dynamic(op) || (self == Cuts::Fine && may_trap(op))
    }

    /// The word for it in a schedule file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Cuts::Coarse => "coarse",
            Cuts::Fine => "fine",
        }
    }
}

/// The control operators of T. `block` is none: nothing enters a body between it and what follows.
#[rustfmt::skip]
fn transfers_control(op: Opcode) -> bool {
    use Opcode as O;
    matches!(
        op,
        O::Loop | O::If | O::Else | O::End | O::TryTable
            | O::Br | O::BrIf | O::BrTable | O::BrOnNull | O::BrOnNonNull
            | O::BrOnCast | O::BrOnCastFail | O::BrOnCastDescEq | O::BrOnCastDescEqFail
            | O::Return | O::Unreachable | O::Throw | O::ThrowRef
            | O::Try | O::Catch | O::CatchAll | O::Delegate | O::Rethrow
            | O::Call | O::CallIndirect | O::CallRef
            | O::ReturnCall | O::ReturnCallIndirect | O::ReturnCallRef
    )
}

/// Whether `op` is in D: it has a dynamic charge besides its weight (§5).
#[rustfmt::skip]
pub(crate) fn is_dynamic(op: Opcode) -> bool {
    use Opcode as O;
    matches!(
        op,
        O::MemoryGrow | O::MemoryCopy | O::MemoryFill | O::MemoryInit
            | O::TableGrow | O::TableCopy | O::TableFill | O::TableInit
            | O::ArrayNew | O::ArrayNewFixed | O::ArrayNewDefault | O::ArrayNewData | O::ArrayNewElem
            | O::ArrayCopy | O::ArrayFill | O::ArrayInitData | O::ArrayInitElem
            | O::StructNew | O::StructNewDefault | O::StructNewDesc | O::StructNewDefaultDesc
    )
}

/// Whether `op` may trap by itself. What is in T anyway may be missing here.
#[rustfmt::skip]
fn may_trap(op: Opcode) -> bool {
    use Opcode as O;
    matches!(
        op,
        // integer division and conversions from floats
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU
            | O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF32S
            | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U
            // memory accesses
            | O::I32Load | O::I64Load | O::F32Load | O::F64Load | O::I32Load8S | O::I32Load8U | O::I32Load16S
            | O::I32Load16U | O::I64Load8S | O::I64Load8U | O::I64Load16S | O::I64Load16U | O::I64Load32S
            | O::I64Load32U | O::I32Store | O::I64Store | O::F32Store | O::F64Store | O::I32Store8
            | O::I32Store16 | O::I64Store8 | O::I64Store16 | O::I64Store32 | O::V128Load | O::V128Load8x8S
            | O::V128Load8x8U | O::V128Load16x4S | O::V128Load16x4U | O::V128Load32x2S | O::V128Load32x2U
            | O::V128Load8Splat | O::V128Load16Splat | O::V128Load32Splat | O::V128Load64Splat
            | O::V128Load32Zero | O::V128Load64Zero | O::V128Store | O::V128Load8Lane | O::V128Load16Lane
            | O::V128Load32Lane | O::V128Load64Lane | O::V128Store8Lane | O::V128Store16Lane
            | O::V128Store32Lane | O::V128Store64Lane
            // atomic memory accesses
            | O::MemoryAtomicNotify | O::MemoryAtomicWait32 | O::MemoryAtomicWait64 | O::I32AtomicLoad
            | O::I64AtomicLoad | O::I32AtomicLoad8U | O::I32AtomicLoad16U | O::I64AtomicLoad8U
            | O::I64AtomicLoad16U | O::I64AtomicLoad32U | O::I32AtomicStore | O::I64AtomicStore
            | O::I32AtomicStore8 | O::I32AtomicStore16 | O::I64AtomicStore8 | O::I64AtomicStore16
            | O::I64AtomicStore32 | O::I32AtomicRmwAdd | O::I64AtomicRmwAdd | O::I32AtomicRmw8AddU
            | O::I32AtomicRmw16AddU | O::I64AtomicRmw8AddU | O::I64AtomicRmw16AddU | O::I64AtomicRmw32AddU
            | O::I32AtomicRmwSub | O::I64AtomicRmwSub | O::I32AtomicRmw8SubU | O::I32AtomicRmw16SubU
            | O::I64AtomicRmw8SubU | O::I64AtomicRmw16SubU | O::I64AtomicRmw32SubU | O::I32AtomicRmwAnd
            | O::I64AtomicRmwAnd | O::I32AtomicRmw8AndU | O::I32AtomicRmw16AndU | O::I64AtomicRmw8AndU
            | O::I64AtomicRmw16AndU | O::I64AtomicRmw32AndU | O::I32AtomicRmwOr | O::I64AtomicRmwOr
            | O::I32AtomicRmw8OrU | O::I32AtomicRmw16OrU | O::I64AtomicRmw8OrU | O::I64AtomicRmw16OrU
            | O::I64AtomicRmw32OrU | O::I32AtomicRmwXor | O::I64AtomicRmwXor | O::I32AtomicRmw8XorU
            | O::I32AtomicRmw16XorU | O::I64AtomicRmw8XorU | O::I64AtomicRmw16XorU | O::I64AtomicRmw32XorU
            | O::I32AtomicRmwXchg | O::I64AtomicRmwXchg | O::I32AtomicRmw8XchgU | O::I32AtomicRmw16XchgU
            | O::I64AtomicRmw8XchgU | O::I64AtomicRmw16XchgU | O::I64AtomicRmw32XchgU | O::I32AtomicRmwCmpxchg
            | O::I64AtomicRmwCmpxchg | O::I32AtomicRmw8CmpxchgU | O::I32AtomicRmw16CmpxchgU
            | O::I64AtomicRmw8CmpxchgU | O::I64AtomicRmw16CmpxchgU | O::I64AtomicRmw32CmpxchgU
            // tables
            | O::TableGet | O::TableSet
            // references
            | O::RefCastNonNull | O::RefCastNullable | O::I31GetS | O::I31GetU | O::RefGetDesc
            | O::RefCastDescEqNonNull | O::RefCastDescEqNullable | O::RefAsNonNull
            // fields and elements
            | O::StructGet | O::StructGetS | O::StructGetU | O::StructSet | O::ArrayGet | O::ArrayGetS
            | O::ArrayGetU | O::ArraySet | O::ArrayLen
            // their atomic counterparts
            | O::TableAtomicGet | O::TableAtomicSet | O::TableAtomicRmwXchg | O::TableAtomicRmwCmpxchg
            | O::StructAtomicGet | O::StructAtomicGetS | O::StructAtomicGetU | O::StructAtomicSet
            | O::StructAtomicRmwAdd | O::StructAtomicRmwSub | O::StructAtomicRmwAnd | O::StructAtomicRmwOr
            | O::StructAtomicRmwXor | O::StructAtomicRmwXchg | O::StructAtomicRmwCmpxchg | O::ArrayAtomicGet
            | O::ArrayAtomicGetS | O::ArrayAtomicGetU | O::ArrayAtomicSet | O::ArrayAtomicRmwAdd
            | O::ArrayAtomicRmwSub | O::ArrayAtomicRmwAnd | O::ArrayAtomicRmwOr | O::ArrayAtomicRmwXor
            | O::ArrayAtomicRmwXchg | O::ArrayAtomicRmwCmpxchg
            // memory control and stack switching
            | O::MemoryDiscard | O::ContNew | O::ContBind | O::Suspend | O::Resume | O::ResumeThrow
            | O::ResumeThrowRef | O::Switch
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(select: impl Fn(Opcode) -> bool) -> BTreeSet<&'static str> {
        Opcode::ALL.iter().filter(|&&op| select(op)).map(|op| op.name()).collect()
    }

    #[test]
    fn coarse_cuts_are_those_of_the_specification() {
        // SPEC.md spells T out; whoever changes one of the two has to change the other.
        let spec = include_str!("../SPEC.md");
        let listed = |heading: &str| -> BTreeSet<&str> {
            let (_, rest) = spec.split_once(heading).expect("the heading is there");
            let (_, rest) = rest.split_once("```text\n").expect("a list follows");
            let (list, _) = rest.split_once("```").expect("the list ends");
            list.split_whitespace().collect()
        };
        let control = listed("### 2.2");
        let dynamic = listed("### 2.3");
        assert_eq!(names(transfers_control), control);
        assert_eq!(names(is_dynamic), dynamic);
        assert_eq!(names(|op| Cuts::Coarse.after(op)), &control | &dynamic);
    }

    /// Which operators may trap, judged by their names alone.
    fn traps_by_name(name: &str) -> bool {
        let (space, rest) = name.split_once('.').unwrap_or(("", name));
        let integer = matches!(space, "i32" | "i64");
        let accesses_memory = rest.contains("load") || rest.contains("store");
        match space {
            "struct" | "array" => true,
            "ref" => rest.starts_with("cast") || rest == "as_non_null" || rest == "get_desc",
            "i31" => true,
            "table" => rest == "get" || rest == "set" || rest.starts_with("atomic"),
            "memory" => rest.starts_with("atomic") || rest == "discard",
            "cont" => true,
            "" => rest.starts_with("resume") || matches!(rest, "suspend" | "switch"),
            _ if integer && (rest.starts_with("div") || rest.starts_with("rem")) => true,
            _ if integer && rest.starts_with("trunc_f") => true,
            _ => accesses_memory || (integer && rest.starts_with("atomic")),
        }
    }

    #[test]
    fn fine_cuts_are_the_coarse_ones_and_what_may_trap() {
        let coarse = names(|op| Cuts::Coarse.after(op));
        let fine = names(|op| Cuts::Fine.after(op));
        assert!(fine.is_superset(&coarse));
        let added: BTreeSet<&str> = fine.difference(&coarse).copied().collect();
        let by_name = names(|op| traps_by_name(op.name()) && !Cuts::Coarse.after(op));
        assert_eq!(added, by_name);
        for never in
            ["i32.add", "local.get", "f64.div", "i32.trunc_sat_f32_s", "ref.test", "table.size"]
        {
            assert!(!fine.contains(never), "{never}");
        }
    }
}
