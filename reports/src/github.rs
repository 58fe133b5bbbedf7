//! Annotations, as GitHub reads them from the output of a step.

use crate::problems::{Problem, Rule};
use crate::text::{counted, visible};

/// How many annotations of a kind GitHub shows of a step.
pub const MOST_ANNOTATIONS: usize = 10;
/// How much of one message is written, in characters: far below the 65,535 that a message may have.
const MAX_TEXT: usize = 2000;

/// An annotation for each problem: errors, and warnings for what is neither right nor wrong. Where there are more than are
/// shown, the last says how many are left.
pub(crate) fn annotations(problems: &[Problem]) -> String {
    let mut out = String::new();
    for (kind, is_error) in [("error", true), ("warning", false)] {
        let of_kind = || problems.iter().filter(|problem| problem.rule.is_error() == is_error);
        let count = of_kind().count();
        let shown = if count > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { count };
        of_kind().take(shown).for_each(|problem| out += &annotation(kind, problem));
        if count > shown {
            let left = counted((count - shown) as u64, "more", "more");
            out += &format!("::{kind} title=Etalon::and {left}, which the report has\n");
        }
    }
    out
}

fn annotation(kind: &str, problem: &Problem) -> String {
    let Problem { rule, script, line, message } = problem;
    let mut place = String::new();
    if let Some(script) = script {
        place += &format!("file={},", property(&in_line(script)));
        if let Some(line) = line.filter(|line| *line > 0) {
            place += &format!("line={line},");
        }
    }
    let title = property(Rule::title(*rule));
    format!("::{kind} {place}title={title}::{}\n", data(&in_line(message)))
}

/// What is hidden is spelled out, and so are line feeds: a line that a record brings must not become a command.
fn in_line(text: &str) -> String {
    visible(text, MAX_TEXT).replace('\n', "\\n")
}

/// A message of an annotation.
#[must_use]
pub fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of an annotation.
#[must_use]
pub fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
