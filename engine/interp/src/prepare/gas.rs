//! Where gas is charged (gas-1, sections 2 and 3): the oracle scans forward from each cut and adds.

use etalon_gas::Schedule;
use etalon_module::Opcode;

/// The costs of a body's gas segments.
#[derive(Debug)]
pub(super) struct Segments {
    /// By position of an operator: the cost of the gas segment that begins there if it is a cut.
    costs: Vec<u64>,
}

impl Segments {
    /// Finds the gas segments of a body, its last `end` included; dead code counts like any other.
    pub(super) fn find(schedule: &Schedule, body: &[Opcode]) -> Segments {
        let mut costs = vec![0u64; body.len() + 1];
        let mut cut = 0;
        for (i, op) in body.iter().enumerate() {
            costs[cut] = costs[cut].saturating_add(schedule.weight(*op).into());
            if schedule.is_cut(*op) {
                cut = i + 1;
            }
        }
        Segments { costs }
    }

    /// For a store that is not metered: everything costs nothing.
    pub(super) fn free() -> Segments {
        Segments { costs: Vec::new() }
    }

    /// The cost of the gas segment that begins at a cut. Beyond the last operator there is none.
    pub(super) fn cost(&self, cut: usize) -> u64 {
        self.costs.get(cut).copied().unwrap_or(0)
    }
}
