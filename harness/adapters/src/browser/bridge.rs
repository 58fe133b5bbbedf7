//! The process between: requests from standard input to the page, and what the page says to standard output.

use super::keeper::{KEEPER, PORT};
use super::marionette::Marionette;
use crate::registry::DRIVER;
use rustix::event::{PollFd, PollFlags, poll};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Before what the page says.
const SAID: &str = "etalon:";

/// Puts the driver into the page.
const PUT: &str = "const script = document.createElement('script'); script.textContent = arguments[0]; \
                   document.documentElement.appendChild(script); return typeof window.etalon;";

/// Hands it a request; gives how many answers it has said by now.
const ASK: &str = "return window.etalon(arguments[0]);";

/// What a request is for.
#[derive(Debug, Deserialize)]
struct Doing {
    #[serde(rename = "do")]
    what: String,
}

/// Stands between until the input ends, or asks for that.
pub(super) fn bridge(browser: &Path, output: &File) -> io::Result<()> {
    let mut kept = Kept::start(browser)?;
    let result = kept.serve(output);
    // The browser ends with its input.
    drop(kept.process.stdin.take());
    kept.process.wait()?;
    result
}

/// A browser in the care of another process.
struct Kept {
    process: Child,
    lines: Lines,
}

impl Kept {
    fn start(browser: &Path) -> io::Result<Kept> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--engine"])
            .arg(format!("{KEEPER}{}", browser.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let stdout = process.stdout.take().ok_or_else(|| io::Error::other("there is no pipe"))?;
        let lines = Lines { stdout, incoming: Vec::new() };
        Ok(Kept { process, lines })
    }

    fn serve(&mut self, mut output: &File) -> io::Result<()> {
        let port = loop {
            let line = self.lines.next(PORT)?;
            match line.map(|line| line.parse()) {
                Some(Ok(port)) => break port,
                Some(Err(_)) => return Err(io::Error::other("the port is no number")),
                None => {
                    self.lines.wait(None, output)?;
                    self.lines.read()?;
                }
            }
        };
        let mut page = Marionette::open(port)?;
        let driver = format!("(() => {{\n{DRIVER}\n}})();");
        if page.run(PUT, &driver)? != "function" {
            return Err(io::Error::other("the page does not take the driver"));
        }
        let mut said = 0;
        for line in io::stdin().lock().lines() {
            let line = line?;
            match serde_json::from_str::<Doing>(&line) {
                Ok(Doing { what }) if what == "quit" => break,
                Ok(_) => self.ask(&mut page, &line, &mut said, output)?,
                Err(error) => {
                    let error = format!("that is no request: {error}");
                    let answer = serde_json::json!({ "id": 0, "error": error });
                    writeln!(output, "{answer}")?;
                }
            }
        }
        Ok(())
    }

    /// One request, whose answers are passed on as they come. `said` is how many answers there were so far.
    fn ask(
        &mut self,
        page: &mut Marionette,
        line: &str,
        said: &mut u64,
        mut output: &File,
    ) -> io::Result<()> {
        page.begin(ASK, line)?;
        let mut all = None;
        while all.is_none_or(|all| *said < all) {
            match self.lines.next(SAID)? {
                Some(answer) => {
                    writeln!(output, "{answer}")?;
                    *said += 1;
                }
                None => {
                    let (lines, message) = self.lines.wait(Some(page), output)?;
                    if lines {
                        self.lines.read()?;
                    }
                    if message && let Some(count) = page.progress()? {
                        let count = count.as_u64();
                        all = Some(count.ok_or_else(|| io::Error::other("the driver is gone"))?);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What the browser writes to its standard output.
struct Lines {
    stdout: ChildStdout,
    incoming: Vec<u8>,
}

impl Lines {
    /// What stands behind a word in the next line that begins with it; others are no business of ours.
    fn next(&mut self, word: &str) -> io::Result<Option<String>> {
        while let Some(end) = self.incoming.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.incoming.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(said) = line.trim_end_matches('\n').strip_prefix(word) {
                return Ok(Some(said.to_owned()));
            }
        }
        Ok(None)
    }

    /// Waits until there is something to read: here, or from the page.
    fn wait(&self, page: Option<&Marionette>, output: &File) -> io::Result<(bool, bool)> {
        let mut waited = vec![
            // Of the output it only matters whether somebody reads it.
            PollFd::new(output, PollFlags::empty()),
            PollFd::new(&self.stdout, PollFlags::IN),
        ];
        waited.extend(page.map(|page| PollFd::new(page, PollFlags::IN)));
        match poll(&mut waited, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_there = |at: usize| waited.get(at).is_some_and(|one| !one.revents().is_empty());
        match is_there(0) {
            true => Err(io::Error::other("nobody reads the answers")),
            false => Ok((is_there(1), is_there(2))),
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 1 << 14];
        match self.stdout.read(&mut buffer)? {
            0 => Err(io::Error::other("the browser is gone")),
            count => {
                self.incoming.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}
