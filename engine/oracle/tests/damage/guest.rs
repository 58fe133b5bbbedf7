//! A guest that does a bit of everything, paused somewhere, and how it ends when its execution has been changed.

use etalon_module::{FuncType, HeapType, Module, RefType, ValType};
use etalon_oracle::{
    Execution, ExecutionsImage, Oracle, PauseLimits, Progress, ResumeError, supported_features,
};
use etalon_runtime::{
    Extern, HostFn, Placement, Stop, Store, StoreConfig, TierId, Value, instantiate,
};
use serde_json::Value as Json;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

/// Its vectors stay below 2^64, which is as far as numbers go in JSON.
const WAT: &str = r#"(module
  (import "env" "mix" (func $mix (param i32 v128 externref f64) (result i64 externref)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (type $pair (struct (field (mut i8)) (field (mut v128)) (field (mut (ref null $pair)))))
  (type $words (array (mut i32)))
  (type $refs (array (mut anyref)))
  (memory 1 3 shared)
  (data $data "damaged")
  (table $t 4 9 funcref)
  (elem $elem func $down $plain)
  (elem (table $t) (i32.const 0) func $down $plain)
  (global $number (mut i32) (i32.const 7))
  (global $wide (mut v128) (v128.const i64x2 7 0))
  (global $ref (mut anyref) (ref.null any))
  (tag $none)
  (tag $two (param i32 externref))

  (func $down (type $unary)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))

  (func (export "numbers") (param i32) (result i32) (local i64 f32 v128 externref)
    (loop $again
      (block $a (block $b (block $c
        (br_table $c $b $a (i32.rem_u (local.get 0) (i32.const 3))))
        (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))))
        (local.set 2 (f32.add (local.get 2) (f32.convert_i32_u (local.get 0)))))
      (local.set 3
        (i32x4.add (local.get 3) (i32x4.replace_lane 0 (v128.const i64x2 2 0) (local.get 0))))
      (global.set $wide (local.get 3))
      (local.set 3 (global.get $wide))
      (global.set $number (local.get 0))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 5) (local.get 0) (i64.eqz (local.get 1)) select
    (i64.add128 (i64.const 1) (i64.const 2) (local.get 1) (i64.const 3)) drop drop)

  (func (export "memory") (param i32) (result i32) (local v128)
    (memory.init $data (i32.const 4) (i32.const 1) (i32.const 5))
    (memory.copy (i32.const 9) (i32.const 4) (i32.const 5))
    (memory.fill (i32.const 2) (local.get 0) (i32.const 3))
    (data.drop $data)
    (drop (memory.grow (i32.const 1)))
    (i64.store8 (local.get 0) (i64.const 3))
    (local.set 1 (v128.load32_zero (i32.const 8)))
    (v128.store64_lane 0 (i32.const 8) (local.get 1))
    (drop (i32.atomic.rmw.add (i32.const 8) (local.get 0)))
    (drop (i64.atomic.rmw16.cmpxchg_u (i32.const 8) (i64.const 1) (i64.const 2)))
    (drop (memory.atomic.notify (i32.const 8) (local.get 0)))
    (table.fill $t (i32.const 2) (ref.func $down) (i32.const 2))
    (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 2))
    (table.init $t $elem (i32.const 0) (i32.const 0) (i32.const 2))
    (table.set $t (i32.const 3) (table.get $t (i32.const 0)))
    (drop (table.grow $t (ref.null func) (i32.const 1)))
    (i32.add (memory.size) (i32.load8_s (i32.const 9))))

  (func (export "calls") (param i32) (result i32) (local i64 externref)
    (call $mix (local.get 0) (v128.const i64x2 3 0) (local.get 2) (f64.const 0.5))
    (local.set 2) (local.set 1)
    (call $down (i32.const 2))
    (call_indirect $t (type $unary) (i32.const 3) (i32.const 0))
    (call_ref $unary (i32.const 2) (ref.func $down))
    (call_ref $unary (local.get 0) (ref.func $plain))
    i32.add i32.add i32.add
    (return_call_indirect $t (type $unary) (i32.const 1)))

  (func (export "away") (param i32) (result i32)
    (block (loop (return_call $plain (i32.add (local.get 0) (i32.const 1)))))
    (i32.const 1))

  (func $thrower (param i32) (i32.const 8)
    (block (loop (br_if 1 (i32.eqz (local.get 0))) (throw $two (local.get 0) (ref.null extern))))
    (drop))
  (func (export "exceptions") (param i32) (result i32) (local exnref)
    (block $skip
      (block $h (result i32 externref)
        (try_table (catch $none $skip) (catch $two $h) (nop) (call $thrower (local.get 0)))
        (return (i32.const 1)))
      (drop) (drop)
      (block $all (result exnref)
        (try_table (catch_all_ref $all)
          (try_table (catch $none $skip) (call $thrower (i32.const 1))))
        (ref.null exn))
      (local.set 1))
    (block $h (result i32 externref exnref)
      (try_table (catch_ref $two $h) (throw_ref (local.get 1)))
      (unreachable))
    (drop) (drop))
  (func (export "legacy") (param i32) (result i32)
    try (result i32)
      try
        try (call $thrower (local.get 0)) delegate 0
      catch $none
      end
      i32.const 1
    catch $two
      drop
      try (param i32) (result i32) drop rethrow 1 catch_all i32.const 5 end
    catch_all
      i32.const 3
    end)

  (func (export "objects") (param i32) (result i32)
      (local (ref null $pair) (ref null $words) (ref null $refs) anyref)
    (local.set 1 (struct.new $pair (i32.const 1) (v128.const i64x2 1 0) (ref.null $pair)))
    (struct.set $pair 2 (local.get 1) (struct.new_default $pair))
    (struct.set $pair 1 (local.get 1) (struct.get $pair 1 (struct.get $pair 2 (local.get 1))))
    (local.set 2 (array.new $words (local.get 0) (i32.const 4)))
    (array.set $words (local.get 2) (i32.const 1) (struct.get_s $pair 0 (local.get 1)))
    (array.copy $words $words (local.get 2) (i32.const 0) (local.get 2) (i32.const 1) (i32.const 3))
    (array.fill $words (local.get 2) (i32.const 1) (i32.const 6) (i32.const 2))
    (local.set 3 (array.new_fixed $refs 3 (local.get 1) (local.get 2) (ref.i31 (i32.const 9))))
    (local.set 4 (array.get $refs (local.get 3) (i32.const 2)))
    (global.set $ref (local.get 4))
    (local.set 4 (any.convert_extern (extern.convert_any (local.get 4))))
    (drop (ref.eq (local.get 1) (local.get 2)))
    (block $null (drop (br_on_null $null (ref.cast (ref null $pair) (local.get 1)))))
    (block $i31 (result (ref i31))
      (br_on_cast $i31 anyref (ref i31) (local.get 4))
      (drop)
      (ref.i31 (i32.const 0)))
    (i31.get_s)
    (array.len (local.get 2))
    i32.add
    (ref.test (ref $words) (global.get $ref))
    i32.add)
)"#;

