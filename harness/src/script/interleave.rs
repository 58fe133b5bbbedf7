//! The order in which the threads of a script take their turns.

/// Decides whose turn is next: at random from a seed, or by a given list of choices and then in rotation.
#[derive(Clone, Debug)]
pub(crate) struct Interleaving {
    source: Source,
    turns: usize,
}

#[derive(Clone, Debug)]
enum Source {
    Seed(u64),
    Told {
        /// The choices to make, turn by turn.
        told: Vec<usize>,
        /// The choices that were made, each with the number of alternatives; turns without a choice are left out.
        made: Vec<(usize, usize)>,
    },
}

impl Interleaving {
    /// The interleaving of a seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Interleaving { source: Source::Seed(seed), turns: 0 }
    }

    /// The first of all interleavings; [`Interleaving::next`] gives the others.
    pub(crate) fn first() -> Self {
        Interleaving { source: Source::Told { told: Vec::new(), made: Vec::new() }, turns: 0 }
    }

    /// Chooses one of `among` alternatives.
    pub(crate) fn choose(&mut self, among: usize) -> usize {
        self.turns += 1;
        if among < 2 {
            return 0;
        }
        match &mut self.source {
            Source::Seed(state) => (split_mix(state) % among as u64) as usize,
            Source::Told { told, made } => {
                let choice = told.get(made.len()).copied().unwrap_or(0).min(among - 1);
                made.push((choice, among));
                // Rotated, so that without given choices every thread has a turn: a thread that waits for
                // another in a loop does not wait for ever.
                (choice + made.len()) % among
            }
        }
    }

    /// How many turns there were.
    pub(crate) fn turns(&self) -> usize {
        self.turns
    }

    /// The interleaving after this one, which has been run to its end; `None` if it was the last.
    pub(crate) fn next(self) -> Option<Self> {
        let Source::Told { mut made, .. } = self.source else { return None };
        while let Some((choice, among)) = made.pop() {
            if choice + 1 < among {
                let mut told: Vec<usize> = made.iter().map(|(choice, _)| *choice).collect();
                told.push(choice + 1);
                let source = Source::Told { told, made: Vec::new() };
                return Some(Interleaving { source, turns: 0 });
            }
        }
        None
    }
}

/// The generator SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// All orders of the turns of two threads with two and three turns.
    #[test]
    fn every_order_comes_once() {
        let mut way = Interleaving::first();
        let mut orders = BTreeSet::new();
        let mut count = 0;
        loop {
            let mut left = [2, 3];
            let mut order = String::new();
            while left != [0, 0] {
                let able: Vec<usize> = (0..2).filter(|t| left[*t] > 0).collect();
                let next = able[way.choose(able.len())];
                left[next] -= 1;
                order.push_str(&next.to_string());
            }
            assert_eq!(way.turns(), 5);
            orders.insert(order);
            count += 1;
            match way.next() {
                Some(next) => way = next,
                None => break,
            }
        }
        // 5! / (2! 3!)
        assert_eq!((orders.len(), count), (10, 10));
    }

    #[test]
    fn a_seed_is_one_way() {
        let way = |seed| {
            let mut way = Interleaving::seeded(seed);
            (0..50).map(|_| way.choose(3)).collect::<Vec<_>>()
        };
        assert_eq!(way(5), way(5));
        assert_ne!(way(5), way(6));
        assert!((0..3).all(|t| way(5).contains(&t)));
    }
}
