//! Where in a text the instructions of its module are.

use std::collections::BTreeMap;
use wasmparser::{Parser, Payload};
use wast::Wat;
use wast::core::{FuncKind, ModuleField, ModuleKind};
use wast::parser::{ParseBuffer, parse};

/// A line and a column, from 1.
pub type Place = (u32, u32);

/// The places in a text of instructions of its module, by their offsets in the binary. What cannot be found is left out; so is
/// everything if the binary is not the text's.
pub fn places(text: &str, wasm: &[u8], offsets: &[u32]) -> BTreeMap<u32, Place> {
    find(text, wasm, offsets).unwrap_or_default()
}

fn find(text: &str, wasm: &[u8], offsets: &[u32]) -> Option<BTreeMap<u32, Place>> {
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let Wat::Module(mut module) = parse::<Wat<'_>>(&buffer).ok()? else {
        return None;
    };
    if module.encode().ok()? != wasm {
        return None;
    }
    let ModuleKind::Text(fields) = &module.kind else { return None };
    // The functions of the text, and their instructions, are encoded in the order in which they stand there.
    let mut functions = fields.iter().filter_map(|field| match field {
        ModuleField::Func(func) => match &func.kind {
            FuncKind::Inline { expression, .. } => Some(expression.instr_spans.as_deref()),
            FuncKind::Import(..) => None,
        },
        _ => None,
    });
    let mut places = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.ok()? else { continue };
        let spans = functions.next()??;
        let range = body.range();
        if !offsets.iter().any(|at| range.contains(&u64::from(*at))) {
            continue;
        }
        let operators = body.get_operators_reader().ok()?.into_iter_with_offsets();
        for (number, operator) in operators.enumerate() {
            let at = u32::try_from(operator.ok()?.1).ok()?;
            if let Some(span) = spans.get(number).filter(|_| offsets.contains(&at)) {
                let (line, column) = span.linecol_in(text);
                places.insert(at, (line as u32 + 1, column as u32 + 1));
            }
        }
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of all operators with an opcode.
    fn places_of(text: &str, opcode: u8) -> Vec<Place> {
        let wasm = wat::parse_str(text).unwrap();
        let all = (0..wasm.len() as u32).filter(|at| wasm[*at as usize] == opcode);
        places(text, &wasm, &all.collect::<Vec<_>>()).into_values().collect()
    }

    #[test]
    fn plain_and_folded_instructions_are_found() {
        let text = "(module\n  (import \"a\" \"b\" (func))\n  (func (result i32)\n    i32.const 300\n    i32.const 0\n    \
            i32.div_u)\n  (func (export \"f\") (result i32)\n    (if (result i32) (i32.const 400)\n      \
            (then (i32.div_u (i32.const 300) (i32.const 2)))\n      (else (unreachable)))))";
        assert_eq!(places_of(text, 0x6e), [(6, 5), (9, 14)]);
        assert_eq!(places_of(text, 0x00), [(10, 14)]);
    }

    #[test]
    fn another_binary_has_no_places() {
        let text = "(module (func unreachable))";
        let other = wat::parse_str("(module (func nop unreachable))").unwrap();
        let all: Vec<u32> = (0..other.len() as u32).collect();
        assert!(places(text, &other, &all).is_empty());
        assert!(places("(module", &other, &all).is_empty());
    }
}
