//! Standard input, output and error: the host's own, bytes, or nothing.

use crate::Errno;
use crate::abi::FileType;
use crate::files::host::{call, from_rustix};
use crate::guest::{Fail, Mem};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use std::fmt;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a call that waits looks whether the guest is to stop.
pub(crate) const LOOKS: Duration = Duration::from_millis(2);
/// What a pipe that is ready takes without waiting.
const PIPE: usize = 4096;
/// Bytes that a reader is asked for at a time.
const READ: usize = 64 << 10;

/// What a guest reads as its standard input.
pub struct Stdin(pub(crate) Source);

pub(crate) enum Source {
    Null,
    Inherited,
    Bytes { bytes: Vec<u8>, at: usize },
    Reader(Box<dyn Read + Send>),
    Pumped(Pump),
}

/// What a thread reads for a guest, since no reader can be told to stop waiting.
pub(crate) struct Pump {
    pieces: Receiver<Result<Vec<u8>, Errno>>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
    /// Why no more can be read, until the guest was told.
    error: Option<Errno>,
}

/// What a guest writes as its standard output or error goes to.
pub struct Output(pub(crate) Sink);

pub(crate) enum Sink {
    Null,
    Stdout,
    Stderr,
    Captured(Captured),
    Writer(Box<dyn Write + Send>),
}

/// What a guest has written. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    shared: Arc<Mutex<Vec<u8>>>,
    limit: usize,
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Null => "Stdin::null",
            Source::Inherited => "Stdin::inherited",
            Source::Bytes { .. } => "Stdin::bytes",
            Source::Reader(_) | Source::Pumped(_) => "Stdin::reader",
        })
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Sink::Null => "Output::null",
            Sink::Stdout => "Output::stdout",
            Sink::Stderr => "Output::stderr",
            Sink::Captured(_) => "Output::captured",
            Sink::Writer(_) => "Output::writer",
        })
    }
}

impl Stdin {
    /// Ends at once.
    pub fn null() -> Stdin {
        Stdin(Source::Null)
    }

    /// The host's own.
    pub fn inherited() -> Stdin {
        Stdin(Source::Inherited)
    }

    /// These bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Stdin {
        Stdin(Source::Bytes { bytes: bytes.into(), at: 0 })
    }

    /// What a reader gives. A thread reads it, from the guest's first read on, so that an interrupt need not wait for it.
    pub fn reader(reader: impl Read + Send + 'static) -> Stdin {
        Stdin(Source::Reader(Box::new(reader)))
    }
}

impl Output {
    /// Goes nowhere.
    pub fn null() -> Output {
        Output(Sink::Null)
    }

    /// The host's standard output.
    pub fn stdout() -> Output {
        Output(Sink::Stdout)
    }

    /// The host's standard error.
    pub fn stderr() -> Output {
        Output(Sink::Stderr)
    }

    /// Kept, up to so many bytes; then the guest is told that no space is left (`NOSPC`).
    pub fn captured(limit: usize) -> (Output, Captured) {
        let captured = Captured { shared: Arc::default(), limit };
        (Output(Sink::Captured(captured.clone())), captured)
    }

    /// Given to a writer. An interrupt waits for what the writer is at.
    pub fn writer(writer: impl Write + Send + 'static) -> Output {
        Output(Sink::Writer(Box::new(writer)))
    }
}

impl Captured {
    pub(crate) fn with(bytes: Vec<u8>, limit: usize) -> Captured {
        Captured { shared: Arc::new(Mutex::new(bytes)), limit }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// What was written so far, which makes room for more.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    /// How many bytes there is room for.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Whether there is room for no more.
    pub fn is_full(&self) -> bool {
        self.lock().len() >= self.limit
    }

    fn add(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let mut kept = self.lock();
        let room = self.limit.saturating_sub(kept.len()).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Err(Errno::Nospc);
        }
        kept.extend_from_slice(&bytes[..room]);
        Ok(room)
    }
}

/// Whether a descriptor of the host is ready for something; waits for it a short time.
fn is_ready(fd: BorrowedFd<'_>, what: PollFlags, wait: Duration) -> bool {
    let time = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
    let mut fds = [PollFd::from_borrowed_fd(fd, what)];
    // Whatever is wrong with it, reading and writing say so. A signal says nothing of the descriptor, and who read or wrote then would
    // wait where no interrupt is seen.
    call(|| poll(&mut fds, Some(&time))).is_err() || !fds[0].revents().is_empty()
}

/// Waits until a descriptor of the host is ready, or the guest is to stop.
fn wait(mem: &Mem<'_>, fd: BorrowedFd<'_>, what: PollFlags, block: bool) -> Result<(), Fail> {
    loop {
        mem.check_interrupt()?;
        if is_ready(fd, what, if block { LOOKS } else { Duration::ZERO }) {
            return Ok(());
        }
        if !block {
            return Err(Errno::Again.into());
        }
    }
}

