//! An entry: a module, and the expected outcomes of its calls.

use super::error::EntryError;
use super::expect::Expected;
use crate::diff::{Call, Case};
use crate::localise::Since;
use crate::settings::named_schedule;
use crate::value::{ValueError, parse_value};
use etalon_adapters::{Features, ProgramSetup};
use etalon_record::{Aspect, KernelGroup, OutcomeKind};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The description of an entry, as in its `.toml`. Unknown keys are an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryFile {
    /// One line: what it is, or what it once found.
    pub title: String,
    /// What it mostly does, if it is a kernel that is timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<KernelGroup>,
    /// The engines that it is for, by name; empty for all of our own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<String>,
    /// Features besides version 3.0, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The gas limit; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    /// The gas schedule, by its name; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Its origin, if a fuzz run found it: profile, seed and number of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Origin>,
    /// The engines that differed, the one that the other is compared with first.
    #[serde(default, rename = "engine", skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<EntryEngine>,
    /// The instruction at which they part, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EntryCause>,
    /// Since which version the other engine differs, if engines of several were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// How loading must end; absent if the module must instantiate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Ending>,
    /// The calls, in order, of one instance.
    #[serde(default, rename = "call", skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<EntryCall>,
    /// What each engine did where they differed: a line for each engine, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// What the module has, if it is a program of WASI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramSetup>,
}

/// An engine that differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryEngine {
    /// Its name, with its settings.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it did.
    pub seen: String,
}

/// The instruction at which engines part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryCause {
    /// The instruction, as text.
    pub instruction: String,
    /// The index of its function.
    pub function: u32,
    /// Its place in the bytes of the module.
    pub offset: u32,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operands: Vec<String>,
    /// What each of the two engines went on with.
    pub seen: Vec<String>,
    /// Its official rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// Where a finding comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The aspect in which the engines differed, by its name.
    pub what: Aspect,
    /// The generator's profile.
    pub profile: String,
    /// The seed, as text, because TOML has only signed integers.
    pub seed: String,
    /// The number of the case.
    pub case: u64,
    /// The operator at which the engines begin to differ, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Whether the module was reduced.
    pub reduced: bool,
}

/// How something must end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The class.
    pub outcome: OutcomeKind,
    /// The beginning of the text of the trap or the exhaustion, or of a rejection with its phase: `invalid: type…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One call of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryCall {
    /// The exported function.
    pub export: String,
    /// The arguments, as in `i32:7`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it must return. Without this and without `ends`, the engines only have to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Vec<String>>,
    /// How it must end, if not by returning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ending>,
}

/// An entry that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The description.
    pub file: EntryFile,
    /// What the module may use.
    pub features: Features,
    /// The module and its calls; the name is the file's, without extension.
    pub case: Case,
    /// The expected outcome of loading, then of each call; one for each step. `None` means that the engines only have to agree.
    pub expected: Vec<Option<Expected>>,
}

/// The description in the folder of a finding.
pub const FINDING: &str = "finding.toml";

/// The module that the calls of a finding are of.
fn reduced_or_original(description: &Path) -> PathBuf {
    let reduced = description.with_file_name("reduced.wat");
    if reduced.exists() { reduced } else { description.with_file_name("original.wasm") }
}

impl Entry {
    /// Reads the entry whose description is at `path`; its module lies beside it.
    ///
    /// # Errors
    /// A fault in one of the two files.
    pub fn read(path: &Path) -> Result<Entry, EntryError> {
        let fault = |file: &Path, error| EntryError::Read { file: file.to_owned(), error };
        let text = std::fs::read_to_string(path).map_err(|e| fault(path, e))?;
        let file: EntryFile = toml::from_str(&text)
            .map_err(|error| EntryError::Toml { file: path.to_owned(), error: Box::new(error) })?;
        let binary = match path.file_name().is_some_and(|name| name == FINDING) {
            true => reduced_or_original(path),
            false => path.with_extension("wasm"),
        };
        let wasm = if binary.exists() && binary.extension().is_some_and(|e| e == "wasm") {
            std::fs::read(&binary).map_err(|e| fault(&binary, e))?
        } else {
            let text_file = binary.with_extension("wat");
            let text = std::fs::read_to_string(&text_file).map_err(|e| fault(&text_file, e))?;
            wat::parse_str(&text)
                .map_err(|error| EntryError::Text { file: text_file, error: Box::new(error) })?
        };
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        Entry::new(file, stem.unwrap_or_default(), wasm, path)
    }

    /// Creates an entry from a description and a module. `origin` names the description in errors.
    ///
    /// # Errors
    /// If a value or a name in the description is not one.
    pub fn new(
        file: EntryFile,
        name: String,
        wasm: Vec<u8>,
        origin: &Path,
    ) -> Result<Entry, EntryError> {
        let mut features = Features::wasm3();
        for name in &file.features {
            features = features.with(name).ok_or_else(|| EntryError::Unknown {
                file: origin.to_owned(),
                what: "feature",
                name: name.clone(),
            })?;
        }
        if let Some(name) = file.schedule.as_ref().filter(|name| named_schedule(name).is_none()) {
            let (file, name) = (origin.to_owned(), name.clone());
            return Err(EntryError::Unknown { file, what: "schedule", name });
        }
        let mut calls = Vec::new();
        let load = match &file.load {
            Some(ending) => Expected::Ended(ending.clone()),
            None => Expected::Returned(Vec::new()),
        };
        let mut expected = vec![Some(load)];
        for (number, call) in file.calls.iter().enumerate() {
            let fault = |error| EntryError::Value {
                file: origin.to_owned(),
                call: number + 1,
                export: call.export.clone(),
                error,
            };
            let values = |texts: &[String]| -> Result<Vec<_>, ValueError> {
                texts.iter().map(|text| parse_value(text)).collect()
            };
            let args = values(&call.args).map_err(fault)?;
            calls.push(Call { export: call.export.clone(), args });
            expected.push(match (&call.ends, &call.returns) {
                (Some(ending), _) => Some(Expected::Ended(ending.clone())),
                (None, Some(returns)) => Some(Expected::Returned(values(returns).map_err(fault)?)),
                (None, None) => None,
            });
        }
        let program = file.program.clone().map(Box::new);
        let case = Case { program, ..Case::new(name, wasm, calls) };
        Ok(Entry { file, features, case, expected })
    }
}
