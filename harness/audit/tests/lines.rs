//! Source lines of operators, from DWARF that a library writes, whole and damaged.

use etalon_audit::{Line, lines_of};
use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, LineProgram, LineString, Sections,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};
use std::collections::BTreeMap;
use wasm_encoder::{CustomSection, Section};
use wasmparser::{Parser, Payload};

const WAT: &str = "(module (func (param i32) nop nop nop) (func nop nop))";

/// The module, where the contents of its code section begin, and the offsets of all operators.
fn module() -> (Vec<u8>, u64, Vec<Vec<u32>>) {
    let wasm = wat::parse_str(WAT).unwrap();
    let (mut code, mut functions) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.unwrap() {
            Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().unwrap();
                let mut offsets = Vec::new();
                while !operators.eof() {
                    offsets.push(operators.read_with_offset().unwrap().1 as u32);
                }
                functions.push(offsets);
            }
            _ => {}
        }
    }
    (wasm, code, functions)
}

/// Sections that say: the first function is `outer` of lines 10, 11 and 12, in which the second operator is of `inner`, put in place of its
/// call. A function that the linker took away is at address 0. Nothing is known of the second function.
fn sections(version: u16, code: u64, operators: &[u32]) -> BTreeMap<&'static str, Vec<u8>> {
    let encoding = Encoding { format: Format::Dwarf32, version, address_size: 4 };
    let mut dwarf = DwarfUnit::new(encoding);
    let string = |text: &str| LineString::String(text.as_bytes().to_vec());
    let mut lines = LineProgram::new(
        encoding,
        LineEncoding::default(),
        string("/project"),
        None,
        string("lib.rs"),
        None,
    );
    let folder = lines.add_directory(string("src"));
    let file = lines.add_file(string("lib.rs"), folder, None);
    let at = |operator: usize| u64::from(operators[operator]) - code;
    let end = at(operators.len() - 1) + 1;
    for start in [0, at(0)] {
        lines.begin_sequence(Some(Address::Constant(start)));
        for operator in 0..3 {
            lines.row().address_offset = at(operator) - at(0);
            lines.row().file = file;
            // What is at address 0 would be all lines of 1000.
            lines.row().line = if start == 0 { 1000 } else { 10 + operator as u64 };
            lines.generate_row();
        }
        lines.end_sequence(end - start);
    }
    dwarf.unit.line_program = lines;
    let text = |text: &str| AttributeValue::String(text.as_bytes().to_vec());
    let root = dwarf.unit.root();
    dwarf.unit.get_mut(root).set(gimli::DW_AT_comp_dir, text("/project"));
    dwarf.unit.get_mut(root).set(gimli::DW_AT_name, text("lib.rs"));
    dwarf.unit.get_mut(root).set(gimli::DW_AT_stmt_list, AttributeValue::LineProgramRef);
    let mut function = |parent, tag, range: Option<(u64, u64)>| {
        let entry = dwarf.unit.add(parent, tag);
        if let Some((start, end)) = range {
            let low = AttributeValue::Address(Address::Constant(start));
            dwarf.unit.get_mut(entry).set(gimli::DW_AT_low_pc, low);
            dwarf.unit.get_mut(entry).set(gimli::DW_AT_high_pc, AttributeValue::Udata(end - start));
        }
        entry
    };
    let inner = function(root, gimli::DW_TAG_subprogram, None);
    let outer = function(root, gimli::DW_TAG_subprogram, Some((at(0), end)));
    let inlined = function(outer, gimli::DW_TAG_inlined_subroutine, Some((at(1), at(2))));
    let gone = function(root, gimli::DW_TAG_subprogram, Some((0, end)));
    for (entry, name) in [(inner, "inner"), (outer, "outer"), (gone, "gone")] {
        dwarf.unit.get_mut(entry).set(gimli::DW_AT_name, text(name));
    }
    let origin = AttributeValue::UnitRef(inner);
    dwarf.unit.get_mut(inlined).set(gimli::DW_AT_abstract_origin, origin);
    let mut written = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut written).unwrap();
    let mut sections = BTreeMap::new();
    let keep = |id: gimli::SectionId, data: &EndianVec<LittleEndian>| -> Result<(), gimli::Error> {
        sections.insert(id.name(), data.slice().to_vec());
        Ok(())
    };
    written.for_each(keep).unwrap();
    sections.retain(|_, data| !data.is_empty());
    sections
}

fn with(wasm: &[u8], sections: &BTreeMap<&'static str, Vec<u8>>) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    for (name, data) in sections {
        CustomSection { name: (*name).into(), data: data.into() }.append_to(&mut wasm);
    }
    wasm
}

#[test]
fn operators_have_the_lines_that_are_told() {
    let (wasm, code, operators) = module();
    let all: Vec<u32> = operators.concat();
    assert_eq!(lines_of(&wasm, &all).unwrap(), BTreeMap::new());
    for version in [3, 4, 5] {
        let told = with(&wasm, &sections(version, code, &operators[0]));
        let line = |line, function: &str| Line {
            file: "/project/src/lib.rs".to_owned(),
            line,
            function: Some(function.to_owned()),
        };
        let want = [
            (operators[0][0], line(10, "outer")),
            (operators[0][1], line(11, "inner")),
            (operators[0][2], line(12, "outer")),
            (operators[0][3], line(12, "outer")),
        ];
        assert_eq!(lines_of(&told, &all).unwrap(), BTreeMap::from(want), "version {version}");
    }
}

