//! The oracle in pieces costs what a limit of time allows, whatever a guest has touched.

use crate::guest::{Guest, alone, with_room};
use etalon_adapters::{Outcome, SessionConfig, TimeLimit, Watchdog, adapter};
use rustix::process::Resource;

/// A snapshot of half a gigabyte takes seconds, and address space that is not there.
#[test]
fn where_there_is_a_limit_of_time_large_stores_stay_where_they_are() {
    alone("paused::where_there_is_a_limit_of_time_large_stores_stay_where_they_are", || {
        let wat = r#"(module (memory 8192) (func (export "f") (result i32) (local i32)
            (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x1fff0000))
            (loop (br_if 0 (i32.lt_u
              (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))
            (local.get 0)))"#;
        let adapter = adapter("paused:7").expect("it is one of ours");
        let watchdog = Watchdog::new().expect("the system has a thread for it");
        let time = Some(TimeLimit { each: None, watchdog });
        let config = SessionConfig {
            features: adapter.features(),
            gas: None,
            turns: false,
            measure: false,
            time,
        };
        let session = adapter.session(&config).expect("our tiers can be set up");
        let mut guest = Guest::in_session("paused:7", session, wat);
        let outcome = with_room(Resource::As, 256 << 20, || guest.call("f", &[]));
        assert!(matches!(outcome, Outcome::Returned(_)), "{outcome:?}");
    });
}
