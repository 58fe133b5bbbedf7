//! Do Wasmtime and wasmi charge what they must for what the oracle executed? `make fuel-witness`.
#![allow(clippy::print_stdout)]

use etalon_audit::{Agreement, FuelCase, FuelError, Mismatch, Model, Witness};
use etalon_harness::corpus::programs_and_kernels;
use etalon_harness::diff::{Call, Case};
use etalon_harness::fuzz::case_of;
use etalon_harness::generate::Profile;
use etalon_harness::reduce::Budget;
use etalon_harness::{NanBits, with_nans};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Where modules come from, in turn.
const PROFILES: &[&str] = &[
    "control",
    "calls",
    "memory",
    "traps",
    "chains",
    "single",
    "sequences",
    "quiet",
    "wasm2",
    "mvp",
    "smith",
    "float",
    "simd",
    "gc",
];
/// Bytes of the stack that engines have.
const STACK: usize = 1 << 30;
/// How many modules are tried to make one smaller.
const TRIES: u64 = 1_000;
/// How many mismatches are printed.
const PRINTED: usize = 10;
/// What others do with fuel where a call does not end well, or where nothing is done: known, and shown by an example each.
const FAULTS: &[(&str, &str)] = &[
    (
        "fuel that was used is lost at a trap",
        "(module (memory 1) (func (export \"f\") (local i32)
           (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
             (br_if 0 (i32.lt_u (local.get 0) (i32.const 100))))
           (drop (i32.load (i32.const -1)))))",
    ),
    (
        "a bulk operator is charged for what its bounds check refuses",
        "(module (memory 1) (func (export \"f\")
           (memory.fill (i32.const 65536) (i32.const 0) (i32.const 1000))))",
    ),
    (
        "growth that fails is charged for",
        "(module (table 1 1 funcref) (func (export \"f\") (result i32)
           (table.grow (ref.null func) (i32.const 1000))))",
    ),
];

fn main() -> ExitCode {
    let number = |name: &str, default: u64| {
        let given = std::env::args().skip_while(|arg| arg != name).nth(1);
        given.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (modules, seed) = (number("--modules", 20_000), number("--seed", 1));
    // Engines of others recurse over what is nested.
    let work = move || match run(modules, seed, Path::new("target/fuel-witness")) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            println!("{error}");
            2
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    let status = thread.ok().and_then(|thread| thread.join().ok());
    ExitCode::from(status.unwrap_or(2))
}

fn run(modules: u64, seed: u64, out: &Path) -> Result<bool, Box<dyn std::error::Error>> {
    let mut holds = true;
    for model in [Model::Wasmtime, Model::Wasmi] {
        let witness = Arc::new(Witness::new(model)?);
        let mut corpus = Agreement::default();
        for (features, case) in programs_and_kernels() {
            ask(&witness, FuelCase { case: &case, features }, &mut corpus, out)?;
        }
        holds &= print(witness.name, "programs and kernels", &corpus);
        let mut generated = Agreement::default();
        let profiles: Vec<_> = PROFILES.iter().filter_map(|name| Profile::named(name)).collect();
        for number in 0..modules {
            let profile = profiles[number as usize % profiles.len()];
            let case = with_canonical_nans(case_of(profile, witness.features(), seed, number, 4));
            let case = FuelCase { case: &case, features: witness.features() };
            ask(&witness, case, &mut generated, out)?;
        }
        holds &= print(witness.name, "generated modules", &generated);
        faults(&witness)?;
    }
    Ok(holds)
}

/// Engines of others choose the bits of NaNs, and a branch may hang on them: where it has one, the module makes them canonical.
fn with_canonical_nans(case: Case) -> Case {
    let canonical = NanBits { narrow: 0x7fc0_0000, wide: 0x7ff8_0000_0000_0000 };
    let wasm = with_nans(&case.wasm, canonical).unwrap_or_else(|| case.wasm.clone());
    Case { wasm, ..case }
}

/// Asks about a case. If it is charged for otherwise, it is saved, and a smaller one beside it.
fn ask(
    witness: &Arc<Witness>,
    asked: FuelCase<'_>,
    agreement: &mut Agreement,
    out: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let before = agreement.unequal.len();
    witness.ask(asked, agreement)?;
    if agreement.unequal.len() == before {
        return Ok(());
    }
    std::fs::create_dir_all(out)?;
    let safe = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let name =
        format!("{}-{}", witness.name, asked.case.name).chars().map(safe).collect::<String>();
    let file = out.join(name);
    std::fs::write(file.with_extension("wasm"), &asked.case.wasm)?;
    if let Some(reduced) = witness.reduced(asked, Budget { tries: TRIES, ..Budget::default() })? {
        std::fs::write(file.with_extension("reduced.wasm"), reduced.wasm)?;
    }
    Ok(())
}

fn print(witness: &str, what: &str, agreement: &Agreement) -> bool {
    let Agreement { modules, calls, unequal, explained, trapped, lost, passed_over } = agreement;
    let different = unequal.len() as u64;
    println!(
        "{witness}, {what}: {modules} modules, {calls} calls that returned, {} equal, {explained} charged for growth that failed, {different} unequal",
        calls - different - explained
    );
    for mismatch in unequal.iter().take(PRINTED) {
        println!("  {}", told(mismatch));
    }
    for (why, count) in passed_over {
        println!("  {count} modules passed over: {why}");
    }
    println!(
        "  {} calls trapped; {} of them were charged less than what ran",
        trapped.0, trapped.1
    );
    if let Some(lost) = lost {
        println!("  such as {}", told(lost));
    }
    different == 0
}

fn told(mismatch: &Mismatch) -> String {
    let Mismatch { call, outcome, ours, theirs } = mismatch;
    format!("{call}: executed {ours}, charged {theirs} ({outcome})")
}

/// The known faults, with what each charges.
fn faults(witness: &Witness) -> Result<(), FuelError> {
    for (what, text) in FAULTS {
        let wasm = wat::parse_str(text).expect("it is text");
        let case = Case::new(*what, wasm, vec![Call { export: "f".into(), args: Vec::new() }]);
        let charge = witness.charge(FuelCase { case: &case, features: witness.features() })?;
        match charge {
            Some((ours, theirs)) if ours != theirs => {
                println!("  shown: {what}: executed {ours}, charged {theirs}");
            }
            Some((ours, _)) => println!("  not here: {what}: executed and charged {ours}"),
            None => println!("  not here: {what}: it does not load, or says nothing"),
        }
    }
    Ok(())
}
