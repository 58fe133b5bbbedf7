//! Artefacts for machines that are named: every kind of code, the same whoever makes it, and refused by name where it does not run.

#[path = "support/families.rs"]
mod families;
mod support;

use etalon_jit::artefact::{self, Artefact, Check, Wanted};
use etalon_jit::{
    ArtefactError, CompileError, CompileOptions, CpuLevel, LoadedModule, Machine, Nans, OptLevel,
    cache_key, compile,
};
use etalon_module::{Features, Module};
use families::FAMILIES;
use std::collections::BTreeSet;
use support::{module, options, schedule};

/// Options for a machine, which is taken for what the least of its kind has.
fn options_for(target: Machine, metering: bool, opt: OptLevel) -> CompileOptions {
    let cpu = CpuLevel::Baseline;
    CompileOptions { target: Some(target), cpu, ..options(metering, opt) }
}

fn made(module: &Module, options: &CompileOptions) -> Vec<u8> {
    artefact::write(&compile(module, options).unwrap(), module)
}

/// Each family of modules, small.
fn shapes() -> impl Iterator<Item = (&'static str, Module)> {
    FAMILIES.iter().map(|(name, size, text)| {
        let bytes = wat::parse_str(text(size / 50 + 1)).unwrap();
        (*name, Module::new(&bytes, Features::all()).unwrap())
    })
}

const WAT: &str = r#"(module (memory 1) (func (export "f") (param i32) (result i32)
  (i32.store (local.get 0) (i32.const 7)) (i32.load (local.get 0))))"#;

#[test]
fn every_shape_compiles_for_every_target_and_the_same_each_time() {
    for (name, module) in shapes() {
        let here = compile(&module, &options(false, OptLevel::Speed)).unwrap();
        let reasons = |compiled: &etalon_jit::CompiledModule| compiled.not_compiled().len();
        for target in Machine::all() {
            for (metering, opt) in [(false, OptLevel::Speed), (true, OptLevel::None)] {
                let options = options_for(target.clone(), metering, opt);
                let bytes = made(&module, &options);
                assert_eq!(artefact::about(&bytes).unwrap().target, target.to_string());
                assert!(made(&module, &options) == bytes, "{name} for {target} differs");
                let compiled = compile(&module, &options).unwrap();
                assert_eq!(reasons(&compiled), reasons(&here), "{name} for {target}");
            }
        }
    }
}

#[test]
fn for_this_machine_it_is_what_is_made_without_a_name() {
    let Some(here) = Machine::here() else { return };
    for (name, module) in shapes() {
        for cpu in [CpuLevel::Baseline, CpuLevel::Native] {
            let unnamed = CompileOptions { cpu, ..options(true, OptLevel::Speed) };
            let named = CompileOptions { target: Some(here.clone()), ..unnamed.clone() };
            assert!(made(&module, &named) == made(&module, &unnamed), "{name}, {cpu}");
            assert_eq!(cache_key(&module, &named), cache_key(&module, &unnamed));
        }
    }
}

#[test]
fn code_for_another_machine_is_refused_by_name() {
    let module = module(WAT);
    let here = Machine::here().map(|here| here.to_string()).unwrap_or_default();
    let mut keys = BTreeSet::new();
    for target in Machine::all() {
        let options = options_for(target.clone(), false, OptLevel::Speed);
        keys.insert(cache_key(&module, &options).unwrap());
        let compiled = compile(&module, &options).unwrap();
        let bytes = artefact::write(&compiled, &module);
        let (schedule, nans) = (schedule(), Nans::Deterministic);
        let wanted = Wanted {
            schedule: &schedule,
            metering: false,
            interruptible: false,
            memory_regions: false,
            nans,
        };
        let fits = artefact::fits(&bytes, &wanted);
        let read = Artefact::read(&bytes.into(), &wanted, Check::Digest).map(drop);
        let loaded = LoadedModule::load(&compiled, &module);
        assert_eq!(read, fits);
        if target.to_string() == here {
            assert_eq!(fits, Ok(()));
            loaded.unwrap();
            continue;
        }
        let (found, expected) = (target.to_string(), here.clone());
        assert_eq!(fits, Err(ArtefactError::Target { found, expected }));
        let error = loaded.unwrap_err().to_string();
        assert_eq!(error, format!("cannot load code: the code is for {target}"));
        let native = CompileOptions { cpu: CpuLevel::Native, ..options };
        let error = compile(&module, &native).unwrap_err();
        assert_eq!(error, CompileError::NativeElsewhere(target.to_string()));
        assert_eq!(cache_key(&module, &native), Err(error));
    }
    assert_eq!(keys.len(), 4, "the code of each target is kept under a key of its own");
}

/// Few processors of RISC-V have vectors, and a module without them runs on all.
#[test]
fn what_has_no_vectors_needs_none() {
    let features = |wat: &str, target: &str| {
        let module = module(wat);
        let bytes = made(&module, &options_for(target.parse().unwrap(), false, OptLevel::Speed));
        let has = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
        (has(b"has_v"), has(b"has_sse41"))
    };
    let riscv = "riscv64gc-unknown-linux-gnu";
    assert_eq!(features(WAT, riscv), (false, false));
    assert_eq!(features("(module (func (param v128)))", riscv), (true, false));
    assert_eq!(features("(module (type (func (result v128))))", riscv), (true, false));
    assert_eq!(features("(module (func (drop (v128.const i64x2 1 2))))", riscv), (true, false));
    assert_eq!(features(WAT, "x86_64-unknown-linux-gnu"), (false, true));
}
