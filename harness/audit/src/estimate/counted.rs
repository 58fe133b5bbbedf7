//! Loops that count: a local that goes from one constant by constant steps, until it compares otherwise with another.
//!
//! A loop is counted by a local if all of this is so; what is not recognised is not counted, and somebody must say how often the loop runs.
//!
//! - Within the loop one operator alone writes to the local, and it adds a constant to it: the *step*.
//! - The step precedes each branch back to the loop, in a block that is still open there and in no loop within the loop. So whoever comes
//!   to the branch has made the step, and once since the loop last began.
//! - A *guard* precedes each branch back in the same manner: the branch back itself, an `if` around it, or a `br_if` that was not taken. It
//!   compares the local with a constant, and there is no way to the branch on which the comparison fails. All branches back have the same
//!   guard: where one is not taken, none is.
//!
//! So the guard of one turn after the other sees values that differ by the step, and there are as many turns as the comparison holds, and one.

use super::turns::{Compare, Guard, turns};
use etalon::unstable::module::FuncType;
use rustc_hash::FxHashMap;
use wasmparser::Operator;

/// Blocks within each other, steps and guards of a block, and branches back of a loop, that are looked at.
const MOST: usize = 8;

/// What the last operators were, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Get(u32),
    Tee(u32),
    /// A constant, and the bits of its type.
    Const(u64, u32),
    /// An addition, of what is to be added with this sign.
    Add(bool),
    Compare(Compare),
    /// Of a value of so many bits.
    Eqz(u32),
    Other,
}

/// A comparison of a local with a constant, of values that have so many bits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Test {
    local: u32,
    compare: Compare,
    with: u64,
    bits: u32,
    at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    local: u32,
    by: u64,
    at: usize,
}

/// A write to a local.
#[derive(Clone, Copy, Debug)]
struct Write {
    at: usize,
    block: u32,
    constant: Option<u64>,
}

#[derive(Debug, Default)]
struct Block {
    /// Its number; the arms of an `if` have one each.
    number: u32,
    looping: Option<Box<Loop>>,
    tests: Vec<Test>,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Loop {
    /// The position of the operator, and its offset in the module.
    at: usize,
    offset: u32,
    is_within_another: bool,
    /// By local that may count: its step, and the guard of all branches back that were seen. `None` before the first of them.
    counts: Option<Vec<(Step, Test)>>,
}

/// Finds how often the loops of a body run, while it is read.
#[derive(Debug)]
pub(crate) struct Counter {
    params: u32,
    /// The last words, the latest at the end.
    words: [Word; 4],
    /// The last two writes to each local that has some.
    writes: FxHashMap<u32, [Option<Write>; 2]>,
    open: Vec<Block>,
    blocks: u32,
    loops: usize,
    at: usize,
    /// By offset.
    found: FxHashMap<u32, u64>,
}

impl Counter {
    pub(crate) fn new(ty: &FuncType) -> Counter {
        Counter {
            params: ty.params.len() as u32,
            words: [Word::Other; 4],
            writes: FxHashMap::default(),
            open: vec![Block::default()],
            blocks: 1,
            loops: 0,
            at: 0,
            found: FxHashMap::default(),
        }
    }

    /// The most turns of each loop that is counted, by the offset of the loop.
    pub(crate) fn found(self) -> FxHashMap<u32, u64> {
        self.found
    }