/// A function, and after how many instructions it may be paused.
pub(crate) type Call = (&'static str, Range<u64>);

const NAMES: &[&str] = &["numbers", "memory", "calls", "away", "exceptions", "legacy", "objects"];

/// All functions that may be changed.
pub(crate) static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let pauses = |name: &&'static str| {
        let mut guest = Guest::new(name, 1);
        let mut pauses = 1;
        let limits = PauseLimits::instructions(1);
        while let Ok(Progress::Paused(_)) =
            guest.oracle.resume(&mut guest.store, guest.execution, &limits)
        {
            pauses += 1;
        }
        (*name, 1..pauses + 1)
    };
    NAMES.iter().map(pauses).collect()
});

pub(crate) static MODULE: LazyLock<Arc<Module>> = LazyLock::new(|| module(WAT));

fn module(wat: &str) -> Arc<Module> {
    let bytes = wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}"));
    Arc::new(Module::new(&bytes, supported_features()).unwrap_or_else(|e| panic!("{e}")))
}

/// How a changed execution ends.
#[derive(Debug)]
#[expect(dead_code, reason = "a test that fails shows what is in it")]
pub(crate) enum Outcome {
    /// It is no image, or none of this store.
    Refused(String),
    Crashed(String),
    Stopped(Stop),
    Done(Vec<Value>),
    /// It runs on and on.
    Paused,
}

/// A guest with one execution.
pub(crate) struct Guest {
    pub(crate) store: Store,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) execution: Execution,
}

