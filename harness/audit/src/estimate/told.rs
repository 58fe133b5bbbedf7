//! What an estimate says.

use super::bounds::Bounds;
use super::gap::Gap;
use super::graph::Node;
use super::load::{Loading, loading};
use super::most::Most;
use super::way::Path;
use crate::run::Trial;
use rustc_hash::FxHashSet;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Places that are looked at for the paths and reasons of all exports together.
const MOST_LOOKED_AT: usize = 1 << 21;
/// Functions, loops and operators that are told of a path, and functions of a recursion.
const MOST_TOLD: usize = 8;
/// Reasons that are told of an export.
const MOST_REASONS: usize = 20;

/// The most that something can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "bound", rename_all = "kebab-case")]
pub enum Upper {
    /// So much.
    AtMost {
        /// In gas.
        gas: u64,
    },
    /// By 2^64 - 1 or a greater number: sums stop there.
    Beyond64Bits,
    /// Nothing bounds it.
    Unbounded,
}

impl Upper {
    fn of(most: Most) -> Upper {
        match most {
            Most::Gas(u64::MAX) => Upper::Beyond64Bits,
            Most::Gas(gas) => Upper::AtMost { gas },
            Most::Unbounded => Upper::Unbounded,
        }
    }

    /// Whether it is sure that no more than this is taken.
    pub fn is_within(self, most: u64) -> bool {
        matches!(self, Upper::AtMost { gas } if gas <= most)
    }
}

/// The most that a module can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Loading it, with its start function.
    pub instantiation: ExportEstimate,
    /// Whether loading takes just that, if it takes place at all.
    #[serde(rename = "instantiation_exact")]
    pub is_exact: bool,
    /// The exports that were asked for.
    pub exports: Vec<ExportEstimate>,
    /// Functions of the host that are taken to declare neither bytes nor gas, because nobody says what they declare.
    pub silent: Vec<Silent>,
}

/// A function of the host, by the two names that it is imported by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Silent {
    /// The first.
    pub module: String,
    /// The second.
    pub name: String,
}

/// The most that a call of an export can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportEstimate {
    /// Its name; loading is `instantiation`.
    pub export: String,
    /// How much.
    #[serde(flatten)]
    pub upper: Upper,
    /// The functions on the way that costs most, those that take most first.
    pub path: Vec<OnPath>,
    /// How many more functions are on it.
    pub more_functions: usize,
    /// The loops on it that take most.
    pub loops: Vec<Loop>,
    /// The dynamic operators on it that take most.
    pub dynamic: Vec<Dynamic>,
    /// Why nothing bounds it.
    pub reasons: Vec<Reason>,
    /// How many more reasons there are at least.
    pub more_reasons: u64,
    /// Whether there was too much to look at for all of its path or its reasons.
    #[serde(rename = "cut")]
    pub is_cut: bool,
}

/// A function on the way that costs most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnPath {
    /// Its index.
    pub function: u32,
    /// Its name for people.
    pub name: String,
    /// How often it is called.
    pub times: u64,
    /// What it takes of its own, each time.
    pub own: u64,
    /// What it takes of its own in all.
    pub gas: u64,
}

/// A loop on the way that costs most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loop {
    /// The function's name for people.
    pub name: String,
    /// Its offset in the module.
    pub offset: u32,
    /// How often it runs, each time that control comes to it.
    pub times: u64,
    /// What its turns take in all, but for the last.
    pub gas: u64,
}

/// A dynamic operator on the way that costs most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dynamic {
    /// The function's name for people.
    pub name: String,
    /// Its offset in the module.
    pub offset: u32,
    /// Its name.
    pub operator: &'static str,
    /// Its dynamic charges in all.
    pub gas: u64,
}

/// Why nothing bounds what an export takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `loop`, `recursion`, `outside` or `no-price`.
    pub kind: &'static str,
    /// The function's index.
    pub function: u32,
    /// Its name for people.
    pub name: String,
    /// The offset in the module.
    pub offset: u32,
    /// What is wrong.
    pub message: String,
    /// The bound to state, with a letter for the number.
    pub add: Option<String>,
}