/// Reads from a descriptor of the host what is there, once something is.
fn read_host(mem: &Mem<'_>, fd: BorrowedFd<'_>, most: usize, block: bool) -> Result<Vec<u8>, Fail> {
    loop {
        wait(mem, fd, PollFlags::IN, block)?;
        // Not everything can be asked, and more may have come meanwhile: then there is a next time.
        let there = rustix::io::ioctl_fionread(fd).unwrap_or(READ as u64);
        let there = usize::try_from(there).unwrap_or(usize::MAX).max(PIPE);
        let mut piece = vec![0; most.min(there)];
        match rustix::io::read(fd, &mut piece) {
            Ok(count) => {
                piece.truncate(count);
                return Ok(piece);
            }
            // A signal: it may be an interrupt, for which the next wait looks.
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(from_rustix(errno).into()),
        }
    }
}

/// Writes to a descriptor of the host, piece by piece, as long as it takes something: what a full pipe did not take is left out.
fn write_host(mem: &Mem<'_>, fd: BorrowedFd<'_>, bytes: &[u8], block: bool) -> Result<usize, Fail> {
    let mut done = 0;
    // A full pipe must not keep the guest from being interrupted, so no write may wait.
    while done < bytes.len() {
        let piece = &bytes[done..bytes.len().min(done + PIPE)];
        let written = wait(mem, fd, PollFlags::OUT, block)
            .and_then(|()| Ok(rustix::io::write(fd, piece).map_err(from_rustix)?));
        match written {
            Ok(count) => done += count,
            // A signal: it may be an interrupt, for which the next wait looks.
            Err(Fail::Errno(Errno::Intr)) => {}
            // What went before it is written: a guest that is told of the failure writes it again.
            Err(Fail::Errno(_)) if done > 0 => break,
            Err(fail) => return Err(fail),
        }
    }
    Ok(done)
}

/// Writes to a writer of the embedder; if it fails in the midst, what went before it counts.
fn write_all(writer: &mut dyn Write, bytes: &[u8]) -> Result<usize, Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match writer.write(&bytes[done..]) {
            Ok(count) if count > 0 => done = bytes.len().min(done + count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) if done > 0 => return Ok(done),
            Ok(_) | Err(_) => return Err(Errno::Io),
        }
    }
    writer.flush().map_err(|_| Errno::Io)?;
    Ok(done)
}

/// What kind of thing a descriptor of the host is to the guest: a terminal, or something that it learns no more about.
fn host_type(fd: BorrowedFd<'_>) -> FileType {
    if rustix::termios::isatty(fd) { FileType::CharacterDevice } else { FileType::Unknown }
}

impl Source {
    pub(crate) fn file_type(&self) -> FileType {
        match self {
            Source::Inherited => host_type(rustix::stdio::stdin()),
            _ => FileType::Unknown,
        }
    }

    /// Reads some bytes, at most so many; none at the end. There is no buffer for more than can be read.
    pub(crate) fn read(
        &mut self,
        mem: &Mem<'_>,
        most: usize,
        block: bool,
    ) -> Result<Vec<u8>, Fail> {
        if most == 0 {
            return Ok(Vec::new());
        }
        match self {
            Source::Null => Ok(Vec::new()),
            Source::Bytes { bytes, at } => {
                let left = &bytes[(*at).min(bytes.len())..];
                let piece = left[..left.len().min(most)].to_vec();
                *at += piece.len();
                Ok(piece)
            }
            Source::Inherited => read_host(mem, rustix::stdio::stdin(), most, block),
            Source::Reader(_) | Source::Pumped(_) => self.pump()?.read(mem, most, block),
        }
    }

    /// The thread that reads, which is started if there is none.
    fn pump(&mut self) -> Result<&mut Pump, Errno> {
        if matches!(self, Source::Reader(_))
            && let Source::Reader(reader) = std::mem::replace(self, Source::Null)
        {
            *self = Source::Pumped(Pump::start(reader)?);
        }
        match self {
            Source::Pumped(pump) => Ok(pump),
            _ => Err(Errno::Io),
        }
    }

    /// How many bytes can be read without waiting, if any or the end can: at least so many.
    pub(crate) fn ready(&mut self) -> Option<u64> {
        match self {
            Source::Null => Some(0),
            Source::Bytes { bytes, at } => Some(bytes.len().saturating_sub(*at) as u64),
            Source::Inherited => {
                is_ready(rustix::stdio::stdin(), PollFlags::IN, Duration::ZERO).then_some(1)
            }
            Source::Reader(_) | Source::Pumped(_) => match self.pump() {
                Ok(pump) => pump.ready(),
                Err(_) => Some(0),
            },
        }
    }
}

impl Pump {
    fn start(mut reader: Box<dyn Read + Send>) -> Result<Pump, Errno> {
        let (send, pieces) = sync_channel(1);
        let run = move || read_all(&mut reader, &send);
        std::thread::Builder::new().spawn(run).map_err(|_| Errno::Nomem)?;
        Ok(Pump { pieces, piece: Vec::new(), at: 0, ended: false, error: None })
    }

