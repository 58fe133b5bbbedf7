//! Artefacts: there and back, and every reason to refuse one.

mod support;

use etalon_gas::Schedule;
use etalon_jit::artefact::{self, Wanted};
use etalon_jit::{
    ArtefactError, CompileOptions, CompiledModule, LoadedModule, Nans, OptLevel, compile,
};
use etalon_module::{Features, Module};
use etalon_runtime::{Extern, Placement, Store, StoreConfig, Value, instantiate};
use std::sync::Arc;
use support::{jit, module, options, schedule};

/// A run that is not interrupted, of memories without regions.
fn wanted(schedule: &Schedule, metering: bool) -> Wanted<'_> {
    Wanted {
        schedule,
        metering,
        interruptible: false,
        memory_regions: false,
        nans: Nans::Deterministic,
    }
}

/// Reads an artefact for such a run.
fn read(bytes: &[u8], schedule: &Schedule, metering: bool) -> Result<Read, ArtefactError> {
    artefact::read(bytes, &wanted(schedule, metering))
}

type Read = (Vec<u8>, CompiledModule);

const WAT: &str = r#"(module (memory 1)
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
             (call $fib (i32.sub (local.get 0) (i32.const 2))))))"#;

fn made() -> Vec<u8> {
    let module = module(WAT);
    artefact::write(&compile(&module, &options(true, OptLevel::Speed)).unwrap(), &module)
}

#[test]
fn there_and_back() {
    let bytes = made();
    assert!(artefact::is_artefact(&bytes));
    assert_eq!(bytes, made(), "an artefact depends on what goes into it alone");
    let (wasm, compiled) = read(&bytes, &schedule(), true).unwrap();
    let module = Arc::new(Module::new(&wasm, Features::wasm2()).unwrap());
    let loaded = LoadedModule::load(&compiled, &module).unwrap();
    let mut store = Store::new(StoreConfig::metered(Some(1_000_000))).unwrap();
    let tier = store.add_executor(jit("aot"));
    let placement = Placement::all(tier).with_code(tier, Arc::new(loaded));
    let instance = instantiate(&mut store, &module, &[], &placement).unwrap();
    let Some(Extern::Func(fib)) = store.instance(instance).export("fib") else { panic!("no fib") };
    assert_eq!(store.invoke(fib, &[Value::I32(15)]), Ok(vec![Value::I32(610)]));
}

/// The digest covers everything behind it, so whoever edits an artefact must renew it.
fn with_digest(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = blake3::hash(&bytes[40..]);
    bytes[8..40].copy_from_slice(digest.as_bytes());
    bytes
}

/// Replaces the only place where `from` stands, by a text of the same length.
fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = made();
    assert_eq!(from.len(), to.len());
    // The header comes before the body, and within it the first is the one that is checked first.
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    with_digest(bytes)
}

#[test]
fn refusals_say_why() {
    let why = |bytes: &[u8]| read(bytes, &schedule(), true).map(|_| ()).unwrap_err();
    assert_eq!(why(b"\0asm\x01\0\0\0"), ArtefactError::NotAnArtefact);
    assert_eq!(why(&made()[..20]), ArtefactError::Corrupt("it ends within its header"));
    let mut damaged = made();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(why(&damaged), ArtefactError::Corrupt("its digest does not match"));

    let version = etalon_jit::CRANELIFT_VERSION.as_bytes();
    let other = why(&replaced(version, &vec![b'9'; version.len()]));
    assert!(matches!(other, ArtefactError::Version { .. }), "{other}");
    let other = why(&replaced(b"-linux", b"-xinul"));
    assert!(matches!(other, ArtefactError::Target { .. }), "{other}");
    let bytes = made();
    assert_eq!(
        read(&bytes, &schedule(), false).map(|_| ()),
        Err(ArtefactError::Settings { found: true, expected: false })
    );
    let flat = Schedule::builtin("flat").unwrap();
    let other = read(&bytes, &flat, true).map(|_| ()).unwrap_err();
    assert!(matches!(other, ArtefactError::Schedule { .. }), "{other}");
    let short = with_digest(bytes[..bytes.len() - 1].to_vec());
    assert_eq!(why(&short), ArtefactError::Corrupt("it ends within a part"));
}

