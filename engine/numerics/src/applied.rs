//! The numeric functions that an operator applies when it completes (specification, *Numerics*).
//!
//! The dispatch (`binop_`), the function of the operator itself (`idiv_`), and what that is
//! defined by (`truncz`, `signed_`). Where a rule finds a value by what it is written as, as loads
//! do by `nbytes_`, the function applied is the inverse (`inv_nbytes_`). What depends on operands
//! is left out here and told when it happens. Names of operators and functions are made alike in
//! the specification, so most of this goes by name.

use crate::Function;
use etalon_module::Opcode;
use std::collections::HashMap;
use std::sync::LazyLock;

/// By opcode.
static FUNCTIONS: LazyLock<Vec<Vec<Function>>> = LazyLock::new(|| {
    let by_name: HashMap<&str, Function> = Function::ALL.iter().map(|r| (r.name(), *r)).collect();
    let rules = |opcode: &Opcode| {
        // A name without a function would be a fault of this file; a test finds it.
        names(opcode.name()).iter().filter_map(|n| by_name.get(&**n).copied()).collect()
    };
    Opcode::ALL.iter().map(rules).collect()
});

/// The functions that an operator applies whenever it completes.
pub fn functions_of(opcode: Opcode) -> &'static [Function] {
    &FUNCTIONS[opcode as usize]
}

