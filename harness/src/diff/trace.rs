//! What one engine did in one case.

use crate::value::show_all;
/// What was observed after one action: loading the module, which counts as a return without values, or one call.
pub use etalon_adapters::Seen as Step;
use etalon_adapters::{HostCall, LeftEntry, LeftKind, Outcome, ProgramCalls, ProgramSeen, Val};
use etalon_record::{Gas, Observation, Value};

/// What one engine did in one case: the step of loading, then one for each call that was made.
///
/// After a crash no further call is made, because the state is not defined; after an exhaustion only where each call has a meter of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The steps; never empty.
    pub steps: Vec<Step>,
    /// How many functions did not run where the engine was asked to run them.
    pub not_compiled: u64,
}

impl Trace {
    /// The step that did not end within the limit, if there is one.
    pub fn timed_out(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.outcome == Outcome::TimedOut)
    }
}

/// A step, as records have it. `schedule` is the id of the gas schedule.
pub(crate) fn observation(step: &Step, schedule: Option<&str>) -> Observation {
    let mut seen = Observation::new(step.outcome.kind());
    let values = |values: &[Val]| values.iter().map(|v| v.to_record()).collect::<Vec<Value>>();
    match &step.outcome {
        Outcome::Returned(results) => seen.results = values(results),
        Outcome::Trapped { text, .. } => seen.trap = Some(text.clone()),
        Outcome::Threw(carried) => seen.message = Some(join(carried)),
        Outcome::Exhausted(text) | Outcome::HostError(text) | Outcome::Crashed(text) => {
            seen.message = Some(text.clone());
        }
        Outcome::Rejected(rejection) => {
            seen.message = Some(format!("{}: {}", rejection.word(), rejection.message()));
        }
        Outcome::Exited(status) => seen.message = Some(format!("status {status}")),
        Outcome::TimedOut => {}
    }
    seen.gas = match (step.gas, schedule) {
        (Some(consumed), Some(id)) => {
            Some(Gas { consumed, executed: step.executed, schedule: id.to_owned() })
        }
        _ => None,
    };
    for (name, value) in &step.globals {
        seen.digests.insert(format!("global {name}"), value.to_record().to_string());
    }
    for (name, sum) in &step.memories {
        seen.digests.insert(memory_key(name), sum.to_string());
    }
    if let Some(program) = &step.program {
        if let Some(ProgramCalls { count, crc32, .. }) = &program.calls {
            let text = format!("{count} with CRC-32 {crc32:08x}");
            seen.digests.insert("WASI calls".into(), text);
        }
        seen.digests.extend(left_behind(program));
    }
    if let Some(digest) = &step.digest {
        seen.digests.insert("globals".into(), digest.globals.clone());
        seen.digests.insert("memories".into(), digest.memories.clone());
        seen.digests.insert("tables".into(), digest.tables.clone());
    }
    for (number, call) in step.host_calls.iter().enumerate() {
        seen.digests.insert(format!("host call {number}"), call_text(call));
    }
    seen
}

/// Under what the sum of an exported memory stands in a record.
pub(crate) fn memory_key(name: &str) -> String {
    format!("memory {name}")
}

/// Whether that is what stands there.
pub(crate) fn is_memory(key: &str) -> bool {
    key.starts_with("memory ")
}

/// Whether what stands there is about a file that a program left.
pub(crate) fn is_file(key: &str) -> bool {
    key.starts_with("file ")
}

/// Before the outcomes of actions that load a module.
pub(crate) const LOADING: &str = "loading: ";

/// `returned`, `trapped: unreachable`, `loading: returned`…
pub(crate) fn outcome_name(step: usize, outcome: &Outcome) -> String {
    let class = match outcome {
        Outcome::Trapped { text, .. } | Outcome::Exhausted(text) => {
            format!("{}: {text}", outcome.kind())
        }
        Outcome::Rejected(rejection) => format!("{}: {}", outcome.kind(), rejection.word()),
        _ => outcome.kind().to_string(),
    };
    if step == 0 { format!("{LOADING}{class}") } else { class }
}

/// A host call on one line, for people: `env.print(f32:0.1), gas left 99`.
pub(crate) fn call_text(call: &HostCall) -> String {
    let mut text = format!("{}.{}({})", call.module, call.name, join(&call.args));
    if let Some(gas) = call.gas_left {
        text.push_str(&format!(", gas left {gas}"));
    }
    text
}

/// Values on one line, for people.
pub(crate) fn join(values: &[Val]) -> String {
    show_all(values)
}

/// Bytes of what a program wrote that are shown.
const MOST_SHOWN: usize = 400;

/// Files and folders of a folder that are shown.
const MOST_ENTRIES: usize = 100;

/// What a program left behind, in words: text with escapes, and a sum of each file.
fn left_behind(program: &ProgramSeen) -> Vec<(String, String)> {
    let shown = |bytes: &[u8]| {
        let start = &bytes[..bytes.len().min(MOST_SHOWN)];
        let more = bytes.len() - start.len();
        let more = if more > 0 { format!(" and {more} bytes more") } else { String::new() };
        format!("\"{}\"{more}", start.escape_ascii())
    };
    let mut all = vec![
        ("stdout".to_owned(), shown(&program.stdout)),
        ("stderr".to_owned(), shown(&program.stderr)),
    ];
    for (folder, entries) in &program.folders {
        // What is not shown is in a sum.
        let mut sum = blake3::Hasher::new();
        let mut passed: Vec<&str> = Vec::new();
        for (number, LeftEntry { depth, name, kind }) in entries.iter().enumerate() {
            sum.update(format!("{depth} {name:?} {kind:?}").as_bytes());
            if number >= MOST_ENTRIES {
                continue;
            }
            passed.truncate(*depth as usize);
            passed.push(name);
            let what = match kind {
                LeftKind::Folder => "a folder".to_owned(),
                LeftKind::Link(text) => format!("a link to {}", shown(text.as_bytes())),
                LeftKind::File { bytes, crc32 } => format!("{bytes} bytes with CRC-32 {crc32:08x}"),
            };
            all.push((format!("file {folder} {}", shown(passed.join("/").as_bytes())), what));
        }
        let what = format!("{} with BLAKE3 {:.16}", entries.len(), sum.finalize().to_hex());
        all.push((format!("files {folder}"), what));
    }
    all
}
