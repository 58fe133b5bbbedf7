//! A card for a pull request: what changed, in ten lines.

use std::fmt::Write as _;

use super::escape::plain;
use crate::problems::{Problem, Rule};
use crate::text::number;

/// How many problems are listed, and how many changes since the baseline: with the verdict, two blank lines, what is left
/// and the last line, a card has ten.
const MAX_PROBLEMS: usize = 3;
const MAX_CHANGES: usize = 2;

/// What a card is made of.
#[derive(Debug, Default)]
pub(crate) struct Card {
    /// The sign and the sentence of the verdict.
    pub(crate) verdict: (&'static str, String),
    /// What became better since the baseline.
    pub(crate) better: Vec<String>,
    /// What was judged, in a few words.
    pub(crate) subject: String,
}

impl Card {
    /// The card, with what is wrong. It never has more than ten lines, and none of them is long.
    pub(crate) fn text(&self, problems: &[Problem]) -> String {
        let (symbol, sentence) = &self.verdict;
        let mut out = format!("**{symbol} {}**\n\n", plain(sentence));
        let is_change = |problem: &&Problem| problem.rule == Rule::WorseThanBaseline;
        let wrong = problems.iter().filter(|problem| !is_change(problem));
        let worse = problems.iter().filter(is_change);
        let listed = wrong.clone().take(MAX_PROBLEMS).chain(worse.clone().take(MAX_CHANGES));
        let mut count = 0;
        for problem in listed {
            count += 1;
            let sign = if problem.rule.is_error() { "✗" } else { "○" };
            let _ = writeln!(out, "- {sign} {}", plain(&problem.message));
        }
        let room = MAX_CHANGES.saturating_sub(worse.count());
        for better in self.better.iter().take(room) {
            let _ = writeln!(out, "- ✓ better: {}", plain(better));
        }
        let left = problems.len() - count + self.better.len().saturating_sub(room);
        if left > 0 {
            let _ = writeln!(out, "- … and {} more in the report", number(left as u64));
        }
        if out.lines().count() > 2 {
            out.push('\n');
        }
        out + &plain(&self.subject) + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::Card;
    use crate::problems::{Problem, Rule};

    #[test]
    fn a_card_has_ten_lines_whatever_happened() {
        let hostile = "a\nb\u{1b}[31m | <b> @me\n".repeat(100_000);
        let mut problems = Vec::new();
        for rule in Rule::ALL {
            let problem = Problem { rule, script: None, line: None, message: hostile.clone() };
            problems.extend(vec![problem; 20]);
        }
        let better = vec![hostile.clone(); 9];
        let card = Card { verdict: ("✗", hostile.clone()), better, subject: hostile };
        let text = card.text(&problems);
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.len() < 10_000 && text.contains("- … and 164 more in the report"), "{text}");
        assert!(!text.contains("<b>") && !text.contains('\u{1b}') && !text.contains("@me"));
        let card = Card { verdict: ("✓", "All is well.".into()), ..Card::default() };
        assert_eq!(card.text(&[]), "**✓ All is well.**\n\n\n");
    }
}
