//! The coverage-guided targets in `fuzz/`: what they do with their input.

use crate::diff::{Case, DiffOptions, Differ, RunOptions, Verdict};
use crate::generate::{Profile, Stream, module_of};
use crate::script::{Selection, SelectionError, modules_of};
use crate::settings::usual_gas;
use etalon_adapters::{Adapter, AdapterError, Features, adapter};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// The gas limit: low, so that a guided run tries many inputs.
const GAS: u64 = 100_000;

/// Generates a module from the bytes, runs it on the interpreter and the compiler, and says where they differ; `None` if
/// nowhere.
///
/// # Errors
/// If a tier cannot be set up.
pub fn differential(data: &[u8]) -> Result<Option<String>, AdapterError> {
    // The first byte chooses the profile.
    let Some((first, rest)) = data.split_first() else { return Ok(None) };
    let profiles = crate::generate::PROFILES;
    of_profile(&profiles[usize::from(*first) % profiles.len()], rest)
}

/// The same with the profile of a name: every byte decides what the module is.
///
/// # Errors
/// If a tier cannot be set up.
///
/// # Panics
/// If there is no such profile.
pub fn profile(name: &str, data: &[u8]) -> Result<Option<String>, AdapterError> {
    of_profile(Profile::named(name).expect("a profile's name"), data)
}

fn of_profile(profile: &Profile, data: &[u8]) -> Result<Option<String>, AdapterError> {
    let engines = tiers()?;
    let features = engines
        .iter()
        .fold((profile.features)(), |set, engine| set.intersection(engine.features()));
    judge(engines, features, true, module_of(profile, features, data), data)
}

/// Treats the bytes as a module: decodes, validates, instantiates and calls its exports on the interpreter and
/// the compiler, and says where they differ. No digest of the state is taken, because a module of a few bytes may have
/// gigabytes of memory.
///
/// # Errors
/// If a tier cannot be set up.
pub fn bytes(data: &[u8]) -> Result<Option<String>, AdapterError> {
    judge(tiers()?, Features::wasm3(), false, data.to_vec(), data)
}

/// Initial inputs for [`bytes`]: the modules of all bundled scripts, no longer than `limit` bytes, each once, in
/// the order of the scripts.
///
/// # Errors
/// If a bundled script is malformed.
pub fn seeds(limit: usize) -> Result<Vec<Vec<u8>>, SelectionError> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::new();
    for source in Selection::default().sources()? {
        let modules = modules_of(&source)?;
        seeds.extend(modules.into_iter().filter(|m| m.len() <= limit && seen.insert(m.clone())));
    }
    Ok(seeds)
}

fn tiers() -> Result<Vec<Arc<dyn Adapter>>, AdapterError> {
    static TIERS: OnceLock<Result<Vec<Arc<dyn Adapter>>, AdapterError>> = OnceLock::new();
    TIERS.get_or_init(|| ["oracle", "interp", "jit"].into_iter().map(adapter).collect()).clone()
}

fn judge(
    engines: Vec<Arc<dyn Adapter>>,
    features: Features,
    state: bool,
    wasm: Vec<u8>,
    data: &[u8],
) -> Result<Option<String>, AdapterError> {
    let run = RunOptions { features, gas: Some(usual_gas(Some(GAS))), state, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false };
    let differ = Differ::new(engines, options);
    let mut stream = Stream::new("target", 0, data.len() as u64);
    let case = Case::of_exports("bytes", wasm.clone(), features, &mut stream, 2)
        .unwrap_or_else(|_| Case::new("bytes", wasm, Vec::new()));
    let case = Case { is_apart: true, ..case };
    let judged = differ.judge(&case)?;
    let Verdict::Diverged { engine, difference } = &judged.verdict else { return Ok(None) };
    let divergence = differ.divergence(&case, &judged, *engine, difference);
    let seen: Vec<String> =
        divergence.by_engine.iter().map(|(name, seen)| format!("{name}: {seen}")).collect();
    let invoke = divergence.invoke.as_deref().unwrap_or("loading");
    Ok(Some(format!("{} differs in {invoke}: {}", divergence.what, seen.join("; "))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_seeds_and_none_is_too_long() {
        let seeds = super::seeds(100).unwrap();
        assert!(seeds.len() > 1000, "{}", seeds.len());
        assert!(seeds.iter().all(|seed| seed.len() <= 100));
    }

    #[test]
    fn any_bytes_are_taken() {
        for data in [&b""[..], b"\0", b"\0asm\x01\0\0\0", b"\0asm\x01\0\0\0\x01\x05", &[7; 300]] {
            assert_eq!(super::bytes(data), Ok(None));
            assert_eq!(super::differential(data), Ok(None));
            assert_eq!(super::profile("single", data), Ok(None));
            assert_eq!(super::profile("chains", data), Ok(None));
        }
    }
}
