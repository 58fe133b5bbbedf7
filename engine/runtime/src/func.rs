//! Function instances (specification: *Runtime Structure*, "Function Instances").

use crate::InstanceAddr;
use crate::executor::TierId;
use crate::host::HostFn;
use etalon_module::TypeId;
use std::sync::Arc;

/// A function instance, as [`Funcs`](crate::Funcs) tell it.
#[derive(Clone, Copy, Debug)]
pub struct FuncInst<'a> {
    /// Its type.
    pub ty: TypeId,
    /// What it is.
    pub kind: FuncKind<'a>,
}

/// What a function is.
#[derive(Clone, Copy, Debug)]
pub enum FuncKind<'a> {
    /// A function of a module.
    Wasm {
        /// Its module's instance.
        instance: InstanceAddr,
        /// Its index in the module.
        index: u32,
        /// Which tier runs it.
        tier: TierId,
    },
    /// A function of the embedder.
    Host(&'a Arc<HostFn>),
}
