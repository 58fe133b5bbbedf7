//! The expected outcome of a step.

use super::entry::Ending;
use crate::diff::{Step, observation};
use etalon_adapters::{Outcome, Val};

/// The expected outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It returns these values, bit by bit.
    Returned(Vec<Val>),
    /// It ends in this way.
    Ended(Ending),
}

/// Why a step is not as expected; `None` if it is.
pub fn mismatch(step: &Step, expected: &Expected) -> Option<String> {
    let seen = || observation(step, None).to_string();
    match expected {
        Expected::Returned(values) => {
            let same = matches!(&step.outcome, Outcome::Returned(got) if got == values);
            let texts: Vec<String> = values.iter().map(|v| v.to_record().to_string()).collect();
            (!same).then(|| format!("expected returned {}, got {}", texts.join(" "), seen()))
        }
        Expected::Ended(ending) => {
            let same_kind = step.outcome.kind() == ending.outcome;
            let text = text_of(&step.outcome);
            let same_text = ending.text.as_deref().is_none_or(|wanted| text.starts_with(wanted));
            let wanted = ending.text.as_deref().unwrap_or("");
            (!same_kind || !same_text)
                .then(|| format!("expected {} {wanted}, got {}", ending.outcome, seen()))
        }
    }
}

/// A rejection begins with its phase, as in `invalid: type mismatch`.
fn text_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Trapped { text, .. }
        | Outcome::Exhausted(text)
        | Outcome::HostError(text)
        | Outcome::Crashed(text) => text.clone(),
        Outcome::Rejected(rejection) => format!("{}: {}", rejection.word(), rejection.message()),
        Outcome::Exited(status) => status.to_string(),
        Outcome::Returned(_) | Outcome::Threw(_) | Outcome::TimedOut => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_record::OutcomeKind;

    #[test]
    fn only_what_is_expected_is_no_mismatch() {
        let returned = |v| Step::ended(Outcome::Returned(vec![Val::I32(v)]));
        let expected = Expected::Returned(vec![Val::I32(7)]);
        assert_eq!(mismatch(&returned(7), &expected), None);
        assert_eq!(
            mismatch(&returned(8), &expected).as_deref(),
            Some("expected returned i32:7, got returned i32:8")
        );
        let trap = |text: &str| Step::ended(Outcome::Trapped { text: text.to_owned(), site: None });
        let ending = |text: Option<&str>| {
            let text = text.map(str::to_owned);
            Expected::Ended(Ending { outcome: OutcomeKind::Trapped, text })
        };
        assert_eq!(mismatch(&trap("unreachable"), &ending(None)), None);
        assert_eq!(mismatch(&trap("unreachable"), &ending(Some("unreachable"))), None);
        assert!(mismatch(&trap("unreachable"), &ending(Some("cast failure"))).is_some());
        assert!(mismatch(&returned(7), &ending(None)).is_some());
    }
}
