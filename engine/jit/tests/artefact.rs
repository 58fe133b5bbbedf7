//! Artefacts: there and back, and every reason to refuse one.

mod support;

use etalon_gas::Schedule;
use etalon_jit::artefact::{self, Artefact, Check, Wanted};
use etalon_jit::{ArtefactError, CompileOptions, LoadedModule, Nans, OptLevel, compile};
use etalon_runtime::{
    Extern, InvokeError, Placement, Stop, Store, StoreConfig, Value, instantiate,
};
use std::sync::Arc;
use support::{jit, module, nameless, options, schedule};

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
fn read(bytes: &[u8], schedule: &Schedule, metering: bool) -> Result<Artefact, ArtefactError> {
    read_for(bytes, &wanted(schedule, metering))
}

fn read_for(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Artefact, ArtefactError> {
    Artefact::read(&bytes.to_vec().into(), wanted, Check::Digest)
}

const WAT: &str = r#"(module (memory 1)
  (func $fib (export "fib") (param i32) (result i32)
    (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
             (call $fib (i32.sub (local.get 0) (i32.const 2)))))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#;

fn made() -> Vec<u8> {
    let module = module(WAT);
    artefact::write(&compile(&module, &options(true, OptLevel::Speed)).unwrap(), &module)
}

#[test]
fn there_and_back() {
    let bytes = made();
    assert!(artefact::is_artefact(&bytes));
    assert_eq!(bytes, made(), "an artefact depends on what goes into it alone");
    let artefact = read(&bytes, &schedule(), true).unwrap();
    let (again, loaded) = (artefact.compiled.clone(), artefact.load(None).unwrap());
    assert_eq!(artefact::write(&again, &artefact.module), bytes, "it is written as it was read");
    assert_runs(artefact, loaded);
}

/// Its function computes, and its backtrace says where the trap was.
fn assert_runs(artefact: Artefact, loaded: LoadedModule) {
    let module = Arc::new(artefact.module);
    let mut store = Store::new(StoreConfig::metered(Some(1_000_000))).unwrap();
    let tier = store.add_executor(jit("aot"));
    let placement = Placement::all(tier).with_code(tier, Arc::new(loaded));
    let instance = instantiate(&mut store, &module, &[], &placement).unwrap();
    let func = |name: &str| match store.instance(instance).export(name) {
        Some(Extern::Func(func)) => func,
        other => panic!("{name} is {other:?}"),
    };
    let (fib, load) = (func("fib"), func("load"));
    assert_eq!(store.invoke(fib, &[Value::I32(15)]), Ok(vec![Value::I32(610)]));
    let beyond = store.invoke(load, &[Value::I32(65_536)]).unwrap_err();
    let InvokeError::Stop(Stop::Trap(trapped)) = beyond else { panic!("{beyond:?}") };
    let site = trapped.site.unwrap();
    // The opcode of `i32.load`.
    assert_eq!(module.bytes()[site.offset as usize], 0x28);
}

#[test]
fn a_file_is_executed_where_it_lies() {
    let bytes = made();
    let named = tempfile::Builder::new().prefix("etalon-artefact").tempfile().unwrap();
    std::fs::write(named.path(), &bytes).unwrap();
    let file = named.reopen().unwrap();
    drop(named);
    let schedule = schedule();
    for check in [Check::Digest, Check::Header] {
        let mapped = nameless(&file);
        let artefact = Artefact::read(&mapped, &wanted(&schedule, true), check).unwrap();
        let loaded = artefact.load(Some(&file)).unwrap();
        let smaps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let executed = |line: &&str| line.contains("r-xp") && line.contains("etalon-artefact");
        assert_eq!(smaps.lines().find(executed).is_some(), cfg!(target_os = "linux"));
        assert_runs(artefact, loaded);
    }
}

#[test]
fn without_the_digest_only_the_header_is_checked() {
    let schedule = schedule();
    let read = |bytes: Vec<u8>, check| {
        Artefact::read(&bytes.into(), &wanted(&schedule, true), check).map(drop)
    };
    let mut damaged = made();
    *damaged.last_mut().unwrap() ^= 1;
    let digest = ArtefactError::Corrupt("its digest does not match");
    assert_eq!(read(damaged.clone(), Check::Digest), Err(digest));
    assert_eq!(read(damaged, Check::Header), Ok(()));
    // Whatever is cut off is missed, and no place in it is an end of the process.
    let whole = made();
    for end in (0..whole.len()).step_by(13).chain([whole.len() - 1]) {
        read(whole[..end].to_vec(), Check::Header).unwrap_err();
    }
}

/// A collection asks a module what its frames hold, which is known from validation.
#[test]
fn what_is_read_knows_the_types_of_operands() {
    let fresh = module(WAT);
    let read = read(&made(), &schedule(), true).unwrap().module;
    let offset = fresh.body(0).unwrap().range.end as u32 - 2;
    let types = fresh.operand_types(0, offset).unwrap();
    assert_eq!(types.operands.len(), 2);
    assert_eq!(read.operand_types(0, offset), Some(types));
    assert_eq!((read.digest(), read.needs()), (fresh.digest(), fresh.needs()));
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
    assert_eq!(why(&short), ArtefactError::Corrupt("its code does not end where it does"));
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
                assert_eq!(read_for(&bytes, &wanted).map(drop), expected);
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
            assert_eq!(read_for(&bytes, &wanted).map(drop), fits);
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
        assert_eq!(read_for(&bytes, &wanted).map(drop), fits);
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
