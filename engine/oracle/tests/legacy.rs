//! What the exceptions of before version 3.0 cost (gas-1, *Gas segments*); their meaning is in the scripts.

mod common;

use common::Guest;
use etalon_gas::Schedule;

/// A body, and its operators that are executed or end a segment that is: each costs one.
const BODIES: &[(&str, u64)] = &[
    // try | i32.const throw | drop end | end: the catch is passed over.
    ("try i32.const 1 throw $a catch $a drop end", 6),
    // try | nop catch | end: the catch is what ends the body.
    ("try nop catch $a drop nop nop end", 4),
    // try | nop catch_all | end
    ("try nop catch_all nop nop end", 4),
    // try | nop delegate | end
    ("try nop delegate 0", 4),
    // try | try | throw | rethrow | nop end | end
    ("try try throw $e catch_all rethrow 0 nop end catch $e nop end", 7),
    // try | try | throw | nop end | end: the delegate is passed over.
    ("try try throw $e delegate 0 nop nop catch_all nop end", 6),
    // try | try | throw | nop catch_all | catch_all | end: the body of a catch ends at the next one.
    ("try try throw $e catch $e nop catch_all nop nop end catch_all end", 7),
];

#[test]
fn segments_of_try_and_its_catches_cost_what_they_execute() {
    for &(body, cost) in BODIES {
        let wat = format!("(module (tag $a (param i32)) (tag $e) (func (export \"f\") {body}))");
        let flat = Schedule::builtin("flat").expect("it is built in");
        let mut guest = Guest::priced(&wat, flat);
        assert_eq!(guest.call("f", &[]), Ok(vec![]), "{body}");
        assert_eq!(guest.store.meter().consumed(), cost, "{body}");
        assert_eq!(guest.executed(), cost, "{body}");
    }
}
