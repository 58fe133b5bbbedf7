//! The one trait through which tiers run functions, each other's included.

use crate::InstanceAddr;
use crate::address::FuncAddr;
use crate::funcs::Tiers;
use crate::initial::Initial;
use crate::promote::Promoter;
use crate::reference::Ref;
use crate::room;
use crate::stop::Stop;
use crate::store::Store;
use etalon_module::Module;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

/// A tier of one store: its position in the order in which tiers were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TierId(pub u8);

/// What a tier produced from a module before instantiation, such as compiled code.
pub type CodeObject = Arc<dyn Any + Send + Sync>;

/// How a tier's part of a call ended, if execution did not stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completion {
    /// The function returned; its results are in the slots.
    Returned,
    /// It ended with a tail call to a function of another tier, which the caller must make.
    TailCall(TailCall),
}

/// A tail call that the caller must make in place of the call that ended, with the depth that that call
/// was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailCall {
    /// The function. Its result types are those of the call that ended.
    pub func: FuncAddr,
    /// The arguments, with room for the results.
    pub slots: Vec<u64>,
}

/// How many functions and instances of a store are kept when an instantiation has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Functions with addresses below this one.
    pub funcs: usize,
    /// Instances with addresses below this one.
    pub instances: usize,
}

/// A tier: something that runs the functions of modules in a store.
pub trait Executor: Send + Sync + fmt::Debug {
    /// The tier's name: `interp`, `jit`.
    fn name(&self) -> &'static str;

    /// Prepares to run the functions of a new instance that are placed in this tier. Called once for
    /// each instance and tier, after the instance's addresses are assigned and before any active segment
    /// is copied.
    ///
    /// # Errors
    /// If the tier cannot run them, with the reason.
    fn attach(
        &self,
        store: &mut Store,
        instance: InstanceAddr,
        code: Option<&CodeObject>,
    ) -> Result<(), AttachError>;

    /// Runs a function of this tier. `slots` holds the arguments and receives the results, and is long
    /// enough for both. The store knows the depth left ([`Store::depth_left`]); the tier subtracts the
    /// callee's frame from it and charges the callee's gas.
    ///
    /// If a tail call to a function of another tier replaces the last frame of this call, the tier must
    /// return it ([`Completion::TailCall`]), so that chains of tail calls between tiers take no native
    /// stack.
    ///
    /// # Errors
    /// How execution stopped, if it did not return.
    fn call(
        &self,
        store: &mut Store,
        func: FuncAddr,
        slots: &mut [u64],
    ) -> Result<Completion, Stop>;

    /// Takes a function over that another tier ran until now: the store places it in this one already. Its code may count what
    /// is called, and then asks after so many ([`Promote`](crate::Promote)). Other tiers see for themselves. Gives false if that code ran
    /// it already.
    ///
    /// # Errors
    /// If the tier takes none, or not this one.
    fn take_over(
        &self,
        _store: &mut Store,
        _func: FuncAddr,
        _code: &CodeObject,
        _count: u32,
    ) -> Result<bool, AttachError> {
        Err(AttachError { tier: self.name(), reason: "it takes over no function".to_owned() })
    }

    /// Takes over a frame of a function that is about to turn a loop, if the tier can ([`Store::enter_loop`]).
    ///
    /// # Errors
    /// How execution stopped, if it did not return.
    fn enter_loop(
        &self,
        _store: &mut Store,
        _func: FuncAddr,
        _code: &CodeObject,
        _slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        Err(Stop::crash("the tier enters no loops"))
    }

    /// There may be a reference to a function from now on, which is none of [`Module::referable`]. Tiers that prepare themselves for
    /// references do so.
    fn refer(&self, _store: &Store, _func: FuncAddr) {}

    /// Forgets all functions and instances that are not kept: they were of an instantiation that failed, nothing can reach
    /// them, and their addresses will be used again. The store has lost them already.
    fn forget(&self, store: &Store, kept: Kept);

    /// Calls `visit` with each reference that the tier holds for this store outside of an activation
    /// ([`Store::push_activation`]), for example in paused machines.
    fn visit_roots(&self, _store: &Store, _visit: &mut dyn FnMut(Ref)) {}
}

/// Why a tier cannot run an instance.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{tier} cannot run the module: {reason}")]
pub struct AttachError {
    /// The tier's name.
    pub tier: &'static str,
    /// Why.
    pub reason: String,
}

/// Which tier runs which of a module's functions, and what the tiers produced from the module.
#[derive(Clone, Debug)]
pub struct Placement {
    default: TierId,
    exceptions: BTreeMap<u32, TierId>,
    code: Vec<(TierId, CodeObject)>,
    initial: Option<Arc<Initial>>,
    /// Who moves functions to other tiers, if anyone does.
    pub(crate) promoter: Option<Promoter>,
}

impl Placement {
    /// All functions in one tier.
    pub fn all(tier: TierId) -> Placement {
        let exceptions = BTreeMap::new();
        let (code, initial, promoter) = (Vec::new(), None, None);
        Placement { default: tier, exceptions, code, initial, promoter }
    }

    /// Places a function (its index in the module) in another tier.
    #[must_use]
    pub fn place(mut self, func: u32, tier: TierId) -> Placement {
        self.exceptions.insert(func, tier);
        self
    }

    /// Adds what a tier produced from the module.
    #[must_use]
    pub fn with_code(mut self, tier: TierId, code: CodeObject) -> Placement {
        self.code.push((tier, code));
        self
    }

    /// Adds what the instances of the module share of their memories.
    #[must_use]
    pub fn with_initial(mut self, initial: Arc<Initial>) -> Placement {
        self.initial = Some(initial);
        self
    }

    pub(crate) fn initial(&self) -> Option<&Arc<Initial>> {
        self.initial.as_ref()
    }

    /// The tier of a function; the last placement counts.
    pub fn tier_of(&self, func: u32) -> TierId {
        self.exceptions.get(&func).copied().unwrap_or(self.default)
    }

    /// The tiers of the functions that a module defines.
    pub(crate) fn tiers_of(&self, module: &Module) -> Result<Tiers, Stop> {
        let own = module.imported_funcs..module.funcs.len() as u32;
        if self.exceptions.range(own.clone()).next().is_none() {
            return Ok(Tiers::All(self.default));
        }
        Ok(Tiers::Each(room::collect(own.map(|index| self.tier_of(index)))?))
    }

    /// The tiers of some functions, each once, in their order in the store.
    pub fn tiers(&self, funcs: Range<u32>) -> BTreeSet<TierId> {
        let elsewhere = self.exceptions.range(funcs.clone());
        let mut tiers: BTreeSet<TierId> = elsewhere.clone().map(|(_, tier)| *tier).collect();
        if elsewhere.count() < funcs.len() {
            tiers.insert(self.default);
        }
        tiers
    }

    /// What a tier produced from the module.
    pub fn code(&self, tier: TierId) -> Option<&CodeObject> {
        self.code.iter().find(|(t, _)| *t == tier).map(|(_, code)| code)
    }
}
