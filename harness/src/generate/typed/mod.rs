//! Typed generation: functions whose every value can be seen, made of uses of the operators on a stage.
//!
//! A module is text first: the parts of the stage that its functions use, and the functions. So what is generated reads as
//! what it is, and the names of operators are those of the table of instructions.

mod chains;
mod control;
mod edges;
mod express;
mod func;
mod menu;
mod nans;
mod objects;
mod reference;
mod sequences;
mod shapes;
mod single;
mod stage;
mod sweep;
mod ty;
mod uses;

#[cfg(test)]
mod tests;

use crate::generate::choices::Choices;
use etalon_adapters::Features;
use func::Func;
use menu::Menu;
use std::collections::BTreeSet;

/// What fills a function.
pub(crate) type Filler = fn(&mut Choices<'_>, &mut Func<'_>);

pub(crate) use chains::chains;
pub(crate) use control::control;
pub(crate) use edges::{RELATIONS, edges, lanes, related};
pub(crate) use nans::nans;
pub(crate) use objects::objects;
pub(crate) use sequences::sequences;
pub(crate) use single::single;
pub(crate) use sweep::{count as sweep_count, sweep};
pub(crate) use ty::Ty;

/// Functions of a module at most.
const FUNCTIONS: usize = 24;

/// A generated module, and which operators it has with which kinds of operands.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) text: String,
    /// The function, the operator, the kind.
    pub(crate) cells: BTreeSet<(String, &'static str, &'static str)>,
}

/// The module that bytes decide.
pub(crate) fn make(fill: Filler, features: Features, bytes: &[u8]) -> Made {
    let menu = Menu::of(features);
    let mut u = Choices::new(bytes);
    // Not often: few engines of others can do it.
    let enters = u.below(16) == 15;
    let (mut text, mut imports) = (String::new(), String::new());
    let (mut parts, mut cells) = (Vec::new(), BTreeSet::new());
    let mut ends = BTreeSet::new();
    for number in 0..FUNCTIONS {
        if number > 0 && u.is_over() {
            break;
        }
        let mut func = Func::new(&menu, &format!("f{number}"));
        func.enters = enters;
        fill(&mut u, &mut func);
        ends.extend(func.ends.iter().copied());
        let name = func.name.clone();
        cells.extend(func.cells.iter().map(|(op, kind)| (name.clone(), *op, kind.name())));
        imports.push_str(&func.imports);
        let (function, used) = func.finish();
        text.push_str(&function);
        parts.extend(used);
    }
    // After each round of calls.
    for memory in ends {
        text.push_str(&stage::end_of(memory));
    }
    if !imports.is_empty() {
        text.push_str(stage::ENTERED);
    }
    // It costs no choice, so that what else is made stays as it was.
    let wide_first = bytes.last().is_some_and(|byte| byte % 2 == 1);
    Made { text: stage::module(&parts, &imports, &text, wide_first), cells }
}

/// The binary form. A text that is none is a fault of ours, and then the module is empty: a test looks for that.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|_| wasm_encoder::Module::new().finish())
}
