//! Programs of WASI on node's own WASI, where there is node: what is the same there, what it does not have, and what it leaves.
#![cfg(unix)]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const BOTH: &str = "interp,node";

/// Whether there is node, with its WASI; where not, there is nothing to test.
fn has_node() -> bool {
    let asked = Command::new("node").args(["-e", "require('wasi')"]).output();
    asked.is_ok_and(|output| output.status.success())
}

/// Functions of WASI, and ways to say and open.
const PARTS: &str = r#"
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $folder (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $step (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 4)
  (data (i32.const 64) "made")
  (data (i32.const 72) "gone")
  (data (i32.const 80) "new")
  (func $say (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))"#;

/// A module of the parts and more.
fn write(folder: &Path, name: &str, more: &str) {
    fs::write(folder.join(name), format!("(module {PARTS} {more})")).expect("it is writable");
}

/// `etalon diff` on engines, with a folder of its own for temporary ones: nothing is left in that.
fn diff(folder: &Path, engines: &str, arguments: &[&str]) -> (Output, String) {
    let temporary = folder.join("temporary");
    fs::create_dir_all(&temporary).expect("it is writable");
    let output = program::etalon()
        .args(["diff", "--engine", engines])
        .args(arguments)
        .current_dir(folder)
        .env("TMPDIR", &temporary)
        .output()
        .expect("it runs");
    assert_eq!(left(&temporary), 0, "{arguments:?}");
    let said =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (output, said.concat())
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder).expect("it can be listed").count()
}

/// Arguments, variables, streams, files and folders, times and chance, and the status.
#[test]
fn a_program_does_on_node_what_it_does_here() {
    if !has_node() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("sub")).expect("it is writable");
    fs::write(data.join("gone"), "goes").expect("it is writable");
    fs::write(data.join("sub/ü"), "stays").expect("it is writable");
    std::os::unix::fs::symlink("sub/ü", data.join("link")).expect("it is writable");
    fs::write(folder.path().join("in.txt"), "read by the program").expect("it is writable");
    let program = r#"(func (export "_start")
        (drop (call $args (i32.const 1024) (i32.const 2048)))
        (drop (call $env (i32.const 1024) (i32.const 4096)))
        (call $say (i32.const 1) (i32.const 2048) (i32.const 10))
        (call $say (i32.const 1) (i32.const 4096) (i32.const 8))
        (drop (call $step (i32.const 1) (i32.const 6000)))
        (drop (call $time (i32.const 0) (i64.const 1) (i32.const 6008)))
        (drop (call $time (i32.const 1) (i64.const 1) (i32.const 6016)))
        (drop (call $time (i32.const 7) (i64.const 1) (i32.const 6016)))
        (drop (call $random (i32.const 6024) (i32.const 21)))
        (call $say (i32.const 1) (i32.const 6000) (i32.const 48))
        (i32.store (i32.const 0) (i32.const 8192))
        (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12)))
        (call $say (i32.const 2) (i32.const 8192) (i32.load (i32.const 12)))
        (drop (call $unlink (i32.const 3) (i32.const 72) (i32.const 4)))
        (drop (call $folder (i32.const 3) (i32.const 80) (i32.const 3)))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1)
          (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
        (call $say (i32.load (i32.const 16)) (i32.const 64) (i32.const 3))
        (try (do (call $exit (i32.const 7))) (catch_all))
        (call $exit (i32.const 8)))"#;
    write(folder.path(), "all.wat", program);
    let given =
        ["all.wat", "--dir", "data::/", "--env", "A=1", "--env", "B=2", "--stdin", "in.txt"];
    let (output, said) = diff(folder.path(), BOTH, &[&given[..], &["--", "x"]].concat());
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no divergence") && said.contains("exited 1"), "{said}");
}

