//! Object files: what they do in programs of C is what the oracle does with the module, and other formats are what their readers expect.

mod program;

use etalon::{
    Config, Engine, Error, Exhaustion, Linker, Module, Store, Tier, Trap, Val, ValType,
    WasmBacktrace,
};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};
use std::env::consts::ARCH;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A call: an export, and its arguments.
type Call<'a> = (&'a str, Vec<Val>);

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Whether there is a compiler of C for the machine that the tests are of. Where they run in an emulator, it is another's.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what they did not do")]
fn has_cc() -> bool {
    let found = Command::new("cc").arg("-dumpmachine").output();
    let is_ours = found.is_ok_and(|found| found.stdout.starts_with(ARCH.as_bytes()));
    if !is_ours {
        eprintln!("no program of C was made: there is no compiler of C for {ARCH}");
    }
    is_ours
}

/// Runs the compiler of C; `None`, with a message, where there is none.
fn cc(folder: &Path, words: &[&str]) -> Option<()> {
    let mut command = Command::new("cc");
    command.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]).args(words).current_dir(folder);
    command.arg("-I").arg(folder_of("../../engine/object"));
    let output = has_cc().then(|| command.output().unwrap())?;
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

fn compile(folder: &Path, words: &[&str]) -> std::process::Output {
    let mut command = program::etalon();
    command.arg("compile").args(words).current_dir(folder).env("NO_COLOR", "1");
    command.stdin(Stdio::null()).output().unwrap()
}

/// A program that makes an instance of a module and calls what it is told. `None` where nothing compiles it.
fn linked(folder: &Path, wasm: &[u8]) -> Option<PathBuf> {
    let (runtime, driver) = (folder.join("runtime.o"), folder.join("driver.o"));
    for (made, source) in [
        (&runtime, folder_of("../../engine/object/etalon_object.c")),
        (&driver, folder_of("tests/fixtures/object_driver.c")),
    ] {
        if !made.exists() {
            cc(folder, &["-O1", "-c", source.to_str()?, "-o", made.to_str()?])?;
        }
    }
    std::fs::write(folder.join("m.wasm"), wasm).unwrap();
    let words = ["m.wasm", "-o", "m.o", "--emit", "object", "--symbol", "the_module"];
    let made = compile(folder, &words);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    cc(folder, &["driver.o", "runtime.o", "m.o", "-o", "m"])?;
    Some(folder.join("m"))
}