/// Their names, each once.
fn names(operator: &str) -> Vec<String> {
    let mut names: Vec<String> = match operator.split_once('.') {
        Some((ty @ ("i32" | "i64" | "f32" | "f64"), operation)) => scalar(ty, operation),
        Some(("v128", operation)) => bitwise(operation),
        Some((shape, operation)) if shape.contains('x') && shape.starts_with(['i', 'f']) => {
            lanewise(shape, operation)
        }
        _ => {
            let of_reference: &[&str] = match operator {
                "ref.i31" => &["$wrap__"],
                "i31.get_s" | "i31.get_u" => &["$extend__"],
                "struct.get_s" | "struct.get_u" | "array.get_s" | "array.get_u" => &["$extend__"],
                _ => &[],
            };
            owned(of_reference)
        }
    };
    names.sort();
    names.dedup();
    names
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// The operation without its signedness and the shapes it converts between: `trunc_sat_f32_s`
/// is `trunc_sat`.
fn stem(operation: &str) -> &str {
    let conversions =
        ["trunc_sat", "relaxed_trunc", "wrap", "convert", "demote", "promote", "reinterpret"];
    let is = |c: &&str| operation.strip_prefix(*c).is_some_and(|rest| rest.starts_with('_'));
    if let Some(conversion) = conversions.iter().copied().chain(["narrow", "trunc"]).find(|c| is(c))
    {
        return conversion;
    }
    operation.trim_end_matches("_s").trim_end_matches("_u")
}

/// Operators on numbers.
fn scalar(ty: &str, operation: &str) -> Vec<String> {
    if operation.starts_with("atomic") || operation == "const" {
        return Vec::new();
    }
    if operation.starts_with("load") || operation.starts_with("store") {
        return number_access(ty, operation);
    }
    let kind = &ty[..1];
    let stem = stem(operation);
    match stem {
        "wrap" | "trunc_sat" | "trunc" | "convert" | "demote" | "promote" | "reinterpret"
            if stem != operation =>
        {
            let mut names = vec!["$cvtop__".to_owned(), format!("${stem}__")];
            if stem == "reinterpret" {
                let bits = if kind == "f" {
                    ["$ibits_", "$inv_fbits_"]
                } else {
                    ["$fbits_", "$inv_ibits_"]
                };
                names.extend(owned(&bits));
            }
            names
        }
        "extend_i32" => owned(&["$cvtop__", "$extend__"]),
        "extend8" | "extend16" | "extend32" => {
            owned(&["$unop_", "$iextend_", "$signed_", "$inv_signed_"])
        }
        // Proposals beyond version 3.0.
        "add128" | "sub128" | "mul_wide" => Vec::new(),
        _ => {
            let form = match stem {
                "clz" | "ctz" | "popcnt" | "abs" | "neg" | "sqrt" | "ceil" | "floor" | "trunc"
                | "nearest" => "$unop_",
                "eqz" => "$testop_",
                "eq" | "ne" | "lt" | "gt" | "le" | "ge" => "$relop_",
                _ => "$binop_",
            };
            let mut names = vec![form.to_owned()];
            names.extend(lane_function(kind, operation));
            names
        }
    }
}

/// The function of an operation on one number or lane, and what it is defined by.
fn lane_function(kind: &str, operation: &str) -> Vec<String> {
    let stem = stem(operation);
    let mut names = vec![format!("${kind}{stem}_")];
    if kind == "f" {
        return names;
    }
    let signed = operation.ends_with("_s");
    let defined_by: &[&str] = match (stem, signed) {
        ("div" | "rem", false) => &["$truncz"],
        ("div" | "rem", true) => &["$truncz", "$signed_", "$inv_signed_"],
        ("lt" | "gt" | "le" | "ge", false) | ("eq" | "ne" | "eqz" | "nez", _) => &["$bool"],
        ("lt" | "gt" | "le" | "ge", true) => &["$bool", "$signed_"],
        ("abs", _) | ("min" | "max", true) => &["$signed_"],
        ("add_sat" | "sub_sat", false) => &["$sat_u_"],
        ("add_sat" | "sub_sat", true) => &["$sat_s_", "$signed_", "$inv_signed_"],
        _ => &[],
    };
    names.extend(owned(defined_by));
    names
}

/// Loads and stores of numbers.
fn number_access(ty: &str, operation: &str) -> Vec<String> {
    owned(match (&ty[..1], operation) {
        ("i", "load") => &["$inv_nbytes_", "$inv_ibytes_", "$inv_ibits_"],
        ("i", "store") => &["$nbytes_", "$ibytes_", "$ibits_"],
        (_, "load") => &["$inv_nbytes_", "$inv_fbytes_", "$inv_fbits_"],
        (_, "store") => &["$nbytes_", "$fbytes_", "$fbits_"],
        (_, packed) if packed.starts_with("load") => &["$inv_ibytes_", "$inv_ibits_", "$extend__"],
        _ => &["$wrap__", "$ibytes_", "$ibits_"],
    })
}

/// Operators on a vector as a whole, and its loads and stores.
fn bitwise(operation: &str) -> Vec<String> {
    let whole = |form: &str| vec![form.to_owned(), format!("$i{operation}_")];
    match operation {
        "const" => Vec::new(),
        "not" => whole("$vvunop_"),
        "and" | "andnot" | "or" | "xor" => whole("$vvbinop_"),
        "bitselect" => whole("$vvternop_"),
        "any_true" => owned(&["$inez_", "$bool"]),
        "load" => owned(&["$inv_vbytes_", "$inv_ibytes_", "$inv_ibits_"]),
        "store" => owned(&["$vbytes_", "$ibytes_", "$ibits_"]),
        _ if operation.starts_with("store") => owned(&["$ibytes_", "$ibits_", "$lanes_"]),
        _ => {
            let mut names = owned(&["$inv_ibytes_", "$inv_ibits_"]);
            names.extend(owned(match operation {
                _ if operation.ends_with("_splat") => &["$inv_lanes_"],
                _ if operation.ends_with("_zero") => &["$extend__"],
                _ if operation.ends_with("_lane") => &["$lanes_", "$inv_lanes_"],
                _ => &["$extend__", "$inv_lanes_"],
            }));
            names
        }
    }
}

/// Operators on lanes.
fn lanewise(shape: &str, operation: &str) -> Vec<String> {
    let kind = &shape[..1];
    let packed = shape.starts_with("i8") || shape.starts_with("i16");
    let both = ["$lanes_", "$inv_lanes_"];
    let with = |names: &[&str]| owned(&[names, &both].concat());
    match operation {
        "all_true" => owned(&["$lanes_", "$inez_", "$bool"]),
        "bitmask" => owned(&[
            "$vbitmaskop_",
            "$ivbitmaskop_",
            "$lanes_",
            "$ilt_",
            "$signed_",
            "$bool",
            "$inv_ibits_",
            "$irev_",
        ]),
        "splat" if packed => owned(&["$lpacknum_", "$wrap__", "$inv_lanes_"]),
        "splat" => owned(&["$lpacknum_", "$inv_lanes_"]),
        "replace_lane" if packed => with(&["$lpacknum_", "$wrap__"]),
        "replace_lane" => with(&["$lpacknum_"]),
        "extract_lane" => owned(&["$lanes_"]),
        "extract_lane_s" | "extract_lane_u" => owned(&["$lanes_", "$extend__"]),
        "shuffle" => with(&["$vshufflop_", "$ivshufflop_"]),
        "swizzle" => with(&["$vswizzlop_", "$ivswizzlop_", "$iswizzle_lane_"]),
        "relaxed_swizzle" => with(&["$vswizzlop_", "$ivswizzlop_", "$irelaxed_swizzle_lane_"]),
        "shl" => with(&["$vshiftop_", "$ivshiftop_", "$ishl_"]),
        "shr_s" | "shr_u" => with(&["$vshiftop_", "$ivshiftopsx_", "$ishr_"]),
        _ if operation.starts_with("narrow") => {
            let sat = if operation.ends_with("_s") { "$sat_s_" } else { "$sat_u_" };
            with(&["$vnarrowop__", "$narrow__", "$signed_", sat])
        }
        _ => match extended(operation).or_else(|| conversion(operation)) {
            Some(names) => with(names),
            None => {
                let mut names = with(&[form(kind, operation)[0], form(kind, operation)[1]]);
                if form(kind, operation)[0] == "$vrelop_" {
                    names.push("$extend__".to_owned());
                }
                names.extend(lane_function(kind, operation));
                names
            }
        },
    }
}

/// Operators whose results have wider lanes than their operands.
fn extended(operation: &str) -> Option<&'static [&'static str]> {
    let starts = |prefix: &str| operation.starts_with(prefix);
    Some(match operation {
        _ if starts("extadd_pairwise") => {
            &["$vextunop__", "$ivextunop__", "$extend__", "$ivadd_pairwise_", "$iadd_"]
        }
        _ if starts("extmul") => {
            &["$vextbinop__", "$ivextbinop__", "$half", "$extend__", "$ivmul_", "$imul_"]
        }
        _ if starts("dot") => {
            &["$vextbinop__", "$ivextbinop__", "$extend__", "$ivdot_", "$imul_", "$iadd_"]
        }
        _ if starts("relaxed_dot") && operation.ends_with("_add_s") => &[
            "$vextternop__",
            "$vextbinop__",
            "$ivextbinop__",
            "$extend__",
            "$ivdot_sat_",
            "$imul_",
            "$iadd_sat_",
            "$sat_s_",
            "$signed_",
            "$inv_signed_",
            "$vextunop__",
            "$ivextunop__",
            "$ivadd_pairwise_",
            "$iadd_",
            "$vbinop_",
            "$ivbinop_",
        ],
        _ if starts("relaxed_dot") => &[
            "$vextbinop__",
            "$ivextbinop__",
            "$extend__",
            "$ivdot_sat_",
            "$imul_",
            "$iadd_sat_",
            "$sat_s_",
            "$signed_",
            "$inv_signed_",
        ],
        _ => return None,
    })
}

