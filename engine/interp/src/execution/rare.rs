//! Rare instructions: those that the loop leaves to a function.
//!
//! The file of each chapter has the rows of its instructions, and nothing else lists them: preparation and execution
//! both look here.

use super::{Context, aggregate, memory, reference, table, wide};
use etalon_module::{CompType, Opcode, TypeId, TypeRegistry};
use etalon_runtime::Stop;

/// What a rare instruction is prepared by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// How many operands it takes.
    pub(crate) operands: usize,
    /// The slots of each of its results.
    pub(crate) results: &'static [u32],
    /// What its operation holds: its immediates, resolved to addresses, or what its type makes of them.
    pub(crate) x: u32,
    pub(crate) y: u32,
}

/// Completes the form of an instruction by the type that it names; `None` if the type is of another kind.
pub(super) type ByType = fn(&mut Form, &CompType) -> Option<()>;

/// What executes an instruction.
type Run = fn(&mut Context<'_>) -> Result<(), Stop>;

/// A rare instruction.
#[derive(Clone, Copy)]
pub(crate) struct Rare {
    operands: usize,
    results: &'static [u32],
    by_type: Option<ByType>,
    run: Run,
}

/// A row: how many operands the instruction takes, the slots of each result, and what executes it.
pub(super) const fn rare(operands: usize, results: &'static [u32], run: Run) -> Rare {
    Rare { operands, results, by_type: None, run }
}

impl Rare {
    /// The same where the form depends on the type that is the first immediate.
    pub(super) const fn by_type(self, complete: ByType) -> Rare {
        Rare { by_type: Some(complete), ..self }
    }

    /// Its form where its immediates are these.
    pub(crate) fn form(&self, [x, y]: [u32; 2], types: &TypeRegistry) -> Option<Form> {
        let mut form = Form { operands: self.operands, results: self.results, x, y };
        if let Some(complete) = self.by_type {
            complete(&mut form, &types.get(TypeId(x)).comp)?;
        }
        Some(form)
    }

    /// Executes it.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<(), Stop> {
        (self.run)(context)
    }
}

/// The rows by opcode. Two rows for one instruction are an error of compilation.
static ROWS: [Option<Rare>; Opcode::ALL.len()] = {
    let chapters = [table::RARE, memory::RARE, reference::RARE, aggregate::RARE, wide::RARE];
    let mut rows = [None; Opcode::ALL.len()];
    let mut chapter = 0;
    while chapter < chapters.len() {
        let mut row = 0;
        while row < chapters[chapter].len() {
            let (opcode, rare) = chapters[chapter][row];
            assert!(rows[opcode as usize].is_none(), "an instruction has two rows");
            rows[opcode as usize] = Some(rare);
            row += 1;
        }
        chapter += 1;
    }
    rows
};

/// The row of an instruction, if it is a rare one.
pub(crate) fn find(opcode: Opcode) -> Option<&'static Rare> {
    ROWS[opcode as usize].as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_agree_with_the_table_of_instructions() {
        let mut fixed = 0;
        for &opcode in Opcode::ALL {
            let Some(rare) = find(opcode) else { continue };
            assert!(opcode.is_executed(), "{opcode} has a row and is not executed");
            if let Some(shape) = opcode.shape() {
                let results: Vec<u32> = shape.results.iter().map(|t| t.slots() as u32).collect();
                assert_eq!((rare.operands, rare.results), (shape.operands.len(), &results[..]));
                fixed += 1;
            }
        }
        assert!(fixed > 3, "the shapes of the table were not found");
    }
}
