//! SARIF 2.1.0, for code scanning.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::error::RenderError;
use crate::problems::{Problem, Rule};
use crate::text::{counted, visible};

/// Results of a run: GitHub refuses a file with more.
const MAX_RESULTS: usize = 25_000;
/// Bytes of all results: GitHub refuses a file of more than 10 MB when it is compressed, which this never is.
const MAX_BYTES: usize = 8_000_000;
/// How much of one message is written, in characters.
const MAX_TEXT: usize = 1000;

/// One run, with a result for each problem that has a place in a script. What does not fit is left out, and the run says so.
///
/// # Errors
/// If it cannot be written as JSON; no problem causes it.
pub(crate) fn sarif(version: &str, problems: &[Problem]) -> Result<String, RenderError> {
    let mut results = Vec::new();
    let (mut bytes, mut left) = (0, 0);
    for (problem, script) in problems.iter().filter_map(|p| Some((p, p.script.as_deref()?))) {
        let result = result(problem, script);
        // Indented, and with escapes, it may be longer than its text.
        bytes += ascii(&serde_json::to_string_pretty(&result).map_err(json_error)?).len() + 600;
        if results.len() < MAX_RESULTS && bytes < MAX_BYTES {
            results.push(result);
        } else {
            left += 1;
        }
    }
    let rule =
        |rule: Rule| json!({ "id": rule.id(), "shortDescription": { "text": rule.title() } });
    let rules: Vec<Value> = Rule::ALL.into_iter().map(rule).collect();
    let driver = json!({ "name": "etalon", "version": visible(version, MAX_TEXT), "rules": rules });
    let mut run = json!({ "tool": { "driver": driver }, "results": results });
    if left > 0 {
        let text = format!(
            "{} left out, for the format has a limit",
            counted(left, "result is", "results are")
        );
        let note = json!({ "level": "warning", "message": { "text": text } });
        run["invocations"] =
            json!([{ "executionSuccessful": true, "toolExecutionNotifications": [note] }]);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    let text = serde_json::to_string_pretty(&document).map_err(json_error)?;
    Ok(ascii(&text) + "\n")
}

fn json_error(error: serde_json::Error) -> RenderError {
    RenderError::Json(error.into())
}

fn result(problem: &Problem, script: &str) -> Value {
    let Problem { rule, line, message, .. } = problem;
    let mut place = json!({ "artifactLocation": { "uri": uri(&visible(script, MAX_TEXT)) } });
    if let Some(line) = line.filter(|line| *line > 0) {
        place["region"] = json!({ "startLine": line });
    }
    let index = Rule::ALL.iter().position(|other| other == rule);
    json!({
        "ruleId": rule.id(),
        "ruleIndex": index,
        "level": if rule.is_error() { "error" } else { "warning" },
        "message": { "text": visible(message, MAX_TEXT) },
        "locations": [{ "physicalLocation": place }],
    })
}

/// JSON without characters that are not seen or that a terminal obeys: they stand in strings alone, where each has another form.
#[must_use]
pub fn ascii(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        match c {
            '\n' | ' '..='~' => out.push(c),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

/// A path as a URI: what is no plain character is escaped.
#[must_use]
pub fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                out.push(char::from(byte));
            }
            other => _ = write!(out, "%{other:02X}"),
        }
    }
    out
}
