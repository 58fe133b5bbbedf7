//! What is paused in one process goes on in another, and comes to the same.

use crate::guest::{CALLS, Guest, config, ending, restore};
use etalon::{Engine, Execution, PauseLimits, Progress, Schedule, Store, unstable};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Set for the process that goes on: how many bytes of a snapshot it is given.
const GIVEN: &str = "ETALON_SNAPSHOT_GIVEN";

/// Runs what is paused to its end: how it ends, the gas, and the state.
fn end_of(store: &mut Store<()>, execution: Execution) -> String {
    let outcome = match store.resume(execution, &PauseLimits::default()) {
        Ok(Progress::Done(values)) => ending(Ok(values)),
        Err(error) => ending(Err(error)),
        other => panic!("{other:?}"),
    };
    format!("{outcome:?} {:?} {:?}", store.fuel_consumed(), unstable::digest(&*store))
}

/// The other process: in one that was not given a snapshot there is nothing to do.
#[test]
#[expect(clippy::print_stdout, reason = "this is how it tells the process that started it")]
fn goes_on_with_what_it_is_given() {
    let Ok(given) = std::env::var(GIVEN) else { return };
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len().to_string(), given);
    let mut store = restore(&Engine::new(&config(Schedule::DEFAULT)).unwrap(), &bytes).unwrap();
    let paused = store.paused();
    println!("<{}>", end_of(&mut store, paused[0]));
}

fn elsewhere(snapshot: &[u8]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::goes_on_with_what_it_is_given", "--nocapture"])
        .env(GIVEN, snapshot.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(snapshot).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, told) = text.split_once('<').unwrap();
    told.rsplit_once('>').unwrap().0.to_owned()
}

#[test]
fn another_process_comes_to_the_same() {
    let mut moved = 0;
    for (name, arg) in CALLS {
        let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
        let Ok(execution) = guest.start(name, *arg) else { continue };
        let begun = guest.store.resume(execution, &PauseLimits::instructions(12));
        if matches!(begun, Ok(Progress::Paused(_))) {
            moved += 1;
            let snapshot = guest.store.snapshot().unwrap();
            assert_eq!(elsewhere(&snapshot), end_of(&mut guest.store, execution), "{name} {arg}");
        }
    }
    assert!(moved > 5, "{moved}");
}
