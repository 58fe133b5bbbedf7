//! A process that speaks the protocol: nothing that it does or leaves undone can hold up or break this process.
//!
//! Its standard input, output and errors are pipes, and one loop waits for all three at once, until the time is over. What
//! it says is bounded: a line, and what is kept of its errors. A process that breaks the protocol is ended.

use super::protocol::{Answer, Ask, Request};
use super::start::is_ending;
use crate::watchdog::TimeLimit;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, read, write};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, kill_process_group, prlimit, waitpid,
};
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of private memory that may be written in an engine's process.
const MEMORY: u64 = 4 << 30;
/// The same where an engine reserves gigabytes that it never writes to, which count.
const MEMORY_RESERVED: u64 = 1 << 40;
/// Bytes that a line of an engine may have.
const LINE: usize = 64 << 20;
/// Bytes that are kept of what an engine says of its own accord.
const ERRORS: usize = 4 << 10;
/// Lines of it that a message repeats.
const LAST_LINES: usize = 4;
/// How often it is looked whether a signal has ended the run.
const LOOK: Duration = Duration::from_millis(50);
/// How long an engine whose output is closed may take to end.
const END: Duration = Duration::from_millis(500);

/// How an engine's process is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Whether it reserves much more memory than it uses.
    pub(crate) reserves: bool,
    /// What it needs on a busy machine before it can say anything.
    pub(crate) starts_within: Duration,
}

/// Why there is no answer. The process is ended then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// It took too long.
    TimedOut,
    /// It ended, or said something else; the text says what.
    Crashed(String),
}

/// An engine's process. It ends when this is dropped.
pub(crate) struct Child {
    process: process::Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// What is to be written.
    outgoing: Vec<u8>,
    /// How much of it was: a long request is not moved for each piece that a pipe takes.
    written: usize,
    /// What was read and is not yet a line.
    incoming: Vec<u8>,
    /// Bytes of it in which no line ends.
    looked: usize,
    /// The last that it said of its own accord.
    errors: Vec<u8>,
    /// Whether it may say more.
    may_say_more: bool,
    /// The number of the last request.
    last: u64,
    /// The number of the request whose answer comes next.
    answered: u64,
}

/// The processes that live, each of which leads a group.
static LIVING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn living() -> MutexGuard<'static, BTreeSet<u32>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all engines in processes of their own, for a process that ends without unwinding: one that waits for nothing would outlive it.
pub fn end_engines() {
    for id in living().iter() {
        if let Some(group) = i32::try_from(*id).ok().and_then(Pid::from_raw) {
            _ = kill_process_group(group, Signal::KILL);
            // So that it is gone when this ends.
            _ = waitpid(Some(group), WaitOptions::empty());
        }
    }
}

/// Until when an answer must be there.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    limit: Option<&'a TimeLimit>,
    /// How long, if it is not the limit that says so.
    at_most: Option<Duration>,
}

impl<'a> Patience<'a> {
    /// As long as an action may take.
    pub(crate) fn of(limit: Option<&'a TimeLimit>) -> Patience<'a> {
        Patience { limit, at_most: None }
    }

    /// So long.
    pub(crate) fn at_most(most: Duration) -> Patience<'static> {
        Patience { limit: None, at_most: Some(most) }
    }

    fn deadline(self) -> Option<Instant> {
        let each = self.at_most.or(self.limit.and_then(|limit| limit.each));
        each.and_then(|each| Instant::now().checked_add(each))
    }

    fn is_stopped(self) -> bool {
        is_ending() || self.limit.is_some_and(|limit| limit.watchdog.is_stopped())
    }
}

impl Launch {
    /// Starts the process.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(crate) fn start(&self) -> Result<Child, String> {
        if is_ending() {
            return Err("it is not started any more: a signal ended the run".to_owned());
        }
        // Nobody ends the engines between its start and its note.
        let mut living = living();
        let mut process = Command::new(&self.program)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Signals of the terminal are for us; and what it starts ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", self.program.display()))?;
        living.insert(process.id());
        drop(living);
        limit_memory(&process, if self.reserves { MEMORY_RESERVED } else { MEMORY });
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err("the system has no pipes".to_owned());
        };
        let set =
            [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()].map(|pipe| ioctl_fionbio(pipe, true));
        let mut child = Child {
            process,
            stdin,
            stdout,
            stderr,
            outgoing: Vec::new(),
            written: 0,
            incoming: Vec::new(),
            looked: 0,
            errors: Vec::new(),
            may_say_more: true,
            last: 0,
            answered: 0,
        };
        match set.into_iter().find_map(Result::err) {
            None => Ok(child),
            Some(error) => {
                child.end();
                Err(error.to_string())
            }
        }
    }
}

/// A limit that cannot be set is none: not all systems have it.
fn limit_memory(process: &process::Child, bytes: u64) {
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    // Without a number it would be this process that is limited.
    if let Some(pid) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        _ = prlimit(Some(pid), Resource::Data, limit);
    }
}

impl Child {
    /// The number of its process group.
    pub(crate) fn group(&self) -> u32 {
        self.process.id()
    }

    /// Has a request written as soon as there is something to wait for.
    pub(crate) fn ask(&mut self, ask: Ask) {
        self.last += 1;
        let request = Request { id: self.last, ask };
        // It has no maps with keys of other kinds, and writing to memory does not fail.
        if serde_json::to_writer(&mut self.outgoing, &request).is_ok() {
            self.outgoing.push(b'\n');
        }
    }