/// What a program of C says to calls.
fn in_c(program: &Path, calls: &[(Call<'_>, usize)]) -> Vec<String> {
    said(&mut Command::new(program), calls)
}

fn said(program: &mut Command, calls: &[(Call<'_>, usize)]) -> Vec<String> {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = String::new();
    for ((name, args), results) in calls {
        let words = args.iter().flat_map(words).map(|word| format!(" {word:x}"));
        lines += &format!("{results} {name}{}\n", words.collect::<String>());
    }
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "it ended by {:?}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// A value in slots.
fn words(value: &Val) -> Vec<u64> {
    match *value {
        Val::I32(v) => vec![u64::from(v.cast_unsigned())],
        Val::I64(v) => vec![v.cast_unsigned()],
        Val::F32(bits) => vec![bits.into()],
        Val::F64(bits) => vec![bits],
        Val::V128(bits) => vec![bits as u64, (bits >> 64) as u64],
        _ => vec![0],
    }
}

/// How an error is told by the program of C: its reason, and where it was.
fn told(error: &Error) -> String {
    let site = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first());
    let site = site.and_then(|frame| frame.module_offset()).unwrap_or_default();
    let why = match (error.downcast_ref::<Trap>(), error.downcast_ref::<Exhaustion>()) {
        (Some(trap), _) => trap.to_string(),
        (_, Some(exhaustion)) => exhaustion.to_string(),
        _ => return "trap a function of the host failed at 0".to_owned(),
    };
    format!("trap {why} at {site}")
}

/// The functions of the host that the driver has, for the oracle.
fn linker(engine: &Engine) -> Linker<()> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "twice", |x: i32| x.wrapping_mul(2).wrapping_add(1)).unwrap();
    linker.func_wrap("host", "fail", || -> Result<(), Error> { Err(Error::msg("no")) }).unwrap();
    linker
}

/// What the oracle does with calls of a module, as the program of C tells it.
fn in_oracle(wasm: &[u8], calls: &[Call<'_>]) -> Vec<(String, usize)> {
    let engine = Engine::new(Config::new().tier(Tier::Oracle)).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker(&engine).instantiate(&mut store, &module).unwrap();
    let mut outcomes = Vec::new();
    for (name, args) in calls {
        let func = instance.get_func(&mut store, name).unwrap();
        let types: Vec<ValType> = func.ty(&store).results().to_vec();
        let mut results: Vec<Val> = types.iter().map(|_| Val::I32(0)).collect();
        let outcome = func.call(&mut store, args, &mut results);
        let words: Vec<u64> = results.iter().flat_map(words).collect();
        let said = match outcome {
            Ok(()) => words.iter().fold("ok".to_owned(), |said, word| format!("{said} {word:x}")),
            Err(error) => told(&error),
        };
        outcomes.push((said, words.len()));
    }
    outcomes
}

/// Holds the program of C to the oracle, call by call. What is passed over says so.
fn compare(folder: &Path, wat: &str, calls: &[Call<'_>]) -> Option<()> {
    let wasm = wat::parse_str(wat).unwrap();
    let expected = in_oracle(&wasm, calls);
    let program = linked(folder, &wasm)?;
    let with_results: Vec<(Call<'_>, usize)> =
        calls.iter().cloned().zip(expected.iter().map(|(_, results)| *results)).collect();
    let said = in_c(&program, &with_results);
    assert_eq!(said.len(), calls.len());
    for ((call, said), (expected, _)) in calls.iter().zip(&said).zip(&expected) {
        assert_eq!(said, expected, "{call:?}");
    }
    Some(())
}

/// A function of one instruction, exported under its name.
fn one(instruction: &str, params: &str, result: &str) -> String {
    let count = params.split_whitespace().count();
    let gets: String = (0..count).map(|at| format!("(local.get {at})")).collect();
    format!(
        "(func (export \"{instruction}\") (param {params}) (result {result}) ({instruction} {gets}))\n"
    )
}

#[test]
fn divisions_and_conversions_trap_as_in_the_oracle() {
    let (mut wat, mut calls) = ("(module\n".to_owned(), Vec::new());
    let small = [0, 1, -1, 2, 7, i32::MIN, i32::MIN + 1, i32::MAX];
    let large = [0, 1, -1, 2, 7, i64::MIN, i64::MIN + 1, i64::MAX, i64::from(i32::MIN)];
    let mut names = Vec::new();
    for op in ["div_s", "div_u", "rem_s", "rem_u"] {
        for ty in ["i32", "i64"] {
            let name = format!("{ty}.{op}");
            wat += &one(&name, &format!("{ty} {ty}"), ty);
            names.push(name);
        }
    }
    let near: Vec<f64> = [-1.0, 0.0, 2f64.powi(31), 2f64.powi(32), 2f64.powi(63), 2f64.powi(64)]
        .iter()
        .flat_map(|edge| [*edge, -*edge])
        .flat_map(|edge| {
            [edge.next_down(), edge, edge.next_up(), edge - 1.0, edge + 1.0, edge - 0.5]
        })
        .chain([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300])
        .collect();
    let mut conversions = Vec::new();
    for to in ["i32", "i64"] {
        for from in ["f32", "f64"] {
            for sign in ["s", "u"] {
                let name = format!("{to}.trunc_{from}_{sign}");
                wat += &one(&name, from, to);
                conversions.push((name, from));
            }
        }
    }
    wat += ")";
    for name in &names {
        for (a, b) in (0..9).flat_map(|a| (0..9).map(move |b| (a, b))) {
            let args = match name.starts_with("i32") {
                true if a < 8 && b < 8 => vec![Val::I32(small[a]), Val::I32(small[b])],
                true => continue,
                false => vec![Val::I64(large[a]), Val::I64(large[b])],
            };
            calls.push((name.as_str(), args));
        }
    }
    for (name, from) in &conversions {
        for value in &near {
            let singles = [*value as f32, (*value as f32).next_down(), (*value as f32).next_up()];
            match *from {
                "f64" => calls.push((name.as_str(), vec![Val::F64(value.to_bits())])),
                _ => calls.extend(singles.map(|v| (name.as_str(), vec![Val::F32(v.to_bits())]))),
            }
        }
    }
    compare(tempfile::tempdir().unwrap().path(), &wat, &calls);
}

/// Memories, tables, globals, segments, calls of all kinds, and functions of the host.
const STATE: &str = r#"(module
  (import "host" "twice" (func $twice (param i32) (result i32)))
  (import "host" "fail" (func $fail))
  (type $binary (func (param i32 i32) (result i32)))
  (memory $m 1 3) (memory $small 0) (memory $wide i64 1)
  (table $t 6 10 funcref) (table $any 2 externref)
  (global $g (mut i64) (i64.const -5)) (global $v (mut v128) (v128.const i64x2 1 2))
  (global $f (mut funcref) (ref.func $sum)) (global (export "third") f32 (f32.const 1.5))
  (elem (table $t) (i32.const 1) func $sum $twice $unary)
  (elem $later funcref (ref.func $sum) (ref.null func) (ref.func $unary))
  (data (memory $m) (i32.const 65530) "abcdef") (data $bytes "0123456789")
  (start $begin)
  (func $begin (i32.store (i32.const 100) (i32.const 4711)))
  (func $sum (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $unary (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func (export "load8") (param i32) (result i32) (i32.load8_s (local.get 0)))
  (func (export "load64") (param i32) (result i64) (i64.load offset=3 (local.get 0)))
  (func (export "load128") (param i32) (result v128) (v128.load (local.get 0)))
  (func (export "far") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0)))
  (func (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func (export "wide") (param i64) (result i32) (i32.load $wide offset=8 (local.get 0)))
  (func (export "none") (result i32) (i32.load $small (i32.const 0)))
  (func (export "size") (result i32 i32) (memory.size $m) (memory.size $small))
  (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
  (func (export "fill") (param i32 i32 i32) (memory.fill $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (memory.init $m $bytes (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $bytes))
  (func (export "call") (param i32 i32 i32) (result i32)
    (call_indirect $t (type $binary) (local.get 1) (local.get 2) (local.get 0)))
  (func (export "tail") (param i32 i32) (result i32)
    (return_call_indirect $t (param i32) (result i32) (local.get 1) (local.get 0)))
  (func (export "table.grow") (param i32) (result i32) (table.grow $t (ref.func $sum) (local.get 0)))
  (func (export "table.fill") (param i32 i32) (table.fill $t (local.get 0) (global.get $f) (local.get 1)))
  (func (export "table.copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table.init") (param i32 i32 i32) (table.init $t $later (local.get 0) (local.get 1) (local.get 2)))
  (func (export "elem.drop") (elem.drop $later))
  (func (export "table.get") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "table.set") (param i32) (table.set $t (local.get 0) (ref.null func)))
  (func (export "table.size") (result i32) (table.size $t))
  (func (export "global") (param i64) (result i64 v128)
    (global.set $g (i64.add (global.get $g) (local.get 0)))
    (global.set $v (i64x2.add (global.get $v) (i64x2.splat (local.get 0))))
    (global.get $g) (global.get $v))
  (func (export "unreachable") unreachable)
  (func (export "twice") (param i32) (result i32) (call $twice (local.get 0)))
  (func (export "fail") (call $fail))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "canonical") (param f32) (result i32) (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 0)))))"#;

/// Calls whose outcome depends on those before.
fn calls_of_state() -> Vec<Call<'static>> {
    let i = |values: &[i32]| values.iter().map(|v| Val::I32(*v)).collect::<Vec<Val>>();
    let mut calls = vec![("size", vec![])];
    for at in [0, 100, 65_530, 65_535, 65_536, -1, i32::MIN] {
        calls.extend(["load8", "load64", "load128", "far"].map(|name| (name, i(&[at]))));
        calls.push(("store", vec![Val::I32(at), Val::I64(-2)]));
        calls.push(("wide", vec![Val::I64(at.into())]));
    }
    calls.extend([("wide", vec![Val::I64(65_524)]), ("wide", vec![Val::I64(65_525)])]);
    calls.extend([("wide", vec![Val::I64(-9)]), ("none", vec![])]);
    for delta in [0, 1, 2, 1, -1] {
        calls.extend([("grow", i(&[delta])), ("size", vec![]), ("load8", i(&[65_536 * 2 - 1]))]);
    }
    for [a, b, c] in [[10, 5, 20], [196_600, 1, 8], [196_600, 1, 9], [0, 300, 0], [-1, 0, 1]] {
        calls.extend(["fill", "copy", "init"].map(|name| (name, i(&[a, b, c]))));
        calls.push(("load64", i(&[a.clamp(0, 196_000)])));
    }
    calls.extend([("copy", i(&[11, 10, 20])), ("load64", i(&[12])), ("init", i(&[0, 3, 7]))]);
    calls.extend([("load64", i(&[0])), ("drop", vec![]), ("init", i(&[0, 0, 0]))]);
    calls.extend([("init", i(&[0, 0, 1])), ("drop", vec![])]);
    let all: Vec<i32> = (-1..11).collect();
    let elements = |calls: &mut Vec<Call<'static>>| {
        for at in &all {
            calls.push(("call", i(&[*at, 20, 22])));
            calls.push(("tail", i(&[*at, 21])));
            calls.push(("table.get", i(&[*at])));
        }
    };
    elements(&mut calls);
    calls.extend([("table.grow", i(&[3])), ("table.grow", i(&[2])), ("table.size", vec![])]);
    calls.extend([("table.fill", i(&[5, 3])), ("table.fill", i(&[7, 3])), ("table.set", i(&[2]))]);
    elements(&mut calls);
    calls.extend([("table.init", i(&[6, 0, 3])), ("table.init", i(&[7, 0, 3]))]);
    calls.extend([
        ("table.copy", i(&[0, 3, 4])),
        ("table.copy", i(&[6, 3, 4])),
        ("table.set", i(&[9])),
    ]);
    calls.extend([
        ("elem.drop", vec![]),
        ("table.init", i(&[0, 0, 1])),
        ("table.init", i(&[0, 0, 0])),
    ]);
    elements(&mut calls);
    calls.extend([("global", vec![Val::I64(7)]), ("global", vec![Val::I64(-70)])]);
    calls.extend([
        ("unreachable", vec![]),
        ("twice", i(&[20])),
        ("fail", vec![]),
        ("deep", i(&[100])),
    ]);
    calls.push(("canonical", vec![Val::F32(0)]));
    calls
}

#[test]
fn state_and_calls_are_as_in_the_oracle() {
    compare(tempfile::tempdir().unwrap().path(), STATE, &calls_of_state());
}

/// Depth is bounded by the native stack that the program gives, host functions may call back, and an error there ends the inner call alone.
#[test]
fn depth_and_functions_of_the_host_end_as_they_should() {
    let wat = r#"(module
      (import "host" "again" (func $again (param i32) (result i32)))
      (import "host" "poke" (func $poke (param i32 i32)))
      (memory 1)
      (func $down (export "down") (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
          (else (i64.add (i64.const 1) (call $down (i64.sub (local.get 0) (i64.const 1)))))))
      (func (export "inner") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (if (result i32) (i32.eq (local.get 0) (i32.const 1)) (then (call $again (i32.const 1)))
          (else (i32.add (local.get 0) (i32.const 1000)))))
      (func (export "outer") (param i32) (result i32) (i32.add (call $again (local.get 0)) (i32.const 0)))
      (func (export "poked") (param i32) (result i32)
        (call $poke (local.get 0) (i32.const 200)) (i32.load8_u (local.get 0))))"#;
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = linked(folder.path(), &wat::parse_str(wat).unwrap()) else { return };
    let call = |name, arg: i32| ((name, vec![Val::I32(arg)]), 1);
    let calls = [
        (("down", vec![Val::I64(200)]), 1),
        (("down", vec![Val::I64(1 << 40)]), 1),
        (("down", vec![Val::I64(200)]), 1),
        call("outer", 5),
        call("outer", 0),
        // Without end: each calls the other until no depth is left.
        call("outer", 1),
        call("poked", 77),
        call("poked", 65_536),
    ];
    let said = in_c(&program, &calls);
    assert_eq!(said[0], "ok c8");
    assert!(said[1].starts_with("trap call stack exhausted at "), "{said:?}");
    assert_eq!(said[2..5], ["ok c8", "ok 3ed", "ok 1"]);
    assert_eq!(said[5], "ok 65", "the innermost call has no depth, which its caller is told");
    assert_eq!(said[6..], ["ok c8", "trap a function of the host failed at 0"]);
}

