//! The coverage-guided targets in `fuzz/`: what they do with their input.

use crate::diff::{Case, DiffOptions, Differ, RunOptions, Verdict};
use crate::gas::{Law, check_law};
use crate::generate::{PROFILES, Profile, Stream, module_of};
use crate::script::{
    ScriptSource, Selection, SelectionError, convert, modules_of, script_of, text_module,
};
use crate::settings::usual_gas;
use etalon_adapters::{
    Adapter, AdapterError, Features, Outcome, Rejection, SessionConfig, adapter, trusting_adapter,
};
use etalon_module::Module;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of a program in `fuzz/Cargo.toml`.
    pub name: &'static str,
    /// What it begins from.
    pub seeds: Seeds,
    run: fn(&[u8]) -> Result<Option<String>, AdapterError>,
}

/// What a target begins from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// Nothing: every input is something.
    None,
    /// The modules of the bundled scripts.
    Modules,
    /// The texts of the bundled scripts.
    Scripts,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "decode", seeds: Seeds::Modules, run: decode },
    Target { name: "validate", seeds: Seeds::Modules, run: validate },
    Target { name: "bytes", seeds: Seeds::Modules, run: bytes },
    Target { name: "differential", seeds: Seeds::None, run: differential },
    Target { name: "single-op", seeds: Seeds::None, run: single_op },
    Target { name: "chains", seeds: Seeds::None, run: chains },
    Target { name: "artefact", seeds: Seeds::None, run: artefact },
    Target { name: "wast", seeds: Seeds::Scripts, run: wast },
    Target { name: "gas", seeds: Seeds::None, run: gas },
];

/// Gives a target its input.
///
/// # Panics
/// With what it found: that is how a guided run learns of it. Also if there is no target of this name, or an engine cannot be
/// set up.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
    match (target.run)(data) {
        Ok(None) => {}
        Ok(Some(found)) => panic!("{found}"),
        Err(error) => panic!("{error}"),
    }
}

/// What a target finds, if anything.
type Found = Result<Option<String>, AdapterError>;

/// Decodes the bytes. What is accepted can be read to its end, and a fault has a place in them.
fn decode(data: &[u8]) -> Found {
    match Module::new(data, Features::all()) {
        Ok(module) => {
            let mut readers = module.bodies.iter().map(|body| module.operators(body));
            Ok(readers.find_map(|mut reader| {
                loop {
                    if reader.eof() {
                        return None;
                    }
                    if let Err(error) = reader.read() {
                        return Some(format!("accepted, and cannot be read: {error}"));
                    }
                }
            }))
        }
        Err(error) if error.offset > data.len() as u64 => {
            Ok(Some(format!("the fault is beyond the end: {error}")))
        }
        Err(_) => Ok(None),
    }
}

/// Validates the bytes on every tier: all accept, or all refuse in the same phase. A limit of one tier is none of another.
fn validate(data: &[u8]) -> Found {
    let features = Features::wasm3();
    let config = SessionConfig { features, gas: None, turns: false, measure: false, time: None };
    let mut verdicts = Vec::new();
    for engine in tiers()? {
        let verdict = match engine.open(&config)?.validate(data) {
            Ok(()) => "accepted".to_owned(),
            Err(Outcome::Rejected(Rejection::Limit(_) | Rejection::Unsupported { .. })) => continue,
            Err(Outcome::Rejected(rejection)) => rejection.word().to_owned(),
            Err(other) => return Ok(Some(format!("{}: {other:?}", engine.info().name))),
        };
        verdicts.push((engine.info().name, verdict));
    }
    let differ = verdicts.windows(2).any(|pair| pair[0].1 != pair[1].1);
    Ok(differ.then(|| format!("the tiers do not agree: {verdicts:?}")))
}

/// Generates a module from the bytes, runs it on all tiers, and says where they differ.
fn differential(data: &[u8]) -> Found {
    // The first byte chooses the profile.
    let Some((first, rest)) = data.split_first() else { return Ok(None) };
    of_profile(profile_of(*first), rest, tiers()?)
}

fn single_op(data: &[u8]) -> Found {
    of_profile(named("single"), data, tiers()?)
}

fn chains(data: &[u8]) -> Found {
    of_profile(named("chains"), data, tiers()?)
}

/// An artefact: the bytes as one, of which the module is taken, but no code; or of a module that is generated from them, against
/// the same compiled just in time.
fn artefact(data: &[u8]) -> Found {
    let Some((first, rest)) = data.split_first() else { return Ok(None) };
    if first % 2 == 0 {
        // The oracle never runs the code that is in an artefact.
        let config = SessionConfig {
            features: Features::wasm3(),
            gas: None,
            turns: false,
            measure: false,
            time: None,
        };
        return Ok(match trusting_adapter("oracle")?.open(&config)?.prepare(rest) {
            Err(outcome @ (Outcome::Crashed(_) | Outcome::HostError(_))) => {
                Some(format!("{outcome:?}"))
            }
            _ => None,
        });
    }
    of_profile(profile_of(first / 2), rest, vec![adapter("jit")?, adapter("aot")?])
}

/// A script: what can be read can be converted to JSON and read back, and is then the same.
fn wast(data: &[u8]) -> Found {
    let Ok(text) = std::str::from_utf8(data) else { return Ok(None) };
    drop(text_module(text));
    let source = |text: &str| ScriptSource::new("target", "t.wast", text, Features::all());
    let Ok(converted) = convert(&source(text)) else { return Ok(None) };
    let file = |name: &str| {
        let known = converted.files.iter().find(|(known, _)| known == name);
        known.map(|(_, bytes)| bytes.clone()).ok_or_else(|| format!("there is no {name}"))
    };
    let back = match script_of(&converted.script, &mut { file }) {
        Ok(back) => back,
        Err(error) => return Ok(Some(format!("converted, and cannot be read: {error}"))),
    };
    Ok(match convert(&source(&back)) {
        Err(error) => Some(format!("read back as no script: {error}")),
        Ok(again) if again != converted => {
            let (before, now) = (converted.to_json(), again.to_json());
            let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
            Some(format!("read back as another script: {differs:?}"))
        }
        Ok(_) => None,
    })
}

