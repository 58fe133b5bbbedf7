//! A program of `corpus/wasi` as its file describes it.

use crate::diff::Step;
use etalon_adapters::{LeftKind, Outcome, ProgramEntry, ProgramFolder, ProgramSetup};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a program is given and what becomes of it: a `.toml` beside the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramFile {
    /// What it is about.
    pub title: String,
    /// Its arguments; the first is its name.
    #[serde(default)]
    pub args: Vec<String>,
    /// Its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it reads.
    #[serde(default)]
    pub stdin: String,
    /// Its folders.
    #[serde(default, rename = "folder")]
    pub folders: Vec<FolderOf>,
    /// What becomes of it.
    pub expect: Expected,
}

/// A folder as it is at the beginning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderOf {
    /// Its name for the program.
    pub guest: String,
    /// Whether the program cannot change it.
    #[serde(default)]
    pub read_only: bool,
    /// Files by path, with their text.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Folders in it, by path.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Links in it, by path, with their text.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
}

/// What becomes of a program.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The status that it ends itself with; 0 where `_start` returns.
    #[serde(default)]
    pub status: Option<u32>,
    /// How its host error begins, if it gives a bad pointer.
    #[serde(default)]
    pub host_error: Option<String>,
    /// How its trap begins.
    #[serde(default)]
    pub trap: Option<String>,
    /// What it writes.
    #[serde(default)]
    pub stdout: String,
    /// What it says.
    #[serde(default)]
    pub stderr: String,
    /// Some of the files of its first folder, as they are then.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What is no longer in its first folder.
    #[serde(default)]
    pub gone: Vec<String>,
}

impl ProgramFile {
    /// What the program is given.
    pub fn setup(&self) -> ProgramSetup {
        ProgramSetup {
            args: self.args.clone(),
            env: self.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            stdin: self.stdin.clone().into_bytes(),
            folders: self.folders.iter().map(FolderOf::folder).collect(),
            is_real: false,
        }
    }

    /// What is otherwise than expected after the last call, in words.
    pub fn mismatches(&self, last: &Step) -> Vec<String> {
        let expect = &self.expect;
        let Some(seen) = &last.program else {
            return vec![format!("no program ran: {:?}", last.outcome)];
        };
        let mut wrong = Vec::new();
        let mut check = |is_right: bool, what: String| wrong.extend((!is_right).then_some(what));
        check(self.ends_so(&last.outcome), format!("it ended so: {:?}", last.outcome));
        for (name, wanted, seen) in
            [("stdout", &expect.stdout, &seen.stdout), ("stderr", &expect.stderr, &seen.stderr)]
        {
            check(wanted.as_bytes() == seen, format!("{name} is \"{}\"", seen.escape_ascii()));
        }
        let guest = self.folders.first().map(|folder| folder.guest.clone()).unwrap_or_default();
        let entry = |path: &String| seen.find(&guest, path);
        for (path, text) in &expect.files {
            let wanted = LeftKind::file(text.as_bytes());
            check(entry(path) == Some(&wanted), format!("{path} is {:?}", entry(path)));
        }
        for path in &expect.gone {
            check(entry(path).is_none(), format!("{path} is still there"));
        }
        wrong
    }

    fn ends_so(&self, outcome: &Outcome) -> bool {
        let Expected { status, host_error, trap, .. } = &self.expect;
        match outcome {
            Outcome::Returned(_) => {
                host_error.is_none() && trap.is_none() && status.unwrap_or(0) == 0
            }
            Outcome::Exited(with) => *status == Some(*with),
            Outcome::HostError(text) => host_error.as_ref().is_some_and(|so| text.contains(so)),
            Outcome::Trapped { text, .. } => trap.as_ref().is_some_and(|so| text.starts_with(so)),
            _ => false,
        }
    }
}

impl FolderOf {
    fn folder(&self) -> ProgramFolder {
        let files = self.files.iter();
        let files =
            files.map(|(path, text)| (path.clone(), ProgramEntry::File(text.clone().into())));
        let links = self.links.iter();
        let links = links.map(|(path, text)| (path.clone(), ProgramEntry::Link(text.clone())));
        let folders = self.folders.iter().map(|path| (path.clone(), ProgramEntry::Folder));
        ProgramFolder {
            guest: self.guest.clone(),
            is_read_only: self.read_only,
            entries: folders.chain(files).chain(links).collect(),
        }
    }
}
