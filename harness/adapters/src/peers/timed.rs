//! What is timed of an engine, once for all engines: each says how it compiles, instantiates and calls.

use super::{KERNEL_EXPORT, Loaded, Racer, fault};
use crate::adapter::AdapterError;
use crate::value::Val;
use etalon_record::EngineInfo;
use std::sync::Arc;

/// The module of the host's functions that a module may import: `plain`, from an `i32` to an `i32`, and `data`, from an `i32`
/// and an `i64` to an `i64`, which counts its calls in what the store keeps for the host.
pub(super) const HOST: &str = "host";

/// What can be measured of an engine besides kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The bytes of a module become one that can be instantiated.
    Compile,
    /// The same from compiled code in memory.
    Load,
    /// The same from compiled code in a file, which the system has in its cache.
    LoadFile,
    /// A store and an instance in it are made and dropped.
    Instantiate,
    /// The same with a call of [`KERNEL_EXPORT`] in between.
    InstantiateAndCall,
    /// The same, but nothing is dropped before the end.
    Keep,
    /// The host calls [`KERNEL_EXPORT`].
    CallGuest,
    /// The guest calls a function of the host: its export `plain` does it as often as its parameter says.
    CallHost,
    /// The same with a function that uses the data of the store: the export `data`.
    CallHostWithData,
}

/// Work that has been set up.
pub trait Task {
    /// Does it a number of times.
    ///
    /// # Errors
    /// If the engine fails.
    fn run(&mut self, times: u32) -> Result<(), AdapterError>;
}

/// Compiled code as an engine keeps it, in memory and in a file.
pub(super) trait Saved<M> {
    fn load(&self) -> Result<M, String>;
    fn load_file(&self) -> Result<M, String>;
}

/// How an engine does what is timed.
pub(super) trait Timed: Send + Sync + 'static {
    /// A module.
    type Module: 'static;
    /// A module with the functions of the host that it imports.
    type Ready: 'static;
    /// A store with one instance in it.
    type Alive: 'static;
    /// An export from an `i32` to an `i32`.
    type Func: 'static;

    fn info(&self) -> EngineInfo;
    fn compile(&self, wasm: &[u8]) -> Result<Self::Module, String>;

    fn save(&self, _: &Self::Module) -> Result<Box<dyn Saved<Self::Module>>, String> {
        Err("it keeps no compiled code".to_owned())
    }

    fn ready(&self, module: Self::Module) -> Result<Self::Ready, String>;
    fn instance(&self, ready: &Self::Ready) -> Result<Self::Alive, String>;
    fn func(&self, alive: &mut Self::Alive, export: &str) -> Result<Self::Func, String>;
    fn call(&self, alive: &mut Self::Alive, func: &Self::Func, n: i32) -> Result<i32, String>;

    /// Calls [`KERNEL_EXPORT`], which returns a number of any type.
    fn kernel(&self, alive: &mut Self::Alive, n: i32) -> Result<Val, String>;
}

/// An engine that is timed.
pub(super) struct Timer<T>(Arc<T>);

impl<T: Timed> Timer<T> {
    pub(super) fn new(engine: T) -> Timer<T> {
        Timer(Arc::new(engine))
    }
}

impl<T: Timed> Racer for Timer<T> {
    fn info(&self) -> EngineInfo {
        self.0.info()
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        let engine = Arc::clone(&self.0);
        let name = engine.info().name;
        let made = engine.compile(wasm).and_then(|module| engine.ready(module));
        let made = made.and_then(|ready| Ok((engine.instance(&ready)?, ready)));
        let (alive, ready) = made.map_err(|reason| fault(&name, reason))?;
        Ok(Box::new(Kernel { alive, ready, engine, name }))
    }

    fn task(&self, work: Work, wasm: &[u8]) -> Result<Box<dyn Task>, AdapterError> {
        task(&self.0, work, wasm).map_err(|reason| fault(&self.0.info().name, reason))
    }
}

/// A kernel, in the order in which its parts are dropped.
struct Kernel<T: Timed> {
    alive: T::Alive,
    ready: T::Ready,
    engine: Arc<T>,
    name: String,
}

impl<T: Timed> Loaded for Kernel<T> {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        self.engine.kernel(&mut self.alive, n).map_err(|reason| fault(&self.name, reason))
    }

    fn renew(&mut self) -> Result<(), AdapterError> {
        let alive =
            self.engine.instance(&self.ready).map_err(|reason| fault(&self.name, reason))?;
        self.alive = alive;
        Ok(())
    }
}

/// Something that is done a number of times.
struct Each<F> {
    name: String,
    each: F,
}

impl<F: FnMut(u32) -> Result<(), String>> Task for Each<F> {
    fn run(&mut self, times: u32) -> Result<(), AdapterError> {
        (self.each)(times).map_err(|reason| fault(&self.name, reason))
    }
}

/// Something that is done again and again.
fn again(
    name: String,
    mut once: impl FnMut() -> Result<(), String> + 'static,
) -> Result<Box<dyn Task>, String> {
    let each = move |times| (0..times).try_for_each(|_| once());
    Ok(Box::new(Each { name, each }))
}

/// Sets up work. What is not part of it is done here.
pub(super) fn task<T: Timed>(
    engine: &Arc<T>,
    work: Work,
    wasm: &[u8],
) -> Result<Box<dyn Task>, String> {
    let engine = Arc::clone(engine);
    let name = engine.info().name;
    let module = engine.compile(wasm)?;
    match work {
        Work::Compile => {
            let wasm = wasm.to_vec();
            again(name, move || engine.compile(&wasm).map(drop))
        }
        Work::Load => {
            let saved = engine.save(&module)?;
            again(name, move || saved.load().map(drop))
        }
        Work::LoadFile => {
            let saved = engine.save(&module)?;
            again(name, move || saved.load_file().map(drop))
        }
        Work::Instantiate => {
            let ready = engine.ready(module)?;
            again(name, move || engine.instance(&ready).map(drop))
        }
        Work::InstantiateAndCall => {
            let ready = engine.ready(module)?;
            again(name, move || called(engine.as_ref(), &ready).map(drop))
        }
        Work::Keep => {
            let ready = engine.ready(module)?;
            let mut kept = Vec::new();
            again(name, move || {
                kept.push(called(engine.as_ref(), &ready)?);
                Ok(())
            })
        }
        Work::CallGuest | Work::CallHost | Work::CallHostWithData => {
            let ready = engine.ready(module)?;
            calls(engine, work, name, &ready)
        }
    }
}

/// An instance that has been called.
fn called<T: Timed>(engine: &T, ready: &T::Ready) -> Result<T::Alive, String> {
    let mut alive = engine.instance(ready)?;
    let func = engine.func(&mut alive, KERNEL_EXPORT)?;
    engine.call(&mut alive, &func, 1)?;
    Ok(alive)
}

/// Calls over the border, in either direction.
fn calls<T: Timed>(
    engine: Arc<T>,
    work: Work,
    name: String,
    ready: &T::Ready,
) -> Result<Box<dyn Task>, String> {
    let mut alive = engine.instance(ready)?;
    let export = match work {
        Work::CallHost => "plain",
        Work::CallHostWithData => "data",
        _ => KERNEL_EXPORT,
    };
    let func = engine.func(&mut alive, export)?;
    if work == Work::CallGuest {
        return again(name, move || engine.call(&mut alive, &func, 1).map(drop));
    }
    let each = move |times| {
        let times = i32::try_from(times).unwrap_or(i32::MAX);
        engine.call(&mut alive, &func, times).map(drop)
    };
    Ok(Box::new(Each { name, each }))
}
