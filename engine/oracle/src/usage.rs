//! Which rules of the specification a run used.
//!
//! The oracle always counts: what is covered is covered by the code that judges. A rule is counted where it is applied
//! ([`Usage::used`]). Numeric functions follow from the operators that completed, because each operator applies the same ones
//! every time; where that depends on the operands, they are counted as rules are.

use etalon_gas::Schedule;
use etalon_module::{Opcode, Rule};
use etalon_numerics::{Function, choice, functions_of, visible_choice};

const RULES: usize = Rule::ALL.len();
/// Rules, and after them functions.
const NAMES: usize = RULES + Function::ALL.len();
/// Words of 64 of them each.
const WORDS: usize = NAMES.div_ceil(64);
/// Operators, and one row for what no operator does.
const ROWS: usize = Opcode::ALL.len() + 1;

/// What a thread used since it was made.
#[derive(Clone, Debug)]
pub struct Usage {
    /// By rule or function: how often it was applied.
    counts: [u64; NAMES],
    /// By operator: the set of those that it applied.
    by_operator: Box<[[u64; WORDS]; ROWS]>,
    /// By operator: how often it began.
    executed: Box<[u64; ROWS]>,
    /// By operator: how often it began and did not complete.
    stopped: Box<[u64; ROWS]>,
    /// The row of the operator that is executed.
    present: usize,
    /// Gas for entering functions, and for what dynamic operators touched.
    besides: u64,
}

impl Default for Usage {
    fn default() -> Usage {
        Usage {
            counts: [0; NAMES],
            by_operator: Box::new([[0; WORDS]; ROWS]),
            executed: Box::new([0; ROWS]),
            stopped: Box::new([0; ROWS]),
            present: ROWS - 1,
            besides: 0,
        }
    }
}

impl Usage {
    /// An instruction begins.
    #[inline(always)]
    pub(crate) fn begin(&mut self, opcode: Opcode, is_followed: bool) {
        self.present = opcode as usize;
        self.executed[self.present] += 1;
        self.counts[Rule::CtxtInstrs as usize] += u64::from(is_followed);
    }

    /// The instruction that is executed, for when its thread goes on.
    pub(crate) fn present(&self) -> usize {
        self.present
    }

    /// Goes on with an instruction, or outside of any.
    pub(crate) fn set_present(&mut self, present: Option<usize>) {
        self.present = present.unwrap_or(ROWS - 1);
    }

    /// The instruction did not complete.
    pub(crate) fn stop(&mut self, opcode: Opcode) {
        self.stopped[opcode as usize] += 1;
    }

    /// A rule was applied.
    #[inline(always)]
    pub(crate) fn used(&mut self, rule: Rule) {
        self.count(rule as usize);
    }

    /// A function was applied that not every use of the operator applies.
    pub(crate) fn applied(&mut self, function: Function) {
        self.count(RULES + function as usize);
    }

    #[inline(always)]
    fn count(&mut self, at: usize) {
        self.counts[at] += 1;
        self.by_operator[self.present][at / 64] |= 1 << (at % 64);
    }

    /// A relaxed operator leaves a choice: it is counted if these operands let the alternatives differ.
    pub(crate) fn chose(&mut self, opcode: Opcode, operands: [u128; 3]) {
        // To work the alternatives out takes longer than the operator; once is enough.
        let known = choice(opcode).iter().all(|f| self.has(opcode, RULES + *f as usize));
        if !known {
            visible_choice(opcode, operands).iter().for_each(|f| self.applied(*f));
        }
    }

    /// Gas was taken besides the weights of instructions.
    pub(crate) fn took(&mut self, gas: u64) {
        self.besides = self.besides.saturating_add(gas);
    }

    fn has(&self, opcode: Opcode, at: usize) -> bool {
        self.by_operator[opcode as usize][at / 64] >> (at % 64) & 1 == 1
    }

    /// Adds what another thread used.
    pub fn add(&mut self, other: &Usage) {
        let sum = |to: &mut [u64], from: &[u64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = to.saturating_add(*from));
        };
        sum(&mut self.counts, &other.counts);
        sum(&mut *self.executed, &*other.executed);
        sum(&mut *self.stopped, &*other.stopped);
        let words = other.by_operator.iter().flatten();
        self.by_operator.iter_mut().flatten().zip(words).for_each(|(to, from)| *to |= from);
        self.took(other.besides);
    }

    /// Every rule and then every numeric function, by name and in the specification's order, with whether it was applied.
    ///
    /// `Step/pure` and `Step/read` lift the rules of their kinds: each is applied where one of those is.
    pub fn names(&self) -> Vec<(&'static str, bool)> {
        let lifts = |kind: &str| {
            let lifted = Rule::ALL.iter().filter(|rule| rule.name().starts_with(kind));
            lifted.map(|rule| self.counts[*rule as usize]).any(|count| count > 0)
        };
        let rule = |rule: &Rule| match rule {
            Rule::Pure => (rule.name(), lifts("Step_pure/")),
            Rule::Read => (rule.name(), lifts("Step_read/")),
            _ => (rule.name(), self.counts[*rule as usize] > 0),
        };
        let completed = Opcode::ALL.iter().filter(|opcode| self.completed(**opcode));
        let of_operators: Vec<Function> =
            completed.flat_map(|op| functions_of(*op)).copied().collect();
        let function = |function: &Function| {
            let counted = self.counts[RULES + *function as usize] > 0;
            (function.name(), counted || of_operators.contains(function))
        };
        Rule::ALL.iter().map(rule).chain(Function::ALL.iter().map(function)).collect()
    }

    /// The names of the rules and functions that an operator applied.
    pub fn of_operator(&self, opcode: Opcode) -> Vec<&'static str> {
        let rules = Rule::ALL.iter().filter(|rule| self.has(opcode, **rule as usize));
        let always = if self.completed(opcode) { functions_of(opcode) } else { &[] };
        let functions = Function::ALL
            .iter()
            .filter(|f| self.has(opcode, RULES + **f as usize) || always.contains(f));
        rules.map(|rule| rule.name()).chain(functions.map(|f| f.name())).collect()
    }

    fn completed(&self, opcode: Opcode) -> bool {
        self.executed[opcode as usize] > self.stopped[opcode as usize]
    }

    /// How often an operator was executed.
    pub fn executed(&self, opcode: Opcode) -> u64 {
        self.executed[opcode as usize]
    }

    /// How many instructions were executed.
    pub fn instructions(&self) -> u64 {
        self.executed.iter().sum()
    }

    /// The executed ledger (gas-1, *What must be equal*): the weights of all instructions that were executed, and what entries and
    /// dynamic operators cost, in gas.
    pub fn ledger(&self, schedule: &Schedule) -> u64 {
        let of = |op: &Opcode| u64::from(schedule.weight(*op)).saturating_mul(self.executed(*op));
        let weights = Opcode::ALL.iter().map(of).fold(0, u64::saturating_add);
        weights.saturating_add(self.besides)
    }
}
