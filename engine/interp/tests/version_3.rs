//! What version 3.0 and the proposals after it add, in small: the official scripts have the rest.

mod common;

use common::Gives::{Throws, Traps, Values};
use common::{Case, Guest, check_all, i32, int, long};
use etalon_runtime::{StoreConfig, Trap, Value};

const VECTOR: Value = Value::V128(0x0000_0004_0000_0003_0000_0002_0000_0001);

/// Arrays of bytes, of 16 bits, of vectors and of functions, and what they can be made of.
const BYTES: &str = "(type $a (array (mut i8))) (type $h (array (mut i16))) (type $v (array (mut v128)))
    (type $f (array (mut funcref))) (elem $e funcref (ref.func 0) (ref.null func) (ref.func 0))
    (data $d \"\\f1\\f2\\f3\\f4\\f5\\00\\01\\02\\03\\04\\05\\06\\07\\08\\09\\0a\\0b\\0c\\0d\\0e\\0f\")";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // tail calls
    ("(func $g (param i32 i64) (result i64) local.get 1)", "(param i32) (result i64) local.get 0 i64.const 5 return_call $g", &[int(1)], Values(&[long(5)])),
    ("(func $odd (param i32) (result i32) local.get 0 if (result i32) local.get 0 i32.const 1 i32.sub return_call 0 else i32.const 1 end)", "(param i32) (result i32) local.get 0 if (result i32) local.get 0 i32.const 1 i32.sub return_call $odd else i32.const 2 end", &[int(1_000_001)], Values(&[int(1)])),
    ("(type $t (func (result i32))) (table funcref (elem $g)) (func $g (result i32) i32.const 3)", "(result i32) i32.const 1 return_call_indirect (type $t)", &[], Traps(Trap::UndefinedElement)),
    ("(type $t (func (result i32))) (table funcref (elem $g)) (func $g (result i32) i32.const 3)", "(result i32) i32.const 0 return_call_indirect (type $t)", &[], Values(&[int(3)])),
    // function references
    ("(type $t (func (param i32) (result i32))) (elem declare func $g) (func $g (type $t) local.get 0 i32.const 1 i32.add)", "(result i32) i32.const 8 ref.func $g call_ref $t", &[], Values(&[int(9)])),
    ("(type $t (func (param i32) (result i32)))", "(result i32) i32.const 8 ref.null $t call_ref $t", &[], Traps(Trap::NullFunctionReference)),
    ("", "ref.null func ref.as_non_null drop", &[], Traps(Trap::NullReference)),
    ("", "(result i32) block (result i32) i32.const 4 i32.const 5 ref.null func br_on_null 0 drop i32.add end", &[], Values(&[int(5)])),
    ("(elem declare func 0)", "(result i32) block (result i32) i32.const 4 i32.const 5 ref.func 0 br_on_null 0 drop i32.add end", &[], Values(&[int(9)])),
    ("(elem declare func 0)", "(result i32) block (result funcref) i32.const 4 ref.func 0 br_on_non_null 0 drop i32.const 1 return end ref.is_null", &[], Values(&[int(0)])),
    // several memories and 64-bit addresses
    ("(memory 1) (memory $m 1)", "(result i32) i32.const 0 i32.const 7 i32.store $m i32.const 0 i32.load i32.const 0 i32.load8_u $m i32.add", &[], Values(&[int(7)])),
    ("(memory i64 1)", "(result i64 i64) i64.const 8 i64.const -1 i64.store32 i64.const 8 i64.load i64.const 1 memory.grow", &[], Values(&[long(0xffff_ffff), long(1)])),
    ("(memory i64 1)", "(result i64) i64.const -1 i64.load offset=8", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory i64 1)", "(result i64 i64) i64.const 8 i32.const 0x17 i64.const 3 memory.fill i64.const 20 i64.const 7 i64.const 5 memory.copy
        i64.const 20 i64.load memory.size", &[], Values(&[long(0x0000_0000_1717_1700), long(1)])),
    ("(memory i64 1)", "i64.const 0x100000000 i32.const 1 i64.const 1 memory.fill", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory i64 1)", "i64.const 0 i32.const 1 i64.const 0x100000000 memory.fill", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory i64 1)", "i64.const -1 i32.const 1 i64.const 2 memory.fill", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory i64 1)", "i64.const 0 i64.const 0x100000000 i64.const 1 memory.copy", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory i64 1)", "i64.const 0x100000000 i64.const 0 i64.const 1 memory.copy", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(memory 3 (pagesize 1))", "(result i32) i32.const 2 memory.grow drop memory.size", &[], Values(&[int(5)])),
    ("(type $a (array (mut i16))) (type $s (struct (field (mut i8))))", "(result i32 i32 i32) (local $a (ref null $a)) (local $s (ref null $s))
        i32.const 0x18001 i32.const 3 array.new $a local.tee $a i32.const 2 array.get_s $a local.get $a array.len
        i32.const 0xff struct.new $s local.tee $s i32.const 0x180 struct.set $s 0 local.get $s struct.get_s $s 0",
        &[], Values(&[int(0xffff_8001), int(3), int(0xffff_ff80)])),
    ("(type $a (array (mut i16)))", "(result i32) i32.const 3 array.new_default $a i32.const 3 array.get_u $a", &[], Traps(Trap::ArrayOutOfBounds)),
    ("(type $a (array (mut i64)))", "i32.const 3 array.new_default $a i32.const -1 i64.const 1 array.set $a", &[], Traps(Trap::ArrayOutOfBounds)),
    ("(type $a (array (mut i64)))", "ref.null $a i32.const 0 i64.const 1 array.set $a", &[], Traps(Trap::NullArrayReference)),
    ("(type $a (array (mut i64)))", "(result i32) ref.null $a array.len", &[], Traps(Trap::NullArrayReference)),
    ("(type $s (struct (field i64)))", "(result i64) ref.null $s struct.get $s 0", &[], Traps(Trap::NullStructureReference)),
    ("(type $s (struct (field (mut i64))))", "ref.null $s i64.const 1 struct.set $s 0", &[], Traps(Trap::NullStructureReference)),
    ("", "(result i32) ref.null i31 i31.get_s", &[], Traps(Trap::NullI31Reference)),
    ("", "ref.null any ref.as_non_null drop", &[], Traps(Trap::NullReference)),
    ("(type $s (struct (field i64)))", "i32.const 1 ref.i31 ref.cast (ref struct) drop", &[], Traps(Trap::CastFailure)),
    ("(table i64 3 funcref)", "(result i32) i64.const 0x1_0000_0000 table.get 0 ref.is_null", &[], Traps(Trap::TableOutOfBounds)),
    ("(memory 1 (pagesize 1))", "(result i32) i32.const 1 memory.grow drop i32.const 1 i32.load8_u memory.size i32.add", &[], Values(&[int(2)])),
    // exceptions
    ("(tag $e (param i32 i64)) (func $g i32.const 3 i64.const 4 throw $e)", "(result i32 i64) block (result i32 i64) try_table (catch $e 0) call $g end unreachable end", &[], Values(&[int(3), long(4)])),
    ("(tag $e) (tag $o) (func $g try_table throw $e end) (func $h call $g)", "(result i32) block try_table (catch $o 0) block try_table (catch_all 0) call $h end end i32.const 6 return end end i32.const 5", &[], Values(&[int(6)])),
    ("(tag $e (param i32))", "i32.const 1 throw $e", &[], Throws),
    ("(tag $e (param i32))", "(result i32) block (result i32) block (result i32 exnref) try_table (catch_ref $e 0) i32.const 1 throw $e end unreachable end drop end", &[], Values(&[int(1)])),
    ("(tag $e (param i32))", "(local exnref) block (result exnref) try_table (catch_all_ref 0) i32.const 1 throw $e end unreachable end throw_ref", &[], Throws),
    ("", "ref.null exn throw_ref", &[], Traps(Trap::NullExceptionReference)),
    // vectors
    ("", "(result v128) v128.const i32x4 1 2 3 4", &[], Values(&[VECTOR])),
    ("", "(param v128) (result i32 v128) (local v128) local.get 0 i32x4.extract_lane 2 local.get 0 local.tee 1 local.get 1 i32x4.sub", &[VECTOR], Values(&[int(3), Value::V128(0)])),
    ("(memory 1)", "(param v128) (result v128) i32.const 4 local.get 0 v128.store i32.const 8 v128.load32_splat", &[VECTOR], Values(&[Value::V128(0x0000_0002_0000_0002_0000_0002_0000_0002)])),
    ("(memory 1)", "(result v128) i32.const 65521 v128.load", &[], Traps(Trap::MemoryOutOfBounds)),
    ("(global $g (mut v128) (v128.const i64x2 1 2))", "(param i32) (result v128) global.get $g v128.const i64x2 3 4 local.get 0 select global.set $g global.get $g", &[int(0)], Values(&[Value::V128(4 << 64 | 3)])),
    // wide arithmetic and atomics
    ("", "(result i64 i64) i64.const -1 i64.const 0 i64.const 1 i64.const 0 i64.add128", &[], Values(&[long(0), long(1)])),
    ("", "(result i64 i64) i64.const -2 i64.const 3 i64.mul_wide_s", &[], Values(&[long(-6i64 as u64), long(u64::MAX)])),
    ("(memory 1 1 shared)", "(result i32 i32) i32.const 4 i32.const 300 i32.atomic.rmw8.add_u i32.const 4 i32.atomic.load", &[], Values(&[int(0), int(44)])),
    ("(memory 1 1 shared)", "(result i32) i32.const 5 i32.atomic.load", &[], Traps(Trap::UnalignedAtomic)),
    ("(memory 1 1 shared)", "(result i32 i32) i32.const 4 i32.const 1 i64.const -1 memory.atomic.wait32 i32.const 8 i64.const 0 i64.const 5 memory.atomic.wait64", &[], Values(&[int(1), int(2)])),
    ("(memory 1 1 shared)", "(result i32) i32.const 4 i32.const 1 memory.atomic.notify", &[], Values(&[int(0)])),
    ("(memory 1)", "(result i32) i32.const 4 i32.const 0 i64.const 0 memory.atomic.wait32", &[], Traps(Trap::ExpectedSharedMemory)),
    // structures, arrays and casts
    ("(type $s (struct (field i8) (field (mut i64))))", "(result i32 i64) (local (ref null $s)) i32.const 0xff i64.const 5 struct.new $s local.tee 0 i64.const 6 struct.set $s 1 local.get 0 struct.get_s $s 0 local.get 0 struct.get $s 1", &[], Values(&[int(u32::MAX), long(6)])),
    ("(type $s (struct (field i8)))", "(result i32) ref.null $s struct.get_u $s 0", &[], Traps(Trap::NullStructureReference)),
    ("(type $a (array (mut i16)))", "(result i32 i32) (local (ref null $a)) i32.const -1 i32.const 3 array.new $a local.tee 0 i32.const 1 i32.const 7 array.set $a local.get 0 i32.const 1 array.get_u $a local.get 0 i32.const 2 array.get_s $a", &[], Values(&[int(7), int(u32::MAX)])),
    ("(type $a (array (mut i16)))", "(result i32) i32.const 3 array.new_default $a i32.const 3 array.get_u $a", &[], Traps(Trap::ArrayOutOfBounds)),
    ("(type $a (array i32)) (data $d \"\\01\\00\\00\\00\\02\\00\\00\\00\")", "(result i32) i32.const 4 i32.const 1 array.new_data $a $d i32.const 0 array.get $a", &[], Values(&[int(2)])),
    ("(type $a (array i32))", "(result i32) i32.const 1 i32.const 2 i32.const 3 array.new_fixed $a 3 array.len", &[], Values(&[int(3)])),
    // arrays in bulk
    (BYTES, "(result i32 i32 i32) (local (ref null $a)) i32.const 0 i32.const 5 array.new_data $a $d local.tee 0 i32.const 1 local.get 0 i32.const 0 i32.const 4 array.copy $a $a local.get 0 i32.const 1 array.get_u $a local.get 0 i32.const 4 array.get_s $a local.get 0 i32.const 0 array.get_s $a", &[], Values(&[int(0xf1), int(0xffff_fff4), int(0xffff_fff1)])),
    (BYTES, "(result i32 i32 i32) (local (ref null $a)) i32.const 0 i32.const 5 array.new_data $a $d local.tee 0 i32.const 0 local.get 0 i32.const 1 i32.const 4 array.copy $a $a local.get 0 i32.const 0 array.get_u $a local.get 0 i32.const 3 array.get_u $a local.get 0 i32.const 4 array.get_u $a", &[], Values(&[int(0xf2), int(0xf5), int(0xf5)])),
    (BYTES, "(result i32 i32 i32) (local (ref null $a)) i32.const 4 array.new_default $a local.tee 0 i32.const 1 i32.const 0x1ff i32.const 2 array.fill $a local.get 0 i32.const 0 array.get_u $a local.get 0 i32.const 2 array.get_u $a local.get 0 i32.const 3 array.get_u $a", &[], Values(&[int(0), int(0xff), int(0)])),
    (BYTES, "(local (ref null $a)) i32.const 4 array.new_default $a local.tee 0 i32.const 1 i32.const 7 i32.const 4 array.fill $a", &[], Traps(Trap::ArrayOutOfBounds)),
    (BYTES, "(result i32 i32) (local (ref null $h)) i32.const 3 array.new_default $h local.tee 0 i32.const 1 i32.const 1 i32.const 2 array.init_data $h $d local.get 0 i32.const 1 array.get_u $h local.get 0 i32.const 2 array.get_s $h", &[], Values(&[int(0xf3f2), int(0xffff_f5f4)])),
    (BYTES, "(local (ref null $h)) i32.const 3 array.new_default $h local.tee 0 i32.const 0 i32.const 16 i32.const 3 array.init_data $h $d", &[], Traps(Trap::MemoryOutOfBounds)),
    (BYTES, "(result v128) (local (ref null $v)) i32.const 3 array.new_default $v local.tee 0 i32.const 1 i32.const 5 i32.const 1 array.init_data $v $d local.get 0 i32.const 1 array.get $v", &[], Values(&[Value::V128(0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100)])),
    (BYTES, "(result i32 i32) (local (ref null $f)) i32.const 1 i32.const 2 array.new_elem $f $e local.tee 0 i32.const 0 local.get 0 i32.const 1 i32.const 1 array.copy $f $f local.get 0 i32.const 0 array.get $f ref.is_null local.get 0 i32.const 0 i32.const 1 i32.const 1 array.init_elem $f $e local.get 0 i32.const 0 array.get $f ref.is_null", &[], Values(&[int(0), int(1)])),
    (BYTES, "(result i32) i32.const 2 i32.const 2 array.new_elem $f $e array.len", &[], Traps(Trap::TableOutOfBounds)),
    ("", "(result i32 i32) i32.const -1 ref.i31 ref.test (ref i31) i32.const -2 ref.i31 i31.get_s", &[], Values(&[int(1), int(-2i32 as u32)])),
    ("(type $s (struct))", "(result i32) struct.new $s ref.cast (ref i31) i31.get_s", &[], Traps(Trap::CastFailure)),
    ("(type $s (struct))", "(result i32) block (result (ref $s)) struct.new $s br_on_cast 0 anyref (ref $s) drop i32.const 1 return end drop i32.const 2", &[], Values(&[int(2)])),
];

