//! One engine over another, over all kernels and by group: what a summary says.

use super::rounds::{Measured, Runner};
use super::statistics::{geometric_mean, ratio};
use etalon_record::{BenchPair, KernelGroup};

/// The pairs that a summary has, if both engines ran: what is divided, and by what.
const PAIRS: &[(&str, &str)] = &[
    ("jit", "wasmtime"),
    ("jit", "wasmtime?nans=canonical"),
    ("jit?nans=any", "wasmtime"),
    ("jit", "jit?nans=any"),
    ("wasmtime?nans=canonical", "wasmtime"),
    ("jit-metered", "jit"),
    ("wasmtime-metered", "wasmtime"),
    ("jit-metered", "wasmtime-metered"),
    ("interp", "wasmi"),
    ("interp-metered", "interp"),
    ("wasmi-metered", "wasmi"),
    ("interp-metered", "wasmi-metered"),
    ("interp", "tinywasm"),
];

/// The ratios of the pairs on the kernels so far.
#[derive(Default)]
pub(super) struct Pairs(Vec<OfKernel>);

/// The ratio of a pair on a kernel.
struct OfKernel {
    pair: usize,
    kernel: String,
    group: Option<KernelGroup>,
    ratio: f64,
}

impl Pairs {
    /// Takes in what was measured on a kernel.
    pub(super) fn add<M: Measured>(
        &mut self,
        kernel: &str,
        group: Option<KernelGroup>,
        runners: &[Runner<M>],
    ) {
        let samples = |name: &str| {
            let runner = runners.iter().find(|runner| runner.name == name && runner.work.is_ok());
            runner.map(|runner| &runner.samples)
        };
        for (pair, (engine, over)) in PAIRS.iter().enumerate() {
            if let (Some(times), Some(against)) = (samples(engine), samples(over))
                && let Some(ratio) = ratio(times, against)
            {
                let kernel = kernel.to_owned();
                self.0.push(OfKernel { pair, kernel, group, ratio: ratio.median });
            }
        }
    }

    /// Each pair over all kernels, then over those of each group.
    pub(super) fn summary(&self) -> Vec<BenchPair> {
        let groups = [None].into_iter().chain(KernelGroup::ALL.map(Some));
        let rows = (0..PAIRS.len()).flat_map(|pair| groups.clone().map(move |group| (pair, group)));
        rows.filter_map(|(pair, group)| self.row(pair, group)).collect()
    }

    fn row(&self, pair: usize, group: Option<KernelGroup>) -> Option<BenchPair> {
        let is_in = |of: &&OfKernel| of.pair == pair && (group.is_none() || of.group == group);
        let of: Vec<&OfKernel> = self.0.iter().filter(is_in).collect();
        let worst = of.iter().max_by(|a, b| a.ratio.total_cmp(&b.ratio))?;
        let ratios: Vec<f64> = of.iter().map(|of| of.ratio).collect();
        Some(BenchPair {
            engine: PAIRS[pair].0.to_owned(),
            over: PAIRS[pair].1.to_owned(),
            group,
            ratio: geometric_mean(&ratios),
            worst: worst.ratio,
            kernel: worst.kernel.clone(),
            kernels: of.len() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_the_mean_and_the_worst_of_each_group() {
        let of = |kernel: &str, group, ratio| OfKernel {
            pair: 0,
            kernel: kernel.to_owned(),
            group: Some(group),
            ratio,
        };
        let pairs = Pairs(vec![
            of("a", KernelGroup::Integer, 2.0),
            of("b", KernelGroup::Integer, 0.5),
            of("c", KernelGroup::Float, 3.0),
        ]);
        let rows = pairs.summary();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.group, row.worst, row.kernel.as_str(), row.kernels))
            .collect();
        assert_eq!(
            told,
            [
                (None, 3.0, "c", 3),
                (Some(KernelGroup::Integer), 2.0, "a", 2),
                (Some(KernelGroup::Float), 3.0, "c", 1)
            ]
        );
        assert!((rows[1].ratio - 1.0).abs() < 1e-12);
    }
}
