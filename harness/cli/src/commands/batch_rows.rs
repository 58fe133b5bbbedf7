//! What `etalon run --batch` says of each call, as soon as it is known.

use super::batch::Own;
use crate::escape;
use crate::fault::tool;
use crate::figures::Figures;
use crate::output::{self, Format, Pieces, say};
use crate::program::in_document;
use crate::progress::CallBar;
use anyhow::Result;
use etalon::{Exhaustion, InterruptHandle, JobError, JobOutcome, ThrownException, Trap, Val, wasi};
use etalon_adapters as adapters;
use etalon_record::{Document, Kind, Written};
use serde::{Serialize, Serializer};
use std::cell::Cell;
use std::sync::mpsc::Receiver;

/// What became of a line.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Its number, from 1.
    line: usize,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<Written>,
    stats: Figures,
}

impl Row {
    fn is_fine(&self) -> bool {
        self.outcome == "returned" || self.status == Some(0)
    }
}

/// Rows as they come to be, and where they are written.
pub(super) struct Told<'a> {
    engine: &'static str,
    calls: usize,
    rows: Receiver<Row>,
    /// Ends the calls if nobody reads what became of them.
    ends: &'a InterruptHandle,
    bar: CallBar,
    document: Pieces,
    failed: Cell<usize>,
    told: Cell<usize>,
}

/// How a batch went.
pub(super) struct Ended {
    /// Calls that failed.
    pub(super) failed: usize,
    /// Calls of which nothing is known, because a signal ended the batch.
    pub(super) not_run: usize,
}

/// The document; what comes behind the rows is known when they are written.
#[derive(Serialize)]
struct Batch<'a> {
    engine: &'static str,
    #[serde(serialize_with = "all_rows")]
    rows: &'a Told<'a>,
    #[serde(serialize_with = "failed")]
    failed: &'a Told<'a>,
    #[serde(serialize_with = "interrupted")]
    interrupted: &'a Told<'a>,
    #[serde(serialize_with = "not_run")]
    not_run: &'a Told<'a>,
}

fn all_rows<S: Serializer>(told: &Told<'_>, to: S) -> Result<S::Ok, S::Error> {
    let rows = std::iter::from_fn(|| {
        if told.is_unread() {
            return None;
        }
        let row = told.rows.try_recv().ok().or_else(|| {
            // It may take long until there is another.
            told.bar.suspend(|| told.document.bring_out());
            told.rows.recv().ok()
        })?;
        told.note(&row, || ());
        Some(row)
    });
    to.collect_seq(rows)
}

fn failed<S: Serializer>(told: &Told<'_>, to: S) -> Result<S::Ok, S::Error> {
    told.failed.get().serialize(to)
}

fn interrupted<S: Serializer>(told: &Told<'_>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bool(told.ended().not_run > 0)
}

fn not_run<S: Serializer>(told: &Told<'_>, to: S) -> Result<S::Ok, S::Error> {
    told.ended().not_run.serialize(to)
}

impl<'a> Told<'a> {
    /// The rows of so many calls.
    pub(super) fn new(
        engine: &'static str,
        calls: usize,
        rows: Receiver<Row>,
        ends: &'a InterruptHandle,
    ) -> Told<'a> {
        let (bar, document) = (CallBar::new(calls), Pieces::new());
        let (failed, told) = (Cell::new(0), Cell::new(0));
        Told { engine, calls, rows, ends, bar, document, failed, told }
    }

    /// Writes each row as soon as it is there.
    pub(super) fn write(self, format: Format) -> Result<Ended> {
        match format {
            Format::Json => {
                let (engine, rows) = (self.engine, &self);
                let (failed, interrupted, not_run) = (rows, rows, rows);
                let body = Batch { engine, rows, failed, interrupted, not_run };
                self.document.write(&Document::new(Kind::Batch, tool(), body))?;
            }
            Format::Human => {
                while !self.is_unread()
                    && let Ok(row) = self.rows.recv()
                {
                    self.note(&row, || print(&row));
                }
            }
        }
        self.bar.clear();
        Ok(self.ended())
    }

    /// Whether nobody reads what is told. Then the calls under way are broken off, and there are no more.
    fn is_unread(&self) -> bool {
        let is_unread = output::is_unread();
        if is_unread {
            self.ends.interrupt();
        }
        is_unread
    }

    fn note(&self, row: &Row, write: impl FnOnce()) {
        self.failed.set(self.failed.get() + usize::from(!row.is_fine()));
        self.told.set(self.told.get() + 1);
        self.bar.done(self.failed.get(), write);
    }

    fn ended(&self) -> Ended {
        Ended { failed: self.failed.get(), not_run: self.calls - self.told.get() }
    }
}

/// What became of a line, by its number.
pub(super) fn row(line: usize, outcome: &JobOutcome<Own>) -> Row {
    let written = |stream: usize| {
        let bytes = outcome.data.as_ref()?.written[stream].bytes();
        (!bytes.is_empty()).then(|| in_document(bytes))
    };
    let mut row = Row {
        line,
        outcome: "returned",
        results: Vec::new(),
        status: None,
        message: None,
        stdout: written(0),
        stderr: written(1),
        stats: Figures::from(&outcome.metrics),
    };
    match &outcome.result {
        Ok(results) => row.results = results.iter().map(shown).collect(),
        Err(error) => {
            let exit = error.downcast_ref::<wasi::Exit>();
            row.status = exit.map(|exit| exit.status);
            row.outcome = match () {
                () if exit.is_some() => "exited",
                () if error.is::<Trap>() => "trapped",
                () if error.is::<ThrownException>() => "threw",
                () if is_late(error.downcast_ref()) => "timed-out",
                () if error.is::<JobError>() => "refused",
                () if error.is::<Exhaustion>() => "exhausted",
                () => "host-error",
            };
            let text = format!("{error:#}");
            // Where it was is of no use here.
            let text = text.split(": wasm backtrace:").next().unwrap_or_default();
            row.message = exit.is_none().then(|| text.to_owned());
        }
    }
    row
}

/// Whether its time was up: it ran until then.
fn is_late(error: Option<&JobError>) -> bool {
    matches!(error, Some(JobError::TimedOut(_)))
}

fn shown(val: &Val) -> String {
    let val = match val {
        Val::I32(v) => adapters::Val::I32(*v),
        Val::I64(v) => adapters::Val::I64(*v),
        Val::F32(v) => adapters::Val::F32(*v),
        Val::F64(v) => adapters::Val::F64(*v),
        Val::V128(v) => adapters::Val::V128(*v),
        _ => return "a reference".to_owned(),
    };
    val.to_record().to_string()
}

fn print(row: &Row) {
    let mut text = format!("{}: {}", row.line, row.outcome);
    for result in &row.results {
        text.push_str(&format!(" {result}"));
    }
    if let Some(status) = row.status {
        text.push_str(&format!(": status {status}"));
    }
    if let Some(message) = &row.message {
        text.push_str(&format!(": {}", escape::line(message)));
    }
    for (name, written) in [("stdout", &row.stdout), ("stderr", &row.stderr)] {
        if let Some(written) = written {
            let written = match written {
                Written::Text(text) => escape::quoted(text),
                Written::Bytes { base64 } => format!("(base64) {base64}"),
            };
            text.push_str(&format!(", {name} {written}"));
        }
    }
    say!("{text}");
}
