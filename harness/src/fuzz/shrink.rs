//! Reducing a module, one edit at a time.

use etalon_adapters::Features;
use etalon_module::Module;
use std::ops::Range;
use wasm_encoder::{CodeSection, RawSection};
use wasmparser::{Parser, Payload};

/// What may replace instructions that are removed: nothing, a zero of each type, `unreachable`, `drop`.
const INSERTS: &[&[u8]] = &[
    &[],
    &[0x41, 0],
    &[0x42, 0],
    &[0x43, 0, 0, 0, 0],
    &[0x44, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0],
    &[0x1a],
];

/// A body without locals that only executes `unreachable`: valid for every type.
const STUB: &[u8] = &[0, 0x00, 0x0b];

/// The number of the edit that unwraps a block: the one after all of [`INSERTS`].
const UNWRAP: usize = INSERTS.len();

/// Sections that can be removed if nothing uses their contents: custom, export, start, element, and data with its
/// count.
const DROPPABLE: &[u8] = &[0, 7, 8, 9, 11, 12];

/// Only short pieces are replaced by something; longer ones are only removed.
const REPLACED: usize = 6;

/// How often all edits are tried, as long as they change something.
const PASSES: usize = 3;

/// A change of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    /// A section is removed.
    Drop { section: usize },
    /// A body becomes [`STUB`].
    Stub { func: usize },
    /// The block that begins at an instruction is replaced as a whole or, as the last attempt, loses its first and
    /// last instruction. Instructions that begin no block are passed over.
    Block { func: usize, at: usize, insert: usize },
    /// `len` instructions of a body from `at` on are replaced.
    Cut { func: usize, at: usize, len: usize, insert: usize },
}

/// Proposes smaller modules. Each is valid and comes from the given module by one edit. The caller says whether it takes
/// a proposal, and the next one starts from there.
#[derive(Debug)]
pub(crate) struct Shrinker {
    features: Features,
    next: Edit,
    pass: usize,
    changed: bool,
}

impl Shrinker {
    pub(crate) fn new(features: Features) -> Self {
        Shrinker { features, next: Edit::Drop { section: 0 }, pass: 0, changed: false }
    }

    /// The next proposal for a module; `None` when there are no more.
    pub(crate) fn next(&mut self, wasm: &[u8]) -> Option<Vec<u8>> {
        let module = Module::new(wasm, self.features).ok()?;
        let bodies: Vec<Vec<Range<usize>>> =
            module.bodies.iter().map(|body| instructions(&module, body)).collect();
        loop {
            self.settle(&bodies)?;
            if let Some(smaller) = apply(wasm, &bodies, self.next)
                && smaller != wasm
                && Module::new(&smaller, self.features).is_ok()
            {
                return Some(smaller);
            }
            self.advance(false);
        }
    }

    /// Whether the last proposal was taken.
    pub(crate) fn tell(&mut self, taken: bool) {
        self.changed |= taken;
        self.advance(taken);
    }

    fn advance(&mut self, taken: bool) {
        self.next = match self.next {
            // The section after the removed one now has its number.
            Edit::Drop { section } if taken => Edit::Drop { section },
            Edit::Drop { section } => Edit::Drop { section: section + 1 },
            Edit::Stub { func } => Edit::Stub { func: func + 1 },
            // After an edit the next block may be at this position.
            Edit::Block { func, at, .. } if taken => Edit::Block { func, at, insert: 0 },
            Edit::Block { func, at, insert: UNWRAP } => Edit::Block { func, at: at + 1, insert: 0 },
            Edit::Block { func, at, insert } => Edit::Block { func, at, insert: insert + 1 },
            Edit::Cut { func, at, len, insert } if !taken && insert + 1 < inserts(len) => {
                Edit::Cut { func, at, len, insert: insert + 1 }
            }
            // From the end of a body to its beginning, so that a use is removed before what it uses.
            Edit::Cut { func, at: 0, len, .. } => {
                Edit::Cut { func, at: usize::MAX, len: len / 2, insert: 0 }
            }
            Edit::Cut { func, at, len, .. } => {
                Edit::Cut { func, at: at - at.min(len), len, insert: 0 }
            }
        };
    }

    /// Advances to the next edit that applies to the module; `None` if there is none.
    fn settle(&mut self, bodies: &[Vec<Range<usize>>]) -> Option<()> {
        loop {
            self.next = match self.next {
                Edit::Drop { section } if section >= 64 => Edit::Stub { func: 0 },
                Edit::Drop { .. } => return Some(()),
                Edit::Stub { func } if func < bodies.len() => return Some(()),
                Edit::Stub { .. } => Edit::Block { func: 0, at: 0, insert: 0 },
                Edit::Block { func, .. } if func >= bodies.len() => start_cut(0, bodies),
                Edit::Block { func, at, .. } if at < bodies[func].len() => return Some(()),
                Edit::Block { func, .. } => Edit::Block { func: func + 1, at: 0, insert: 0 },
                Edit::Cut { func, .. } if func >= bodies.len() => {
                    self.pass += 1;
                    if !std::mem::take(&mut self.changed) || self.pass >= PASSES {
                        return None;
                    }
                    Edit::Drop { section: 0 }
                }
                Edit::Cut { func, len: 0, .. } => start_cut(func + 1, bodies),
                Edit::Cut { func, at, len, insert } => {
                    let count = bodies[func].len();
                    let len = len.min(count);
                    let last = count - len;
                    self.next = Edit::Cut { func, at: at.min(last), len, insert };
                    if len > 0 {
                        return Some(());
                    }
                    self.next
                }
            };
        }
    }
}

