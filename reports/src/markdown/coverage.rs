//! Which rules of the specification were reached, in Markdown.

use std::fmt::Write as _;

use etalon_record::RuleCoverage;

use super::escape::{code, plain};
use crate::findings::covered;
use crate::text::number;

/// How many names of one list are shown.
const MAX_NAMES: usize = 500;

/// What was reached, what was not, and what cannot be reached.
pub(super) fn coverage(coverage: &RuleCoverage) -> String {
    let mut out = "## Rules of the specification\n\n".to_owned();
    for (what, all) in covered(coverage) {
        let _ = writeln!(out, "{what}: {} of {}.\n", number(all.reached), number(all.total));
        for name in all.missing.iter().take(MAX_NAMES) {
            let _ = writeln!(out, "- never reached: {}", code(name));
        }
        if let Some(left) = all.missing.len().checked_sub(MAX_NAMES).filter(|left| *left > 0) {
            let _ = writeln!(out, "- {} more are in the record", number(left as u64));
        }
        for (name, reason) in &all.unreachable {
            let _ = writeln!(out, "- cannot be reached: {}: {}", code(name), plain(reason));
        }
        if !(all.missing.is_empty() && all.unreachable.is_empty()) {
            out.push('\n');
        }
    }
    out
}
