//! Wasmtime: a compiler with the same code generator as ours, of another version of it.

mod artefact;
mod programs;
mod racer;
mod session;
mod values;

use super::linked::Peer;
use super::settings::{self, Known, is};
use crate::adapter::{AdapterError, Session};
use crate::outcome::{Outcome, Rejection};
use crate::remote::WASMTIME;
use etalon::Features;
use etalon_record::role;
pub(super) use racer::WasmtimeTimed;
use session::WasmtimeSession;
use std::collections::BTreeMap;
use wasmtime::{
    Collector, Config, Engine, Inlining, InstanceAllocationStrategy, Module, OperatorCost,
    OptLevel, PoolingAllocationConfig, RegallocAlgorithm, VariableOperatorCost,
};

/// The settings that there are.
const KNOWN: &[Known] = &[
    ("bounds", &["explicit"]),
    ("fuel", &["off"]),
    ("gc", &["copying", "drc", "null"]),
    ("inline", &["all"]),
    ("nans", &["canonical"]),
    ("opt", &["none", "size"]),
    ("pool", &["on"]),
    ("regalloc", &["single-pass"]),
    ("relaxed", &["deterministic"]),
];

/// The crate, with settings.
pub(super) struct Wasmtime {
    settings: BTreeMap<String, String>,
    /// Whether fuel is charged by the byte too. It is charged before it is known whether the bytes are there, so what would trap
    /// runs out of fuel; but where nothing else ends a call, bytes must count.
    counts_bytes: bool,
}

/// Bytes and elements that are moved cost nothing.
const FREE: VariableOperatorCost = VariableOperatorCost {
    memory_copy_per_byte: 0,
    memory_fill_per_byte: 0,
    memory_init_per_byte: 0,
    memory_grow_per_page: 0,
    table_copy_per_element: 0,
    table_fill_per_element: 0,
    table_init_per_element: 0,
    table_grow_per_element: 0,
    array_copy_per_element: 0,
    array_fill_per_element: 0,
    array_new_data_per_element: 0,
    array_init_data_per_element: 0,
    array_new_elem_per_element: 0,
    array_init_elem_per_element: 0,
    array_new_default_per_element: 0,
    array_new_per_element: 0,
};

impl Wasmtime {
    /// With the settings of a name. `is_alone` says that nothing but fuel ends a call.
    pub(super) fn new(
        settings: &BTreeMap<&str, &str>,
        is_alone: bool,
    ) -> Result<Wasmtime, AdapterError> {
        let settings = settings::read(Self::NAME, KNOWN, settings)?;
        Ok(Wasmtime { settings, counts_bytes: is_alone })
    }

    /// Whether each call has fuel of its own.
    fn has_fuel(&self) -> bool {
        !is(&self.settings, "fuel", "off")
    }

    fn config(&self, features: Features) -> Config {
        let mut config = Config::new();
        let is = |key, value| is(&self.settings, key, value);
        config.consume_fuel(self.has_fuel());
        if !self.counts_bytes {
            config.operator_cost(OperatorCost { variable: FREE, ..OperatorCost::new() });
        }
        if is("opt", "none") {
            config.cranelift_opt_level(OptLevel::None);
        } else if is("opt", "size") {
            config.cranelift_opt_level(OptLevel::SpeedAndSize);
        }
        if is("regalloc", "single-pass") {
            config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        }
        if is("bounds", "explicit") {
            config.signals_based_traps(false);
        }
        if is("inline", "all") {
            config.compiler_inlining(Inlining::Yes);
        }
        config.cranelift_nan_canonicalization(is("nans", "canonical"));
        config.relaxed_simd_deterministic(is("relaxed", "deterministic"));
        config.collector(match self.settings.get("gc").map(String::as_str) {
            Some("copying") => Collector::Copying,
            Some("drc") => Collector::DeferredReferenceCounting,
            Some("null") => Collector::Null,
            _ => Collector::Auto,
        });
        if is("pool", "on") {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
        }
        enable(&mut config, features);
        config
    }
}

/// Its pool as it is by default, with room for the modules that are run here: it has to be told how large an instance can be.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(POOL)
        .total_memories(POOL)
        .total_tables(POOL)
        .max_memories_per_module(4)
        .max_tables_per_module(4)
        .max_core_instance_size(1 << 20);
    pool
}

/// How many instances there can be at once.
const POOL: u32 = 2000;

/// Enables features, and disables all others that can be disabled. Where one needs another to be there, it is left out.
fn enable(config: &mut Config, features: Features) {
    let names = features.names();
    let has = |name: &str| names.contains(&name);
    let references = has("reference-types");
    let functions = references && has("function-references");
    config
        .wasm_reference_types(references)
        .wasm_function_references(functions)
        .wasm_gc(functions && has("gc"))
        .wasm_exceptions(references && has("exceptions"))
        .wasm_bulk_memory(has("bulk-memory") || references)
        .wasm_multi_value(has("multi-value"))
        .wasm_simd(has("simd"))
        .wasm_relaxed_simd(has("simd") && has("relaxed-simd"))
        .wasm_extended_const(has("extended-const"))
        .wasm_tail_call(has("tail-call"))
        .wasm_multi_memory(has("multi-memory"))
        .wasm_memory64(has("memory64"))
        .wasm_threads(has("threads"))
        .shared_memory(has("threads"))
        .wasm_wide_arithmetic(has("wide-arithmetic"))
        .wasm_custom_page_sizes(has("custom-page-sizes"));
}

/// A refusal, in our words.
fn refused(error: &wasmtime::Error) -> Outcome {
    let text = format!("{error:#}");
    WASMTIME.translate(Outcome::Rejected(Rejection::MalformedOrInvalid(text.into())))
}

impl Peer for Wasmtime {
    type Engine = Engine;
    type Module = Module;

    const NAME: &'static str = "wasmtime";
    const PARTS: &'static [(&'static str, &'static str)] =
        &[(role::DECODE_VALIDATE, "wasmparser"), (role::CODE_GENERATOR, "cranelift-codegen")];

    fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    fn engine(&self, features: Features) -> Result<Engine, String> {
        Engine::new(&self.config(features)).map_err(|error| format!("{error:#}"))
    }

    fn module(engine: &Engine, wasm: &[u8]) -> Result<Module, Outcome> {
        Module::from_binary(engine, wasm).map_err(|error| refused(&error))
    }

    fn validate(engine: &Engine, wasm: &[u8]) -> Result<(), Outcome> {
        Module::validate(engine, wasm).map_err(|error| refused(&error))
    }

    fn session(&self, engine: &Engine) -> Result<Box<dyn Session>, String> {
        Ok(Box::new(WasmtimeSession::new(engine, self.has_fuel())))
    }
}