/// The laws of gas, for a module that is generated from the bytes, on the tier that the first byte chooses.
fn gas(data: &[u8]) -> Found {
    let [first, second, rest @ ..] = data else { return Ok(None) };
    let engines = tiers()?;
    let engine = &engines[usize::from(*first) % engines.len()];
    let profile = profile_of(*second);
    let features = (profile.features)().intersection(engine.features());
    let case = case_of(module_of(profile, features, rest), features, rest);
    let options =
        RunOptions { features, gas: Some(usual_gas(Some(GAS))), state: false, time: None };
    for law in Law::ALL {
        if let Some(breach) = check_law(*law, engine.as_ref(), &options, &case)? {
            return Ok(Some(format!("{}: {breach}", engine.info().name)));
        }
    }
    Ok(None)
}

/// The gas limit: low, so that a guided run tries many inputs.
const GAS: u64 = 100_000;

fn profile_of(byte: u8) -> &'static Profile {
    &PROFILES[usize::from(byte) % PROFILES.len()]
}

fn named(name: &str) -> &'static Profile {
    Profile::named(name).expect("a profile's name")
}

fn of_profile(profile: &Profile, data: &[u8], engines: Vec<Arc<dyn Adapter>>) -> Found {
    let features = engines
        .iter()
        .fold((profile.features)(), |set, engine| set.intersection(engine.features()));
    judge(engines, features, true, module_of(profile, features, data), data)
}

/// Treats the bytes as a module: decodes, validates, instantiates and calls its exports on all tiers, and says where they
/// differ. No digest of the state is taken, because a module of a few bytes may have gigabytes of memory.
fn bytes(data: &[u8]) -> Found {
    judge(tiers()?, Features::wasm3(), false, data.to_vec(), data)
}

/// What a target begins from, no longer than `limit` bytes, each once, in the order of the bundled scripts.
///
/// # Errors
/// If a bundled script is malformed.
pub fn seeds(seeds: Seeds, limit: usize) -> Result<Vec<Vec<u8>>, SelectionError> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for source in Selection::default().sources()? {
        let some = match seeds {
            Seeds::None => break,
            Seeds::Modules => modules_of(&source)?,
            Seeds::Scripts => vec![source.text.into_bytes()],
        };
        all.extend(some.into_iter().filter(|m| m.len() <= limit && seen.insert(m.clone())));
    }
    Ok(all)
}

fn tiers() -> Result<Vec<Arc<dyn Adapter>>, AdapterError> {
    static TIERS: OnceLock<Result<Vec<Arc<dyn Adapter>>, AdapterError>> = OnceLock::new();
    TIERS
        .get_or_init(|| ["oracle", "interp", "jit", "auto"].into_iter().map(adapter).collect())
        .clone()
}

/// A module, and calls of its exports.
fn case_of(wasm: Vec<u8>, features: Features, data: &[u8]) -> Case {
    let mut stream = Stream::new("target", 0, data.len() as u64);
    Case::of_exports("bytes", wasm.clone(), features, &mut stream, 2)
        .unwrap_or_else(|_| Case::new("bytes", wasm, Vec::new()))
}

fn judge(
    engines: Vec<Arc<dyn Adapter>>,
    features: Features,
    state: bool,
    wasm: Vec<u8>,
    data: &[u8],
) -> Found {
    let run = RunOptions { features, gas: Some(usual_gas(Some(GAS))), state, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(engines, options);
    let case = Case { is_apart: true, ..case_of(wasm, features, data) };
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
    use super::*;

    #[test]
    fn there_are_seeds_and_none_is_too_long() {
        for (seeds, limit, least) in
            [(Seeds::Modules, 100, 1000), (Seeds::Scripts, 4096, 100), (Seeds::None, 100, 0)]
        {
            let all = super::seeds(seeds, limit).expect("bundled scripts are scripts");
            assert!(all.len() >= least, "{seeds:?}: {}", all.len());
            assert!(all.iter().all(|seed| seed.len() <= limit));
        }
    }

    /// Each takes any bytes, and finds nothing.
    #[test]
    fn every_target_takes_any_bytes() {
        let modules = seeds(Seeds::Modules, 60).expect("bundled scripts are scripts");
        let scripts = seeds(Seeds::Scripts, 2000).expect("bundled scripts are scripts");
        for target in TARGETS {
            for data in [
                &b""[..],
                b"\0",
                b"\0asm\x01\0\0\0",
                b"\0asm\x01\0\0\0\x01\x05",
                b"\x01\x02\x03(module (func",
                &[7; 300],
                &[0xff; 40],
            ] {
                run(target.name, data);
            }
            let some = match target.seeds {
                Seeds::None => Vec::new(),
                Seeds::Modules => modules.iter().step_by(20).collect(),
                Seeds::Scripts => scripts.iter().step_by(5).collect::<Vec<_>>(),
            };
            some.into_iter().for_each(|seed| run(target.name, seed));
        }
    }

    /// A target that cannot fail finds nothing.
    #[test]
    fn what_a_target_finds_ends_it() {
        let found = std::panic::catch_unwind(|| run("no-such-target", b""));
        assert!(found.is_err());
        assert!(matches!(Module::new(b"\0asm", Features::all()), Err(error) if error.offset <= 4));
    }
}
