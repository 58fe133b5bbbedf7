//! Digests of the state depend on contents alone, and cost what was touched.

use crate::guest::{ENGINES, Guest, alone, resident};
use etalon_adapters::{RefKind, StateDigest, Val, ValKind};

fn digest(guest: &mut Guest) -> StateDigest {
    guest.session.digest().expect("our tiers show it")
}

/// 4 GiB of memory and 80 MB of table that nobody touches: not even read.
#[test]
fn what_is_declared_and_not_touched_is_not_read() {
    alone("digests::what_is_declared_and_not_touched_is_not_read", || {
        let wat = r#"(module (memory 65536) (table 10000000 externref)
            (func (export "write") (param i32) (i32.store8 (local.get 0) (i32.const 1))))"#;
        for engine in ENGINES {
            let mut guest = Guest::new(engine, wat, false);
            let before = resident();
            let empty = digest(&mut guest);
            for n in 0..20 {
                guest.call("write", &[Val::I32(n << 27)]);
                assert_ne!(digest(&mut guest), empty, "{engine}");
            }
            let taken = resident().saturating_sub(before);
            assert!(taken < 64 << 20, "{engine}: {taken} bytes");
        }
    });
}

#[test]
fn a_memory_that_was_touched_is_like_one_that_was_not() {
    let wat = r#"(module (memory 1000)
        (func (export "read") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "write") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "fill") (param i32 i32)
          (memory.fill (local.get 0) (local.get 1) (i32.const 300000))))"#;
    let mut digests = Vec::new();
    for engine in ENGINES {
        let mut guest = Guest::new(engine, wat, false);
        let fresh = digest(&mut guest);
        for page in 0..15_000 {
            guest.call("read", &[Val::I32(page * 4096)]);
        }
        assert_eq!(digest(&mut guest), fresh, "{engine}: reading changes nothing");
        guest.call("fill", &[Val::I32(50_000_123), Val::I32(7)]);
        guest.call("write", &[Val::I32(4095), Val::I32(1)]);
        let written = digest(&mut guest);
        assert_ne!(written, fresh, "{engine}");
        guest.call("fill", &[Val::I32(50_000_123), Val::I32(0)]);
        assert_ne!(digest(&mut guest), written, "{engine}");
        guest.call("write", &[Val::I32(4095), Val::I32(0)]);
        assert_eq!(digest(&mut guest), fresh, "{engine}: zeros are zeros");
        digests.push((fresh, written));
    }
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{digests:?}");
}

#[test]
fn a_table_that_was_touched_is_like_one_that_was_not() {
    let wat = r#"(module (table $t 1000000 externref)
        (func (export "set") (param i32 externref) (table.set (local.get 0) (local.get 1)))
        (func (export "fill") (param i32 externref)
          (table.fill (local.get 0) (local.get 1) (i32.const 5000))))"#;
    let mut digests = Vec::new();
    for engine in ENGINES {
        let mut guest = Guest::new(engine, wat, false);
        let (null, some) = (Val::Null(ValKind::Extern), Val::Ref(RefKind::Extern(5)));
        let fresh = digest(&mut guest);
        guest.call("fill", &[Val::I32(777_777), some]);
        guest.call("set", &[Val::I32(511), some]);
        let written = digest(&mut guest);
        assert_ne!(written, fresh, "{engine}");
        guest.call("fill", &[Val::I32(777_777), null]);
        assert_ne!(digest(&mut guest), fresh, "{engine}");
        guest.call("set", &[Val::I32(511), null]);
        assert_eq!(digest(&mut guest), fresh, "{engine}: null is null");
        digests.push((fresh, written));
    }
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{digests:?}");
}
