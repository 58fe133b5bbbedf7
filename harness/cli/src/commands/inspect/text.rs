//! The text of a function, with the offsets of its operators in the module.

use super::function::{Function, View};
use crate::output::{dim, plain, say_in_colour};
use crate::words::counted;
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// A line of the text.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// Of the operator, in the binary format of the module.
    offset: u64,
    text: String,
}

/// The text of a function.
#[derive(Debug, Serialize)]
pub(super) struct Text {
    bytes: usize,
    lines: Vec<Line>,
}

/// The lines of a function. Other functions are printed on the way: their names are needed, and where the text of one begins.
fn lines(function: &Function<'_>) -> Result<Vec<Line>> {
    let mut whole = String::new();
    let printed = wasmprinter::Config::new();
    let all = printed
        .offsets_and_lines(function.module.bytes(), &mut whole)
        .context("the module cannot be printed")?;
    let range = function.body.range.start as u64..function.body.range.end as u64;
    let own = all.filter_map(|(offset, line)| {
        let offset = offset.filter(|offset| range.contains(offset))?;
        // A function stands in its module.
        let line = line.strip_prefix("  ").unwrap_or(line);
        Some(Line { offset, text: line.trim_end().to_owned() })
    });
    Ok(own.collect())
}

/// The text of a function.
pub(super) fn view(function: &Function<'_>) -> Result<Text> {
    Ok(Text { bytes: function.body.range.len(), lines: lines(function)? })
}

/// What each operator of a function looks like, by its offset in the module.
pub(super) fn operators(function: &Function<'_>) -> Result<BTreeMap<u64, String>> {
    let lines = lines(function)?;
    let mut all: BTreeMap<u64, String> =
        lines.into_iter().map(|line| (line.offset, line.text.trim().to_owned())).collect();
    // The first line is all of the function's head, and the last, which closes a parenthesis, stands for an operator.
    if let Some(mut first) = all.first_entry() {
        "entry".clone_into(first.get_mut());
    }
    if let Some(mut last) = all.last_entry() {
        "end".clone_into(last.get_mut());
    }
    Ok(all)
}

impl View for Text {
    fn about(&self) -> String {
        counted(self.bytes as u64, "byte")
    }

    fn print(&self) {
        for Line { offset, text } in &self.lines {
            say_in_colour([dim(format!("{offset:#07x}  ")), plain(text.as_str())]);
        }
    }
}
