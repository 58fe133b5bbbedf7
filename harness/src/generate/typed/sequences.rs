//! Sequences of operators that change what outlives a call: memories, tables and segments, each of which is looked at
//! after each change.

use super::func::Func;
use super::stage::Part;
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
