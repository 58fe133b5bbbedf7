//! Etalon as a library: WebAssembly on an oracle that is the specification executed, and on an interpreter and a compiler that are
//! held against it.
//!
//! ```
//! use etalon::{Config, Engine, Linker, Module, Store, Tier, Value};
//!
//! let engine = Engine::new(Config::new(Tier::Auto));
//! let wasm = wat_of_add();
//! let module = Module::new(&engine, &wasm)?;
//! let mut store = Store::new(&engine, None)?;
//! let instance = store.instantiate(&module, &Linker::new())?;
//! let add = store.func(instance, "add").expect("the module exports it");
//! assert_eq!(store.invoke(add, &[Value::I32(1), Value::I32(2)])?, [Value::I32(3)]);
//! # fn wat_of_add() -> Vec<u8> {
//! #     wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32)
//! #         local.get 0 local.get 1 i32.add))"#).unwrap()
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod config;
mod engine;
mod error;
mod execution;
mod module;
mod snapshot;
mod store;

pub use config::{Config, OptLevel, Tier, UnknownTier};
pub use engine::Engine;
pub use error::{ModuleError, StoreError};
pub use etalon_gas::{Schedule, ScheduleError, ScheduleId};
pub use etalon_jit::ArtefactError;
pub use etalon_module::{AddrType, Canonicalise, Module as ModuleData};
pub use etalon_module::{
    ExternKind, ExternType, Features, FuncType, GlobalType, HeapType, Limits, LoadError,
    LoadErrorKind, MemoryType, Opcode, RefType, TableType, TypeRegistry, TypeUse, ValType,
};
pub use etalon_oracle::{
    Execution, Observer, Pause, PauseLimits, PauseReason, PauseRequest, Progress, ResumeError,
    Rule, StartError, Usage,
};
#[doc(hidden)]
pub use etalon_runtime::fault;
pub use etalon_runtime::{
    Caller, Crash, Exhaustion, Extern, FuncAddr, HostError, HostFn, HostImport, ImageError,
    InstanceAddr as Instance, InstantiateError, InvokeError, LinkError, Linker, Ref, RefKind, Site,
    StateDigest, Stop, Trap, Trapped, Value, Wait, WaiterId,
};
pub use module::Module;
pub use snapshot::SnapshotError;
pub use store::Store;

/// Versions of what the tiers are made of, for reports: part and version.
pub fn versions() -> [(&'static str, &'static str); 2] {
    [("etalon", env!("CARGO_PKG_VERSION")), ("cranelift", etalon_jit::CRANELIFT_VERSION)]
}
