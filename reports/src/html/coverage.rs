//! Which rules of the specification were reached.

use etalon_record::{RuleCoverage, SuiteRecord};
use maud::{Markup, html};

use super::frame::shown;
use crate::findings::covered;
use crate::text::number;

/// What was reached, what was not, and what cannot be reached; nothing if the run did not count it.
pub(super) fn coverage(record: &SuiteRecord) -> Markup {
    record.coverage.as_ref().map_or_else(|| html! {}, rules)
}

/// The same of any record.
pub(super) fn rules(coverage: &RuleCoverage) -> Markup {
    html! {
        section #rules {
            h2 { "Rules of the specification" }
            p.hint { "By their official names, as the oracle counts them while it runs." }
            @for (what, all) in covered(coverage) {
                p { (what) ": " (number(all.reached)) " of " (number(all.total)) "." }
                @if !all.missing.is_empty() {
                    details {
                        summary { (number(all.missing.len() as u64)) " never reached" }
                        ul { @for name in &all.missing { li { code { (shown(name)) } } } }
                    }
                }
                @if !all.unreachable.is_empty() {
                    details {
                        summary { (number(all.unreachable.len() as u64)) " cannot be reached" }
                        ul {
                            @for (name, reason) in &all.unreachable {
                                li { code { (shown(name)) } ": " (shown(reason)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
