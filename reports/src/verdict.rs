//! The verdict on a record, in one sentence.

use etalon_record::Standing;

use crate::compare::Comparison;
use crate::text::{counted, list, number};
use crate::view::View;

/// The verdict on a record as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything was tried and is as it should be.
    Pass,
    /// Nothing failed, but not everything was tried.
    Partial,
    /// Something failed, or gas differs.
    Fail,
    /// There was nothing to judge.
    Empty,
}

impl Verdict {
    pub(crate) fn of(view: &View<'_>) -> Self {
        if !view.totals.is_clean() || !view.gas.all_equal() {
            Self::Fail
        } else if view.totals.files == 0 {
            Self::Empty
        } else if view.totals.files_passed < view.totals.files
            || view.record.not_run > 0
            || !view.record.errors.is_empty()
        {
            Self::Partial
        } else {
            Self::Pass
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Partial => "◐",
            Self::Fail => "✗",
            Self::Empty => "∅",
        }
    }

    /// The name of the verdict, as used in the style sheet.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Partial => "skipped",
            Self::Fail => "failed",
            Self::Empty => "unsupported",
        }
    }
}

/// The verdict as one sentence that can stand alone.
pub(crate) fn sentence(view: &View<'_>) -> String {
    let files = counted(view.totals.files, "file", "files");
    let engines: Vec<&str> = view.engines.iter().map(|engine| engine.name.as_str()).collect();
    let engines = list(&engines);
    match Verdict::of(view) {
        Verdict::Empty => "Nothing was judged: the record has no rows.".to_owned(),
        Verdict::Pass => {
            let subject = if view.totals.files == 1 {
                "The one file passes".into()
            } else {
                format!("All {files} pass")
            };
            // A file that an engine did not run must not count as passed by it.
            let whole = view.files().all(|file| file.cells.iter().all(Option::is_some));
            let engines =
                if whole { engines } else { format!("the engines that ran them ({engines})") };
            format!("{subject} on {engines}: {}{}.", assertions_clause(view), gas_clause(view))
        }
        Verdict::Partial => {
            let rest = view.totals.files - view.totals.files_passed;
            let unsupported = view.files_standing(Standing::Unsupported);
            let why = if unsupported > 0 {
                let verb = if unsupported == 1 { "needs" } else { "need" };
                format!(" ({} {verb} a feature that an engine lacks)", number(unsupported))
            } else {
                String::new()
            };
            let verb = if rest == 1 { "was" } else { "were" };
            let stopped = match view.record.not_run {
                0 => String::new(),
                left => format!(
                    "; the run was stopped before {}",
                    counted(left, "further file on an engine", "further files on engines")
                ),
            };
            let errors = match view.record.errors.len() as u64 {
                0 => String::new(),
                n => format!("; {} could not be run at all", counted(n, "script", "scripts")),
            };
            format!(
                "Nothing failed on {engines}, but {} of {files} {verb} not judged in full{why}{stopped}{errors}{}.",
                number(rest),
                gas_clause(view)
            )
        }
        Verdict::Fail => failing(view, &files),
    }
}

fn failing(view: &View<'_>, files: &str) -> String {
    let mut clauses = Vec::new();
    if view.totals.failed > 0 {
        let by_engine: Vec<String> = view
            .engines
            .iter()
            .filter(|engine| engine.totals.failed > 0)
            .map(|engine| format!("{} on {}", number(engine.totals.failed), engine.name))
            .collect();
        let failed_files = view.files_standing(Standing::Failed);
        let verb = if view.totals.failed == 1 { "assertion fails" } else { "assertions fail" };
        clauses.push(format!(
            "{} {verb} in {} of {files} ({})",
            number(view.totals.failed),
            number(failed_files),
            list(&by_engine)
        ));
    }
    if view.totals.timed_out > 0 {
        let verb = if view.totals.timed_out == 1 { "command does" } else { "commands do" };
        let limit = view.record.time_limit.as_deref().unwrap_or("the limit");
        clauses.push(format!("{} {verb} not end within {limit}", number(view.totals.timed_out)));
    }
    if view.totals.unexpected_passes > 0 {
        let verb = if view.totals.unexpected_passes == 1 { "passes" } else { "pass" };
        clauses.push(format!(
            "{} {verb}",
            counted(view.totals.unexpected_passes, "expected failure", "expected failures")
        ));
    }
    if !view.gas.all_equal() {
        clauses.push(format!(
            "gas differs in {} of {}",
            number(
                view.gas.compared.saturating_sub(view.gas.equal).max(view.gas.unequal.len() as u64)
            ),
            counted(view.gas.compared, "comparison", "comparisons")
        ));
    }
    let mut sentence = list(&clauses);
    if let Some(first) = sentence.get(..1) {
        sentence.replace_range(..1, &first.to_uppercase());
    }
    sentence.push('.');
    sentence
}

