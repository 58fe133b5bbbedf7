//! The settings that a campaign goes through.

use super::options::FuzzOptions;
use super::run::profile_of;
use crate::diff::{DiffOptions, Differ, RunOptions};
use etalon_adapters::{Adapter, GasConfig, Schedule, SettingsTurn};
use std::sync::Arc;

/// The engines as they were named, and the same with other settings, which must not show. Each list has one for each schedule.
pub(crate) struct Rotation {
    plain: Vec<Differ>,
    /// With other settings.
    turned: Vec<(Vec<Differ>, SettingsTurn)>,
}

impl Rotation {
    /// Where nothing rotates, there are the engines as they were named alone.
    pub(crate) fn new(options: &FuzzOptions) -> Rotation {
        let differs = |engines: Vec<Arc<dyn Adapter>>| {
            let differ =
                |run| Differ::new(engines.clone(), DiffOptions { run, ..options.diff.clone() });
            scheduled(options).into_iter().map(differ).collect()
        };
        let plain = differs(options.engines.clone());
        let turns = SettingsTurn::ALL.iter().filter(|_| options.rotates);
        // The laws are of engines that meter, and one of them is that a run without a meter does the same.
        let turns = turns.filter(|turn| !options.diff.laws || **turn != SettingsTurn::Unmetered);
        let turned = turns.filter_map(|turn| Some((differs(turned(options, *turn)?), *turn)));
        Rotation { turned: turned.collect(), plain }
    }

    /// The engines as they were named, under the schedule of the module with a number.
    pub(crate) fn plain(&self, options: &FuzzOptions, number: u64) -> &Differ {
        &self.plain[self.schedule(options, number)]
    }

    /// The engines for the module with a number: as they were named for every other module of a profile.
    pub(crate) fn of(&self, options: &FuzzOptions, number: u64) -> &Differ {
        let round = number / options.profiles.len() as u64;
        if self.turned.is_empty() || round.is_multiple_of(2) {
            return self.plain(options, number);
        }
        let at = (round / 2) % self.turned.len() as u64;
        match &self.turned[at as usize] {
            // Nothing else would end it, or a collection before each allocation would look at a deep stack each time.
            (_, SettingsTurn::Unmetered | SettingsTurn::GcStress)
                if !profile_of(options, number).ends() =>
            {
                self.plain(options, number)
            }
            (differs, _) => &differs[self.schedule(options, number)],
        }
    }

    /// Which schedule is that of a module, by its place. Modules with the same settings take the schedules in turn, and so do
    /// profiles in one round: where the one and the other meet, all profiles together have had every pair.
    fn schedule(&self, options: &FuzzOptions, number: u64) -> usize {
        let profiles = options.profiles.len() as u64;
        let (round, profile) = (number / profiles, number % profiles);
        ((round / 2 + profile) % self.plain.len() as u64) as usize
    }

    /// The names of the engines with other settings, a list for each turn.
    pub(crate) fn names(&self) -> Vec<Vec<String>> {
        let names = |differ: &Differ| differ.names().map(str::to_owned).collect();
        self.turned.iter().filter_map(|(differs, _)| differs.first()).map(names).collect()
    }
}

/// How sessions are set up, once for each schedule.
fn scheduled(options: &FuzzOptions) -> Vec<RunOptions> {
    let run = &options.diff.run;
    let under = |schedule: &Arc<Schedule>| {
        let schedule = Arc::clone(schedule);
        let gas = run.gas.clone().map(|gas| GasConfig { schedule, ..gas });
        RunOptions { gas, ..run.clone() }
    };
    match options.schedules.as_slice() {
        [] => vec![run.clone()],
        schedules => schedules.iter().map(under).collect(),
    }
}

/// The engines with other settings, if these are for any of them, and no two are the same then.
fn turned(options: &FuzzOptions, turn: SettingsTurn) -> Option<Vec<Arc<dyn Adapter>>> {
    let other: Vec<_> = options.engines.iter().map(|engine| engine.turned(turn)).collect();
    // One that goes on charging would run out where the others do not.
    let charges = |(engine, other): (&Arc<dyn Adapter>, &Option<Arc<dyn Adapter>>)| {
        !engine.is_foreign() && engine.meters_gas() && other.is_none()
    };
    if turn == SettingsTurn::Unmetered && options.engines.iter().zip(&other).any(charges) {
        return None;
    }
    let is_any = other.iter().any(Option::is_some);
    let plain = options.engines.iter();
    let engines = plain.zip(other).map(|(plain, other)| other.unwrap_or_else(|| Arc::clone(plain)));
    let mut engines: Vec<Arc<dyn Adapter>> = engines.collect();
    let mut seen = Vec::new();
    engines.retain(|engine| {
        let name = engine.info().name;
        let is_new = !seen.contains(&name);
        seen.push(name);
        is_new
    });
    (is_any && engines.len() > 1).then_some(engines)
}
