//! The most that each function of a module takes, callees first.

use super::body::{Body, Found};
use super::counted::Counter;
use super::gap::{Gap, Gaps};
use super::graph::{Graph, Node};
use super::most::Most;
use super::sizes::Sizes;
use super::stated::Stated;
use super::way::Path;
use crate::scenario::Import;
use etalon::Schedule;
use etalon::unstable::module::{ExternType, Module};
use rustc_hash::FxHashMap;

/// What a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// However it ends.
    pub(crate) most: Most,
    /// If it returns; `None` if it never does.
    pub(crate) returns: Option<Most>,
}

impl Cost {
    const NEVER: Cost = Cost { most: Most::ZERO, returns: None };
    const UNBOUNDED: Cost = Cost { most: Most::Unbounded, returns: Some(Most::Unbounded) };

    fn of_host(gas: Most) -> Cost {
        Cost { most: gas, returns: Some(gas) }
    }

    /// Either of two, whichever takes more.
    fn or(self, other: Cost) -> Cost {
        let most = self.most.max(other.most);
        Cost { most, returns: self.returns.max(other.returns) }
    }
}

/// The ways of a function that cost most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    pub(crate) most: Path,
    /// To a return, if that is another.
    pub(crate) returning: Option<Path>,
}

/// What is known of the functions of a module.
pub(crate) struct Bounds<'m> {
    pub(crate) module: &'m Module,
    pub(crate) schedule: &'m Schedule,
    pub(crate) stated: &'m Stated,
    pub(crate) graph: &'m Graph,
    pub(crate) sizes: Sizes<'m>,
    /// By place of the graph, once it was looked at.
    costs: Vec<Cost>,
    /// By place: when it was looked at. Callers come after their callees.
    order: Vec<u32>,
    paths: FxHashMap<Node, Box<Paths>>,
    gaps: FxHashMap<Node, Gaps>,
}

impl<'m> Bounds<'m> {
    pub(crate) fn new(
        module: &'m Module,
        schedule: &'m Schedule,
        stated: &'m Stated,
        graph: &'m Graph,
        imports: &[Import],
    ) -> Bounds<'m> {
        let sizes = Sizes::new(module, schedule, &graph.grown);
        let (costs, order) = (vec![Cost::NEVER; graph.len()], vec![0; graph.len()]);
        let (paths, gaps) = (FxHashMap::default(), FxHashMap::default());
        let mut bounds =
            Bounds { module, schedule, stated, graph, sizes, costs, order, paths, gaps };
        let functions = module.imports.iter().filter(|i| matches!(i.ty, ExternType::Func(_)));
        // Of two for one import the first stands.
        let told = imports.iter().rev().map(|told| ((&*told.module, &*told.name), told));
        let told: FxHashMap<(&str, &str), &Import> = told.collect();
        for (import, cost) in functions.zip(&mut bounds.costs) {
            let told = told.get(&(&*import.module, &*import.name));
            let host = schedule.host();
            let base = u128::from(host.base(&import.module, &import.name));
            let bytes = host.bytes.charge(told.map_or(0, |told| told.bytes));
            let gas = u128::from(told.map_or(0, |told| told.gas));
            *cost = Cost::of_host(Most::from(base.saturating_add(bytes).saturating_add(gas)));
        }
        bounds
    }

    pub(crate) fn cost(&self, node: Node) -> Cost {
        self.costs[node as usize]
    }

    /// A number that is greater than those of all that a place calls, unless they call it.
    pub(crate) fn order(&self, node: Node) -> u32 {
        self.order[node as usize]
    }

    pub(crate) fn paths(&self, node: Node) -> Option<&Paths> {
        self.paths.get(&node).map(Box::as_ref)
    }

    pub(crate) fn gaps(&self, node: Node) -> Option<&Gaps> {
        self.gaps.get(&node)
    }

    /// The function that a call by a type comes to where it costs most.
    pub(crate) fn candidate(&self, node: Node, returns: bool) -> Option<Node> {
        let cost = |node: Node| match returns {
            true => self.cost(node).returns,
            false => Some(self.cost(node).most),
        };
        let wanted = cost(node);
        self.graph.calls(node).iter().map(|(to, _)| *to).find(|to| cost(*to) == wanted)
    }

    /// Looks at some functions and at all that they call.
    pub(crate) fn look(&mut self, roots: &[Node]) {
        let groups = self.graph.groups(roots);
        for (number, group) in (1..).zip(groups.iter()) {
            group.iter().for_each(|node| self.order[*node as usize] = number);
            let is_recursive = match group {
                [node] => self.graph.calls(*node).iter().any(|(to, _)| to == node),
                _ => true,
            };
            match group {
                [node] if !is_recursive => self.look_at(*node),
                _ => self.recursion(group),
            }
        }
    }

    /// All that a place calls was looked at.
    fn look_at(&mut self, node: Node) {
        if !self.graph.is_function(node) {
            let candidates = self.graph.calls(node).iter().map(|(to, _)| self.cost(*to));
            self.costs[node as usize] = candidates.fold(Cost::NEVER, Cost::or);
            return;
        }
        let Some(body) = self.module.body(node) else { return };
        let mut counter = Counter::new(self.module.func_type(node));
        let mut reader = self.module.operators(body);
        while let Ok((operator, offset)) = reader.read_with_offset() {
            counter.read(&operator, offset as u32);
        }
        let mut text = Body::new(self, node, counter.found());
        let mut reader = self.module.operators(body);
        while let Ok((operator, offset)) = reader.read_with_offset() {
            text.read(&operator, offset as u32);
        }
        let Found { cost, path, returning, gaps } = text.found();
        self.costs[node as usize] = cost;
        if !gaps.kept.is_empty() {
            self.gaps.insert(node, gaps);
        }
        self.paths.insert(node, Box::new(Paths { most: path, returning }));
    }

    /// Places that all lead to each other.
    fn recursion(&mut self, group: &[Node]) {
        let functions = group.iter().copied().filter(|node| self.graph.is_function(*node));
        let Some(first) = functions.min() else { return };
        let members: FxHashMap<Node, ()> = group.iter().map(|node| (*node, ())).collect();
        for node in group {
            self.costs[*node as usize] = Cost::UNBOUNDED;
        }
        // Any way that stays in the group comes to a place a second time.
        let (mut cycle, mut places) = (Vec::new(), FxHashMap::default());
        let (mut at, mut call) = (first, None);
        while !places.contains_key(&at) {
            places.insert(at, cycle.len());
            let next = self.graph.calls(at).iter().find(|(to, _)| members.contains_key(to));
            let Some((to, offset)) = next.copied() else { return };
            if self.graph.is_function(at) {
                call = Some((at, offset));
            }
            cycle.push(at);
            at = to;
        }
        let cycle = cycle.split_off(places[&at]);
        let Some((function, offset)) = call else { return };
        let mut gaps = Gaps::default();
        gaps.add(Gap::Recursion { cycle, function, offset });
        self.gaps.insert(first, gaps);
    }
}