    /// The next operator of the body.
    pub(crate) fn read(&mut self, operator: &Operator<'_>, offset: u32) {
        use Operator as O;
        let is_control = match operator {
            O::Block { .. } | O::TryTable { .. } | O::Try { .. } => self.opens(None),
            O::Loop { .. } => self.opens(Some(offset)),
            O::If { .. } => {
                let test = self.test();
                self.opens(None);
                self.holds(test)
            }
            O::Else | O::Catch { .. } | O::CatchAll => {
                self.closes();
                self.opens(None)
            }
            O::End | O::Delegate { .. } => self.closes(),
            O::BrIf { relative_depth } => {
                let test = self.test();
                self.branches(*relative_depth, test);
                self.holds(test.map(|test| Test { compare: test.compare.not(), ..test }))
            }
            O::Br { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. }
            | O::BrOnCastDescEq { relative_depth, .. }
            | O::BrOnCastDescEqFail { relative_depth, .. } => self.branches(*relative_depth, None),
            O::BrTable { targets } => {
                let labels = targets.targets().chain([Ok(targets.default())]).flatten();
                labels.for_each(|label| _ = self.branches(label, None));
                true
            }
            _ => false,
        };
        // A clause of a handler may lead to a loop without a step.
        if let O::TryTable { try_table } = operator {
            try_table.catches.iter().for_each(|catch| _ = self.branches(label_of(catch) + 1, None));
        }
        let word = if is_control { Word::Other } else { self.word(operator) };
        self.words.rotate_left(1);
        self.words[3] = word;
        self.at += 1;
    }

    fn word(&mut self, operator: &Operator<'_>) -> Word {
        use Operator as O;
        match *operator {
            O::LocalGet { local_index } => Word::Get(local_index),
            O::LocalTee { local_index } => {
                self.writes(local_index);
                Word::Tee(local_index)
            }
            O::LocalSet { local_index } => {
                self.writes(local_index);
                Word::Other
            }
            O::I32Const { value } => Word::Const(u64::from(value as u32), 32),
            O::I64Const { value } => Word::Const(value as u64, 64),
            O::I32Add | O::I64Add => Word::Add(true),
            O::I32Sub | O::I64Sub => Word::Add(false),
            O::I32Eqz => Word::Eqz(32),
            O::I64Eqz => Word::Eqz(64),
            O::I32Eq | O::I64Eq => Word::Compare(Compare::Equal),
            O::I32Ne | O::I64Ne => Word::Compare(Compare::Other),
            O::I32LtU | O::I64LtU => Word::Compare(Compare::Less { signed: false }),
            O::I32LtS | O::I64LtS => Word::Compare(Compare::Less { signed: true }),
            O::I32LeU | O::I64LeU => Word::Compare(Compare::NotMore { signed: false }),
            O::I32LeS | O::I64LeS => Word::Compare(Compare::NotMore { signed: true }),
            O::I32GtU | O::I64GtU => Word::Compare(Compare::More { signed: false }),
            O::I32GtS | O::I64GtS => Word::Compare(Compare::More { signed: true }),
            O::I32GeU | O::I64GeU => Word::Compare(Compare::NotLess { signed: false }),
            O::I32GeS | O::I64GeS => Word::Compare(Compare::NotLess { signed: true }),
            _ => Word::Other,
        }
    }

    /// A local is written to.
    fn writes(&mut self, local: u32) {
        let Some(block) = self.open.last_mut() else { return };
        let constant = if let Word::Const(value, _) = self.words[3] { Some(value) } else { None };
        let write = Write { at: self.at, block: block.number, constant };
        let known = self.writes.entry(local).or_default();
        *known = [known[1], Some(write)];
        if let [Word::Get(from), Word::Const(by, bits), Word::Add(plus)] = self.words[1..]
            && from == local
            && block.steps.len() < MOST
        {
            let by = if plus { by } else { by.wrapping_neg() };
            let by = if bits == 32 { u64::from(by as u32) } else { by };
            block.steps.push(Step { local, by, at: self.at });
        }
    }

    /// What the condition that is on the stack compares, if it compares a local with a constant.
    fn test(&self) -> Option<Test> {
        let at = self.at;
        let test = |local, compare, with, bits| Some(Test { local, compare, with, bits, at });
        match self.words {
            [
                _,
                Word::Get(local) | Word::Tee(local),
                Word::Const(with, bits),
                Word::Compare(compare),
            ] => test(local, compare, with, bits),
            [
                Word::Get(local) | Word::Tee(local),
                Word::Const(with, bits),
                Word::Compare(compare),
                Word::Eqz(_),
            ] => test(local, compare.not(), with, bits),
            [.., Word::Get(local) | Word::Tee(local)] => test(local, Compare::Other, 0, 32),
            [.., Word::Get(local) | Word::Tee(local), Word::Eqz(bits)] => {
                test(local, Compare::Equal, 0, bits)
            }
            _ => None,
        }
    }

