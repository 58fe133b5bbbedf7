//! Numbers: edge cases of arithmetic, conversions and NaNs.

mod support;

use etalon_runtime::{Stop, StoreConfig, Trap, Value};
use support::{Machine, at_each_level};

/// Operator, operands, and the result or the trap.
type Row = (&'static str, &'static [Value], Result<Value, Trap>);

use Value::{F32, F64, I32, I64};

const NAN32: u32 = 0x7fc0_0000;
const NAN64: u64 = 0x7ff8_0000_0000_0000;

const ROWS: &[Row] = &[
    ("i32.div_s", &[I32(7), I32(0)], Err(Trap::IntegerDivideByZero)),
    ("i32.div_s", &[I32(1 << 31), I32(u32::MAX)], Err(Trap::IntegerOverflow)),
    ("i32.rem_s", &[I32(1 << 31), I32(u32::MAX)], Ok(I32(0))),
    ("i32.rem_s", &[I32(7), I32(0)], Err(Trap::IntegerDivideByZero)),
    ("i32.div_u", &[I32(7), I32(0)], Err(Trap::IntegerDivideByZero)),
    ("i32.div_s", &[I32(-7i32 as u32), I32(2)], Ok(I32(-3i32 as u32))),
    ("i64.div_s", &[I64(1 << 63), I64(u64::MAX)], Err(Trap::IntegerOverflow)),
    ("i64.rem_s", &[I64(1 << 63), I64(u64::MAX)], Ok(I64(0))),
    ("i64.rem_u", &[I64(5), I64(0)], Err(Trap::IntegerDivideByZero)),
    ("i32.shl", &[I32(1), I32(33)], Ok(I32(2))),
    ("i64.rotl", &[I64(1), I64(65)], Ok(I64(2))),
    ("i32.extend8_s", &[I32(0x80)], Ok(I32(0xffff_ff80))),
    ("i64.extend32_s", &[I64(0x8000_0000)], Ok(I64(0xffff_ffff_8000_0000))),
    ("i32.ctz", &[I32(0)], Ok(I32(32))),
    ("i64.clz", &[I64(0)], Ok(I64(64))),
    ("i32.lt_s", &[I32(u32::MAX), I32(0)], Ok(I32(1))),
    ("i32.lt_u", &[I32(u32::MAX), I32(0)], Ok(I32(0))),
    ("i32.trunc_f32_s", &[F32(NAN32)], Err(Trap::InvalidConversionToInteger)),
    ("i32.trunc_f32_s", &[F32(0x4f00_0000)], Err(Trap::IntegerOverflow)),
    ("i32.trunc_f32_s", &[F32(0xcf00_0000)], Ok(I32(1 << 31))),
    ("i32.trunc_f64_u", &[F64(0xbff0_0000_0000_0000)], Err(Trap::IntegerOverflow)),
    ("i32.trunc_f64_u", &[F64(0xbfef_ffff_ffff_ffff)], Ok(I32(0))),
    ("i64.trunc_f64_s", &[F64(0x43e0_0000_0000_0000)], Err(Trap::IntegerOverflow)),
    ("i32.trunc_sat_f32_s", &[F32(NAN32)], Ok(I32(0))),
    ("i64.trunc_sat_f64_u", &[F64(0x7ff0_0000_0000_0000)], Ok(I64(u64::MAX))),
    ("f32.convert_i64_u", &[I64(u64::MAX)], Ok(F32(0x5f80_0000))),
    // Generated NaNs are canonical and positive, whatever went in.
    ("f32.add", &[F32(0xffff_ffff), F32(0)], Ok(F32(NAN32))),
    ("f32.div", &[F32(0), F32(0)], Ok(F32(NAN32))),
    ("f64.sub", &[F64(0x7ff0_0000_0000_0000), F64(0x7ff0_0000_0000_0000)], Ok(F64(NAN64))),
    ("f64.sqrt", &[F64(0xbff0_0000_0000_0000)], Ok(F64(NAN64))),
    ("f32.min", &[F32(0xff80_0001), F32(0)], Ok(F32(NAN32))),
    ("f64.max", &[F64(0), F64(0xfff0_0000_0000_0001)], Ok(F64(NAN64))),
    ("f32.nearest", &[F32(0xffc0_1234)], Ok(F32(NAN32))),
    ("f64.ceil", &[F64(0xfff8_0000_0000_1234)], Ok(F64(NAN64))),
    ("f64.promote_f32", &[F32(0xffc0_1234)], Ok(F64(NAN64))),
    ("f32.demote_f64", &[F64(0xfff8_0000_0000_1234)], Ok(F32(NAN32))),
    // These only move bits.
    ("f32.neg", &[F32(NAN32)], Ok(F32(0xffc0_0000))),
    ("f32.abs", &[F32(0xffc0_1234)], Ok(F32(0x7fc0_1234))),
    ("f64.copysign", &[F64(0x7ff0_0000_0000_0001), F64(1 << 63)], Ok(F64(0xfff0_0000_0000_0001))),
    ("i32.reinterpret_f32", &[F32(0x7fa0_0000)], Ok(I32(0x7fa0_0000))),
    ("f32.min", &[F32(0), F32(1 << 31)], Ok(F32(1 << 31))),
    ("f32.nearest", &[F32(0x4020_0000)], Ok(F32(0x4000_0000))),
    ("f64.nearest", &[F64(0xbfe0_0000_0000_0000)], Ok(F64(1 << 63))),
];

fn type_of(value: &Value) -> &'static str {
    match value {
        I32(_) => "i32",
        I64(_) => "i64",
        F32(_) => "f32",
        F64(_) => "f64",
        other => panic!("{other:?}"),
    }
}

/// The type of the result: what stands before the dot, but for comparisons.
fn result_of(op: &str) -> &str {
    let (space, name) = op.split_once('.').unwrap();
    if name.starts_with("lt") { "i32" } else { space }
}

/// A module that applies each row's operator to parameters, and to constants.
fn source() -> String {
    let mut wat = String::from("(module");
    for (i, (op, args, _)) in ROWS.iter().enumerate() {
        let types: Vec<_> = args.iter().map(type_of).collect();
        let gets: Vec<_> = (0..args.len()).map(|i| format!("(local.get {i})")).collect();
        let constants: Vec<_> = args.iter().map(constant).collect();
        let result = result_of(op);
        wat += &format!(
            "(func (export \"p{i}\") (param {}) (result {result}) ({op} {}))",
            types.join(" "),
            gets.join(" ")
        );
        wat +=
            &format!("(func (export \"c{i}\") (result {result}) ({op} {}))", constants.join(" "));
    }
    wat + ")"
}

fn constant(value: &Value) -> String {
    match value {
        I32(v) => format!("(i32.const {v})"),
        I64(v) => format!("(i64.const {v})"),
        F32(v) => format!("(f32.reinterpret_i32 (i32.const {v}))"),
        F64(v) => format!("(f64.reinterpret_i64 (i64.const {v}))"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_give_what_the_specification_says() {
    at_each_level(|opt| {
        let mut machine = Machine::new(StoreConfig::unmetered(), opt, &source());
        for (i, (op, args, expected)) in ROWS.iter().enumerate() {
            let by_parameter = machine.call(&format!("p{i}"), args);
            let by_constant = machine.call(&format!("c{i}"), &[]);
            for got in [by_parameter, by_constant] {
                let got = got.map(|values| values[0]).map_err(|stop| match stop {
                    Stop::Trap(trapped) => trapped.trap,
                    other => panic!("{op}: {other}"),
                });
                assert_eq!(got, *expected, "{op} {args:x?} at {opt:?}");
            }
        }
    });
}