/// Conversions lane by lane.
fn conversion(operation: &str) -> Option<&'static [&'static str]> {
    let starts = |prefix: &str| operation.starts_with(prefix);
    let zero = operation.ends_with("_zero");
    Some(match operation {
        _ if starts("extend_") => &["$vcvtop__", "$halfop", "$half", "$lcvtop__", "$extend__"],
        _ if starts("convert_low") => &["$vcvtop__", "$halfop", "$half", "$lcvtop__", "$convert__"],
        _ if starts("convert") => &["$vcvtop__", "$halfop", "$zeroop", "$lcvtop__", "$convert__"],
        _ if starts("promote") => &["$vcvtop__", "$halfop", "$half", "$lcvtop__", "$promote__"],
        _ if starts("demote") => {
            &["$vcvtop__", "$halfop", "$zeroop", "$zero", "$lcvtop__", "$demote__"]
        }
        _ if starts("trunc_sat") && zero => {
            &["$vcvtop__", "$halfop", "$zeroop", "$zero", "$lcvtop__", "$trunc_sat__"]
        }
        _ if starts("trunc_sat") => {
            &["$vcvtop__", "$halfop", "$zeroop", "$lcvtop__", "$trunc_sat__"]
        }
        _ if starts("relaxed_trunc") && zero => {
            &["$vcvtop__", "$halfop", "$zeroop", "$zero", "$lcvtop__", "$relaxed_trunc__"]
        }
        _ if starts("relaxed_trunc") => {
            &["$vcvtop__", "$halfop", "$zeroop", "$lcvtop__", "$relaxed_trunc__"]
        }
        _ => return None,
    })
}

