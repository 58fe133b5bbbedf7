//! A program of WASI as bytes: what goes on from them is what would have gone on, with the same results and gas, and nothing of the host
//! is in them.

use etalon::wasi::{
    self, Access, Captured, Output, Policy, Stdin, TreeEntry, VirtualFs, WasiCtx, WasiCtxBuilder,
};
use etalon::{
    Config, Engine, Instance, Linker, Module, PauseLimits, Progress, Result, SnapshotError, Store,
    Tier, Val,
};

const TIERS: [Tier; 4] = [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot];

/// A reactor: it opens two files once, and each step reads the next bytes of one and writes them, the time and a random number to
/// the other and to the standard output.
const REACTOR: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "input") (data (i32.const 96) "log")
  (data (i32.const 8) "\e8\03\00\00\03\00\00\00")
  (data (i32.const 16) "\e8\03\00\00\18\00\00\00")
  (global $in (mut i32) (i32.const 0))
  (global $out (mut i32) (i32.const 0))
  (func $fine (param i32) (if (local.get 0) (then unreachable)))
  (func (export "_initialize")
    (call $fine (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 5) (i32.const 0)
      (i64.const 38) (i64.const 0) (i32.const 0) (i32.const 0)))
    (global.set $in (i32.load (i32.const 0)))
    (call $fine (call $open (i32.const 3) (i32.const 0) (i32.const 96) (i32.const 3) (i32.const 1)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))
    (global.set $out (i32.load (i32.const 0))))
  (func (export "step") (result i64)
    (call $fine (call $read (global.get $in) (i32.const 8) (i32.const 1) (i32.const 4)))
    (call $fine (call $time (i32.const 1) (i64.const 0) (i32.const 1008)))
    (call $fine (call $random (i32.const 1016) (i32.const 8)))
    (call $fine (call $write (global.get $out) (i32.const 16) (i32.const 1) (i32.const 4)))
    (call $fine (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 4)))
    (call $fine (call $tell (global.get $in) (i32.const 1000)))
    (i64.xor (i64.load (i32.const 1000)) (i64.xor (i64.load (i32.const 1008)) (i64.load (i32.const 1016))))))"#;

struct Host {
    program: WasiCtx,
    fs: VirtualFs,
    stdout: Captured,
}

impl Host {
    fn new() -> Host {
        let fs = VirtualFs::new(1 << 20);
        fs.add_file("input", "what a program reads").unwrap();
        let mut builder = WasiCtxBuilder::new();
        builder.arg("program").env("A", "1").stdin(Stdin::bytes("input"));
        builder.stdout(Output::captured(4096).0).policy(Policy::deterministic(5));
        builder.virtual_dir(&fs, "/", Access::ReadWrite);
        Host::of(builder.build().unwrap()).unwrap()
    }

    fn of(program: WasiCtx) -> Result<Host> {
        let fs = program.virtual_dirs()[0].1.clone();
        let stdout = program.captured(1).unwrap();
        Ok(Host { program, fs, stdout })
    }
}

fn engine(tier: Tier) -> Engine {
    Engine::new(Config::new().tier(tier).consume_fuel(true)).unwrap()
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.program).unwrap();
    linker
}

/// The program, after its initialisation.
fn begun(tier: Tier) -> Store<Host> {
    let engine = engine(tier);
    let module = Module::new(&engine, REACTOR).unwrap();
    let mut store = Store::new(&engine, Host::new());
    store.set_fuel(1 << 30).unwrap();
    let instance = linker(&engine).instantiate(&mut store, &module).unwrap();
    instance.get_typed_func::<(), ()>(&store, "_initialize").unwrap().call(&mut store, ()).unwrap();
    store
}

fn instance(store: &Store<Host>) -> Instance {
    store.instances().next().unwrap()
}

/// What a step gives, and the gas that was left after it.
fn step(store: &mut Store<Host>) -> (i64, u64) {
    let step = instance(store).get_typed_func::<(), i64>(&*store, "step").unwrap();
    (step.call(&mut *store, ()).unwrap(), store.get_fuel().unwrap())
}

/// What there is to be seen of a program besides.
fn left(store: &Store<Host>) -> (TreeEntry, Vec<u8>) {
    (store.data().fs.tree(), store.data().stdout.bytes())
}

fn save(store: &mut Store<Host>) -> Vec<u8> {
    wasi::snapshot(store, |host| &mut host.program).unwrap()
}

fn restore(engine: &Engine, bytes: &[u8]) -> Store<Host> {
    wasi::restore(engine, bytes, &[], &linker(engine), Host::of).unwrap()
}

