//! What was done in a session, as the commands of a script.

use super::script::{Command, Inherited};
use super::small::{NOTE, OURS, gathered, made, note, noted};
use super::values::value_of;
use crate::remote::protocol::{Give, Given, Noted, TypeOf};
use std::collections::{BTreeMap, VecDeque};
use std::io;

/// What was done in a session: all since the last reset.
pub(super) struct Session {
    pub(super) commands: Vec<Command>,
    /// What the commands name.
    pub(super) files: Vec<Inherited>,
    /// How many of them print a line for a call.
    pub(super) calls: usize,
    pub(super) instances: Vec<Inside>,
    /// Functions that note, by their numbers, and where all that was made is found.
    pub(super) hosts: Vec<(String, String, Vec<String>)>,
    pub(super) made: BTreeMap<(String, String), String>,
    /// Small modules that there are instances of, by their texts.
    pub(super) small: BTreeMap<String, String>,
}

/// What a session had made.
pub(super) struct Mark {
    pub(super) commands: usize,
    pub(super) hosts: usize,
    pub(super) made: BTreeMap<(String, String), String>,
    pub(super) small: BTreeMap<String, String>,
}

/// An instance.
pub(super) struct Inside {
    /// Whether calls leave nothing behind, so that they need not be made again.
    pub(super) keeps_nothing: bool,
    pub(super) wasm: Vec<u8>,
}

impl Session {
    pub(super) fn new() -> io::Result<Session> {
        let mut session = Session {
            commands: Vec::new(),
            files: Vec::new(),
            calls: 0,
            instances: Vec::new(),
            hosts: Vec::new(),
            made: BTreeMap::new(),
            small: BTreeMap::new(),
        };
        session.instance(note(), NOTE)?;
        Ok(session)
    }

    /// The name of an instance of a small module, which is importable under a name.
    pub(super) fn instance(&mut self, text: &str, from: &str) -> io::Result<String> {
        let name = self.small(text)?;
        self.commands.push(Command::register(&name, from));
        Ok(name)
    }

    /// The name of an instance of a small module.
    pub(super) fn small(&mut self, text: &str) -> io::Result<String> {
        if let Some(name) = self.small.get(text) {
            return Ok(name.clone());
        }
        let wasm = wat::parse_str(text).map_err(io::Error::other)?;
        let name = format!("s{}", self.files.len());
        self.load(&wasm, &name)?;
        self.small.insert(text.to_owned(), name.clone());
        Ok(name)
    }

    pub(super) fn load(&mut self, wasm: &[u8], name: &str) -> io::Result<()> {
        let file = Inherited::new(wasm)?;
        self.commands.push(Command::module(&file, name));
        self.files.push(file);
        Ok(())
    }

    /// A call of nothing, so that what a start function has noted is not taken for what the next call notes.
    pub(super) fn mark_end(&mut self) -> io::Result<()> {
        let nothing = self.small("(module (func (export \"f\")))")?;
        self.commands.push(Command::call(&nothing, &[]));
        self.calls += 1;
        Ok(())
    }

    /// What there is now.
    pub(super) fn mark(&self) -> Mark {
        let (made, small) = (self.made.clone(), self.small.clone());
        Mark { commands: self.commands.len(), hosts: self.hosts.len(), made, small }
    }

    /// As if nothing had been done since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.commands.truncate(mark.commands);
        self.hosts.truncate(mark.hosts);
        (self.made, self.small) = (mark.made, mark.small);
    }

    /// From where an import comes; `None` if nothing can be made for it.
    pub(super) fn source(&mut self, given: &Given) -> io::Result<Option<(String, String)>> {
        if let Give::Export { instance, export } = &given.give {
            return Ok(Some((format!("{OURS}{instance}"), export.clone())));
        }
        let key = (given.module.clone(), given.name.clone());
        if let Some(from) = self.made.get(&key) {
            return Ok(Some((from.clone(), "f".to_owned())));
        }
        let number = self.hosts.len();
        let Some(text) = made(&given.ty, number) else { return Ok(None) };
        if let TypeOf::Func { params, .. } = &given.ty {
            self.hosts.push((key.0.clone(), key.1.clone(), params.clone()));
        }
        let from = format!("{OURS}made {}", self.made.len());
        // Each is another one, even if the texts are the same.
        self.small.remove(&text);
        self.instance(&text, &from)?;
        self.made.insert(key, from.clone());
        Ok(Some((from, "f".to_owned())))
    }

    /// Makes all imports of a module importable; `false` if one cannot be.
    pub(super) fn provide(&mut self, imports: &[Given]) -> io::Result<bool> {
        let mut by_module: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for given in imports {
            let Some(source) = self.source(given)? else { return Ok(false) };
            let items = by_module.entry(&given.module).or_default();
            items.push((given.name.as_str(), &given.ty, source));
        }
        for (module, items) in by_module {
            let Some(text) = gathered(&items) else { return Ok(false) };
            self.instance(&text, module)?;
        }
        Ok(true)
    }

    /// The calls of host functions among numbers that were noted.
    pub(super) fn host_calls(&self, numbers: &mut VecDeque<u32>) -> Vec<Noted> {
        let mut calls = Vec::new();
        while let Some(number) = numbers.pop_front() {
            let Some((module, name, params)) = self.hosts.get(number as usize) else { break };
            let args = params.iter().map(|ty| {
                let bits: Vec<u32> =
                    (0..noted(ty)).map(|_| numbers.pop_front().unwrap_or_default()).collect();
                let wide =
                    bits.iter().rev().fold(0u128, |all, bits| (all << 32) | u128::from(*bits));
                value_of(ty, wide)
            });
            let args = args.collect();
            let (module, name) = (module.clone(), name.clone());
            calls.push(Noted { module, name, args, gas_left: None });
        }
        calls
    }
}
