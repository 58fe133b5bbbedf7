//! WASI preview 1 through the library, on all tiers: small guests, what they write, how they end, and what they cost.

use etalon::wasi::{
    self, Access, BadPointer, Captured, Exit, Output, Policy, Stdin, TreeEntry, VirtualFs, WasiCtx,
    WasiCtxBuilder,
};
use etalon::{
    Config, Engine, Error, Exhaustion, Linker, Module, Protection, Store, Tier, WasmBacktrace,
};
use std::sync::mpsc;

const TIERS: [Tier; 3] = [Tier::Oracle, Tier::Interp, Tier::Jit];

/// What a guest leaves behind.
#[derive(Debug, PartialEq)]
struct Left {
    stdout: Vec<u8>,
    /// The status, or what else ended it.
    ended: String,
    tree: TreeEntry,
    gas: Option<u64>,
}

/// A module with imports of WASI by name and type, one memory, and a body of `_start`.
fn guest(imports: &[(&str, &str)], rest: &str, start: &str) -> String {
    let imports: String = imports
        .iter()
        .map(|(name, ty)| {
            format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} {ty}))"#)
        })
        .collect();
    format!(
        r#"(module {imports} (memory (export "memory") 1) {rest} (func (export "_start") {start}))"#
    )
}

const WRITE: (&str, &str) = ("fd_write", "(param i32 i32 i32 i32) (result i32)");
const EXIT: (&str, &str) = ("proc_exit", "(param i32)");
const OPEN: (&str, &str) =
    ("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)");
const RANDOM: (&str, &str) = ("random_get", "(param i32 i32) (result i32)");
const CLOCK: (&str, &str) = ("clock_time_get", "(param i32 i64 i32) (result i32)");
const READ: (&str, &str) = ("fd_read", "(param i32 i32 i32 i32) (result i32)");
const POLL: (&str, &str) = ("poll_oneoff", "(param i32 i32 i32 i32) (result i32)");

fn engine(tier: Tier, gas: bool) -> Engine {
    Engine::new(Config::new().tier(tier).consume_fuel(gas).interruptible(true)).unwrap()
}

struct Host {
    wasi: WasiCtx,
}

/// Instantiates a guest and runs it.
fn run(
    tier: Tier,
    text: &str,
    gas: Option<u64>,
    wasi: WasiCtx,
) -> (Store<Host>, Result<(), Error>) {
    let engine = engine(tier, gas.is_some());
    let module = Module::new(&engine, text).unwrap();
    let mut linker: Linker<Host> = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |host| &mut host.wasi).unwrap();
    let mut store = Store::new(&engine, Host { wasi });
    if let Some(gas) = gas {
        store.set_fuel(gas).unwrap();
    }
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    let ended = start.call(&mut store, ());
    (store, ended)
}

fn ctx(fs: &VirtualFs) -> (WasiCtx, Captured) {
    let (output, stdout) = Output::captured(4096);
    let mut builder = WasiCtxBuilder::new();
    builder.arg("program").stdout(output).stdin(Stdin::bytes("some input"));
    builder.policy(Policy::deterministic(3)).virtual_dir(fs, "/", Access::ReadWrite);
    (builder.build().unwrap(), stdout)
}

fn left(tier: Tier, text: &str, gas: Option<u64>) -> Left {
    let fs = VirtualFs::new(1 << 20);
    let (wasi, stdout) = ctx(&fs);
    let (store, ended) = run(tier, text, gas, wasi);
    let ended = match ended {
        Ok(()) => "returned".to_owned(),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(exit) => format!("exited {}", exit.status),
            None => error.to_string(),
        },
    };
    let gas = gas.map(|limit| limit - store.get_fuel().unwrap());
    Left { stdout: stdout.bytes(), ended, tree: fs.tree(), gas }
}

const DATA: &str = r#"(data (i32.const 8) "\10\00\00\00\06\00\00\00hello\n")"#;
const HELLO: &str =
    "(drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 4)))";

