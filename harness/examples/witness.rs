//! Asks other engines about the modules that ours judges: `make witness`. Engines are named as `etalon engines` names them; those
//! that cannot be had are passed over with the reason.
#![allow(clippy::print_stdout)]

use etalon_adapters::{Adapter, TimeLimit, Watchdog, adapter};
use etalon_harness::witness::{Answers, Mismatch, Questions, WitnessOptions, ask};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long an engine may take for a module.
const EACH: Duration = Duration::from_secs(20);
/// How many mismatches are printed.
const PRINTED: usize = 20;

struct Asked {
    modules: u64,
    seed: u64,
    out: PathBuf,
    witnesses: Vec<String>,
}

fn arguments() -> Result<Asked, String> {
    let mut asked =
        Asked { modules: 100_000, seed: 1, out: "target/witness".into(), witnesses: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
        match word.as_str() {
            "--modules" => asked.modules = number(value()?)?,
            "--seed" => asked.seed = number(value()?)?,
            "--out" => asked.out = value()?.into(),
            name => asked.witnesses.push(name.to_owned()),
        }
    }
    Ok(asked)
}

fn says(against: &Option<String>) -> &str {
    against.as_deref().unwrap_or("accepts it")
}

fn save(folder: &Path, witness: &str, mismatch: &Mismatch) -> std::io::Result<()> {
    let safe = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let folder = folder.join(witness.chars().map(safe).collect::<String>());
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{}.wasm", mismatch.number)), &mismatch.wasm)
}

fn print(witness: &str, answers: &Answers, time: Duration) {
    let Answers { accepted, refused, open, mismatches } = answers;
    println!(
        "{witness}: both accept {accepted}, both refuse {refused}, they differ on {}; {:.1} s",
        mismatches.len(),
        time.as_secs_f64()
    );
    for (why, count) in open {
        println!("  no answer from {why}: {count}");
    }
    for Mismatch { number, wasm, ours, theirs } in mismatches.iter().take(PRINTED) {
        println!(
            "  {number} ({} bytes): ours {}; the witness {}",
            wasm.len(),
            says(ours),
            says(theirs)
        );
    }
}

fn main() -> ExitCode {
    let failed = |error: &dyn std::fmt::Display| {
        println!("error: {error}");
        ExitCode::FAILURE
    };
    let asked = match arguments() {
        Ok(asked) => asked,
        Err(error) => return failed(&error),
    };
    let ours = match adapter("oracle") {
        Ok(ours) => ours,
        Err(error) => return failed(&error),
    };
    let questions = Questions::new(asked.seed);
    println!("{} modules of scripts, the others generated and changed", questions.scripts());
    let mut differ = false;
    for name in &asked.witnesses {
        let begun = Instant::now();
        let watchdog = match Watchdog::new() {
            Ok(watchdog) => watchdog,
            Err(error) => return failed(&error),
        };
        let options = WitnessOptions {
            modules: asked.modules,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            time: Some(TimeLimit { each: Some(EACH), watchdog }),
        };
        let answers = adapter(name).and_then(|witness| {
            ask(ours.as_ref() as &dyn Adapter, witness.as_ref(), &questions, &options)
        });
        match answers {
            Ok(answers) => {
                print(name, &answers, begun.elapsed());
                differ |= !answers.mismatches.is_empty();
                for mismatch in &answers.mismatches {
                    if let Err(error) = save(&asked.out, name, mismatch) {
                        return failed(&error);
                    }
                }
            }
            Err(error) => println!("passed over: {error}"),
        }
    }
    if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
