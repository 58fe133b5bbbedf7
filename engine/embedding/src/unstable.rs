//! What tests and tools of Etalon itself need, and what may change with any version: placement of functions in tiers, digests of
//! the state, the oracle's use of the specification, observers, numbers in place of host values.
//!
//! Nothing here can break a store either.

use crate::config::{Config, Tier};
use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::error::ModuleError;
use crate::external::Extern;
use crate::func::Func;
use crate::instance::Instance;
use crate::interrupt::InterruptHandle;
pub use crate::interrupt::until_interrupted;
use crate::linker::Linker;
use crate::module::{Module, wanted};
use crate::reference::{AnyRef, ExternRef, Rooted};
use crate::store::Store;
use crate::value::Val;
pub use etalon_gas::GasCell;
pub use etalon_jit::artefact::About;
use etalon_jit::{ArtefactError, artefact};
pub use etalon_jit::{Listed, Listing};
pub use etalon_module as module;
pub use etalon_module::{Module as ModuleData, Opcode, Rule};
use etalon_oracle::Oracle;
pub use etalon_oracle::{Observer, Usage};
use etalon_runtime::{
    Extern as RawExtern, FuncKind, Interrupt, Ref as Word, RefKind, Store as State,
};
pub use etalon_runtime::{FuncAddr, StateDigest};
use std::sync::Arc;

/// A module with each function of its own, by its index, placed in a tier.
///
/// # Errors
/// As for [`Module::new`].
pub fn mixed(
    engine: &Engine,
    bytes: &[u8],
    tier_of: impl Fn(u32) -> Tier,
) -> Result<Module, ModuleError> {
    Module::placed(engine, bytes, None, tier_of)
}

/// As [`mixed`], until another thread interrupts it, as [`Module::new_interruptible`] says.
///
/// # Errors
/// As for [`Module::new_interruptible`].
pub fn mixed_interruptible(
    engine: &Engine,
    bytes: &[u8],
    handle: &InterruptHandle,
    tier_of: impl Fn(u32) -> Tier + Send + 'static,
) -> Result<Module, ModuleError> {
    Module::placed_interruptible(engine, bytes, handle, tier_of)
}

/// What the compiler makes of one function of a module, as the settings of the engine have it: the code generator's form, and
/// machine code. `None` if it leaves the function to another tier, or the module does not define it.
///
/// # Errors
/// As for [`listed`].
pub fn listing(engine: &Engine, bytes: &[u8], func: u32) -> Result<Option<Listing>, ModuleError> {
    match listed(engine, bytes, func, None)? {
        Listed::Code(listing) => Ok(Some(*listing)),
        Listed::NotCompiled(_) | Listed::NotDefined => Ok(None),
    }
}

/// The same, with the reason if there is no code. With a `target` the code is for a machine of that triple, which has the features of the
/// engine's level and no others.
///
/// # Errors
/// If the module is refused, the compiler lacks a feature that it needs, or code for the machine cannot be made at all.
pub fn listed(
    engine: &Engine,
    bytes: &[u8],
    func: u32,
    target: Option<&str>,
) -> Result<Listed, ModuleError> {
    Module::listed(engine, bytes, func, target)
}

/// A handle of no store, for work of the embedder's own.
pub fn interrupt_handle() -> InterruptHandle {
    InterruptHandle::new(&Interrupt::new())
}

/// The bytes of the module in an artefact. Its code is not looked at.
///
/// # Errors
/// If it is damaged, or another version made it.
pub fn module_in_artefact(bytes: &[u8]) -> Result<Vec<u8>, ArtefactError> {
    artefact::module_in(bytes)
}

/// What the header of an artefact says: the schedule that it is metered by, and whether it can be interrupted.
///
/// # Errors
/// If it is damaged, or another version made it.
pub fn about_artefact(bytes: &[u8]) -> Result<About, ArtefactError> {
    artefact::about(bytes)
}

/// The triple of this machine; `None` if no artefact runs here.
pub fn this_machine() -> Option<String> {
    etalon_jit::Machine::here().map(|machine| machine.to_string())
}

/// The numbers that the header of object files has for words of a context: their names there, in its order.
pub fn object_context() -> impl Iterator<Item = (&'static str, usize)> {
    etalon_jit::object_file::context()
}

/// Whether an artefact was made for engines of these settings. Its code is not looked at.
///
/// # Errors
/// Why it was not.
pub fn artefact_fits(config: &Config, bytes: &[u8]) -> Result<(), ArtefactError> {
    artefact::fits(bytes, &wanted(config))
}

/// What a module declares, in the terms of its text.
pub fn module_data(module: &Module) -> &Arc<ModuleData> {
    module.data()
}

/// A store whose oracle tells an observer every step: for traces.
pub fn observed<T: 'static>(
    engine: &Engine,
    data: T,
    observer: Box<dyn Observer + Send>,
) -> Store<T> {
    Store::with_oracle(engine, data, Oracle::with_observer(observer))
}

/// What the oracle of a store used of the specification so far: rules, operators, numeric functions.
pub fn usage<T: 'static>(store: &Store<T>) -> Usage {
    store.shared().oracle.usage()
}

/// The executed ledger of the oracle, in gas: the weights of all instructions that it executed so far, and what
/// entries into functions and dynamic operators cost.
pub fn executed<T: 'static>(store: &Store<T>) -> u64 {
    usage(store).ledger(store.state().schedule())
}