    /// The next answer. Requests are answered in order; `more` says whether a further answer to the same request may follow.
    pub(crate) fn answer(&mut self, patience: Patience<'_>, more: bool) -> Result<Answer, Gone> {
        let line = self.line(patience)?;
        let expected = self.answered + 1;
        let answer: Answer = serde_json::from_slice(&line).map_err(|error| {
            let said = shown(&line);
            self.crashed(format!("it said what is no answer ({error}): {said}"))
        })?;
        if answer.id != expected {
            let text = format!("it answered request {} and not {expected}", answer.id);
            return Err(self.crashed(text));
        }
        if !more {
            self.answered = expected;
        }
        Ok(answer)
    }

    /// No further answer to the request follows.
    pub(crate) fn no_more(&mut self) {
        self.answered += 1;
    }

    /// Asks and waits.
    pub(crate) fn exchange(&mut self, ask: Ask, patience: Patience<'_>) -> Result<Answer, Gone> {
        self.ask(ask);
        self.answer(patience, false)
    }

    /// The end of the process, with what it said last.
    pub(crate) fn crashed(&mut self, why: String) -> Gone {
        self.end();
        let text = String::from_utf8_lossy(&self.errors);
        let lines: Vec<&str> =
            text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return Gone::Crashed(why);
        }
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Gone::Crashed(format!("{why}; it said last: {}", last.join(" | ")))
    }

    /// Whether it has said nothing but answers.
    pub(crate) fn is_quiet(&self) -> bool {
        self.incoming.is_empty() && self.outgoing.is_empty() && self.answered == self.last
    }

    fn line(&mut self, patience: Patience<'_>) -> Result<Vec<u8>, Gone> {
        let deadline = patience.deadline();
        loop {
            if let Some(at) = self.incoming[self.looked..].iter().position(|byte| *byte == b'\n') {
                let rest = self.incoming.split_off(self.looked + at + 1);
                let mut line = std::mem::replace(&mut self.incoming, rest);
                line.pop();
                self.looked = 0;
                return Ok(line);
            }
            self.looked = self.incoming.len();
            if self.looked > LINE {
                let text = format!("it said more than {LINE} bytes without the end of a line");
                return Err(self.crashed(text));
            }
            let now = Instant::now();
            if patience.is_stopped() || deadline.is_some_and(|deadline| deadline <= now) {
                self.end();
                return Err(Gone::TimedOut);
            }
            let left = deadline.map_or(LOOK, |deadline| deadline - now);
            match self.step(left.min(LOOK)) {
                Ok(true) => {}
                Ok(false) => return Err(self.ended()),
                Err(error) => return Err(self.crashed(format!("its pipe failed: {error}"))),
            }
        }
    }

    /// Waits until something can be read or written, for at most so long, and does it. False at the end of its output.
    fn step(&mut self, most: Duration) -> Result<bool, Errno> {
        let mut fds = vec![PollFd::new(&self.stdout, PollFlags::IN)];
        let writes = !self.outgoing.is_empty();
        if writes {
            fds.push(PollFd::new(&self.stdin, PollFlags::OUT));
        }
        let errors = self.may_say_more;
        if errors {
            fds.push(PollFd::new(&self.stderr, PollFlags::IN));
        }
        let time = Timespec { tv_sec: 0, tv_nsec: i64::from(most.subsec_nanos()) };
        match poll(&mut fds, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        if errors && ready[ready.len() - 1] {
            self.read_errors();
        }
        if writes && ready[1] {
            match write(&self.stdin, &self.outgoing[self.written..]) {
                Ok(written) => self.written += written,
                Err(Errno::AGAIN | Errno::INTR) => {}
                // It reads no more; it may still say something.
                Err(Errno::PIPE) => self.written = self.outgoing.len(),
                Err(error) => return Err(error),
            }
            if self.written == self.outgoing.len() {
                self.outgoing.clear();
                self.written = 0;
            }
        }
        if !ready[0] {
            return Ok(true);
        }
        let mut buffer = [0; 1 << 16];
        match read(&self.stdout, &mut buffer) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.incoming.extend_from_slice(&buffer[..count]);
                Ok(true)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Reads what it has said of its own accord, and keeps the last of it.
    fn read_errors(&mut self) {
        let mut buffer = [0; 1 << 14];
        match read(&self.stderr, &mut buffer) {
            Ok(count) if count > 0 => {
                self.errors.extend_from_slice(&buffer[..count]);
                let surplus = self.errors.len().saturating_sub(ERRORS);
                self.errors.drain(..surplus);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            _ => self.may_say_more = false,
        }
    }

    /// Its output is at the end: how it ended, if it does soon.
    fn ended(&mut self) -> Gone {
        let deadline = Instant::now() + END;
        let status = loop {
            self.read_errors();
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => {}
                Ok(status) => break status,
                Err(_) => break None,
            }
            let time = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };
            _ = poll(&mut [], Some(&time));
        };
        self.read_errors();
        let why = match status {
            None => "it closed its output".to_owned(),
            Some(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("its process ended with status {code}"),
                (_, Some(signal)) => format!("its process was ended by signal {signal}"),
                _ => "its process ended".to_owned(),
            },
        };
        self.crashed(why)
    }

    /// Ends the process, and whatever it has started.
    fn end(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
                _ = kill_process_group(pid, Signal::KILL);
            }
            _ = self.process.kill();
            _ = self.process.wait();
        }
        living().remove(&self.process.id());
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// The beginning of a line, for a message.
fn shown(line: &[u8]) -> String {
    let beginning = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
    let more = if line.len() > 80 { "…" } else { "" };
    format!("{beginning:?}{more}")
}
