//! Modules whose code may run, by the addresses of their code.

use super::LoadedModule;
use std::sync::Arc;

/// A sorted index: a walk over frames asks it once for each frame, however many modules there are.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    /// Where the code of each begins and ends; ascending, and no two overlap.
    by_start: Vec<(usize, usize, Arc<LoadedModule>)>,
}

impl Modules {
    /// Adds a module; again, if it is there already, which changes nothing.
    pub(crate) fn insert(&mut self, module: &Arc<LoadedModule>) {
        let (start, end) = module.addresses();
        let at = self.by_start.partition_point(|(other, ..)| *other < start);
        if self.by_start.get(at).is_none_or(|(other, ..)| *other != start) {
            self.by_start.insert(at, (start, end, Arc::clone(module)));
        }
    }

    /// Removes a module.
    pub(crate) fn remove(&mut self, module: &Arc<LoadedModule>) {
        self.by_start.retain(|(.., other)| !Arc::ptr_eq(other, module));
    }

    /// The module whose code an address is in.
    pub(crate) fn at(&self, pc: usize) -> Option<&Arc<LoadedModule>> {
        let after = self.by_start.partition_point(|(start, ..)| *start <= pc);
        let (_, end, module) = &self.by_start[after.checked_sub(1)?];
        (pc < *end).then_some(module)
    }

    /// All that have stubs and trampolines.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<LoadedModule>> {
        self.by_start.iter().map(|(.., module)| module).filter(|module| module.stubs().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{CompileOptions, OptLevel, compile};
    use etalon_gas::Schedule;
    use etalon_module::{Features, Module};

    fn loaded(constant: usize) -> Arc<LoadedModule> {
        let wat = format!("(module (func (result i32) i32.const {constant}) (func (param f64)))");
        let module = Module::new(&wat::parse_str(wat).unwrap(), Features::wasm3()).unwrap();
        let options = CompileOptions {
            opt: OptLevel::None,
            verify: true,
            ..CompileOptions::new(Schedule::builtin(Schedule::DEFAULT).unwrap(), false)
        };
        let compiled = compile(&module, &options).unwrap();
        Arc::new(LoadedModule::load(&compiled, &module).unwrap())
    }

    #[test]
    fn an_address_is_found_in_its_module_alone() {
        let all: Vec<_> = (0..30).map(loaded).collect();
        let mut modules = Modules::default();
        // In an order that is not that of the addresses, and each twice.
        for at in (0..30).map(|i| i * 7 % 30).chain(0..30) {
            modules.insert(&all[at]);
        }
        assert_eq!(modules.iter().count(), 30);
        let finds = |modules: &Modules, pc, module: &Arc<LoadedModule>| {
            modules.at(pc).is_some_and(|found| Arc::ptr_eq(found, module))
        };
        for module in &all {
            let (start, end) = module.addresses();
            let inside = [start, start + 1, end - 1, module.throw(), module.function(1).unwrap()];
            assert!(inside.iter().all(|pc| finds(&modules, *pc, module)));
            assert!(!finds(&modules, start - 1, module) && !finds(&modules, end, module));
        }
        assert!(modules.at(0).is_none() && modules.at(usize::MAX).is_none());
        let (gone, rest) = all.split_first().unwrap();
        modules.remove(gone);
        assert!(modules.at(gone.throw()).is_none());
        assert!(rest.iter().all(|module| finds(&modules, module.throw(), module)));
    }
}
