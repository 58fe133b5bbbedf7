//! WASI preview 1 for guests: [`add_to_linker`] defines its functions, over a [`WasiCtx`] that the embedder keeps with the store.
//!
//! ```
//! use etalon::wasi::{self, Exit, Output, WasiCtx, WasiCtxBuilder};
//! use etalon::{Engine, Linker, Module, Store};
//!
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module
//!   (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//!   (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//!   (memory (export "memory") 1)
//!   (data (i32.const 8) "\10\00\00\00\06\00\00\00hello\n")
//!   (func (export "_start")
//!     (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
//!     (call $exit (i32.const 3))))"#)?;
//! let mut linker: Linker<WasiCtx> = Linker::new(&engine);
//! wasi::add_to_linker(&mut linker, |ctx| ctx)?;
//!
//! let (output, written) = Output::captured(1024);
//! let mut store = Store::new(&engine, WasiCtxBuilder::new().stdout(output).build()?);
//! let instance = linker.instantiate(&mut store, &module)?;
//! let error = instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ()).unwrap_err();
//! assert_eq!(error.downcast_ref(), Some(&Exit { status: 3 }));
//! assert_eq!(written.bytes(), b"hello\n");
//! # Ok::<(), etalon::Error>(())
//! ```

mod snapshot;

use crate::context::AsContext;
use crate::error::{Error, Result};
use crate::func::Caller;
use crate::linker::Linker;
use crate::memory::{Memory, MemoryAccessError};
use crate::module::Module;
use crate::types::{FuncType, ValType};
use crate::value::Val;
use etalon_runtime::Exhaustion;
pub use etalon_wasi::{
    Access, BadPointer, BuildError, Called, Captured, Errno, Limits, MODULE, NotKept, Output,
    Policy, Stdin, TreeEntry, VirtualFs, WasiCtx, WasiCtxBuilder, WasiState, refused,
    refused_component,
};
use etalon_wasi::{
    Ended, FUNCTIONS, Function, Guest, GuestMemory, MemoryFault, Param, Stopped, call,
};
pub use snapshot::{restore, snapshot};
use std::mem;
use thiserror::Error as Thiserror;

/// The guest called `proc_exit`: what its call fails with. It is no failure of the guest's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Thiserror)]
#[error("the program exited with status {status}")]
pub struct Exit {
    /// The status that it gave.
    pub status: u32,
}

/// Defines all functions of WASI preview 1, under [`MODULE`]. `get` finds the state of the guest in what the embedder keeps with the
/// store; while a function runs, an empty state is in its place.
///
/// The functions work on the memory that the calling instance exports as `memory`. A guest's call of `proc_exit` makes the embedder's
/// call fail with [`Exit`]; a bad pointer makes it fail with [`BadPointer`], and an interrupt of a store that can be interrupted with
/// [`Exhaustion::Interrupted`], within milliseconds also where a function waits. Gas is charged for the bytes of the guest that a
/// function touches, before it does.
///
/// # Errors
/// If one of the names is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    for function in &FUNCTIONS {
        let params = function.params().iter().map(|param| match param {
            Param::I32 => ValType::I32,
            Param::I64 => ValType::I64,
        });
        let ty = FuncType::new(params, function.has_result().then_some(ValType::I32));
        linker.func_new(MODULE, function.name(), ty, move |caller, args, results| {
            let errno = run(caller, function, get, args)?;
            if let [result] = results {
                *result = Val::I32(errno.number().into());
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Why a module cannot be given what it imports, if that is of a relative of WASI preview 1 that is refused: preview 0, threads, or
/// a later WASI. The first such import counts.
pub fn refused_import(module: &Module) -> Option<String> {
    module.imports().find_map(|import| refused(import.module(), import.name()))
}

fn run<T: 'static>(
    mut caller: Caller<'_, T>,
    function: &Function,
    get: impl Fn(&mut T) -> &mut WasiCtx,
    args: &[Val],
) -> Result<Errno> {
    let mut words = [0; 16];
    for (word, arg) in words.iter_mut().zip(args) {
        *word = match arg {
            Val::I32(arg) => u64::from(arg.cast_unsigned()),
            Val::I64(arg) => arg.cast_unsigned(),
            // No function has another parameter.
            _ => 0,
        };
    }
    let memory = caller.get_export("memory").and_then(crate::Extern::into_memory);
    // The state is in the store, and so is the memory; only one of them can be borrowed.
    let mut ctx = mem::take(get(caller.data_mut()));
    let mut guest = Calling { caller: &mut caller, memory, stopped: None };
    let done = call(&mut ctx, function, &mut guest, &words[..args.len()]);
    let stopped = guest.stopped.take();
    *get(caller.data_mut()) = ctx;
    done.map_err(|ended| match ended {
        Ended::Exited(status) => Exit { status }.into(),
        Ended::BadPointer(bad) => bad.into(),
        Ended::Interrupted => Exhaustion::Interrupted.into(),
        Ended::Stopped => stopped.unwrap_or_else(|| Exhaustion::Gas.into()),
    })
}

/// The guest that calls a function.
struct Calling<'c, 'a, T: 'static> {
    caller: &'c mut Caller<'a, T>,
    memory: Option<Memory>,
    /// Why the guest must not go on.
    stopped: Option<Error>,
}

impl<T: 'static> Calling<'_, '_, T> {
    /// What the guest ends with: a region that forbids the access says so itself.
    fn fault(&mut self, error: MemoryAccessError) -> MemoryFault {
        if error == MemoryAccessError::OutOfBounds {
            return MemoryFault::OutOfBounds;
        }
        self.stopped = Some(error.into());
        MemoryFault::Stopped
    }
}

impl<T: 'static> GuestMemory for Calling<'_, '_, T> {
    fn size(&self) -> u64 {
        self.memory.map_or(0, |memory| memory.data_size(&*self.caller) as u64)
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), MemoryFault> {
        let memory = self.memory.ok_or(MemoryFault::OutOfBounds)?;
        let read = memory.read(&*self.caller, address as usize, buffer);
        read.map_err(|error| self.fault(error))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryFault> {
        let memory = self.memory.ok_or(MemoryFault::OutOfBounds)?;
        let written = memory.write(&mut *self.caller, address as usize, bytes);
        written.map_err(|error| self.fault(error))
    }
}

impl<T: 'static> Guest for Calling<'_, '_, T> {
    fn declare(&mut self, bytes: u64) -> Result<(), Stopped> {
        self.caller.charge_bytes(bytes).map_err(|error| {
            self.stopped = Some(error);
            Stopped
        })
    }

    fn is_interrupted(&self) -> bool {
        self.caller.as_context().state.check_interrupt().is_err()
    }

    fn gas_left(&self) -> Option<u64> {
        self.caller.gas_left()
    }
}
