//! Numbers that are none: chains of floats in which NaNs are made, pass through joins, loops, lanes and calls, and are shown or not.
//!
//! A compiler that makes NaNs canonical only where they can be seen must know each of these ways. So everything here is about the
//! same few values, every one of which may be a NaN with bits of its own, and all are shown at the end.

use super::func::{Func, Kind};
use super::stage::Part;
use super::ty::Ty;
use crate::generate::choices::Choices;

/// Generates a function.
pub(crate) fn nans(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let vectors = func.menu.allows(Part::Vector);
    if vectors {
        func.part(Part::Vector);
    }
    let types: &[Ty] = match vectors {
        true => &[Ty::F64, Ty::F32, Ty::V128],
        false => &[Ty::F64, Ty::F32],
    };
    for _ in 0..2 + u.below(5) {
        let ty = *u.of(types);
        let value = match u.below(4) {
            0 => func.param(u, ty),
            1 => func.load(u, ty),
            2 => func.constant(u, ty),
            // The zero of a loop's sum.
            _ => func.value(u, ty, Kind::Across),
        };
        let local = func.local(ty);
        func.say(&format!("(local.set {local} {value})"));
        func.live.push((ty, local));
    }
    for _ in 0..2 + u.below(8) {
        statement(u, func, 2);
    }
    for (ty, local) in std::mem::take(&mut func.live) {
        func.returns(ty, &format!("(local.get {local})"));
    }
}

fn statement(u: &mut Choices<'_>, func: &mut Func<'_>, depth: usize) {
    match u.below(if depth > 0 { 9 } else { 6 }) {
        0 => shown(u, func),
        6 => {
            let condition = condition(u, func);
            func.say(&format!("(if {condition} (then"));
            statements(u, func, depth);
            func.say(") (else");
            if u.percent(70) {
                statements(u, func, depth);
            }
            func.say("))");
        }
        7 => {
            // A few turns, in which values go around.
            let counter = func.local(Ty::I32);
            let turns = 1 + u.below(4);
            func.say(&format!("(local.set {counter} (i32.const {turns})) (loop $again"));
            statements(u, func, depth);
            func.say(&format!(
                "(br_if $again (local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))))"
            ));
        }
        8 => {
            // A block that is left early with a value, or at its end with another.
            let (ty, local) = live(u, func);
            let (early, late) = (one(u, func, ty), one(u, func, ty));
            let condition = condition(u, func);
            func.say(&format!(
                "(local.set {local} (block $out (result {}) (drop (br_if $out {early} {condition})) {late}))",
                ty.text()
            ));
        }
        _ => {
            let (ty, local) = live(u, func);
            let value = one(u, func, ty);
            func.say(&format!("(local.set {local} {value})"));
        }
    }
}

fn statements(u: &mut Choices<'_>, func: &mut Func<'_>, depth: usize) {
    for _ in 0..1 + u.below(3) {
        statement(u, func, depth - 1);
    }
}

/// Puts a value where its bits are seen: into memory, a global, the checksum.
fn shown(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let (ty, local) = live(u, func);
    match u.below(3) {
        0 => func.fold(ty, &format!("(local.get {local})")),
        1 => {
            let at = 16 * u.below(4);
            func.say(&format!("({}.store (i32.const {at}) (local.get {local}))", ty.text()));
        }
        _ => {
            let other = one(u, func, ty);
            func.fold(ty, &other);
        }
    }
}

fn live(u: &mut Choices<'_>, func: &Func<'_>) -> (Ty, String) {
    u.of(&func.live).clone()
}

/// A value of a type: one that lives, or a constant.
fn leaf(u: &mut Choices<'_>, func: &mut Func<'_>, ty: Ty) -> String {
    let own: Vec<String> =
        func.live.iter().filter(|(other, _)| *other == ty).map(|(_, l)| l.clone()).collect();
    if own.is_empty() || u.percent(15) {
        return func.constant(u, ty);
    }
    format!("(local.get {})", u.of(&own))
}

fn condition(u: &mut Choices<'_>, func: &mut Func<'_>) -> String {
    match u.below(3) {
        0 => func.param(u, Ty::I32),
        1 => format!("(f64.lt {} {})", leaf(u, func, Ty::F64), leaf(u, func, Ty::F64)),
        _ => format!("(f32.ne {} {})", leaf(u, func, Ty::F32), leaf(u, func, Ty::F32)),
    }
}

/// An expression of one or two operators.
fn one(u: &mut Choices<'_>, func: &mut Func<'_>, ty: Ty) -> String {
    let nested = u.percent(40);
    let mut text = String::from(form(u, ty));
    for (place, of) in [("{f32}", Ty::F32), ("{f64}", Ty::F64), ("{v}", Ty::V128)] {
        while text.contains(place) {
            let value =
                if nested && u.percent(50) { plain(u, func, of) } else { leaf(u, func, of) };
            text = text.replacen(place, &value, 1);
        }
    }
    while text.contains("{?}") {
        let condition = condition(u, func);
        text = text.replacen("{?}", &condition, 1);
    }
    text
}