/// A guest, and what its end is called.
fn guests() -> Vec<(&'static str, String, &'static str)> {
    let file = r#"(data (i32.const 64) "       file")"#;
    let open = "(if (call $path_open (i32.const 3) (i32.const 0) (i32.const 71) (i32.const 4) (i32.const 1)
      (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 0)) (then unreachable))
      (drop (call $fd_write (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 4)))";
    let random = "(drop (call $random_get (i32.const 16) (i32.const 6)))
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 24)))
      (i32.store (i32.const 12) (i32.const 16))";
    let echo = "(i32.store (i32.const 12) (i32.const 100))
      (drop (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 12)))";
    vec![
        ("writes", guest(&[WRITE], DATA, HELLO), "returned"),
        (
            "exits",
            guest(&[WRITE, EXIT], DATA, &format!("{HELLO} (call $proc_exit (i32.const 7)) unreachable")),
            "exited 7",
        ),
        (
            "creates a file",
            guest(&[WRITE, OPEN], &format!("{DATA}{file}"), open),
            "returned",
        ),
        (
            "asks for time and chance",
            guest(&[WRITE, RANDOM, CLOCK], DATA, &format!("{random}{HELLO}")),
            "returned",
        ),
        ("reads", guest(&[WRITE, READ], DATA, &format!("{echo}{HELLO}")), "returned"),
        (
            "gives a bad pointer",
            guest(&[RANDOM], "", "(drop (call $random_get (i32.const 65530) (i32.const 7)))"),
            "bad pointer: random_get was given 0xfffa for 7 bytes aligned to 1, and its memory has 65536 bytes",
        ),
        (
            "gives a pointer that is not aligned",
            guest(&[CLOCK], "", "(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 4)))"),
            "bad pointer: clock_time_get was given 0x4 for 8 bytes aligned to 8, and its memory has 65536 bytes",
        ),
        (
            "sleeps for a day",
            guest(
                &[POLL],
                "",
                "(i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 86400000000000))
                 (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))",
            ),
            "returned",
        ),
        (
            "has a hundred million times four billion random bytes",
            guest(&[RANDOM], "", "(loop (drop (call $random_get (i32.const 0) (i32.const 65536))) (br 0))"),
            "all fuel consumed",
        ),
    ]
}

#[test]
fn guests_leave_the_same_behind_on_all_tiers() {
    for (what, text, expected) in guests() {
        let all: Vec<Left> = TIERS.map(|tier| left(tier, &text, Some(1_000_000))).into();
        assert_eq!(all[0], all[1], "{what}");
        assert_eq!(all[0], all[2], "{what}");
        if expected != "all fuel consumed" {
            assert_eq!(all[0].ended, expected, "{what}");
            let without: Vec<Left> = TIERS.map(|tier| left(tier, &text, None)).into();
            for (tier, without) in TIERS.iter().zip(without) {
                assert_eq!(Left { gas: all[0].gas, ..without }, all[0], "{what} on {tier:?}");
            }
        }
    }
}

#[test]
fn what_guests_write_is_there() {
    let stdout = |name: &str| {
        let guests = guests();
        let (_, text, _) = guests.iter().find(|(what, ..)| *what == name).unwrap();
        left(Tier::Interp, text, None)
    };
    assert_eq!(stdout("exits").stdout, b"hello\n");
    assert_eq!(stdout("reads").stdout.len(), 10);
    let file = TreeEntry::File(b"hello\n"[..].into());
    let tree = TreeEntry::Folder([("file".to_owned(), file)].into());
    assert_eq!(stdout("creates a file").tree, tree);
}

/// Gas is charged by the schedule for each byte that a function touches, and runs out before the work is done.
#[test]
fn bytes_cost_gas_before_they_are_touched() {
    let text = |length: u32| {
        let body = format!("(drop (call $random_get (i32.const 0) (i32.const {length})))");
        guest(&[RANDOM], "", &body)
    };
    for tier in TIERS {
        let gas = |length| left(tier, &text(length), Some(1_000_000)).gas.unwrap();
        assert!(gas(65536) > gas(0), "{tier:?}");
        let (wasi, _) = ctx(&VirtualFs::new(0));
        let (mut store, ended) = run(tier, &text(65536), Some(gas(65536) - 1), wasi);
        let error = ended.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exhaustion::Gas), "{tier:?}: {error}");
        assert_eq!(store.get_fuel().unwrap(), 0);
        // The state is back in its place.
        assert_eq!(store.data_mut().wasi.captured(1).unwrap().bytes(), b"");
    }
}

/// A guest that waits for what never comes is stopped by an interrupt, be it for a clock or for input.
#[test]
fn interrupts_wake_what_waits() {
    let clock = guest(
        &[POLL],
        "",
        "(i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const -1))
         (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))",
    );
    let input = guest(
        &[READ],
        DATA,
        "(drop (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 4)))",
    );
    let ready = guest(
        &[POLL],
        "",
        "(i32.store8 (i32.const 8) (i32.const 1))
         (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))",
    );
    for tier in TIERS {
        for text in [&clock, &input, &ready] {
            let (asked, asks) = mpsc::channel();
            let (stays, stay) = mpsc::channel::<()>();
            let never = Never { asked, stay };
            let engine = engine(tier, false);
            let module = Module::new(&engine, text).unwrap();
            let mut linker: Linker<WasiCtx> = Linker::new(&engine);
            wasi::add_to_linker(&mut linker, |ctx| ctx).unwrap();
            let ctx = WasiCtxBuilder::new().stdin(Stdin::reader(never)).build().unwrap();
            let mut store = Store::new(&engine, ctx);
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
            let handle = store.interrupt_handle().unwrap();
            let waits_for_input = !std::ptr::eq(text, &clock);
            let other = std::thread::spawn(move || {
                if waits_for_input {
                    asks.recv().unwrap();
                }
                handle.interrupt();
                stays
            });
            let error = start.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted), "{tier:?}");
            drop(other.join().unwrap());
        }
    }
}

