//! Programs as bytes: a store together with the state of its program, and back.

use super::{WasiCtx, WasiState};
use crate::engine::Engine;
use crate::error::Result;
use crate::linker::Linker;
use crate::module::Module;
use crate::snapshot::{SnapshotError, read};
use crate::store::Store;

/// A store as bytes ([`Store::snapshot`]), with the state of its program: arguments, variables, clock and chance, descriptors with
/// their offsets, file systems in memory, and what is left of its input and was kept of its output. `get` finds the state, as for
/// [`add_to_linker`](super::add_to_linker). The same state gives the same bytes.
///
/// ```
/// use etalon::wasi::{self, Access, VirtualFs, WasiCtx, WasiCtxBuilder};
/// use etalon::{Config, Engine, Linker, Module, Store, Tier};
///
/// let engine = Engine::new(Config::new().tier(Tier::Oracle))?;
/// let module = Module::new(&engine, r#"(module
///     (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
///     (memory (export "memory") 1)
///     (func (export "now") (result i64)
///         (drop (call $time (i32.const 0) (i64.const 0) (i32.const 0)))
///         (i64.load (i32.const 0))))"#)?;
/// let mut linker: Linker<WasiCtx> = Linker::new(&engine);
/// wasi::add_to_linker(&mut linker, |ctx| ctx)?;
///
/// let policy = wasi::Policy::deterministic(1);
/// let ctx = WasiCtxBuilder::new().policy(policy).virtual_dir(&VirtualFs::new(1 << 20), "/", Access::ReadWrite).build()?;
/// let mut store = Store::new(&engine, ctx);
/// let instance = linker.instantiate(&mut store, &module)?;
/// let now = instance.get_typed_func::<(), i64>(&store, "now")?;
/// now.call(&mut store, ())?;
/// let bytes = wasi::snapshot(&mut store, |ctx| ctx)?;
/// let next = now.call(&mut store, ())?;
///
/// // The clock of the copy goes on where it stood.
/// let mut copy = wasi::restore(&engine, &bytes, &[module], &linker, Ok)?;
/// let instance = copy.instances().next().expect("it has one");
/// let now = instance.get_typed_func::<(), i64>(&copy, "now")?;
/// assert_eq!(now.call(&mut copy, ())?, next);
/// # Ok::<(), etalon::Error>(())
/// ```
///
/// # Errors
/// [`SnapshotError::NotKept`], with the name, if a descriptor is of a folder or file of the host, of a stream that the program has from
/// the host, or of a reader or writer of the embedder: no bytes can hold those. Otherwise as for [`Store::snapshot`].
pub fn snapshot<T: 'static>(
    store: &mut Store<T>,
    get: impl FnOnce(&mut T) -> &mut WasiCtx,
) -> Result<Vec<u8>, SnapshotError> {
    let state = get(store.data_mut()).save()?;
    store.snapshot_with(Some(state))
}

/// A store as [`snapshot`] wrote it, with its program, which goes on where it was. `make` makes what is kept with the store of the state
/// of the program; the rest is as for [`Store::restore`].
///
/// The file systems and the kept output of the program are its own from now on: [`WasiCtx::virtual_dirs`] and [`WasiCtx::captured`] find
/// them. So are its limits: who takes bytes from others compares [`WasiCtx::limits`] with those that it would give, and lets `make` fail.
///
/// # Errors
/// [`SnapshotError`], [`SnapshotError::WasiState`] if the state of the program is beyond its limits or does not agree with itself; or what
/// `make` fails with.
pub fn restore<T: 'static>(
    engine: &Engine,
    bytes: &[u8],
    modules: &[Module],
    linker: &Linker<T>,
    make: impl FnOnce(WasiCtx) -> Result<T>,
) -> Result<Store<T>> {
    let mut body = read(engine, bytes)?;
    let state: WasiState = body.wasi.take().ok_or(SnapshotError::NoWasi)?;
    let ctx = state.restore().map_err(SnapshotError::WasiState)?;
    // The state is there twice otherwise, while the store is taken up.
    drop(state);
    Ok(Store::take_up(engine, make(ctx)?, body, modules, linker)?)
}