/// The stack that trampolines and functions of the host take counts too, in tail calls and where a function of the host is called through
/// an export that is imported.
#[test]
fn no_way_of_calling_outruns_the_native_stack() {
    let folder = tempfile::tempdir().unwrap();
    let again = "(import \"host\" \"again\" (func $again";
    let inner = "(export \"inner\" (func $again))";
    let many = "v128 ".repeat(1000);
    let values = "(v128.const i64x2 1 2)".repeat(1000);
    let module = |body: String| format!("(module {again} {body})");
    for wat in [
        module(format!(
            "(param i32) (result i32))) {inner} (func (export \"go\") (param i32) (result i32) (call $again (local.get 0)))"
        )),
        module(format!(
            "(param {many}) (result i32))) {inner} (func (export \"go\") (param i32) (result i32) {values} (return_call $again))"
        )),
        module(format!(
            "(param {many}) (result i32))) (func $go (export \"go\") (param i32) (result i32) {values} (return_call $again))
             (func (export \"inner\") (param i32) (result i32) (call $go (i32.const 1)))"
        )),
    ] {
        let Some(program) = linked(folder.path(), &wat::parse_str(&wat).unwrap()) else { return };
        let go = || (("go", vec![Val::I32(1)]), 1);
        // Each caller is told of the one that had no stack.
        assert_eq!(in_c(&program, &[go(), go()]), ["ok 65", "ok 65"]);
    }
}

/// Sizes of tables are in elements, and those that have no bytes are no sizes.
#[test]
fn a_table_does_not_grow_to_more_than_there_are_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let wat = r#"(module (table $t i64 1 funcref)
      (func (export "grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0)))
      (func (export "size") (result i64) (table.size $t)))"#;
    let Some(program) = linked(folder.path(), &wat::parse_str(wat).unwrap()) else { return };
    let grow = |by: u64| (("grow", vec![Val::I64(by.cast_signed())]), 1);
    let calls = [
        grow(0x1fff_ffff_ffff_ffff),
        grow(0x2000_0000_0000_0000),
        grow(u64::MAX - 1),
        grow(2),
        (("size", vec![]), 1),
    ];
    let failed = "ok ffffffffffffffff";
    let without_limit = said(Command::new(program).arg("ffffffffffffffff"), &calls);
    assert_eq!(without_limit, [failed, failed, failed, "ok 1", "ok 3"]);
}

/// The kernels are whole programs. What object files do not have is said of those that need it.
#[test]
fn kernels_compute_what_they_compute_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (mut compared, mut refused) = (0, Vec::new());
    let kernels = std::fs::read_dir(folder_of("../../corpus/kernels")).unwrap();
    let mut kernels: Vec<PathBuf> = kernels.map(|entry| entry.unwrap().path()).collect();
    kernels.sort();
    for kernel in kernels.iter().filter(|path| path.extension().is_some_and(|e| e == "wat")) {
        let text = std::fs::read_to_string(kernel).unwrap();
        let made =
            compile(folder.path(), &[kernel.to_str().unwrap(), "-o", "k.o", "--emit", "object"]);
        if !made.status.success() {
            let said = String::from_utf8(made.stderr).unwrap();
            assert!(said.contains("object files do not have "), "{kernel:?}: {said}");
            refused.push(kernel.file_stem().unwrap().to_string_lossy().into_owned());
            continue;
        }
        let toml = std::fs::read_to_string(kernel.with_extension("toml")).unwrap();
        let expected = toml.split("returns = [\"").nth(1).unwrap().split('"').next().unwrap();
        let (ty, number) = expected.split_once(':').unwrap();
        let word = match number.strip_prefix("0x") {
            Some(bits) => u64::from_str_radix(bits, 16).unwrap(),
            None if ty == "i32" => u64::from(number.parse::<i32>().unwrap().cast_unsigned()),
            None => number.parse::<i64>().unwrap().cast_unsigned(),
        };
        let Some(program) = linked(folder.path(), &wat::parse_str(&text).unwrap()) else { return };
        let said = in_c(&program, &[(("run", vec![Val::I32(1)]), 1)]);
        assert_eq!(said, [format!("ok {word:x}")], "{kernel:?}");
        compared += 1;
    }
    assert_eq!(refused, ["exceptions", "links", "objects"]);
    assert!(compared > 15, "{compared}");
}

/// The example of the documentation, as its first lines say.
#[test]
fn the_example_links_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let example = folder_of("../../docs/examples/object");
    let (guest, host) = (example.join("guest.wat"), example.join("host.c"));
    let runtime = folder_of("../../engine/object/etalon_object.c");
    let [guest, host, runtime] = [&guest, &host, &runtime].map(|path| path.to_str().unwrap());
    let words = [guest, "-o", "guest.o", "--emit", "object", "--symbol", "guest"];
    let made = compile(folder.path(), &words);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    if cc(folder.path(), &[host, runtime, "guest.o", "-o", "host"]).is_none() {
        return;
    }
    let output = Command::new(folder.path().join("host")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = "sum: 42\nquotient: integer divide by zero\nthe guest says: hello from the guest\n\
        greet: 0\ngrow: 1\ngrow: -1\nlast: 0\ndown: call stack exhausted\nsum: 3\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn every_format_has_the_symbol_the_code_and_its_addresses() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.wasm"), wat::parse_str(STATE).unwrap()).unwrap();
    for (target, magic, symbol) in [
        ("x86_64-unknown-linux-gnu", &b"\x7fELF\x02\x01"[..], "the_module"),
        ("aarch64-unknown-linux-gnu", b"\x7fELF\x02\x01", "the_module"),
        ("riscv64gc-unknown-linux-gnu", b"\x7fELF\x02\x01", "the_module"),
        ("s390x-unknown-linux-gnu", b"\x7fELF\x02\x02", "the_module"),
        ("x86_64-apple-darwin", b"\xcf\xfa\xed\xfe\x07\x00\x00\x01", "_the_module"),
        ("aarch64-apple-darwin", b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01", "_the_module"),
        ("x86_64-pc-windows-msvc", b"\x64\x86", "the_module"),
        ("aarch64-pc-windows-msvc", b"\x64\xaa", "the_module"),
    ] {
        let words = [
            "m.wasm",
            "-o",
            "m.o",
            "--emit",
            "object",
            "--symbol",
            "the_module",
            "--target",
            target,
        ];
        let read = || {
            let made = compile(folder.path(), &words);
            assert!(made.status.success(), "{target}: {}", String::from_utf8_lossy(&made.stderr));
            std::fs::read(folder.path().join("m.o")).unwrap()
        };
        let bytes = read();
        assert_eq!(read(), bytes, "{target}: the same each time");
        assert!(bytes.starts_with(magic), "{target}: {:x?}", &bytes[..8]);
        let file = object::File::parse(&*bytes).unwrap();
        let global = |symbol: &object::Symbol<'_, '_>| symbol.is_global() && symbol.is_definition();
        let symbols: Vec<&str> =
            file.symbols().filter(global).map(|symbol| symbol.name().unwrap()).collect();
        assert_eq!(symbols, [symbol], "{target}");
        let undefined = file.symbols().filter(|symbol| symbol.is_undefined());
        assert_eq!(
            undefined.filter(|symbol| !symbol.name().unwrap().is_empty()).count(),
            0,
            "{target}"
        );
        let text = file.sections().find(|section| section.kind() == object::SectionKind::Text);
        assert!(text.unwrap().size() > 1000, "{target}");
        let mut addresses = 0;
        for section in file.sections() {
            for (at, relocation) in section.relocations() {
                assert_eq!((at % 8, relocation.size()), (0, 64), "{target}");
                assert_eq!(relocation.kind(), object::RelocationKind::Absolute, "{target}");
                assert!(!matches!(relocation.target(), RelocationTarget::Absolute), "{target}");
                addresses += 1;
            }
        }
        assert!(addresses > 100, "{target}: {addresses}");
    }
}

