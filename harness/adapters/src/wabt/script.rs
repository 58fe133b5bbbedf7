//! Scripts as JSON, and the process that runs one. Nothing is written to a folder: the files are memory that the process inherits.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Child, Stdio};

/// Bytes that a line may have.
const LINE: usize = 1 << 20;

/// A file that processes inherit. Beside it, as a script names files, stand the others.
pub(super) struct Inherited(OwnedFd);

impl Inherited {
    pub(super) fn new(bytes: &[u8]) -> io::Result<Inherited> {
        // Without a flag it stays open in what is started.
        let mut file = File::from(memfd_create("etalon", MemfdFlags::empty())?);
        file.write_all(bytes)?;
        Ok(Inherited(file.into()))
    }

    /// Its name, in the folder in which all of them are.
    pub(super) fn name(&self) -> String {
        self.0.as_raw_fd().to_string()
    }
}

/// A command of a script. The program that reads it wants keys in one order.
#[derive(Clone, Debug)]
pub(super) struct Command {
    kind: &'static str,
    rest: String,
}

impl Command {
    /// Makes an instance of a module under a name.
    pub(super) fn module(file: &Inherited, name: &str) -> Command {
        let rest = format!(r#""name":"${name}","filename":"{}""#, file.name());
        Command { kind: "module", rest }
    }

    /// Makes an instance's exports importable.
    pub(super) fn register(name: &str, from: &str) -> Command {
        // The program takes an escape for a byte.
        let byte = |byte: u8| match byte {
            b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            _ => format!("\\u{byte:04x}"),
        };
        let from: String = from.bytes().map(byte).collect();
        Command { kind: "register", rest: format!(r#""name":"${name}","as":"{from}""#) }
    }

    /// Calls the export `f` of an instance.
    pub(super) fn call(name: &str, args: &[Argument]) -> Command {
        let arg = |(ty, value): &Argument| format!(r#"{{"type":"{ty}","value":"{value}"}}"#);
        let args = args.iter().map(arg).collect::<Vec<_>>().join(",");
        let rest = format!(
            r#""action":{{"type":"invoke","module":"${name}","field":"f","args":[{args}]}},"expected":[]"#
        );
        Command { kind: "action", rest }
    }

    /// Asks whether a module is valid.
    pub(super) fn validate(file: &Inherited) -> Command {
        let name = file.name();
        let rest = format!(r#""filename":"{name}","text":"","module_type":"binary""#);
        Command { kind: "assert_invalid", rest }
    }
}

/// An argument: the name of its type, and a number or `null`.
pub(super) type Argument = (&'static str, String);

/// A process that runs a script; what it prints is read line by line, as soon as it is printed.
pub(super) struct Running {
    process: Child,
    terminal: File,
    incoming: Vec<u8>,
    is_over: bool,
}

impl Running {
    /// Starts it. The commands are numbered from 1, by their lines.
    pub(super) fn start<'c>(
        program: &Path,
        flags: &[&str],
        commands: impl Iterator<Item = &'c Command>,
    ) -> io::Result<Running> {
        let commands: Vec<String> = (1..)
            .zip(commands)
            .map(|(line, Command { kind, rest })| {
                format!(r#"{{"type":"{kind}","line":{line},{rest}}}"#)
            })
            .collect();
        let script = format!(r#"{{"source_filename":"e","commands":[{}]}}"#, commands.join(",\n"));
        let script = Inherited::new(script.as_bytes())?;
        // It prints lines one by one only where it takes somebody to look at them.
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&terminal)?;
        unlockpt(&terminal)?;
        let other = ptsname(&terminal, Vec::new())?;
        let other = other.to_str().map_err(io::Error::other)?;
        let output =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open(other)?;
        let process = process::Command::new(program)
            .args(flags)
            .arg(format!("/proc/self/fd/{}", script.name()))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Running { process, terminal: terminal.into(), incoming: Vec::new(), is_over: false })
    }

    /// The next line; `None` if it has ended. `reader` is where answers go: if nobody reads them, there is no more to do.
    pub(super) fn line(&mut self, reader: &File) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.incoming.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.incoming.drain(..=end).collect();
                return Ok(Some(plain(&String::from_utf8_lossy(&line))));
            }
            if self.is_over {
                return Ok(None);
            }
            if self.incoming.len() > LINE {
                return Err(io::Error::other("it prints a line without end"));
            }
            let mut waited = [
                PollFd::new(reader, PollFlags::empty()),
                PollFd::from_borrowed_fd(self.terminal.as_fd(), PollFlags::IN),
            ];
            poll(&mut waited, None)?;
            if !waited[0].revents().is_empty() {
                return Err(io::Error::other("nobody reads the answers"));
            }
            let mut buffer = [0; 1 << 14];
            // A terminal that nobody writes to any more ends with an error.
            match self.terminal.read(&mut buffer) {
                Ok(0) | Err(_) => self.is_over = true,
                Ok(count) => self.incoming.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// How it ended, once there are no more lines.
    pub(super) fn ended(mut self) -> io::Result<()> {
        match self.process.wait()?.signal() {
            Some(signal) => Err(io::Error::other(format!("it was ended by signal {signal}"))),
            None => Ok(()),
        }
    }
}

/// A line without what colours it.
fn plain(line: &str) -> String {
    let mut parts = line.trim_end().split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or("", |(_, rest)| rest))
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
