//! Counts on the command line: each has a greatest value, beyond which it is a mistake that would only use up the machine.

use clap::builder::RangedU64ValueParser;

/// How many things run at a time.
pub(crate) fn jobs() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1024)
}

/// How often each export is called.
pub(crate) fn rounds() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=65536)
}

/// How many runs or cases there are: they take time and nothing else.
pub(crate) fn runs() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..)
}
