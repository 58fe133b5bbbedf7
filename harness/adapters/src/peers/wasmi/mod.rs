//! wasmi: an interpreter.

mod programs;
mod racer;
mod session;

use super::linked::Peer;
use super::settings::{self, Known, is};
use crate::adapter::{AdapterError, Session};
use crate::outcome::{Outcome, Rejection};
use crate::remote::WASMI;
use etalon::Features;
use etalon_record::role;
pub(super) use racer::WasmiTimed;
use session::WasmiSession;
use std::collections::BTreeMap;
use wasmi::errors::ErrorKind;
use wasmi::{CompilationMode, Config, Engine, Module};

/// The settings that there are.
const KNOWN: &[Known] = &[("fuel", &["off"]), ("mode", &["eager", "lazy"])];

/// The crate, with settings.
pub(super) struct Wasmi {
    settings: BTreeMap<String, String>,
}

impl Wasmi {
    /// With the settings of a name.
    pub(super) fn new(settings: &BTreeMap<&str, &str>) -> Result<Wasmi, AdapterError> {
        Ok(Wasmi { settings: settings::read(Self::NAME, KNOWN, settings)? })
    }

    /// Whether each call has fuel of its own.
    fn has_fuel(&self) -> bool {
        !is(&self.settings, "fuel", "off")
    }
}

/// Enables features, and disables all others that can be disabled. Where one needs another to be there, it is left out.
fn enable(config: &mut Config, features: Features) {
    let names = features.names();
    let has = |name: &str| names.contains(&name);
    config
        .wasm_mutable_global(has("mutable-global"))
        .wasm_sign_extension(has("sign-extension-ops"))
        .wasm_saturating_float_to_int(has("nontrapping-float-to-int-conversions"))
        .wasm_multi_value(has("multi-value"))
        .wasm_multi_memory(has("multi-memory"))
        .wasm_bulk_memory(has("bulk-memory"))
        .wasm_reference_types(has("reference-types"))
        .wasm_tail_call(has("tail-call"))
        .wasm_extended_const(has("extended-const"))
        .wasm_custom_page_sizes(has("custom-page-sizes"))
        .wasm_memory64(has("memory64"))
        .wasm_wide_arithmetic(has("wide-arithmetic"))
        .wasm_simd(has("simd"))
        .wasm_relaxed_simd(has("simd") && has("relaxed-simd"));
}

/// A refusal, in our words.
fn refused(error: &wasmi::Error) -> Outcome {
    let text = error.to_string();
    Outcome::Rejected(match error.kind() {
        ErrorKind::UserLimits(_)
        | ErrorKind::ImplementationLimits(_)
        | ErrorKind::Translation(_) => Rejection::Limit(text),
        _ => {
            let refused = Outcome::Rejected(Rejection::MalformedOrInvalid(text.into()));
            return WASMI.translate(refused);
        }
    })
}

impl Peer for Wasmi {
    type Engine = Engine;
    type Module = Module;

    const NAME: &'static str = "wasmi";
    const PARTS: &'static [(&'static str, &'static str)] = &[(role::DECODE_VALIDATE, "wasmparser")];

    fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    fn engine(&self, features: Features) -> Result<Engine, String> {
        let mut config = Config::default();
        config.consume_fuel(self.has_fuel());
        config.compilation_mode(match self.settings.get("mode").map(String::as_str) {
            Some("eager") => CompilationMode::Eager,
            Some("lazy") => CompilationMode::Lazy,
            _ => CompilationMode::default(),
        });
        enable(&mut config, features);
        Ok(Engine::new(&config))
    }

    fn module(engine: &Engine, wasm: &[u8]) -> Result<Module, Outcome> {
        Module::new(engine, wasm).map_err(|error| refused(&error))
    }

    fn validate(engine: &Engine, wasm: &[u8]) -> Result<(), Outcome> {
        Module::validate(engine, wasm).map_err(|error| refused(&error))
    }

    fn session(&self, engine: &Engine) -> Result<Box<dyn Session>, String> {
        Ok(Box::new(WasmiSession::new(engine, self.has_fuel())))
    }
}
