//! Variable Instructions.

use crate::configuration::{Configuration, Step};
use etalon_module::Rule;

impl Configuration<'_> {
    /// `local.get` gives the value of a local. `Step_read/local.get`
    pub(crate) fn local_get(&mut self, index: u32) -> Step {
        self.used(Rule::LocalGet);
        let value = *self.local(index)?;
        self.push(value)
    }

    /// `local.set` changes a local. `Step/local.set`
    pub(crate) fn local_set(&mut self, index: u32) -> Step {
        self.used(Rule::LocalSet);
        let value = self.pop()?;
        *self.local(index)? = value;
        Ok(())
    }

    /// `local.tee` is `local.set` that leaves the value on the stack. `Step_pure/local.tee`
    pub(crate) fn local_tee(&mut self, index: u32) -> Step {
        self.used(Rule::LocalTee);
        let value = self.pop()?;
        self.push(value)?;
        *self.local(index)? = value;
        Ok(())
    }

    /// `global.get` gives the value of a global. `Step_read/global.get`
    pub(crate) fn global_get(&mut self, index: u32) -> Step {
        self.used(Rule::GlobalGet);
        let global = self.global_addr(index)?;
        let value = self.store.globals[global.index()].get();
        self.push(value)
    }

    /// `global.set` changes a global. `Step/global.set`
    pub(crate) fn global_set(&mut self, index: u32) -> Step {
        self.used(Rule::GlobalSet);
        let global = self.global_addr(index)?;
        let value = self.pop()?;
        self.store.globals[global.index()].set(value);
        Ok(())
    }
}
