//! Writes gas-1's charges into a module as code: the copy meters itself on any engine (`engine/gas/SPEC.md`).
//!
//! The copy shares nothing with a tier: this crate cuts bodies, adds up weights and checks bounds for itself, from the page. What the
//! copy keeps is in globals of its own, which it exports ([`GAS_LEFT`], [`STOPPED`], [`DEPTH`], [`HEAP`], [`LOADING`]), beside two functions
//! for the embedder ([`BEGIN`], [`CHARGE`]).

#![forbid(unsafe_code)]

mod block_types;
mod body;
mod cells;
mod code;
mod convert;
mod cuts;
mod dynamic;
mod error;
mod extra;
mod loading;
mod plan;
mod references;
mod sections;
mod shapes;

use block_types::BlockTypes;
use body::{Context, Written};
use cells::Cells;
use etalon_gas::{LIMIT_MAX, Schedule};
use etalon_module::{Features, LoadErrorKind, Module};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use error::{Cap, Error};

/// The exported mutable global, of type `i64`, with the gas that is left. It is -1 when gas has run out: then everything was consumed,
/// and every further charge traps.
pub const GAS_LEFT: &str = "etalon.gas_left";
/// The exported mutable global, of type `i32`, that says what made the copy trap by itself: 0 nothing, or a number of [`Stop`].
pub const STOPPED: &str = "etalon.stopped";
/// The exported mutable global, of type `i64`, with the depth in slots (gas-1, *Depth*).
pub const DEPTH: &str = "etalon.depth";
/// The exported mutable global, of type `i64`, with the bytes of objects that the instance has made (gas-1, *GC heap*).
pub const HEAP: &str = "etalon.heap";
/// The exported immutable global, of type `i64`, with what loading costs, in gas, without the start function (gas-1, *Instantiation and
/// compilation*).
pub const LOADING: &str = "etalon.gas_of_loading";
/// The exported function of one `i64` that begins an invocation: that much gas is left, nothing has stopped, and the depth is 0. A negative
/// number is as -1: what is called is out of gas at once.
pub const BEGIN: &str = "etalon.begin";
/// The exported function of one `i64`, unsigned, by which a host function charges more, in gas. It traps if less is left.
pub const CHARGE: &str = "etalon.charge";

/// What every name of an export that is added begins with.
pub const PREFIX: &str = "etalon.";

/// Why a copy trapped by itself, as [`STOPPED`] has it. Each of them traps by `unreachable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Stop {
    /// Out of gas.
    Gas = 1,
    /// Stack overflow: the depth would be above `depth.max` of the schedule.
    Depth = 2,
    /// Heap exhaustion: the bytes of objects would be above `limits.gc_heap_bytes`.
    Heap = 3,
}

impl Stop {
    /// What a value of [`STOPPED`] means; `None` if nothing stopped.
    pub fn of(value: i32) -> Option<Stop> {
        [Stop::Gas, Stop::Depth, Stop::Heap].into_iter().find(|stop| *stop as i32 == value)
    }
}

/// How a module is instrumented.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The prices.
    pub schedule: Arc<Schedule>,
    /// The features that the module may use.
    pub features: Features,
    /// The gas for loading and everything after it, at most 2^63 - 1; `None` is the most.
    pub limit: Option<u64>,
}

/// An instrumented copy.
#[derive(Clone, Debug)]
pub struct Instrumented {
    /// The binary module.
    pub wasm: Vec<u8>,
    /// What loading costs, in gas, without the start function.
    pub gas_of_loading: u64,
    /// How many functions have charges.
    pub functions: usize,
    /// Custom sections that are left out, because they name places in code.
    pub left_out: Vec<String>,
}

/// Writes the charges of gas-1 into a module.
///
/// # Errors
/// If the module is refused, has an operator that cannot be metered this way, has an export whose name is needed, refers to an
/// imported function whose type is not final, needs more for loading than the schedule allows, or would be too large with its charges.
pub fn instrument(wasm: &[u8], settings: &Settings) -> Result<Instrumented, Error> {
    let module = Module::new(wasm, settings.features)?;
    for export in &module.exports {
        if export.name.starts_with(PREFIX) {
            return Err(Error::Name { name: export.name.clone() });
        }
    }
    let shapes = shapes::shapes(&module);
    let loading = loading::cost(&module, &settings.schedule, &shapes)?;
    let cells = Cells::of(&module);
    let limit = settings.limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
    let (schedule, shapes) = (&*settings.schedule, &*shapes);
    let context = Context { module: &module, schedule, cells: &cells, shapes };
    extra::check_payers(&module)?;
    let mut types = BlockTypes::behind(module.flat_types.len() as u32);
    let mut bodies = Vec::new();
    let mut referred = BTreeSet::new();
    for number in 0..module.bodies.len() {
        let Written { bytes, refers } = body::write(&context, &mut types, number)?;
        bodies.push(bytes);
        referred.extend(refers);
    }
    references::check(&module, &referred)?;
    let sections = sections::Sections::of(wasm)?;
    let extra = extra::Extra { context: &context, limit, loading, referred: &referred };
    let wasm = sections.with(&extra, &types, bodies)?;
    // What is written is what is judged: a copy that does not validate never leaves.
    if let Err(error) = Module::new(&wasm, extra::features(settings.features)) {
        return Err(match error.kind {
            // The module was within what engines take, and what is added is not.
            LoadErrorKind::Limit => Error::TooMany(error.message),
            _ => Error::Output(error),
        });
    }
    let left_out = sections.left_out();
    let functions = module.bodies.len();
    Ok(Instrumented { wasm, gas_of_loading: loading.gas, functions, left_out })
}