fn inserts(len: usize) -> usize {
    if len <= REPLACED { INSERTS.len() } else { 1 }
}

fn start_cut(func: usize, bodies: &[Vec<Range<usize>>]) -> Edit {
    let len = bodies.get(func).map_or(0, |body| body.len().div_ceil(2));
    Edit::Cut { func, at: usize::MAX, len, insert: 0 }
}

/// The place in the module of each instruction of a body, without the closing `end`.
fn instructions(module: &Module, body: &etalon_module::FuncBody) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut reader = module.operators(body);
    while !reader.eof() {
        starts.push(reader.original_position() as usize);
        if reader.read().is_err() {
            return Vec::new();
        }
    }
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// The module after an edit; `None` if there is nothing to edit.
fn apply(wasm: &[u8], bodies: &[Vec<Range<usize>>], edit: Edit) -> Option<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    let mut code = CodeSection::new();
    let (mut section, mut func, mut dropped) = (0, 0, false);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        if let Payload::CodeSectionEntry(body) = &payload {
            let range = body.range();
            let range = range.start as usize..range.end as usize;
            code.raw(&edited(wasm, range, &bodies[func], func, edit));
            func += 1;
            if func == bodies.len() {
                module.section(&code);
            }
            continue;
        }
        let Some((id, range)) = payload.as_section() else { continue };
        let drop = edit == Edit::Drop { section };
        section += 1;
        if drop && DROPPABLE.contains(&id) {
            dropped = true;
        } else if id != 10 {
            let data = wasm.get(range.start as usize..range.end as usize)?;
            module.section(&RawSection { id, data });
        }
    }
    let nothing = matches!(edit, Edit::Drop { .. }) && !dropped;
    (!nothing).then(|| module.finish())
}

fn edited(
    wasm: &[u8],
    body: Range<usize>,
    instructions: &[Range<usize>],
    number: usize,
    edit: Edit,
) -> Vec<u8> {
    match edit {
        Edit::Stub { func } if func == number => STUB.to_vec(),
        Edit::Block { func, at, insert } if func == number => {
            let Some(end) = end_of_block(wasm, instructions, at) else {
                return wasm[body].to_vec();
            };
            let (first, last) = (&instructions[at], &instructions[end]);
            let inside =
                if insert == UNWRAP { &wasm[first.end..last.start] } else { INSERTS[insert] };
            [&wasm[body.start..first.start], inside, &wasm[last.end..body.end]].concat()
        }
        Edit::Cut { func, at, len, insert } if func == number => {
            let cut = instructions[at].start..instructions[at + len - 1].end;
            [&wasm[body.start..cut.start], INSERTS[insert], &wasm[cut.end..body.end]].concat()
        }
        _ => wasm[body].to_vec(),
    }
}

/// The `end` of the block that begins at an instruction; `None` if none begins there.
fn end_of_block(wasm: &[u8], instructions: &[Range<usize>], at: usize) -> Option<usize> {
    // block, loop, if, try_table, and the try of the older exceptions
    let opens = |i: usize| matches!(wasm[instructions[i].start], 0x02 | 0x03 | 0x04 | 0x06 | 0x1f);
    if !opens(at) {
        return None;
    }
    let mut open = 0;
    (at..instructions.len()).find(|&i| {
        if opens(i) {
            open += 1;
        } else if matches!(wasm[instructions[i].start], 0x0b | 0x18) {
            // `delegate` ends its `try`.
            open -= 1;
        }
        open == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shrinks a module as long as it contains an operator.
    fn shrink(text: &str, operator: &str) -> Vec<u8> {
        let features = Features::wasm2();
        let mut best = wat::parse_str(text).expect("the text is a module");
        let mut shrinker = Shrinker::new(features);
        while let Some(smaller) = shrinker.next(&best) {
            let taken = crate::generate::operators_of(&smaller, features).contains(operator);
            if taken {
                best = smaller;
            }
            shrinker.tell(taken);
        }
        best
    }

    #[test]
    fn what_the_test_does_not_ask_for_is_cut() {
        let text = r#"(module
            (memory 1) (data (i32.const 0) "abc")
            (func (export "f") (param i32) (result i32)
                (i32.store (i32.const 8) (local.get 0))
                (block (br_if 0 (i32.eqz (local.get 0))) (call $g))
                (loop (i32.store (i32.const 4) (i32.div_s (local.get 0) (i32.const 3))))
                (i32.load (i32.const 4)))
            (func $g (export "g") nop nop nop))"#;
        let smallest = shrink(text, "i32.div_s");
        let operators = crate::generate::operators_of(&smallest, Features::wasm2());
        let left: Vec<_> = operators.into_iter().collect();
        assert_eq!(left, ["end", "i32.div_s", "unreachable"]);
        let printed = wasmprinter::print_bytes(&smallest).expect("it is valid");
        assert!(!printed.contains("data") && !printed.contains("export"), "{printed}");
    }

    #[test]
    fn a_module_that_does_not_load_is_not_shrunk() {
        assert_eq!(Shrinker::new(Features::wasm2()).next(b"\0asm"), None);
    }
}
