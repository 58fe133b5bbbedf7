//! What comes to a label, and from how deep in loops.

use super::most::Most;

/// A place that control comes to, on the way there that costs most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    /// Gas since the innermost loop around last began, or since the function did.
    pub(crate) most: Most,
    /// The last event on the way: a row of [`Way`](super::way::Way).
    pub(crate) way: u32,
}

impl Here {
    pub(crate) fn plus(self, more: Most) -> Here {
        Here { most: self.most.plus(more), ..self }
    }
}

/// The one that costs more; of equals, the first.
pub(crate) fn greater(a: Option<Here>, b: Option<Here>) -> Option<Here> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.most > a.most { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// What came to a label. Gas that was counted from a loop within is not compared before that loop has ended: then it is known what its turns
/// take.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    here: Option<Here>,
    from_loops: Vec<(Here, u32)>,
}

impl Arrivals {
    /// Something comes from within one loop to a label in another, or the same.
    pub(crate) fn add(&mut self, here: Here, from: u32, to: u32) {
        match self.from_loops.last_mut() {
            _ if from == to => self.here = greater(self.here, Some(here)),
            Some((before, same)) if *same == from => {
                *before = greater(Some(*before), Some(here)).unwrap_or(here);
            }
            _ => self.from_loops.push((here, from)),
        }
    }

    /// The one that costs most. All loops within have ended.
    pub(crate) fn greatest(self, ended: &mut Ended) -> Option<Here> {
        let from_loops = self.from_loops.into_iter();
        let rebased = from_loops.map(|(here, from)| Some(ended.rebase(here, from)));
        rebased.fold(self.here, greater)
    }
}

/// The loops that have ended, each with what it took from the beginning of the loop around it to the beginning of its last turn.
#[derive(Debug, Default)]
pub(crate) struct Ended(Vec<Option<(u32, Most)>>);

impl Ended {
    /// Another loop has begun; its number.
    pub(crate) fn begin(&mut self) -> u32 {
        self.0.push(None);
        self.0.len() as u32 - 1
    }

    pub(crate) fn end(&mut self, number: u32, around: u32, took: Most) {
        self.0[number as usize] = Some((around, took));
    }

    /// The same place, its gas counted from the innermost loop around that has not ended. Ways are shortened as they are gone, so that
    /// it takes next to no time however deep loops are.
    pub(crate) fn rebase(&mut self, here: Here, from: u32) -> Here {
        let mut passed = Vec::new();
        let mut at = from;
        while let Some((around, _)) = self.0[at as usize] {
            passed.push(at);
            at = around;
        }
        let mut took = Most::ZERO;
        for number in passed.into_iter().rev() {
            let own = self.0[number as usize].map_or(Most::ZERO, |(_, own)| own);
            took = took.plus(own);
            self.0[number as usize] = Some((at, took));
        }
        here.plus(took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_is_counted_from_further_out_once_loops_have_ended() {
        let mut ended = Ended::default();
        let loops: Vec<u32> = (0..4).map(|_| ended.begin()).collect();
        let here = |gas| Here { most: Most::Gas(gas), way: 0 };
        let mut arrivals = Arrivals::default();
        arrivals.add(here(5), loops[3], loops[0]);
        arrivals.add(here(4), loops[3], loops[0]);
        arrivals.add(here(50), loops[0], loops[0]);
        ended.end(loops[3], loops[2], Most::Gas(10));
        ended.end(loops[2], loops[1], Most::Gas(100));
        assert_eq!(ended.rebase(here(1), loops[3]).most, Most::Gas(111));
        ended.end(loops[1], loops[0], Most::Gas(1000));
        assert_eq!(ended.rebase(here(1), loops[3]).most, Most::Gas(1111));
        assert_eq!(ended.rebase(here(1), loops[2]).most, Most::Gas(1101));
        assert_eq!(arrivals.greatest(&mut ended).unwrap().most, Most::Gas(1115));
    }
}
