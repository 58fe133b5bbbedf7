//! Executions in pieces, on the oracle: started, paused before any instruction, resumed.
//!
//! ```
//! use etalon::{Config, Engine, Linker, Module, PauseLimits, Progress, Store, Tier, Value};
//!
//! let engine = Engine::new(Config::new(Tier::Oracle));
//! # let wasm = wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32)
//! #     local.get 0 local.get 1 i32.add))"#).unwrap();
//! let module = Module::new(&engine, &wasm)?;
//! let mut store = Store::new(&engine, None)?;
//! let instance = store.instantiate(&module, &Linker::new())?;
//! let add = store.func(instance, "add").expect("the module exports it");
//! let execution = store.start(add, &[Value::I32(1), Value::I32(2)])?;
//! let mut pauses = 0;
//! let results = loop {
//!     match store.resume(execution, &PauseLimits::instructions(1))? {
//!         Progress::Done(results) => break results,
//!         Progress::Paused(_) => pauses += 1,
//!         Progress::Waiting(_) => unreachable!("it has no memory to wait at"),
//!     }
//! };
//! // Two `local.get`, the addition and `end`, with a pause between each of them.
//! assert_eq!((results, pauses), (vec![Value::I32(3)], 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::store::{Store, no_stack};
use etalon_jit::on_guest_stack;
use etalon_oracle::{Execution, PauseLimits, Progress, ResumeError, StartError};
use etalon_runtime::{FuncAddr, InvokeError, Value};

impl Store {
    /// Begins to execute a function: it is entered, and paused before its first instruction. Its entry
    /// is charged. Any number of executions may be paused in a store, and invocations may come between.
    ///
    /// # Errors
    /// If the function is not the oracle's, the arguments do not fit, or there is no gas or depth to enter it.
    pub fn start(&mut self, func: FuncAddr, args: &[Value]) -> Result<Execution, StartError> {
        let oracle = self.oracle.clone();
        let start = || oracle.start(self, func, args);
        on_guest_stack(start)
            .unwrap_or_else(|error| Err(InvokeError::Stop(no_stack(&error)).into()))
    }

    /// Goes on with an execution until a limit is reached or it ends. All its pieces together show what
    /// one [`Store::invoke`] shows: results, traps, gas.
    ///
    /// What a host function calls back, and a module's start function, run in one piece.
    ///
    /// # Errors
    /// If it does not exist, if it stopped, or from inside a host function.
    pub fn resume(
        &mut self,
        execution: Execution,
        limits: &PauseLimits,
    ) -> Result<Progress, ResumeError> {
        let oracle = self.oracle.clone();
        let resume = || oracle.resume(self, execution, limits);
        on_guest_stack(resume).unwrap_or_else(|error| Err(no_stack(&error).into()))
    }

    /// Ends the wait of an execution because its time is up: it goes on with the result 2 of
    /// `memory.atomic.wait`. `false` if it does not wait. The engine has no clock, so that runs are the
    /// same every time: whoever schedules decides when the time is up.
    pub fn time_out(&mut self, execution: Execution) -> bool {
        let oracle = self.oracle.clone();
        oracle.time_out(self, execution)
    }

    /// Gives a paused execution up; `false` if it does not exist.
    pub fn abandon(&mut self, execution: Execution) -> bool {
        let oracle = self.oracle.clone();
        oracle.abandon(self, execution)
    }

    /// The executions that are paused, in the order in which they were started.
    pub fn paused(&self) -> Vec<Execution> {
        self.oracle.paused()
    }
}
