//! Where in a text its module is: instructions, by their offsets in the binary, and what else can be at fault.

use std::collections::BTreeMap;
use wasmparser::{FromReader, FunctionBody, Parser, Payload, SectionLimited};
use wast::Wat;
use wast::core::{Func, FuncKind, Module, ModuleField, ModuleKind};
use wast::parser::{ParseBuffer, parse};
use wast::token::{Index, Span};

/// A line, and a column in bytes, from 1.
pub type Place = (u32, u32);

/// A text that is no module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// The module in a text, or a component, as bytes.
///
/// # Errors
/// If it is not in the text format; with the place.
pub fn text_module(text: &str) -> Result<Vec<u8>, TextFault> {
    let fault = |error: wast::Error| TextFault {
        place: place_of(error.span(), text),
        message: error.message(),
    };
    let buffer = ParseBuffer::new(text).map_err(fault)?;
    parse::<Wat<'_>>(&buffer).map_err(fault)?.encode().map_err(fault)
}

fn place_of(span: Span, text: &str) -> Place {
    let (line, column) = span.linecol_in(text);
    (line as u32 + 1, column as u32 + 1)
}

/// Parses a text and passes its module on, if that is the one in the binary.
fn with_module<T>(
    text: &str,
    wasm: &[u8],
    then: impl FnOnce(&[ModuleField<'_>]) -> Option<T>,
) -> Option<T> {
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let Wat::Module(mut module) = parse::<Wat<'_>>(&buffer).ok()? else { return None };
    // This also separates what stands inline into fields of its own.
    if module.encode().ok()? != wasm {
        return None;
    }
    let Module { kind: ModuleKind::Text(fields), .. } = &module else { return None };
    then(fields)
}

/// The functions of a text that have a body, in their order, which is that of the binary.
fn functions<'a>(fields: &'a [ModuleField<'a>]) -> impl Iterator<Item = &'a Func<'a>> {
    fields.iter().filter_map(|field| match field {
        ModuleField::Func(func) if matches!(func.kind, FuncKind::Inline { .. }) => Some(func),
        _ => None,
    })
}

/// The instructions of a function in the order in which they stand in the binary.
fn spans<'a>(func: &'a Func<'_>) -> Option<&'a [Span]> {
    match &func.kind {
        FuncKind::Inline { expression, .. } => expression.instr_spans.as_deref(),
        FuncKind::Import(..) => None,
    }
}

/// The places in a text of instructions of its module, by their offsets in the binary. What cannot be found is left out; so is
/// everything if the binary is not the text's.
pub fn places(text: &str, wasm: &[u8], offsets: &[u32]) -> BTreeMap<u32, Place> {
    let found = with_module(text, wasm, |fields| {
        let mut functions = functions(fields);
        let mut places = BTreeMap::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let Payload::CodeSectionEntry(body) = payload.ok()? else { continue };
            let spans = spans(functions.next()?)?;
            let range = body.range();
            if !offsets.iter().any(|at| range.contains(&u64::from(*at))) {
                continue;
            }
            let operators = body.get_operators_reader().ok()?.into_iter_with_offsets();
            for (number, operator) in operators.enumerate() {
                let at = u32::try_from(operator.ok()?.1).ok()?;
                if let Some(span) = spans.get(number).filter(|_| offsets.contains(&at)) {
                    places.insert(at, place_of(*span, text));
                }
            }
        }
        Some(places)
    });
    found.unwrap_or_default()
}

/// The place of what stands at an offset of a text's module, as nearly as it is known: an instruction, or else a field of the
/// module. `None` if it is neither, or the binary is not the text's.
pub fn place(text: &str, wasm: &[u8], offset: u64) -> Option<Place> {
    let span = with_module(text, wasm, |fields| {
        let mut functions = functions(fields);
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.ok()?;
            if matches!(payload, Payload::CodeSectionStart { .. }) {
                continue;
            }
            if let Payload::CodeSectionEntry(body) = &payload {
                let func = functions.next()?;
                if body.range().contains(&offset) {
                    return Some(in_body(body, func, offset).unwrap_or(func.span));
                }
            } else if payload.as_section().is_some_and(|(_, range)| range.contains(&offset)) {
                return in_section(&payload, fields, offset);
            }
        }
        None
    });
    Some(place_of(span?, text))
}

/// The last instruction that begins at an offset or before.
fn in_body(body: &FunctionBody<'_>, func: &Func<'_>, offset: u64) -> Option<Span> {
    let operators = body.get_operators_reader().ok()?.into_iter_with_offsets();
    let begun = operators.take_while(|op| op.as_ref().is_ok_and(|(_, at)| *at <= offset)).count();
    let spans = spans(func)?;
    // The end of a function is written nowhere; what stands before it is.
    spans.get(begun.checked_sub(1)?).or(spans.last()).copied()
}

