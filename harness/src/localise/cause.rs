//! What is named as the cause of a difference.

use crate::rewrite::Text;
use etalon_adapters::{Features, Val};
use etalon_module::{Module, Opcode};
use etalon_spec_tests::spec_map;
use serde::Serialize;
use std::collections::BTreeMap;

/// How sure it is that the instruction is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// What it gives was seen to differ, with all points in place: the values that it takes were the same.
    Seen,
    /// What it gives was seen to differ where nothing before it was looked at: the fault needs instructions that stand next to
    /// each other.
    NeedsShape,
    /// It is the last instruction before the difference, which goes away where anything is looked at.
    Last,
}

/// The first instruction at which two engines part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The function's index.
    pub func: u32,
    /// Its name, if it has one: by the name section, or as an export.
    pub name: Option<String>,
    /// The place of the instruction in the module's bytes.
    pub offset: u32,
    /// Its name.
    pub operator: String,
    /// The instruction with its immediates, as the text format has it.
    pub text: String,
    /// The official rules of the instruction.
    pub rules: Vec<String>,
    /// What it takes, the last on top, as far as that is known.
    pub operands: Vec<String>,
    /// What each of the two engines went on with: a value, or that it stopped there.
    pub seen: [String; 2],
    /// How sure that is.
    pub certainty: Certainty,
    /// The number of the instruction in its function.
    #[serde(skip)]
    pub(crate) op: usize,
    /// The operands, if all are numbers.
    #[serde(skip)]
    pub(crate) values: Option<Vec<Val>>,
    /// What instructions of its function gave the last time before it.
    #[serde(skip)]
    pub(crate) before: BTreeMap<usize, Val>,
}

/// The official rules of an operator, of its execution.
pub fn rules_of(operator: &str) -> Vec<String> {
    let map = spec_map();
    let Some(row) = map.operator.get(operator) else { return Vec::new() };
    let all = row.normal.iter().chain(&row.taken).chain(&row.not_taken).chain(&row.traps);
    all.chain(&row.functions).map(|name| (*name).to_string()).collect()
}

impl Cause {
    /// The cause at an instruction; `None` if there is no such instruction.
    pub(crate) fn at(wasm: &[u8], text: &Text, func: u32, op: usize) -> Option<Cause> {
        let found = text.func(func)?.ops.get(op)?;
        let offset = u32::try_from(found.range.start).ok()?;
        let module = Module::new(wasm, Features::all()).ok();
        let named = module.as_ref().and_then(|module| {
            let named = module.func_names.iter().find(|(index, _)| *index == func);
            named.map(|(_, name)| name.clone()).or_else(|| {
                let export = module.exports.iter().find(|export| {
                    export.kind == etalon_module::ExternKind::Func && export.index == func
                });
                export.map(|export| export.name.clone())
            })
        });
        let operator = Opcode::name(found.opcode).to_owned();
        Some(Cause {
            func,
            name: named,
            offset,
            text: printed(wasm, offset)
                // The end of a function is printed as that of its expression.
                .filter(|text| text != ")")
                .unwrap_or_else(|| operator.clone()),
            rules: rules_of(&operator),
            operator,
            operands: Vec::new(),
            seen: Default::default(),
            certainty: Certainty::Seen,
            op,
            values: None,
            before: BTreeMap::new(),
        })
    }
}

/// The instruction at an offset, as text.
fn printed(wasm: &[u8], offset: u32) -> Option<String> {
    let mut text = String::new();
    let lines = wasmprinter::Config::new();
    let lines = lines.offsets_and_lines(wasm, &mut text).ok()?;
    for (at, line) in lines {
        if at == Some(u64::from(offset)) {
            let line = line.trim();
            return (!line.is_empty()).then(|| line.to_owned());
        }
    }
    None
}
