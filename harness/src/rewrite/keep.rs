//! What of a module is used, and the module without the rest.

use super::parts::{Extra, Failed, Parts, kind_of, space};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use wasm_encoder as we;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser as wp;

pub(crate) const TYPES: usize = 5;
const ELEMS: usize = 6;
const DATAS: usize = 7;
const SPACES: usize = 8;

/// Items in whose places others stand, by the numbers of their index spaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instead([BTreeMap<u32, u32>; SPACES]);

impl Instead {
    /// Puts an item in the place of another.
    pub(crate) fn put(&mut self, space: usize, index: u32, other: u32) {
        self.0[space].insert(index, other);
    }

    pub(super) fn of(&self, space: usize, index: u32) -> u32 {
        self.0[space].get(&index).copied().unwrap_or(index)
    }
}

/// The items of a module that are kept, by the numbers of their index spaces; or all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keep(Option<[BTreeSet<u32>; SPACES]>);

impl Keep {
    /// Everything.
    pub(crate) fn all() -> Keep {
        Keep(None)
    }

    fn has(&self, space: usize, index: u32) -> bool {
        self.0.as_ref().is_none_or(|kept| kept[space].contains(&index))
    }

    pub(crate) fn item(&self, kind: wp::ExternalKind, index: u32) -> bool {
        self.has(space(kind), index)
    }

    pub(crate) fn funcs(&self, index: u32) -> bool {
        self.has(0, index)
    }

    pub(crate) fn types(&self, index: u32) -> bool {
        self.has(TYPES, index)
    }

    pub(crate) fn elems(&self, index: u32) -> bool {
        self.has(ELEMS, index)
    }

    pub(crate) fn datas(&self, index: u32) -> bool {
        self.has(DATAS, index)
    }

    /// The new number of an item.
    fn place(&self, space: usize, index: u32) -> u32 {
        match &self.0 {
            None => index,
            Some(kept) => kept[space].range(..index).count() as u32,
        }
    }
}

/// Gives each item its new number.
struct Renumber<'k>(&'k Keep, &'k Instead);

/// Notes which items are named.
#[derive(Default)]
struct Named([BTreeSet<u32>; SPACES], Instead);

macro_rules! indices {
    ($self:ident, $index:ident, $space:ident => $body:expr) => {
        type Error = Infallible;

        fn function_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = 0;
            Ok($body)
        }
        fn table_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = 1;
            Ok($body)
        }
        fn memory_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = 2;
            Ok($body)
        }
        fn global_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = 3;
            Ok($body)
        }
        fn tag_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = 4;
            Ok($body)
        }
        fn type_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = TYPES;
            Ok($body)
        }
        fn element_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = ELEMS;
            Ok($body)
        }
        fn data_index(&mut $self, $index: u32) -> Result<u32, Error<Infallible>> {
            let $space = DATAS;
            Ok($body)
        }
    };
}

impl Reencode for Renumber<'_> {
    indices!(self, index, space => self.0.place(space, self.1.of(space, index)));
}

impl Reencode for Named {
    indices!(self, index, space => { self.0[space].insert(self.1.of(space, index)); index });
}

fn rewrite<R: Reencode>(re: &mut R, body: &wp::FunctionBody<'_>) -> Result<we::Function, Failed> {
    let mut function = re.new_function_with_parsed_locals(body)?;
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        function.instruction(&re.parse_instruction(&mut reader)?);
    }
    Ok(function)
}

/// The module without what neither an export nor the start function needs. A segment is needed if what it is copied into is.
pub(crate) fn clean(parts: &Parts<'_>) -> Result<Vec<u8>, Failed> {
    let keep = needed(parts)?;
    parts.encode(&mut Renumber(&keep, &parts.instead), &keep, &Extra::default(), |re, _, body| {
        rewrite(re, body)
    })
}

fn needed(parts: &Parts<'_>) -> Result<Keep, Failed> {
    let mut named = Named(Default::default(), parts.instead.clone());
    for export in &parts.exports {
        let space = space(export.kind);
        named.0[space].insert(parts.instead.of(space, export.index));
    }
    named.0[0].extend(parts.start.map(|start| parts.instead.of(0, start)));
    let mut seen: [BTreeSet<u32>; SPACES] = Default::default();
    while named.0 != seen {
        let fresh: Vec<(usize, u32)> = (0..SPACES)
            .flat_map(|space| named.0[space].difference(&seen[space]).map(move |i| (space, *i)))
            .collect();
        seen.clone_from(&named.0);
        for (space, index) in fresh {
            visit(parts, &mut named, space, index)?;
        }
        for (index, elem) in (0..).zip(&parts.elems) {
            let is_needed = match &elem.kind {
                wp::ElementKind::Active { table_index, .. } => {
                    named.0[1].contains(&parts.instead.of(1, table_index.unwrap_or(0)))
                }
                // It lets functions be referred to.
                wp::ElementKind::Declared => {
                    let mut inside = Named(Default::default(), parts.instead.clone());
                    inside.element_items(elem.items.clone())?;
                    inside.0[0].iter().any(|func| named.0[0].contains(func))
                }
                wp::ElementKind::Passive => false,
            };
            if is_needed && !parts.left_out[0].contains(&index) {
                named.0[ELEMS].insert(index);
            }
        }
        for (index, data) in (0..).zip(&parts.datas) {
            let is_needed = matches!(data.kind, wp::DataKind::Active { memory_index, .. }
                if named.0[2].contains(&parts.instead.of(2, memory_index)));
            if is_needed && !parts.left_out[1].contains(&index) {
                named.0[DATAS].insert(index);
            }
        }
    }
    Ok(Keep(Some(named.0)))
}

/// Notes what an item names.
fn visit(parts: &Parts<'_>, named: &mut Named, space: usize, index: u32) -> Result<(), Failed> {
    if space < TYPES {
        let imports =
            parts.imports.iter().filter(|import| super::parts::space(kind_of(&import.ty)) == space);
        let imports: Vec<_> = imports.collect();
        if let Some(import) = imports.get(index as usize) {
            named.entity_type(import.ty)?;
            return Ok(());
        }
        let own = index as usize - imports.len();
        match space {
            0 => {
                named.type_index(parts.funcs[own])?;
                let body = wp::FunctionBody::new(wp::BinaryReader::new(&parts.bodies[own], 0));
                rewrite(named, &body)?;
            }
            1 => named.parse_table(&mut we::TableSection::new(), parts.tables[own].clone())?,
            3 => named.parse_global(&mut we::GlobalSection::new(), parts.globals[own].clone())?,
            4 => _ = named.tag_type(parts.tags[own])?,
            _ => {}
        }
        return Ok(());
    }
    match space {
        TYPES => {
            let old: Vec<_> = parts.groups.iter().flat_map(|group| group.types()).collect();
            match old.get(index as usize) {
                Some(ty) => _ = named.sub_type((*ty).clone())?,
                None => {
                    let new = parts.new_types.get(index as usize - old.len()).ok_or(Failed)?;
                    named.func_type(new.clone())?;
                }
            }
        }
        ELEMS => {
            named.parse_element(
                &mut we::ElementSection::new(),
                parts.elems[index as usize].clone(),
            )?;
        }
        _ => named.parse_data(&mut we::DataSection::new(), parts.datas[index as usize].clone())?,
    }
    Ok(())
}