/// Hashes of all memories, globals and tables of a store.
pub fn digest(store: impl AsContext) -> StateDigest {
    store.as_context().state.digest()
}

/// The gas that is left in a store, to be read while it runs.
pub fn gas_cell(store: impl AsContext) -> Arc<GasCell> {
    store.as_context().state.meter().shared_cell()
}

/// Whether gas ran out in a store, which is final until its limit is set again.
pub fn is_exhausted(store: impl AsContext) -> bool {
    store.as_context().state.meter().is_exhausted()
}

/// Slots of depth that are left to calls (gas-1, *Depth*).
pub fn depth_left(store: impl AsContext) -> u64 {
    store.as_context().state.depth_left()
}

/// Whether something runs in a store, as is so inside of a host function.
pub fn is_running(store: impl AsContext) -> bool {
    store.as_context().state.is_running()
}

/// How many objects and exceptions of a store have not been collected, and the bytes of all that were ever
/// allocated.
pub fn heap(store: impl AsContext) -> (usize, u64) {
    let heap = &store.as_context().state.heap;
    (heap.live_objects(), heap.allocated_bytes())
}

/// Bytes of all memories, tables and objects of a store, touched or not: what a snapshot may copy.
pub fn store_bytes(store: impl AsContext) -> u64 {
    let state = store.as_context().state;
    let memories = state.memories.iter().map(|memory| memory.bytes().len() as u64);
    let tables = state.tables.iter().map(|table| 8 * table.len());
    memories.chain(tables).sum::<u64>() + state.heap.allocated_bytes()
}

/// The tier that runs a function; `None` if the host does.
///
/// # Panics
/// If it is of another store.
pub fn tier_name(store: impl AsContext, func: Func) -> Option<&'static str> {
    let state = store.as_context().state;
    match state.funcs.kind(func.0.of(state))? {
        FuncKind::Wasm { tier, .. } => Some(state.executor(tier).name()),
        FuncKind::Host(_) => None,
    }
}

/// The external reference to a number of the embedder's choice, in place of one to a value.
pub fn extern_number(mut store: impl AsContextMut, n: u32) -> Rooted<ExternRef> {
    Rooted::of(store.as_context_mut().state, Word::external(n))
}

/// The same as an internal reference.
pub fn any_number(mut store: impl AsContextMut, n: u32) -> Rooted<AnyRef> {
    Rooted::of(store.as_context_mut().state, Word::host(n))
}

/// What a reference is to, as far as a test can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A function.
    Func,
    /// An unboxed integer.
    I31(u32),
    /// A structure.
    Struct,
    /// An array.
    Array,
    /// An exception.
    Exn,
    /// A value of the host, by its number, as an internal reference.
    Host(u32),
    /// A value of the host, by its number.
    Extern(u32),
    /// Something else as an external reference.
    Externalised,
}

/// What a value refers to; `None` if it is no reference, null, of another store, or its scope is over.
pub fn kind_of(store: impl AsContext, val: &Val) -> Option<Kind> {
    let word = val.ref_()?.word(store.as_context().state).ok()?;
    Some(match word.kind()? {
        RefKind::Host(n) if word.is_externalised() => Kind::Extern(n),
        _ if word.is_externalised() => Kind::Externalised,
        RefKind::Host(n) => Kind::Host(n),
        RefKind::Func(_) => Kind::Func,
        RefKind::I31(n) => Kind::I31(n),
        RefKind::Struct(_) => Kind::Struct,
        RefKind::Array(_) => Kind::Array,
        RefKind::Exn(_) => Kind::Exn,
    })
}

/// A handle that can be moved to the store that another store's snapshot became.
pub trait Rebind: Sized {
    /// What has the same address in a store; `None` if nothing has.
    fn rebind(self, store: impl AsContext) -> Option<Self>;
}

fn exists(state: &State, item: RawExtern) -> bool {
    match item {
        RawExtern::Func(a) => state.funcs.is_referable(a),
        RawExtern::Table(a) => a.index() < state.tables.len(),
        RawExtern::Memory(a) => a.index() < state.memories.len(),
        RawExtern::Global(a) => a.index() < state.globals.len(),
        RawExtern::Tag(a) => a.index() < state.tags.len(),
    }
}

impl Rebind for Extern {
    fn rebind(self, store: impl AsContext) -> Option<Extern> {
        let state = store.as_context().state;
        let item = match self {
            Extern::Func(f) => RawExtern::Func(f.0.addr()),
            Extern::Global(g) => RawExtern::Global(g.0.addr()),
            Extern::Table(t) => RawExtern::Table(t.0.addr()),
            Extern::Memory(m) => RawExtern::Memory(m.0.addr()),
            Extern::Tag(t) => RawExtern::Tag(t.0.addr()),
        };
        exists(state, item).then(|| Extern::of(state, item))
    }
}

impl Rebind for Func {
    fn rebind(self, store: impl AsContext) -> Option<Func> {
        Extern::Func(self).rebind(store)?.into_func()
    }
}

impl<T: 'static> Rebind for Linker<T> {
    fn rebind(self, store: impl AsContext) -> Option<Linker<T>> {
        self.rebound(|item| item.rebind(&store))
    }
}

impl Rebind for Instance {
    fn rebind(self, store: impl AsContext) -> Option<Instance> {
        let state = store.as_context().state;
        let addr = self.0.addr();
        (addr.index() < state.instances.len()).then(|| Instance::of(state, addr))
    }
}
