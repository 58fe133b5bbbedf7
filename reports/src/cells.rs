//! What generators reached, arranged: operators, the kinds of their operands, and how calls with them ended.

use std::collections::{BTreeMap, BTreeSet};

use etalon_record::Generator;

/// The kinds in the order in which they are shown; others come after them.
const KINDS: &[&str] = &[
    "constant",
    "parameter",
    "local",
    "load",
    "operator",
    "block",
    "same",
    "across",
    "call",
    "other",
];

/// How often calls of functions with an operator and a kind of operand ended how.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// By outcome; empty where only modules were counted.
    pub(crate) outcomes: BTreeMap<&'a str, u64>,
    /// All of them, or how many modules had it.
    pub(crate) count: u64,
}

/// The cells of one generator.
#[derive(Debug, Default)]
pub(crate) struct Cells<'a> {
    /// The kinds that occur.
    pub(crate) kinds: Vec<&'a str>,
    /// Of each operator, a cell for each kind.
    pub(crate) rows: BTreeMap<&'a str, BTreeMap<&'a str, Cell<'a>>>,
    /// How often calls ended how, summed over operators and kinds.
    pub(crate) outcomes: BTreeMap<&'a str, u64>,
}

impl<'a> Cells<'a> {
    pub(crate) fn of(generator: &'a Generator) -> Self {
        let mut cells = Cells::default();
        let mut kinds = BTreeSet::new();
        for (name, count) in &generator.cells {
            let mut words = name.splitn(3, ' ');
            let (Some(operator), Some(kind)) = (words.next(), words.next()) else { continue };
            kinds.insert(kind);
            let cell = cells.rows.entry(operator).or_default().entry(kind).or_default();
            cell.count += count;
            if let Some(outcome) = words.next() {
                *cell.outcomes.entry(outcome).or_default() += count;
                *cells.outcomes.entry(outcome).or_default() += count;
            }
        }
        let place = |kind: &&str| KINDS.iter().position(|known| known == kind);
        cells.kinds = kinds.into_iter().collect();
        cells.kinds.sort_by_key(|kind| (place(kind).unwrap_or(KINDS.len()), *kind));
        cells
    }

    /// How many pairs of operator and kind occur.
    pub(crate) fn filled(&self) -> u64 {
        self.rows.values().map(|row| row.len() as u64).sum()
    }
}

impl Cell<'_> {
    /// How many calls returned.
    pub(crate) fn returned(&self) -> u64 {
        self.outcomes.get("returned").copied().unwrap_or(0)
    }

    /// How each of the others ended, in words.
    pub(crate) fn others(&self) -> Vec<(&str, u64)> {
        let others = self.outcomes.iter().filter(|(outcome, _)| **outcome != "returned");
        others.map(|(outcome, count)| (*outcome, *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;
    use etalon_record::Generator;

    #[test]
    fn cells_become_rows_and_columns() {
        let mut generator = Generator::default();
        for (cell, count) in [
            ("i32.add load returned", 5),
            ("i32.add constant returned", 3),
            ("i32.add constant trapped", 2),
            ("i32.mul zeal", 1),
            ("nonsense", 1),
        ] {
            generator.cells.insert(cell.to_owned(), count);
        }
        let cells = Cells::of(&generator);
        assert_eq!(cells.kinds, ["constant", "load", "zeal"]);
        assert_eq!((cells.rows.len(), cells.filled()), (2, 3));
        let cell = &cells.rows["i32.add"]["constant"];
        assert_eq!((cell.count, cell.returned(), cell.others()), (5, 3, vec![("trapped", 2)]));
        assert_eq!(cells.rows["i32.mul"]["zeal"].count, 1);
        assert_eq!(cells.outcomes["returned"], 8);
    }
}
