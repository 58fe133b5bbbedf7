//! Streams that fail in the midst, and guests that are stopped while they use them.

mod support;

use Errno::*;
use etalon_wasi::{Ended, Errno, Limits, Output, Stdin, WasiCtxBuilder};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use support::*;

/// Reads some bytes, and then fails.
struct Failing(&'static [u8]);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Ok(0) => Err(io::ErrorKind::ConnectionReset.into()),
            done => done,
        }
    }
}

/// Asks whether the standard input can be read, and waits until it can.
fn poll_input(p: &mut Program) {
    p.memory.bytes[..48].fill(0);
    p.put(8, [1]);
    p.call("poll_oneoff", &[0, DATA.into(), 1, OUT.into()]).unwrap();
    assert_eq!(p.u32(OUT), 1);
}

/// A failure is told once, whether the guest reads or asks first, and then there is nothing more.
#[test]
fn a_failure_of_the_input_is_told_once() {
    for polls in [false, true] {
        let mut builder = WasiCtxBuilder::new();
        builder.stdin(Stdin::reader(Failing(b"some")));
        let mut p = Program::of(builder.build().unwrap(), Output::captured(0).1);
        let read = |p: &mut Program| {
            if polls {
                poll_input(p);
            }
            p.read(0, 99)
        };
        let told = [read(&mut p), read(&mut p), read(&mut p), read(&mut p)];
        assert_eq!(told, [Ok(b"some".to_vec()), Err(Io), Ok(vec![]), Ok(vec![])], "{polls}");
    }
}

/// Takes so many bytes at a time, so often, and then fails; `interrupted` is set with the first.
struct Taking {
    written: Arc<Mutex<Vec<u8>>>,
    at_a_time: usize,
    left: u32,
    interrupted: Arc<AtomicBool>,
}

impl Write for Taking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        self.interrupted.store(true, Ordering::Relaxed);
        let count = bytes.len().min(self.at_a_time);
        self.written.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn taking(
    at_a_time: usize,
    left: u32,
    limits: Limits,
) -> (Program, Arc<Mutex<Vec<u8>>>, Arc<AtomicBool>) {
    let (written, interrupted) = (Arc::default(), Arc::default());
    let (to, flag) = (Arc::clone(&written), Arc::clone(&interrupted));
    let mut builder = WasiCtxBuilder::new();
    builder.limits(limits);
    builder.stdout(Output::writer(Taking { written: to, at_a_time, left, interrupted: flag }));
    (Program::of(builder.build().unwrap(), Output::captured(0).1), written, interrupted)
}

/// A guest that writes again what was not written has written everything once.
#[test]
fn what_a_writer_took_before_it_failed_counts() {
    let (mut p, written, _) = taking(3, 2, Limits::default());
    assert_eq!(p.write(1, "seven bytes"), Ok(6));
    assert_eq!(p.write(1, "bytes"), Err(Io));
    assert_eq!(*written.lock().unwrap(), b"seven ");
}

/// A guest that writes much is stopped between two pieces.
#[test]
fn a_long_write_is_interrupted() {
    let mut limits = Limits::default();
    limits.transfer = 4;
    let (mut p, written, interrupted) = taking(99, 99, limits);
    p.memory.interrupted = interrupted;
    p.put(DATA, "many pieces");
    let [iovs, count] = p.iov(DATA, 11);
    assert_eq!(p.raw("fd_write", &[1, iovs, count, OUT.into()]), Err(Ended::Interrupted));
    assert_eq!(*written.lock().unwrap(), b"many");
}
