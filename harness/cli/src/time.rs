//! Limits of time, and signals that end a run.

use crate::duration;
use crate::exit::Status;
use crate::fault::InputError;
use crate::output::{self, note};
use anyhow::{Context, Result};
use etalon::Module;
use etalon::unstable::about_artefact;
use etalon_adapters::{
    ENGINE_NAMES, TimeLimit, Watchdog, end_engines, start_no_more, start_within,
};
use etalon_harness::settings::TIME_LIMIT;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::channel;
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

/// As it can be typed again.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::None => f.write_str("none"),
            Limit::After(limit) => humantime::format_duration(*limit).fmt(f),
        }
    }
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

    /// Engines in processes of their own are waited for as long when they start, if a limit was asked for.
    pub(crate) fn limits_starts(self) {
        if let Some(limit) = self.timeout {
            start_within(limit.each());
        }
    }

    /// Whether what is in a file can be held to a limit: not compiled code that does not look for interrupts. That is refused if a
    /// limit was asked for.
    pub(crate) fn holds(self, path: &Path, bytes: &[u8]) -> Result<bool> {
        let about = Module::is_artefact(bytes).then(|| about_artefact(bytes)).transpose();
        let about = about.map_err(|e| InputError::new("artefact", path, e.to_string()))?;
        let holds = about.is_none_or(|about| about.interruptible);
        if !holds && matches!(self.timeout, Some(Limit::After(_))) {
            let message = "this artefact is compiled without looks for an interrupt, which a limit of time needs; compile it \
                           with --interruptible, or leave --timeout out";
            return Err(InputError::new("artefact", path, message).into());
        }
        Ok(holds)
    }

    /// The limit for a run that signals stop.
    pub(crate) fn stoppable(self) -> Result<(TimeLimit, Stopped)> {
        let watchdog = watchdog()?;
        let breaks_off = watchdog.clone();
        let stopped = Stopped::on_signals(move |_| {
            note!("stopping: what is under way is broken off; once more ends at once");
            breaks_off.stop();
        })?;
        Ok((TimeLimit { each: self.each(), watchdog }, stopped))
    }
}

fn watchdog() -> Result<Watchdog> {
    Watchdog::new().context("the system has no thread for the watchdog")
}

/// The signals that ask for the end of a run.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Whether somebody else looks after signals than who looks while engines start.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The signal that asked for the end of the run, or 0.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// The status of a run that came to nothing: that of the signal, if one ended it.
pub(crate) fn status_after_signals(status: Status) -> Status {
    match (SIGNAL.load(Ordering::Relaxed), status) {
        (signal, Status::Unusable) if signal != 0 => Status::of_signal(signal),
        (_, status) => status,
    }
}

/// From now on a signal ends the process and the engines of these names that it starts, until a run takes signals for itself: an engine
/// in a process of its own that waits for nothing would outlive a process that a signal ends.
pub(crate) fn end_by_signals(names: &[String]) -> Result<()> {
    let is_here = |name: &String| ENGINE_NAMES.contains(&name.split('?').next().unwrap_or(name));
    if names.iter().all(is_here) || IS_TAKEN.load(Ordering::SeqCst) {
        return Ok(());
    }
    let ending: Vec<i32> = ENDING.into_iter().filter(|n| !is_ignored(*n)).collect();
    let mut signals = Signals::new(&ending).context("signals cannot be received")?;
    let wait = move || {
        for signal in signals.forever() {
            if !IS_TAKEN.load(Ordering::SeqCst) {
                // The run may see the end of its engine, and end by itself, before this has ended it.
                SIGNAL.store(signal, Ordering::Relaxed);
                start_no_more();
                end_engines();
                low_level::exit(128 + signal);
            }
        }
    };
    let thread = std::thread::Builder::new().name("starting".to_owned());
    thread.spawn(wait).context("the system has no thread for signals")?;
    Ok(())
}

/// Whether a signal asked for the end of the run, and which.
#[derive(Clone, Debug)]
pub(crate) struct Stopped(Arc<AtomicI32>);

impl Stopped {
    /// From now on the first of the signals does something, on a thread of its own; the second ends the process and the engines that it
    /// started, on another thread, and the third the process, whatever its threads do.
    pub(crate) fn on_signals(first: impl FnOnce(i32) + Send + 'static) -> Result<Stopped> {
        let cannot = "signals cannot be received";
        let stopped = Stopped(Arc::default());
        let seen = stopped.clone();
        let ending: Vec<i32> = ENDING.into_iter().filter(|n| !is_ignored(*n)).collect();
        let is_third = Arc::<AtomicBool>::default();
        let mut signals = Signals::new(&ending).context(cannot)?;
        for &signal in &ending {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&is_third))
                .context(cannot)?;
        }
        IS_TAKEN.store(true, Ordering::SeqCst);
        let (tell, told) = channel();
        // Whatever the first does, the second is received.
        let receive = move || {
            let mut signals = signals.forever();
            if let Some(signal) = signals.next() {
                _ = tell.send(signal);
            }
            if let Some(signal) = signals.next() {
                is_third.store(true, Ordering::SeqCst);
                end_engines();
                low_level::exit(128 + signal);
            }
        };
        let work = move || {
            if let Ok(signal) = told.recv() {
                seen.0.store(signal, Ordering::Relaxed);
                SIGNAL.store(signal, Ordering::Relaxed);
                start_no_more();
                first(signal);
            }
        };
        for (name, work) in
            [("signals", Box::new(receive) as Box<dyn FnOnce() + Send>), ("stop", Box::new(work))]
        {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(work).context("the system has no thread for signals")?;
        }
        Ok(stopped)
    }

    /// The status of a run in which nothing was found: that of the signal, if there was one.
    pub(crate) fn status(&self, found: Status) -> Status {
        match (self.0.load(Ordering::Relaxed), found) {
            (0, found) => found,
            (signal, Status::Fine) => Status::of_signal(signal),
            (_, found) => found,
        }
    }

    /// Whether there was a signal.
    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// Whether the program was started with a signal ignored, as `nohup` does; no where the system does not tell.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What a run has to say when a signal ends it that cannot be broken off: it costs a guest nothing to be ended so. Either the
/// run says it, when it ends by itself, or the signal does.
#[derive(Debug)]
pub(crate) struct Answer(Arc<AtomicBool>);

impl Answer {
    /// From now on a signal answers, and ends the process with the status that stands for the signal.
    pub(crate) fn of_signals(answer: impl Fn() + Send + 'static) -> Result<Answer> {
        let given = Arc::<AtomicBool>::default();
        let taken = Arc::clone(&given);
        Stopped::on_signals(move |signal| {
            if !taken.swap(true, Ordering::Relaxed) {
                answer();
                end_engines();
                let status = output::finish(Status::of_signal(signal));
                std::process::exit(status.code().into());
            }
        })?;
        Ok(Answer(given))
    }

    /// The run has ended and answers itself. Where a signal answers already, the process ends with that.
    pub(crate) fn by_the_run(self) {
        if self.0.swap(true, Ordering::Relaxed) {
            loop {
                std::thread::park();
            }
        }
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
        assert_eq!(stopped(SIGINT).status(Status::Fine).code(), 130);
        assert_eq!(stopped(SIGTERM).status(Status::Fine).code(), 143);
        assert_eq!(stopped(SIGHUP).status(Status::Fine).code(), 129);
        for found in [Status::Finding, Status::EngineFailed, Status::Unusable] {
            assert_eq!(stopped(SIGINT).status(found), found);
        }
    }
}
