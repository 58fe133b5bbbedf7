//! The store (specification: *Runtime Structure*, "Store").

use crate::address::{
    FuncAddr, GlobalAddr, HeapAddr, InstanceAddr, MemoryAddr, TableAddr, TagAddr,
};
use crate::budget::Budget;
use crate::effects::Effects;
use crate::exception::TagInst;
use crate::executor::{Completion, Executor, TailCall, TierId};
use crate::func::FuncKind;
use crate::funcs::Funcs;
use crate::global::GlobalInst;
use crate::heap::{Activation, Handles, Heap, HeapRule};
use crate::instance::{Extern, InstanceInst};
use crate::interrupt::Interrupt;
use crate::limiter::Limiter;
use crate::memory::{Image, Imported, MemoryError, MemoryInst, MemoryPool};
use crate::promote::Promotions;
use crate::reference::{Ref, RefKind};
use crate::segment::{Datas, ElemInst};
use crate::stop::{Exhaustion, Stop};
use crate::table::{TableError, TableInst};
use crate::trace::Trace;
use crate::value::Value;
use crate::waits::Waits;
use etalon_gas::{LimitTooLarge, Meter, Schedule};
use etalon_module::{
    CompType, ExternType, FuncType, GlobalType, HeapType, MemoryType, TableType, TagType, TypeId,
    TypeRegistry, TypeUse, ValType,
};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;

/// How a store is set up.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Prices, and the limits that hold whether gas is metered or not.
    pub schedule: Arc<Schedule>,
    /// Whether instructions are charged.
    pub metering: bool,
    /// Gas to spend; `None` counts without a limit.
    pub gas: Option<u64>,
    /// Whether to collect before every allocation instead of when the heap has grown: to test that nothing
    /// depends on when collections happen.
    pub gc_stress: bool,
    /// Whether an [`Interrupt`] is looked for. Tiers choose when they make code, so it costs nothing otherwise.
    pub interruptible: bool,
    /// Whether memories may have regions ([`Store::protect`]). Tiers that make code choose then; the oracle looks at each access.
    pub memory_regions: bool,
    /// Bytes that all memories may take together. Growth beyond that is exhaustion, and instantiation a limit.
    pub memory_bytes: u64,
    /// Bytes that all tables may take together, 8 for each element; as for memories.
    pub table_bytes: u64,
    /// Where memories have their address space from, and leave it; `None` if each asks the system.
    pub memory_pool: Option<Arc<MemoryPool>>,
}

impl StoreConfig {
    /// What the memories of a store may take if nothing else is said: 64 GiB.
    pub const MEMORY_BYTES: u64 = 64 << 30;

    /// What the tables of a store may take if nothing else is said: 2 GiB. Gas pays for no element of a table that is
    /// not grown, and one with an initial value takes memory of the host at once.
    pub const TABLE_BYTES: u64 = 2 << 30;

    /// No metering, and the limits of the default schedule.
    pub fn unmetered() -> StoreConfig {
        let schedule =
            Schedule::builtin(Schedule::DEFAULT).expect("the default schedule is built in");
        StoreConfig {
            schedule,
            metering: false,
            gas: None,
            gc_stress: false,
            interruptible: false,
            memory_regions: false,
            memory_bytes: StoreConfig::MEMORY_BYTES,
            table_bytes: StoreConfig::TABLE_BYTES,
            memory_pool: None,
        }
    }

    /// Metering by the default schedule.
    pub fn metered(gas: Option<u64>) -> StoreConfig {
        StoreConfig { metering: true, gas, ..StoreConfig::unmetered() }
    }
}

/// A tier of a store.
#[derive(Debug)]
struct Tier {
    executor: Arc<dyn Executor>,
    /// The same once more, for a call to take and to give back: so no call counts what threads share.
    spare: Option<Arc<dyn Executor>>,
}

impl Tier {
    #[inline]
    fn take(&mut self) -> Arc<dyn Executor> {
        self.spare.take().unwrap_or_else(|| Arc::clone(&self.executor))
    }

