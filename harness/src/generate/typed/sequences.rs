//! Sequences of operators that change what outlives a call: memories, tables and segments, each of which is looked at
//! after each change.

use super::func::Func;
use super::stage::Part;
use super::ty::Ty;
use super::uses::Use;
use crate::generate::choices::Choices;

/// Generates a function.
pub(crate) fn sequences(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let menu = func.menu;
    let name = |one: &Use| one.op.name();
    let bulk: Vec<&Use> = menu
        .uses
        .iter()
        .filter(|one| {
            one.writes() && (name(one).starts_with("memory.") || name(one).starts_with("table."))
        })
        .collect();
    let others: Vec<&Use> = menu.uses.iter().filter(|one| one.writes()).collect();
    let statements = 2 + u.below(6);
    for at in 0..statements {
        if func.enters && func.menu.allows(Part::Several) && u.percent(40) {
            enter(u, func);
        }
        let list = if bulk.is_empty() || u.percent(25) { &others } else { &bulk };
        let one = *u.of(list);
        func.risky = at + 1 == statements && u.percent(25);
        let operands = func.operands(u, one, 0);
        func.shot(u, one, &operands);
    }
    // What is dropped is gone for every later call.
    if u.percent(2) && menu.allows(Part::Bulk) {
        func.part(Part::Bulk);
        func.say("(data.drop $d)");
    }
    if u.percent(2) && menu.allows(Part::Tables) {
        func.part(Part::Tables);
        func.say("(elem.drop $e)");
    }
}

/// What changes the state is entered by way of the host: growth of the memory that the caller has at hand, and a store into it.
fn enter(u: &mut Choices<'_>, func: &mut Func<'_>) {
    let name = func.helper_name();
    let export = &name[1..];
    let (pages, at) = (u.below(3), 8 * u.below(64));
    func.extra.push_str(&format!(
        "(func {name} (export \"{export}\") (param i64 i32) (result i32 i64)\n\
         (memory.grow $m (i32.const {pages}))\n\
         (i64.store offset={at} (i32.and (local.get 1) (i32.const 255)) (local.get 0))\n\
         (i64.load offset={at} (i32.and (local.get 1) (i32.const 127)))\n\
         (call $touch))\n"
    ));
    let callee = func.through_host(export, &[Ty::I64, Ty::I32], &[Ty::I32, Ty::I64]);
    let (value, address) = (func.param(u, Ty::I64), func.param(u, Ty::I32));
    let (grown, read) = (func.local(Ty::I32), func.local(Ty::I64));
    func.say(&format!("(call {callee} {value} {address})(local.set {read})(local.set {grown})"));
    func.fold(Ty::I32, &format!("(local.get {grown})"));
    func.fold(Ty::I64, &format!("(local.get {read})"));
}
