//! A record beside a stored one: ratios of ratios. The machines may differ, and the minutes do; the ratio to an engine that
//! both ran is what can be compared.

use etalon_record::{BenchChange, BenchRecord, Ratio};
use std::collections::BTreeMap;

/// A ratio's place: part, name, engine.
type Place = (String, String, String);

/// All ratios of a record but those of the engine that the others are compared with.
fn ratios(record: &BenchRecord) -> Vec<(Place, Ratio)> {
    let mut all = Vec::new();
    let mut add = |part: &str, name: &str, engine: &str, ratio: Option<Ratio>| {
        if let Some(ratio) = ratio.filter(|_| engine != record.against) {
            all.push(((part.to_owned(), name.to_owned(), engine.to_owned()), ratio));
        }
    };
    for kernel in &record.kernels {
        for row in &kernel.rows {
            add("kernels", &kernel.name, &row.engine, row.ratio);
        }
    }
    for figure in &record.figures {
        for row in &figure.rows {
            add(&figure.part, &figure.name, &row.engine, row.ratio);
        }
    }
    all
}

/// What both records have, in the order of the later one.
#[must_use]
pub fn compare(now: &BenchRecord, then: &BenchRecord) -> Vec<BenchChange> {
    let old: BTreeMap<Place, Ratio> = ratios(then).into_iter().collect();
    let both = ratios(now).into_iter().filter_map(|(place, now)| {
        let then = *old.get(&place)?;
        let (part, name, engine) = place;
        let change = now.median / then.median;
        Some(BenchChange { part, name, engine, then, now, change, moved: are_apart(now, then) })
    });
    both.filter(|change| change.change.is_finite()).collect()
}

/// Whether the middle halves of the rounds do not touch.
fn are_apart(a: Ratio, b: Ratio) -> bool {
    a.low > b.high || b.low > a.high
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_record::{BenchRow, KernelRows, Tool, Value};

    fn record(jit: (f64, f64, f64)) -> BenchRecord {
        let mut record = BenchRecord::new(Tool::new("etalon", "0"), "x", "interp");
        let row = |engine: &str, (low, median, high)| BenchRow {
            engine: engine.to_owned(),
            refused: None,
            nanoseconds: Some(1.0),
            ratio: Some(Ratio { median, low, high }),
        };
        record.kernels.push(KernelRows {
            name: "fib".to_owned(),
            group: None,
            n: 1,
            checksum: Value::i64(1),
            rows: vec![row("interp", (1.0, 1.0, 1.0)), row("jit", jit)],
        });
        record
    }

    #[test]
    fn what_lies_within_the_spread_has_not_moved() {
        let then = record((0.9, 1.0, 1.1));
        for (now, change, moved) in [
            ((1.0, 1.2, 1.3), 1.2, false),
            ((1.2, 1.5, 1.6), 1.5, true),
            ((0.4, 0.5, 0.6), 0.5, true),
        ] {
            let changes = compare(&record(now), &then);
            assert_eq!(changes.len(), 1, "the engine that all are compared with is left out");
            assert_eq!((changes[0].change, changes[0].moved), (change, moved));
            assert_eq!((changes[0].part.as_str(), changes[0].engine.as_str()), ("kernels", "jit"));
        }
    }

    #[test]
    fn what_only_one_has_is_left_out() {
        let mut other = record((1.0, 1.0, 1.0));
        other.kernels[0].name = "life".to_owned();
        assert!(compare(&record((1.0, 1.0, 1.0)), &other).is_empty());
    }
}
