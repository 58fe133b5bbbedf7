//! What a benchmark prints for people: a table for the kernels, one for each part, and a summary.

use crate::output::{bad, dim, good, plain, say, say_in_colour};
use etalon_record::{BenchPair, BenchRecord, FigureRows, KernelGroup, KernelRows, Ratio, Unit};
use std::collections::BTreeMap;

/// Characters of the first column.
const FIRST: usize = 12;
/// The least characters of a column: a ratio with its spread.
const LEAST: usize = 13;
/// Characters of a number with a ratio.
const WIDE: usize = 19;

/// What has been printed so far.
pub(super) struct Tables {
    against: String,
    kernels: usize,
    figures: usize,
    /// The part whose table was begun, and how wide its first column is.
    part: String,
}

impl Tables {
    pub(super) fn new(against: &str) -> Tables {
        Tables { against: against.to_owned(), kernels: 0, figures: 0, part: String::new() }
    }

    /// Prints what a record has more than was printed.
    pub(super) fn go_on(&mut self, record: &BenchRecord) {
        if let Some(kernel) = record.kernels.get(self.kernels) {
            if self.kernels == 0 {
                say!("kernels: time as a multiple of that of {}; below 1 is faster", self.against);
                header("", FIRST, kernel.rows.iter().map(|row| row.engine.as_str()), LEAST);
            }
            self.kernels += 1;
            self.kernel(kernel);
        }
        if let Some(figure) = record.figures.get(self.figures) {
            if self.figures == 0 {
                means(record);
            }
            self.figures += 1;
            let engines = figure.rows.iter().map(|row| row.engine.as_str());
            if self.part != figure.part {
                self.part.clone_from(&figure.part);
                say!("");
                say!("{}: {}", figure.part, about(figure.unit));
                header("", 4, engines, WIDE);
            }
            self.figure(figure);
        }
    }

    fn kernel(&self, kernel: &KernelRows) {
        let cells: String = kernel
            .rows
            .iter()
            .map(|row| {
                let text = match (row.nanoseconds, row.ratio) {
                    (Some(time), None) => nanoseconds(time),
                    (Some(time), Some(_)) if row.engine == self.against => nanoseconds(time),
                    (Some(_), Some(ratio)) => format!("{:.3} ±{:.0}%", ratio.median, spread(ratio)),
                    (None, _) => "–".to_owned(),
                };
                format!("{text:>width$}", width = width(&row.engine, LEAST))
            })
            .collect();
        say!("{:<FIRST$}{cells}", kernel.name);
    }

    /// The name has a line of its own: it is long.
    fn figure(&self, figure: &FigureRows) {
        say!("  {}", figure.name);
        let cells: String = figure
            .rows
            .iter()
            .map(|row| {
                let value = |value: f64| match figure.unit {
                    Unit::Nanoseconds => nanoseconds(value),
                    Unit::Bytes => bytes(value),
                };
                let text = match (row.value, row.ratio) {
                    (Some(number), Some(ratio)) if row.engine != self.against => {
                        format!("{} ({:.2})", value(number), ratio.median)
                    }
                    (Some(number), _) => value(number),
                    (None, _) => "–".to_owned(),
                };
                format!("{text:>width$}", width = width(&row.engine, WIDE))
            })
            .collect();
        say!("    {cells}");
    }
}

fn about(unit: Unit) -> &'static str {
    match unit {
        Unit::Nanoseconds => "processor time of doing it once, and as a multiple",
        Unit::Bytes => "memory of a process of its own, and as a multiple",
    }
}

/// The engine, its settings, and whether it meters, each on a line of its own.
fn lines_of(engine: &str) -> [&str; 3] {
    let (name, metered) = match engine.strip_suffix("-metered") {
        Some(name) => (name, "metered"),
        None => (engine, ""),
    };
    let (name, settings) = name.split_once('?').unwrap_or((name, ""));
    [name, settings, metered]
}

/// How wide the column of an engine is.
fn width(engine: &str, least: usize) -> usize {
    let longest = lines_of(engine).map(|line| line.chars().count()).into_iter().max();
    least.max(longest.unwrap_or(0) + 2)
}

fn header<'a>(
    title: &str,
    first: usize,
    engines: impl Iterator<Item = &'a str> + Clone,
    least: usize,
) {
    for line in 0..3 {
        let cells: String = engines
            .clone()
            .map(|engine| {
                format!("{:>width$}", lines_of(engine)[line], width = width(engine, least))
            })
            .collect();
        if !cells.trim().is_empty() {
            let title = if line == 0 { title } else { "" };
            say!("{title:<first$}{cells}");
        }
    }
}

/// Half the distance between the quartiles, in hundredths of the median.
fn spread(ratio: Ratio) -> f64 {
    (ratio.high - ratio.low) / 2.0 / ratio.median * 100.0
}

