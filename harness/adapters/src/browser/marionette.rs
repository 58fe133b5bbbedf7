//! Marionette: what Firefox is asked over a connection of this machine. A message is its length, a colon and JSON; a command is
//! `[0, number, name, parameters]`, what it gives `[1, number, error, result]`.

use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes that a message to us may have: the page says little this way.
const MOST: usize = 1 << 20;

pub(super) struct Marionette {
    connection: TcpStream,
    /// What was read and is not yet a message.
    incoming: Vec<u8>,
    last: u64,
}

impl AsFd for Marionette {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(format!("the browser said what is no message of Marionette: {what}"))
}

impl Marionette {
    /// Connects, and begins a session without limits on the time of scripts.
    pub(super) fn open(port: u16) -> io::Result<Marionette> {
        let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        connection.set_nodelay(true)?;
        let mut marionette = Marionette { connection, incoming: Vec::new(), last: 0 };
        // It says first what it is.
        marionette.wait()?;
        let timeouts = json!({ "script": null });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "timeouts": timeouts } } });
        marionette.send("WebDriver:NewSession", &wanted)?;
        marionette.result()?;
        Ok(marionette)
    }

    /// Runs a function's body with an argument, and waits for what it returns.
    pub(super) fn run(&mut self, script: &str, argument: &str) -> io::Result<Value> {
        self.begin(script, argument)?;
        self.result()
    }

    /// Has a function's body run with an argument.
    pub(super) fn begin(&mut self, script: &str, argument: &str) -> io::Result<()> {
        self.send("WebDriver:ExecuteScript", &json!({ "script": script, "args": [argument] }))
    }

    fn send(&mut self, command: &str, parameters: &Value) -> io::Result<()> {
        self.last += 1;
        let message = json!([0, self.last, command, parameters]).to_string();
        write!(self.connection, "{}:{message}", message.len())
    }

    fn result(&mut self) -> io::Result<Value> {
        let message = self.wait()?;
        self.value(message)
    }

    fn wait(&mut self) -> io::Result<Value> {
        loop {
            if let Some(message) = self.message()? {
                return Ok(message);
            }
            self.read()?;
        }
    }

    /// Reads what is there, and gives what the last command gave if that is among it.
    pub(super) fn progress(&mut self) -> io::Result<Option<Value>> {
        self.read()?;
        match self.message()? {
            Some(message) => self.value(message).map(Some),
            None => Ok(None),
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 1 << 14];
        match self.connection.read(&mut buffer)? {
            0 => Err(io::Error::other("the browser closed the connection")),
            count => {
                self.incoming.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }

    /// The first message of what was read, if it is whole.
    fn message(&mut self) -> io::Result<Option<Value>> {
        let Some(colon) = self.incoming.iter().position(|byte| *byte == b':') else {
            return if self.incoming.len() > 20 { Err(wrong("no length")) } else { Ok(None) };
        };
        let length = std::str::from_utf8(&self.incoming[..colon]).ok().and_then(|n| n.parse().ok());
        let length: usize = length.filter(|n| *n <= MOST).ok_or_else(|| wrong("its length"))?;
        let end = colon + 1 + length;
        if self.incoming.len() < end {
            return Ok(None);
        }
        let message = serde_json::from_slice(&self.incoming[colon + 1..end])?;
        self.incoming.drain(..end);
        Ok(Some(message))
    }

    /// What a command gave.
    fn value(&self, mut message: Value) -> io::Result<Value> {
        if message[1].as_u64() != Some(self.last) {
            return Err(wrong("another number"));
        }
        if let Some(error) = message[2]["message"].as_str() {
            return Err(io::Error::other(format!("the browser: {error}")));
        }
        Ok(message[3]["value"].take())
    }
}
