//! Machine code as text, with what is known of each instruction.

use etalon::unstable::Listing;
use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, Mnemonic, OpKind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An instruction, or bytes that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// Where it is in the code of the function; not known of a processor whose code is shown in the code generator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Its bytes, as hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub bytes: String,
    pub text: String,
    /// The offset in the module of the operator that it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasm: Option<u32>,
    /// Why it may end the execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trap: Option<&'static str>,
    /// The function whose address is written into it when the code is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
}

/// The code of a function. `called` is what a function is called that the code calls.
pub(crate) fn rows(listing: &Listing, called: impl Fn(u32) -> String) -> Vec<Row> {
    if listing.target.starts_with("x86_64") {
        return x86_64(listing, called);
    }
    let row = |line: &str| Row { text: line.to_owned(), ..Row::default() };
    listing.assembly.lines().map(row).collect()
}

/// Behind these, no control goes on.
const LAST: &[Mnemonic] = &[Mnemonic::Jmp, Mnemonic::Ret, Mnemonic::Ud2];

/// Bytes of data on a line.
const DATA: usize = 8;

fn x86_64(listing: &Listing, called: impl Fn(u32) -> String) -> Vec<Row> {
    let traps: BTreeMap<u32, &'static str> = listing.traps.iter().copied().collect();
    // Control gets here from elsewhere, or the processor stops here.
    let begins: BTreeSet<u32> = listing.blocks.iter().chain(traps.keys()).copied().collect();
    let mut decoder = Decoder::with_ip(64, &listing.bytes, 0, DecoderOptions::NONE);
    let mut formatter = formatter();
    let mut rows = Vec::new();
    let mut falls_through = true;
    while decoder.can_decode() {
        let at = decoder.position();
        let offset = at as u32;
        if !falls_through && !begins.contains(&offset) {
            // Nothing gets here: constants, or the table of a jump.
            let next = begins.range(offset..).next().map_or(listing.bytes.len(), |at| *at as usize);
            rows.extend(data(listing, at, next));
            if decoder.set_position(next).is_err() {
                break;
            }
            decoder.set_ip(next as u64);
            falls_through = true;
            continue;
        }
        let instruction = decoder.decode();
        let end = decoder.position();
        let bytes = &listing.bytes[at..end];
        let next = listing.calls.partition_point(|(at, _)| *at < offset);
        let next = listing.calls.get(next).filter(|(at, _)| (*at as usize) < end);
        let calls = next.map(|(_, callee)| *callee);
        falls_through = !LAST.contains(&instruction.mnemonic());
        rows.push(Row {
            code: Some(offset),
            bytes: hexadecimal(bytes),
            text: text(&mut formatter, &instruction, calls.map(&called)),
            wasm: from(listing, offset),
            trap: traps.get(&offset).copied(),
            calls,
        });
    }
    rows
}

fn formatter() -> IntelFormatter {
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_space_after_operand_separator(true);
    options.set_branch_leading_zeros(false);
    options.set_show_branch_size(false);
    options.set_signed_immediate_operands(true);
    formatter
}

/// An instruction; one that calls a function says which, as its distance is not written yet.
fn text(
    formatter: &mut IntelFormatter,
    instruction: &Instruction,
    callee: Option<String>,
) -> String {
    let mut text = String::new();
    formatter.format(instruction, &mut text);
    match callee {
        Some(callee) if instruction.op0_kind() == OpKind::NearBranch64 => {
            let mnemonic = text.split(' ').next().unwrap_or_default();
            format!("{mnemonic} {callee}")
        }
        _ => text,
    }
}

/// The operator that code at an offset is from.
fn from(listing: &Listing, offset: u32) -> Option<u32> {
    let next = listing.sites.partition_point(|(at, _)| *at <= offset);
    listing.sites.get(next.checked_sub(1)?)?.1
}

fn data(listing: &Listing, from: usize, to: usize) -> impl Iterator<Item = Row> {
    let offsets = (from..to).step_by(DATA);
    offsets.map(move |at| {
        let bytes = &listing.bytes[at..to.min(at + DATA)];
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Row {
            code: Some(at as u32),
            bytes: digits.concat(),
            text: format!("data {}", digits.join(" ")),
            ..Row::default()
        }
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
