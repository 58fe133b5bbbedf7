//! `etalon validate`

use crate::escape;
use crate::exit::Status;
use crate::fault::{self, tool};
use crate::input;
use crate::input::Precompiled;
use crate::output::{self, Format, bad, good, json, plain, say};
use anyhow::Result;
use etalon::unstable::ModuleData;
use etalon::{Features, LoadErrorKind};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `etalon validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon validate module.wasm
  etalon validate --features wasm1 *.wasm
  etalon validate --features wasm3,threads module.wat")]
pub(crate) struct Args {
    /// The modules
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME")]
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
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let features = features(&args.features)?;
    let mut rows = Vec::new();
    let mut status = Status::Fine;
    for path in &args.files {
        // A bad file must not hide what is found in the others.
        let read = input::read_module(path, args.precompiled);
        let row = match read.and_then(|bytes| Ok(input::module_in(&bytes)?.into_owned())) {
            Ok(wasm) => judge(path.display().to_string(), &wasm, features),
            Err(error) => Row {
                file: path.display().to_string(),
                verdict: "unreadable",
                feature: None,
                message: Some(format!("{error:#}")),
                offset: None,
            },
        };
        if row.verdict != "valid" {
            status = Status::Unusable;
        }
        if format == Format::Human {
            print(&row);
        }
        rows.push(row);
    }
    if format == Format::Json {
        let body = Judged { features: features.names(), rows };
        json(&Document::new(Kind::Validate, tool(), body))?;
    }
    Ok(status)
}

fn judge(file: String, wasm: &[u8], features: Features) -> Row {
    match ModuleData::new(wasm, features) {
        Ok(_) => Row { file, verdict: "valid", feature: None, message: None, offset: None },
        Err(error) => {
            let verdict = fault::word(&error.kind);
            let feature = match error.kind {
                LoadErrorKind::Unsupported { feature } => Some(feature),
                _ => None,
            };
            let (message, offset) = (Some(error.message), Some(error.offset));
            Row { file, verdict, feature, message, offset }
        }
    }
}

fn print(row: &Row) {
    let verdict = match row.feature {
        Some(feature) => format!("{} (needs {feature})", row.verdict),
        None => row.verdict.to_owned(),
    };
    let at = row.offset.map(|offset| format!(" (at offset {offset:#x})")).unwrap_or_default();
    let file = format!("{}: ", escape::file(&row.file));
    match &row.message {
        None => output::say_in_colour([plain(file), good(verdict)]),
        Some(message) if row.verdict == "unreadable" => say!("{message}"),
        Some(message) => {
            output::say_in_colour([plain(file), bad(verdict), plain(format!(": {message}{at}"))])
        }
    }
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
