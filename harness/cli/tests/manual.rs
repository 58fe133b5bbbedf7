//! Manual pages: one for each command, the same each time.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The pages by their files' names.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_etalon")).arg("man").arg(folder).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let entries =
        std::fs::read_dir(folder).expect("it was made").map(|entry| entry.expect("it is readable"));
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().expect("names are ASCII");
            (name, std::fs::read_to_string(entry.path()).expect("a page is text"))
        })
        .collect()
}

#[test]
fn each_command_has_a_page() {
    let folder = tempfile::tempdir().expect("there is room");
    let all = pages(&folder.path().join("new/man1"));
    for name in [
        "etalon.1",
        "etalon-spec.1",
        "etalon-gas.1",
        "etalon-gas-snapshot.1",
        "etalon-gas-schedule-new.1",
    ] {
        let page = all.get(name).unwrap_or_else(|| panic!("{name}: {:?}", all.keys()));
        assert!(page.contains(".SH SYNOPSIS"), "{name}: {page}");
    }
    // Each page that the first one names is there.
    let first = &all["etalon.1"];
    let named = first.lines().filter_map(|line| line.strip_suffix("(1)"));
    let missing: Vec<_> = named
        .map(|name| format!("{}.1", name.replace('\\', "")))
        .filter(|name| !all.contains_key(name))
        .collect();
    assert_eq!(missing, ["etalon-help.1"], "{first}");
    assert_eq!(all, pages(&folder.path().join("again")));
}
