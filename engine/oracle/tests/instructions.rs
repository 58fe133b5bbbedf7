//! Single instructions and small combinations: what they give, plain, metered and observed.

mod common;

use common::Gives::{Traps, Values};
use common::{Case, Guest, check_all, f32, f64, i32, i64, int, long};
use etalon_runtime::{Exhaustion, Stop, Trap, Value};

#[rustfmt::skip]
const CASES: &[Case] = &[
    // numeric
    ("", "(param i32 i32) (result i32) local.get 0 local.get 1 i32.add", &[int(7), int(u32::MAX)], Values(&[int(6)])),
    ("", "(param i32) (result i32) i32.const 10 local.get 0 i32.sub", &[int(3)], Values(&[int(7)])),
    ("", "(param i32) (result i32) local.get 0 i32.const -1 i32.mul", &[int(3)], Values(&[int(0xffff_fffd)])),
    ("", "(param i64) (result i64) local.get 0 i64.const 0x1_0000_0000 i64.or", &[long(1)], Values(&[long(0x1_0000_0001)])),
    ("", "(param i64) (result i64) local.get 0 i64.const -2 i64.and", &[long(7)], Values(&[long(6)])),
    ("", "(param i32) (result i32) local.get 0 i32.const 0 i32.div_s", &[int(7)], Traps(Trap::IntegerDivideByZero)),
    ("", "(param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s", &[int(0x8000_0000), int(u32::MAX)], Traps(Trap::IntegerOverflow)),
    ("", "(param i32) (result i64) local.get 0 i64.extend_i32_s", &[int(u32::MAX)], Values(&[long(u64::MAX)])),
    ("", "(result i32) f32.const 1.5 i32.reinterpret_f32", &[], Values(&[int(0x3fc0_0000)])),
    ("", "(result i32) f64.const 3e9 i32.trunc_f64_s", &[], Traps(Trap::IntegerOverflow)),
    ("", "(result i32) f64.const nan i32.trunc_f64_s", &[], Traps(Trap::InvalidConversionToInteger)),
    ("", "(result i32) f64.const 3e9 i32.trunc_sat_f64_s", &[], Values(&[int(0x7fff_ffff)])),
    ("", "(result f32) f32.const -nan:0x200001 f32.const 1 f32.add", &[], Values(&[Value::F32(0x7fc0_0000)])),
    ("", "(result i64) i64.const 0x80 i64.extend8_s", &[], Values(&[long(0xffff_ffff_ffff_ff80)])),
    // parametric and variables
    ("", "(param i32) (result i32) i32.const 1 i32.const 2 local.get 0 select", &[int(0)], Values(&[int(2)])),
    ("", "(param i32) (result i32) i32.const 1 i32.const 2 local.get 0 select", &[int(9)], Values(&[int(1)])),
    ("", "(param i32) (result i32) local.get 0 local.get 0 i32.const 5 i32.add local.set 0 local.get 0 i32.mul", &[int(3)], Values(&[int(24)])),
    ("", "(param i32) (result i32) local.get 0 i32.const 1 local.tee 0 local.get 0 i32.add i32.add", &[int(10)], Values(&[int(12)])),
    ("(global $g (mut i64) (i64.const 5))", "(result i64) global.get $g i64.const 7 global.set $g global.get $g i64.add", &[], Values(&[long(12)])),
    // control
    ("", "(param i32) (result i32) local.get 0 if (result i32) i32.const 1 else i32.const 2 end", &[int(0)], Values(&[int(2)])),
    ("", "(param i32) (result i32) local.get 0 i32.eqz if (result i32) i32.const 1 else i32.const 2 end", &[int(0)], Values(&[int(1)])),
    ("", "(param i32) (result i32) block (result i32) i32.const 1 local.get 0 br_if 0 drop i32.const 2 end", &[int(0)], Values(&[int(2)])),
    ("", "(param i32) (result i32) block (result i32) i32.const 9 i32.const 1 local.get 0 br_if 0 i32.add end", &[int(1)], Values(&[int(1)])),
    ("", "(param i32) (result i32) block (result i32) i32.const 9 i32.const 1 local.get 0 br_if 0 i32.add end", &[int(0)], Values(&[int(10)])),
    ("", "(param i32) (result i32) block block block local.get 0 br_table 0 1 2 end i32.const 10 return end i32.const 11 return end i32.const 12", &[int(1)], Values(&[int(11)])),
    ("", "(param i32) (result i32) block block block local.get 0 br_table 0 1 2 end i32.const 10 return end i32.const 11 return end i32.const 12", &[int(77)], Values(&[int(12)])),
    ("", "(param i32) (result i32) block (result i32) i32.const 5 i32.const 6 local.get 0 br_table 0 1 0 end i32.const 1 i32.add", &[int(0)], Values(&[int(7)])),
    ("", "(param i32) (result i32) (local i32) loop local.get 1 local.get 0 i32.add local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1", &[int(100)], Values(&[int(5050)])),
    ("", "(param i32) (result i32) i32.const 0 local.get 0 loop (param i32 i32) (result i32) local.tee 0 i32.add local.get 0 i32.const 1 i32.sub local.tee 0 local.get 0 br_if 0 drop end", &[int(10)], Values(&[int(55)])),
    ("", "(result i32 i64) i32.const 3 i64.const 4 br 0", &[], Values(&[int(3), long(4)])),
    ("", "(param i32) (result i32) local.get 0 if i32.const 1 return end unreachable", &[int(0)], Traps(Trap::Unreachable)),
    ("", "(result i32) i32.const 1 return i32.const 2 unreachable if else end", &[], Values(&[int(1)])),
    ("", "(param i32) local.get 0 local.get 0 if (param i32) drop else drop end", &[int(1)], Values(&[])),
    // memory
    ("(memory 1)", "(param i32) (result i32) local.get 0 i32.const -2 i32.store16 local.get 0 i32.load8_s offset=1", &[int(65534)], Values(&[int(0xffff_ffff)])),
    ("(memory 1)", "(param i32) (result i32) local.get 0 i32.load", &[int(65533)], Traps(Trap::MemoryOutOfBounds)),
    ("(memory 1)", "(param i32) (result i32) local.get 0 i32.load offset=0xffffffff", &[int(u32::MAX)], Traps(Trap::MemoryOutOfBounds)),
    ("(memory 1 3)", "(result i32 i32 i32 i32) i32.const 2 memory.grow i32.const 1 memory.grow memory.size i32.const -1 memory.grow", &[], Values(&[int(1), int(u32::MAX), int(3), int(u32::MAX)])),
    ("(memory 1) (data $d \"abcd\")", "(result i32) i32.const 10 i32.const 1 i32.const 3 memory.init $d data.drop $d i32.const 11 i32.const 10 i32.const 3 memory.copy i32.const 10 i32.load", &[], Values(&[int(0x6463_6262)])),
    ("(memory 1)", "i32.const 65530 i32.const 1 i32.const 7 memory.fill", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory 1) (data $d \"abcd\")", "data.drop $d i32.const 0 i32.const 0 i32.const 1 memory.init $d", &[], Traps(Trap::MemoryOutOfBounds)),
    // tables and references
    ("(table 2 funcref)", "(result i32) i32.const 1 table.get 0 ref.is_null", &[], Values(&[int(1)])),
    ("(table 2 funcref)", "(result i32) i32.const 2 table.get 0 ref.is_null", &[], Traps(Trap::TableOutOfBounds)),
    ("(table $t 2 5 funcref) (elem $e func 0 0)", "(result i32 i32) ref.func 0 i32.const 3 table.grow $t i32.const 0 i32.const 0 i32.const 2 table.init $t $e elem.drop $e i32.const 2 i32.const 0 i32.const 3 table.copy $t $t table.size $t", &[], Values(&[int(2), int(5)])),
    ("(table $t 2 funcref)", "i32.const 1 ref.null func i32.const 2 table.fill $t", &[], Traps(Trap::TableOutOfBounds)),
    // calls
    ("(func $f (param i32 i64) (result i64 i32) local.get 1 local.get 0)", "(result i64 i32) i32.const 4 i64.const 5 call $f", &[], Values(&[long(5), int(4)])),
    ("(type $t (func (result i32))) (table funcref (elem $a $b)) (func $a (result i32) i32.const 8) (func $b)", "(param i32) (result i32) local.get 0 call_indirect (type $t)", &[int(0)], Values(&[int(8)])),
    ("(type $t (func (result i32))) (table funcref (elem $a $b)) (func $a (result i32) i32.const 8) (func $b)", "(param i32) (result i32) local.get 0 call_indirect (type $t)", &[int(1)], Traps(Trap::IndirectCallTypeMismatch)),
    ("(type $t (func (result i32))) (table 3 funcref)", "(param i32) (result i32) local.get 0 call_indirect (type $t)", &[int(1)], Traps(Trap::UninitializedElement)),
    ("(type $t (func (result i32))) (table 3 funcref)", "(param i32) (result i32) local.get 0 call_indirect (type $t)", &[int(3)], Traps(Trap::UndefinedElement)),
];

