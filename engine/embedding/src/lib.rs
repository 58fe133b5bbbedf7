//! Etalon as a library: WebAssembly on an oracle that is the specification executed, and on an interpreter and a compiler that are
//! held against it.
//!
//! The types are those that users of Wasmtime and of wasmi know, under the same names where they are the same: an
//! [`Engine`] with its [`Config`], a [`Module`], a [`Store`] with the embedder's data, a [`Linker`], an [`Instance`] with its
//! [`Func`]s, [`Memory`]s, [`Table`]s, [`Global`]s and [`Tag`]s. A handle knows the store that it is of, and is refused by any
//! other. The guide `docs/embedding.md` has the table of types.
//!
//! # Hello
//!
//! ```
#![doc = include_str!("../examples/hello.rs")]
//! ```
//!
//! # A host function that reads the guest's memory
//!
//! ```
#![doc = include_str!("../examples/host_memory.rs")]
//! ```
//!
//! # Gas, and what stops a guest
//!
//! ```
#![doc = include_str!("../examples/gas_and_traps.rs")]
//! ```
#![deny(unsafe_code)]

mod backtrace;
mod batch;
mod cache;
mod config;
mod context;
mod effects;
mod engine;
mod error;
mod execution;
mod external;
mod facade;
mod func;
mod global;
mod handle;
mod instance;
mod interrupt;
mod life;
mod limits;
mod linker;
mod memory;
mod memory_regions;
mod metrics;
#[cfg(doctest)]
mod misuse;
mod module;
mod policy;
mod pool;
mod reference;
mod registry;
mod reset;
mod shared;
mod snapshot;
mod store;
mod table;
mod tag;
mod tier_up;
mod trusted;
mod types;
pub mod unstable;
mod value;
pub mod wasi;
mod work;

pub use backtrace::{FrameInfo, WasmBacktrace};
pub use batch::{BatchOptions, Job, JobError, JobOutcome};
pub use cache::{Cache, CacheConfig, CacheContents, CacheRemoved};
pub use config::{
    CompileBudget, Config, CpuLevel, Nans, OptLevel, Tier, UnknownCpuLevel, UnknownTarget,
    UnknownTier,
};
pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub use effects::{Effects, Savepoint, TooManyEffects};
pub use engine::Engine;
pub use error::{Error, Mismatch, ModuleError, Result, ThrownException, WrongStore};
pub use etalon_gas::{Schedule, ScheduleError, ScheduleId};
pub use etalon_jit::artefact::Check as ArtefactCheck;
pub use etalon_jit::object_file::ObjectError;
pub use etalon_jit::{ArtefactError, CompileError, NotCompiled, Reason as NotCompiledReason};
pub use etalon_module::{Fault, Features, LoadError, LoadErrorKind};
#[doc(hidden)]
pub use etalon_runtime::fault;
pub use etalon_runtime::{
    Crash, Exhaustion, HostError, ImageError, InUse, InstantiateError, LinkError, MemoryError,
    Promotions, Protection, RegionError, Site, Trap,
};
pub use execution::{
    Execution, ExecutionError, Pause, PauseLimits, PauseReason, PauseRequest, Progress, Wait,
};
pub use external::{Export, Extern};
pub use func::{Caller, Func, IntoFunc, IntoResult, TypedFunc, WasmParams, WasmResults, WasmTy};
pub use global::Global;
pub use instance::Instance;
pub use interrupt::InterruptHandle;
pub use life::{LifeHandle, LifeState, NotCallable};
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::{InstancePre, Linker, Redefinition};
pub use memory::{GrowthError, Memory, MemoryAccessError};
pub use memory_regions::{ForbiddenAccess, MemoryRegion};
pub use metrics::{ErrorCounts, Metrics, Times};
pub use module::Module;
pub use policy::{Judgement, Policy, PolicyError, PolicyList, PolicyRule};
pub use pool::PoolConfig;
pub use reference::{AnyRef, ExnRef, ExternRef, RootScope, Rooted, Unrooted};
pub use registry::{CallCost, Definition, ImportAudit};
pub use reset::ResetError;
pub use shared::SharedMemory;
pub use snapshot::SnapshotError;
pub use store::Store;
pub use table::{Table, TableAccessError};
pub use tag::Tag;
pub use tier_up::TierUp;
pub use types::{
    ConcreteType, ExportType, ExternType, FuncType, GlobalType, HeapType, ImportType, MemoryType,
    Mutability, RefType, TableType, TagType, ValType,
};
pub use value::{Ref, Val};

/// Versions of what the tiers are made of, for reports: part and version.
pub fn versions() -> [(&'static str, &'static str); 2] {
    [("etalon", env!("CARGO_PKG_VERSION")), ("cranelift", etalon_jit::CRANELIFT_VERSION)]
}
