//! Scripts in files and folders: for example, a checkout of the official repository.

use crate::script::index::{entry_of, features_of, is_converted, json_source};
use crate::script::select::is_bundled;
use crate::script::source::{ScriptError, ScriptSource, features_named};
use etalon_adapters::Features;
use etalon_spec_tests::{features_in_header, features_of_version, suite};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The greatest size of a script in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// The greatest depth of nested folders.
const MAX_DEPTH: usize = 32;

/// The scripts at the given paths: files, `-` for standard input, and all `.wast` files and converted scripts in folders, sorted. A file that cannot be read gives an
/// error of its own, and so does a folder without scripts; the others are still returned. What several links or paths lead to is there once.
///
/// The suite is the name of the folder that was given, or of the folder of a given file. Without `features`, a script may
/// use version 3.0 and what the folders above it are named after: `proposals/threads`, `wasm-v1`… The header of a
/// script adds to either.
pub fn scripts_in(
    paths: &[PathBuf],
    features: Option<Features>,
) -> (Vec<ScriptSource>, Vec<ScriptError>) {
    let mut sources = Vec::new();
    let mut search = Search::default();
    for (i, path) in paths.iter().enumerate() {
        let root = if path.is_dir() {
            search.folder(i, path);
            path
        } else {
            search.file(i, path);
            path.parent().unwrap_or(Path::new(""))
        };
        for file in std::mem::take(&mut search.files) {
            match read(root, &file, features) {
                Ok(source) => sources.push(source),
                Err(error) => search.errors.push(error),
            }
        }
    }
    (sources, search.errors)
}

/// What is found at the paths.
#[derive(Debug, Default)]
struct Search {
    /// The files and folders that were found, and at which of the paths first.
    seen: BTreeMap<PathBuf, usize>,
    /// The scripts that nothing led to before.
    files: Vec<PathBuf>,
    errors: Vec<ScriptError>,
}

impl Search {
    /// At which path a file or folder was found before, if it was. What cannot be found out is new; opening it tells why.
    fn seen(&mut self, from: usize, path: &Path) -> Option<usize> {
        match self.seen.entry(fs::canonicalize(path).ok()?) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(new) => {
                new.insert(from);
                None
            }
        }
    }

    fn file(&mut self, from: usize, path: &Path) {
        if self.seen(from, path).is_none() {
            self.files.push(path.to_owned());
        }
    }

    /// The scripts below a folder that was given. One that leads to none is an error: it must not look as if it had passed.
    fn folder(&mut self, from: usize, path: &Path) {
        let errors = self.errors.len();
        if !self.walk(from, path, 0) && self.errors.len() == errors {
            self.errors.push(ScriptError::NoScript { file: path.display().to_string() });
        }
        self.files.sort();
    }

    /// Whether anything is there that is run, be it by way of an earlier path.
    fn walk(&mut self, from: usize, dir: &Path, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            self.errors.push(unreadable(dir, format!("more than {MAX_DEPTH} folders deep")));
            return false;
        }
        // Folders may be links to each other.
        if let Some(first) = self.seen(from, dir) {
            return first < from;
        }
        let mut entries = Vec::new();
        let (errors, mut found) = (&mut self.errors, false);
        match fs::read_dir(dir) {
            Ok(listed) => listed.for_each(|entry| match entry {
                Ok(entry) => entries.push((entry.path().is_symlink(), entry.path())),
                Err(error) => errors.push(unreadable(dir, error.to_string())),
            }),
            Err(error) => errors.push(unreadable(dir, error.to_string())),
        }
        // What is not a link gives the name, whatever the order in which the system lists them.
        entries.sort();
        for (_, path) in entries {
            let is_script = path.extension().is_some_and(|e| e == "wast") || is_converted(&path);
            if path.is_dir() {
                found |= self.walk(from, &path, depth + 1);
            } else if is_script && path.exists() && !path.is_file() {
                self.errors.push(unreadable(&path, "this is not a file".to_owned()));
            } else if is_script {
                found = true;
                self.file(from, &path);
            }
        }
        found
    }
}

