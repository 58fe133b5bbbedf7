//! Names and outcomes on one line.

use crate::scenario::said;
use etalon_adapters::{Outcome, Rejection};

/// Characters of a text that are shown.
const MOST: usize = 200;

/// A text that a module says, on one line and without what a terminal obeys. What is too long is cut.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == MOST {
            line.push('…');
            break;
        }
        line.extend(c.escape_debug());
    }
    // An arrow stands between a step and its outcome.
    line.replace("->", "→")
}

/// How a step ended.
pub(crate) fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(values) if values.is_empty() => "returned".to_owned(),
        Outcome::Returned(values) => {
            let values: Vec<String> = values.iter().map(|value| said(*value)).collect();
            format!("returned {}", values.join(" "))
        }
        Outcome::Threw(values) => {
            let values: Vec<String> = values.iter().map(|value| said(*value)).collect();
            format!("threw {}", values.join(" ")).trim_end().to_owned()
        }
        Outcome::Trapped { text, .. } => format!("trapped: {}", one_line(text)),
        Outcome::Exhausted(text) => format!("exhausted: {}", one_line(text)),
        Outcome::HostError(text) => format!("host error: {}", one_line(text)),
        Outcome::Rejected(Rejection::Limit(text)) => format!("limit: {}", one_line(text)),
        other => one_line(&format!("{other:?}")),
    }
}
