//! What a linker defines, and what that means for a module: for whoever decides whether to run it.
//!
//! ```
//! use etalon::{Definition, Engine, Linker, Module, Policy};
//!
//! let engine = Engine::default();
//! let mut linker = Linker::<()>::new(&engine);
//! linker.func_wrap("env", "log", |_: i32| {})?;
//! linker.policy(Policy::new("plugins").allow("env", "log"));
//! let module = Module::new(&engine, r#"(module
//!     (import "env" "log" (func (param i32)))
//!     (import "env" "memory" (memory 1)))"#)?;
//! let audit = linker.audit(&module);
//! assert!(matches!(audit[0].definition, Definition::Host(_)));
//! // A call of a function of the host costs 24 gas in the default schedule.
//! assert_eq!(audit[0].cost.map(|cost| cost.base), Some(24));
//! assert!(matches!(audit[1].definition, Definition::Missing));
//! let judgement = audit[1].judgement.as_ref().expect("the linker has a policy");
//! assert_eq!(judgement.to_string(), "no rule allows it");
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::linker::{Item, Linker};
use crate::module::Module;
use crate::policy::Judgement;
use crate::types::{ExternType, FuncType, ImportType};
use etalon_gas::Schedule;

/// What a linker has for an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// Nothing.
    Missing,
    /// A function of the host, of this type.
    Host(FuncType),
    /// Something of a store, which knows its type ([`Extern::ty`](crate::Extern::ty)).
    Store,
}

/// What a call of a function of the host costs, in gas, before the function charges anything itself (gas-1, *Host calls*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCost {
    /// Gas for the call.
    pub base: u32,
    /// Whether the schedule has a price for these two names, in `host.imports`; it is `host.base` otherwise.
    pub is_named: bool,
}

/// An import of a module, as a linker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportAudit<'a> {
    /// Its two names, and its type.
    pub import: ImportType<'a>,
    /// What it is defined as.
    pub definition: Definition,
    /// What a call of it costs if gas is charged, where it is a function of the host; and what it would cost where it is a
    /// function that is not defined. `None` for everything else: what is of a store has its price from there.
    pub cost: Option<CallCost>,
    /// What the linker's policy says of it; `None` without one.
    pub judgement: Option<Judgement>,
}

impl ImportAudit<'_> {
    /// Whether it is defined, and not forbidden.
    pub fn is_available(&self) -> bool {
        self.definition != Definition::Missing
            && self.judgement.as_ref().is_none_or(Judgement::is_allowed)
    }
}

impl CallCost {
    fn of(schedule: &Schedule, module: &str, name: &str) -> CallCost {
        let host = schedule.host();
        let is_named = host.imports.get(module).is_some_and(|names| names.contains_key(name));
        CallCost { base: host.base(module, name), is_named }
    }
}

impl<T: 'static> Linker<T> {
    /// Each import of a module, in its order: whether it is defined, what it costs, and what policy says of it. Nothing is
    /// instantiated, and a type that does not fit shows only when it is.
    pub fn audit<'a>(&self, module: &'a Module) -> Vec<ImportAudit<'a>> {
        let schedule = &self.engine().config().schedule;
        let audit = |import: ImportType<'a>| {
            let (first, second) = (import.module(), import.name());
            let definition = self.definition(first, second);
            let is_func = matches!(import.ty(), ExternType::Func(_));
            let cost = (is_func && definition != Definition::Store)
                .then(|| CallCost::of(schedule, first, second));
            let judgement = self.judge(first, second);
            ImportAudit { import, definition, cost, judgement }
        };
        module.imports().map(audit).collect()
    }

    /// What a pair of names is defined as, whatever the policy says.
    pub fn definition(&self, module: &str, name: &str) -> Definition {
        match self.item(module, name) {
            None => Definition::Missing,
            Some(Item::Host(host)) => Definition::Host(host.ty().clone()),
            Some(Item::Extern(_)) => Definition::Store,
        }
    }

    /// All pairs of names that are defined, by the names.
    pub fn names(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.items().map(|(module, name)| (module.as_str(), name.as_str()))
    }
}