#[test]
fn instructions_give_what_the_specification_says() {
    check_all(CASES);
}

#[test]
fn tail_calls_take_no_depth() {
    let wat = "(module (func $f (export \"f\") (param i32) (result i32)
        local.get 0 i32.eqz if (result i32) i32.const 7 else
        local.get 0 i32.const 1 i32.sub return_call $f end))";
    assert_eq!(Guest::new(wat).call("f", &[i32(10_000_000)]), Ok(vec![i32(7)]));
}

#[test]
fn objects_survive_collections() {
    // Each round allocates an array that is dropped, and a list that must stay whole.
    let wat = "(module (type $l (struct (field i32) (field (ref null $l)))) (type $a (array i64))
        (func (export \"f\") (param i32) (result i32) (local (ref null $l)) (local i32)
            loop
                local.get 0 local.get 1 struct.new $l local.set 1
                i32.const 2000 array.new_default $a drop
                local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
            end
            loop
                local.get 2 local.get 1 struct.get $l 0 i32.add local.set 2
                local.get 1 struct.get $l 1 local.tee 1 ref.is_null i32.eqz br_if 0
            end
            local.get 2))";
    let mut guest = Guest::new(wat);
    assert_eq!(guest.call("f", &[i32(3000)]), Ok(vec![i32(4_501_500)]));
    assert!(guest.store.heap.collections() > 3);
    let stress = StoreConfig { gc_stress: true, ..StoreConfig::unmetered() };
    let mut guest = Guest::with(wat, stress);
    assert_eq!(guest.call("f", &[i32(100)]), Ok(vec![i32(5050)]));
    assert!(guest.store.heap.collections() >= 200);
}