/// Three digits that count, and the unit.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let found = units.iter().rev().find(|(size, _)| value.abs() >= *size);
    let (size, unit) = found.or(units.first()).copied().unwrap_or((1.0, ""));
    let value = value / size;
    let digits = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {unit}")
}

fn nanoseconds(time: f64) -> String {
    scaled(time, &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
}

fn bytes(bytes: f64) -> String {
    scaled(bytes, &[(1.0, "B"), (1024.0, "KiB"), (1_048_576.0, "MiB")])
}

/// The geometric means, below the kernels.
fn means(record: &BenchRecord) {
    if record.kernels.is_empty() {
        return;
    }
    let cells: String = record
        .means
        .iter()
        .map(|mean| {
            let text = match mean.kernels {
                0 => "–".to_owned(),
                _ => format!("{:.3}     ", mean.ratio),
            };
            format!("{text:>width$}", width = width(&mean.engine, LEAST))
        })
        .collect();
    say!("{:<FIRST$}{cells}", "mean");
}

/// What comes at the end: the summary, what moved, and why there are dashes.
pub(super) fn end(record: &BenchRecord) {
    if record.figures.is_empty() {
        means(record);
    }
    pairs(record);
    rates(record);
    changes(record);
    reasons(record);
}

/// Mean and worst of one engine over another.
fn pairs(record: &BenchRecord) {
    if record.pairs.is_empty() {
        return;
    }
    say!("");
    say!("one engine's time over another's: geometric mean · worst kernel");
    let groups = KernelGroup::ALL.map(KernelGroup::name);
    let names: String = groups.iter().map(|name| format!("{name:>16}")).collect();
    say!("{:<44}{:>28}{names}", "", "all");
    let mut rows: Vec<Vec<&BenchPair>> = Vec::new();
    for pair in &record.pairs {
        match pair.group {
            None => rows.push(vec![pair]),
            Some(_) => rows.last_mut().into_iter().for_each(|row| row.push(pair)),
        }
    }
    for row in rows {
        let Some(all) = row.first() else { continue };
        let told = format!("{:.2} · {:.2} {}", all.ratio, all.worst, all.kernel);
        let of = |group| row.iter().find(|pair| pair.group == Some(group));
        let cells: String = KernelGroup::ALL
            .iter()
            .map(|group| match of(*group) {
                Some(pair) => format!("{:>16}", format!("{:.2} · {:.2}", pair.ratio, pair.worst)),
                None => format!("{:>16}", "–"),
            })
            .collect();
        say!("{:<44}{told:>28}{cells}", format!("{} over {}", all.engine, all.over));
    }
}

/// How many instances there are in a second of the processor.
fn rates(record: &BenchRecord) {
    for figure in &record.figures {
        if figure.part != "instantiate" || !figure.name.ends_with("and a call") {
            continue;
        }
        let rates = figure.rows.iter().filter_map(|row| {
            let time = row.value.filter(|time| *time > 0.0)?;
            Some(format!("{} {:.0}", row.engine, 1e9 / time))
        });
        let rates: Vec<String> = rates.collect();
        say!("");
        say!("instances a processor second ({}): {}", figure.name, rates.join(", "));
    }
}

/// What lies further from the stored record than the rounds of either do.
fn changes(record: &BenchRecord) {
    if record.changes.is_empty() {
        return;
    }
    say!("");
    let moved: Vec<_> = record.changes.iter().filter(|change| change.moved).collect();
    say!(
        "{} of {} ratios lie further from the stored ones than their rounds do",
        moved.len(),
        record.changes.len()
    );
    for change in moved {
        let factor = format!("{:.3}", change.change);
        let shown = if change.change > 1.0 { bad(factor) } else { good(factor) };
        let (then, now) = (change.then.median, change.now.median);
        let rest = format!(
            "  {} {}, {}: {then:.3} then, {now:.3} now",
            change.part, change.name, change.engine
        );
        say_in_colour([plain("  "), shown, plain(rest)]);
    }
}

/// Why there are dashes: each reason of an engine once, with what it is about.
fn reasons(record: &BenchRecord) {
    let mut about: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for kernel in &record.kernels {
        for row in &kernel.rows {
            if let Some(reason) = &row.refused {
                about.entry((&row.engine, reason)).or_default().push(&kernel.name);
            }
        }
    }
    for figure in &record.figures {
        for row in &figure.rows {
            if let Some(reason) = &row.refused {
                about.entry((&row.engine, reason)).or_default().push(&figure.name);
            }
        }
    }
    for ((engine, reason), names) in about {
        say_in_colour([dim(format!("– {engine}, {}: {reason}", names.join("; ")))]);
    }
}
