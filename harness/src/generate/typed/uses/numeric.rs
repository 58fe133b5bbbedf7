//! Operators on numbers and vectors: their operands and results are in the table of instructions.

use super::{Operand, Role, Use, any, op, with};
use crate::generate::typed::stage::Part;
use crate::generate::typed::ty::{PLAIN, Ty};
use etalon_module::Opcode;

pub(super) fn uses() -> Vec<Use> {
    let mut uses: Vec<Use> = Opcode::ALL.iter().filter_map(|op| shaped(*op)).collect();
    for ty in PLAIN {
        uses.extend(variables(*ty));
    }
    uses
}

/// A use of an operator whose shape the table has.
fn shaped(op: Opcode) -> Option<Use> {
    let shape = op.shape().filter(|_| op.is_executed())?;
    if shape.results.is_empty() || op.name().ends_with(".const") {
        return None;
    }
    let name = op.name();
    let lanes = match name {
        _ if name.contains("extract_lane") || name.contains("replace_lane") => lanes_of(name),
        "i8x16.shuffle" => 32,
        _ => 0,
    };
    let operands: Vec<Operand> = shape
        .operands
        .iter()
        .enumerate()
        .map(|(at, ty)| with(Ty::of(*ty), role(name, at)))
        .collect();
    let immediate = match lanes {
        0 => "",
        32 => " @s",
        _ => " @l",
    };
    let places: String = (0..operands.len()).map(|at| format!(" @{at}")).collect();
    let results = shape.results.iter().map(|ty| Ty::of(*ty));
    let mut one =
        Use::new(op, format!("({name}{immediate}{places})")).taking(operands).giving(results);
    one.lanes = lanes;
    if one.results.len() > 1 {
        one.parts.push(Part::Several);
    }
    Some(one)
}

fn role(name: &str, at: usize) -> Role {
    let divides = [".div_s", ".div_u", ".rem_s", ".rem_u"].iter().any(|end| name.ends_with(end));
    let truncates = name.starts_with('i') && name.contains(".trunc_f") && !name.contains('x');
    match at {
        1 if divides => Role::Divisor,
        0 if truncates => Role::Truncated,
        _ => Role::Any,
    }
}

/// How many lanes a vector has, by its name: the number behind the x.
fn lanes_of(name: &str) -> usize {
    let shape = name.split('.').next().unwrap_or_default();
    shape.split('x').nth(1).and_then(|lanes| lanes.parse().ok()).unwrap_or(2)
}

/// Constants, locals, globals, and the choice between two values.
fn variables(ty: Ty) -> Vec<Use> {
    let t = ty.text();
    let constant = match ty {
        Ty::V128 => "(v128.const i16x8 1 -2 3 -4 0x7fff -0x8000 7 8)".to_owned(),
        _ => format!("({t}.const 42)"),
    };
    let part = if ty == Ty::V128 { Part::Vector } else { Part::Base };
    let condition = with(Ty::I32, Role::Condition);
    let uses = [
        Use::new(op(&format!("{t}.const")), constant).giving([ty]),
        Use::new(op("select"), "(select @0 @1 @2)")
            .taking([any(ty), any(ty), condition])
            .giving([ty]),
        Use::new(op("select_t"), format!("(select (result {t}) @0 @1 @2)"))
            .taking([any(ty), any(ty), condition])
            .giving([ty])
            .on(Part::Tables),
        Use::new(op("global.set"), format!("(global.set $g_{t} @0)"))
            .taking([any(ty)])
            .then(ty, format!("(global.get $g_{t})")),
        Use::new(op("global.get"), format!("(global.get $g_{t})")).giving([ty]),
    ];
    uses.into_iter().map(|one| one.on(part)).collect()
}
