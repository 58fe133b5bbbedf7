//! Rounds: engines take turns at the same work, so that a slow minute of the machine affects all of them.

use super::clock::processor_time;
use etalon_adapters::{AdapterError, Task};
use std::time::Duration;

/// How long work goes on before it may be renewed. What becomes garbage in that time must fit into any heap.
const BEFORE_RENEWAL: Duration = Duration::from_millis(100);

/// A part of the time of a sample that is enough to tell how much fits into it.
const ENOUGH: u32 = 8;

/// The least number of samples of an engine that takes long.
const FEWEST: usize = 3;

/// Work that is measured.
pub(super) trait Measured {
    /// Does it a number of times.
    fn run(&mut self, times: u32) -> Result<(), AdapterError>;

    /// Begins anew where what was done before would be in the way.
    fn renew(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }
}

impl Measured for Box<dyn Task> {
    fn run(&mut self, times: u32) -> Result<(), AdapterError> {
        Task::run(self.as_mut(), times)
    }
}

/// An engine with its work, or why it has none.
pub(super) struct Runner<M> {
    pub(super) name: String,
    pub(super) work: Result<M, AdapterError>,
    /// How often the work is done in a sample.
    times: u32,
    /// How often it is done before it is renewed.
    at_once: u32,
    /// It takes part in every so many rounds.
    every: usize,
    /// Nanoseconds for doing it once, round by round.
    pub(super) samples: Vec<Option<f64>>,
}

impl<M: Measured> Runner<M> {
    pub(super) fn new(name: String, work: Result<M, AdapterError>) -> Runner<M> {
        Runner { name, work, times: 1, at_once: 1, every: 1, samples: Vec::new() }
    }

    /// Sets how often the work is done, when it is known how long it takes once.
    pub(super) fn fit(&mut self, once: Duration, sample: Duration, rounds: usize) {
        let once = once.as_nanos().max(1);
        let within = |time: Duration| u32::try_from(time.as_nanos() / once).unwrap_or(u32::MAX);
        self.times = within(sample).max(1);
        self.at_once = within(BEFORE_RENEWAL).max(1);
        let late = usize::try_from(once / sample.as_nanos().max(1)).unwrap_or(usize::MAX);
        self.every = late.clamp(1, (rounds / FEWEST).max(1));
    }

    /// Finds out how long the work takes once, by doing it more and more often.
    pub(super) fn calibrate(&mut self, sample: Duration, rounds: usize) {
        let Ok(work) = &mut self.work else { return };
        let mut times = 1;
        let once = loop {
            let start = processor_time();
            if let Err(error) = work.run(times) {
                self.work = Err(error);
                return;
            }
            let time = processor_time().saturating_sub(start);
            if time >= sample / ENOUGH || times >= 1 << 24 {
                break time / times;
            }
            times *= 2;
        };
        self.fit(once, sample, rounds);
    }

    /// One sample, if it is this engine's turn. An engine that fails has no numbers.
    fn sample(&mut self, round: usize) {
        let Ok(work) = &mut self.work else { return };
        if !round.is_multiple_of(self.every) {
            self.samples.push(None);
            return;
        }
        match timed(work, self.times, self.at_once) {
            Ok(time) => {
                self.samples.push(Some(time.as_nanos() as f64 / f64::from(self.times)));
            }
            Err(error) => self.work = Err(error),
        }
    }
}

/// The time of work, without that of renewing it.
fn timed(work: &mut impl Measured, times: u32, at_once: u32) -> Result<Duration, AdapterError> {
    let (mut left, mut time) = (times, Duration::ZERO);
    while left > 0 {
        work.renew()?;
        let now = left.min(at_once);
        let start = processor_time();
        work.run(now)?;
        time += processor_time().saturating_sub(start);
        left -= now;
    }
    Ok(time)
}

/// Measures all engines in turns.
pub(super) fn measure<M: Measured>(runners: &mut [Runner<M>], rounds: usize) {
    for round in 0..rounds {
        for turn in 0..runners.len() {
            // No engine is always first, and none always finds the cache as the same other engine left it.
            let at = (round + turn) % runners.len();
            runners[at].sample(round);
        }
    }
}
