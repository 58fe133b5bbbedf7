//! A module in a store, run by the compiled tier.
#![allow(dead_code)] // Each test file uses its own part.

use etalon_gas::Schedule;
use etalon_jit::{CompileOptions, Jit, LoadedModule, OptLevel, compile};
use etalon_module::{Features, Module};
use etalon_runtime::{
    Extern, InstanceAddr, InvokeError, Linker, Placement, Stop, Store, StoreConfig, Value,
    instantiate,
};
use std::sync::Arc;

/// A store with one executor, to which modules can be added.
pub(crate) struct Machine {
    pub(crate) store: Store,
    pub(crate) linker: Linker,
    pub(crate) last: InstanceAddr,
    opt: OptLevel,
    tier: etalon_runtime::TierId,
}

pub(crate) fn schedule() -> Arc<Schedule> {
    Schedule::builtin(Schedule::DEFAULT).unwrap()
}

pub(crate) fn module(wat: &str) -> Arc<Module> {
    let bytes = wat::parse_str(wat).unwrap();
    let features = Features::wasm3();
    Arc::new(Module::new(&bytes, features).unwrap())
}

pub(crate) fn options(metering: bool, opt: OptLevel) -> CompileOptions {
    CompileOptions { opt, verify: true, ..CompileOptions::new(schedule(), metering) }
}

/// A tier for a new store.
pub(crate) fn jit(name: &'static str) -> Arc<Jit> {
    // SAFETY: these tests compile what they run, and take nothing out of their stores.
    unsafe { Jit::new(name) }
}

impl Machine {
    pub(crate) fn empty(config: StoreConfig, opt: OptLevel) -> Machine {
        let mut store = Store::new(config).unwrap();
        let tier = store.add_executor(jit("jit"));
        Machine { store, linker: Linker::new(), last: InstanceAddr(0), opt, tier }
    }

    /// Compiles and instantiates a module with the linker's imports.
    pub(crate) fn add(
        &mut self,
        wat: &str,
    ) -> Result<InstanceAddr, etalon_runtime::InstantiateError> {
        let module = module(wat);
        let compiled = compile(&module, &options(self.store.is_metering(), self.opt)).unwrap();
        let loaded = LoadedModule::load(&compiled, &module).unwrap();
        let placement = Placement::all(self.tier).with_code(self.tier, Arc::new(loaded));
        let imports = self.linker.resolve(&module).unwrap();
        self.last = instantiate(&mut self.store, &module, &imports, &placement)?;
        Ok(self.last)
    }

    pub(crate) fn new(config: StoreConfig, opt: OptLevel, wat: &str) -> Machine {
        let mut machine = Machine::empty(config, opt);
        machine.add(wat).unwrap();
        machine
    }

    pub(crate) fn call(&mut self, name: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let Some(Extern::Func(func)) = self.store.instance(self.last).export(name) else {
            panic!("no function {name}")
        };
        self.store.invoke(func, args).map_err(|error| match error {
            InvokeError::Stop(stop) => stop,
            other => panic!("{other}"),
        })
    }
}

/// Runs a test for each level of the code generator.
pub(crate) fn at_each_level(test: impl Fn(OptLevel)) {
    for opt in [OptLevel::None, OptLevel::Speed, OptLevel::Size] {
        test(opt);
    }
}

/// The bytes of a file, mapped, that was removed, so that nobody finds it.
pub(crate) fn nameless(file: &std::fs::File) -> etalon_module::Bytes {
    // SAFETY: nobody changes a file that has no name, and the tests do not write to it.
    unsafe { etalon_jit::artefact::Artefact::map(file) }.unwrap()
}
