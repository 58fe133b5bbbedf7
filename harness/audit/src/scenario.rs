//! Scenarios: what is called, with what around it.

use crate::error::ScenarioError;
use crate::estimate::Bound;
use etalon_adapters::{Val, ValKind};
use etalon_harness::value::parse_value;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of a file of scenarios.
const MOST_BYTES: u64 = 16 << 20;

/// A file of scenarios of one module. Unknown keys are an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The module, beside this file; by default the `.wasm` or `.wat` of the same name.
    pub module: Option<PathBuf>,
    /// The gas schedule: a name, or a file beside this one.
    pub schedule: Option<String>,
    /// Features that the module may use, by name; by default those of WebAssembly 3.0.
    #[serde(default)]
    pub features: Vec<String>,
    /// The gas limit of each step that says none. Without one gas is counted and never runs out.
    pub gas: Option<u64>,
    /// What the module imports.
    #[serde(default, rename = "import")]
    pub imports: Vec<Import>,
    /// What estimates may take for granted.
    #[serde(default, rename = "bound")]
    pub bounds: Vec<Bound>,
    /// The scenarios, each with a fresh instance.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<Scenario>,
}

/// What stands for an import.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The import's module name.
    pub module: String,
    /// The import's name.
    pub name: String,
    /// What a function returns, at each call. Without it, zeros and nulls.
    #[serde(default, deserialize_with = "values")]
    pub results: Vec<Val>,
    /// Bytes that a function declares to touch, at each call.
    #[serde(default)]
    pub bytes: u64,
    /// Gas that a function charges besides, at each call.
    #[serde(default)]
    pub gas: u64,
    /// The export, a function without parameters, that a function calls once before it returns.
    pub calls: Option<String>,
    /// That a function fails, and with what message.
    pub fails: Option<String>,
    /// The value of a global.
    #[serde(default, deserialize_with = "value")]
    pub value: Option<Val>,
}

impl Import {
    /// Whether it says what only a function does.
    pub(crate) fn is_of_function(&self) -> bool {
        !self.results.is_empty() || self.fails.is_some() || self.calls.is_some()
    }
}

/// Steps of one instance.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, which no other of the file has.
    pub name: String,
    /// The gas limit of each of its steps that says none.
    pub gas: Option<u64>,
    /// What is written to memories before the first call.
    #[serde(default, rename = "memory")]
    pub memories: Vec<Preset>,
    /// The calls, in order.
    #[serde(default, rename = "call")]
    pub calls: Vec<Step>,
}

/// Bytes that are written to an exported memory.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The export.
    pub export: String,
    /// Where the first byte goes.
    pub at: u64,
    /// The bytes as hexadecimal digits.
    pub hex: Option<String>,
    /// The bytes as UTF-8.
    pub text: Option<String>,
}

impl Preset {
    /// The bytes; `None` if it says none, both ways, or what are no hexadecimal digits.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match (&self.hex, &self.text) {
            (None, Some(text)) => Some(text.as_bytes().to_vec()),
            (Some(hex), None) => bytes_of(hex),
            _ => None,
        }
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    pairs.iter().map(byte).collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}

/// A call of an export.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The export.
    pub export: String,
    /// The arguments, as in `i32:7`.
    #[serde(default, deserialize_with = "values")]
    pub args: Vec<Val>,
    /// Its gas limit.
    pub gas: Option<u64>,
}

impl ScenarioFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is no file of scenarios, or says what cannot be.
    pub fn read(path: &Path) -> Result<ScenarioFile, ScenarioError> {
        ScenarioFile::parse(&read(path)?, path)
    }

    /// Reads a file that may have no scenarios: estimates need none.
    ///
    /// # Errors
    /// As [`ScenarioFile::read`].
    pub fn read_for_estimate(path: &Path) -> Result<ScenarioFile, ScenarioError> {
        ScenarioFile::parsed(&read(path)?, path, false)
    }

    /// Reads a text; `path` is what errors name.
    ///
    /// # Errors
    /// If it is no file of scenarios, or says what cannot be.
    pub fn parse(text: &str, path: &Path) -> Result<ScenarioFile, ScenarioError> {
        ScenarioFile::parsed(text, path, true)
    }

    fn parsed(text: &str, path: &Path, is_run: bool) -> Result<ScenarioFile, ScenarioError> {
        let read: ScenarioFile = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            ScenarioError::Form { file: path.to_owned(), line, message: error.message().to_owned() }
        })?;
        match read.fault().filter(|_| is_run || !read.scenarios.is_empty()) {
            None => Ok(read),
            Some(message) => Err(ScenarioError::Meaning { file: path.to_owned(), message }),
        }
    }

    fn fault(&self) -> Option<String> {
        if self.scenarios.is_empty() {
            return Some("it has no [[scenario]]".to_owned());
        }
        let mut names = BTreeSet::new();
        for scenario in &self.scenarios {
            let name = &scenario.name;
            if !names.insert(name) {
                return Some(format!("two scenarios have the name {name:?}"));
            }
            if name.is_empty() || name.chars().any(char::is_control) {
                return Some(format!("{name:?} is no name of a scenario"));
            }
            let limits = scenario.calls.iter().map(|call| call.gas).chain([scenario.gas, self.gas]);
            if let Some(gas) = limits.flatten().find(|gas| *gas > i64::MAX as u64) {
                return Some(format!("the gas limit {gas} is above {}", i64::MAX));
            }
            if let Some(preset) = scenario.memories.iter().find(|preset| preset.bytes().is_none()) {
                let Preset { export, at, .. } = preset;
                let form = match (&preset.hex, &preset.text) {
                    (Some(_), None) => "has `hex` that is not pairs of hexadecimal digits",
                    _ => "takes its bytes as `hex` or as `text`, and as one of them",
                };
                return Some(format!("scenario {name:?}: what is at {at} of {export:?} {form}"));
            }
        }
        None
    }

    /// The module's file, of scenarios that were read from a path.
    ///
    /// # Errors
    /// If there is a `.wat` and a `.wasm`, and the file does not say which: one may have been made of the other, and not anew.
    pub fn module_path(&self, path: &Path) -> Result<PathBuf, ScenarioError> {
        if let Some(module) = &self.module {
            return Ok(path.parent().unwrap_or(Path::new("")).join(module));
        }
        let (text, binary) = (path.with_extension("wat"), path.with_extension("wasm"));
        if text.exists() && binary.exists() {
            let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
            let (text, binary) = (name(&text), name(&binary));
            let message = format!(
                "{text} and {binary} are both there; say which by `module = {binary:?}` at its beginning"
            );
            return Err(ScenarioError::Meaning { file: path.to_owned(), message });
        }
        Ok(if text.exists() { text } else { binary })
    }
}

