//! Programs of WASI preview 1 as cases: what one is given, and what it leaves behind.

use crate::adapter::AdapterError;
use crate::program_calls::{CallsWatch, ProgramCalls};
use crate::value::ValKind;
use etalon::wasi::{
    Access, BuildError, Captured, Errno, Output, Policy, Stdin, TreeEntry, VirtualFs, WasiCtx,
    WasiCtxBuilder,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// The seed of a program's random numbers.
const SEED: u64 = 0;
/// Bytes of each stream that are kept; then the program is told that there is no space left.
const MOST_WRITTEN: usize = 4 << 20;
/// Bytes of each folder; then there is no space left.
const MOST_KEPT: u64 = 64 << 20;

/// What a program is given. Its files are in memory; its clock counts and its random numbers come from a seed, unless it is to have the
/// real ones, so each run is the same on each engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSetup {
    /// Its arguments; the first is its name.
    pub args: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
    /// What it reads as standard input.
    #[serde(with = "in_base64")]
    pub stdin: Vec<u8>,
    /// Its folders.
    pub folders: Vec<ProgramFolder>,
    /// Whether its clocks and random numbers are the real ones, so that no two runs need be the same.
    pub is_real: bool,
}

/// A folder of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFolder {
    /// Its name for the program.
    pub guest: String,
    /// Whether the program cannot change it.
    pub is_read_only: bool,
    /// What is in it, by path: no path begins with a slash.
    pub entries: BTreeMap<String, ProgramEntry>,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramEntry {
    /// A folder.
    Folder,
    /// A file, with its bytes.
    File(#[serde(with = "in_base64")] Vec<u8>),
    /// A symbolic link, with its text.
    Link(String),
}

/// Something that a program has left in a folder: its name, and how many folders it is in. It comes after the folder that it is in, so that
/// names are there once, however deep they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftEntry {
    /// How many folders it is in.
    pub depth: u32,
    /// Its name in the last of them.
    pub name: String,
    /// What it is.
    pub kind: LeftKind,
}

/// What something that a program has left is. Of a file there is a sum, for one file may have very many names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftKind {
    /// A folder.
    Folder,
    /// A file.
    File {
        /// How long it is.
        bytes: u64,
        /// The CRC-32 of all its bytes.
        crc32: u32,
    },
    /// A symbolic link, with its text.
    Link(String),
}

impl LeftKind {
    /// A file of these bytes.
    pub fn file(bytes: &[u8]) -> LeftKind {
        LeftKind::File { bytes: bytes.len() as u64, crc32: crc32fast::hash(bytes) }
    }
}

impl ProgramSeen {
    /// What is under a path in a folder.
    pub fn find(&self, folder: &str, path: &str) -> Option<&LeftKind> {
        let names: Vec<&str> = path.split('/').collect();
        let mut passed = 0;
        for LeftEntry { depth, name, kind } in self.folders.get(folder)? {
            let depth = *depth as usize;
            if depth < passed {
                break;
            }
            if depth == passed && name == names[passed] {
                passed += 1;
                if passed == names.len() {
                    return Some(kind);
                }
            }
        }
        None
    }
}

/// Why a program cannot be given what it is to have.
#[derive(Debug, Error)]
enum ProgramError {
    /// Something cannot be in its folder.
    #[error("{path:?} cannot be in the folder {guest:?} of the program: {errno:?}")]
    Entry {
        /// The folder, as the program names it.
        guest: String,
        /// What cannot be in it.
        path: String,
        /// Why.
        errno: Errno,
    },
    /// An argument, a variable or the number of folders.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// What a program leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramSeen {
    /// What it wrote to its standard output.
    #[serde(with = "in_base64")]
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    #[serde(with = "in_base64")]
    pub stderr: Vec<u8>,
    /// What is in its folders, by the folder's name.
    pub folders: BTreeMap<String, Vec<LeftEntry>>,
    /// The calls of WASI functions that it made, if the engine tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<ProgramCalls>,
}

/// Sees what a program leaves behind, during its run and after it.
#[derive(Debug)]
pub(crate) struct ProgramWatch {
    stdout: Captured,
    stderr: Captured,
    folders: Vec<(String, VirtualFs)>,
    calls: CallsWatch,
}

/// The functions of WASI preview 1: the name, the kinds of the parameters, and whether there is a result, an `i32`.
pub fn wasi_functions() -> Vec<(&'static str, Vec<ValKind>, bool)> {
    let functions = etalon_wasi::FUNCTIONS.iter().map(|function| {
        let params = function.params().iter().map(|param| match param {
            etalon_wasi::Param::I32 => ValKind::I32,
            etalon_wasi::Param::I64 => ValKind::I64,
        });
        (function.name(), params.collect(), function.has_result())
    });
    functions.collect()
}

/// The program of a session.
#[derive(Debug, Default)]
pub(crate) struct Program {
    wasi: WasiCtx,
    /// Where nothing of the host's is involved.
    watch: Option<ProgramWatch>,
}

impl Program {
    /// One that has what this says.
    pub(crate) fn new(wasi: WasiCtx) -> Program {
        Program { wasi, watch: None }
    }

