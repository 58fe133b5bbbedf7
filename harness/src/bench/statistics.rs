//! Medians and means.

use etalon_record::Ratio;

/// The value below which the given fraction of the samples lies; 0 if there are none.
pub(super) fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = part * last as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * at.fract(),
        _ => 0.0,
    }
}

/// The median of the samples that there are; `None` without any.
pub(super) fn median(samples: &[Option<f64>]) -> Option<f64> {
    let there: Vec<f64> = samples.iter().copied().flatten().collect();
    (!there.is_empty()).then(|| quantile(&there, 0.5))
}

/// The ratios of two series of samples, in the rounds that both took part in; `None` without any.
pub(super) fn ratio(times: &[Option<f64>], against: &[Option<f64>]) -> Option<Ratio> {
    let both = times.iter().zip(against).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    // A clock may stand still during work that is short.
    let ratios: Vec<f64> = both.map(|(a, b)| a.max(1e-9) / b.max(1e-9)).collect();
    (!ratios.is_empty()).then(|| Ratio {
        median: quantile(&ratios, 0.5),
        low: quantile(&ratios, 0.25),
        high: quantile(&ratios, 0.75),
    })
}

/// The geometric mean: the only mean for which it does not matter which engine is the reference. 1 if there are no ratios.
pub(super) fn geometric_mean(ratios: &[f64]) -> f64 {
    let sum: f64 = ratios.iter().map(|r| r.ln()).sum();
    (sum / ratios.len().max(1) as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_samples() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.5), 2.5);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25), 2.0);
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn a_slow_round_of_both_does_not_show() {
        let times = [2.0, 200.0, 2.0].map(Some);
        let ratio = ratio(&times, &[1.0, 100.0, 1.0].map(Some)).expect("there are rounds");
        assert_eq!((ratio.median, ratio.low, ratio.high), (2.0, 2.0, 2.0));
    }

    /// Who sits rounds out is compared in those in which it took part.
    #[test]
    fn only_rounds_of_both_count() {
        let against = [Some(1.0), Some(50.0), Some(2.0)];
        let found = ratio(&[Some(3.0), None, Some(6.0)], &against).expect("there are rounds");
        assert_eq!((found.median, found.low, found.high), (3.0, 3.0, 3.0));
        assert_eq!(ratio(&[None, Some(1.0)], &[Some(1.0), None]), None);
        assert_eq!((median(&[None, Some(4.0)]), median(&[None])), (Some(4.0), None));
    }

    #[test]
    fn a_mean_is_the_same_from_both_sides() {
        assert!((geometric_mean(&[2.0, 0.5]) - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), 1.0);
    }
}
