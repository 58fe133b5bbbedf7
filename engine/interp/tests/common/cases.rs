//! Cases: a function, its arguments, and what it gives, however it is run.

use super::Guest;
use etalon_gas::Schedule;
use etalon_runtime::{Exhaustion, Stop, Trap, Value};
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

/// Runs cases plain and metered: metering changes nothing.
pub(crate) fn check_all(cases: &[Case]) {
    for case in cases {
        let wat = text(case.0, case.1);
        check(&mut Guest::new(&wat), case);
        let consumed = check(&mut Guest::metered(&wat, None), case);
        // With fine cuts a trap leaves nothing charged that did not begin; otherwise they change nothing.
        let fine = check(&mut Guest::under(&wat, fine()), case);
        match case.3 {
            Traps(_) => assert!(fine <= consumed, "{wat}"),
            Values(_) | Throws => assert_eq!(fine, consumed, "{wat}"),
        }
        // gas-1, the law *knife edge*
        check(&mut Guest::metered(&wat, Some(consumed)), case);
        let mut short = Guest::metered(&wat, Some(consumed - 1));
        let stop = short.call("f", case.2).unwrap_err();
        assert_eq!(stop, Stop::Exhausted(Exhaustion::Gas), "{wat}");
        assert_eq!(short.store.meter().consumed(), consumed - 1, "{wat}");
    }
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
