//! Progress bars; they are shown only on a terminal.

use crate::escape;
use crate::words::counted;
use etalon_harness::fuzz::Progress;
use etalon_harness::script::Events;
use etalon_record::{Row, Standing, SuiteRecord};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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

/// A line over generated modules.
#[derive(Debug)]
pub(crate) struct CaseLine {
    bar: ProgressBar,
    /// How many findings the line shows.
    last: AtomicUsize,
    complete: AtomicBool,
}

impl CaseLine {
    /// A line, with the number of modules if it is known.
    pub(crate) fn new(modules: Option<u64>) -> CaseLine {
        let (bar, template) = match modules {
            Some(n) => (ProgressBar::new(n), "{bar:30} {pos}/{len} {per_sec} {msg}"),
            None => {
                (ProgressBar::new_spinner(), "{spinner} {elapsed} {pos} modules, {per_sec} {msg}")
            }
        };
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        CaseLine { bar, last: AtomicUsize::new(0), complete: AtomicBool::new(false) }
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

impl Progress for CaseLine {
    fn done(&self, modules: u64, findings: usize) {
        self.bar.set_position(modules);
        if self.last.swap(findings, Ordering::Relaxed) != findings {
            self.bar.set_message(counted(findings as u64, "finding"));
        }
    }

    fn complete(&self) {
        self.complete.store(true, Ordering::Relaxed);
    }
}
