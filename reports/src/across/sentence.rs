//! The verdict over several architectures, in one sentence or two.

use std::collections::BTreeMap;

use super::{Across, Aspect};
use crate::text::{counted, list, number};
use crate::verdict::{self, Verdict};

/// The verdict on all records together: a difference between architectures is a failure of all.
pub(crate) fn verdict(across: &Across<'_>) -> Verdict {
    let verdicts: Vec<Verdict> = across.views.iter().map(Verdict::of).collect();
    let differs = across.differences.iter().any(|d| d.aspects[0] != Aspect::Tried);
    if differs || !across.gas.unequal.is_empty() || verdicts.contains(&Verdict::Fail) {
        Verdict::Fail
    } else if !across.differences.is_empty()
        || across.alone + across.late > 0
        || verdicts.iter().any(|verdict| *verdict != Verdict::Pass)
    {
        Verdict::Partial
    } else {
        Verdict::Pass
    }
}

/// What differs comes first, then what is wrong everywhere, then what was not compared.
pub(crate) fn sentence(across: &Across<'_>) -> String {
    let archs = list(&across.archs());
    let mut sentences = Vec::new();
    match across.differences.as_slice() {
        [] => sentences.push(format!(
            "{archs} agree: the same verdicts, states and gas in {} of a script on an engine.",
            counted(across.compared, "comparison", "comparisons")
        )),
        [first, others @ ..] => {
            sentences.push(first.headline());
            if !others.is_empty() {
                let verb = if others.len() == 1 { "differs" } else { "differ" };
                sentences.push(format!(
                    "{} {verb} between architectures.",
                    counted(others.len() as u64, "further script", "further scripts")
                ));
            }
        }
    }
    let mut failing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for view in across.views.iter().filter(|view| Verdict::of(view) == Verdict::Fail) {
        failing.entry(verdict::sentence(view)).or_default().push(&view.record.arch);
    }
    for (sentence, archs) in &failing {
        sentences.push(format!("On {}: {}", list(archs), lowered(sentence)));
    }
    for (count, what) in [
        (across.alone, "not run on all architectures"),
        (across.late, "not compared, for they timed out"),
    ] {
        if count > 0 {
            let of = counted(count, "pair", "pairs");
            sentences.push(format!("{of} of a script and an engine: {what}."));
        }
    }
    let not_whole = across.scripts().filter(|script| {
        let rows = script.cells.iter().flatten();
        rows.clone().all(|row| row.failed == 0) && rows.clone().any(|row| row.skipped > 0)
    });
    match not_whole.count() as u64 {
        0 => {}
        count => sentences.push(format!(
            "{} of {} {} not judged in full.",
            number(count),
            counted(across.scripts().count() as u64, "script", "scripts"),
            if count == 1 { "was" } else { "were" }
        )),
    }
    sentences.join(" ")
}

/// A sentence as the rest of another one.
fn lowered(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + characters.as_str()
    })
}