/// What it leaves is told: a program that does something else there would be found.
#[test]
fn files_that_are_left_on_node_are_compared() {
    if !has_node() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    fs::create_dir(folder.path().join("data")).expect("it is writable");
    // Node has times of its own: the number of a file tells the engines apart.
    let program = r#"(import "wasi_snapshot_preview1" "path_filestat_get"
          (func $stat (param i32 i32 i32 i32 i32) (result i32)))"#;
    let parts = PARTS.replacen("(import", &format!("{program}(import"), 1);
    let program = r#"(func (export "_start")
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1)
          (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
        (drop (call $stat (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 512)))
        (call $say (i32.load (i32.const 16)) (i32.const 512) (i32.const 64)))"#;
    fs::write(folder.path().join("stat.wat"), format!("(module {parts} {program})")).unwrap();
    let (output, said) = diff(folder.path(), BOTH, &["stat.wat", "--dir", "data::/"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the program's files differ"), "{said}");
    assert!(said.contains("file / \"made\" 64 bytes with CRC-32 "), "{said}");
}

/// Each is told, and no fault.
#[test]
fn what_nodes_wasi_lacks_is_no_divergence() {
    if !has_node() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    fs::create_dir(folder.path().join("data")).expect("it is writable");
    write(folder.path(), "nothing.wat", r#"(func (export "_start"))"#);
    let hidden = r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
        (memory 1) (func (export "_start")))"#;
    fs::write(folder.path().join("hidden.wat"), hidden).expect("it is writable");
    let loud = r#"(func (export "_start")
        (loop $more (call $say (i32.const 1) (i32.const 0) (i32.const 200000)) (br $more)))"#;
    write(folder.path(), "loud.wat", loud);
    let early = r#"(start $begin) (func $begin (call $say (i32.const 1) (i32.const 64) (i32.const 1)))
        (func (export "_start"))"#;
    write(folder.path(), "early.wat", early);
    for (arguments, why) in [
        (&["nothing.wat", "--dir", "data::/::ro"][..], "has no folders that are only read"),
        (&["nothing.wat", "--dir", "data::/", "--dir", "data::/"], "these names of folders"),
        (&["nothing.wat", "--dir", "data::/", "--dir", "data::7"], "these names of folders"),
        (&["nothing.wat", "--env", "A=1", "--env", "7=1"], "these variables"),
        (&["hidden.wat"], "a memory that is exported as memory"),
        (&["early.wat"], "no memory before the instance is made"),
        (&["loud.wat"], "rejected: limit"),
    ] {
        let (output, said) = diff(folder.path(), BOTH, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(said.contains("not compared to the end because of"), "{arguments:?}: {said}");
        // What the first engine refuses is told with its reason.
        let (_, said) = diff(folder.path(), "node,interp", arguments);
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

/// A bad pointer ends the program here, and is a number there.
#[test]
fn a_bad_pointer_is_told_apart() {
    if !has_node() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let bad = r#"(func (export "_start")
        (drop (call $write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0))))"#;
    write(folder.path(), "bad.wat", bad);
    let (output, said) = diff(folder.path(), BOTH, &["bad.wat"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("outcomes differ") && said.contains("bad pointer: fd_write"), "{said}");
}

/// The folder goes when the limit ends node, and when somebody ends us, who cannot remove it then; node ends, too.
#[test]
fn nothing_is_left_of_a_program_that_does_not_end() {
    if !has_node() {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    write(folder.path(), "spin.wat", r#"(func (export "_start") (loop $spin (br $spin)))"#);
    let (output, said) = diff(folder.path(), "node,interp", &["spin.wat", "--timeout", "1s"]);
    assert!(!output.status.success(), "{said}");
    let temporary = folder.path().join("temporary");
    let mut child = program::etalon()
        .args(["diff", "spin.wat", "--engine", "node,interp", "--timeout", "none"])
        .current_dir(folder.path())
        .env("TMPDIR", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    let waits = |done: &mut dyn FnMut() -> bool| {
        while begun.elapsed() < Duration::from_secs(120) {
            if done() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    };
    assert!(waits(&mut || left(&temporary) == 1), "no folder came to be");
    child.kill().expect("it may");
    child.wait().expect("it ends");
    assert!(waits(&mut || left(&temporary) == 0), "the folder is still there");
}

/// Generated programs try to leave their folders, and node does not keep them in.
#[test]
fn node_gets_no_generated_programs() {
    if !has_node() {
        return;
    }
    let output = program::etalon()
        .args(["fuzz", "--profile", "programs", "--engine", "interp,node", "--cases", "1"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("node does not keep programs of WASI in their folders"), "{said}");
}
