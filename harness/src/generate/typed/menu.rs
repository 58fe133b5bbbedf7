//! What a generator chooses from: the uses that an engine's features allow, by operator and by result.

use super::stage::{PARTS, Part};
use super::ty::Ty;
use super::uses::{Use, uses};
use crate::generate::choices::Choices;
use etalon_adapters::Features;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The uses and parts that some features allow.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) uses: Vec<Use>,
    parts: Vec<Part>,
    /// The uses of each operator.
    by_op: Vec<Vec<usize>>,
    /// The operators that give one value of a type and do nothing else, each with its uses.
    by_result: BTreeMap<Ty, Vec<Vec<usize>>>,
}

impl Menu {
    /// The menu of some features; made once for each.
    pub(crate) fn of(features: Features) -> Arc<Menu> {
        static MENUS: Mutex<Vec<(Features, Arc<Menu>)>> = Mutex::new(Vec::new());
        let mut menus = MENUS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, menu)) = menus.iter().find(|(of, _)| *of == features) {
            return Arc::clone(menu);
        }
        let menu = Arc::new(Menu::new(features));
        menus.push((features, Arc::clone(&menu)));
        menu
    }

    fn new(features: Features) -> Menu {
        let uses = uses(features);
        let mut by_op = BTreeMap::<usize, Vec<usize>>::new();
        let mut by_result = BTreeMap::<Ty, BTreeMap<usize, Vec<usize>>>::new();
        for (at, one) in uses.iter().enumerate() {
            let op = one.op as usize;
            by_op.entry(op).or_default().push(at);
            if let ([ty], false) = (&one.results[..], one.writes()) {
                by_result.entry(*ty).or_default().entry(op).or_default().push(at);
            }
        }
        let grouped = |groups: BTreeMap<usize, Vec<usize>>| groups.into_values().collect();
        Menu {
            uses,
            parts: PARTS.iter().copied().filter(|part| part.is_allowed(features)).collect(),
            by_op: grouped(by_op),
            by_result: by_result.into_iter().map(|(ty, ops)| (ty, grouped(ops))).collect(),
        }
    }

    pub(crate) fn allows(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Whether there is a use of an operator.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.uses.iter().any(|one| one.op.name() == name)
    }

    /// A use of any operator; each operator is as likely as any other.
    pub(crate) fn any(&self, u: &mut Choices<'_>) -> &Use {
        let group = u.of(&self.by_op);
        &self.uses[*u.of(group)]
    }

    /// A use that gives one value of a type, without a trap if so asked.
    pub(crate) fn giving(&self, u: &mut Choices<'_>, ty: Ty, safe: bool) -> Option<&Use> {
        let ops = self.by_result.get(&ty)?;
        for _ in 0..4 {
            let group = u.of(ops);
            let one = &self.uses[*u.of(group)];
            if !(safe && one.may_trap() && one.operands.is_empty()) {
                return Some(one);
            }
        }
        None
    }

    /// The types that are available for values that are not references.
    pub(crate) fn types(&self) -> &'static [Ty] {
        let all = super::ty::PLAIN;
        if self.allows(Part::Vector) { all } else { &all[..4] }
    }
}