impl ExportEstimate {
    fn keep_the_greatest(&mut self) {
        self.loops.sort_by_key(|one| Reverse(one.gas));
        self.loops.truncate(MOST_TOLD);
        self.dynamic.sort_by_key(|one| Reverse(one.gas));
        self.dynamic.truncate(MOST_TOLD);
    }
}

/// What makes an estimate of bounds.
pub(crate) struct Teller<'t> {
    trial: &'t Trial,
    bounds: &'t Bounds<'t>,
    left: usize,
}

impl<'t> Teller<'t> {
    pub(crate) fn new(trial: &'t Trial, bounds: &'t Bounds<'t>) -> Teller<'t> {
        Teller { trial, bounds, left: MOST_LOOKED_AT }
    }

    pub(crate) fn estimate(
        mut self,
        exports: &[(&str, u32)],
        silent: BTreeSet<(&str, &str)>,
    ) -> Estimate {
        let Bounds { module, schedule, .. } = self.bounds;
        let Loading { most, is_exact } = loading(module, schedule, &self.bounds.sizes);
        let start = module.start.map(|start| (start, self.bounds.cost(start).most));
        let all = start.map_or(most, |(_, start)| most.plus(start));
        Estimate {
            instantiation: self.one("instantiation", module.start, all),
            is_exact: is_exact && start.is_none(),
            exports: exports
                .iter()
                .map(|(name, index)| self.one(name, Some(*index), self.bounds.cost(*index).most))
                .collect(),
            silent: silent
                .into_iter()
                .map(|(module, name)| Silent { module: module.to_owned(), name: name.to_owned() })
                .collect(),
        }
    }

    fn one(&mut self, export: &str, function: Option<Node>, most: Most) -> ExportEstimate {
        let upper = Upper::of(most);
        let mut told = ExportEstimate {
            export: export.to_owned(),
            upper,
            path: Vec::new(),
            more_functions: 0,
            loops: Vec::new(),
            dynamic: Vec::new(),
            reasons: Vec::new(),
            more_reasons: 0,
            is_cut: false,
        };
        match (upper, function) {
            (_, None) => {}
            (Upper::Unbounded, Some(function)) => self.reasons(function, &mut told),
            (_, Some(function)) => self.path(function, &mut told),
        }
        told
    }

    /// Looks at one more place; false if there were too many.
    fn look(&mut self, places: usize, told: &mut ExportEstimate) -> bool {
        let left = self.left.checked_sub(places);
        told.is_cut |= left.is_none();
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// What is on the way that costs most, callers first.
    fn path(&mut self, function: Node, told: &mut ExportEstimate) {
        let bounds = self.bounds;
        let key = |node: Node, returns: bool| (Reverse(bounds.order(node)), node, returns);
        let mut counts = BTreeMap::from([(key(function, false), 1u64)]);
        let mut functions: BTreeMap<Node, (u64, u64)> = BTreeMap::new();
        while let Some(((_, node, returns), times)) = counts.pop_first() {
            let calls = bounds.graph.calls(node).len();
            let is_function = bounds.graph.is_function(node);
            if !self.look(if is_function { 1 } else { calls + 1 }, told) {
                return;
            }
            let mut add = |node: Node, returns: bool, times: u64| {
                let count = counts.entry(key(node, returns)).or_default();
                *count = count.saturating_add(times);
            };
            if !is_function {
                let to = bounds.candidate(node, returns);
                to.into_iter().for_each(|to| add(to, returns, times));
                continue;
            }
            let paths = bounds.paths(node);
            let path = paths.map(|p| p.returning.as_ref().filter(|_| returns).unwrap_or(&p.most));
            let own = path.map_or(bounds.cost(node).most.gas(), |path| path.own);
            let (count, gas) = functions.entry(node).or_default();
            *count = count.saturating_add(times);
            *gas = gas.saturating_add(own.saturating_mul(times));
            if let Some(path) = path {
                path.calls
                    .iter()
                    .for_each(|(to, r, count)| add(*to, *r, count.saturating_mul(times)));
                self.on_path(node, path, times, told);
            }
        }
        let mut functions: Vec<(Node, u64, u64)> =
            functions.into_iter().map(|(node, (times, gas))| (node, times, gas)).collect();
        functions.sort_by_key(|(node, _, gas)| (Reverse(*gas), *node));
        told.more_functions = functions.len().saturating_sub(MOST_TOLD);
        let on_path = functions.into_iter().take(MOST_TOLD).map(|(function, times, gas)| OnPath {
            function,
            name: self.trial.name(function),
            times,
            own: gas / times.max(1),
            gas,
        });
        told.path = on_path.collect();
        told.keep_the_greatest();
    }

    /// The loops and dynamic operators of a function that is called so often.
    fn on_path(&self, node: Node, path: &Path, times: u64, told: &mut ExportEstimate) {
        told.is_cut |= path.is_cut;
        let name = || self.trial.name(node);
        told.loops.extend(path.loops.iter().map(|(offset, turns, gas)| Loop {
            name: name(),
            offset: *offset,
            times: *turns,
            gas: gas.saturating_mul(times),
        }));
        told.dynamic.extend(path.dynamic.iter().map(|(opcode, offset, gas)| Dynamic {
            name: name(),
            offset: *offset,
            operator: opcode.name(),
            gas: gas.saturating_mul(times),
        }));
        if told.loops.len().max(told.dynamic.len()) > 8 * MOST_TOLD {
            told.keep_the_greatest();
        }
    }

    /// Why nothing bounds a function: what is so in any that it can reach.
    fn reasons(&mut self, function: Node, told: &mut ExportEstimate) {
        let (mut seen, mut open) = (FxHashSet::default(), vec![function]);
        while let Some(node) = open.pop() {
            let calls = self.bounds.graph.calls(node);
            if !seen.insert(node) {
                continue;
            }
            if !self.look(calls.len() + 1, told) {
                return;
            }
            open.extend(calls.iter().rev().map(|(to, _)| *to));
            let Some(gaps) = self.bounds.gaps(node) else { continue };
            told.more_reasons += gaps.more;
            let mut kept: Vec<&Gap> = gaps.kept.iter().collect();
            kept.sort_by_key(|gap| gap.offset());
            for gap in kept {
                match told.reasons.len() < MOST_REASONS {
                    true => told.reasons.push(self.reason(gap)),
                    false => told.more_reasons += 1,
                }
            }
        }
    }

    fn reason(&self, gap: &Gap) -> Reason {
        let (kind, function, offset, number, message) = match gap {
            Gap::Loop { function, offset } => {
                ("loop", function, offset, "N", "nothing says how often the loop runs".to_owned())
            }
            Gap::Recursion { cycle, function, offset } => {
                ("recursion", function, offset, "GAS", format!("recursion: {}", self.cycle(cycle)))
            }
            Gap::Outside { function, offset, why } => {
                ("outside", function, offset, "GAS", why.clone())
            }
            Gap::NoPrice { function, offset, operator } => {
                let message = format!("gas-1 has no price for {operator}");
                ("no-price", function, offset, "", message)
            }
        };
        let name = self.trial.name(*function);
        // A name that a command line would read otherwise is not suggested.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.:".contains(c);
        let place = match !name.is_empty() && name.chars().all(is_plain) {
            true => name.clone(),
            false => function.to_string(),
        };
        let add = (!number.is_empty()).then(|| format!("--bound {place}@{offset:#x}={number}"));
        Reason { kind, function: *function, name, offset: *offset, message, add }
    }

    /// The functions of a recursion, the first once more at its end.
    fn cycle(&self, cycle: &[Node]) -> String {
        let functions = cycle.iter().filter(|node| self.bounds.graph.is_function(**node));
        let mut names: Vec<String> =
            functions.clone().take(MOST_TOLD).map(|node| self.trial.name(*node)).collect();
        if functions.clone().count() > MOST_TOLD {
            names.push("…".to_owned());
        }
        names.extend(functions.take(1).map(|node| self.trial.name(*node)));
        names.join(" -> ")
    }
}