    /// From here on in this block a test has held since the block began.
    fn holds(&mut self, test: Option<Test>) -> bool {
        if let (Some(test), Some(block)) = (test, self.open.last_mut())
            && block.tests.len() < MOST
        {
            block.tests.push(test);
        }
        true
    }

    fn opens(&mut self, looping: Option<u32>) -> bool {
        let is_within_another = self.loops > 0;
        let looping = looping.map(|offset| {
            self.loops += 1;
            Box::new(Loop { at: self.at, offset, is_within_another, counts: None })
        });
        self.open.push(Block { number: self.blocks, looping, ..Block::default() });
        self.blocks += 1;
        true
    }

    fn closes(&mut self) -> bool {
        if let Some(Block { looping: Some(looping), .. }) = self.open.pop() {
            self.loops -= 1;
            if let Some(turns) = self.turns(&looping) {
                self.found.insert(looping.offset, turns);
            }
        }
        true
    }

    /// A branch, under a condition of its own or not.
    fn branches(&mut self, label: u32, test: Option<Test>) -> bool {
        let Some(to) = self.open.len().checked_sub(1 + label as usize) else { return true };
        if self.open[to].looping.is_none() {
            return true;
        }
        let counts = self.open[to].looping.as_ref().and_then(|looping| looping.counts.as_ref());
        if counts.is_some_and(Vec::is_empty) {
            return true;
        }
        // What is in a loop within the loop is made more often than once, or not at all.
        let within = self.open[to + 1..].iter().take(MOST);
        let within = within.take_while(|block| block.looping.is_none()).count();
        let around = &self.open[to..=to + within];
        let steps: Vec<Step> = around.iter().flat_map(|block| block.steps.clone()).collect();
        let tests: Vec<Test> =
            around.iter().flat_map(|block| &block.tests).copied().chain(test).collect();
        let Some(looping) = &mut self.open[to].looping else { return true };
        match &mut looping.counts {
            None => {
                let guard = |local| tests.iter().rev().find(|test| test.local == local);
                let count = |step: Step| Some((step, *guard(step.local)?));
                looping.counts = Some(steps.into_iter().filter_map(count).collect());
            }
            Some(counts) => counts.retain(|(step, guard)| {
                steps.iter().any(|other| other.at == step.at)
                    && tests.iter().any(|test| test.is_like(guard, step.at))
            }),
        }
        true
    }

    /// The most turns of a loop that has ended, by whichever local proves the fewest.
    fn turns(&self, looping: &Loop) -> Option<u64> {
        let counts = looping.counts.as_ref()?;
        counts.iter().filter_map(|(step, guard)| self.turns_by(looping, *step, *guard)).min()
    }

    fn turns_by(&self, looping: &Loop, step: Step, guard: Test) -> Option<u64> {
        let [before, last] = *self.writes.get(&step.local)?;
        let is_only = last?.at == step.at && before.is_none_or(|write| write.at < looping.at);
        if !is_only {
            return None;
        }
        let block = self.open.last()?.number;
        let first = match before {
            // In the block of the loop and before it, so whoever comes to the loop has written it.
            Some(write) => write.constant.filter(|_| write.block == block),
            // What nobody has written is zero, where the loop begins once and the local is no parameter.
            None => (!looping.is_within_another && step.local >= self.params).then_some(0),
        };
        let is_after = guard.at > step.at;
        let Test { compare, with, bits, .. } = guard;
        turns(Guard { compare, with, is_after }, first, step.by, bits)?.checked_add(1)
    }
}

impl Test {
    /// Whether another asks the same of the same value, which changes at a step.
    fn is_like(&self, other: &Test, step: usize) -> bool {
        let question =
            |test: &Test| (test.local, test.compare, test.with, test.bits, test.at > step);
        question(self) == question(other)
    }
}

fn label_of(catch: &wasmparser::Catch) -> u32 {
    use wasmparser::Catch as C;
    match *catch {
        C::One { label, .. } | C::OneRef { label, .. } | C::All { label } | C::AllRef { label } => {
            label
        }
    }
}
