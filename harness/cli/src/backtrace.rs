//! Backtraces, for people.

use crate::escape;
use crate::output::note;
use etalon_harness::script::places;
use etalon_record::{Backtrace, BacktraceFrame};

/// Adds lines and columns where the module is text.
pub(crate) fn locate(backtrace: &mut Backtrace, text: &str, wasm: &[u8]) {
    let offsets: Vec<u32> = backtrace.frames.iter().filter_map(|frame| frame.offset).collect();
    let places = places(text, wasm, &offsets);
    for frame in &mut backtrace.frames {
        let place = frame.offset.and_then(|offset| places.get(&offset));
        (frame.line, frame.column) = place.copied().unzip();
    }
}

/// Prints a line for each function.
pub(crate) fn print(backtrace: &Backtrace, file: &str) {
    for (number, frame) in backtrace.frames.iter().enumerate().take(MOST_LINES) {
        note!("{number:>5}: {}", line(frame, &escape::file(file)));
    }
    let not_printed = backtrace.frames.len().saturating_sub(MOST_LINES) as u64;
    if not_printed + backtrace.omitted > 0 {
        note!("       and {} more", not_printed + backtrace.omitted);
    }
}

/// Functions that are printed; a document has more.
const MOST_LINES: usize = 16;

fn line(frame: &BacktraceFrame, file: &str) -> String {
    let mut line = match &frame.name {
        Some(name) => format!("{} (function {})", escape::name(name), frame.func),
        None => format!("function {}", frame.func),
    };
    if let Some((row, column)) = frame.line.zip(frame.column) {
        line += &format!(" at {file}:{row}:{column}");
    }
    if let Some(offset) = frame.offset {
        line += &format!(", offset {offset:#x}");
    }
    line
}
