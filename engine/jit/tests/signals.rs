//! Signals that are not the guest's, and threads on which little is there: each case runs in a process of its own, because
//! it may end it.

mod support;

use etalon_jit::OptLevel;
use etalon_runtime::{StoreConfig, Value};
use rustix::process::{Signal, getpid, kill_process};
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use support::Machine;

/// Names the case in the process that runs it.
const CASE: &str = "ETALON_TEST_SIGNAL";

/// One that faults in the hardware and becomes a trap, to show that the handlers are there and go on.
fn traps() {
    let wat =
        r#"(module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.load))"#;
    let mut machine = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, wat);
    assert_eq!(machine.call("f", &[Value::I32(8)]), Ok(vec![Value::I32(0)]));
    let stop = machine.call("f", &[Value::I32(u32::MAX)]).unwrap_err();
    assert!(stop.to_string().contains("out of bounds memory access"), "{stop}");
}

fn send() {
    kill_process(getpid(), Signal::SEGV).unwrap();
}

/// A fault that is no guest's, without `unsafe`: the stack of a thread overflows.
fn fault() {
    fn recurse(n: u64) -> u64 {
        let frame = black_box([n; 64]);
        if n == 0 { frame[7] } else { recurse(n - 1) + black_box(frame)[3] }
    }
    black_box(recurse(black_box(1 << 40)));
}

thread_local! {
    static CALLS_LAST: CallsLast = const { CallsLast };
}

struct CallsLast;

impl Drop for CallsLast {
    fn drop(&mut self) {
        traps();
    }
}

fn run(case: &str) {
    match case {
        "sent" => {
            traps();
            send();
            // Another thread may be the one that it reaches, and later. The limit of time ends this if nobody does.
            loop {
                traps();
            }
        }
        "sent and ignored" => {
            traps();
            send();
            traps();
        }
        "fault" => {
            traps();
            fault();
        }
        // Everything is set up before, so that its parts are gone when this destructor runs, or after.
        "destructor" => {
            let last = || CALLS_LAST.with(|_| traps());
            std::thread::spawn(last).join().unwrap();
            let first = || {
                traps();
                CALLS_LAST.with(|_| ());
            };
            std::thread::spawn(first).join().unwrap();
        }
        "small" => {
            // What compiles needs more; what runs has a stack of its own.
            let wat = r#"(module (func $f (export "f") (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
                    (else (i32.const 0)))))"#;
            let mut machine = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, wat);
            let call = move || machine.call("f", &[Value::I32(10_000)]);
            let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(call).unwrap();
            assert_eq!(thread.join().unwrap(), Ok(vec![Value::I32(10_000)]));
        }
        other => panic!("no case {other}"),
    }
}

/// Runs a case in another process; `ignored` is how it inherits the signal, as from `trap '' SEGV`. An alarm ends what would
/// not end by itself.
fn status(case: &str, ignored: bool) -> ExitStatus {
    let ignore = if ignored { "trap '' SEGV; " } else { "" };
    let script = format!("{ignore}ulimit -c 0; ulimit -t 60; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_case", "--nocapture"])
        .env(CASE, case)
        .output()
        .unwrap()
        .status
}

/// The cases themselves; nothing to do unless one is named.
#[test]
fn the_case() {
    if let Ok(case) = std::env::var(CASE) {
        run(&case);
    }
}

const SEGV: Option<i32> = Some(11);

#[test]
fn a_signal_that_was_sent_ends_the_process_once() {
    assert_eq!(status("sent", false).signal(), SEGV);
}

#[test]
fn a_signal_that_was_sent_is_ignored_where_it_was_before() {
    assert!(status("sent and ignored", true).success());
}

#[test]
fn a_fault_of_the_host_ends_the_process() {
    // Rust's own handler says that the stack overflowed and aborts.
    assert!(matches!(status("fault", false).signal(), Some(6 | 11)));
}

#[test]
fn a_fault_of_the_host_ends_the_process_even_where_the_signal_is_ignored() {
    assert_eq!(status("fault", true).signal(), SEGV);
}

#[test]
fn the_destructor_of_a_thread_local_value_may_call() {
    assert!(status("destructor", false).success());
}

#[test]
fn a_thread_with_a_small_stack_may_call() {
    assert!(status("small", false).success());
}
