//! The bits of NaNs that arithmetic gives: canonical on every tier wherever they can be seen, and others as they were.

use etalon::{Config, Engine, Func, Instance, Module, Nans, OptLevel, Store, Tier, Val};

const CANONICAL: i64 = 0x7ff8_0000_0000_0000;
const NEGATIVE: i64 = 0xfff8_0000_0000_0000_u64.cast_signed();
/// A NaN with a payload, which only comes from outside.
const PAYLOAD: i64 = 0x7ff8_0000_0000_1234;

/// Ways of a NaN to where it is seen: a body that gives an `i64`, and what it gives for `PAYLOAD` as `$x` and the infinity as `$i`. The
/// difference of infinities is a NaN with the sign on x86_64, and `$x` plus something keeps its payload.
const WAYS: &[(&str, i64)] = &[
    ("(i64.reinterpret_f64 (f64.sub (local.get $i) (local.get $i)))", CANONICAL),
    ("(i64.reinterpret_f64 (f64.add (local.get $x) (local.get $i)))", CANONICAL),
    ("(i64.reinterpret_f64 (f64.neg (f64.add (local.get $x) (local.get $i))))", NEGATIVE),
    ("(i64.reinterpret_f64 (f64.abs (f64.sub (local.get $i) (local.get $i))))", CANONICAL),
    ("(i64.reinterpret_f64 (f64.neg (local.get $x)))", PAYLOAD | i64::MIN),
    (
        "(i64.reinterpret_f64 (f64.copysign (f64.const 1) (f64.sub (local.get $i) (local.get $i))))",
        0x3ff0_0000_0000_0000,
    ),
    // Of a selection between both, each as it is.
    (
        "(i64.reinterpret_f64 (select (f64.mul (local.get $x) (local.get $i)) (local.get $x) (i32.const 1)))",
        CANONICAL,
    ),
    (
        "(i64.reinterpret_f64 (select (f64.mul (local.get $x) (local.get $i)) (local.get $x) (i32.const 0)))",
        PAYLOAD,
    ),
    // Through a loop that may add something, or not.
    (
        "(local.set $n (i32.const 3))
         (loop $l (local.set $x (f64.add (local.get $x) (local.get $i)))
           (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
         (i64.reinterpret_f64 (local.get $x))",
        CANONICAL,
    ),
    (
        "(block $out (br_if $out (i32.const 1)) (local.set $x (f64.add (local.get $x) (local.get $i))))
         (i64.reinterpret_f64 (local.get $x))",
        PAYLOAD,
    ),
    // Into memory, a global, a call.
    (
        "(f64.store (i32.const 8) (f64.div (local.get $x) (local.get $i))) (i64.load (i32.const 8))",
        CANONICAL,
    ),
    (
        "(global.set $g (f64.min (local.get $x) (local.get $i))) (i64.reinterpret_f64 (global.get $g))",
        CANONICAL,
    ),
    ("(call $bits (f64.sqrt (local.get $x)))", CANONICAL),
    ("(call $bits (local.get $x))", PAYLOAD),
    ("(i64.reinterpret_f64 (f64.promote_f32 (f32.demote_f64 (local.get $x))))", CANONICAL),
    // Lanes: as numbers, as bits, of another width, and beside one that is none of arithmetic's.
    (
        "(i64x2.extract_lane 0 (f64x2.add (f64x2.splat (local.get $x)) (f64x2.splat (local.get $i))))",
        CANONICAL,
    ),
    (
        "(i64.reinterpret_f64 (f64x2.extract_lane 1 (f64x2.add (f64x2.splat (local.get $x)) (f64x2.splat (local.get $i)))))",
        CANONICAL,
    ),
    (
        "(i64x2.extract_lane 0 (f64x2.replace_lane 1 (f64x2.splat (local.get $x)) (f64.sub (local.get $i) (local.get $i))))",
        PAYLOAD,
    ),
    (
        "(i64x2.extract_lane 1 (f64x2.replace_lane 1 (f64x2.splat (local.get $x)) (f64.sub (local.get $i) (local.get $i))))",
        CANONICAL,
    ),
    (
        "(i64x2.extract_lane 0 (f64x2.pmin (f64x2.splat (local.get $x)) (f64x2.sub (f64x2.splat (local.get $i)) (f64x2.splat (local.get $i)))))",
        PAYLOAD,
    ),
    (
        "(i64.extend_i32_u (i32x4.extract_lane 1 (f32x4.abs (f64x2.sub (f64x2.splat (local.get $i)) (f64x2.splat (local.get $i))))))",
        0x7ff8_0000,
    ),
    (
        "(i64.extend_i32_u (i32x4.extract_lane 1 (v128.xor (v128.const i64x2 0 0) (f64x2.sub (f64x2.splat (local.get $i)) (f64x2.splat (local.get $i))))))",
        0x7ff8_0000,
    ),
    // Half of a double that is no NaN, twice, is one; it meets arithmetic on doubles.
    (
        "(i64x2.extract_lane 0 (select
           (f32x4.splat (f32x4.extract_lane 1 (v128.const i32x4 0 0xfff00000 0 0)))
           (f64x2.mul (f64x2.splat (local.get $x)) (f64x2.splat (local.get $i)))
           (i32.const 1)))",
        0xfff0_0000_fff0_0000_u64.cast_signed(),
    ),
    ("(i64.extend_i32_u (i32.reinterpret_f32 (f32.sub (f32.const inf) (f32.demote_f64 (local.get $i)))))", 0x7fc0_0000),
];

fn module() -> String {
    let mut text = r#"(module (memory 1) (global $g (mut f64) (f64.const 0))
        (func $bits (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))"#
        .to_owned();
    for (number, (body, _)) in WAYS.iter().enumerate() {
        text.push_str(&format!(
            "(func (export \"{number}\") (param $x f64) (param $i f64) (result i64) (local $n i32) {body})\n"
        ));
    }
    text + ")"
}

fn given(config: &Config) -> Vec<i64> {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, module()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let args = [Val::F64(PAYLOAD.cast_unsigned()), Val::F64(f64::INFINITY.to_bits())];
    let mut one = |number: usize| {
        let func: Func = instance.get_func(&store, &number.to_string()).unwrap();
        let mut results = [Val::I64(0)];
        func.call(&mut store, &args, &mut results).unwrap();
        let [Val::I64(bits)] = results else { panic!("{results:?}") };
        bits
    };
    (0..WAYS.len()).map(&mut one).collect()
}

#[test]
fn nans_of_arithmetic_are_canonical_where_they_are_seen_and_others_stay() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        for opt in [OptLevel::None, OptLevel::Speed, OptLevel::Size] {
            let given = given(Config::new().tier(tier).opt_level(opt));
            for ((body, wanted), bits) in WAYS.iter().zip(given) {
                assert_eq!(bits, *wanted, "{tier:?}, {opt:?}: {bits:#x} of {body}");
            }
        }
    }
}

/// What the processor makes of the difference of infinities has the sign there.
#[cfg(target_arch = "x86_64")]
#[test]
fn any_nan_is_the_processors() {
    let given = given(Config::new().tier(Tier::Jit).nans(Nans::Any));
    assert_eq!(given[0], NEGATIVE);
    assert_eq!(given[4], PAYLOAD | i64::MIN);
}
