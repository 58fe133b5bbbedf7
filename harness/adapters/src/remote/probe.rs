//! Tiny modules, each of which needs one feature: what an engine implements is what it accepts of them and makes an instance of, whatever
//! it says.

use super::session::EXECUTION;
use crate::adapter::{Adapter, AdapterError, Opened, SessionConfig};
use crate::outcome::{Outcome, Rejection};
use etalon::Features;

/// A feature, and a module that needs it.
pub const PROBES: &[(&str, &str)] = &[
    ("mutable-global", r#"(module (global (export "g") (mut i32) (i32.const 0)))"#),
    (
        "nontrapping-float-to-int-conversions",
        "(module (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))",
    ),
    (
        "sign-extension-ops",
        "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
    ),
    ("multi-value", "(module (func (result i32 i32) (i32.const 0) (i32.const 0)))"),
    ("reference-types", "(module (func (param externref)))"),
    (
        "bulk-memory",
        "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
    ),
    ("simd", "(module (func (param v128)))"),
    ("extended-const", "(module (global i32 (i32.add (i32.const 0) (i32.const 0))))"),
    ("tail-call", "(module (func $f (return_call $f)))"),
    ("multi-memory", "(module (memory 0) (memory 0))"),
    ("memory64", "(module (memory i64 0))"),
    (
        "relaxed-simd",
        "(module (func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))",
    ),
    ("exceptions", "(module (func (try_table)))"),
    (
        "function-references",
        "(module (func (param funcref) (drop (ref.as_non_null (local.get 0)))))",
    ),
    ("gc", "(module (type (struct)) (func (drop (struct.new 0))))"),
    ("threads", "(module (memory 1 1 shared))"),
    (
        "wide-arithmetic",
        "(module (func (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1))))",
    ),
    ("custom-page-sizes", "(module (memory 0 (pagesize 1)))"),
    ("legacy-exceptions", "(module (func try catch_all end))"),
    (
        "stack-switching",
        "(module (type $f (func)) (type $c (cont $f)) (func (param (ref null $c))))",
    ),
];

/// The modules in the binary format.
pub(crate) fn probes() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    PROBES.iter().filter_map(|(feature, text)| Some((*feature, wat::parse_str(text).ok()?)))
}

/// No feature: what the first version of the specification had.
pub(crate) fn none() -> Features {
    Features::all_names().fold(Features::all(), |set, name| set.without(name).unwrap_or(set))
}

/// What an engine does with the modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The features that it implements: those whose modules it accepts.
    pub features: Features,
    /// The features whose modules it crashed in, or did not end with.
    pub failed: Vec<&'static str>,
    /// Whether it accepts a module that is not valid, so that what it accepts says nothing.
    pub accepts_invalid: bool,
}

/// A module without anything.
pub(super) const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

/// A function that is to give a number and gives none (*Validation: Instructions*).
const INVALID: &[u8] =
    b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";

/// Makes an instance of a module, on an engine that makes any: what it accepts may be turned off.
fn instantiated(opened: &dyn Opened, wasm: &[u8]) -> Result<(), Outcome> {
    let mut session = opened.session().map_err(|error| Outcome::HostError(error.reason))?;
    match opened.prepare(wasm).and_then(|module| session.instantiate(&module)) {
        Ok(_) => Ok(()),
        Err(Outcome::Rejected(Rejection::Unsupported { feature, .. })) if feature == EXECUTION => {
            Ok(())
        }
        Err(outcome) => Err(outcome),
    }
}

/// Has an engine validate the modules, and make an instance of each.
///
/// # Errors
/// If the engine cannot be set up.
pub fn probe(adapter: &dyn Adapter) -> Result<Probed, AdapterError> {
    let features = Features::all();
    let opened = adapter.open(&SessionConfig {
        features,
        gas: None,
        turns: false,
        measure: false,
        time: None,
    })?;
    let accepts_invalid = opened.validate(INVALID).is_ok();
    let mut probed = Probed { features: none(), failed: Vec::new(), accepts_invalid };
    for (feature, wasm) in probes() {
        match opened.validate(&wasm).and_then(|()| instantiated(opened.as_ref(), &wasm)) {
            Ok(()) => {
                probed.features = probed.features.with(feature).unwrap_or(probed.features);
            }
            Err(Outcome::Crashed(_) | Outcome::TimedOut) => probed.failed.push(feature),
            Err(_) => {}
        }
    }
    Ok(probed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon::unstable::module::Module;

    /// Features that this program has a name for, and nothing else.
    const LACKING: &[&str] = &["stack-switching"];

    #[test]
    fn the_module_that_is_not_valid_is_not() {
        let error = Module::new(INVALID, Features::all()).unwrap_err();
        assert!(error.to_string().contains("type mismatch"), "{error}");
        let probed = probe(crate::adapter("oracle").unwrap().as_ref()).unwrap();
        assert!(!probed.accepts_invalid && probed.failed.is_empty(), "{probed:?}");
    }

    /// A probe that is refused says that the feature is missing only if it needs nothing else that is newer.
    #[test]
    fn each_probe_needs_the_feature_that_it_probes() {
        assert_eq!(probes().count(), PROBES.len(), "all are text");
        for (feature, wasm) in probes() {
            let module = match Module::new(&wasm, Features::all()) {
                Ok(module) => module,
                // What this program cannot load, it must name.
                Err(error) => {
                    assert!(error.to_string().contains(feature), "{feature}: {error}");
                    assert!(LACKING.contains(&feature), "{feature}: {error}");
                    continue;
                }
            };
            let needs = module.needs().names();
            assert!(needs.contains(&feature), "{feature}: {needs:?}");
            let without = Features::all().without(feature).unwrap();
            let lacking = module.lacking(without);
            assert_eq!(lacking, Some(feature));
        }
    }
}
