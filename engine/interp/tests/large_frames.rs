//! Frames of more slots than operations can name: locals and operands beyond are reached all the same.

mod common;

use common::{Guest, f64, i32, i64};
use etalon_runtime::{StoreConfig, Value};

/// A result, and what gives it. The parameter `$p` is 7; behind it are 33,000 vectors, so that what follows is beyond.
type Case = (Value, &'static str);

fn cases() -> Vec<Case> {
    let v = |low: u64, high: u64| Value::V128(u128::from(low) | u128::from(high) << 64);
    vec![
        (i32(7), "(result i32) local.get $p local.set $a local.get $a"),
        (i32(12), "(result i32) i32.const 5 local.set $a local.get $a local.get $p i32.add"),
        (i32(15), "(result i32) i32.const 5 local.set $a local.get $a local.get $a i32.const 2 i32.mul i32.add"),
        (i32(45), "(result i32) i32.const 9 local.set $a loop local.get $b local.get $a i32.add local.set $b local.get $a
            i32.const 1 i32.sub local.tee $a br_if 0 end local.get $b"),
        (i32(10), "(result i32) loop local.get $a i32.const 1 i32.add local.tee $a i32.const 10 i32.lt_s br_if 0 end local.get $a"),
        (i32(70001), "(result i32) loop local.get $a i32.const 1 i32.add local.tee $a i32.const 70000 i32.le_s br_if 0 end local.get $a"),
        (i32(3), "(result i32) i32.const 2 local.set $a block local.get $a i32.eqz br_if 0 local.get $a i32.const 1 i32.add
            local.set $a end local.get $a"),
        (i64(-5), "(result i64) i64.const -5 local.set $c local.get $c"),
        (i64(0x1_2345_6789), "(result i64) i64.const 0x123456789 local.set $c local.get $c"),
        (i64(9), "(result i64) i64.const 4 local.set $c local.get $c i64.const 5 i64.add local.tee $c"),
        (f64(8.5), "(result f64) f64.const 2.5 local.set $d local.get $d f64.const 2 f64.mul f64.const 3.5 f64.add"),
        (i32(1), "(result i32) f64.const 2.5 local.set $d f64.const 2 local.get $d f64.lt"),
        (i32(22), "(result i32) i32.const 16 local.set $a local.get $a i32.const 22 i32.store offset=4 local.get $a i32.load offset=4"),
        (i32(22), "(result i32) i32.const 16 local.set $a i32.const 8 local.get $a i32.store8 i32.const 8 i32.load8_u i32.const 6 i32.add"),
        (i32(3), "(result i32) i32.const 3 local.set $a local.get $a i32.const 4 local.get $a select"),
        (i32(4), "(result i32) i32.const 3 local.set $a local.get $a i32.const 4 local.get $b select"),
        (i32(2), "(result i32) i32.const 1 local.set $a block block block local.get $a br_table 0 1 2 end i32.const 1 return
            end i32.const 2 return end i32.const 3"),
        (i32(6), "(result i32) block (result i32) i32.const 9 i32.const 6 local.get $p br_if 0 drop end"),
        (i32(5), "(result i32) i32.const 5 local.set $a local.get $a if (result i32) local.get $a else i32.const 1 end"),
        (i32(8), "(result i32) i32.const 3 local.set $a local.get $a local.get $a i32.const 5 call $add local.set $b drop local.get $b"),
        (i32(8), "(result i32) i32.const 3 i32.const 5 local.get $a call_indirect $t (type $binary)"),
        (i32(8), "(result i32) ref.func $add local.set $r i32.const 3 i32.const 5 local.get $r call_ref $binary"),
        (i32(8), "(result i32) ref.func $add local.set $r i32.const 3 i32.const 5 local.get $r return_call_ref $binary"),
        (i32(8), "(result i32) i32.const 3 i32.const 5 local.get $a return_call_indirect $t (type $binary)"),
        (i32(0), "(result i32) ref.func $add local.set $r local.get $r ref.is_null"),
        (i32(1), "(result i32) block local.get $r br_on_null 0 drop i32.const 0 return end i32.const 1"),
        (i32(1), "(result i32) i32.const 1 local.set $a local.get $a local.get $a table.get $t table.set $t local.get $a table.get $t ref.is_null"),
        (i64(11), "(result i64) i64.const 11 local.set $c local.get $c global.set $g global.get $g local.set $c local.get $c"),
        (v(3, 4), "(result v128) v128.const i64x2 3 4 local.set $v local.get $v"),
        (v(4, 6), "(result v128) v128.const i64x2 3 4 local.set $v v128.const i64x2 1 2 local.set $w local.get $v local.get $w i64x2.add"),
        (v(1, 4), "(result v128) v128.const i64x2 3 4 local.set $v v128.const i64x2 1 2 local.set $w local.get $v local.get $w
            i8x16.shuffle 16 17 18 19 20 21 22 23 8 9 10 11 12 13 14 15"),
        (v(9, 9), "(result v128) i64.const 9 local.set $c local.get $c i64x2.splat local.set $v local.get $v"),
        (v(3, 9), "(result v128) v128.const i64x2 3 4 local.set $v i64.const 9 local.set $c local.get $v local.get $c i64x2.replace_lane 1"),
        (i64(4), "(result i64) v128.const i64x2 3 4 local.set $v local.get $v i64x2.extract_lane 1 local.set $c local.get $c"),
        (v(12, 16), "(result v128) v128.const i64x2 3 4 local.set $v i32.const 2 local.set $a local.get $v local.get $a i64x2.shl"),
        (v(3, 2), "(result v128) v128.const i64x2 3 4 local.set $v v128.const i64x2 1 2 local.set $w local.get $v local.get $w
            v128.const i64x2 -1 0 v128.bitselect"),
        (v(5, 6), "(result v128) v128.const i64x2 5 6 local.set $v local.get $v global.set $h global.get $h local.set $w local.get $w"),
        (v(5, 6), "(result v128) v128.const i64x2 5 6 local.set $v i32.const 32 local.set $a local.get $a local.get $v v128.store
            local.get $a v128.load local.set $w local.get $w"),
        (v(5, 6), "(result v128) v128.const i64x2 5 6 local.set $v local.get $v local.get $w local.get $p select"),
        (i32(0x303), "(result i32) i32.const 64 i32.const 3 i32.const 2 memory.fill i32.const 80 i32.const 64 i32.const 2 memory.copy
            i32.const 80 i32.load16_u"),
        (i32(2), "(result i32) i32.const 5 struct.new $s local.set $o i32.const 2 struct.new $s drop call $live"),
        (i32(5), "(result i32) i32.const 5 struct.new $s local.set $o call $live drop local.get $o struct.get $s 0"),
    ]
}

fn text(function: &str) -> String {
    let many = "v128 ".repeat(33_000);
    let (result, body) = function.split_once(')').expect("a result comes first");
    format!(
        r#"(module (memory 1) (type $binary (func (param i32 i32) (result i32))) (type $s (struct (field i32)))
        (table $t 2 funcref) (elem (table $t) (i32.const 0) func $add)
        (global $g (mut i64) (i64.const 0)) (global $h (mut v128) (v128.const i64x2 0 0))
        (func $add (type $binary) local.get 0 local.get 1 i32.add)
        (func $live (result i32) (local i32) i32.const 2)
        (func (export "f") (param $p i32) {result}) (local {many})
            (local $a i32) (local $b i32) (local $c i64) (local $d f64) (local $v v128) (local $w v128)
            (local $r (ref null $binary)) (local $o (ref null $s)) {body}))"#
    )
}

#[test]
fn what_is_beyond_the_window_is_reached() {
    for (expected, function) in cases() {
        for config in [StoreConfig::unmetered(), StoreConfig::metered(None)] {
            let mut guest = Guest::with(&text(function), config);
            let got = guest.call("f", &[i32(7)]).unwrap_or_else(|e| panic!("{function}: {e}"));
            assert_eq!(got, [expected], "{function}");
        }
    }
}