#[test]
fn a_program_goes_on_from_bytes_as_if_nothing_had_been() {
    let straight = TIERS.map(|tier| {
        let mut store = begun(tier);
        let steps: Vec<(i64, u64)> = (0..6).map(|_| step(&mut store)).collect();
        (steps, left(&store))
    });
    let (expected, end) = &straight[0];
    assert!(expected.windows(2).all(|pair| pair[0].0 != pair[1].0 && pair[0].1 > pair[1].1));
    for (other, tier) in straight.iter().zip(TIERS) {
        assert_eq!(*other, straight[0], "{tier}");
    }
    for tier in TIERS {
        let mut store = begun(Tier::Oracle);
        for (number, expected) in expected.iter().enumerate() {
            assert_eq!(step(&mut store), *expected, "{tier}, step {number}");
            // On an engine of any tier: what comes out of a snapshot is the oracle's.
            let bytes = save(&mut store);
            let mut copy = restore(&engine(tier), &bytes);
            assert_eq!(save(&mut copy), bytes, "the same state is the same bytes");
            assert_eq!(left(&copy), left(&store));
            // What the old one does meanwhile is nothing to the new one.
            step(&mut store);
            store = copy;
        }
        assert_eq!(left(&store), *end, "{tier}");
    }
}

#[test]
fn a_program_that_is_paused_goes_on_too() {
    let mut straight = begun(Tier::Oracle);
    let (result, gas) = step(&mut straight);
    let mut store = begun(Tier::Oracle);
    let func = instance(&store).get_func(&store, "step").unwrap();
    store.start(func, &[]).unwrap();
    let mut pauses = 0;
    let results = loop {
        let execution = store.paused()[0];
        match store.resume(execution, &PauseLimits::instructions(3)).unwrap() {
            Progress::Done(results) => break results,
            _ => pauses += 1,
        }
        let bytes = save(&mut store);
        store = restore(&engine(Tier::Oracle), &bytes);
    };
    assert!(pauses > 10);
    assert!(matches!(results[..], [Val::I64(found)] if found == result));
    assert_eq!(store.get_fuel().unwrap(), gas);
    assert_eq!(left(&store), left(&straight));
}

/// What is of the host is named, and there is no snapshot.
#[test]
fn what_is_of_the_host_is_refused_by_name() {
    let engine = engine(Tier::Oracle);
    let refused = |set: &dyn Fn(&mut WasiCtxBuilder)| {
        let mut builder = WasiCtxBuilder::new();
        set(&mut builder);
        let mut store = Store::new(&engine, builder.build().unwrap());
        let error = wasi::snapshot(&mut store, |ctx| ctx).unwrap_err();
        let SnapshotError::NotKept(why) = &error else { panic!("{error}") };
        assert_eq!(error.to_string(), why.to_string());
        assert!(store.snapshot().is_ok(), "without the program there is one");
        (why.fd, why.name.clone())
    };
    let name = |text: &str| text.to_owned();
    let folder = refused(&|b| {
        b.dir(".", "/data", Access::ReadOnly).unwrap();
    });
    assert_eq!(folder, (3, name("the folder /data")));
    let input = refused(&|b| {
        b.stdin(Stdin::inherited());
    });
    assert_eq!(input, (0, name("the standard input of the host")));
    let output = refused(&|b| {
        b.stdout(Output::stdout());
    });
    assert_eq!(output, (1, name("the standard output of the host")));
    let errors = refused(&|b| {
        b.stderr(Output::stderr());
    });
    assert_eq!(errors, (2, name("the standard error of the host")));
    let reader = refused(&|b| {
        b.stdin(Stdin::reader(std::io::empty()));
    });
    assert_eq!(reader, (0, name("a reader of the embedder")));
}

#[test]
fn a_snapshot_is_taken_up_by_what_it_is_of() {
    let engine = engine(Tier::Oracle);
    let linker = linker(&engine);
    let mut store = begun(Tier::Oracle);
    let (with, without) = (save(&mut store), store.snapshot().unwrap());
    let error = Store::restore(&engine, Host::new(), &with, &[], &linker).unwrap_err();
    assert!(matches!(error, SnapshotError::Wasi), "{error}");
    let error = wasi::restore(&engine, &without, &[], &linker, Host::of).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SnapshotError::NoWasi)), "{error}");
    let refuse = |program: WasiCtx| -> Result<Host> {
        assert_eq!(program.limits(), store.data().program.limits());
        Err(etalon::Error::msg("not with these limits"))
    };
    let error = wasi::restore(&engine, &with, &[], &linker, refuse).unwrap_err();
    assert_eq!(error.to_string(), "not with these limits");
    for cut in [0, 1, with.len() / 2, with.len() - 1] {
        assert!(wasi::restore(&engine, &with[..cut], &[], &linker, Host::of).is_err());
    }
    assert!(Store::restore(&engine, Host::new(), &without, &[], &linker).is_ok());
}
