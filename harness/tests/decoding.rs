//! Every `assert_malformed` and `assert_invalid` of every suite, and every module that is to load, on our decoder and
//! validator alone: nothing is executed.
#![allow(missing_docs)]

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, Opened, Outcome, Prepared,
    Reason, Rejection, Session, SessionConfig, Val,
};
use etalon_harness::script::{ScriptOptions, Selection, Silent, refusals_of, run_suites};
use etalon_module::{LoadError, LoadErrorKind, Module};
use etalon_record::EngineInfo;
use etalon_spec_tests::texts;
use std::collections::BTreeSet;

struct Decoder;

struct Set {
    features: Features,
}

/// Executes nothing.
struct Idle;

impl Adapter for Decoder {
    fn info(&self) -> EngineInfo {
        EngineInfo::new("decoder", "0")
    }

    fn features(&self) -> Features {
        Features::all()
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        Ok(Box::new(Set { features: config.features }))
    }
}

impl Opened for Set {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        let loaded = Module::new(wasm, self.features).map(drop);
        loaded.map(Prepared::new).map_err(|error| Outcome::Rejected(rejection(error)))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        Ok(Box::new(Idle))
    }
}

fn rejection(error: LoadError) -> Rejection {
    let kind = error.fault.map(|fault| fault.name());
    match error.kind {
        LoadErrorKind::Malformed => Rejection::Malformed(Reason::new(kind, error.message)),
        LoadErrorKind::Invalid => Rejection::Invalid(Reason::new(kind, error.message)),
        LoadErrorKind::Limit => Rejection::Limit(error.message),
        LoadErrorKind::Unsupported { feature } => {
            Rejection::Unsupported { feature: feature.to_owned(), message: error.message }
        }
    }
}

fn execution() -> Outcome {
    let (feature, message) = ("execution".to_owned(), "only decodes".to_owned());
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}

impl Session for Idle {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }

    fn define_missing_imports(&mut self, _: &Prepared) -> Result<(), Outcome> {
        Ok(())
    }

    fn instantiate(&mut self, _: &Prepared) -> Result<Instance, Outcome> {
        Err(execution())
    }

    fn register(&mut self, _: &str, _: Instance) {}

    fn exports(&self, _: Instance) -> Vec<ExportInfo> {
        Vec::new()
    }

    fn invoke(&mut self, _: Instance, _: &str, _: &[Val]) -> Outcome {
        execution()
    }

    fn global(&mut self, _: Instance, _: &str) -> Option<Val> {
        None
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        Vec::new()
    }
}

/// A text with `{n}` for each number in it that is a word of its own.
fn with_holes(text: &str) -> String {
    let is_number = |word: &&str| word.bytes().all(|b| b.is_ascii_digit());
    let words = text.split(' ').map(|word| if is_number(&word) { "{n}" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// For each text of the scripts: what the table allows and the decoder found, script by script. A kind that stands in
/// the table for nothing that happens would let a wrong fault pass one day.
#[test]
fn the_table_of_texts_allows_what_the_scripts_need_and_nothing_else() {
    let table = texts();
    let mut used = BTreeSet::new();
    for source in Selection::default().sources().expect("the bundled suites") {
        let script = source.file.rsplit('/').next().unwrap_or_default();
        for refusal in refusals_of(&source).expect("a script") {
            let kind = match &refusal.module {
                Ok(wasm) => match Module::new(wasm, source.features) {
                    Err(LoadError { fault: Some(fault), .. }) => fault.name(),
                    _ => continue,
                },
                Err(Some(kind)) => kind,
                Err(None) => continue,
            };
            for text in [refusal.text.clone(), with_holes(&refusal.text)] {
                let part = table.parts().into_iter().find(|(name, _)| *name == refusal.assertion);
                let general = part.and_then(|(_, part)| part.get(&text));
                if general.is_some_and(|kinds| kinds.iter().any(|k| k == kind)) {
                    used.insert(format!("{}: {text}: {kind}", refusal.assertion));
                    continue;
                }
                for (i, reading) in table.readings.iter().enumerate() {
                    if reading.assertion == refusal.assertion
                        && reading.scripts.iter().any(|name| name == script)
                        && reading.texts.contains(&text)
                        && reading.kinds.iter().any(|k| k == kind)
                    {
                        used.insert(format!("reading {i}: {text}"));
                        used.insert(format!("reading {i}: {script}"));
                        used.insert(format!("reading {i}: {kind}"));
                    }
                }
            }
        }
    }
    let mut listed = BTreeSet::new();
    for (assertion, part) in &table.parts()[..2] {
        for (text, kinds) in *part {
            listed.extend(kinds.iter().map(|kind| format!("{assertion}: {text}: {kind}")));
        }
    }
    for (i, reading) in table.readings.iter().enumerate() {
        for what in [&reading.texts, &reading.scripts, &reading.kinds].into_iter().flatten() {
            listed.insert(format!("reading {i}: {what}"));
        }
    }
    let unused: Vec<_> = listed.difference(&used).collect();
    assert!(unused.is_empty(), "in the table, and nothing needs it: {unused:#?}");
    assert!(used.len() > 150, "{} uses", used.len());
}

#[test]
fn the_decoder_refuses_what_every_suite_refuses_and_nothing_else() {
    let run = run_suites(&[&Decoder], &Selection::default(), &ScriptOptions::default(), &Silent)
        .expect("the bundled suites");
    assert_eq!(run.errors, []);
    let mut found = String::new();
    for row in &run.record.rows {
        for failure in &row.failures {
            found.push_str(&format!(
                "{}/{}:{}: {}: expected {}, got {}\n",
                row.suite, row.file, failure.line, failure.kind, failure.expected, failure.got
            ));
        }
        for note in &row.unexpected {
            found.push_str(&format!("{}/{}:{}: unexpected pass\n", row.suite, row.file, note.line));
        }
        let known = ["execution", "custom-descriptors", "threads scripts"];
        let other: Vec<_> =
            row.unsupported.iter().filter(|f| !known.contains(&f.as_str())).collect();
        if !other.is_empty() {
            found.push_str(&format!("{}/{}: unsupported {other:?}\n", row.suite, row.file));
        }
    }
    assert!(found.is_empty(), "{found}");
    assert!(run.record.totals.passed > 15_000, "{:?}", run.record.totals);
}
