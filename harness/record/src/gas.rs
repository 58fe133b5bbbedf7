//! Gas in records: of one run, and whether engines agree on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Row;

/// The gas of one run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gas {
    /// What was charged, in units of the schedule.
    pub consumed: u64,
    /// The sum of the weights of the operators that ran; only the oracle keeps this second ledger.
    #[serde(default)]
    pub executed: Option<u64>,
    /// The id of the schedule: name, version and hash.
    pub schedule: String,
}

/// Whether the engines that meter by the same schedule charged the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasAgreement {
    /// How many comparisons were made.
    pub compared: u64,
    /// In how many of them all engines were equal.
    pub equal: u64,
    /// Those that were not equal; `compared - equal` of them.
    #[serde(default)]
    pub unequal: Vec<GasMismatch>,
}

/// One comparison in which engines charged differently.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GasMismatch {
    /// The suite of the script.
    pub suite: String,
    /// The script, relative to its suite.
    pub file: String,
    /// What each engine charged, in units of the schedule.
    pub by_engine: BTreeMap<String, u64>,
}

impl GasAgreement {
    /// Compares the gas of the rows of each file. A file is compared if at least two engines metered it.
    #[must_use]
    pub fn of_rows(rows: &[Row]) -> Self {
        let mut files: BTreeMap<(&str, &str), BTreeMap<String, u64>> = BTreeMap::new();
        for row in rows {
            if let Some(gas) = row.gas_consumed {
                files.entry((&row.suite, &row.file)).or_default().insert(row.engine.clone(), gas);
            }
        }
        let mut agreement = Self::default();
        for ((suite, file), by_engine) in files {
            if by_engine.len() < 2 {
                continue;
            }
            agreement.compared += 1;
            let mut amounts = by_engine.values();
            let first = amounts.next();
            if amounts.all(|amount| Some(amount) == first) {
                agreement.equal += 1;
            } else {
                agreement.unequal.push(GasMismatch {
                    suite: suite.into(),
                    file: file.into(),
                    by_engine,
                });
            }
        }
        agreement
    }

    /// Whether every comparison was equal; also true if none was made.
    #[must_use]
    pub fn all_equal(&self) -> bool {
        self.compared == self.equal && self.unequal.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::GasAgreement;
    use crate::Row;

    fn row(file: &str, engine: &str, gas: Option<u64>) -> Row {
        Row { gas_consumed: gas, ..Row::new("s", file, engine) }
    }

    #[test]
    fn only_files_metered_twice_are_compared() {
        let rows = [
            row("a", "interp", Some(5)),
            row("a", "jit", Some(5)),
            row("a", "wasmtime", None),
            row("b", "interp", Some(5)),
            row("c", "interp", Some(5)),
            row("c", "jit", Some(6)),
        ];
        let agreement = GasAgreement::of_rows(&rows);
        assert_eq!((agreement.compared, agreement.equal), (2, 1));
        assert_eq!(agreement.unequal.len(), 1);
        assert_eq!(agreement.unequal[0].file, "c");
        assert_eq!(agreement.unequal[0].by_engine["jit"], 6);
        assert!(!agreement.all_equal());
    }
}