fn assertions_clause(view: &View<'_>) -> String {
    let held = counted(view.totals.passed, "assertion holds", "assertions hold");
    match view.totals.expected_failures {
        0 => held,
        1 => format!("{held}, 1 fails as expected"),
        many => format!("{held}, {} fail as expected", number(many)),
    }
}

/// How a run compares with the baseline, as one sentence.
pub(crate) fn against_baseline(comparison: &Comparison) -> String {
    let worse = counted(comparison.regressions.len() as u64, "count is", "counts are");
    let better = counted(comparison.improvements.len() as u64, "is", "are");
    match (comparison.regressions.is_empty(), comparison.improvements.is_empty()) {
        (true, true) => "No count differs from the baseline.".to_owned(),
        (true, false) => format!("Against the baseline no count is worse and {better} better."),
        (false, true) => format!("Against the baseline {worse} worse."),
        (false, false) => format!("Against the baseline {worse} worse and {better} better."),
    }
}

fn gas_clause(view: &View<'_>) -> String {
    if view.gas.compared == 0 {
        return String::new();
    }
    format!("; gas is equal in {}", all(view.gas.compared))
}

fn all(comparisons: u64) -> String {
    match comparisons {
        1 => "the one comparison".to_owned(),
        many => format!("all {} comparisons", number(many)),
    }
}

#[cfg(test)]
mod tests {
    use etalon_record::{Fault, GasAgreement, GasMismatch, Kind, Row, SuiteRecord, Tool};

    use super::{Verdict, sentence};
    use crate::view::View;

    fn said(rows: Vec<Row>, gas: GasAgreement) -> (Verdict, String) {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        record.rows = rows;
        record.gas = gas;
        let view = View::new(&record);
        (Verdict::of(&view), sentence(&view))
    }

    #[test]
    fn each_verdict_has_its_sentence() {
        let pass = |file: &str, engine: &str| Row { passed: 2, ..Row::new("s", file, engine) };
        let gas = GasAgreement { compared: 2, equal: 2, unequal: Vec::new() };
        assert_eq!(
            said(vec![pass("a", "interp"), pass("b", "jit")], gas.clone()),
            (
                Verdict::Pass,
                "All 2 files pass on the engines that ran them (interp and jit): 4 assertions hold; \
                 gas is equal in all 2 comparisons."
                    .into()
            )
        );
        let expected = Row { expected_failures: 1, ..pass("a", "jit") };
        assert_eq!(
            said(vec![pass("a", "interp"), expected], GasAgreement::default()).1,
            "The one file passes on interp and jit: 4 assertions hold, 1 fails as expected."
        );
        let lacking =
            Row { skipped: 1, unsupported: vec!["gc".into()], ..Row::new("s", "b", "jit") };
        assert_eq!(
            said(vec![pass("a", "jit"), lacking], GasAgreement::default()),
            (
                Verdict::Partial,
                "Nothing failed on jit, but 1 of 2 files was not judged in full \
                 (1 needs a feature that an engine lacks)."
                    .into()
            )
        );
        assert_eq!(said(Vec::new(), GasAgreement::default()).0, Verdict::Empty);
    }

    #[test]
    fn what_timed_out_did_not_pass_and_a_stopped_run_is_not_whole() {
        let late = Row { passed: 1, timed_out: 1, ..Row::new("s", "a", "jit") };
        assert_eq!(
            said(vec![late], GasAgreement::default()),
            (Verdict::Fail, "1 command does not end within the limit.".into())
        );
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        record.rows = vec![Row { passed: 1, ..Row::new("s", "a", "jit") }];
        record.not_run = 2;
        let view = View::new(&record);
        assert_eq!(Verdict::of(&view), Verdict::Partial);
        assert!(sentence(&view).ends_with("stopped before 2 further files on engines."));
        record.not_run = 0;
        let (kind, message) = ("syntax".to_owned(), "x".to_owned());
        record.errors.push(Fault {
            kind,
            message,
            file: None,
            offset: None,
            line: None,
            column: None,
        });
        let view = View::new(&record);
        assert_eq!(Verdict::of(&view), Verdict::Partial);
        assert!(sentence(&view).ends_with("1 script could not be run at all."));
    }

    #[test]
    fn a_failure_names_engines_and_gas() {
        let unequal = GasMismatch { suite: "s".into(), file: "a".into(), by_engine: [].into() };
        let gas = GasAgreement { compared: 3, equal: 2, unequal: vec![unequal] };
        let rows = vec![
            Row { passed: 1, failed: 1000, ..Row::new("s", "a", "jit") },
            Row { unexpected_passes: 1, ..Row::new("s", "b", "jit") },
        ];
        assert_eq!(
            said(rows, gas.clone()),
            (
                Verdict::Fail,
                "1,000 assertions fail in 2 of 2 files (1,000 on jit), 1 expected failure passes \
                 and gas differs in 1 of 3 comparisons."
                    .into()
            )
        );
        assert_eq!(
            said(vec![Row::new("s", "a", "jit")], gas).1,
            "Gas differs in 1 of 3 comparisons."
        );
    }
}
