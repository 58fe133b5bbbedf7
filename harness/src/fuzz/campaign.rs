//! A campaign: what all of its threads share.

use super::journal::{Journal, Past};
use super::options::{FuzzError, FuzzOptions};
use super::rotation::Rotation;
use super::run::{common_features, numbered_case, profile_of};
use super::save::{Found, Shown, add_line, describe, save};
use super::tally::{Kind, Tally};
use crate::coverage::rule_coverage;
use crate::diff::{Case, Differ, Difference, Judged, Verdict};
use crate::reduce::{Budget, Reduced, reduce};
use etalon_adapters::{Features, RuleTally};
use etalon_record::{Aspect, Finding, FuzzRecord, RuleCoverage, Tool};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// What is said of a finding that was not seen again.
const NOT_AGAIN: &str =
    "; when the same was run again, it was not seen: an engine does not do the same each time";

/// How long a finding is reduced at most.
const REDUCTION: Duration = Duration::from_secs(60);

/// The cases that are done, the findings in them, and the journal that says so.
pub(crate) struct Campaign<'a> {
    options: &'a FuzzOptions,
    rotation: &'a Rotation,
    journal: Option<Journal>,
    pub(crate) tally: Tally,
    /// The rules that earlier runs of the campaign reached.
    rules: Option<RuleCoverage>,
    /// How many rules the journal knows of.
    reached: usize,
}

impl<'a> Campaign<'a> {
    /// Begins a campaign, or goes on with one. One that is complete gives its record.
    pub(crate) fn begin(
        options: &'a FuzzOptions,
        rotation: &'a Rotation,
        tool: &Tool,
        arch: &str,
    ) -> Result<Result<Self, Box<FuzzRecord>>, FuzzError> {
        let open = |folder: &Path| {
            Journal::open(folder, options, rotation.plain(options, 0).infos(), tool, arch)
        };
        let (journal, past) = match options.out.as_deref().map(open).transpose()? {
            Some((journal, past)) => (Some(journal), past),
            None => (None, Past::default()),
        };
        let Past { tally, rules, complete } = past;
        if let Some(record) = complete {
            return Ok(Err(record));
        }
        Ok(Ok(Campaign { options, rotation, journal, tally, rules, reached: 0 }))
    }

    /// Adds a case that is done. A finding is saved at once, as it is; then the journal is told.
    pub(crate) fn add(
        &mut self,
        one: Tally,
        case: &Case,
        judged: &Judged,
    ) -> Result<(), FuzzError> {
        for (signature, kind) in &one.kinds {
            let known = self.tally.kinds.get(signature);
            if known.is_some_and(|known| known.number < kind.number) {
                continue;
            }
            let shown = Shown { original: case, case, judged, cause: None, since: None, cases: 1 };
            let differ = self.rotation.of(self.options, kind.number);
            save(self.folder(), differ, &self.found(kind, false), shown)?;
            if let Some(known) = known {
                self.forget(known, &kind.finding.folder);
            }
        }
        self.tally.add(one.clone());
        let reached = self.options.rules.as_ref().map_or(0, RuleTally::reached);
        let rules = (reached > self.reached).then(|| self.all_rules()).flatten();
        self.reached = reached;
        let Some(journal) = &mut self.journal else { return Ok(()) };
        // The rules first: they may be of more cases than the journal knows, but not of fewer.
        if let Some(rules) = rules {
            journal.rules(rules)?;
        }
        journal.cases(one)?;
        if journal.is_long() {
            let rules = self.all_rules();
            let (journal, tally) = (&mut self.journal, self.tally.clone());
            journal.as_mut().map_or(Ok(()), |journal| journal.shorten(tally, rules))?;
        }
        Ok(())
    }

    /// The rules that this run and earlier ones reached, if they are counted.
    fn all_rules(&self) -> Option<RuleCoverage> {
        let mut all = rule_coverage(self.options.rules.as_ref()?);
        self.rules.iter().for_each(|before| all.merge(before));
        Some(all)
    }

    /// The record of what was done. If nothing stops it, findings are reduced, and the campaign may then be complete.
    pub(crate) fn finish(mut self, mut record: FuzzRecord) -> Result<FuzzRecord, FuzzError> {
        record.modules = self.tally.modules();
        record.cases = self.tally.cases();
        record.outcomes.clone_from(&self.tally.outcomes);
        record.poisoned.clone_from(&self.tally.poisoned);
        record.untold.clone_from(&self.tally.untold);
        record.generators.clone_from(&self.tally.generators);
        for generator in record.generators.values_mut() {
            let operators = generator.cells.keys().filter_map(|cell| cell.split(' ').next());
            generator.operators = operators.collect::<BTreeSet<_>>().len() as u64;
        }
        record.timed_out = self.tally.timed_out;
        let profiles = self.options.profiles.iter();
        record.laws.clone_from(&self.tally.laws);
        let features = profiles.map(|profile| common_features(self.options, profile));
        record.coverage = self.tally.coverage(features.fold(Features::wasm1(), Features::union));
        // Before findings are reduced, which reaches more.
        record.coverage.rules = self.all_rules();
        let (findings, all_reduced) = self.findings()?;
        record.interrupted = self.options.is_stopped();
        record.findings = findings;
        let is_complete =
            all_reduced && !record.interrupted && self.options.ours() == Some(record.modules);
        if is_complete && let Some(journal) = &mut self.journal {
            journal.complete(&record)?;
        }
        Ok(record)
    }

