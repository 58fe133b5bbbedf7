//! Linking: import names to addresses (specification: *Embedding*, and *Modules*, "Instantiation").

use crate::InstanceAddr;
use crate::instance::Extern;
use crate::store::Store;
use etalon_module::Module;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a module cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Nothing was provided for an import.
    #[error("unknown import {module:?} {name:?}")]
    Unknown {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
    },
    /// The provided definition has another type.
    #[error("incompatible import type for {module:?} {name:?}")]
    Incompatible {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
    },
    /// The provided definition is of another store. An address does not tell: whoever knows the stores says so.
    #[error("import {module:?} {name:?} is of another store")]
    OtherStore {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
    },
    /// The embedder's policy lets no guest import it, whatever it is defined as. Here nobody asks for one: whoever has a policy says so.
    #[error("import {module:?} {name:?} is forbidden by policy {policy:?}: {rule}")]
    Forbidden {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
        /// The name of the policy.
        policy: String,
        /// The rule that forbids it, in words.
        rule: String,
    },
    /// More or fewer imports were provided than the module has.
    #[error("{needed} imports are needed, {given} given")]
    Count {
        /// How many the module has.
        needed: usize,
        /// How many were given.
        given: usize,
    },
}

/// What the modules of a store can import, by name.
#[derive(Clone, Debug, Default)]
pub struct Linker {
    items: BTreeMap<String, BTreeMap<String, Extern>>,
}

impl Linker {
    /// An empty linker.
    pub fn new() -> Linker {
        Linker::default()
    }

    /// Defines one name; a later definition replaces an earlier one.
    pub fn define(&mut self, module: &str, name: &str, item: Extern) {
        self.items.entry(module.to_owned()).or_default().insert(name.to_owned(), item);
    }

    /// Defines all exports of an instance under a module name; later definitions replace earlier ones.
    pub fn define_instance(&mut self, store: &Store, module: &str, instance: InstanceAddr) {
        let inst = store.instance(instance);
        let exports = inst.module.exports.iter().map(|e| (e.name.clone(), inst.resolve(e)));
        self.items.insert(module.to_owned(), exports.collect());
    }

    /// The definition of a pair of names.
    pub fn get(&self, module: &str, name: &str) -> Option<Extern> {
        self.items.get(module)?.get(name).copied()
    }

    /// Looks up every import of a module, in order. Types are checked at instantiation.
    ///
    /// # Errors
    /// [`LinkError::Unknown`] with the first name that is not defined.
    pub fn resolve(&self, module: &Module) -> Result<Vec<Extern>, LinkError> {
        module
            .imports
            .iter()
            .map(|import| {
                self.get(&import.module, &import.name).ok_or_else(|| LinkError::Unknown {
                    module: import.module.clone(),
                    name: import.name.clone(),
                })
            })
            .collect()
    }
}
