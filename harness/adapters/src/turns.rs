//! Calls in turns on the oracle: the threads of a script as executions of one store.

use crate::adapter::{Call, Instance, Turn};
use crate::outcome::Outcome;
use crate::own::OwnSession;
use crate::value::Val;
use etalon::{
    Execution, InvokeError, PauseLimits, Progress, ResumeError, StartError, Stop, WaiterId,
};

/// Most instructions in a turn, so that a loop without accesses to a memory does not block the other threads.
const MOST: u64 = 10_000;

impl OwnSession {
    pub(crate) fn use_names_of(&mut self, thread: usize) {
        let spectest = &self.spectest;
        let names = self.others.remove(&thread);
        if thread != self.thread {
            let names = names.unwrap_or_else(|| spectest.clone());
            let before = std::mem::replace(&mut self.linker, names);
            self.others.insert(self.thread, before);
            self.thread = thread;
        }
    }

    pub(crate) fn start_call(
        &mut self,
        instance: Instance,
        export: &str,
        args: &[Val],
    ) -> Result<Call, Outcome> {
        let (func, values) = self.callee(instance, export, args)?;
        match self.store.start(func, &values) {
            Ok(execution) => {
                self.started.insert(execution, func);
                Ok(Call(execution.0))
            }
            Err(StartError::Invoke(InvokeError::Stop(stop))) => Err(self.stopped(stop)),
            Err(StartError::Invoke(InvokeError::Arguments(text))) => Err(Outcome::HostError(text)),
            // A host function that the module exports again ends at once.
            Err(StartError::NotTheOracles) => match self.store.invoke(func, &values) {
                Ok(values) => Err(self.returned(func, &values)),
                Err(InvokeError::Arguments(text)) => Err(Outcome::HostError(text)),
                Err(InvokeError::Stop(stop)) => Err(self.stopped(stop)),
            },
            Err(other) => Err(self.stopped(Stop::crash(other.to_string()))),
        }
    }

    pub(crate) fn take_turn(&mut self, call: Call) -> Turn {
        let execution = Execution(call.0);
        let limits = PauseLimits { accesses: true, ..PauseLimits::instructions(MOST) };
        let outcome = match self.store.resume(execution, &limits) {
            Ok(Progress::Paused(_)) => return Turn::Paused,
            Ok(Progress::Waiting(_)) => return Turn::Waiting,
            Ok(Progress::Done(values)) => match self.started.get(&execution) {
                Some(func) => self.returned(*func, &values),
                None => Outcome::Crashed("an execution that was not started".to_owned()),
            },
            Err(ResumeError::Stop(stop)) => self.stopped(stop),
            Err(other) => Outcome::Crashed(other.to_string()),
        };
        self.started.remove(&execution);
        Turn::Done(outcome)
    }

    pub(crate) fn waits_of(&self, call: Call) -> Option<i64> {
        self.store.waits.of(WaiterId(call.0)).map(|wait| wait.timeout)
    }
}