/// The field of an item of a section.
fn in_section(payload: &Payload<'_>, fields: &[ModuleField<'_>], offset: u64) -> Option<Span> {
    use ModuleField as Field;
    let at = |number: Option<usize>, span: fn(&Field<'_>) -> Option<Span>| {
        fields.iter().filter_map(span).nth(number?)
    };
    match payload {
        Payload::TypeSection(s) => of_type(fields, item(s, offset)?),
        Payload::ImportSection(s) => at(item(s, offset), |field| match field {
            Field::Import(import) => Some(import.span),
            _ => None,
        }),
        Payload::FunctionSection(s) => functions(fields).nth(item(s, offset)?).map(|f| f.span),
        Payload::TableSection(s) => at(item(s, offset), |field| match field {
            Field::Table(table) => Some(table.span),
            _ => None,
        }),
        Payload::MemorySection(s) => at(item(s, offset), |field| match field {
            Field::Memory(memory) => Some(memory.span),
            _ => None,
        }),
        Payload::TagSection(s) => at(item(s, offset), |field| match field {
            Field::Tag(tag) => Some(tag.span),
            _ => None,
        }),
        Payload::GlobalSection(s) => at(item(s, offset), |field| match field {
            Field::Global(global) => Some(global.span),
            _ => None,
        }),
        Payload::ExportSection(s) => at(item(s, offset), |field| match field {
            Field::Export(export) => Some(export.span),
            _ => None,
        }),
        Payload::StartSection { .. } => at(Some(0), |field| match field {
            Field::Start(func) => Some(func.span()),
            _ => None,
        }),
        Payload::ElementSection(s) => at(item(s, offset), |field| match field {
            Field::Elem(elem) => Some(elem.span),
            _ => None,
        }),
        Payload::DataSection(s) => at(item(s, offset), |field| match field {
            Field::Data(data) => Some(data.span),
            _ => None,
        }),
        _ => None,
    }
}

/// A type, by the number of its group. One that is written nowhere is where a function has it.
fn of_type(fields: &[ModuleField<'_>], group: usize) -> Option<Span> {
    let groups = fields.iter().filter_map(|field| match field {
        ModuleField::Type(ty) => Some((ty.span, 1)),
        ModuleField::Rec(rec) => Some((rec.span, rec.types.len())),
        _ => None,
    });
    let groups: Vec<(Span, usize)> = groups.collect();
    let (span, _) = *groups.get(group)?;
    if span.offset() > 0 {
        return Some(span);
    }
    let index: usize = groups[..group].iter().map(|(_, types)| types).sum();
    fields.iter().find_map(|field| match field {
        ModuleField::Func(Func { ty, span, .. }) => match ty.index {
            Some(Index::Num(n, _)) if n as usize == index => Some(*span),
            _ => None,
        },
        _ => None,
    })
}

/// The number of the item of a section in which an offset lies.
fn item<'a, T: FromReader<'a>>(section: &SectionLimited<'a, T>, offset: u64) -> Option<usize> {
    let items = section.clone().into_iter_with_offsets();
    let begun = items.take_while(|item| item.as_ref().is_ok_and(|(at, _)| *at <= offset)).count();
    begun.checked_sub(1)
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

    /// Where the validator's offset is in the text.
    fn fault_of(text: &str) -> Option<Place> {
        let wasm = text_module(text).unwrap();
        let error = etalon_module::Module::new(&wasm, etalon_adapters::Features::wasm3());
        place(text, &wasm, error.expect_err(text).offset)
    }

    #[test]
    fn every_field_that_can_be_at_fault_is_found() {
        for (text, place) in [
            ("(module\n (func)\n (func (result i32)\n  i64.const 0))", (4, 3)),
            ("(module\n (func (result i32)\n ))", (2, 3)),
            ("(module (func (drop\n (call 9))))", (2, 3)),
            (
                "(module (func (param i32)\n (i32.store offset=0 align=8\n  (i32.const 0) (i32.const 0))))",
                (2, 3),
            ),
            ("(module\n (memory 1)\n (memory 65537))", (3, 3)),
            ("(module\n (func (param (ref 9))))", (2, 3)),
            ("(module\n (table 2 1 funcref))", (2, 3)),
            ("(module (func)\n (export \"a\" (func 0))\n (export \"a\" (func 0)))", (3, 3)),
            ("(module (func $f (export \"a\"))\n (func\n  (export \"a\")))", (2, 3)),
            ("(module (func (param i32))\n (start 0))", (2, 9)),
            ("(module\n (global i32 (i64.const 0)))", (2, 3)),
            ("(module (memory 1)\n (data (i64.const 0) \"x\"))", (2, 3)),
            ("(module (table 1 funcref)\n (elem (i64.const 0)))", (2, 3)),
            ("(module\n (type (sub 7 (func))))", (2, 3)),
            ("(module (type (struct))\n (func (type 0)))", (2, 3)),
            ("(module (import \"a\" \"b\" (func))\n (import \"a\" \"c\" (memory 65537)))", (2, 3)),
            ("(module (type $t (func (result i32)))\n (tag (type $t)))", (2, 3)),
        ] {
            assert_eq!(fault_of(text), Some(place), "{text}");
        }
    }

    #[test]
    fn a_text_that_does_not_parse_says_where() {
        let fault = text_module("(module\n (func i32.const))").unwrap_err();
        assert_eq!((fault.place, fault.message.as_str()), ((2, 17), "expected a i32"));
        let fault = text_module("(module (func\n (call $f)))").unwrap_err();
        assert_eq!(fault.place, (2, 8));
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
