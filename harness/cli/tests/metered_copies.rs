//! The instrumented copy that docs/gas-audit.md makes consumes under node what the snapshot beside it says, where there is node.

mod program;

use std::path::Path;
use std::process::Command;

#[test]
fn a_copy_consumes_under_node_what_the_snapshot_says() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/gas");
    let folder = tempfile::tempdir().expect("there is room");
    let copy = folder.path().join("metered.wasm");
    let mut made = program::etalon();
    made.args(["gas", "instrument"]).arg(examples.join("token.wat")).arg("-o").arg(&copy);
    let made = made.output().expect("it runs");
    assert!(made.status.success(), "{made:?}");
    if Command::new("node").arg("--version").output().is_err() {
        return;
    }
    let snapshot = std::fs::read_to_string(examples.join("token.gas")).expect("it is text");
    let consumed = snapshot.lines().find_map(|line| {
        let gas = line.trim().strip_prefix("consumed ")?;
        gas.parse::<u64>().ok().filter(|gas| *gas > 0)
    });
    let consumed = consumed.expect("the first step that costs something is the transfer");
    for (limit, said) in [
        (10_000, format!("returned, consumed {consumed}\n")),
        (consumed, format!("returned, consumed {consumed}\n")),
        (consumed - 1, format!("out of gas, consumed {}\n", consumed - 1)),
    ] {
        let mut node = Command::new("node");
        node.arg(examples.join("metered.js")).arg(&copy).arg(limit.to_string());
        let output = node.output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{output:?}");
    }
}