impl Guest {
    /// A function of the guest that has executed some instructions.
    pub(crate) fn new(name: &str, instructions: u64) -> Guest {
        Guest::paused(&MODULE, name, instructions)
    }

    /// A function of another module.
    pub(crate) fn of(wat: &str, name: &str, instructions: u64) -> Guest {
        Guest::paused(&module(wat), name, instructions)
    }

    fn paused(module: &Arc<Module>, name: &str, instructions: u64) -> Guest {
        // Gas bounds what a wrong length can make it do.
        let mut store = Store::new(StoreConfig::metered(Some(100_000))).unwrap();
        let oracle = Arc::new(Oracle::new());
        let tier = store.add_executor(Arc::clone(&oracle) as Arc<_>);
        let mut imports = imports(&mut store);
        imports.truncate(module.imports.len());
        let instance = instantiate(&mut store, module, &imports, &Placement::all(tier)).unwrap();
        let Some(Extern::Func(func)) = store.instance(instance).export(name) else {
            panic!("no function {name}");
        };
        let execution = oracle.start(&mut store, func, &[Value::I32(4)]).unwrap();
        let limits = PauseLimits::instructions(instructions);
        let progress = oracle.resume(&mut store, execution, &limits);
        assert!(matches!(progress, Ok(Progress::Paused(_))), "{name} {instructions}: {progress:?}");
        Guest { store, oracle, execution }
    }

    /// Its execution as data.
    pub(crate) fn image(&self) -> Json {
        serde_json::to_value(self.oracle.image()).unwrap()
    }

    /// Goes on with what its execution was changed into.
    pub(crate) fn end_of(&mut self, image: Json) -> Outcome {
        let text = image.to_string();
        let ends = catch_unwind(AssertUnwindSafe(|| self.go_on(image)));
        ends.unwrap_or_else(|_| panic!("it panicked: {text}"))
    }

    fn go_on(&mut self, image: Json) -> Outcome {
        let image: ExecutionsImage = match serde_json::from_value(image) {
            Ok(image) => image,
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        assert!(self.oracle.abandon(&mut self.store, self.execution));
        if let Err(error) = self.oracle.take_up(&self.store, image) {
            return Outcome::Refused(error.to_string());
        }
        let mut outcome = Outcome::Paused;
        for execution in self.oracle.paused() {
            outcome = self.end_of_execution(execution);
        }
        // What it left behind can be told and collected.
        self.store.digest();
        self.store.collect(&());
        let _image = self.oracle.image();
        outcome
    }

    /// The oracle in the store.
    pub(crate) fn tier(&self) -> TierId {
        TierId(0)
    }

    pub(crate) fn end_of_execution(&mut self, execution: Execution) -> Outcome {
        // In pieces, so that it is collected and written down between damage and its end.
        for piece in [1, 2, 5, 500] {
            let limits = PauseLimits::instructions(piece);
            match self.oracle.resume(&mut self.store, execution, &limits) {
                Ok(Progress::Paused(_) | Progress::Waiting(_)) => {}
                Ok(Progress::Done(values)) => return Outcome::Done(values),
                Err(ResumeError::Stop(Stop::Crash(crash))) => {
                    return Outcome::Crashed(crash.to_string());
                }
                Err(ResumeError::Stop(stop)) => return Outcome::Stopped(stop),
                Err(other) => panic!("{other}"),
            }
            self.store.collect(&());
        }
        Outcome::Paused
    }
}

/// The host function of a name.
pub(crate) fn host(name: &str) -> Option<HostFn> {
    match name {
        "mix" => Some(HostFn::new("env", "mix", |_, args| Ok(vec![Value::I64(1), args[2]]))),
        "plain" => Some(HostFn::new("env", "plain", |_, args| Ok(vec![args[0]]))),
        _ => None,
    }
}

pub(crate) fn imports(store: &mut Store) -> Vec<Extern> {
    let external = ValType::Ref(RefType { nullable: true, heap: HeapType::Extern });
    let mixed = FuncType::new(
        [ValType::I32, ValType::V128, external, ValType::F64],
        [ValType::I64, external],
    );
    let [mix, plain] = ["mix", "plain"].map(|name| host(name).expect("it is there"));
    let mix = store.alloc_host_func(mixed, mix);
    let plain = store.alloc_host_func(FuncType::new([ValType::I32], [ValType::I32]), plain);
    vec![Extern::Func(mix), Extern::Func(plain)]
}
