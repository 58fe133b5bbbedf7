//! Source lines of operators, by the DWARF in a module's custom sections.
//!
//! Addresses in DWARF are offsets in the contents of the code section. Paths and names are data of the module and stay as they are. What is
//! read may be damaged or made to take long: everything is read in loops, and paid for from one budget each time it is read, for many units may
//! share one table, and many entries one text.

use crate::text::one_line;
use gimli::{
    Abbreviations, Attribute, AttributeValue, DebugAbbrevOffset, DebuggingInformationEntry, DwAt,
    Dwarf, EndianSlice, LittleEndian, Range, Reader, Unit, UnitHeader, UnitOffset,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use wasmparser::{Parser, Payload};

/// Entries, ranges and rows of lines that are read, with what takes as long.
const MOST_READ: u64 = 1 << 26;
/// Attributes, or bytes of a text or of a line program, that take no longer than an entry.
const AS_ONE: usize = 4;
/// Entries that take no longer than the declaration of an abbreviation, or than an item of a list of ranges.
const AS_MANY: usize = 8;
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
    let declarations = section(gimli::SectionId::DebugAbbrev)?;
    let (dwarf, budget) = (Dwarf::load(section)?, Budget(MOST_READ));
    let mut search = Search { dwarf, declarations, abbreviations: None, wanted, budget };
    let mut units = search.dwarf.units();
    while let Some(header) = units.next()? {
        let unit = search.unit(header)?;
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

/// What may still be read.
struct Budget(u64);

impl Budget {
    fn spend(&mut self, count: usize) -> Result<(), LinesError> {
        let left = self.0.checked_sub(count as u64);
        let message = format!("it has more than {MOST_READ} entries");
        self.0 = left.ok_or(LinesError { message })?;
        Ok(())
    }
}

struct Search<'w> {
    dwarf: Dwarf<Slice<'w>>,
    /// All declarations of abbreviations.
    declarations: Slice<'w>,
    /// Those of the last unit, which the next one may share.
    abbreviations: Option<(DebugAbbrevOffset, Arc<Abbreviations>)>,
    wanted: BTreeMap<u64, Found>,
    budget: Budget,
}

impl<'w> Search<'w> {
    /// A unit, for which the library reads its abbreviations, two names, and the header of its line table.
    fn unit(&mut self, header: UnitHeader<Slice<'w>>) -> Result<Unit<Slice<'w>>, LinesError> {
        self.budget.spend(1)?;
        let at = header.debug_abbrev_offset();
        let known = self.abbreviations.take().filter(|(known, _)| *known == at);
        let abbreviations = match known {
            Some((_, abbreviations)) => abbreviations,
            None => {
                self.pay_for_abbreviations(at)?;
                Arc::new(self.dwarf.debug_abbrev.abbreviations(at)?)
            }
        };
        self.abbreviations = Some((at, Arc::clone(&abbreviations)));
        let unit = Unit::new_with_abbreviations(&self.dwarf, header, abbreviations)?;
        for name in [unit.name, unit.comp_dir].into_iter().flatten() {
            self.budget.spend(name.len() / AS_ONE)?;
        }
        if let Some(program) = &unit.line_program {
            let header = program.header();
            // Each byte of a header may be of another file.
            self.budget.spend(header.header_length())?;
            self.budget.spend(header.raw_program_buf().len() / AS_ONE)?;
        }
        Ok(unit)
    }

    /// Pays for each declaration that begins at an offset, and for each attribute in one.
    fn pay_for_abbreviations(&mut self, at: DebugAbbrevOffset) -> Result<(), LinesError> {
        let mut bytes = self.declarations;
        bytes.skip(at.0)?;
        while bytes.read_uleb128()? != 0 {
            self.budget.spend(AS_MANY)?;
            bytes.read_uleb128()?;
            bytes.read_u8()?;
            loop {
                self.budget.spend(1)?;
                let (name, form) = (bytes.read_uleb128()?, bytes.read_uleb128()?);
                if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                    bytes.read_sleb128()?;
                }
                if (name, form) == (0, 0) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The rows of the line table that the addresses lie in. A row is for all addresses up to that of the next.
    fn rows(&mut self, unit: &Unit<Slice<'w>>) -> Result<(), LinesError> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let mut rows = program.rows();
        let mut before: Option<(u64, u64, u64)> = None;
        let mut is_gone = false;
        while let Some((header, row)) = rows.next_row()? {
            self.budget.spend(1)?;
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
                    self.budget.spend(1)?;
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
            self.budget.spend(size(entry))?;
            if !matches!(entry.tag(), gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine) {
                continue;
            }
            let mut function = Function { unit, entry, name: None };
            let ranges = match entry.attr_value(gimli::DW_AT_ranges) {
                Some(ranges) => self.dwarf.attr_ranges_offset(unit, ranges)?,
                None => None,
            };
            let Some(ranges) = ranges else {
                if let Some(range) = range_of(&self.dwarf, unit, entry)? {
                    self.cover(&mut function, range)?;
                }
                continue;
            };
            // A list may have much that is no range.
            let mut all = self.dwarf.raw_ranges(unit, ranges)?;
            while all.next()?.is_some() {
                self.budget.spend(AS_MANY)?;
            }
            let mut ranges = self.dwarf.ranges(unit, ranges)?;
            while let Some(range) = ranges.next()? {
                self.cover(&mut function, range)?;
            }
        }
        Ok(())
    }

    /// A function has a range of addresses.
    fn cover(
        &mut self,
        function: &mut Function<'_, 'w>,
        Range { begin, end }: Range,
    ) -> Result<(), LinesError> {
        if begin == 0 || begin >= end {
            return Ok(());
        }
        let Search { dwarf, wanted, budget, .. } = self;
        let bytes = end - begin;
        for (_, found) in wanted.range_mut(begin..end) {
            budget.spend(1)?;
            if found.bytes.is_none_or(|least| bytes <= least) {
                let name = match &function.name {
                    Some(name) => name,
                    None => {
                        function.name.insert(name_of(dwarf, function.unit, function.entry, budget)?)
                    }
                };
                (found.function, found.bytes) = (name.clone(), Some(bytes));
            }
        }
        Ok(())
    }
}

/// An entry that is a function.
struct Function<'s, 'w> {
    unit: &'s Unit<Slice<'w>>,
    entry: &'s DebuggingInformationEntry<Slice<'w>>,
    /// Its name, if it has one, once somebody has looked.
    name: Option<Option<String>>,
}

/// As how many small entries an entry counts: the library reads all attributes, and texts to their end.
fn size(entry: &DebuggingInformationEntry<Slice<'_>>) -> usize {
    let text = |attribute: &Attribute<Slice<'_>>| match attribute.raw_value() {
        AttributeValue::String(text) => text.len() / AS_ONE,
        _ => 0,
    };
    1 + (entry.attrs().len() + entry.attrs().iter().map(text).sum::<usize>()) / AS_ONE
}

/// The addresses of an entry that has no list of them.
fn range_of<'w>(
    dwarf: &Dwarf<Slice<'w>>,
    unit: &Unit<Slice<'w>>,
    entry: &DebuggingInformationEntry<Slice<'w>>,
) -> Result<Option<Range>, LinesError> {
    let value = |at: DwAt| entry.attr_value(at);
    let (Some(low), Some(high)) = (value(gimli::DW_AT_low_pc), value(gimli::DW_AT_high_pc)) else {
        return Ok(None);
    };
    let Some(begin) = dwarf.attr_address(unit, low)? else { return Ok(None) };
    let end = match high {
        AttributeValue::Udata(bytes) => begin.checked_add(bytes),
        high => dwarf.attr_address(unit, high)?,
    };
    Ok(end.map(|end| Range { begin, end }))
}

/// The name of a function, which may stand at another entry of its unit.
fn name_of<'w>(
    dwarf: &Dwarf<Slice<'w>>,
    unit: &Unit<Slice<'w>>,
    entry: &DebuggingInformationEntry<Slice<'w>>,
    budget: &mut Budget,
) -> Result<Option<String>, LinesError> {
    let mut entry = entry.clone();
    for _ in 0..MOST_HOPS {
        budget.spend(size(&entry))?;
        if let Some(name) = entry.attr_value(gimli::DW_AT_name) {
            let name = dwarf.attr_string(unit, name)?;
            budget.spend(name.len())?;
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
