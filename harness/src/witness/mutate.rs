//! Changes of bytes. Sizes that enclose a change are put right most of the time, so that it is the change that is refused.

use crate::generate::Stream;
use std::ops::Range;

/// Bytes that mean much: ends of numbers, types, block types, prefixes of operators.
const TELLING: &[u8] = &[
    0x00, 0x01, 0x02, 0x05, 0x0b, 0x1c, 0x20, 0x3f, 0x40, 0x41, 0x50, 0x5e, 0x5f, 0x60, 0x61, 0x63,
    0x64, 0x69, 0x6b, 0x6e, 0x6f, 0x70, 0x71, 0x73, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xd0, 0xd2,
    0xfb, 0xfc, 0xfd, 0xfe, 0xff,
];
const CODE: u8 = 10;

/// A section: its number and its contents.
type Section = (u8, Vec<u8>);

/// A number in LEB128 at a place: its value, and how long it is.
fn number(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0;
    for (i, byte) in bytes.get(at..)?.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

fn push(bytes: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn split(wasm: &[u8]) -> Option<Vec<Section>> {
    let (mut at, mut sections) = (8, Vec::new());
    while at < wasm.len() {
        let (size, width) = number(wasm, at + 1)?;
        let begin = at + 1 + width;
        sections.push((wasm[at], wasm.get(begin..begin.checked_add(size)?)?.to_vec()));
        at = begin + size;
    }
    Some(sections)
}

fn joined(header: &[u8], sections: &[Section]) -> Vec<u8> {
    let mut wasm = header.to_vec();
    for (id, contents) in sections {
        wasm.push(*id);
        push(&mut wasm, contents.len());
        wasm.extend(contents);
    }
    wasm
}

/// A range of at most so many bytes.
fn range(length: usize, most: usize, stream: &mut Stream) -> Range<usize> {
    let begin = stream.below(length + 1);
    let width = stream.below(most + 1).min(length - begin);
    begin..begin + width
}

/// Changes some bytes.
fn change(bytes: &mut Vec<u8>, donor: &[u8], stream: &mut Stream) {
    if bytes.is_empty() {
        return bytes.push(TELLING[stream.below(TELLING.len())]);
    }
    let at = stream.below(bytes.len());
    match stream.below(9) {
        0 => bytes[at] = stream.below(256) as u8,
        1 | 2 => bytes[at] = TELLING[stream.below(TELLING.len())],
        3 => bytes[at] ^= 1 << stream.below(8),
        4 => bytes[at] = bytes[at].wrapping_add(if stream.below(2) == 0 { 1 } else { 0xff }),
        5 => bytes.insert(at, TELLING[stream.below(TELLING.len())]),
        6 => {
            let gone = range(bytes.len(), 4, stream);
            bytes.drain(gone);
        }
        7 => {
            let again = bytes[range(bytes.len(), 8, stream)].to_vec();
            bytes.splice(at..at, again);
        }
        _ => {
            let taken = donor[range(donor.len(), 12, stream)].to_vec();
            let gone = range(bytes.len(), 8, stream);
            bytes.splice(gone, taken);
        }
    }
}

/// Changes a function's body, and puts its size right.
fn change_body(code: &mut Vec<u8>, donor: &[u8], stream: &mut Stream) -> Option<()> {
    let (count, width) = number(code, 0)?;
    let (mut at, mut bodies) = (width, Vec::new());
    for _ in 0..count {
        let (size, width) = number(code, at)?;
        bodies.push((at, at + width..at + width + size));
        at += width + size;
    }
    let (at, body) = bodies.get(stream.below(bodies.len().max(1)))?.clone();
    let mut changed = code.get(body.clone())?.to_vec();
    change(&mut changed, donor, stream);
    let mut with_size = Vec::new();
    push(&mut with_size, changed.len());
    with_size.extend(changed);
    code.splice(at..body.end, with_size);
    Some(())
}

/// The module, changed at one place.
pub(super) fn mutate(wasm: &[u8], donor: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut raw = wasm.to_vec();
    let Some(mut sections) = split(wasm).filter(|sections| !sections.is_empty()) else {
        change(&mut raw, donor, stream);
        return raw;
    };
    let at = stream.below(sections.len());
    match stream.below(16) {
        0 => {
            change(&mut raw, donor, stream);
            return raw;
        }
        1 => {
            raw.truncate(stream.below(raw.len()));
            return raw;
        }
        2 => {
            let again = sections[at].clone();
            sections.insert(stream.below(sections.len() + 1), again);
        }
        3 => {
            sections.remove(at);
        }
        4 => {
            let other = stream.below(sections.len());
            sections.swap(at, other);
        }
        5 => sections[at].0 = stream.below(15) as u8,
        6 => {
            let of_donor = split(donor).unwrap_or_default();
            let id = sections[at].0;
            if let Some((_, contents)) = of_donor.into_iter().find(|(other, _)| *other == id) {
                sections[at].1 = contents;
            }
        }
        7..=10 if let Some((_, code)) = sections.iter_mut().find(|(id, _)| *id == CODE) => {
            if change_body(code, donor, stream).is_none() {
                change(code, donor, stream);
            }
        }
        _ => change(&mut sections[at].1, donor, stream),
    }
    joined(&wasm[..8], &sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_module::{Features, Module};

    #[test]
    fn changed_modules_are_both_accepted_and_refused() {
        let wat = r#"(module (memory 1) (table 2 funcref) (global i32 (i32.const 5))
          (func (export "f") (param i32) (result i32) (i32.load (local.get 0))) (func (call 0 (i32.const 1)) (drop)))"#;
        let wasm = wat::parse_str(wat).unwrap();
        let donor = wat::parse_str("(module (func (drop (i64.const 77))))").unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for number in 0..2000 {
            let changed = mutate(&wasm, &donor, &mut Stream::new("test", 1, number));
            assert_eq!(changed, mutate(&wasm, &donor, &mut Stream::new("test", 1, number)));
            match Module::new(&changed, Features::all()) {
                Ok(_) => accepted += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(accepted > 200 && refused > 800, "{accepted} {refused}");
    }
}