/// Damage may change what is told, and ends nothing.
#[test]
fn damaged_sections_are_read_or_refused() {
    let (wasm, code, operators) = module();
    let all: Vec<u32> = operators.concat();
    let (mut read, mut refused) = (0, 0);
    for version in [4, 5] {
        let whole = sections(version, code, &operators[0]);
        for (name, data) in &whole {
            let mut look = |data: Vec<u8>| {
                let mut damaged = whole.clone();
                damaged.insert(name, data);
                match lines_of(&with(&wasm, &damaged), &all) {
                    Ok(_) => read += 1,
                    Err(_) => refused += 1,
                }
            };
            for at in 0..data.len() {
                look(data[..at].to_vec());
                for byte in [data[at] ^ 0xff, data[at] ^ 1, data[at] ^ 0x80, 0] {
                    let mut data = data.clone();
                    data[at] = byte;
                    look(data);
                }
            }
        }
    }
    assert!(read > 500 && refused > 500, "{read} read, {refused} refused");
}

/// Many units that all have one long line table would be read for ever.
#[test]
fn there_is_an_end_to_what_is_read() {
    let (wasm, code, operators) = module();
    let mut told = sections(4, code, &operators[0]);
    let unit = told[".debug_info"].clone();
    told.insert(".debug_info", unit.repeat(20_000));
    // Rows that go on by nothing, each of one byte, at the end of the table.
    let table = told.get_mut(".debug_line").unwrap();
    table.extend(std::iter::repeat_n(1, 100_000));
    let length = (table.len() - 4) as u32;
    table[..4].copy_from_slice(&length.to_le_bytes());
    let error = lines_of(&with(&wasm, &told), &operators.concat()).unwrap_err();
    assert!(error.to_string().contains("more than 67108864 entries"), "{error}");
}

/// Units that all have one entry of these bytes, by the declarations that begin at `at` of each.
fn units(count: u32, at: impl Fn(u32) -> u32, entry: &[u8]) -> Vec<u8> {
    let one = |number: u32| {
        let mut unit = Vec::new();
        unit.extend((7 + entry.len() as u32).to_le_bytes());
        unit.extend(4u16.to_le_bytes());
        unit.extend(at(number).to_le_bytes());
        unit.push(4);
        unit.extend(entry);
        unit
    };
    (0..count).flat_map(one).collect()
}

/// A line table of the version 4, of files that have no names, and of a program.
fn line_table(files: usize, program: &[u8]) -> Vec<u8> {
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0];
    header.extend(b"a\0\0\0\0".repeat(files));
    header.push(0);
    let mut table = 4u16.to_le_bytes().to_vec();
    table.extend((header.len() as u32).to_le_bytes());
    table.extend(header);
    table.extend(program);
    [&(table.len() as u32).to_le_bytes(), &*table].concat()
}

/// What it is, its abbreviations and units, the name of another section, and that.
type Damaged = (&'static str, Vec<u8>, Vec<u8>, &'static str, Vec<u8>);

/// What many units or entries share is paid for each time that it is read.
#[test]
fn what_is_shared_is_not_read_for_ever() {
    const UNITS: u32 = 50_000;
    const LARGE: usize = 100_000;
    let (wasm, _, operators) = module();
    // A number as two or three bytes, as LEB128.
    let leb = |n: usize| [n as u8 | 0x80, (n >> 7) as u8 | 0x80, (n >> 14) as u8];
    let declaration = |code: usize| [&leb(code), &[0x11u8, 0, 0, 0][..]].concat();
    let declarations: Vec<u8> = (1..=LARGE).flat_map(declaration).chain([0]).collect();
    // An entry of the line table at an offset; of a name; of a list of ranges.
    let with_lines = vec![1, 0x11, 0, 0x10, 0x17, 0, 0, 0];
    let with_name = vec![1, 0x11, 0, 0x03, 0x0e, 0, 0, 0];
    let with_ranges = vec![1, 0x2e, 0, 0x55, 0x17, 0, 0, 0];
    let with_flags = [&[1, 0x11, 0][..], &[0x3f, 0x19].repeat(LARGE), &[0, 0, 0]].concat();
    let at_0 = |entry: &[u8]| units(UNITS, |_| 0, entry);
    let of_0 = [1, 0, 0, 0, 0];
    let base = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0].repeat(LARGE);
    let cases: [Damaged; 7] = [
        ("", declarations.clone(), at_0(&[1]), "", Vec::new()),
        ("declarations", declarations, units(UNITS, |n| n % 2 * 7, &[2]), "", Vec::new()),
        ("files", with_lines.clone(), at_0(&of_0), ".debug_line", line_table(LARGE, &[])),
        // Each byte changes a register, and none makes a row.
        ("steps", with_lines, at_0(&of_0), ".debug_line", line_table(0, &[6].repeat(LARGE))),
        ("a name", with_name, at_0(&of_0), ".debug_str", [b'a'].repeat(LARGE * 8)),
        ("no ranges", with_ranges, at_0(&of_0), ".debug_ranges", base),
        ("attributes", with_flags, at_0(&[1]), "", Vec::new()),
    ];
    for (what, abbreviations, units, name, data) in cases {
        let mut told = BTreeMap::from([(".debug_abbrev", abbreviations), (".debug_info", units)]);
        if !name.is_empty() {
            told.insert(name, [data, vec![0; 8]].concat());
        }
        match (what, lines_of(&with(&wasm, &told), &operators.concat())) {
            // What the units before have read is not read again.
            ("", lines) => assert_eq!(lines, Ok(BTreeMap::new())),
            (_, Err(error)) => {
                assert!(error.to_string().contains("more than 67108864"), "{what}: {error}");
            }
            (_, Ok(_)) => panic!("{what} are read for ever"),
        }
    }
}
