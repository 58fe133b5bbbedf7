//! A copy of the sources in which faults of the kinds that compilers really had are planted, each behind a switch. It is built once;
//! the environment then says which fault is on.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that names the fault that is on.
pub(crate) const VARIABLE: &str = "ETALON_FAULT";

/// A planted fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) name: String,
    /// What is wrong, in one sentence without a full stop.
    pub(crate) about: String,
    /// Patterns of the instructions of which one is to be named; none where gas alone is wrong.
    pub(crate) operators: Vec<String>,
    /// The test that finds it, if no generated module can show it.
    #[serde(default)]
    pub(crate) check: Option<String>,
    /// The file that it is planted in.
    pub(crate) file: String,
    /// A piece of that file, with the expression that is replaced between « and ».
    pub(crate) find: String,
    /// The expression that is in its place while the fault is on.
    pub(crate) with: String,
    /// The tier that it is in.
    #[serde(skip)]
    pub(crate) tier: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The tier that its faults are in, if that is not the compiler's.
    #[serde(default = "compiler")]
    tier: String,
    fault: Vec<Fault>,
}

fn compiler() -> String {
    "jit".to_owned()
}

const FILES: &[&str] = &[
    include_str!("numeric.toml"),
    include_str!("nans.toml"),
    include_str!("vector.toml"),
    include_str!("memory.toml"),
    include_str!("control.toml"),
    include_str!("gas.toml"),
    include_str!("object.toml"),
    include_str!("interp.toml"),
    include_str!("tier_up.toml"),
];

/// All of them.
pub(crate) fn faults() -> Vec<Fault> {
    let list = |text: &&str| {
        let File { tier, fault } = toml::from_str(text).expect("a list of faults");
        fault.into_iter().map(move |fault| Fault { tier: tier.clone(), ..fault })
    };
    FILES.iter().flat_map(list).collect()
}

/// The folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is in the workspace")
}

impl Fault {
    /// Whether an instruction is one of those that are to be named.
    pub(crate) fn is_named_by(&self, operator: &str) -> bool {
        let fits = |pattern: &String| {
            globset::Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(operator))
        };
        self.operators.iter().any(fits)
    }

    /// The text of a file with this fault in it.
    ///
    /// # Errors
    /// If the piece is not exactly once in the text.
    pub(crate) fn plant(&self, text: &str) -> Result<String, String> {
        let piece = self.find.replace(['«', '»'], "");
        let count = text.matches(&piece).count();
        if count != 1 {
            return Err(format!("{}: its piece is {count} times in {}", self.name, self.file));
        }
        let (before, rest) = self.find.split_once('«').ok_or("no « in the piece")?;
        let (right, after) = rest.split_once('»').ok_or("no » in the piece")?;
        let Fault { name, with, .. } = self;
        let switched = format!(
            "{before}(if crate::mutants::is({name:?}) {{ use crate::mutants::*; {with} }} \
             else {{ {right} }}){after}"
        );
        Ok(text.replacen(&piece, &switched, 1))
    }
}

/// The packages that faults are planted in, and what these need of them.
const PACKAGES: &[(&str, &str)] =
    &[("engine/jit", include_str!("pieces.rs")), ("engine/interp", "")];

/// The files that change, by their path in the workspace, with all faults in them.
///
/// # Errors
/// If a fault cannot be planted.
pub(crate) fn planted(faults: &[Fault]) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let read =
        |file: &str| fs::read_to_string(workspace().join(file)).map_err(|e| format!("{file}: {e}"));
    for fault in faults {
        let text = match files.get(&fault.file) {
            Some(text) => String::clone(text),
            None => read(&fault.file)?,
        };
        files.insert(fault.file.clone(), fault.plant(&text)?);
    }
    for (package, helpers) in PACKAGES {
        let library = format!("{package}/src/lib.rs");
        let text = files.remove(&library).map_or_else(|| read(&library), Ok)?;
        files.insert(library, format!("#![allow(warnings)]\n{text}\nmod mutants;\n"));
        let switch = format!("{}{helpers}", include_str!("switch.rs"));
        files.insert(format!("{package}/src/mutants.rs"), switch);
        // What is planted keeps no style.
        let manifest = format!("{package}/Cargo.toml");
        let lenient = read(&manifest)?.replace("[lints]\nworkspace = true\n", "");
        files.insert(manifest, lenient);
    }
    // Both are built into one folder, so that what is not ours is built once: the program and the packages are others there.
    let manifest = "harness/cli/Cargo.toml";
    let renamed = replace(
        &read(manifest)?,
        "[[bin]]\nname = \"etalon\"",
        "[[bin]]\nname = \"etalon-mutants\"",
    );
    files.insert(manifest.to_owned(), renamed);
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let other = format!("version = \"{}-planted\"", env!("CARGO_PKG_VERSION"));
    let manifest = "Cargo.toml";
    let package = "[workspace.package]\n";
    let renamed =
        replace(&read(manifest)?, &format!("{package}{version}"), &format!("{package}{other}"));
    files.insert(manifest.to_owned(), renamed);
    let locked = read("Cargo.lock")?;
    let locked: Vec<String> = locked
        .split("[[package]]\n")
        .map(|package| match package.contains("\nsource = ") {
            true => package.to_owned(),
            false => package.replace(&format!("\n{version}\n"), &format!("\n{other}\n")),
        })
        .collect();
    files.insert("Cargo.lock".to_owned(), locked.join("[[package]]\n"));
    Ok(files)
}

/// # Panics
/// If it is not there.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} is not there once");
    text.replacen(from, to, 1)
}

/// Builds the program with all faults; gives its path. What was built from other files before is taken again.
///
/// # Panics
/// If that cannot be done.
pub(crate) fn build(profile: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = workspace().join(target.unwrap_or_else(|| "target".into()));
    let tree = target.join("mutants");
    let planted = planted(&faults()).expect("they can be planted");
    copy(workspace(), Path::new(""), &tree, &planted).expect("the sources can be copied");
    remove_gone(&tree, Path::new(""), &planted).expect("what is gone can be removed");
    for (file, text) in &planted {
        write(&tree.join(file), text.as_bytes()).expect("it is writable");
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--locked",
        "--package",
        "etalon-cli",
        "--profile",
        profile,
        "--target-dir",
    ]);
    cargo.arg(&target).current_dir(&tree).stdin(Stdio::null());
    assert!(cargo.status().expect("cargo starts").success(), "the copy does not build");
    target.join(if profile == "dev" { "debug" } else { profile }).join("etalon-mutants")
}

/// Copies what the build needs of a folder, but for files that are planted, and does not touch what is there already.
fn copy(
    from: &Path,
    folder: &Path,
    to: &Path,
    planted: &BTreeMap<String, String>,
) -> io::Result<()> {
    for entry in fs::read_dir(from.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || (folder == Path::new("") && LEFT_OUT.contains(&&*name)) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(from, &path, to, planted)?;
        } else if !planted.contains_key(&path.display().to_string()) {
            write(&to.join(&path), &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Removes what an earlier copy has of files in folders that are gone: a test of before may have the name of one that is there.
fn remove_gone(tree: &Path, folder: &Path, planted: &BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(tree.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            remove_gone(tree, &path, planted)?;
        } else if folder != Path::new("")
            && !planted.contains_key(&path.display().to_string())
            && !workspace().join(&path).exists()
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

const LEFT_OUT: &[&str] = &["target", "fuzz", "docs"];

/// Writes a file, unless it is there as it should be: then what was built of it stands.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}