/// Code that looks for interrupts runs where nobody asks for one; code that does not, only there.
#[test]
fn an_artefact_says_whether_it_can_be_interrupted() {
    let module = module(WAT);
    for metered in [false, true] {
        for interruptible in [false, true] {
            let options = CompileOptions { interruptible, ..options(metered, OptLevel::Speed) };
            let bytes = artefact::write(&compile(&module, &options).unwrap(), &module);
            let about = artefact::about(&bytes).unwrap();
            assert_eq!(about.interruptible, interruptible);
            assert_eq!(about.schedule, metered.then(|| schedule().id().to_string()));
            for asked in [false, true] {
                let schedule = schedule();
                let wanted = Wanted { interruptible: asked, ..wanted(&schedule, metered) };
                let expected = match asked && !interruptible {
                    true => Err(ArtefactError::NotInterruptible),
                    false => Ok(()),
                };
                assert_eq!(artefact::fits(&bytes, &wanted), expected);
                assert_eq!(artefact::read(&bytes, &wanted).map(drop), expected);
            }
        }
    }
}

/// Code that asks the regions of memories runs only where there may be some, and other code only where there are none.
#[test]
fn an_artefact_says_whether_it_asks_for_memory_regions() {
    let (module, schedule) = (module(WAT), schedule());
    for found in [false, true] {
        let options = CompileOptions { memory_regions: found, ..options(true, OptLevel::Speed) };
        let bytes = artefact::write(&compile(&module, &options).unwrap(), &module);
        assert_eq!(artefact::about(&bytes).unwrap().memory_regions, found);
        for expected in [false, true] {
            let wanted = Wanted { memory_regions: expected, ..wanted(&schedule, true) };
            let fits = match found == expected {
                true => Ok(()),
                false => Err(ArtefactError::Regions { found, expected }),
            };
            assert_eq!(artefact::fits(&bytes, &wanted), fits);
            assert_eq!(artefact::read(&bytes, &wanted).map(drop), fits);
        }
    }
}

/// Code with the processor's NaNs runs only where any will do; other code runs there, too.
#[test]
fn an_artefact_says_which_nans_its_arithmetic_gives() {
    let (module, schedule) = (module(WAT), schedule());
    for (found, expected, fits) in [
        (Nans::Deterministic, Nans::Deterministic, Ok(())),
        (Nans::Deterministic, Nans::Any, Ok(())),
        (Nans::Any, Nans::Deterministic, Err(ArtefactError::Nans)),
        (Nans::Any, Nans::Any, Ok(())),
    ] {
        let options = CompileOptions { nans: found, ..options(true, OptLevel::Speed) };
        let bytes = artefact::write(&compile(&module, &options).unwrap(), &module);
        let wanted = Wanted { nans: expected, ..wanted(&schedule, true) };
        assert_eq!(artefact::fits(&bytes, &wanted), fits);
        assert_eq!(artefact::read(&bytes, &wanted).map(drop), fits);
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_feature_that_the_processor_lacks_is_named() {
    let other = read(&replaced(b"has_sse41", b"has_sse99"), &schedule(), true);
    let lacking = ArtefactError::CpuFeature("has_sse99".into());
    assert_eq!(other.map(|_| ()), Err(lacking));
}

#[test]
fn code_of_another_module_is_refused() {
    let ours = module(WAT);
    let compiled = compile(&ours, &options(false, OptLevel::None)).unwrap();
    assert!(LoadedModule::load(&compiled, &module("(module)")).is_err());
}

#[test]
fn a_store_of_other_settings_refuses_the_code() {
    let ours = module(WAT);
    let compiled = compile(&ours, &options(false, OptLevel::None)).unwrap();
    let loaded = Arc::new(LoadedModule::load(&compiled, &ours).unwrap());
    let flat = Schedule::builtin("flat").unwrap();
    let configs =
        [StoreConfig::metered(None), StoreConfig { schedule: flat, ..StoreConfig::unmetered() }];
    for config in configs {
        let mut store = Store::new(config).unwrap();
        let tier = store.add_executor(jit("jit"));
        let placement = Placement::all(tier).with_code(tier, loaded.clone());
        let error = instantiate(&mut store, &ours, &[], &placement).unwrap_err();
        assert!(error.to_string().contains("jit cannot run the module"), "{error}");
    }
}
