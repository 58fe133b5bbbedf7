//! Modules on the tiers, and processes with limits of their own.

use etalon_adapters::{
    Features, GasConfig, Instance, Outcome, Schedule, SessionConfig, Solo, Val, adapter,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::Command;

/// The tiers.
pub(crate) const ENGINES: [&str; 5] = ["oracle", "interp", "jit", "aot", "auto"];

/// Set in the process of one test.
const ALONE: &str = "ETALON_TEST_ALONE";

/// Runs `body` in a process that does nothing else: the test of this name, run again.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var(ALONE).as_deref() == Ok(test) {
        return body();
    }
    let output = Command::new(std::env::current_exe().expect("a process knows its program"))
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, test)
        .output()
        .expect("the program of this process runs");
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{error}", output.status);
    assert!(out.contains("1 passed"), "no test is called {test}");
}

/// A module in a session of a tier.
pub(crate) struct Guest {
    pub(crate) session: Solo,
    pub(crate) instance: Instance,
}

/// A session of a tier; metered without a limit, or not at all.
pub(crate) fn session(engine: &str, features: Features, metered: bool) -> Solo {
    let schedule = Schedule::builtin(Schedule::DEFAULT).expect("it is built in");
    let gas = metered.then_some(GasConfig { schedule, limit: None });
    let config = SessionConfig { features, gas, turns: false, measure: false, time: None };
    let adapter = adapter(engine).expect("it is one of ours");
    adapter.session(&config).expect("our tiers can be set up")
}

/// A module in a session with gas.
pub(crate) fn guest_with(engine: &str, wat: &str, gas: Option<GasConfig>) -> Guest {
    let adapter = adapter(engine).expect("it is one of ours");
    let config = SessionConfig {
        features: adapter.features(),
        gas,
        turns: false,
        measure: false,
        time: None,
    };
    Guest::in_session(engine, adapter.session(&config).expect("our tiers can be set up"), wat)
}

impl Guest {
    pub(crate) fn new(engine: &str, wat: &str, metered: bool) -> Guest {
        let features = adapter(engine).expect("it is one of ours").features();
        Guest::in_session(engine, session(engine, features, metered), wat)
    }

    pub(crate) fn in_session(engine: &str, mut session: Solo, wat: &str) -> Guest {
        let wasm = wat::parse_str(wat).expect("the module is text");
        let instance = session.load(&wasm).unwrap_or_else(|e| panic!("{engine}: {e:?}"));
        Guest { session, instance }
    }

    pub(crate) fn call(&mut self, export: &str, args: &[Val]) -> Outcome {
        self.session.invoke(self.instance, export, args)
    }
}

/// Pages of this process, by the column of `/proc/self/statm`, in bytes.
fn pages(column: usize) -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("the system has it");
    let pages = text.split(' ').nth(column).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("it is numbers") * rustix::param::page_size() as u64
}

/// Bytes of memory that this process has in use.
pub(crate) fn resident() -> u64 {
    pages(1)
}

/// Bytes of address space that this process has.
pub(crate) fn vsize() -> u64 {
    pages(0)
}

/// Mappings that this process has.
#[cfg(debug_assertions)]
pub(crate) fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").expect("the system has it").lines().count()
}

/// Lets this process have `more` bytes than it has now, as long as `body` runs: of address space, or of data.
pub(crate) fn with_room<R>(resource: Resource, more: u64, body: impl FnOnce() -> R) -> R {
    let column = if matches!(resource, Resource::As) { 0 } else { 5 };
    let before = getrlimit(match resource {
        Resource::As => Resource::As,
        _ => Resource::Data,
    });
    let maximum = before.maximum;
    let set = |current| {
        let resource = if column == 0 { Resource::As } else { Resource::Data };
        setrlimit(resource, Rlimit { current, maximum }).expect("a process may limit itself");
    };
    set(Some(pages(column) + more));
    let result = body();
    set(before.current);
    result
}
