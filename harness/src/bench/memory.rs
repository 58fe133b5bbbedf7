//! Memory of a process: what it has of the machine's, as the system tells it. Each figure is taken in a process of its own.

use etalon_adapters::{AdapterError, Racer, Work};

/// Instances that are made before anything is counted: what the first ones cost is not what an instance costs.
const BEFORE: u32 = 100;
/// Instances that are counted.
const INSTANCES: u32 = 1000;

/// A line of what the system says of this process, in bytes; `None` if it says nothing.
fn line(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kilobytes: f64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// What the process has now, with the tables of its pages.
fn held() -> Option<f64> {
    Some(line("VmRSS")? + line("VmPTE")?)
}

/// The bytes of a figure: of [`Work::Keep`], those of one instance; of other work, the most that the process ever had while it was
/// set up, beyond what it had before.
///
/// # Errors
/// If the engine refuses the module, or the system does not tell.
pub fn weigh(racer: &dyn Racer, work: Work, wasm: &[u8]) -> Result<f64, AdapterError> {
    let silent = || AdapterError {
        engine: racer.info().name,
        reason: "this system does not tell what a process has".to_owned(),
    };
    if work != Work::Keep {
        let before = line("VmHWM").ok_or_else(silent)?;
        racer.task(work, wasm)?;
        return Ok(line("VmHWM").ok_or_else(silent)? - before);
    }
    let mut task = racer.task(work, wasm)?;
    task.run(BEFORE)?;
    let before = held().ok_or_else(silent)?;
    task.run(INSTANCES)?;
    Ok((held().ok_or_else(silent)? - before) / f64::from(INSTANCES))
}
