//! `etalon gas diff`

use super::module::read_snapshot;
use super::told::{Outcome, Report, Told};
use crate::exit::Status;
use crate::output::Format;
use anyhow::Result;
use clap::ValueHint;
use etalon_audit::{Tolerance, differences};
use std::path::PathBuf;

/// Arguments of `etalon gas diff`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The snapshot before
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    before: PathBuf,
    /// The snapshot now
    #[arg(value_name = "NOW", value_hint = ValueHint::FilePath)]
    now: PathBuf,
    /// How differences are printed
    #[arg(long, value_enum, value_name = "FORM")]
    report: Option<Report>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let (before, now) = (read_snapshot(&args.before)?, read_snapshot(&args.now)?);
    let mut told = Told::new("diff");
    let found = differences(&before, &now, Tolerance::default());
    told.add(&args.now, &args.before, "oracle", Outcome::of(found));
    told.tell(format, args.report)
}