/// The text of a file that is no module.
fn read(path: &Path) -> Result<String, ScenarioError> {
    let file = path.to_owned();
    let bytes = bytes_from(path).map_err(|error| ScenarioError::Read { file, error })?;
    let is_module = bytes.starts_with(b"\0asm") || bytes.trim_ascii_start().starts_with(b"(");
    let message = match String::from_utf8(bytes) {
        Ok(text) if !is_module => return Ok(text),
        _ if is_module => {
            "it is a module; a file of scenarios is wanted, which stands beside it (see `etalon gas --help`)"
        }
        _ => "it is no text; a file of scenarios is wanted (see `etalon gas --help`)",
    };
    Err(ScenarioError::Meaning { file: path.to_owned(), message: message.to_owned() })
}

fn bytes_from(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::{Error, Read};
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(Error::other(format!("it has more than {MOST_BYTES} bytes"))),
        false => Ok(bytes),
    }
}

/// A value that a file can say: a number, a vector or null.
fn one(text: &str) -> Result<Val, String> {
    let value = parse_value(text).map_err(|error| error.to_string())?;
    match value {
        Val::Ref(_) => Err(format!("`{text}` is a reference that only a guest can make")),
        value => Ok(value),
    }
}

fn values<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Val>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| one(text).map_err(serde::de::Error::custom)).collect()
}

fn value<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Val>, D::Error> {
    let text = String::deserialize(from)?;
    one(&text).map(Some).map_err(serde::de::Error::custom)
}

/// A value as files have it.
pub(crate) fn said(value: Val) -> String {
    match value {
        Val::Null(kind) => format!("{}:null", ValKind::name(kind)),
        value => value.to_record().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ScenarioFile, String> {
        ScenarioFile::parse(text, Path::new("s.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_file_says() {
        let text = r#"
            gas = 500
            [[import]]
            module = "env"
            name = "read"
            results = ["i32:-1"]
            bytes = 32
            [[scenario]]
            name = "one"
            [[scenario.memory]]
            export = "memory"
            at = 8
            hex = "00 ff"
            [[scenario.call]]
            export = "f"
            args = ["i32:1", "f64:1.5"]
        "#;
        let file = parse(text).unwrap();
        assert_eq!(file.imports[0].results, [Val::I32(-1)]);
        assert_eq!(file.scenarios[0].memories[0].bytes(), Some(vec![0, 255]));
        assert_eq!(file.scenarios[0].calls[0].args[1], Val::F64(1.5f64.to_bits()));
    }

    #[test]
    fn what_a_file_cannot_say() {
        let call = "[[scenario]]\nname = \"a\"\n[[scenario.call]]\nexport = \"f\"\n";
        let cases = [
            ("", "s.toml: it has no [[scenario]]"),
            ("gass = 1", "s.toml:1: unknown field `gass`"),
            (
                "[[scenario]]\nname = \"a\"\n[[scenario]]\nname = \"a\"",
                "two scenarios have the name",
            ),
            ("[[scenario]]\nname = \"a\\n\"", "is no name of a scenario"),
            (
                "[[scenario]]\nname = \"a\"\ngas = 9223372036854775808",
                "the gas limit 9223372036854775808 is above",
            ),
            (&format!("{call}args = [\"i32:x\"]"), "s.toml:5: `i32:x` is not a value"),
            (&format!("{call}args = [\"funcref:func\"]"), "only a guest can make"),
            (
                "[[scenario]]\nname = \"a\"\n[[scenario.memory]]\nexport = \"m\"\nat = 0\nhex = \"0\"",
                "`hex` that is not pairs",
            ),
        ];
        for (text, want) in cases {
            let got = parse(text).unwrap_err();
            assert!(got.contains(want), "{text}: {got}");
        }
    }
}
