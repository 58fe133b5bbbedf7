//! The modules that are asked about.

use super::mutate::mutate;
use crate::generate::{PROFILES, Stream, generate};
use crate::script::{Selection, modules_of};
use etalon_adapters::Features;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of a module of the scripts that is changed: in a longer one few changes meet anything.
const MOST: usize = 4 << 10;

/// Numbered modules: the scripts' own, generated ones, and changes of both. The same seed, number and features give the same module.
#[derive(Clone, Debug)]
pub struct Questions {
    seed: u64,
    scripts: Arc<[Vec<u8>]>,
}

impl Questions {
    /// The modules of a seed.
    pub fn new(seed: u64) -> Questions {
        let sources = Selection::default().sources().unwrap_or_default();
        let all = sources.iter().flat_map(|source| modules_of(source).unwrap_or_default());
        // Suites share scripts.
        let scripts: BTreeSet<Vec<u8>> = all.filter(|wasm| wasm.len() <= MOST).collect();
        Questions { seed, scripts: scripts.into_iter().collect() }
    }

    /// How many come from scripts as they are; these are the first.
    pub fn scripts(&self) -> usize {
        self.scripts.len()
    }

    /// The module with a number.
    pub fn nth(&self, number: u64, features: Features) -> Vec<u8> {
        if let Some(wasm) = usize::try_from(number).ok().and_then(|at| self.scripts.get(at)) {
            return wasm.clone();
        }
        let mut stream = Stream::new("witness", self.seed, number);
        let generated = stream.below(4) == 0 || self.scripts.is_empty();
        let mut wasm = match generated {
            true => {
                let profile = &PROFILES[stream.below(PROFILES.len())];
                let number = if profile.is_sweep() { number % 64 } else { number };
                generate(profile, features, self.seed, number).wasm
            }
            false => self.scripts[stream.below(self.scripts.len())].clone(),
        };
        if generated && stream.below(4) == 0 {
            return wasm;
        }
        for _ in 0..=stream.below(3) {
            let donor = (!self.scripts.is_empty())
                .then(|| self.scripts[stream.below(self.scripts.len())].as_slice());
            wasm = mutate(&wasm, donor.unwrap_or_default(), &mut stream);
        }
        wasm
    }
}
