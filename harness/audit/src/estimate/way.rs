//! The way through a body that costs most, and what is on it.

use super::graph::Node;
use super::most::Most;
use etalon::unstable::Opcode;
use std::collections::BTreeMap;

/// Events that are looked at for one function; what is beyond is told as the function's own.
const MOST_LOOKED_AT: usize = 1 << 20;
/// Loops and dynamic operators that are kept of a function.
const MOST_KEPT: usize = 4;

/// Something on a way that costs more than the weights of operators.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// The function begins.
    Entry,
    /// A loop begins, with this number.
    Loop(u32),
    /// A call, which returns or may end otherwise.
    Call { node: Node, returns: bool, gas: u64 },
    /// The dynamic charge of an operator.
    Dynamic { opcode: Opcode, offset: u32, gas: u64 },
}

/// All events of a body, each with the one before it.
#[derive(Debug, Default)]
pub(crate) struct Way(Vec<(u32, Event)>);

impl Way {
    /// An event after another; its row.
    pub(crate) fn push(&mut self, before: u32, event: Event) -> u32 {
        self.0.push((before, event));
        self.0.len() as u32 - 1
    }
}

/// A loop that has ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turns {
    pub(crate) offset: u32,
    /// How often it runs each time, where that is known.
    pub(crate) most: Option<u64>,
    /// What a turn takes that is not the last, and the last event in it.
    pub(crate) turn: u64,
    pub(crate) way: Option<u32>,
}

/// What is on the way that costs most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    /// Gas of the function's own: weights, its entry, dynamic charges, calls whose cost is stated.
    pub(crate) own: u64,
    /// What it calls, whether the call returns, and how often.
    pub(crate) calls: Vec<(Node, bool, u64)>,
    /// The loops that take most: the offset, how often they run, and what all turns but the last take.
    pub(crate) loops: Vec<(u32, u64, u64)>,
    /// The dynamic operators that take most.
    pub(crate) dynamic: Vec<(Opcode, u32, u64)>,
    /// Whether there was too much to look at.
    pub(crate) is_cut: bool,
}

impl Path {
    /// What is on the way to an event, where all of it takes so much.
    pub(crate) fn new(way: &Way, loops: &[Turns], most: Most, last: u32) -> Path {
        let mut seen = Seen::default();
        let mut left = MOST_LOOKED_AT;
        // Turns that are still to be looked at, by loop. Loops within have greater numbers, so when it is the turn of a loop, it is known
        // how often.
        let mut again = BTreeMap::from([(None, (last, 1u64))]);
        while let Some((number, (mut at, times))) = again.pop_first() {
            loop {
                if left == 0 {
                    return Path { own: most.gas(), is_cut: true, ..Path::default() };
                }
                left -= 1;
                let (before, event) = way.0[at as usize];
                match event {
                    Event::Entry => break,
                    // Here the turn began.
                    Event::Loop(inner) if Some(inner) == number => break,
                    Event::Loop(inner) => {
                        let turns = &loops[inner as usize];
                        let more = turns.most.unwrap_or(1).saturating_sub(1).saturating_mul(times);
                        if let Some(way) = turns.way.filter(|_| more > 0) {
                            let (_, sum) = again.entry(Some(inner)).or_insert((way, 0));
                            *sum = sum.saturating_add(more);
                        }
                    }
                    other => seen.add(other, times),
                }
                at = before;
            }
            if let Some(number) = number {
                let turns = &loops[number as usize];
                let gas = turns.turn.saturating_mul(times);
                seen.loops.push((turns.offset, turns.most.unwrap_or(1), gas));
            }
        }
        seen.path(most)
    }
}

#[derive(Default)]
struct Seen {
    calls: BTreeMap<(Node, bool), u64>,
    of_calls: u64,
    loops: Vec<(u32, u64, u64)>,
    dynamic: BTreeMap<(u32, Opcode), u64>,
}

impl Seen {
    fn add(&mut self, event: Event, times: u64) {
        match event {
            Event::Call { node, returns, gas } => {
                let count = self.calls.entry((node, returns)).or_default();
                *count = count.saturating_add(times);
                self.of_calls = self.of_calls.saturating_add(gas.saturating_mul(times));
            }
            Event::Dynamic { opcode, offset, gas } => {
                let sum = self.dynamic.entry((offset, opcode)).or_default();
                *sum = sum.saturating_add(gas.saturating_mul(times));
            }
            Event::Entry | Event::Loop(_) => {}
        }
    }

    fn path(mut self, most: Most) -> Path {
        self.loops.sort_by_key(|(offset, _, gas)| (std::cmp::Reverse(*gas), *offset));
        self.loops.truncate(MOST_KEPT);
        self.loops.shrink_to_fit();
        let dynamic = self.dynamic.into_iter();
        let mut dynamic: Vec<_> = dynamic.map(|((at, op), gas)| (op, at, gas)).collect();
        dynamic.sort_by_key(|(_, offset, gas)| (std::cmp::Reverse(*gas), *offset));
        dynamic.truncate(MOST_KEPT);
        let calls = self.calls.into_iter();
        Path {
            own: most.gas().saturating_sub(self.of_calls),
            calls: calls.map(|((node, returns), count)| (node, returns, count)).collect(),
            loops: self.loops,
            dynamic,
            is_cut: false,
        }
    }
}
