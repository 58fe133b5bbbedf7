//! What is known of each instruction, in one place: [`table`], which everything else asks through [`Opcode`].

mod class;
mod rule;
mod table;

pub use class::Class;
pub use rule::Rule;

use crate::operator::Opcode;
use crate::types::ValType;

/// The operands and the results of an instruction, where they are the same at every use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Types of the operands, the topmost last.
    pub operands: &'static [ValType],
    /// Types of the results, the topmost last.
    pub results: &'static [ValType],
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    name: &'static str,
    class: Class,
    shape: Option<Shape>,
    transfers: bool,
    dynamic: bool,
    traps: bool,
    executed: bool,
    model: Option<Opcode>,
}

/// What a line of the table says, word by word; `table` has the meaning of each.
impl Row {
    const fn new(name: &'static str, class: Class, shape: Option<Shape>) -> Row {
        let model = None;
        Row {
            name,
            class,
            shape,
            transfers: false,
            dynamic: false,
            traps: false,
            executed: true,
            model,
        }
    }

    const fn transfers(self) -> Row {
        Row { transfers: true, ..self }
    }

    const fn dynamic(self) -> Row {
        Row { dynamic: true, ..self }
    }

    const fn traps(self) -> Row {
        Row { traps: true, ..self }
    }

    const fn unexecuted(self) -> Row {
        Row { executed: false, ..self }
    }

    const fn priced_as(self, model: Opcode) -> Row {
        Row { model: Some(model), ..self }
    }
}

/// The table by opcode. Two lines for one operator are an error of compilation.
static TABLE: [Option<Row>; Opcode::ALL.len()] = {
    let mut rows = [None; Opcode::ALL.len()];
    let mut line = 0;
    while line < table::ROWS.len() {
        let (op, row) = table::ROWS[line];
        assert!(rows[op as usize].is_none(), "an operator has two lines");
        rows[op as usize] = Some(row);
        line += 1;
    }
    rows
};

/// What the table says. Each is one look into an array.
impl Opcode {
    fn row(self) -> Option<&'static Row> {
        TABLE[self as usize].as_ref()
    }

    /// Its name in the table.
    pub(crate) fn listed_name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// Whether it has a meaning here: it is in the table, and gas-1 covers it. What else the decoder knows is of
    /// proposals that no tier executes.
    pub fn has_meaning(self) -> bool {
        self.row().is_some()
    }

    /// Whether a tier executes it. What has a meaning and is not executed has a price in gas-1 and no more.
    pub fn is_executed(self) -> bool {
        self.row().is_some_and(|row| row.executed)
    }

    /// Its kind; `None` if it has no meaning.
    pub fn class(self) -> Option<Class> {
        self.row().map(|row| row.class)
    }

    /// Its operands and results; `None` if they depend on immediates or on the context, or if it has no meaning.
    pub fn shape(self) -> Option<Shape> {
        self.row().and_then(|row| row.shape)
    }

    /// Whether it may trap by itself, that is, for its operands or the state. What it calls does not count.
    pub fn may_trap(self) -> bool {
        self.row().is_some_and(|row| row.traps)
    }

    /// Whether it is a control operator after which a gas segment ends (gas-1, section 2.2).
    pub fn transfers_control(self) -> bool {
        self.row().is_some_and(|row| row.transfers)
    }

    /// Whether it has a dynamic charge besides its weight (gas-1, section 2.3).
    pub fn is_dynamic(self) -> bool {
        self.row().is_some_and(|row| row.dynamic)
    }

    /// Whether it reads or writes a linear memory, or its size: loads and stores, atomic accesses, `memory.*`.
    pub fn accesses_memory(self) -> bool {
        self.class().is_some_and(Class::accesses_memory)
    }

    /// The older operator that it costs as where a schedule does not price it (gas-1, section 1.5); `None` for the
    /// operators of gas-1 as it was fixed.
    pub fn priced_as(self) -> Option<Opcode> {
        self.row().and_then(|row| row.model)
    }
}