#[test]
fn instructions_give_what_the_specification_says() {
    check_all(CASES);
}

#[test]
fn every_limit_stops_a_loop_at_once() {
    let wat = "(module (func (export \"f\") (param i32) (result i32)
        loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end i32.const 7))";
    let mut whole = Guest::metered(wat, None);
    assert_eq!(whole.call("f", &[i32(20)]), Ok(vec![i32(7)]));
    let consumed = whole.store.meter().consumed();
    for limit in 0..consumed {
        let mut guest = Guest::metered(wat, Some(limit));
        assert_eq!(guest.call("f", &[i32(20)]), Err(Stop::Exhausted(Exhaustion::Gas)));
        assert_eq!(guest.store.meter().consumed(), limit);
        // Out of gas is sticky.
        assert_eq!(guest.call("f", &[i32(1)]), Err(Stop::Exhausted(Exhaustion::Gas)));
    }
}

#[test]
fn floats_keep_their_bits_on_the_way() {
    let wat =
        "(module (func (export \"f\") (param f32 f64) (result f64 f32) local.get 1 local.get 0))";
    let args = [Value::F32(0xffa0_0001), Value::F64(0x7ff4_0000_0000_0001)];
    let results = Guest::new(wat).call("f", &args).unwrap();
    assert_eq!(results, [args[1], args[0]]);
    let wat = "(module (func (export \"f\") (param f32 f64 i64) (result f64)
        local.get 0 f64.promote_f32 local.get 1 f64.mul local.get 2 f64.convert_i64_s f64.add))";
    let args = [f32(1.5), f64(2.0), i64(-1)];
    assert_eq!(Guest::new(wat).call("f", &args), Ok(vec![f64(2.0)]));
}