    /// The kinds that are kept, reduced, named and saved, and whether all are reduced. If that is stopped, the rest is as it was
    /// found.
    fn findings(&self) -> Result<(Vec<Finding>, bool), FuzzError> {
        let (mut findings, mut all_reduced) = (Vec::<Finding>::new(), true);
        for kind in self.kept() {
            let as_found = || Finding { cases: kind.cases, ..kind.finding.clone() };
            let finding = match kind.difference.aspect {
                // Each try would take as long as the limit.
                Aspect::Time => as_found(),
                _ => match self.reduce(kind, &findings)? {
                    Some(finding) => finding,
                    None => {
                        all_reduced = false;
                        as_found()
                    }
                },
            };
            // Two kinds may turn out to be the same when they are reduced.
            match findings.iter_mut().find(|known| known.id == finding.id) {
                Some(known) => known.cases += finding.cases,
                None => findings.push(finding),
            }
        }
        findings.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((findings, all_reduced))
    }

    /// A finding with its case reduced takes the place of the one that was saved first. `None` if that is stopped.
    fn reduce(&self, kind: &Kind, known: &[Finding]) -> Result<Option<Finding>, FuzzError> {
        if self.options.is_stopped() {
            return Ok(None);
        }
        let whole = numbered_case(self.options, kind.number);
        let budget = Budget { jobs: self.options.jobs, time: Some(REDUCTION), ..Budget::default() };
        let diverged = |differ: &Differ| -> Result<Option<(usize, Difference)>, FuzzError> {
            Ok(match differ.judge(&whole)?.verdict {
                Verdict::Diverged { engine, difference } => Some((engine, difference)),
                _ => None,
            })
        };
        let turned = self.rotation.of(self.options, kind.number);
        let Some((engine, _)) = diverged(turned)? else { return self.not_again(kind).map(Some) };
        // Settings that are not needed say nothing, and where they choose functions by their numbers none can be left out.
        let plain = Some(self.rotation.plain(self.options, kind.number))
            .filter(|plain| !std::ptr::eq(*plain, turned));
        let found = plain.map(diverged).transpose()?.flatten();
        let found = found.filter(|(_, found)| found.aspect == kind.difference.aspect);
        let (differ, (engine, difference)) = match (plain, found) {
            (Some(plain), Some(found)) => (plain, found),
            _ => (turned, (engine, kind.difference.clone())),
        };
        let reduced = reduce(differ, &whole, engine, &difference, budget)?;
        let Reduced { case, judged, cause, under, .. } = reduced;
        let differ = under.as_deref().unwrap_or(differ);
        if self.options.is_stopped() {
            return Ok(None);
        }
        if !matches!(judged.verdict, Verdict::Diverged { .. }) {
            // An engine that behaves differently each time: what was seen first says more.
            return self.not_again(kind).map(Some);
        }
        let found = self.found(kind, case.wasm != whole.wasm);
        let since = match (&self.options.versions, &judged.verdict) {
            (Some(versions), Verdict::Diverged { difference, .. }) => {
                Some(versions.since(differ, &case, difference.aspect))
            }
            _ => None,
        };
        let shown = Shown {
            original: &whole,
            case: &case,
            judged: &judged,
            cause: cause.as_ref(),
            since: since.as_ref(),
            cases: kind.cases,
        };
        let (mut finding, _) = describe(differ, shown);
        // Of those of one cause the first is kept.
        if !known.iter().any(|known| known.id == finding.id) {
            finding = save(self.folder(), differ, &found, shown)?;
        }
        self.forget(kind, &finding.folder);
        Ok(Some(finding))
    }

    /// A finding that was not seen when the same was run again. It and its report say so.
    fn not_again(&self, kind: &Kind) -> Result<Finding, FuzzError> {
        let mut finding = Finding { cases: kind.cases, ..kind.finding.clone() };
        let summary = finding.summary.get_or_insert_default();
        if !summary.ends_with(NOT_AGAIN) {
            summary.push_str(NOT_AGAIN);
            if let Some(folder) = self.folder() {
                add_line(&folder.join(&finding.folder), NOT_AGAIN)?;
            }
        }
        Ok(finding)
    }

    /// The kinds that are reduced and saved: those that came first.
    fn kept(&self) -> Vec<&Kind> {
        let mut kinds = self.tally.kinds_in_order();
        kinds.truncate(self.options.keep);
        kinds
    }

    fn found(&self, kind: &Kind, reduced: bool) -> Found {
        Found {
            profile: profile_of(self.options, kind.number).name,
            seed: self.options.seed,
            number: kind.number,
            reduced,
            gas: self.options.diff.run.gas.as_ref().and_then(|gas| gas.limit),
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.options.out.as_deref()
    }

    /// Removes what was saved of a kind, because another folder has taken its place. What cannot be removed does no harm.
    fn forget(&self, kind: &Kind, replaced_by: &str) {
        let folder = &kind.finding.folder;
        // Cases with different numbers may be the same.
        let others = self.tally.kinds.values().filter(|other| other.number != kind.number);
        let shared = others.into_iter().any(|other| other.finding.folder == *folder);
        if let Some(out) = self.folder()
            && folder != replaced_by
            && !shared
        {
            drop(std::fs::remove_dir_all(out.join(folder)));
        }
    }
}
