//! Single operators: each function computes one operator a few times, with operands of different kinds.

use super::edges::edges;
use super::func::{Func, Kind};
use super::stage::edge_at;
use super::ty::Ty;
use super::uses::{Role, Use};
use crate::generate::choices::Choices;

/// Generates a function.
pub(crate) fn single(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let menu = func.menu;
    let one = menu.any(u);
    if can_be_swept(one) && u.percent(35) {
        sweep(u, func, one);
    }
    let shots = 1 + u.below(4);
    for shot in 0..shots {
        func.risky = shot + 1 == shots && u.percent(if one.may_trap() { 40 } else { 10 });
        let operands = func.operands(u, one, 1);
        func.shot(u, one, &operands);
    }
}

fn can_be_swept(one: &Use) -> bool {
    let plain =
        |role: Role| matches!(role, Role::Any | Role::Condition | Role::Divisor | Role::Truncated);
    !one.operands.is_empty()
        && one.operands.iter().all(|o| plain(o.role) && !o.ty.is_ref())
        && matches!(one.results[..], [ty] if !ty.is_ref())
        && !one.writes()
}

/// Computes an operator for every edge value of one operand, which come from memory, and folds the results.
fn sweep(u: &mut Choices<'_>, func: &mut Func<'_>, one: &Use) {
    func.risky = false;
    let (i, sum) = (func.local(Ty::I32), func.local(Ty::I64));
    let swept = u.below(one.operands.len());
    let step = 1 + 2 * u.below(16);
    let mut texts = Vec::new();
    for (at, operand) in one.operands.iter().enumerate() {
        let (ty, plain) = (operand.ty, matches!(operand.role, Role::Any | Role::Condition));
        let t = ty.text();
        let from = edge_at(ty, 0);
        let width = ty.bytes();
        let load =
            |index: &str| format!("({t}.load offset={from} (i32.mul {index} (i32.const {width})))");
        texts.push(if at == swept && plain {
            func.cells.push((one.op.name(), Kind::Load));
            load(&format!("(local.get {i})"))
        } else if plain && u.percent(60) {
            func.cells.push((one.op.name(), Kind::Load));
            let shift = u.below(edges(ty).len());
            load(&format!(
                "(i32.and (i32.add (i32.mul (local.get {i}) (i32.const {step})) (i32.const {shift})) (i32.const 63))"
            ))
        } else {
            let kind = *u.of(&[Kind::Constant, Kind::Parameter]);
            func.cells.push((one.op.name(), kind));
            func.operand(u, *operand, kind)
        });
    }
    let text = func.expression(u, one, &texts);
    let result = one.results[0];
    let value = func.local(result);
    let number = as_number(result, &value);
    func.say(&format!(
        "(loop $next (local.set {value} {text})\n\
         (local.set {sum} (i64.xor (i64.rotl (local.get {sum}) (i64.const 7)) {number}))\n\
         (br_if $next (i32.lt_u (local.tee {i} (i32.add (local.get {i}) (i32.const 1))) (i32.const 64))))"
    ));
    func.results.push((Ty::I64, sum));
}

/// The value of a local as a number of 64 bits.
pub(crate) fn as_number(ty: Ty, local: &str) -> String {
    match ty {
        Ty::I32 => format!("(i64.extend_i32_u (local.get {local}))"),
        Ty::F32 => format!("(i64.extend_i32_u (i32.reinterpret_f32 (local.get {local})))"),
        Ty::F64 => format!("(i64.reinterpret_f64 (local.get {local}))"),
        Ty::V128 => format!(
            "(i64.xor (i64x2.extract_lane 0 (local.get {local})) \
             (i64.rotl (i64x2.extract_lane 1 (local.get {local})) (i64.const 3)))"
        ),
        Ty::I64 | Ty::Ref(_) => format!("(local.get {local})"),
    }
}
