//! `etalon validate`

use crate::engines::Offered;
use crate::escape;
use crate::exit::Status;
use crate::fault::{self, InputError, tool};
use crate::input;
use crate::input::Precompiled;
use crate::output::{self, Format, bad, good, json, plain};
use anyhow::Result;
use etalon::unstable::ModuleData;
use etalon::{Features, LoadErrorKind};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `etalon validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon validate module.wasm                 is it a valid module of version 3.0?
  etalon validate --features wasm1 *.wasm     are these modules of version 1.0?
  etalon validate --features wasm3,threads module.wat")]
pub(crate) struct Args {
    /// The modules
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    #[command(flatten)]
    pub precompiled: Precompiled,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Judged {
    features: Vec<&'static str>,
    rows: Vec<Row>,
}

/// The result for one file.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let features = features(&args.features)?;
    let mut rows = Vec::new();
    let mut status = Status::Fine;
    for path in &args.files {
        // A bad file must not hide what is found in the others.
        let judged = judge(path, args.precompiled, features);
        if judged.is_err() {
            status = Status::Unusable;
        }
        if format == Format::Human {
            print(path, &judged);
        }
        rows.push(row(path, judged));
    }
    if format == Format::Json {
        let body = Judged { features: features.names(), rows };
        json(&Document::new(Kind::Validate, tool(), body))?;
    }
    Ok(status)
}

/// Why a file is not a valid module, with the feature that it lacks if that is why.
struct Refused {
    error: InputError,
    feature: Option<&'static str>,
}

fn judge(path: &Path, precompiled: Precompiled, features: Features) -> Result<(), Box<Refused>> {
    let unreadable = |error: anyhow::Error| {
        let error = error.downcast::<InputError>();
        let error =
            error.unwrap_or_else(|other| InputError::new("artefact", path, format!("{other:#}")));
        Box::new(Refused { error, feature: None })
    };
    let input = input::read_module(path, precompiled).map_err(unreadable)?;
    let wasm = input::module_in(&input.bytes).map_err(unreadable)?;
    match ModuleData::new(&wasm, features) {
        Ok(_) => Ok(()),
        Err(error) => {
            let feature = match error.kind {
                LoadErrorKind::Unsupported { feature } => Some(feature),
                _ => None,
            };
            Err(Box::new(Refused { error: input.refused(path, &error), feature }))
        }
    }
}

/// The verdicts on modules; whatever else is wrong with a file, nothing is known of a module in it.
const VERDICTS: &[&str] = &["malformed", "invalid", "unsupported", "limit"];

fn row(path: &Path, judged: Result<(), Box<Refused>>) -> Row {
    let file = path.display().to_string();
    let (verdict, fault, feature) = match judged {
        Ok(()) => ("valid".to_owned(), None, None),
        Err(refused) => {
            let Refused { error: InputError { fault, .. }, feature } = *refused;
            let is_verdict = VERDICTS.contains(&fault.kind.as_str());
            let verdict = if is_verdict { fault.kind.as_str() } else { "unreadable" };
            (verdict.to_owned(), Some(fault), feature)
        }
    };
    let (offset, line, column) =
        fault.as_ref().map_or((None, None, None), |f| (f.offset, f.line, f.column));
    Row { file, verdict, feature, message: fault.map(|f| f.message), offset, line, column }
}

fn print(path: &Path, judged: &Result<(), Box<Refused>>) {
    let Err(refused) = judged else {
        output::say_in_colour([plain(format!("{}: ", escape::path(path))), good("valid")]);
        return;
    };
    let fault = &refused.error.fault;
    let place = fault::place(&path.display().to_string(), fault.line, fault.column);
    let shown = refused.error.shown();
    // The verdict alone is in colour.
    let is_verdict = VERDICTS.contains(&fault.kind.as_str());
    let (verdict, rest) = match shown.strip_prefix(&fault.kind).filter(|_| is_verdict) {
        Some(rest) => (fault.kind.as_str(), rest),
        None => ("", shown.as_str()),
    };
    let needs = refused.feature.map(|feature| format!(" (needs {feature})")).unwrap_or_default();
    output::say_in_colour([
        plain(format!("{place}: ")),
        bad(verdict),
        plain(needs),
        output::lines(rest),
    ]);
}

/// The names that [`features`] knows, for completions.
pub(crate) fn feature_names() -> Offered {
    Offered::of(["wasm1", "wasm2", "wasm3", "all"].into_iter().chain(Features::all_names()))
}

/// A set of features from the names of versions and features.
pub(crate) fn features(names: &[String]) -> Result<Features> {
    let mut set: Option<Features> = None;
    for name in names {
        let one = match name.as_str() {
            "wasm1" => Features::wasm1(),
            "wasm2" => Features::wasm2(),
            "wasm3" => Features::wasm3(),
            "all" => Features::all(),
            name => Features::wasm1().with(name).ok_or_else(|| {
                let known: Vec<&str> = Features::all_names().collect();
                anyhow::anyhow!(
                    "{name:?} is not a feature; the features are wasm1, wasm2, wasm3, all, {}",
                    known.join(", ")
                )
            })?,
        };
        set = Some(set.map_or(one, |set| set.union(one)));
    }
    Ok(set.unwrap_or_else(Features::wasm3))
}
