//! Source lines of operators, by the DWARF in a module's custom sections.
//!
//! Addresses in DWARF are offsets in the contents of the code section. Paths and names are data of the module and stay as they are. What is
//! read may be damaged or made to take long: everything is read in loops, and in all no more than a number of entries and rows.

use crate::text::one_line;
use gimli::{
    AttributeValue, DebuggingInformationEntry, DwAt, Dwarf, EndianSlice, LittleEndian, Unit,
    UnitOffset,
};
use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;
use wasmparser::{Parser, Payload};

/// Entries, ranges and rows of lines that are read.
const MOST_READ: u64 = 1 << 26;
/// Entries that refer to each other for a name.
const MOST_HOPS: usize = 8;

type Slice<'w> = EndianSlice<'w, LittleEndian>;

/// A place in a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// The file, as the compiler called it.
    pub file: String,
    /// The line, from 1; 0 if it belongs to none.
    pub line: u64,
    /// The function of the source, which may be in place of its call in another.
    pub function: Option<String>,
}

/// DWARF that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the debugging information cannot be read, so no source lines are shown: {message}")]
pub struct LinesError {
    message: String,
}

impl From<gimli::Error> for LinesError {
    fn from(error: gimli::Error) -> LinesError {
        LinesError { message: error.to_string() }
    }
}

/// The lines of some operators, by their offsets in a binary module. Those that no line is known of are left out, and so is all if the
/// module has no DWARF.
///
/// # Errors
/// If the DWARF is damaged, or there is too much of it.
pub fn lines_of(wasm: &[u8], offsets: &[u32]) -> Result<BTreeMap<u32, Line>, LinesError> {
    let mut sections: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut code = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::CustomSection(section)) if section.name().starts_with(".debug_") => {
                sections.insert(section.name(), section.data());
            }
            Ok(Payload::CodeSectionStart { unchecked_range: range, .. }) => {
                code = Some(range.start);
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    let (Some(code), false) = (code, sections.is_empty()) else { return Ok(BTreeMap::new()) };
    let section = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
        let data = sections.get(id.name()).copied().unwrap_or_default();
        Ok(EndianSlice::new(data, LittleEndian))
    };
    let wanted = offsets.iter().filter_map(|offset| u64::from(*offset).checked_sub(code));
    let wanted = wanted.map(|address| (address, Found::default())).collect();
    let mut search = Search { dwarf: Dwarf::load(section)?, wanted, left: MOST_READ };
    let mut units = search.dwarf.units();
    while let Some(header) = units.next()? {
        search.spend(1)?;
        let unit = search.dwarf.unit(header)?;
        search.rows(&unit)?;
        search.entries(&unit)?;
    }
    let found = search.wanted.into_iter().filter_map(|(address, found)| {
        let (file, line) = found.line?;
        Some(((address + code) as u32, Line { file, line, function: found.function }))
    });
    Ok(found.collect())
}

/// What is known of an address.
#[derive(Debug, Default)]
struct Found {
    line: Option<(String, u64)>,
    function: Option<String>,
    /// How many bytes the function has there: the innermost has the fewest.
    bytes: Option<u64>,
}

struct Search<'w> {
    dwarf: Dwarf<Slice<'w>>,
    wanted: BTreeMap<u64, Found>,
    left: u64,
}

impl<'w> Search<'w> {
    fn spend(&mut self, count: u64) -> Result<(), LinesError> {
        let left = self.left.checked_sub(count);
        let message = format!("it has more than {MOST_READ} entries");
        self.left = left.ok_or(LinesError { message })?;
        Ok(())
    }

    /// The rows of the line table that the addresses lie in. A row is for all addresses up to that of the next.
    fn rows(&mut self, unit: &Unit<Slice<'w>>) -> Result<(), LinesError> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let mut rows = program.rows();
        let mut before: Option<(u64, u64, u64)> = None;
        let mut is_gone = false;
        while let Some((header, row)) = rows.next_row()? {
            self.spend(1)?;
            let address = row.address();
            if before.is_none() {
                // What the linker took away is at no address: there the section has no operators.
                is_gone = address == 0;
            }
            if let Some((start, file, line)) = before
                && start < address
                && !is_gone
            {
                for (_, found) in self.wanted.range_mut(start..address) {
                    if found.line.is_none() {
                        found.line = Some((path(&self.dwarf, unit, header, file)?, line));
                    }
                }
            }
            let line = row.line().map_or(0, u64::from);
            before = (!row.end_sequence()).then_some((address, row.file_index(), line));
        }
        Ok(())
    }

    /// The functions that the addresses lie in, and those that are in place of their calls.
    fn entries(&mut self, unit: &Unit<Slice<'w>>) -> Result<(), LinesError> {
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            self.spend(1)?;
            if !matches!(entry.tag(), gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine) {
                continue;
            }
            let mut name = None;
            let mut ranges = self.dwarf.die_ranges(unit, entry)?;
            while let Some(range) = ranges.next()? {
                self.left = self.left.saturating_sub(1);
                if range.begin == 0 || range.begin >= range.end {
                    continue;
                }
                let bytes = range.end - range.begin;
                for (_, found) in self.wanted.range_mut(range.begin..range.end) {
                    if found.bytes.is_none_or(|least| bytes <= least) {
                        let name = match &name {
                            Some(name) => name,
                            None => name.insert(name_of(&self.dwarf, unit, entry)?),
                        };
                        (found.function, found.bytes) = (name.clone(), Some(bytes));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The name of a function, which may stand at another entry of its unit.
fn name_of<'w>(
    dwarf: &Dwarf<Slice<'w>>,
    unit: &Unit<Slice<'w>>,
    entry: &DebuggingInformationEntry<Slice<'w>>,
) -> Result<Option<String>, LinesError> {
    let mut entry = entry.clone();
    for _ in 0..MOST_HOPS {
        if let Some(name) = entry.attr_value(gimli::DW_AT_name) {
            let name = dwarf.attr_string(unit, name)?;
            return Ok(Some(one_line(&name.to_string_lossy())));
        }
        let next = |at: DwAt| -> Option<UnitOffset> {
            match entry.attr_value(at)? {
                AttributeValue::UnitRef(offset) => Some(offset),
                AttributeValue::DebugInfoRef(offset) => offset.to_unit_offset(&unit.header),
                _ => None,
            }
        };
        let next = next(gimli::DW_AT_abstract_origin).or_else(|| next(gimli::DW_AT_specification));
        let Some(next) = next else { return Ok(None) };
        entry = unit.entry(next)?;
    }
    Ok(None)
}

/// The path of a file of a line table, with its folder.
fn path<'w>(
    dwarf: &Dwarf<Slice<'w>>,
    unit: &Unit<Slice<'w>>,
    header: &gimli::LineProgramHeader<Slice<'w>>,
    file: u64,
) -> Result<String, LinesError> {
    let Some(file) = header.file(file) else { return Ok("?".to_owned()) };
    let text = |value| -> Result<String, LinesError> {
        Ok(dwarf.attr_string(unit, value)?.to_string_lossy().into_owned())
    };
    let mut path = text(file.path_name())?;
    if let Some(folder) = file.directory(header) {
        path = within(&text(folder)?, &path);
    }
    if let Some(folder) = unit.comp_dir {
        path = within(&folder.to_string_lossy(), &path);
    }
    Ok(one_line(&path))
}

/// A path in a folder; one that begins at the root is in no other.
fn within(folder: &str, path: &str) -> String {
    let is_whole = path.starts_with('/') || path.get(1..2) == Some(":");
    match folder {
        "" => path.to_owned(),
        _ if is_whole => path.to_owned(),
        _ => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}
