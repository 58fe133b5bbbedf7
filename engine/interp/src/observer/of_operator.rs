//! The rules that follow from the operator alone, whatever its operands are.

use super::Rule;
use etalon_module::Opcode;
use std::sync::LazyLock;

/// By opcode.
static RULES: LazyLock<Vec<Vec<Rule>>> =
    LazyLock::new(|| Opcode::ALL.iter().map(|o| rules(*o).into_iter().collect()).collect());

/// By opcode.
static ACCESSES: LazyLock<Vec<Option<(Rule, Rule)>>> =
    LazyLock::new(|| Opcode::ALL.iter().map(|o| access(o.name())).collect());

/// The rules that an operator uses whenever it is executed. Those that depend on its operands are
/// told when they are used.
pub(crate) fn rules_of(opcode: Opcode) -> &'static [Rule] {
    &RULES[opcode as usize]
}

/// The rules of a load or a store: in bounds, and out of bounds.
pub(crate) fn access_rules(opcode: Opcode) -> Option<(Rule, Rule)> {
    ACCESSES[opcode as usize]
}

/// The reduction rule of an instruction that has but one.
fn rules(opcode: Opcode) -> Option<Rule> {
    use Opcode as O;
    Some(match opcode {
        O::Nop => Rule::Nop,
        O::Drop => Rule::Drop,
        O::Block => Rule::Block,
        O::Loop => Rule::Loop,
        O::TryTable => Rule::TryTable,
        // A block ends with the values of its label; the first arm of an `if` ends at the `else`.
        O::End | O::Else => Rule::LabelVals,
        O::LocalGet => Rule::LocalGet,
        O::LocalSet => Rule::LocalSet,
        O::LocalTee => Rule::LocalTee,
        O::RefNull => Rule::RefNull,
        O::RefFunc => Rule::RefFunc,
        O::I32ReinterpretF32
        | O::I64ReinterpretF64
        | O::F32ReinterpretI32
        | O::F64ReinterpretI64 => Rule::CvtopVal,
        _ => return vector(opcode.name()),
    })
}

/// The reduction rule of a vector instruction on registers.
fn vector(name: &str) -> Option<Rule> {
    let (shape, operation) = name.split_once('.')?;
    let accesses = operation.starts_with("load") || operation.starts_with("store");
    if accesses || operation == "const" {
        return None;
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| operation.starts_with(p));
    if shape == "v128" {
        return Some(match operation {
            "not" => Rule::Vvunop,
            "bitselect" => Rule::Vvternop,
            "any_true" => Rule::Vvtestop,
            _ => Rule::Vvbinop,
        });
    }
    if !shape.contains('x') || !shape.starts_with(['i', 'f']) {
        return None;
    }
    Some(match operation {
        "all_true" => Rule::Vtestop,
        "bitmask" => Rule::Vbitmask,
        "shuffle" => Rule::Vshuffle,
        "splat" => Rule::Vsplat,
        "replace_lane" => Rule::VreplaceLane,
        "extract_lane" => Rule::VextractLaneNum,
        _ if starts(&["extract_lane_"]) => Rule::VextractLanePack,
        _ if starts(&["swizzle", "relaxed_swizzle"]) => Rule::Vswizzlop,
        _ if starts(&["shl", "shr"]) => Rule::Vshiftop,
        _ if starts(&["narrow"]) => Rule::Vnarrow,
        _ if starts(&["extadd_pairwise"]) => Rule::Vextunop,
        _ if operation.ends_with("_add_s") => Rule::Vextternop,
        _ if starts(&["extmul", "dot", "relaxed_dot"]) => Rule::Vextbinop,
        _ if starts(&["extend", "trunc_sat", "relaxed_trunc", "convert", "demote", "promote"]) => {
            Rule::Vcvtop
        }
        _ if starts(&["relaxed_madd", "relaxed_nmadd", "relaxed_laneselect"]) => Rule::VternopVal,
        _ if starts(&["abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest", "popcnt"]) => {
            Rule::VunopVal
        }
        "eq" | "ne" | "lt" | "gt" | "le" | "ge" => Rule::Vrelop,
        _ if starts(&["lt_", "gt_", "le_", "ge_"]) => Rule::Vrelop,
        _ => Rule::VbinopVal,
    })
}

/// The rules of a load or a store by its name: `i64.load8_s`, `v128.store32_lane`.
fn access(name: &str) -> Option<(Rule, Rule)> {
    use Rule as R;
    let (ty, operation) = name.split_once('.')?;
    if !["i32", "i64", "f32", "f64", "v128"].contains(&ty) {
        return None;
    }
    let vector = ty == "v128";
    if let Some(rest) = operation.strip_prefix("store") {
        return Some(match rest {
            "" if vector => (R::VstoreVal, R::VstoreOob),
            "" => (R::StoreNumVal, R::StoreNumOob),
            _ if vector => (R::VstoreLaneVal, R::VstoreLaneOob),
            _ => (R::StorePackVal, R::StorePackOob),
        });
    }
    let rest = operation.strip_prefix("load")?;
    Some(match rest {
        "" if vector => (R::VloadVal, R::VloadOob),
        "" => (R::LoadNumVal, R::LoadNumOob),
        _ if !vector => (R::LoadPackVal, R::LoadPackOob),
        _ if rest.ends_with("_splat") => (R::VloadSplatVal, R::VloadSplatOob),
        _ if rest.ends_with("_zero") => (R::VloadZeroVal, R::VloadZeroOob),
        _ if rest.ends_with("_lane") => (R::VloadLaneVal, R::VloadLaneOob),
        _ => (R::VloadPackVal, R::VloadPackOob),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_the_rules_of_their_names() {
        let expected: &[(Opcode, &[Rule])] = &[
            (Opcode::I32Add, &[]),
            (Opcode::LocalGet, &[Rule::LocalGet]),
            (Opcode::V128Not, &[Rule::Vvunop]),
            (Opcode::I8x16AddSatS, &[Rule::VbinopVal]),
            (Opcode::I16x8NarrowI32x4S, &[Rule::Vnarrow]),
            (Opcode::V128Load, &[]),
            (Opcode::MemoryCopy, &[]),
        ];
        for (opcode, rules) in expected {
            assert_eq!(rules_of(*opcode), *rules, "{opcode}");
        }
    }

    #[test]
    fn accesses_have_the_rules_of_their_names() {
        let expected = [
            (Opcode::I64Load32U, Some((Rule::LoadPackVal, Rule::LoadPackOob))),
            (Opcode::F32Store, Some((Rule::StoreNumVal, Rule::StoreNumOob))),
            (Opcode::V128Load8x8S, Some((Rule::VloadPackVal, Rule::VloadPackOob))),
            (Opcode::V128Load32Zero, Some((Rule::VloadZeroVal, Rule::VloadZeroOob))),
            (Opcode::V128Store64Lane, Some((Rule::VstoreLaneVal, Rule::VstoreLaneOob))),
            (Opcode::I32AtomicLoad, None),
            (Opcode::I32Add, None),
        ];
        for (opcode, rules) in expected {
            assert_eq!(access_rules(opcode), rules, "{opcode}");
        }
    }
}
