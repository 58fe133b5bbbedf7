//! Limits of time, and signals that end a run.

use crate::duration;
use crate::exit::Status;
use crate::output::note;
use anyhow::{Context, Result, bail};
use etalon::Module;
use etalon_adapters::{TimeLimit, Watchdog};
use etalon_harness::settings::TIME_LIMIT;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// A limit of time, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    None,
    After(Duration),
}

/// How long each case may take.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Timeout {
    /// How long loading a module or one call may take: 500ms, 10s, '1m 30s'; 0 or none for no limit. By default 10s
    #[arg(long, value_name = "DURATION", value_parser = limit)]
    pub timeout: Option<Limit>,
}

/// Reads `500ms`, `10s`, `1m 30s`; `0` and `none` are no limit.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    Ok(match text {
        "none" => Limit::None,
        _ => match duration::parse(text)? {
            Duration::ZERO => Limit::None,
            limit => Limit::After(limit),
        },
    })
}

impl Limit {
    fn each(self) -> Option<Duration> {
        match self {
            Limit::None => None,
            Limit::After(limit) => Some(limit),
        }
    }
}

impl Timeout {
    /// The limit of a case; 10 seconds if none is given.
    fn each(self) -> Option<Duration> {
        self.timeout.map_or(Some(TIME_LIMIT), Limit::each)
    }

    /// Refuses a limit that was asked for where a file holds code that cannot be interrupted.
    pub(crate) fn check(self, path: &Path, bytes: &[u8]) -> Result<()> {
        if matches!(self.timeout, Some(Limit::After(_))) && Module::is_artefact(bytes) {
            bail!(
                "{}: an artefact is compiled without what a limit of time needs; leave --timeout out",
                path.display()
            );
        }
        Ok(())
    }

    /// The limit for a run that nothing else can stop.
    pub(crate) fn limit(self) -> Result<Option<TimeLimit>> {
        time_limit(self.each())
    }

    /// The limit for a run that signals stop.
    pub(crate) fn stoppable(self) -> Result<(TimeLimit, Stopped)> {
        let watchdog = watchdog()?;
        let stopped = Stopped::on_signals(&watchdog)?;
        Ok((TimeLimit { each: self.each(), watchdog }, stopped))
    }
}

/// A limit, where there is one: without it engines need not be able to stop.
pub(crate) fn time_limit(each: Option<Duration>) -> Result<Option<TimeLimit>> {
    let Some(each) = each else { return Ok(None) };
    Ok(Some(TimeLimit { each: Some(each), watchdog: watchdog()? }))
}

impl From<Limit> for Option<Duration> {
    fn from(limit: Limit) -> Self {
        limit.each()
    }
}

fn watchdog() -> Result<Watchdog> {
    Watchdog::new().context("the system has no thread for the watchdog")
}

/// Whether a signal asked for the end of the run, and which.
#[derive(Clone, Debug)]
pub(crate) struct Stopped(Arc<AtomicI32>);

impl Stopped {
    /// From now on the first SIGINT or SIGTERM stops the watchdog, and the second ends the process.
    fn on_signals(watchdog: &Watchdog) -> Result<Stopped> {
        let stopped = Stopped(Arc::default());
        let (watchdog, seen) = (watchdog.clone(), stopped.clone());
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("signals cannot be received")?;
        let wait = move || {
            for signal in signals.forever() {
                if seen.0.swap(signal, Ordering::Relaxed) != 0 {
                    std::process::exit(128 + signal);
                }
                note!("stopping: what is under way is broken off; once more ends at once");
                watchdog.stop();
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(wait).context("the system has no thread for signals")?;
        Ok(stopped)
    }

    /// The status of a run in which nothing was found: that of the signal, if there was one.
    pub(crate) fn status(&self, found: Status) -> Status {
        match self.0.load(Ordering::Relaxed) {
            SIGINT if found == Status::Fine => Status::Interrupted,
            SIGTERM if found == Status::Fine => Status::Terminated,
            _ => found,
        }
    }

    /// Whether there was a signal.
    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_no_limit_are_the_same() {
        assert_eq!(limit("0"), Ok(Limit::None));
        assert_eq!(limit("none"), Ok(Limit::None));
        assert_eq!(limit("0s"), Ok(Limit::None));
        assert_eq!(limit("250ms"), Ok(Limit::After(Duration::from_millis(250))));
        assert!(limit("never").is_err());
        assert_eq!(Timeout { timeout: None }.each(), Some(TIME_LIMIT));
        assert_eq!(Timeout { timeout: Some(Limit::None) }.each(), None);
    }

    /// What was found matters more than why the run ended.
    #[test]
    fn the_status_of_a_signal_stands_for_nothing_found() {
        let stopped = |signal| Stopped(Arc::new(AtomicI32::new(signal)));
        assert_eq!(stopped(0).status(Status::Fine), Status::Fine);
        assert_eq!(stopped(SIGINT).status(Status::Fine) as u8, 130);
        assert_eq!(stopped(SIGTERM).status(Status::Fine) as u8, 143);
        for found in [Status::Finding, Status::EngineFailed, Status::Unusable] {
            assert_eq!(stopped(SIGINT).status(found), found);
        }
    }
}