#[test]
fn what_object_files_do_not_have_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (wat, more, why) in [
        ("(module (import \"a\" \"m\" (memory 1)))", "", "imported memories"),
        ("(module (import \"a\" \"t\" (table 1 funcref)))", "", "imported tables"),
        ("(module (import \"a\" \"g\" (global i32)))", "", "imported globals"),
        ("(module (tag))", "", "the feature exceptions"),
        ("(module (type (struct)))", "", "the feature gc"),
        (
            "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))",
            "",
            "the feature function-references",
        ),
        ("(module (memory 1 2 shared))", "--features=wasm3,threads", "the feature threads"),
        ("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", "", "constant expressions"),
        ("(module (func (export \"a\\00b\")))", "", "names with a zero byte"),
        ("(module)", "--schedule=etalon-1", "gas"),
        ("(module)", "--interruptible", "interrupts"),
    ] {
        std::fs::write(folder.path().join("m.wat"), wat).unwrap();
        let mut words = vec!["m.wat", "-o", "m.o", "--emit", "object"];
        words.extend((!more.is_empty()).then_some(more));
        let output = compile(folder.path(), &words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{wat}: {said}");
        assert!(said.contains(&format!("object files do not have {why}")), "{wat}: {said}");
        assert!(!folder.path().join("m.o").exists());
    }
}

/// The numbers of the header are those of the compiler, and its words for traps are the engine's.
#[test]
fn the_runtime_has_the_numbers_of_the_compiler() {
    let header = std::fs::read_to_string(folder_of("../../engine/object/etalon_object.h")).unwrap();
    let known: Vec<(String, usize)> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ETALON_CONTEXT_")?.split_once(' '))
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect();
    let expected: Vec<(String, usize)> =
        etalon::unstable::object_context().map(|(name, at)| (name.to_owned(), at)).collect();
    assert_eq!(known, expected);
    for (number, trap) in (1..).zip(&Trap::ALL[..9]) {
        let name = trap.to_string();
        let source = folder_of("../../engine/object/etalon_object.c");
        let source = std::fs::read_to_string(source).unwrap();
        let texts = source.split("traps[] = {").nth(1).unwrap().split('}').next().unwrap();
        let text = texts.split('"').skip(1).step_by(2).nth(number).unwrap();
        assert_eq!(text, name);
        assert_eq!(*trap as usize, number);
    }
}
