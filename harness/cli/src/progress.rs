//! Progress bars; they are shown only on a terminal.

use crate::escape;
use crate::words::counted;
use etalon_harness::fuzz::{Progress, SoFar};
use etalon_harness::script::Events;
use etalon_record::{Row, Standing, SuiteRecord};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A bar over scripts.
#[derive(Debug)]
pub(crate) struct ScriptBar {
    bar: ProgressBar,
    failed: AtomicUsize,
}

impl ScriptBar {
    /// A bar that appears when the run starts, if standard error is a terminal.
    pub(crate) fn new() -> ScriptBar {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        let bar =
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        ScriptBar { bar, failed: AtomicUsize::new(0) }
    }
}

impl Events for ScriptBar {
    fn started(&self, total: usize) {
        self.bar.set_length(total as u64);
    }

    fn script_done(&self, row: &Row) {
        if row.standing() == Standing::Failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        let failed = match self.failed.load(Ordering::Relaxed) {
            0 => String::new(),
            n => format!("({n} failed) "),
        };
        self.bar.set_message(format!(
            "{failed}{}",
            escape::line(&format!("{}/{} on {}", row.suite, row.file, row.engine))
        ));
        self.bar.inc(1);
    }

    fn finished(&self, _: &SuiteRecord) {
        self.bar.finish_and_clear();
    }
}

/// A bar over the calls of a batch.
#[derive(Debug)]
pub(crate) struct CallBar(ProgressBar);

impl CallBar {
    /// A bar over so many calls.
    pub(crate) fn new(calls: usize) -> CallBar {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} calls {msg}");
        let bar = ProgressBar::new(calls as u64);
        CallBar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// One more is done, and so many have failed; what is written about it stands above the bar.
    pub(crate) fn done(&self, failed: usize, write: impl FnOnce()) {
        self.0.suspend(write);
        if failed > 0 {
            self.0.set_message(format!("({failed} failed)"));
        }
        self.0.inc(1);
    }

    /// Writes something above the bar.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// A bar over what is measured.
#[derive(Debug)]
pub(crate) struct MeasureBar(ProgressBar);

impl MeasureBar {
    /// A bar over so many measurements.
    pub(crate) fn new(count: usize) -> MeasureBar {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} measured {msg}");
        let bar = ProgressBar::new(count as u64);
        MeasureBar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Something of this name is measured next.
    pub(crate) fn next(&self, name: &str) {
        self.0.set_message(name.to_owned());
        self.0.inc(1);
    }
}

impl Drop for MeasureBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line over generated modules.
#[derive(Debug)]
pub(crate) struct CaseLine {
    bar: ProgressBar,
    /// When it appeared, and what was done before that by earlier runs of the campaign.
    began: Instant,
    before: OnceLock<SoFar>,
    complete: AtomicBool,
}

impl CaseLine {
    /// A line, with the number of modules if it is known.
    pub(crate) fn new(modules: Option<u64>) -> CaseLine {
        let (bar, template) = match modules {
            Some(n) => (ProgressBar::new(n), "{bar:20} {pos}/{len} modules, {msg}"),
            None => (ProgressBar::new_spinner(), "{spinner} {elapsed} {pos} modules, {msg}"),
        };
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let complete = AtomicBool::new(false);
        CaseLine { bar, began: Instant::now(), before: OnceLock::new(), complete }
    }

    /// Whether the campaign was complete before it could go on.
    pub(crate) fn was_complete(&self) -> bool {
        self.complete.load(Ordering::Relaxed)
    }

    /// Removes the line.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// What is done, and how fast since a moment.
fn rates(now: &SoFar, before: &SoFar, since: Duration) -> String {
    let seconds = since.as_secs_f64().max(0.001);
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
    format!(
        "{:.0} cases/s, {:.0} comparisons/s, {}, {}",
        rate(now.cases, before.cases),
        rate(now.comparisons, before.comparisons),
        counted(now.operators as u64, "operator"),
        counted(now.findings as u64, "finding"),
    )
}

impl Progress for CaseLine {
    fn done(&self, so_far: &SoFar) {
        self.bar.set_position(so_far.modules);
        let before = self.before.get_or_init(|| *so_far);
        self.bar.set_message(rates(so_far, before, self.began.elapsed()));
    }

    fn complete(&self) {
        self.complete.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_campaign_tells_rates_of_this_run() {
        let before = SoFar { modules: 5, cases: 100, comparisons: 300, findings: 0, operators: 9 };
        let now = SoFar { modules: 9, cases: 300, comparisons: 900, findings: 1, operators: 400 };
        let told = rates(&now, &before, Duration::from_secs(2));
        assert_eq!(told, "100 cases/s, 300 comparisons/s, 400 operators, 1 finding");
    }
}
