//! One session of an engine, for those who load each module once.

use crate::adapter::{AdapterError, Call, Instance, Opened, Session, Turn};
use crate::outcome::Outcome;
use crate::value::Val;
use std::ops::{Deref, DerefMut};

/// An engine that is set up, and one session of it.
pub struct Solo {
    // Dropped before the engine.
    session: Box<dyn Session>,
    opened: Box<dyn Opened>,
}

impl Solo {
    /// A session of an engine.
    ///
    /// # Errors
    /// If the engine cannot make one.
    pub fn new(opened: Box<dyn Opened>) -> Result<Solo, AdapterError> {
        Ok(Solo { session: opened.session()?, opened })
    }

    /// Decodes and validates a module.
    ///
    /// # Errors
    /// The outcome, if the module is refused or that takes too long.
    pub fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        self.opened.validate(wasm)
    }

    /// Prepares a module and instantiates it.
    ///
    /// # Errors
    /// The outcome, if the module is refused, takes too long, or stops.
    pub fn load(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        let module = self.opened.prepare(wasm)?;
        self.session.instantiate(&module)
    }

    /// The same, after what it imports and is not defined was defined.
    ///
    /// # Errors
    /// The outcome, if the module is refused, takes too long, or stops.
    pub fn load_alone(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        let module = self.opened.prepare(wasm)?;
        self.session.define_missing_imports(&module)?;
        self.session.instantiate(&module)
    }
}

/// Calls in turns; an engine that cannot make them makes a call at once.
impl Solo {
    /// Whether calls can be made in turns.
    pub fn takes_turns(&mut self) -> bool {
        self.session.turns().is_some()
    }

    /// As [`Turns::use_names`](crate::Turns::use_names).
    pub fn use_names(&mut self, thread: usize) {
        if let Some(turns) = self.session.turns() {
            turns.use_names(thread);
        }
    }

    /// As [`Turns::start`](crate::Turns::start).
    ///
    /// # Errors
    /// The outcome, if it ends at once.
    pub fn start(
        &mut self,
        instance: Instance,
        export: &str,
        args: &[Val],
    ) -> Result<Call, Outcome> {
        match self.session.turns() {
            Some(turns) => turns.start(instance, export, args),
            None => Err(self.session.invoke(instance, export, args)),
        }
    }

    /// As [`Turns::turn`](crate::Turns::turn).
    pub fn turn(&mut self, call: Call) -> Turn {
        let none = || format!("call {} is not made in turns", call.0);
        match self.session.turns() {
            Some(turns) => turns.turn(call),
            None => Turn::Done(Outcome::HostError(none())),
        }
    }

    /// As [`Turns::waits`](crate::Turns::waits).
    pub fn waits(&mut self, call: Call) -> Option<i64> {
        self.session.turns()?.waits(call)
    }

    /// As [`Turns::time_out`](crate::Turns::time_out).
    pub fn time_out(&mut self, call: Call) {
        if let Some(turns) = self.session.turns() {
            turns.time_out(call);
        }
    }

    /// As [`Turns::abandon`](crate::Turns::abandon).
    pub fn abandon(&mut self, call: Call) {
        if let Some(turns) = self.session.turns() {
            turns.abandon(call);
        }
    }
}

impl Deref for Solo {
    type Target = dyn Session;

    fn deref(&self) -> &Self::Target {
        self.session.as_ref()
    }
}

impl DerefMut for Solo {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.session.as_mut()
    }
}

impl std::fmt::Debug for Solo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Solo")
    }
}
