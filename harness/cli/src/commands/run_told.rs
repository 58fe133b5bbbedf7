//! What `etalon run` says of a run.

use super::run::{Args, Run, SIGNAL};
use crate::fault::{self, tool};
use crate::output::{self, bad, note, plain, say};
use crate::words::counted;
use crate::{backtrace, escape, figures, values};
use etalon_adapters::{Outcome, Rejection, Val};
use etalon_record::{RunRecord, Value};

/// The details of an outcome besides its class and its results.
pub(crate) fn message(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Returned(_) => None,
        Outcome::Exited(status) => Some(format!("status {status}")),
        Outcome::TimedOut => Some("it did not end within the limit".to_owned()),
        Outcome::Trapped { text, site } => Some(match site {
            Some((func, offset)) => format!("{text}, in function {func} at offset {offset:#x}"),
            None => text.clone(),
        }),
        Outcome::Threw(values) => {
            let values: Vec<String> = values.iter().map(|v| values::show(*v)).collect();
            Some(format!("an exception with ({})", values.join(", ")))
        }
        Outcome::Exhausted(text) | Outcome::HostError(text) | Outcome::Crashed(text) => {
            Some(text.clone())
        }
        Outcome::Rejected(rejection) => Some(rejection.message().to_owned()),
    }
}

/// Values as records have them, with their very types where those are known.
fn typed(values: &[Val], types: &[String]) -> Vec<Value> {
    let mut written: Vec<Value> = values.iter().map(|v| v.to_record()).collect();
    written.iter_mut().zip(types).for_each(|(value, ty)| value.ty.clone_from(ty));
    written
}

pub(super) fn record(args: &Args, engine: &str, run: &Run) -> RunRecord {
    let tool = tool();
    let file = args.file().display().to_string();
    let mut record = RunRecord::new(tool, file, engine, run.outcome.kind());
    record.invoke.clone_from(&run.invoke);
    record.args = typed(&run.args, &run.params);
    if let Outcome::Returned(values) = &run.outcome {
        record.results = typed(values, &run.results);
    }
    if let Outcome::Exited(status) = &run.outcome {
        record.status = Some(*status);
    }
    [record.stdout, record.stderr] = run.kept.written();
    if let Outcome::Trapped { text, .. } = &run.outcome {
        record.trap = Some(text.clone());
    }
    // Where the time was up is no two times the same.
    if run.outcome != Outcome::TimedOut {
        record.backtrace.clone_from(&run.backtrace);
    }
    record.interrupted = run.interrupted;
    record.message = match run.interrupted {
        true => Some(SIGNAL.to_owned()),
        false => message(&run.outcome),
    };
    record.refusal = run.refusal.as_ref().map(|refused| refused.refusal.clone());
    record.gas.clone_from(&run.gas);
    record.not_compiled = run.not_compiled;
    record
}

pub(super) fn print(args: &Args, run: &Run) {
    for call in &run.host_calls {
        let values: Vec<String> = call.args.iter().map(|v| values::show(*v)).collect();
        let (module, name) = (escape::name(&call.module), escape::name(&call.name));
        say!("{module}.{name}({})", values.join(", "));
    }
    match &run.outcome {
        Outcome::Returned(values) => {
            values.iter().for_each(|v| say!("{}", values::show(*v)));
        }
        // The program has said what it had to say.
        Outcome::Exited(_) => {}
        outcome => {
            let shown = run.refusal.as_ref().and_then(|refused| refused.shown.as_ref());
            let word = match outcome {
                Outcome::Rejected(Rejection::Unsupported { feature, .. }) => {
                    format!("unsupported ({feature})")
                }
                Outcome::Rejected(rejection) => rejection.word().to_owned(),
                _ if run.interrupted => "interrupted".to_owned(),
                other => other.kind().to_string(),
            };
            let file = args.file().display().to_string();
            let (place, text) = match (outcome, shown) {
                (Outcome::Rejected(rejection), Some(shown)) => {
                    let fault = &shown.fault;
                    let text = shown.shown();
                    let text = text.strip_prefix(rejection.word()).unwrap_or(&text).to_owned();
                    (fault::place(&file, fault.line, fault.column), text)
                }
                // The place is the first line of the backtrace.
                (Outcome::Trapped { text, .. }, _) if !run.backtrace.is_empty() => {
                    (fault::place(&file, None, None), format!(": {}", escape::line(text)))
                }
                _ if run.interrupted => (fault::place(&file, None, None), format!(": {SIGNAL}")),
                _ => {
                    let text = message(outcome).unwrap_or_default();
                    (fault::place(&file, None, None), format!(": {}", escape::line(&text)))
                }
            };
            let place = plain(format!("{place}: "));
            output::note_in_colour([place, bad(word), output::lines(text)]);
            backtrace::print(&run.backtrace, &args.file().display().to_string());
        }
    }
    if run.not_compiled > 0 {
        let functions = counted(run.not_compiled, "function");
        note!("note: the interpreter ran {functions} that the compiler left to it");
    }
    if let Some(figures) = run.figures.as_ref().filter(|_| args.stats) {
        note!("{}", figures::in_words(figures));
    }
    if let Some(gas) = run.gas.as_ref().filter(|_| args.stats) {
        let executed = gas.executed.map(|n| format!(", {n} executed")).unwrap_or_default();
        note!("gas: {} consumed{executed} ({})", gas.consumed, gas.schedule);
    }
}
