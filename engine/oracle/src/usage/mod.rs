//! Which rules of the specification a run used.
//!
//! The oracle always counts: what is covered is covered by the code that judges. A rule is counted where it is applied
//! ([`Usage::used`]). Numeric functions follow from the operators that completed, because each operator applies the same ones
//! every time; where that depends on the operands, they are counted as rules are.

mod functions;
mod relaxed;
mod rule;

pub use rule::Rule;

use etalon_gas::Schedule;
use etalon_module::Opcode;
use relaxed::visible_choice;

/// Words of 64 rules each.
const WORDS: usize = Rule::ALL.len().div_ceil(64);
/// Operators, and one row for what no operator does.
const ROWS: usize = Opcode::ALL.len() + 1;

/// What a thread used since it was made.
#[derive(Clone, Debug)]
pub struct Usage {
    rules: Vec<u64>,
    /// By operator: a set of rules.
    by_operator: Vec<[u64; WORDS]>,
    /// By operator: how often it began.
    executed: Vec<u64>,
    /// By operator: how often it began and did not complete.
    stopped: Vec<u64>,
    /// The row of the operator that is executed.
    present: usize,
    /// Gas for entering functions, and for what dynamic operators touched.
    entries: u64,
    dynamic: u64,
}

impl Default for Usage {
    fn default() -> Usage {
        Usage {
            rules: vec![0; Rule::ALL.len()],
            by_operator: vec![[0; WORDS]; ROWS],
            executed: vec![0; ROWS],
            stopped: vec![0; ROWS],
            present: ROWS - 1,
            entries: 0,
            dynamic: 0,
        }
    }
}

impl Usage {
    /// An instruction begins.
    #[inline(always)]
    pub(crate) fn begin(&mut self, opcode: Opcode) {
        self.present = opcode as usize;
        self.executed[self.present] += 1;
    }

    /// What comes is not the work of an instruction.
    pub(crate) fn outside(&mut self) {
        self.present = ROWS - 1;
    }

    /// The instruction did not complete.
    pub(crate) fn stop(&mut self) {
        self.stopped[self.present] += 1;
    }

    /// A rule was applied.
    #[inline(always)]
    pub(crate) fn used(&mut self, rule: Rule) {
        let at = rule as usize;
        self.rules[at] += 1;
        self.by_operator[self.present][at / 64] |= 1 << (at % 64);
    }

    /// A relaxed operator leaves a choice: it is counted if these operands let the alternatives differ.
    pub(crate) fn chose(&mut self, opcode: Opcode, operands: [u128; 3]) {
        // To work the alternatives out takes longer than the operator; once is enough.
        let known = relaxed::choice(opcode).iter().all(|rule| self.has(opcode, *rule));
        if !known {
            visible_choice(opcode, operands).iter().for_each(|rule| self.used(*rule));
        }
    }

    pub(crate) fn entered(&mut self, gas: u64) {
        self.entries = self.entries.saturating_add(gas);
    }

    pub(crate) fn touched(&mut self, gas: u64) {
        self.dynamic = self.dynamic.saturating_add(gas);
    }

    fn has(&self, opcode: Opcode, rule: Rule) -> bool {
        self.by_operator[opcode as usize][rule as usize / 64] >> (rule as usize % 64) & 1 == 1
    }

    /// Adds what another thread used.
    pub fn add(&mut self, other: &Usage) {
        let sum = |to: &mut [u64], from: &[u64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = to.saturating_add(*from));
        };
        sum(&mut self.rules, &other.rules);
        sum(&mut self.executed, &other.executed);
        sum(&mut self.stopped, &other.stopped);
        let words = other.by_operator.iter().flatten();
        self.by_operator.iter_mut().flatten().zip(words).for_each(|(to, from)| *to |= from);
        self.entered(other.entries);
        self.touched(other.dynamic);
    }

    /// Every rule in the specification's order, with whether it was used.
    ///
    /// `Step/pure` and `Step/read` lift the rules of their kinds: each is used where one of those is.
    pub fn rules(&self) -> Vec<(Rule, bool)> {
        let lifts = |kind: &str| {
            let lifted = Rule::ALL.iter().filter(|rule| rule.name().starts_with(kind));
            lifted.map(|rule| self.rules[*rule as usize]).any(|count| count > 0)
        };
        let of_operators = self.functions();
        let is_used = |rule: Rule| match rule {
            Rule::Pure => lifts("Step_pure/"),
            Rule::Read => lifts("Step_read/"),
            _ => self.rules[rule as usize] > 0 || of_operators[rule as usize],
        };
        Rule::ALL.iter().map(|rule| (*rule, is_used(*rule))).collect()
    }

    /// The rules that an operator used.
    pub fn of_operator(&self, opcode: Opcode) -> Vec<Rule> {
        let functions = functions::functions_of(opcode);
        let applied = |rule: &Rule| self.completed(opcode) && functions.contains(rule);
        let all = Rule::ALL.iter().copied();
        all.filter(|rule| self.has(opcode, *rule) || applied(rule)).collect()
    }

    /// By rule: whether an operator completed that applies it.
    fn functions(&self) -> Vec<bool> {
        let mut applied = vec![false; Rule::ALL.len()];
        for opcode in Opcode::ALL.iter().filter(|opcode| self.completed(**opcode)) {
            functions::functions_of(*opcode).iter().for_each(|f| applied[*f as usize] = true);
        }
        applied
    }

    fn completed(&self, opcode: Opcode) -> bool {
        self.executed[opcode as usize] > self.stopped[opcode as usize]
    }

    /// The executed ledger (gas-1, *What must be equal*): the weights of all instructions that were executed, and what entries and
    /// dynamic operators cost, in gas.
    pub fn ledger(&self, schedule: &Schedule) -> u64 {
        let of = |opcode: &Opcode| {
            u64::from(schedule.weight(*opcode)).saturating_mul(self.executed[*opcode as usize])
        };
        let weights = Opcode::ALL.iter().map(of).fold(0, u64::saturating_add);
        weights.saturating_add(self.entries).saturating_add(self.dynamic)
    }
}