    /// A host function may have put another store in the place of the one that it was called from.
    #[inline]
    fn give_back(&mut self, executor: Arc<dyn Executor>) {
        if Arc::ptr_eq(&executor, &self.executor) {
            self.spare = Some(executor);
        }
    }
}

/// The state that all instances in it share.
///
/// All references to it are of one thread at a time, which the compiler's tier relies on:
///
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<etalon_runtime::Store>();
/// ```
#[derive(Debug)]
pub struct Store {
    /// Canonical types.
    pub types: TypeRegistry,
    /// Functions.
    pub funcs: Funcs,
    /// Tables.
    pub tables: Vec<TableInst>,
    /// Memories.
    pub memories: Vec<MemoryInst>,
    /// Globals.
    pub globals: Vec<GlobalInst>,
    /// Tags.
    pub tags: Vec<TagInst>,
    /// Element segments.
    pub elems: Vec<ElemInst>,
    /// Data segments.
    pub datas: Datas,
    /// Structures, arrays and exceptions.
    pub heap: Heap,
    /// Module instances.
    pub instances: Vec<InstanceInst>,
    schedule: Arc<Schedule>,
    metering: bool,
    meter: Meter,
    tiers: Vec<Tier>,
    /// Executions that wait for a notification.
    pub waits: Waits,
    pub(crate) handles: Handles,
    pub(crate) activations: Vec<Box<dyn Activation>>,
    pub(crate) depth_left: u64,
    /// How many invocations are active, each nested in the one before.
    pub(crate) nesting: u32,
    /// The instance whose code runs, as its tier noted it before it called out of itself.
    pub(crate) running: Option<InstanceAddr>,
    id: StoreId,
    /// What the embedder keeps with the store, for its host functions. No tier looks at it.
    pub host_data: Box<dyn Any + Send>,
    pub(crate) limiter: Option<Arc<dyn Limiter>>,
    /// How many calls of host functions there were.
    pub(crate) host_calls: u64,
    memory_pool: Option<Arc<MemoryPool>>,
    memory_budget: Arc<Budget>,
    table_budget: Arc<Budget>,
    interruptible: bool,
    memory_regions: bool,
    interrupt: Interrupt,
    pub(crate) trace: Trace,
    pub(crate) imported: Imported,
    pub(crate) promotions: Promotions,
    pub(crate) effects: Effects,
}

/// The identity of a store: no two of a process have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(u64);

