//! The code of seventeen shapes of functions, as `etalon inspect` shows it: what is in `code/` beside the text is what it must be.
//!
//! Each line of a text that begins with `;; --show` is a view of its function `f`, which stands in a file of the view's name. The code
//! is for a machine that is named, so it is the same whatever machine this runs on. With `ETALON_BLESS=1` the files are written instead:
//! a better translation changes them, and whoever makes it reads the difference.

mod program;

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

/// The machine, and the features of its processor.
const MACHINE: &str = "--target x86_64-unknown-linux-gnu --cpu avx2";

/// What begins a line that is a view.
const VIEW: &str = ";; --show ";

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/code");
    let mut texts: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the texts are there")
        .map(|entry| entry.expect("an entry is readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "wat"))
        .collect();
    texts.sort();
    assert_eq!(texts.len(), 17, "a shape is gone, or one was added");
    let trials = texts.into_iter().map(|path| {
        let name = path.file_stem().expect("a text has a name").to_string_lossy().into_owned();
        Trial::test(format!("code/{name}"), move || check(&path))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let views: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(VIEW)).collect();
    if views.is_empty() {
        return Err("it says no view".into());
    }
    for view in views {
        let name = view.split(' ').next().unwrap_or_default();
        let got = shown(path, view)?;
        let expected_path = path.with_extension(name);
        if std::env::var_os("ETALON_BLESS").is_some() {
            std::fs::write(expected_path, got)?;
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if got != expected {
            let told = "(`ETALON_BLESS=1 cargo test -p etalon-cli --test code` accepts it)";
            return Err(format!("--- expected\n{expected}\n--- got\n{got}\n{told}").into());
        }
    }
    Ok(())
}

/// What the program shows of the function `f` of a text.
fn shown(path: &Path, view: &str) -> Result<String, Failed> {
    let mut command = program::etalon();
    command.arg("inspect").arg(path.file_name().ok_or("a text has a name")?);
    command.args(["--function", "f", "--show"]).args(view.split(' ')).args(MACHINE.split(' '));
    let folder = path.parent().ok_or("a text is in a folder")?;
    let output = command.current_dir(folder).env("NO_COLOR", "1").output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
