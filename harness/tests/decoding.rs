//! Every `assert_malformed` and `assert_invalid` of every suite, and every module that is to load, on our decoder and
//! validator alone: nothing is executed.
#![allow(missing_docs)]

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, Outcome, Rejection, Session,
    SessionConfig, StateDigest, Val,
};
use etalon_harness::script::{ScriptOptions, Selection, Silent, run_suites};
use etalon_module::{LoadError, LoadErrorKind, Module};
use etalon_record::EngineInfo;

struct Decoder;

struct Loaded {
    features: Features,
}

impl Adapter for Decoder {
    fn info(&self) -> EngineInfo {
        EngineInfo::new("decoder", "0")
    }

    fn features(&self) -> Features {
        Features::all()
    }

    fn meters_gas(&self) -> bool {
        false
    }

    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError> {
        Ok(Box::new(Loaded { features: config.features }))
    }
}

fn rejection(error: LoadError) -> Rejection {
    match error.kind {
        LoadErrorKind::Malformed => Rejection::Malformed(error.message),
        LoadErrorKind::Invalid => Rejection::Invalid(error.message),
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

impl Session for Loaded {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }

    fn define_missing_imports(&mut self, _: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Rejection> {
        Module::new(wasm, self.features).map(drop).map_err(rejection)
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        self.validate(wasm).map_err(Outcome::Rejected)?;
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

    fn gas_consumed(&self) -> Option<u64> {
        None
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        Vec::new()
    }

    fn digest(&mut self) -> Option<StateDigest> {
        None
    }
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
