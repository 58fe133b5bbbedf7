//! A module as its sections, and the copy put together. What needs no change is copied byte by byte.

use crate::block_types::BlockTypes;
use crate::body::Context;
use crate::error::Error;
use crate::extra::Extra;
use std::convert::Infallible;
use std::ops::Range;
use wasm_encoder::reencode::{Error as ReencodeError, Reencode};
use wasm_encoder::{self as we, Encode, RawSection};
use wasmparser::{BinaryReader, Parser, Payload, SectionLimited, WasmFeatures};

/// The sections by their numbers, in the order of the binary format.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/// Custom sections that name places in code, which have moved; a name that ends in a dot stands for all that begin so.
const OF_PLACES: &[&str] =
    &[".debug_", "metadata.code.", "sourceMappingURL", "external_debug_info", "linking", "reloc."];

/// A module, taken apart.
pub(crate) struct Sections<'a> {
    wasm: &'a [u8],
    /// By number: where its content is.
    standard: [Option<Range<usize>>; 14],
    /// Custom sections: the number of the section that each follows, its name, and where its content is.
    custom: Vec<(u8, &'a str, Range<usize>)>,
}

impl<'a> Sections<'a> {
    pub(crate) fn of(wasm: &'a [u8]) -> Result<Sections<'a>, Error> {
        let mut sections = Sections { wasm, standard: Default::default(), custom: Vec::new() };
        let mut before = 0;
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        for payload in parser.parse_all(wasm) {
            let payload = payload?;
            if let Payload::CustomSection(custom) = &payload {
                let range = custom.range();
                let range = range.start as usize..range.end as usize;
                sections.custom.push((before, custom.name(), range));
            } else if let Some((id, range)) = payload.as_section() {
                before = id;
                if let Some(section) = sections.standard.get_mut(usize::from(id)) {
                    *section = Some(range.start as usize..range.end as usize);
                }
            }
        }
        Ok(sections)
    }

    /// The names of the custom sections that a copy does not have.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let names = self.custom.iter().map(|(_, name, _)| *name);
        names.filter(|name| names_places(name)).map(str::to_owned).collect()
    }

    /// The copy.
    pub(crate) fn with(
        &self,
        extra: &Extra<'_>,
        types: &BlockTypes,
        bodies: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        let functions = extra.functions(types);
        let mut module = we::Module::new();
        self.custom_behind(0, &mut module);
        for id in ORDER {
            match id {
                1 => self.grown(id, &mut module, |out| {
                    types.all().map(|ty| function_type(&ty, out)).count()
                })?,
                3 => self.grown(id, &mut module, |out| {
                    functions.iter().map(|(ty, _)| ty.encode(out)).count()
                })?,
                4 => self.tables(extra.context, &mut module)?,
                6 => self.globals(extra, &mut module)?,
                7 => self.grown(id, &mut module, |out| {
                    let encode = |(name, kind, index): &(&str, we::ExportKind, u32)| {
                        name.encode(out);
                        kind.encode(out);
                        index.encode(out);
                    };
                    extra.exports().iter().map(encode).count()
                })?,
                8 => {
                    // A start function of the host is invoked by the instance, which pays.
                    if let Some(start) = extra.context.module.start {
                        let function_index = extra.context.function(start);
                        module.section(&we::StartSection { function_index });
                    }
                }
                9 => self.elements(extra, &mut module)?,
                10 => code(&mut module, &bodies, &functions),
                _ => {
                    if let Some(range) = &self.standard[usize::from(id)] {
                        module.section(&RawSection { id, data: &self.wasm[range.clone()] });
                    }
                }
            }
            self.custom_behind(id, &mut module);
        }
        Ok(module.finish())
    }

    fn custom_behind(&self, id: u8, module: &mut we::Module) {
        for (before, name, range) in &self.custom {
            if *before == id && !names_places(name) {
                module.section(&RawSection { id: 0, data: &self.wasm[range.clone()] });
            }
        }
    }

    /// A section of items, with more of them behind.
    fn grown(
        &self,
        id: u8,
        module: &mut we::Module,
        more: impl FnOnce(&mut Vec<u8>) -> usize,
    ) -> Result<(), Error> {
        let mut added = Vec::new();
        let count = more(&mut added) as u32;
        let (old, items) = match &self.standard[usize::from(id)] {
            None => (0, &[][..]),
            Some(range) => {
                let mut reader = BinaryReader::new(&self.wasm[range.clone()], 0);
                let old = reader.read_var_u32()?;
                (old, &self.wasm[range.start + reader.current_position()..range.end])
            }
        };
        let mut data = Vec::new();
        (old + count).encode(&mut data);
        data.extend_from_slice(items);
        data.extend_from_slice(&added);
        module.section(&RawSection { id, data: &data });
        Ok(())
    }

    fn reader(&self, id: u8) -> Option<BinaryReader<'a>> {
        let range = self.standard[usize::from(id)].clone()?;
        let at = range.start as u64;
        let mut reader = BinaryReader::new(&self.wasm[range], at);
        reader.set_features(WasmFeatures::all());
        Some(reader)
    }

    fn tables(&self, context: &Context<'_>, module: &mut we::Module) -> Result<(), Error> {
        if let Some(reader) = self.reader(4) {
            let mut section = we::TableSection::new();
            Payers(context).parse_table_section(&mut section, SectionLimited::new(reader)?)?;
            module.section(&section);
        }
        Ok(())
    }

    fn globals(&self, extra: &Extra<'_>, module: &mut we::Module) -> Result<(), Error> {
        let mut section = we::GlobalSection::new();
        if let Some(reader) = self.reader(6) {
            let own = SectionLimited::new(reader)?;
            Payers(extra.context).parse_global_section(&mut section, own)?;
        }
        extra.globals(&mut section);
        module.section(&section);
        Ok(())
    }

    /// Functions that bodies refer to must be named outside of them; where an export named one, nothing names what stands for it.
    fn elements(&self, extra: &Extra<'_>, module: &mut we::Module) -> Result<(), Error> {
        let mut section = we::ElementSection::new();
        if let Some(reader) = self.reader(9) {
            let own = SectionLimited::new(reader)?;
            Payers(extra.context).parse_element_section(&mut section, own)?;
        }
        if !extra.referred.is_empty() {
            let payers = extra.referred.iter().map(|func| extra.context.function(*func));
            let payers: Vec<u32> = payers.collect();
            section.declared(we::Elements::Functions(payers.into()));
        }
        if !section.is_empty() {
            module.section(&section);
        }
        Ok(())
    }
}

fn names_places(name: &str) -> bool {
    OF_PLACES.iter().any(|place| match place.ends_with(['.', '_']) {
        true => name.starts_with(place),
        false => name == *place,
    })
}

fn function_type(ty: &we::FuncType, out: &mut Vec<u8>) {
    out.push(0x60);
    ty.params().encode(out);
    ty.results().encode(out);
}

fn code(module: &mut we::Module, bodies: &[Vec<u8>], functions: &[(u32, Vec<u8>)]) {
    let mut section = we::CodeSection::new();
    for body in bodies.iter().chain(functions.iter().map(|(_, body)| body)) {
        section.raw(body);
    }
    module.section(&section);
}

/// Puts in the place of each imported function the one that pays for it.
struct Payers<'a>(&'a Context<'a>);

impl Reencode for Payers<'_> {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, ReencodeError<Infallible>> {
        Ok(self.0.function(func))
    }
}