impl StoreId {
    fn next() -> StoreId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        StoreId(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The number, which is not 0.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// Why an invocation gave no results.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvokeError {
    /// The arguments do not match the function's type; nothing was executed.
    #[error("wrong arguments: {0}")]
    Arguments(String),
    /// Execution stopped.
    #[error(transparent)]
    Stop(#[from] Stop),
}

impl Store {
    /// An empty store.
    ///
    /// # Errors
    /// If the gas limit is above what a meter can hold.
    pub fn new(config: StoreConfig) -> Result<Store, LimitTooLarge> {
        let mut meter = Meter::unmetered();
        meter.set_limit(config.gas.filter(|_| config.metering))?;
        let depth_left = config.schedule.depth().max.into();
        let rule = if config.metering { HeapRule::Allocated } else { HeapRule::Alive };
        let mut heap = Heap::new(rule, config.schedule.limits().gc_heap_bytes);
        heap.set_stress(config.gc_stress);
        let budget = |name, cap| Arc::new(Budget::new(name, cap));
        Ok(Store {
            types: TypeRegistry::new(),
            funcs: Funcs::default(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            elems: Vec::new(),
            datas: Datas::default(),
            heap,
            instances: Vec::new(),
            schedule: config.schedule,
            metering: config.metering,
            meter,
            tiers: Vec::new(),
            waits: Waits::default(),
            handles: Handles::default(),
            activations: Vec::new(),
            depth_left,
            nesting: 0,
            running: None,
            id: StoreId::next(),
            host_data: Box::new(()),
            limiter: None,
            host_calls: 0,
            memory_pool: config.memory_pool,
            memory_budget: budget("the memories of the store are full", config.memory_bytes),
            table_budget: budget("the tables of the store are full", config.table_bytes),
            interruptible: config.interruptible,
            memory_regions: config.memory_regions,
            interrupt: Interrupt::new(),
            trace: Trace::default(),
            imported: Imported::default(),
            promotions: Promotions::default(),
            effects: Effects::default(),
        })
    }

    /// Which store this is.
    #[inline]
    pub fn id(&self) -> StoreId {
        self.id
    }

    /// Prices and limits.
    pub fn schedule(&self) -> &Arc<Schedule> {
        &self.schedule
    }

    /// Whether tiers must charge for instructions.
    #[inline]
    pub fn is_metering(&self) -> bool {
        self.metering
    }

    /// Whether tiers must look for an interrupt, at least once in every loop and call.
    pub fn is_interruptible(&self) -> bool {
        self.interruptible
    }

    /// Whether tiers must ask the regions of a memory before each access to it.
    pub fn checks_regions(&self) -> bool {
        self.memory_regions
    }

    /// The flag with which another thread interrupts what runs.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Whether tiers have something to do at cuts: to charge, or to look for an interrupt.
    pub fn has_cuts(&self) -> bool {
        self.metering || self.interruptible
    }

    /// For tiers, between two parts of an operation that may take long.
    ///
    /// # Errors
    /// [`Exhaustion::Interrupted`] if the store is interruptible and is to be interrupted.
    #[inline]
    pub fn check_interrupt(&self) -> Result<(), Stop> {
        if self.interruptible { self.interrupt.check() } else { Ok(()) }
    }

    /// The meter.
    #[inline]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The meter, for a tier that charges, or to set a new limit.
    #[inline]
    pub fn meter_mut(&mut self) -> &mut Meter {
        &mut self.meter
    }

    /// Charges gas if the store is metered, and looks for an interrupt if it is interruptible.
    ///
    /// # Errors
    /// [`Exhaustion::Gas`] if less is left; [`Exhaustion::Interrupted`].
    #[inline]
    pub fn charge(&mut self, gas: u128) -> Result<(), Stop> {
        self.check_interrupt()?;
        if self.metering && self.meter.charge_wide(gas).is_err() {
            return Err(Exhaustion::Gas.into());
        }
        Ok(())
    }

    /// Whether so much gas is left, or the store is unmetered.
    pub(crate) fn can_pay(&self, gas: u128) -> bool {
        !self.metering || self.meter.left().is_none_or(|left| gas <= left.into())
    }

    /// Adds a tier.
    ///
    /// # Panics
    /// If the store has 256 tiers already.
    pub fn add_executor(&mut self, executor: Arc<dyn Executor>) -> TierId {
        let id = u8::try_from(self.tiers.len()).expect("a store has few tiers");
        self.tiers.push(Tier { executor, spare: None });
        TierId(id)
    }

    /// A tier's executor.
    pub fn executor(&self, tier: TierId) -> &Arc<dyn Executor> {
        &self.tiers[tier.0 as usize].executor
    }

    pub(crate) fn executors(&self) -> impl ExactSizeIterator<Item = &Arc<dyn Executor>> {
        self.tiers.iter().map(|tier| &tier.executor)
    }

    /// The depth left to calls, in slots (gas-1 *Depth*).
    #[inline]
    pub fn depth_left(&self) -> u64 {
        self.depth_left
    }

    /// Sets the depth left. A tier does so before it calls a function of another tier or of the host,
    /// and must restore it afterwards.
    #[inline]
    pub fn set_depth_left(&mut self, slots: u64) {
        self.depth_left = slots;
    }

    /// Notes the instance whose code runs. A tier does so before it calls a function of another tier or of
    /// the host; whoever called it does so again before its own next call.
    #[inline]
    pub fn set_running(&mut self, instance: Option<InstanceAddr>) {
        self.running = instance;
    }

    /// The type of a function.
    ///
    /// # Panics
    /// If the address is of another store.
    #[inline]
    pub fn func_type(&self, func: FuncAddr) -> &FuncType {
        let ty = self.funcs.ty(func).expect("the function is of this store");
        self.types.func(ty).expect("the type of a function is a function type")
    }

    /// Adds a table.
    ///
    /// # Errors
    /// If its minimum size exceeds a cap, or the host is out of memory.
    pub fn alloc_table(&mut self, ty: TableType, init: Ref) -> Result<TableAddr, TableError> {
        let cap = self.schedule.limits().table_elements;
        if !self.may_make_table(ty.limits.min, ty.limits.max) {
            return Err(TableError::Refused);
        }
        self.tables.push(TableInst::new(ty, init, cap, Arc::clone(&self.table_budget))?);
        Ok(TableAddr((self.tables.len() - 1) as u32))
    }

    /// Adds a memory.
    ///
    /// # Errors
    /// If its minimum size exceeds a cap, the embedder refuses it, or the host is out of memory.
    pub fn alloc_memory(&mut self, ty: MemoryType) -> Result<MemoryAddr, MemoryError> {
        self.alloc_memory_with(ty, None)
    }

    /// The same with an image that it begins with, where the system can.
    pub(crate) fn alloc_memory_with(
        &mut self,
        ty: MemoryType,
        image: Option<&Arc<Image>>,
    ) -> Result<MemoryAddr, MemoryError> {
        if !self.may_make_memory(&ty).unwrap_or(false) {
            return Err(MemoryError::Refused);
        }
        let cap = MemoryInst::cap_of(&ty, &self.schedule.limits());
        let (budget, pool) = (self.memory_budget(), self.memory_pool.as_ref());
        let memory = MemoryInst::new(ty, cap, budget, pool, image)?;
        self.memories.push(memory);
        Ok(MemoryAddr((self.memories.len() - 1) as u32))
    }

    pub(crate) fn memory_budget(&self) -> Arc<Budget> {
        Arc::clone(&self.memory_budget)
    }

    /// Bytes of all memories.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_budget.used()
    }

    /// Bytes of the elements of all tables.
    pub fn table_bytes(&self) -> u64 {
        self.table_budget.used()
    }

    /// Adds a global.
    pub fn alloc_global(&mut self, ty: GlobalType, value: Value) -> GlobalAddr {
        self.globals.push(GlobalInst::new(ty, value));
        GlobalAddr((self.globals.len() - 1) as u32)
    }

    /// Adds a tag.
    pub fn alloc_tag(&mut self, ty: TypeId) -> TagAddr {
        self.tags.push(TagInst { ty });
        TagAddr((self.tags.len() - 1) as u32)
    }

    /// An instance.
    ///
    /// # Panics
    /// If the address is of another store.
    pub fn instance(&self, instance: InstanceAddr) -> &InstanceInst {
        &self.instances[instance.index()]
    }

    /// The canonical type of an external value, with the current size as minimum.
    pub fn type_of(&self, item: Extern) -> ExternType {
        match item {
            Extern::Func(a) => {
                let ty = self.funcs.ty(a).expect("the function is of this store");
                ExternType::Func(TypeUse::Def(ty))
            }
            Extern::Table(a) => ExternType::Table(self.tables[a.index()].ty()),
            Extern::Memory(a) => ExternType::Memory(self.memories[a.index()].ty()),
            Extern::Global(a) => ExternType::Global(self.globals[a.index()].ty()),
            Extern::Tag(a) => {
                ExternType::Tag(TagType { ty: TypeUse::Def(self.tags[a.index()].ty) })
            }
        }
    }

    /// Whether a value has a canonical type (`Val_ok`): checks values that come from the embedder.
    pub fn has_type(&self, value: Value, ty: ValType) -> bool {
        match (value, ty) {
            (Value::I32(_), ValType::I32)
            | (Value::I64(_), ValType::I64)
            | (Value::F32(_), ValType::F32)
            | (Value::F64(_), ValType::F64)
            | (Value::V128(_), ValType::V128) => true,
            (Value::Ref(r), ValType::Ref(rt)) if r.is_null() => rt.nullable,
            (Value::Ref(r), ValType::Ref(rt)) => {
                self.heap_type_of(r).is_some_and(|heap| self.types.matches_heap(heap, rt.heap))
            }
            _ => false,
        }
    }

    /// The most precise heap type of a non-null reference; `None` if it dangles.
    fn heap_type_of(&self, r: Ref) -> Option<HeapType> {
        use CompType::{Array, Struct};
        let def = |id| Some(HeapType::Use(TypeUse::Def(id)));
        if r.is_externalised() {
            return Some(HeapType::Extern);
        }
        match r.kind()? {
            RefKind::Func(a) => def(self.funcs.ty(a)?),
            RefKind::I31(_) => Some(HeapType::I31),
            RefKind::Struct(a) => def(self.object_type(a, |comp| matches!(comp, Struct(_)))?),
            RefKind::Array(a) => def(self.object_type(a, |comp| matches!(comp, Array(_)))?),
            RefKind::Exn(a) => self.exn(a).map(|_| HeapType::Exn),
            RefKind::Host(_) => Some(HeapType::Any),
        }
    }

    /// The type of an object, if the object has the kind that the reference claims. It may not if the
    /// embedder kept the reference without rooting it and the address was reused.
    fn object_type(&self, addr: HeapAddr, is_kind: fn(&CompType) -> bool) -> Option<TypeId> {
        let ty = self.heap.get(addr)?.ty();
        is_kind(&self.types.get(ty).comp).then_some(ty)
    }

    /// Whether an invocation is active, that is, whether the caller runs inside a host function.
    pub fn is_running(&self) -> bool {
        self.nesting > 0
    }

    /// Calls a function of any tier or of the host. `slots` holds the arguments and receives the results,
    /// and is long enough for both. The caller must have set the depth left.
    ///
    /// # Errors
    /// How execution stopped.
    #[inline]
    pub fn call(&mut self, func: FuncAddr, slots: &mut [u64]) -> Result<(), Stop> {
        match self.call_once(func, slots)? {
            Completion::Returned => Ok(()),
            Completion::TailCall(tail) => self.tail_call(tail, slots),
        }
    }

    /// Makes the tail calls that tiers give back, one after the other; the results of the last go to `slots`.
    fn tail_call(&mut self, mut tail: TailCall, slots: &mut [u64]) -> Result<(), Stop> {
        while let Completion::TailCall(next) = self.call_once(tail.func, &mut tail.slots)? {
            tail = next;
        }
        // Running out of gas is final, even if a host function ignores it and no tier would notice.
        if self.metering && self.meter.is_exhausted() {
            return Err(Exhaustion::Gas.into());
        }
        let count = self.func_type(tail.func).result_slots();
        slots[..count].copy_from_slice(&tail.slots[..count]);
        Ok(())
    }

    /// As [`Store::call`], but passes on a tail call that the callee's tier gives back, for a caller that can make
    /// it without nesting another native call.
    ///
    /// # Errors
    /// How execution stopped.
    #[inline]
    pub fn call_once(&mut self, func: FuncAddr, slots: &mut [u64]) -> Result<Completion, Stop> {
        match self.funcs.kind(func) {
            Some(FuncKind::Wasm { tier, .. }) => {
                let tier = usize::from(tier.0);
                let executor = self.tiers[tier].take();
                let result = executor.call(self, func, slots);
                if let Some(tier) = self.tiers.get_mut(tier) {
                    tier.give_back(executor);
                }
                result
            }
            Some(FuncKind::Host(host)) => {
                let host = Arc::clone(host);
                self.call_host(func, &host, slots)?;
                Ok(Completion::Returned)
            }
            None => Err(Stop::crash("a function of another store is called")),
        }
    }
}
