//! `etalon bench` as a process: what it stores, and what it says of a stored record. How fast anything is, no test asks.

mod program;

use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn etalon(folder: &Path, words: &str) -> Output {
    program::etalon()
        .args(words.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("it starts")
}

/// The document on standard output of a run that ends with a status.
fn document(folder: &Path, words: &str, status: i32) -> Value {
    let output = etalon(folder, &format!("{words} --format json"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{words}: {error}"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is a list: {value}"))
}

const TWO: &str =
    "bench --kernel collatz,modpow --tier interp,jit --against interp --time 0 --rounds 1";

/// A record that is stored is what was printed, and what is compared with it are the ratios of both.
#[test]
fn a_run_is_stored_and_compared_with() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("then.json");
    let printed = document(folder.path(), &format!("{TWO} --save then.json"), 0);
    let text = std::fs::read_to_string(&path).expect("it was stored");
    let mut stored: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(stored, printed);
    assert!(printed.get("changes").is_none(), "there was nothing to compare with");
    let now = document(folder.path(), &format!("{TWO} --compare then.json"), 0);
    let names: Vec<_> = list(&now, "changes").iter().map(|c| (&c["name"], &c["engine"])).collect();
    assert_eq!(names, [(&"collatz".into(), &"jit".into()), (&"modpow".into(), &"jit".into())]);
    // A record in which the compiler was a million times as fast: everything has moved, which is a finding only if asked for.
    for kernel in stored["kernels"].as_array_mut().expect("a list") {
        kernel["rows"][1]["ratio"] = serde_json::json!({"median": 1e-6, "low": 1e-7, "high": 1e-5});
    }
    std::fs::write(&path, stored.to_string()).expect("it is writable");
    for (more, status) in [("", 0), ("--fail-above 1e12", 0), ("--fail-above 10", 1)] {
        let now = document(folder.path(), &format!("{TWO} --compare then.json {more}"), status);
        assert!(list(&now, "changes").iter().all(|change| change["moved"] == true), "{now}");
    }
    let told = etalon(folder.path(), &format!("{TWO} --compare then.json"));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("2 of 2 ratios lie further from the stored ones"), "{told}");
}

/// Each part has its figures; memory is weighed in processes of their own. A module of the user's is named without its folder.
#[test]
fn the_parts_have_figures_and_no_paths() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let module = folder.path().join("mine.wat");
    std::fs::write(&module, "(module (func))").expect("it is writable");
    let words = format!(
        "bench --only compile,instantiate,memory --module {} --tier interp,jit --time 0 --rounds 1",
        module.display()
    );
    let record = document(folder.path(), &words, 0);
    let text = record.to_string();
    assert!(!text.contains(&*folder.path().to_string_lossy()), "{text}");
    assert!(text.contains("\"mine\"") && list(&record, "kernels").is_empty(), "{text}");
    for part in ["compile", "instantiate", "memory"] {
        let figures = list(&record, "figures").iter().filter(|figure| figure["part"] == part);
        let rows: Vec<&Value> = figures.flat_map(|figure| list(figure, "rows")).collect();
        assert!(rows.len() >= 4, "{part}: {text}");
        let tells = part != "memory" || cfg!(target_os = "linux");
        assert!(rows.iter().all(|row| row["value"].is_number() == tells), "{part}: {text}");
    }
}

/// Every kernel ends with the same checksum on every tier, with gas and without: a wrong one ends the run.
#[test]
fn all_kernels_race_on_our_tiers() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let words = "bench --only kernels --tier interp,interp-metered,jit,jit-metered,jit?nans=any,aot \
                 --against interp --time 0 --rounds 1";
    let record = document(folder.path(), words, 0);
    assert!(list(&record, "kernels").len() >= 20);
    for kernel in list(&record, "kernels") {
        for row in list(kernel, "rows") {
            assert_eq!(row["refused"], Value::Null, "{}: {row}", kernel["name"]);
        }
    }
    let pairs = list(&record, "pairs");
    assert!(pairs.iter().any(|pair| pair["engine"] == "jit-metered" && pair["over"] == "jit"));
}