/// An operator on values that live.
fn plain(u: &mut Choices<'_>, func: &mut Func<'_>, ty: Ty) -> String {
    let of = if ty == Ty::V128 { *u.of(&["f32x4", "f64x2"]) } else { ty.text() };
    let operator = *u.of(&["add", "mul", "sub", "neg", "abs", "sqrt", "div", "min", "max"]);
    let first = leaf(u, func, ty);
    match operator {
        "neg" | "abs" | "sqrt" => format!("({of}.{operator} {first})"),
        _ => format!("({of}.{operator} {first} {})", leaf(u, func, ty)),
    }
}

/// What gives a value of a type; `{f32}`, `{f64}`, `{v}` and `{?}` stand for values and conditions.
fn form(u: &mut Choices<'_>, ty: Ty) -> &'static str {
    let forms = match ty {
        Ty::F32 => SINGLES,
        Ty::F64 => DOUBLES,
        _ => VECTORS,
    };
    forms[u.below(forms.len())]
}

const SINGLES: &[&str] = &[
    "(f32.add {f32} {f32})",
    "(f32.sub {f32} {f32})",
    "(f32.mul {f32} {f32})",
    "(f32.div {f32} {f32})",
    "(f32.min {f32} {f32})",
    "(f32.max {f32} {f32})",
    "(f32.sqrt {f32})",
    "(f32.ceil {f32})",
    "(f32.nearest {f32})",
    "(f32.neg {f32})",
    "(f32.abs {f32})",
    "(f32.copysign {f32} {f32})",
    "(f32.demote_f64 {f64})",
    "(f32.reinterpret_i32 (i32.reinterpret_f32 {f32}))",
    "(f32.convert_i32_s (i32.reinterpret_f32 {f32}))",
    "(select {f32} {f32} {?})",
    "{f32}",
];

const DOUBLES: &[&str] = &[
    "(f64.add {f64} {f64})",
    "(f64.sub {f64} {f64})",
    "(f64.mul {f64} {f64})",
    "(f64.div {f64} {f64})",
    "(f64.min {f64} {f64})",
    "(f64.max {f64} {f64})",
    "(f64.sqrt {f64})",
    "(f64.floor {f64})",
    "(f64.trunc {f64})",
    "(f64.neg {f64})",
    "(f64.abs {f64})",
    "(f64.copysign {f64} {f64})",
    "(f64.promote_f32 {f32})",
    "(f64.reinterpret_i64 (i64.reinterpret_f64 {f64}))",
    "(f64.convert_i64_u (i64.reinterpret_f64 {f64}))",
    "(select {f64} {f64} {?})",
    "{f64}",
];

const VECTORS: &[&str] = &[
    "(f32x4.add {v} {v})",
    "(f64x2.add {v} {v})",
    "(f32x4.mul {v} {v})",
    "(f64x2.mul {v} {v})",
    "(f32x4.div {v} {v})",
    "(f64x2.sub {v} {v})",
    "(f32x4.min {v} {v})",
    "(f64x2.max {v} {v})",
    "(f32x4.pmin {v} {v})",
    "(f32x4.pmax {v} {v})",
    "(f64x2.pmin {v} {v})",
    "(f64x2.pmax {v} {v})",
    "(f32x4.sqrt {v})",
    "(f64x2.ceil {v})",
    "(f32x4.neg {v})",
    "(f64x2.neg {v})",
    "(f32x4.abs {v})",
    "(f64x2.abs {v})",
    "(f32x4.splat {f32})",
    "(f64x2.splat {f64})",
    "(f32x4.replace_lane 2 {v} {f32})",
    "(f64x2.replace_lane 1 {v} {f64})",
    "(f32x4.splat (f32x4.extract_lane 1 {v}))",
    "(f64x2.splat (f64x2.extract_lane 0 {v}))",
    "(f32x4.demote_f64x2_zero {v})",
    "(f64x2.promote_low_f32x4 {v})",
    "(v128.bitselect {v} {v} (f32x4.lt {v} {v}))",
    "(v128.bitselect {v} {v} (f64x2.ne {v} {v}))",
    "(v128.bitselect {v} {v} {v})",
    "(v128.and {v} {v})",
    "(v128.xor {v} {v})",
    "(v128.not {v})",
    "(i32x4.add {v} {v})",
    "(i8x16.shuffle 3 2 1 0 20 21 22 23 8 9 10 11 28 29 30 31 {v} {v})",
    "(f32x4.convert_i32x4_s {v})",
    "(select {v} {v} {?})",
    "{v}",
];
