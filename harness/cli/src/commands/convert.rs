//! `etalon wast --to json`

use crate::commands::validate::features;
use crate::commands::wast::{Args, no_script};
use crate::escape;
use crate::exit::Status;
use crate::fault::{self, InputError, tool};
use crate::input;
use crate::output::{Format, json, note, say};
use crate::record_file;
use crate::words::counted;
use anyhow::Result;
use etalon_harness::script::{INDEX, Index, IndexEntry, ScriptSource, convert, scripts_in};
use etalon_record::{Document, Fault, Kind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The body of the document.
#[derive(Debug, Serialize)]
struct ConvertedAll {
    /// The folder.
    out: String,
    scripts: Vec<Row>,
    errors: Vec<Fault>,
}

/// A script that was converted.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    source: String,
    commands: usize,
    modules: usize,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    record_file::folder(&args.out)?;
    let given = match args.features.as_slice() {
        [] => None,
        names => Some(features(names)?),
    };
    let (sources, mut errors) = scripts_in(&args.paths, given);
    if let Some(none) = no_script(&errors).filter(|_| sources.is_empty()) {
        return Err(none);
    }
    let inputs: Vec<&Path> = args.paths.iter().map(PathBuf::as_path).collect();
    let mut writer = Writer { out: &args.out, inputs, written: BTreeMap::new() };
    let (mut rows, mut index) = (Vec::new(), Index::default());
    for source in &sources {
        match convert(source) {
            Ok(converted) => {
                let file = json_name(&source.file);
                writer.write(source, &file, &converted.to_json(), &converted.files)?;
                let commands = converted.script.commands.len();
                let modules = converted.files.len();
                index.scripts.push(IndexEntry::new(&file, source));
                rows.push(Row { file, source: source.file.clone(), commands, modules });
            }
            Err(error) => errors.push(error),
        }
    }
    let text = serde_json::to_string_pretty(&index)? + "\n";
    writer.file(&args.out.join(INDEX), text.as_bytes())?;
    errors.iter().for_each(|error| note!("error: {error}"));
    let status = if errors.is_empty() { Status::Fine } else { Status::Unusable };
    let errors = errors.iter().map(fault::of_script).collect();
    let out = args.out.display().to_string();
    match format {
        Format::Json => {
            let body = ConvertedAll { out, scripts: rows, errors };
            json(&Document::new(Kind::Convert, tool(), body))?;
        }
        Format::Human => {
            let commands: usize = rows.iter().map(|row| row.commands).sum();
            let modules: usize = rows.iter().map(|row| row.modules).sum();
            let counts = [(rows.len(), "script"), (commands, "command"), (modules, "module")];
            let counts = counts.map(|(n, what)| counted(n as u64, what)).join(", ");
            say!("{counts} in {}", escape::path(&args.out));
        }
    }
    Ok(status)
}

/// The name of the converted script, relative to the folder.
fn json_name(file: &str) -> String {
    match file {
        // Standard input has no name.
        "-" => "script.json".to_owned(),
        file if file.ends_with(".json") => file.to_owned(),
        file => format!("{}.json", file.strip_suffix(".wast").unwrap_or(file)),
    }
}

struct Writer<'a> {
    out: &'a Path,
    inputs: Vec<&'a Path>,
    /// The scripts that became files here.
    written: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn write(
        &mut self,
        source: &ScriptSource,
        name: &str,
        text: &str,
        files: &[(String, Vec<u8>)],
    ) -> Result<()> {
        if let Some(first) = self.written.insert(name.to_owned(), source.origin.clone()) {
            let message = format!("{} and this would both become {name}", escape::file(&first));
            return Err(InputError::usage(Path::new(&source.origin), message).into());
        }
        let path = self.out.join(name);
        let folder = path.parent().unwrap_or(self.out);
        for (name, bytes) in files {
            self.file(&folder.join(name), bytes)?;
        }
        self.file(&path, text.as_bytes())
    }

    fn file(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let failed = |error| InputError::io(path, "cannot be written", &error);
        input::keep(&self.inputs, path)?;
        std::fs::create_dir_all(path.parent().unwrap_or(self.out)).map_err(failed)?;
        Ok(record_file::replace(path, bytes).map_err(failed)?)
    }
}