fn read(root: &Path, path: &Path, given: Option<Features>) -> Result<ScriptSource, ScriptError> {
    let text = String::from_utf8(bytes_of(path)?).map_err(|error| not_text(path, &error))?;
    if path.extension().is_some_and(|extension| extension == "json") {
        let file = joined(path.strip_prefix(root).unwrap_or(path));
        let entry = entry_of(path);
        let features = given.or_else(|| features_of(entry.as_ref()?));
        let features = features.unwrap_or_else(|| features_of_path(path));
        let source = ScriptSource::new(suite_name(root), file, "", features);
        return json_source(path, &text, entry.as_ref(), source);
    }
    let mut features = given.unwrap_or_else(|| features_of_path(path));
    for name in features_in_header(&text) {
        features = features.with(&name).ok_or_else(|| ScriptError::NoSuchFeature {
            file: path.display().to_string(),
            name: name.clone(),
        })?;
    }
    let file = joined(path.strip_prefix(root).unwrap_or(path));
    let is_bundled = is_bundled(&file, &text);
    let source = ScriptSource::new(suite_name(root), file, text, features);
    Ok(ScriptSource { origin: path.display().to_string(), is_bundled, ..source })
}

/// The contents of a file, or of standard input for `-`.
fn bytes_of(path: &Path) -> Result<Vec<u8>, ScriptError> {
    let failed = |error: io::Error| unreadable(path, error.to_string());
    let mut bytes = Vec::new();
    let most = MAX_BYTES + 1;
    match path.as_os_str() == "-" {
        true => io::stdin().lock().take(most).read_to_end(&mut bytes),
        false => fs::File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes),
    }
    .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable(
            path,
            format!("more than {MAX_BYTES} bytes, the most that is read"),
        ));
    }
    Ok(bytes)
}

/// The name of a folder, not its path: records contain no paths of a machine.
fn suite_name(root: &Path) -> String {
    let absolute =
        fs::canonicalize(if root.as_os_str().is_empty() { Path::new(".") } else { root });
    let name = absolute.ok().and_then(|p| Some(p.file_name()?.to_string_lossy().into_owned()));
    name.unwrap_or_else(|| "scripts".to_owned())
}

