//! Objects that live while others are allocated, thrown away and collected.

use super::func::{Func, Kind};
use super::stage::Part;
use super::ty::Ty;
use crate::generate::choices::Choices;

const S: Ty = Ty::Ref("(ref null $s)");
const ANY: Ty = Ty::Ref("anyref");

/// The types of objects that live.
const TYPES: &[Ty] = &[
    S,
    Ty::Ref("(ref null $t)"),
    ANY,
    Ty::Ref("(ref null $aany)"),
    Ty::Ref("(ref null $a64)"),
    Ty::Ref("(ref null $a8)"),
    Ty::Ref("i31ref"),
];

/// Generates a function; where there are no objects, one of single operators.
pub(crate) fn objects(u: &mut Choices<'_>, func: &mut Func<'_>) {
    if !func.menu.allows(Part::Objects) {
        return super::single(u, func);
    }
    func.part(Part::Objects);
    let mut held: Vec<(Ty, String)> = Vec::new();
    for at in 0..3 + u.below(8) {
        // The first is a structure, so that there is one.
        let ty = if at == 0 { S } else { *u.of(TYPES) };
        let value = func.reference(u, ty, true);
        let local = func.local(ty);
        func.say(&format!("(local.set {local} {value})"));
        held.push((ty, local));
    }
    let collects = u.percent(15);
    let statements = 3 + u.below(7);
    for at in 0..statements {
        statement(u, func, &held);
        if collects && at == statements / 2 {
            func.say("(call $collect)");
        }
    }
    for (ty, local) in held {
        func.returns(ty, &format!("(local.get {local})"));
    }
    if u.percent(30) {
        let uses: Vec<_> =
            func.menu.uses.iter().filter(|one| one.parts.contains(&Part::Objects)).collect();
        let one = *u.of(&uses);
        func.risky = u.percent(30);
        let operands = func.operands(u, one, 0);
        func.shot(u, one, &operands);
    }
}

fn statement(u: &mut Choices<'_>, func: &mut Func<'_>, held: &[(Ty, String)]) {
    let of = |u: &mut Choices<'_>, ty: Ty| {
        let fit: Vec<&String> = held.iter().filter(|(t, _)| *t == ty).map(|(_, l)| l).collect();
        if fit.is_empty() { None } else { Some((*u.of(&fit)).clone()) }
    };
    let Some(structure) = of(u, S) else { return };
    let other = u.of(held).1.clone();
    match u.below(14) {
        0 => func.say("(call $churn)"),
        1 => {
            let value = func.reference(u, S, true);
            func.say(&format!("(local.set {structure} {value})"));
        }
        // An object in a field, which is then the only way to it.
        2 => {
            let value = func.reference(u, ANY, true);
            func.say(&format!("(struct.set $s 7 (local.get {structure}) {value})"));
        }
        3 if other != structure => {
            func.say(&format!("(struct.set $s 7 (local.get {structure}) (local.get {other}))"));
        }
        // A field that is read, and the object that it was in is gone.
        4 => {
            let local = func.local(ANY);
            func.say(&format!(
                "(local.set {local} (struct.get $s 7 (local.get {structure})))\n(call $churn)"
            ));
            func.returns(ANY, &format!("(local.get {local})"));
        }
        11..14 => on_the_stack(u, func, &structure),
        // The result of a block, while others are allocated.
        5 | 6 => {
            let condition = func.condition(u);
            let (a, b) = (func.reference(u, S, true), func.reference(u, S, true));
            let local = func.local(S);
            func.say(&format!(
                "(local.set {local} (if (result (ref null $s)) {condition} (then {a}) (else {b})))"
            ));
            func.say("(call $churn)");
            func.returns(S, &format!("(local.get {local})"));
        }
        7 => {
            let value = func.value(u, Ty::I64, Kind::Parameter);
            func.say(&format!("(struct.set $s 4 (local.get {structure}) {value})"));
        }
        8 => {
            func.say(&format!("(global.set $g_any (local.get {other}))\n(call $churn)"));
            func.returns(ANY, "(global.get $g_any)");
        }
        9 => {
            if let Some(array) = of(u, Ty::Ref("(ref null $aany)")) {
                let value = func.reference(u, ANY, true);
                func.say(&format!("(array.set $aany (local.get {array}) (i32.const 0) {value})"));
            }
        }
        _ => {
            let condition = func.condition(u);
            let value = func.reference(u, S, true);
            func.say(&format!(
                "(local.set {structure} (block $b (result (ref null $s)) (drop (br_if $b {value} {condition})) \
                 (call $churn) (local.get {structure})))"
            ));
        }
    }
}

/// What a field or a block gave, to which only an operand leads, while others are allocated.
fn on_the_stack(u: &mut Choices<'_>, func: &mut Func<'_>, structure: &str) {
    let local = func.local(Ty::I64);
    let (given, look) = if u.percent(65) {
        let given = format!(
            "(struct.get $s 7 (local.get {structure}))\n\
             (struct.set $s 7 (local.get {structure}) (ref.null none))"
        );
        (given, "$look_any")
    } else {
        let condition = func.condition(u);
        let (a, b) = (func.reference(u, S, true), func.reference(u, S, true));
        (format!("(if (result (ref null $s)) {condition} (then {a}) (else {b}))"), "$look_s")
    };
    func.say(&format!("{given}\n(call $churn)(call {look})(local.set {local})"));
    func.results.push((Ty::I64, local));
}