    fn read(&mut self, mem: &Mem<'_>, most: usize, block: bool) -> Result<Vec<u8>, Fail> {
        // It may have been found where the guest only asked whether it can read.
        if let Some(errno) = self.error.take() {
            return Err(errno.into());
        }
        while self.at == self.piece.len() && !self.ended {
            mem.check_interrupt()?;
            match self.pieces.recv_timeout(if block { LOOKS } else { Duration::ZERO }) {
                Ok(piece) => self.take(piece?),
                Err(RecvTimeoutError::Timeout) if block => {}
                Err(RecvTimeoutError::Timeout) => return Err(Errno::Again.into()),
                Err(RecvTimeoutError::Disconnected) => self.ended = true,
            }
        }
        let left = &self.piece[self.at..];
        let piece = left[..left.len().min(most)].to_vec();
        self.at += piece.len();
        Ok(piece)
    }

    fn take(&mut self, piece: Vec<u8>) {
        self.piece = piece;
        self.at = 0;
    }

    fn ready(&mut self) -> Option<u64> {
        if self.at == self.piece.len() && !self.ended {
            match self.pieces.try_recv() {
                Ok(Ok(piece)) => self.take(piece),
                Ok(Err(errno)) => (self.ended, self.error) = (true, Some(errno)),
                Err(TryRecvError::Disconnected) => self.ended = true,
                Err(TryRecvError::Empty) => return None,
            }
        }
        Some((self.piece.len() - self.at) as u64)
    }
}

/// Reads until the end, or until nobody wants more.
fn read_all(reader: &mut dyn Read, send: &SyncSender<Result<Vec<u8>, Errno>>) {
    loop {
        let mut piece = vec![0; READ];
        let sent = match reader.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                send.send(Ok(piece))
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(()),
            Err(_) => {
                let _ = send.send(Err(Errno::Io));
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

impl Sink {
    fn fd(&self) -> Option<BorrowedFd<'static>> {
        match self {
            Sink::Stdout => Some(rustix::stdio::stdout()),
            Sink::Stderr => Some(rustix::stdio::stderr()),
            _ => None,
        }
    }

    pub(crate) fn file_type(&self) -> FileType {
        self.fd().map_or(FileType::Unknown, host_type)
    }

    /// Writes some of the bytes.
    pub(crate) fn write(
        &mut self,
        mem: &Mem<'_>,
        bytes: &[u8],
        block: bool,
    ) -> Result<usize, Fail> {
        match self {
            Sink::Null => Ok(bytes.len()),
            Sink::Captured(captured) => Ok(captured.add(bytes)?),
            Sink::Writer(writer) => Ok(write_all(writer, bytes)?),
            Sink::Stdout | Sink::Stderr => {
                let fd = self.fd().ok_or(Errno::Badf)?;
                write_host(mem, fd, bytes, block)
            }
        }
    }

    /// Whether something can be written without waiting.
    pub(crate) fn ready(&self) -> bool {
        self.fd().is_none_or(|fd| is_ready(fd, PollFlags::OUT, Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::testing::Still;
    use rustix::fd::AsFd;
    use std::io;

    /// A pipe that takes a part: the count is told, and only the next write fails.
    #[test]
    fn a_full_pipe_tells_what_it_took() {
        let (mut reads, writes) = io::pipe().unwrap();
        let mut guest = Still::default();
        let mem = Mem::new(&mut guest, "fd_write");
        let bytes: Vec<u8> = (0..1 << 21).map(|i| (i % 251) as u8).collect();
        let count = write_host(&mem, writes.as_fd(), &bytes, false).unwrap();
        assert!(count > 0 && count < bytes.len(), "{count}");
        let again = write_host(&mem, writes.as_fd(), &bytes[count..], false);
        assert!(matches!(again, Err(Fail::Errno(Errno::Again))), "{again:?}");
        drop(writes);
        let mut read = Vec::new();
        reads.read_to_end(&mut read).unwrap();
        assert!(read == bytes[..count]);
    }

    #[test]
    fn a_pipe_is_read_as_it_comes() {
        let (reads, mut writes) = io::pipe().unwrap();
        let mut guest = Still::default();
        let mem = Mem::new(&mut guest, "fd_read");
        let read = |block| read_host(&mem, reads.as_fd(), 1 << 20, block);
        assert!(matches!(read(false), Err(Fail::Errno(Errno::Again))));
        let bytes = [7; 3 * PIPE];
        writes.write_all(&bytes).unwrap();
        assert_eq!(read(true).unwrap(), bytes);
        drop(writes);
        let end = read(true).unwrap();
        assert_eq!(end, []);
        assert!(end.capacity() <= PIPE, "{} bytes to read nothing", end.capacity());
    }
}