/// The dispatch and the lifting to lanes of an operator of the plain forms.
fn form(kind: &str, operation: &str) -> [&'static str; 2] {
    let float = kind == "f";
    match stem(operation) {
        "abs" | "neg" | "sqrt" | "ceil" | "floor" | "trunc" | "nearest" | "popcnt" => {
            ["$vunop_", if float { "$fvunop_" } else { "$ivunop_" }]
        }
        "relaxed_madd" | "relaxed_nmadd" => ["$vternop_", "$fvternop_"],
        "relaxed_laneselect" => ["$vternop_", "$ivternopnd_"],
        "eq" | "ne" | "lt" | "gt" | "le" | "ge" if float => ["$vrelop_", "$fvrelop_"],
        "eq" | "ne" => ["$vrelop_", "$ivrelop_"],
        "lt" | "gt" | "le" | "ge" => ["$vrelop_", "$ivrelopsx_"],
        "relaxed_q15mulr" => ["$vbinop_", "$ivbinopsxnd_"],
        _ if float => ["$vbinop_", "$fvbinop_"],
        "add" | "sub" | "mul" => ["$vbinop_", "$ivbinop_"],
        _ => ["$vbinop_", "$ivbinopsx_"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_function() {
        for opcode in Opcode::ALL.iter().filter(|o| o.is_executed()) {
            let names = names(opcode.name());
            let known: Vec<&str> = functions_of(*opcode).iter().map(|r| r.name()).collect();
            assert_eq!(known, names, "{opcode}");
        }
    }

    #[test]
    fn operators_apply_the_functions_of_their_names() {
        let expected: &[(Opcode, &[&str])] = &[
            (Opcode::Nop, &[]),
            (Opcode::I32Const, &[]),
            (Opcode::I32AtomicRmwAdd, &[]),
            (Opcode::I32Add, &["$binop_", "$iadd_"]),
            (Opcode::F64Nearest, &["$fnearest_", "$unop_"]),
            (Opcode::F64Trunc, &["$ftrunc_", "$unop_"]),
            (Opcode::I64TruncSatF32U, &["$cvtop__", "$trunc_sat__"]),
            (Opcode::I64TruncF32U, &["$cvtop__", "$trunc__"]),
            (Opcode::I32RemU, &["$binop_", "$irem_", "$truncz"]),
            (Opcode::I64LtS, &["$bool", "$ilt_", "$relop_", "$signed_"]),
            (Opcode::F32Store, &["$fbits_", "$fbytes_", "$nbytes_"]),
            (Opcode::I8x16Neg, &["$ineg_", "$inv_lanes_", "$ivunop_", "$lanes_", "$vunop_"]),
            (Opcode::I8x16AvgrU, &["$iavgr_", "$inv_lanes_", "$ivbinopsx_", "$lanes_", "$vbinop_"]),
        ];
        for (opcode, expected) in expected {
            let names: Vec<&str> = functions_of(*opcode).iter().map(|r| r.name()).collect();
            assert_eq!(names, *expected, "{opcode}");
        }
    }
}
