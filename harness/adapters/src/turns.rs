//! Calls in turns on the oracle: the threads of a script as executions of one store.

use crate::adapter::{Call, Instance, Turn, Turns};
use crate::outcome::Outcome;
use crate::own_session::OwnSession;
use crate::own_values::returned;
use crate::value::Val;
use etalon::{ExecutionError, PauseLimits, Progress};

/// Most instructions in a turn, so that a loop without accesses to a memory does not block the other threads.
const MOST: u64 = 10_000;

impl Turns for OwnSession {
    fn use_names(&mut self, thread: usize) {
        let spectest = &self.spectest;
        let names = self.others.remove(&thread);
        if thread != self.thread {
            let names = names.unwrap_or_else(|| spectest.clone());
            let before = std::mem::replace(&mut self.linker, names);
            self.others.insert(self.thread, before);
            self.thread = thread;
        }
    }

    fn start(&mut self, instance: Instance, export: &str, args: &[Val]) -> Result<Call, Outcome> {
        let (func, values) = self.callee(instance, export, args)?;
        let _watched = self.watched();
        match self.store.start(func, &values) {
            Ok(execution) => {
                self.started.push(Some(execution));
                Ok(Call(self.started.len() as u64 - 1))
            }
            // A host function that the module exports again ends at once.
            Err(error)
                if error.downcast_ref::<ExecutionError>()
                    == Some(&ExecutionError::NotTheOracles) =>
            {
                Err(self.invoke_at_once(func, &values))
            }
            Err(error) if error.is::<ExecutionError>() => Err(Outcome::Crashed(error.to_string())),
            Err(error) => Err(self.stopped(&error)),
        }
    }

    fn turn(&mut self, call: Call) -> Turn {
        let Some(execution) = self.execution(call) else {
            return Turn::Done(Outcome::Crashed("an execution that was not started".to_owned()));
        };
        let limits = PauseLimits::instructions(MOST).accesses();
        let _watched = self.watched();
        let outcome = match self.store.resume(execution, &limits) {
            Ok(Progress::Paused(_)) => return Turn::Paused,
            Ok(Progress::Waiting(_)) => return Turn::Waiting,
            Ok(Progress::Done(values)) => returned(&self.store, &values),
            Err(error) if error.is::<ExecutionError>() => Outcome::Crashed(error.to_string()),
            Err(error) => self.stopped(&error),
        };
        self.started[call.0 as usize] = None;
        Turn::Done(outcome)
    }

    fn waits(&self, call: Call) -> Option<i64> {
        Some(self.store.wait_of(self.execution(call)?)?.timeout)
    }

    fn time_out(&mut self, call: Call) {
        if let Some(execution) = self.execution(call) {
            self.store.time_out(execution);
        }
    }

    fn abandon(&mut self, call: Call) {
        if let Some(execution) = self.execution(call) {
            self.store.abandon(execution);
        }
    }
}