    /// One that a case describes.
    ///
    /// # Errors
    /// If it cannot be given what it is to have.
    pub(crate) fn of_case(setup: &ProgramSetup) -> Result<Program, AdapterError> {
        let begun = setup.begin().map_err(|error| AdapterError {
            engine: "the program".to_owned(),
            reason: error.to_string(),
        })?;
        let (wasi, watch) = begun;
        Ok(Program { wasi, watch: Some(watch) })
    }

    /// What it has.
    pub(crate) fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }

    /// What it has left behind.
    pub(crate) fn seen(&self) -> Option<ProgramSeen> {
        self.watch.as_ref().map(ProgramWatch::seen)
    }
}

impl ProgramSetup {
    /// The state of a program that begins, and who sees what becomes of it.
    ///
    /// # Errors
    /// [`ProgramError`]
    fn begin(&self) -> Result<(WasiCtx, ProgramWatch), ProgramError> {
        let mut builder = WasiCtxBuilder::new();
        let policy = if self.is_real { Policy::real() } else { Policy::deterministic(SEED) };
        builder.args(self.args.iter().cloned()).policy(policy);
        for (name, value) in &self.env {
            builder.env(name.clone(), value.clone());
        }
        let mut folders = Vec::new();
        for folder in &self.folders {
            let fs = VirtualFs::new(MOST_KEPT);
            for (path, entry) in &folder.entries {
                let added = match entry {
                    ProgramEntry::Folder => fs.add_folder(path),
                    ProgramEntry::File(bytes) => fs.add_file(path, bytes.clone()),
                    ProgramEntry::Link(text) => fs.add_link(path, text),
                };
                added.map_err(|errno| {
                    let (guest, path) = (folder.guest.clone(), path.clone());
                    ProgramError::Entry { guest, path, errno }
                })?;
            }
            let access = if folder.is_read_only { Access::ReadOnly } else { Access::ReadWrite };
            builder.virtual_dir(&fs, folder.guest.clone(), access);
            folders.push((folder.guest.clone(), fs));
        }
        let (out, stdout) = Output::captured(MOST_WRITTEN);
        let (err, stderr) = Output::captured(MOST_WRITTEN);
        builder.stdin(Stdin::bytes(self.stdin.clone())).stdout(out).stderr(err);
        let calls = CallsWatch::default();
        let noted = calls.clone();
        builder.observer(move |call| noted.note(call));
        Ok((builder.build()?, ProgramWatch { stdout, stderr, folders, calls }))
    }
}

impl ProgramWatch {
    /// What it has left behind so far.
    fn seen(&self) -> ProgramSeen {
        let mut folders: BTreeMap<String, Vec<LeftEntry>> = BTreeMap::new();
        for (guest, fs) in &self.folders {
            let tree = fs.tree();
            left(&tree, 0, &mut BTreeMap::new(), folders.entry(guest.clone()).or_default());
        }
        let (stdout, stderr) = (self.stdout.bytes(), self.stderr.bytes());
        ProgramSeen { stdout, stderr, folders, calls: Some(self.calls.seen()) }
    }
}

/// Notes what is in a folder, and in those that it holds. `files` has each file of a tree once, whatever its names: their bytes are in one
/// place as long as the tree is there.
fn left(
    tree: &TreeEntry,
    depth: u32,
    files: &mut BTreeMap<*const u8, LeftKind>,
    found: &mut Vec<LeftEntry>,
) {
    let TreeEntry::Folder(entries) = tree else { return };
    for (name, entry) in entries {
        let kind = match entry {
            TreeEntry::Folder(_) => LeftKind::Folder,
            TreeEntry::File(bytes) => {
                files.entry(bytes.as_ptr()).or_insert_with(|| LeftKind::file(bytes)).clone()
            }
            TreeEntry::Link(text) => LeftKind::Link(text.clone()),
        };
        found.push(LeftEntry { depth, name: name.clone(), kind });
        left(entry, depth + 1, files, found);
    }
}

/// Bytes in JSON.
mod in_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two folders, each with a file and a folder with one; the second folder's files came to lie where the first's had been.
    #[test]
    fn every_file_of_every_folder_has_its_own_sum() {
        let file = |text: &str| ProgramEntry::File(text.as_bytes().to_vec());
        let folder = |guest: &str| ProgramFolder {
            guest: guest.to_owned(),
            is_read_only: false,
            entries: BTreeMap::from([
                ("a".to_owned(), file(&format!("{guest} a"))),
                ("d/b".to_owned(), file(&format!("{guest} b"))),
                ("e".to_owned(), ProgramEntry::Link("a".to_owned())),
            ]),
        };
        let names = ["one", "two", "six"];
        let setup = ProgramSetup { folders: names.map(folder).to_vec(), ..ProgramSetup::default() };
        let (_, watch) = setup.begin().expect("it fits");
        let seen = watch.seen();
        for name in names {
            let sum = |file: &str| Some(LeftKind::file(format!("{name} {file}").as_bytes()));
            assert_eq!(seen.find(name, "a"), sum("a").as_ref(), "{name}");
            assert_eq!(seen.find(name, "d/b"), sum("b").as_ref(), "{name}");
            assert_eq!(seen.find(name, "d"), Some(&LeftKind::Folder));
            assert_eq!(seen.find(name, "e"), Some(&LeftKind::Link("a".to_owned())));
            for path in ["b", "d/a", "d/b/c", "e/b", "f"] {
                assert_eq!(seen.find(name, path), None, "{path}");
            }
        }
    }
}
