//! Cases: a function, its arguments, and what it gives, however it is run.

use super::Guest;
use etalon_gas::Schedule;
use etalon_oracle::{Observer, Oracle};
use etalon_runtime::{Exhaustion, Stop, StoreConfig, Trap, Value};
use std::sync::{Arc, LazyLock};

/// What a case gives.
pub(crate) enum Gives {
    Values(&'static [Value]),
    Traps(Trap),
    Throws,
}
use Gives::{Throws, Traps, Values};

pub(crate) const fn int(value: u32) -> Value {
    Value::I32(value)
}

pub(crate) const fn long(value: u64) -> Value {
    Value::I64(value)
}

/// Fields of a module, the type and body of a function, arguments, and what it gives.
pub(crate) type Case = (&'static str, &'static str, &'static [Value], Gives);

fn text(fields: &str, function: &str) -> String {
    // The function comes first, so that fields may name it by its index.
    format!("(module (func (export \"f\") {function}) {fields})")
}

fn check(guest: &mut Guest, case: &Case) -> u64 {
    let (fields, function, args, gives) = case;
    let got = guest.call("f", args);
    match (&got, gives) {
        (Ok(values), Values(expected)) => assert_eq!(&values[..], *expected, "{fields} {function}"),
        (Err(Stop::Trap(trapped)), Traps(trap)) => {
            assert_eq!(trapped.trap, *trap, "{fields} {function}");
            assert!(trapped.site.is_some(), "{fields} {function}");
        }
        (Err(Stop::Throw(_)), Throws) => {}
        _ => panic!("{fields} {function}: {got:?}"),
    }
    guest.store.meter().consumed()
}

/// Tells every rule to nobody.
struct Watcher;

impl Observer for Watcher {}

/// Runs cases plain, metered, and observed: metering and observing change nothing.
pub(crate) fn check_all(cases: &[Case]) {
    for case in cases {
        let wat = text(case.0, case.1);
        check(&mut Guest::new(&wat), case);
        let watched = Oracle::with_observer(Box::new(Watcher));
        let mut watched = Guest::with(&wat, StoreConfig::metered(None), watched);
        let watched = check(&mut watched, case);
        let mut metered = Guest::metered(&wat, None);
        let instantiation = metered.store.meter().consumed();
        let consumed = check(&mut metered, case);
        assert_eq!(watched, consumed, "{wat}");
        let executed = instantiation + metered.executed();
        if let Values(_) = case.3 {
            // gas-1, the law *ledger*
            assert_eq!(executed, consumed, "{wat}");
        } else {
            // gas-1, the law *trap*
            assert!(executed <= consumed, "{wat}");
        }
        check_fine(case, &wat);
        // gas-1, the law *knife edge*
        check(&mut Guest::metered(&wat, Some(consumed)), case);
        let mut short = Guest::metered(&wat, Some(consumed - 1));
        let stop = short.call("f", case.2).unwrap_err();
        assert_eq!(stop, Stop::Exhausted(Exhaustion::Gas), "{wat}");
        assert_eq!(short.store.meter().consumed(), consumed - 1, "{wat}");
    }
}

/// With fine cuts nothing is charged that was not executed, whether the case traps or not.
fn check_fine(case: &Case, wat: &str) {
    let mut guest = Guest::priced(wat, fine());
    let instantiation = guest.store.meter().consumed();
    let consumed = check(&mut guest, case);
    assert_eq!(consumed, instantiation + guest.executed(), "{wat}");
}

/// The default schedule with fine cuts.
fn fine() -> Arc<Schedule> {
    static FINE: LazyLock<Arc<Schedule>> = LazyLock::new(|| {
        let text = include_str!("../../../gas/schedules/default.toml");
        let text = text.replace("cuts = \"coarse\"", "cuts = \"fine\"");
        Arc::new(Schedule::parse(&text, "fine cuts").unwrap())
    });
    Arc::clone(&FINE)
}
