//! Programs of WASI preview 1: what the command line gives them, and what becomes of them.

use crate::fault::InputError;
use crate::input;
use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueHint;
use etalon::unstable::ModuleData;
use etalon::unstable::module::ExternKind;
use etalon::wasi::{self, Access, Captured, Output, Policy, Stdin, WasiCtx, WasiCtxBuilder};
use etalon_adapters::{ProgramEntry, ProgramFolder, ProgramSetup};
use etalon_record::Written;
use std::collections::BTreeMap;
use std::env::VarError;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What a program is given.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Programs of WASI preview 1")]
pub(crate) struct ProgramArgs {
    /// A folder for the program, by its name here and there; with ::ro it cannot change it
    #[arg(long = "dir", value_name = "HOST[::GUEST[::ro]]", value_hint = ValueHint::DirPath)]
    pub dirs: Vec<String>,
    /// A variable of its environment; without a value, ours. It has no others
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_hint = ValueHint::Other)]
    pub env: Vec<String>,
    /// What it reads; by default, and for -, our standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub stdin: Option<PathBuf>,
    /// The same clock, random numbers and order of folders in each run; by default where gas is metered
    #[arg(long, overrides_with = "no_deterministic")]
    pub deterministic: bool,
    /// The clock, random numbers and folders as they are, though gas is metered
    #[arg(long, overrides_with = "deterministic")]
    pub no_deterministic: bool,
}

/// Bytes of each stream that are kept for a document.
const MOST_KEPT: usize = 64 << 20;

/// The seed of random numbers that are the same in each run.
const SEED: u64 = 0;

/// What a program has written, for a document: somebody else may ask for it while the program runs. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<OnceLock<[Captured; 2]>>);

impl Kept {
    /// Standard output and standard error, if a program's are kept.
    pub(crate) fn written(&self) -> [Option<Written>; 2] {
        let written = |stream: usize| Some(in_document(self.0.get()?[stream].bytes()));
        [written(0), written(1)]
    }
}

/// What was written, for a document: all its bytes.
pub(crate) fn in_document(bytes: Vec<u8>) -> Written {
    match String::from_utf8(bytes) {
        Ok(text) => Written::Text(text),
        Err(error) => Written::Bytes { base64: STANDARD.encode(error.as_bytes()) },
    }
}

impl ProgramArgs {
    /// Whether a program is given anything by them.
    pub(crate) fn are_given(&self) -> bool {
        let ProgramArgs { dirs, env, stdin, deterministic, no_deterministic } = self;
        !dirs.is_empty()
            || !env.is_empty()
            || stdin.is_some()
            || *deterministic
            || *no_deterministic
    }

    /// What the program gets: its name and arguments, and what the options say. What it writes is kept, or it is ours.
    pub(crate) fn program(
        &self,
        file: &Path,
        args: &[String],
        is_metered: bool,
        kept: Option<&Kept>,
    ) -> Result<WasiCtx> {
        let mut builder = WasiCtxBuilder::new();
        builder.arg(program_name(file)).args(args.iter().cloned());
        for variable in &self.env {
            let (name, value) = variable_of(variable)?;
            builder.env(name, value);
        }
        for dir in &self.dirs {
            let (host, guest, access) = folder(dir)?;
            builder.dir(host, guest, access)?;
        }
        builder.inherit_stdio();
        if let Some(Kept(kept)) = kept {
            let (out, stdout) = Output::captured(MOST_KEPT);
            let (err, stderr) = Output::captured(MOST_KEPT);
            builder.stdout(out).stderr(err);
            _ = kept.set([stdout, stderr]);
        }
        if let Some(path) = self.stdin.as_ref().filter(|path| !input::is_stdin(path)) {
            let opened = File::open(path);
            let opened = opened.map_err(|error| InputError::usage(path, error.to_string()))?;
            builder.stdin(Stdin::reader(opened));
        }
        let is_the_same = self.deterministic || is_metered && !self.no_deterministic;
        builder.policy(if is_the_same { Policy::deterministic(SEED) } else { Policy::real() });
        Ok(builder.build()?)
    }
}