/// A relative path with `/` between its parts, on every system.
fn joined(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The features that the names of a script's folders imply.
fn features_of_path(path: &Path) -> Features {
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folders: Vec<_> = absolute
        .parent()
        .into_iter()
        .flat_map(Path::iter)
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    features_of_folders(&folders)
}

fn features_of_folders(folders: &[String]) -> Features {
    let named = |names: &[String]| features_named(names.iter().map(String::as_str)).ok();
    let newest = features_of_version("3.0").and_then(named).unwrap_or_else(Features::wasm3);
    for (i, folder) in folders.iter().enumerate().rev() {
        let is_proposal = i > 0 && folders[i - 1] == "proposals";
        let name =
            if is_proposal { format!("proposals/{}", alias(folder)) } else { folder.clone() };
        if let Some(set) =
            suite(&name).filter(|s| s.name != "local").and_then(|s| named(&s.features))
        {
            return set;
        }
        if let Some(set) = newest.with(alias(folder)) {
            return set;
        }
    }
    newest
}

/// Proposals' repositories are not always named after the feature.
fn alias(folder: &str) -> &str {
    match folder {
        "exception-handling" => "exceptions",
        "bulk-memory-operations" => "bulk-memory",
        "legacy" => "legacy-exceptions",
        other => other,
    }
}

fn unreadable(path: &Path, message: String) -> ScriptError {
    ScriptError::Unreadable { file: path.display().to_string(), message }
}

fn not_text(path: &Path, error: &std::string::FromUtf8Error) -> ScriptError {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = good.iter().filter(|b| **b == b'\n').count();
    let column = good.iter().rev().take_while(|b| **b != b'\n').count();
    ScriptError::NotText {
        file: path.display().to_string(),
        line: line as u32 + 1,
        column: column as u32 + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_links_lead_to_is_there_once() -> std::io::Result<()> {
        let top = tempfile::tempdir()?;
        let at = |name: &str| top.path().join(name);
        fs::create_dir_all(at("a/b"))?;
        fs::write(at("a/b/x.wast"), "(module)")?;
        // A cycle, two folders that lead to each other, a link to a script, one to nothing, and the same again by hand.
        symlink(at("a"), at("a/b/up"))?;
        symlink(at("a"), at("again"))?;
        symlink(at("a/b/x.wast"), at("a/0.wast"))?;
        symlink(at("nowhere"), at("a/broken.wast"))?;
        let (sources, errors) = scripts_in(&[at("."), at("a"), at("again/b/x.wast")], None);
        let names: Vec<&str> = sources.iter().map(|source| source.file.as_str()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        assert_eq!(errors.len(), 1, "{errors:?}");
        Ok(())
    }

    #[test]
    fn each_path_leads_to_a_script_or_to_an_error() -> std::io::Result<()> {
        let top = tempfile::tempdir()?;
        let at = |name: &str| top.path().join(name);
        fs::create_dir_all(at("full/inner"))?;
        fs::create_dir_all(at("empty/inner"))?;
        fs::write(at("full/inner/x.wast"), "(module)")?;
        fs::write(at("empty/inner/x.wat"), "(module)")?;
        // A cycle is no script.
        symlink(at("empty"), at("empty/inner/up"))?;
        let found = |names: &[&str]| {
            let paths: Vec<PathBuf> = names.iter().map(|name| at(name)).collect();
            let (sources, errors) = scripts_in(&paths, None);
            (sources.len(), errors)
        };
        let none = ScriptError::NoScript { file: at("empty").display().to_string() };
        assert_eq!(found(&["empty", "full"]), (1, vec![none.clone()]));
        assert_eq!(found(&["full", "empty"]), (1, vec![none.clone()]));
        assert_eq!(found(&["empty"]), (0, vec![none]));
        // What an earlier path led to is there, and is run once.
        assert_eq!(found(&["full/inner", "full", "full/inner/x.wast", "full"]), (1, vec![]));
        Ok(())
    }

    #[test]
    fn a_bundled_script_is_known_by_its_text() -> std::io::Result<()> {
        let bundled = etalon_spec_tests::scripts(suite("wasm-v1").unwrap());
        let bundled = bundled.iter().find(|script| script.name == "binary.wast").unwrap();
        let top = tempfile::tempdir()?;
        let file = top.path().join("binary.wast");
        let read = |text: &str| {
            fs::write(&file, text).unwrap();
            let (sources, errors) = scripts_in(std::slice::from_ref(&file), None);
            assert!(errors.is_empty(), "{errors:?}");
            sources[0].is_bundled
        };
        assert!(read(bundled.text));
        assert!(!read(&format!("{}\n(module)", bundled.text)));
        Ok(())
    }

    fn of(path: &str) -> Features {
        let folders: Vec<_> = path.split('/').map(str::to_owned).collect();
        features_of_folders(&folders)
    }

    #[test]
    fn folders_tell_the_features() {
        let newest = of("test/core");
        assert!(newest.contains(Features::wasm2()) && !newest.names().contains(&"threads"));
        assert_eq!(of("data/wasm-v1"), Features::wasm1());
        assert_eq!(of("test/core/simd"), newest);
        assert_eq!(of("test/core/memory64"), newest);
        assert_eq!(of("proposals/memory64"), newest.without("multi-memory").unwrap());
        let threads = of("proposals/threads").names();
        assert!(threads.contains(&"threads") && !threads.contains(&"reference-types"));
        assert_eq!(of("proposals/stack-switching"), newest.with("stack-switching").unwrap());
        assert_eq!(of("proposals/exception-handling"), newest);
    }
}