/// Input that never comes; it tells when it is first waited for.
struct Never {
    asked: mpsc::Sender<()>,
    stay: mpsc::Receiver<()>,
}

impl std::io::Read for Never {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        let _ = self.asked.send(());
        let _ = self.stay.recv();
        Ok(0)
    }
}

/// The guest is to blame, so what it was doing is told: the same on every tier.
#[test]
fn a_bad_pointer_has_a_backtrace() {
    let text = guest(&[RANDOM], "", "(drop (call $random_get (i32.const -1) (i32.const 8)))");
    let frames = |tier| {
        let (wasi, _) = ctx(&VirtualFs::new(0));
        let error = run(tier, &text, None, wasi).1.unwrap_err();
        assert!(error.is::<BadPointer>(), "{tier:?}: {error:#}");
        let told = error.downcast_ref::<WasmBacktrace>().map(|backtrace| backtrace.frames());
        let frames = told.unwrap_or_default().iter();
        frames.map(|frame| (frame.func_index(), frame.module_offset())).collect::<Vec<_>>()
    };
    let first = frames(Tier::Oracle);
    assert!(matches!(first.as_slice(), [(1, Some(_))]), "{first:?}");
    assert_eq!(TIERS.map(frames), [&first, &first, &first].map(Clone::clone));
}

#[test]
fn how_a_guest_ended_can_be_told() {
    for tier in TIERS {
        let (_, ended) = run(tier, &guests()[5].1, None, ctx(&VirtualFs::new(0)).0);
        let error = ended.unwrap_err();
        let bad = error.downcast_ref::<BadPointer>().unwrap();
        assert_eq!((bad.function, bad.address, bad.length), ("random_get", 65530, 7));
        // A guest without memory can point to nothing.
        let text = r#"(module
          (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
          (func (export "_start") (drop (call $random (i32.const 0) (i32.const 1)))))"#;
        let (_, ended) = run(tier, text, None, ctx(&VirtualFs::new(0)).0);
        assert!(ended.unwrap_err().is::<BadPointer>());
    }
}

#[test]
fn relatives_of_preview_1_are_refused_by_name() {
    let engine = engine(Tier::Interp, false);
    for (module, name, words) in [
        ("wasi_unstable", "fd_write", "preview 0"),
        ("wasi", "thread-spawn", "wasi-threads"),
        ("wasi:cli/stdout@0.2.0", "get-stdout", "components"),
        ("wasi_snapshot_preview1", "fd_frobnicate", "none of the 46"),
    ] {
        let text =
            format!(r#"(module (import "env" "f" (func)) (import "{module}" "{name}" (func)))"#);
        let module = Module::new(&engine, text).unwrap();
        let why = wasi::refused_import(&module).unwrap();
        assert!(why.contains(words) && why.contains(name), "{why}");
    }
    let module = Module::new(&engine, guests()[0].1.as_str()).unwrap();
    assert_eq!(wasi::refused_import(&module), None);
    assert!(wasi::refused_component(b"\0asm\x0d\0\x01\0").is_some());
    assert_eq!(wasi::refused_component(b"\0asm\x01\0\0\0"), None);
}

#[test]
fn a_region_that_forbids_a_buffer_ends_the_guest_by_its_name() {
    for tier in TIERS {
        let engine = Engine::new(Config::new().tier(tier).memory_regions(true)).unwrap();
        let text = guest(
            &[("random_get", "(param i32 i32) (result i32)")],
            "",
            "(drop (call $random_get (i32.const 64) (i32.const 16)))",
        );
        let module = Module::new(&engine, text).unwrap();
        let mut linker: Linker<Host> = Linker::new(&engine);
        wasi::add_to_linker(&mut linker, |host| &mut host.wasi).unwrap();
        let mut store = Store::new(&engine, Host { wasi: WasiCtx::default() });
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        memory.protect(&mut store, 72..73, Protection::ReadOnly, "constants").unwrap();
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
        let error = start.call(&mut store, ()).unwrap_err();
        assert!(format!("{error:#}").contains("constants"), "{tier:?}: {error:#}");
        assert!(memory.data(&store)[64..80].iter().all(|byte| *byte == 0), "nothing is written");
    }
}