impl ProgramArgs {
    /// What the program gets as a case: the folders are read, and each run begins with what is in them now.
    pub(crate) fn setup(&self, file: &Path, args: &[String]) -> Result<ProgramSetup> {
        let env = self.env.iter().map(|variable| variable_of(variable));
        let mut folders = Vec::new();
        let mut reading = Reading::default();
        for dir in &self.dirs {
            let (host, guest, access) = folder(dir)?;
            let mut entries = BTreeMap::new();
            reading.folder(Path::new(host), "", &mut entries)?;
            let (guest, is_read_only) = (guest.to_owned(), access == Access::ReadOnly);
            folders.push(ProgramFolder { guest, is_read_only, entries });
        }
        let stdin = self.stdin.as_ref().map(|path| input::read(path)).transpose()?;
        Ok(ProgramSetup {
            args: [program_name(file)].into_iter().chain(args.iter().cloned()).collect(),
            env: env.collect::<Result<_>>()?,
            stdin: stdin.unwrap_or_default(),
            folders,
            is_real: self.no_deterministic,
        })
    }
}

/// A program's name for itself.
pub(crate) fn program_name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

/// Bytes of folders that a case has, at most.
const MOST_BYTES: u64 = 64 << 20;
/// Files and folders that a case has, at most.
const MOST_ENTRIES: u64 = 100_000;

/// What was read of folders.
#[derive(Default)]
struct Reading {
    bytes: u64,
    entries: u64,
}

impl Reading {
    /// Reads what is in a folder, and in those that are in it.
    fn folder(
        &mut self,
        host: &Path,
        below: &str,
        entries: &mut BTreeMap<String, ProgramEntry>,
    ) -> Result<()> {
        let wrong = |what: String| InputError::usage(host, what);
        let listed = std::fs::read_dir(host).map_err(|error| wrong(error.to_string()))?;
        for entry in listed {
            let entry = entry.map_err(|error| wrong(error.to_string()))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| wrong("a name in it is not UTF-8".into()))?;
            let name = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(wrong(format!("a case has at most {MOST_ENTRIES} files")).into());
            }
            let kind =
                entry.file_type().map_err(|error| InputError::usage(&path, error.to_string()))?;
            let read = match () {
                () if kind.is_dir() => {
                    self.folder(&path, &name, entries)?;
                    ProgramEntry::Folder
                }
                () if kind.is_symlink() => {
                    let text = std::fs::read_link(&path);
                    let text = text.map_err(|error| InputError::usage(&path, error.to_string()))?;
                    ProgramEntry::Link(text.to_string_lossy().into_owned())
                }
                () if kind.is_file() => ProgramEntry::File(self.file(&path)?),
                // A device or a pipe is the same for no two engines.
                () => continue,
            };
            entries.insert(name, read);
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<Vec<u8>> {
        let size = std::fs::metadata(path).map_or(0, |data| data.len());
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > MOST_BYTES {
            let what = format!("the folders of a case have at most {MOST_BYTES} bytes");
            return Err(InputError::usage(path, what).into());
        }
        input::read(path)
    }
}

/// A variable by its name, with its value or with ours.
fn variable_of(text: &str) -> Result<(String, String)> {
    if let Some((name, value)) = text.split_once('=') {
        return Ok((name.to_owned(), value.to_owned()));
    }
    let value = std::env::var(text).map_err(|error| match error {
        VarError::NotPresent => anyhow!("there is no such variable here; say {text}=VALUE"),
        VarError::NotUnicode(_) => anyhow!("its value here is not UTF-8; say {text}=VALUE"),
    });
    Ok((text.to_owned(), value.with_context(|| format!("--env {text}"))?))
}

/// A folder as `--dir` names it.
fn folder(text: &str) -> Result<(&str, &str, Access)> {
    let (folder, access) = match text.strip_suffix("::ro") {
        Some(folder) => (folder, Access::ReadOnly),
        None => (text, Access::ReadWrite),
    };
    let (host, guest) = folder.split_once("::").unwrap_or((folder, folder));
    if host.is_empty() || guest.is_empty() || guest.contains("::") {
        bail!("--dir {text}: it is to be HOST, HOST::GUEST or HOST::GUEST::ro");
    }
    Ok((host, guest, access))
}

/// Whether a module is a program of WASI.
pub(crate) fn is_program(module: &ModuleData) -> bool {
    module.imports.iter().any(|import| import.module == wasi::MODULE)
}

/// Whether it has the entry of a program. One that needs nothing of the host imports nothing, and is a program all the same.
pub(crate) fn has_entry(module: &ModuleData) -> bool {
    module.export("_start").is_some_and(|export| {
        let ty = (export.kind == ExternKind::Func).then(|| module.func_type(export.index));
        ty.is_some_and(|ty| ty.params.is_empty() && ty.results.is_empty())
    })
}

/// Why an import cannot be given, if that is known: of other versions of WASI.
pub(crate) fn refused(module: &ModuleData) -> Option<String> {
    module.imports.iter().find_map(|import| wasi::refused(&import.module, &import.name))
}
