//! The schedule file: TOML, one row per operator (§12).

use std::collections::BTreeMap;
use std::ops::Range;

use etalon_module::operator::Opcode;
use serde::Deserialize;
use toml::Spanned;

use crate::cuts::{Cuts, is_dynamic};
use crate::error::{ScheduleError, ScheduleErrorKind};
use crate::id::is_name;
use crate::prices::{Compilation, Depth, Function, Host, Instantiation, Limits};
use crate::rate::Rate;

/// No schedule needs more text.
const MAX_BYTES: usize = 1 << 20;
/// What a memory with 32-bit addresses can have, in pages of 64 KiB.
const MAX_PAGES_32: u64 = 1 << 16;
/// What a memory with 64-bit addresses can have, in pages of 64 KiB.
const MAX_PAGES_64: u64 = 1 << 48;

/// A schedule file that has been read and found complete.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) cuts: Cuts,
    pub(crate) function: Function,
    pub(crate) depth: Depth,
    pub(crate) limits: Limits,
    pub(crate) instantiation: Instantiation,
    pub(crate) compilation: Compilation,
    pub(crate) host: Host,
    /// By the operator's name; every operator of D and no other.
    pub(crate) dynamic: BTreeMap<String, Rate>,
    /// By the operator's name; every operator.
    pub(crate) operators: BTreeMap<String, u32>,
}

/// The file's own shape, with the places that errors point at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    semantics: Spanned<String>,
    name: Spanned<String>,
    version: u32,
    cuts: Cuts,
    function: Function,
    depth: Depth,
    limits: Spanned<Limits>,
    instantiation: Instantiation,
    compilation: Compilation,
    host: Host,
    dynamic: Rows<Rate>,
    operators: Rows<u32>,
}

type Rows<T> = Spanned<BTreeMap<Spanned<String>, T>>;

impl Source {
    /// Reads the file and checks that it is complete.
    pub(crate) fn read(text: &str, origin: &str) -> Result<Source, ScheduleError> {
        let at = |span: Option<Range<usize>>, kind| ScheduleError {
            origin: origin.to_owned(),
            line: span.map(|span| line(text, span.start)),
            kind,
        };
        if text.len() > MAX_BYTES {
            return Err(at(None, ScheduleErrorKind::TooLong { bytes: text.len(), max: MAX_BYTES }));
        }
        let file: File = toml::from_str(text).map_err(|error| {
            at(error.span(), ScheduleErrorKind::Malformed(error.message().to_owned()))
        })?;
        file.check().map_err(|(span, kind)| at(Some(span), kind))
    }
}

/// What is wrong, and where in the text.
type Fault = (Range<usize>, ScheduleErrorKind);

impl File {
    fn check(self) -> Result<Source, Fault> {
        if self.semantics.as_ref() != crate::SEMANTICS {
            return Err((
                self.semantics.span(),
                ScheduleErrorKind::Semantics(self.semantics.into_inner()),
            ));
        }
        if !is_name(self.name.as_ref()) {
            return Err((self.name.span(), ScheduleErrorKind::Name(self.name.into_inner())));
        }
        check_limits(&self.limits)?;
        for row in self.dynamic.as_ref().keys() {
            match Opcode::from_name(row.as_ref()) {
                None => {
                    return Err((
                        row.span(),
                        ScheduleErrorKind::UnknownOperator(row.as_ref().clone()),
                    ));
                }
                Some(op) if !is_dynamic(op) => {
                    return Err((row.span(), ScheduleErrorKind::NotDynamic(row.as_ref().clone())));
                }
                Some(_) => {}
            }
        }
        for row in self.operators.as_ref().keys() {
            if Opcode::from_name(row.as_ref()).is_none() {
                return Err((row.span(), ScheduleErrorKind::UnknownOperator(row.as_ref().clone())));
            }
        }
        Ok(Source {
            name: self.name.into_inner(),
            version: self.version,
            cuts: self.cuts,
            function: self.function,
            depth: self.depth,
            limits: self.limits.into_inner(),
            instantiation: self.instantiation,
            compilation: self.compilation,
            host: self.host,
            dynamic: complete("dynamic", self.dynamic, is_dynamic)?,
            operators: complete("operators", self.operators, |_| true)?,
        })
    }
}

fn check_limits(limits: &Spanned<Limits>) -> Result<(), Fault> {
    let Limits { memory_pages, memory_pages_64, .. } = *limits.as_ref();
    let caps = [
        ("limits.memory_pages", memory_pages, MAX_PAGES_32),
        ("limits.memory_pages_64", memory_pages_64, MAX_PAGES_64),
    ];
    for (key, value, max) in caps {
        if value > max {
            return Err((limits.span(), ScheduleErrorKind::OutOfRange { key, value, max }));
        }
    }
    Ok(())
}

/// The rows of a table by operator, if every operator that needs one has one.
fn complete<T>(
    table: &'static str,
    rows: Rows<T>,
    needs_row: fn(Opcode) -> bool,
) -> Result<BTreeMap<String, T>, Fault> {
    let span = rows.span();
    let rows: BTreeMap<String, T> =
        rows.into_inner().into_iter().map(|(name, value)| (name.into_inner(), value)).collect();
    let mut missing: Vec<&str> =
        Opcode::ALL.iter().filter(|&&op| needs_row(op)).map(|op| op.name()).collect();
    missing.retain(|&name| !rows.contains_key(name));
    missing.sort_unstable();
    match missing.split_first() {
        None => Ok(rows),
        Some((first, others)) => {
            let first = (*first).to_owned();
            Err((span, ScheduleErrorKind::MissingRows { table, first, more: others.len() }))
        }
    }
}

/// The line of a byte of the text, counted from one.
fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}
