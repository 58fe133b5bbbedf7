//! Faults of the kinds that compilers really had, planted in a copy of ours: the measure of what `fuzz` finds. `make mutants` tries all
//! of them; here each must still fit into the sources, and a few are looked for.

mod plant;

use etalon_module::Opcode;
use plant::{Fault, VARIABLE, build, faults, planted, workspace};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Those that are looked for here, one of each list.
const TRIED: &[&str] = &[
    "shift-by-31-is-logical",
    "average-rounds-down",
    "narrow-load-lacks-its-sign",
    // Only the end of a memory shows it.
    "store-is-torn",
    "condition-of-the-lowest-byte",
    "packed-field-lacks-its-sign",
    "interp-the-memory-above",
    // What they move is wrong, and not what stands where it arrives.
    "arguments-beyond-the-registers",
    "parallel-move-in-sequence",
    // Whatever shows a value makes it right.
    "pending-nan-on-an-edge",
];

#[test]
fn every_fault_fits_into_the_sources() {
    planted(&faults()).unwrap();
}

#[test]
fn what_is_to_be_named_is_an_instruction() {
    let mut names = BTreeSet::new();
    for fault in faults() {
        let Fault { name, about, operators, .. } = &fault;
        assert!(names.insert(name.clone()), "{name} is there twice");
        assert!(!about.is_empty() && !about.ends_with('.'), "{name}: {about}");
        if let Some((file, test)) = fault.check.as_deref().and_then(|check| check.split_once("::"))
        {
            let files = ["harness/tests", "engine/jit/tests"];
            let texts = files.map(|folder| workspace().join(folder).join(format!("{file}.rs")));
            let text = texts.iter().find_map(|path| std::fs::read_to_string(path).ok());
            let is_there = text.is_some_and(|text| text.contains(&format!("fn {test}()")));
            assert!(is_there, "{name}: there is no test {file}::{test}");
        }
        for operator in operators {
            let alone = Fault { operators: vec![operator.clone()], ..fault.clone() };
            let is_known = Opcode::ALL.iter().any(|op| alone.is_named_by(op.name()));
            assert!(is_known, "{name}: {operator} is no instruction");
        }
    }
    assert!(names.len() >= 60 && TRIED.iter().all(|name| names.contains(*name)));
}

/// The program with all faults, built once for all tests.
static PROGRAM: LazyLock<std::path::PathBuf> = LazyLock::new(|| build("dev"));

/// What a run of the program with a fault finds, and what it prints: the operator that the first finding names, if there is a finding
/// and it names one.
fn finds(program: &Path, fault: &str) -> (Option<Option<String>>, String) {
    let folder = tempfile::tempdir().unwrap();
    let words = "fuzz --engine interp,jit --modules 150 --profile single,chains,control,objects,sequences,nans --seed 1 \
                 --until-finding --out out --record record.json";
    let output = Command::new(program)
        .args(words.split(' '))
        .current_dir(folder.path())
        .env(VARIABLE, fault)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => (None, text),
        Some(1 | 3) => {
            let record = std::fs::read(folder.path().join("record.json")).unwrap();
            let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
            (Some(record["findings"][0]["operator"].as_str().map(str::to_owned)), text)
        }
        other => panic!("{fault}: {other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn planted_faults_are_found_and_named() {
    let (found, text) = finds(&PROGRAM, "");
    assert_eq!(found, None, "without a fault: {text}");
    for fault in faults().iter().filter(|fault| TRIED.contains(&&*fault.name)) {
        let (found, text) = finds(&PROGRAM, &fault.name);
        let found = found.unwrap_or_else(|| panic!("{} is not found: {text}", fault.name));
        let is_named = found.as_ref().is_some_and(|operator| fault.is_named_by(operator));
        assert!(is_named, "{}: {found:?} is named: {text}", fault.name);
    }
    assert!(workspace().join("Cargo.lock").is_file());
}

/// Each fault at a change of tier is seen in one module, whose functions and loops all change.
#[test]
fn faults_where_functions_change_their_tier_are_found() {
    let module = workspace().join("corpus/regressions/changing-tiers.wat");
    let differs = |fault: &str| {
        let mut diff = Command::new(&*PROGRAM);
        diff.args(["diff", "--engine", "interp,auto"]).arg(&module).env(VARIABLE, fault);
        let output = diff.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0) => (false, text),
            Some(1 | 3) => (true, text),
            other => panic!("{fault}: {other:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    };
    let (found, text) = differs("");
    assert!(!found, "without a fault: {text}");
    let faults: Vec<Fault> = faults().into_iter().filter(|fault| fault.tier == "auto").collect();
    assert!(faults.len() > 9);
    for fault in faults {
        let (found, text) = differs(&fault.name);
        assert!(found, "{} is not found: {text}", fault.name);
    }
}
