//! The rules that follow from the operator alone, whatever its operands are.
//!
//! The names of operators and of rules are made in the same way in the specification's source, so
//! most rows of this table are found by name.

use super::Rule;
use etalon_module::Opcode;
use std::collections::HashMap;
use std::sync::LazyLock;

/// By opcode.
static RULES: LazyLock<Vec<Vec<Rule>>> = LazyLock::new(|| {
    let by_name: HashMap<&str, Rule> = Rule::ALL.iter().map(|r| (r.name(), *r)).collect();
    let of = |opcode: &Opcode| {
        let names = [instruction(*opcode), function(opcode.name())];
        names.into_iter().flatten().filter_map(|n| by_name.get(&*n).copied()).collect()
    };
    Opcode::ALL.iter().map(of).collect()
});

/// The rules that an operator uses whenever it is executed. Those that depend on its operands are
/// told when they are used.
pub(crate) fn rules_of(opcode: Opcode) -> &'static [Rule] {
    &RULES[opcode as usize]
}

/// The reduction rule of an instruction that has but one.
fn instruction(opcode: Opcode) -> Option<String> {
    use Opcode as O;
    let name = match opcode {
        O::Nop => "Step_pure/nop",
        O::Drop => "Step_pure/drop",
        O::Block => "Step_read/block",
        O::Loop => "Step_read/loop",
        O::TryTable => "Step_read/try_table",
        O::Br => "Step_pure/br-label-zero",
        O::Return => "Step_pure/return-frame",
        O::End => "Step_pure/label-vals",
        O::LocalGet => "Step_read/local.get",
        O::LocalSet => "Step/local.set",
        O::LocalTee => "Step_pure/local.tee",
        O::RefNull => "Step_read/ref.null",
        O::RefFunc => "Step_read/ref.func",
        _ => return vector(opcode.name()).map(|rule| format!("Step_pure/{rule}")),
    };
    Some(name.to_owned())
}

/// The reduction rule of a vector instruction on registers.
fn vector(name: &str) -> Option<&'static str> {
    let (shape, operation) = name.split_once('.')?;
    let accesses = operation.starts_with("load") || operation.starts_with("store");
    if accesses || operation == "const" {
        return None;
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| operation.starts_with(p));
    if shape == "v128" {
        return Some(match operation {
            "not" => "vvunop",
            "bitselect" => "vvternop",
            "any_true" => "vvtestop",
            _ => "vvbinop",
        });
    }
    if !shape.contains('x') || !shape.starts_with(['i', 'f']) {
        return None;
    }
    Some(match operation {
        "all_true" => "vtestop",
        "bitmask" => "vbitmask",
        "shuffle" => "vshuffle",
        "splat" => "vsplat",
        "replace_lane" => "vreplace_lane",
        "extract_lane" => "vextract_lane-num",
        _ if starts(&["extract_lane_"]) => "vextract_lane-pack",
        _ if starts(&["swizzle", "relaxed_swizzle"]) => "vswizzlop",
        _ if starts(&["shl", "shr"]) => "vshiftop",
        _ if starts(&["narrow"]) => "vnarrow",
        _ if starts(&["extadd_pairwise"]) => "vextunop",
        _ if operation.ends_with("_add_s") => "vextternop",
        _ if starts(&["extmul", "dot", "relaxed_dot"]) => "vextbinop",
        _ if starts(&["extend", "trunc_sat", "relaxed_trunc", "convert", "demote", "promote"]) => {
            "vcvtop"
        }
        _ if starts(&["relaxed_madd", "relaxed_nmadd", "relaxed_laneselect"]) => "vternop-val",
        _ if starts(&["abs", "neg", "sqrt", "ceil", "floor", "trunc", "nearest", "popcnt"]) => {
            "vunop-val"
        }
        "eq" | "ne" | "lt" | "gt" | "le" | "ge" => "vrelop",
        _ if starts(&["lt_", "gt_", "le_", "ge_"]) => "vrelop",
        _ => "vbinop-val",
    })
}

/// The numeric function behind an instruction: `$iadd_` behind `i32.add`.
fn function(name: &str) -> Option<String> {
    let (shape, operation) = name.split_once('.')?;
    let kind = match shape.chars().next()? {
        'v' => 'i',
        kind => kind,
    };
    let operation = operation.trim_end_matches("_s").trim_end_matches("_u");
    let converted = ["wrap", "trunc_sat", "relaxed_trunc", "trunc", "convert", "demote", "promote"]
        .into_iter()
        .chain(["reinterpret", "narrow"])
        .find(|c| operation.strip_prefix(c).is_some_and(|rest| rest.starts_with('_')));
    if let Some(conversion) = converted {
        return Some(format!("${conversion}__"));
    }
    match operation {
        "extend_i32" => Some("$extend__".to_owned()),
        "extend8" | "extend16" | "extend32" => Some("$iextend_".to_owned()),
        _ if operation.starts_with("extend_") => Some("$extend__".to_owned()),
        _ => Some(format!("${kind}{operation}_")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_the_rules_of_their_names() {
        let expected: &[(Opcode, &[Rule])] = &[
            (Opcode::I32Add, &[Rule::FnIadd]),
            (Opcode::F64Nearest, &[Rule::FnFnearest]),
            (Opcode::I64TruncSatF32U, &[Rule::FnTruncSat]),
            (Opcode::I64Extend8S, &[Rule::FnIextend]),
            (Opcode::LocalGet, &[Rule::LocalGet]),
            (Opcode::V128Not, &[Rule::Vvunop, Rule::FnInot]),
            (Opcode::I8x16AddSatS, &[Rule::VbinopVal, Rule::FnIaddSat]),
            (Opcode::I16x8NarrowI32x4S, &[Rule::Vnarrow, Rule::FnNarrow]),
            (Opcode::V128Load, &[]),
            (Opcode::MemoryCopy, &[]),
        ];
        for (opcode, rules) in expected {
            assert_eq!(rules_of(*opcode), *rules, "{opcode}");
        }
    }
}
