//! Relaxed multiplications with additions have one meaning on every tier, whatever the processor has: the product is rounded
//! before the sum (specification, *Deterministic Profile*; numerics, *frelaxed_madd*).

use etalon::{Config, Engine, Instance, Module, OptLevel, Store, Tier, Val};

const WAT: &str = r#"(module
  (func (export "f32x4.relaxed_madd") (param f32 f32 f32) (result i64)
    (i64x2.extract_lane 0 (f32x4.relaxed_madd (f32x4.splat (local.get 0))
      (f32x4.splat (local.get 1)) (f32x4.splat (local.get 2)))))
  (func (export "f32x4.relaxed_nmadd") (param f32 f32 f32) (result i64)
    (i64x2.extract_lane 0 (f32x4.relaxed_nmadd (f32x4.splat (local.get 0))
      (f32x4.splat (local.get 1)) (f32x4.splat (local.get 2)))))
  (func (export "f64x2.relaxed_madd") (param f64 f64 f64) (result i64)
    (i64x2.extract_lane 0 (f64x2.relaxed_madd (f64x2.splat (local.get 0))
      (f64x2.splat (local.get 1)) (f64x2.splat (local.get 2)))))
  (func (export "f64x2.relaxed_nmadd") (param f64 f64 f64) (result i64)
    (i64x2.extract_lane 0 (f64x2.relaxed_nmadd (f64x2.splat (local.get 0))
      (f64x2.splat (local.get 1)) (f64x2.splat (local.get 2))))))"#;

fn f32s(values: [f32; 3]) -> Vec<Val> {
    values.iter().map(|v| Val::F32(v.to_bits())).collect()
}

fn f64s(values: [f64; 3]) -> Vec<Val> {
    values.iter().map(|v| Val::F64(v.to_bits())).collect()
}

/// Two lanes of the same number.
fn twice(bits: u32) -> u64 {
    u64::from(bits) << 32 | u64::from(bits)
}

/// Operands whose product is rounded: one rounding would leave what the first one took away. And a NaN, which is canonical.
fn cases() -> Vec<(&'static str, Vec<Val>, u64)> {
    let narrow = 1.0 + 2.0_f32.powi(-12);
    let wide = 1.0 + f64::from(2.0_f32.powi(-27));
    let (narrow_square, wide_square) = (narrow * narrow, wide * wide);
    vec![
        ("f32x4.relaxed_madd", f32s([narrow, narrow, -narrow_square]), twice(0)),
        ("f32x4.relaxed_nmadd", f32s([narrow, narrow, narrow_square]), twice(0)),
        ("f64x2.relaxed_madd", f64s([wide, wide, -wide_square]), 0),
        ("f64x2.relaxed_nmadd", f64s([wide, wide, wide_square]), 0),
        ("f32x4.relaxed_madd", f32s([f32::INFINITY, 0.0, 1.0]), twice(0x7fc0_0000)),
        ("f64x2.relaxed_nmadd", f64s([f64::MAX, 2.0, f64::INFINITY]), 0x7ff8_0000_0000_0000),
    ]
}

#[test]
fn the_product_is_rounded_before_the_sum() {
    let wasm = wat::parse_str(WAT).unwrap();
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot] {
        for opt in [OptLevel::None, OptLevel::Speed] {
            let engine = Engine::new(Config::new().tier(tier).opt_level(opt)).unwrap();
            let module = Module::new(&engine, &wasm).unwrap();
            assert_eq!(module.not_compiled(), []);
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            for (name, args, bits) in cases() {
                let func = instance.get_func(&store, name).unwrap();
                let mut seen = [Val::I64(0)];
                func.call(&mut store, &args, &mut seen).unwrap();
                assert_eq!(seen[0].unwrap_i64() as u64, bits, "{name} {args:?} on {tier}, {opt:?}");
            }
        }
    }
}
