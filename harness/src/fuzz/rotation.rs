//! The settings that a campaign goes through.

use super::options::FuzzOptions;
use super::run::profile_of;
use crate::diff::Differ;
use etalon_adapters::{Adapter, SettingsTurn};
use std::sync::Arc;

/// The engines as they were named, and the same with other settings, which must not show.
pub(crate) struct Rotation {
    plain: Differ,
    /// With other settings.
    turned: Vec<(Differ, SettingsTurn)>,
}

impl Rotation {
    /// Where nothing rotates, there are the engines as they were named alone.
    pub(crate) fn new(options: &FuzzOptions) -> Rotation {
        let differ = |engines| Differ::new(engines, options.diff.clone());
        let plain = differ(options.engines.clone());
        let turns = SettingsTurn::ALL.iter().filter(|_| options.rotates);
        let turned = turns.filter_map(|turn| Some((differ(turned(options, *turn)?), *turn)));
        Rotation { turned: turned.collect(), plain }
    }

    /// The engines as they were named.
    pub(crate) fn plain(&self) -> &Differ {
        &self.plain
    }

    /// The engines for the module with a number: as they were named for every other module of a profile.
    pub(crate) fn of(&self, options: &FuzzOptions, number: u64) -> &Differ {
        let round = number / options.profiles.len() as u64;
        if self.turned.is_empty() || round.is_multiple_of(2) {
            return &self.plain;
        }
        let at = (round / 2) % self.turned.len() as u64;
        match &self.turned[at as usize] {
            // Nothing else would end it, or a collection before each allocation would look at a deep stack each time.
            (_, SettingsTurn::Unmetered | SettingsTurn::GcStress)
                if !profile_of(options, number).ends() =>
            {
                &self.plain
            }
            (differ, _) => differ,
        }
    }

    /// The names of the engines with other settings, a list for each turn.
    pub(crate) fn names(&self) -> Vec<Vec<String>> {
        self.turned.iter().map(|(d, _)| d.names().map(str::to_owned).collect()).collect()
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
