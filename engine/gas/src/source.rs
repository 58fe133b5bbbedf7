//! The schedule file: TOML, with weights by class of operators and by operator (§12).

use std::collections::BTreeMap;
use std::ops::Range;

use etalon_module::{Class, Opcode};
use serde::Deserialize;
use toml::Spanned;

use crate::by_operator::ByOperator;
use crate::cuts::Cuts;
use crate::error::{ScheduleError, ScheduleErrorKind};
use crate::id::is_name;
use crate::prices::{Compilation, Depth, Function, Host, Instantiation, Limits};
use crate::rate::Rate;

/// The greatest length of a schedule file; no schedule needs more.
const MAX_BYTES: usize = 1 << 20;
/// The greatest size of a memory with 32-bit addresses, in pages of 64 KiB.
const MAX_PAGES_32: u64 = 1 << 16;
/// The greatest size of a memory with 64-bit addresses, in pages of 64 KiB.
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
    /// A rate for every operator of D and no other.
    pub(crate) dynamic: ByOperator<Rate>,
    /// A weight for every operator of gas-1 and no other.
    pub(crate) weights: ByOperator<u32>,
}

/// The contents of the file, with the places that errors point at.
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
    classes: Option<Rows<u32>>,
    operators: Option<Rows<u32>>,
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
        let dynamic = rates(self.dynamic)?;
        let weights = weights(self.classes, self.operators)?;
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
            dynamic,
            weights,
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

/// The dynamic charges: [dynamic] has a row for each operator of D.
fn rates(rows: Rows<Rate>) -> Result<ByOperator<Rate>, Fault> {
    let span = rows.span();
    let rows = keyed(rows, operator)?;
    if let Some((op, row)) = rows.iter().find(|(op, _)| !op.is_dynamic()) {
        return Err((row.span(), ScheduleErrorKind::NotDynamic(op.name().to_owned())));
    }
    let row = |op| rows.get(&op).map(|rate| *rate.as_ref());
    ByOperator::fill(Opcode::is_dynamic, row, |_| None, Opcode::priced_as).map_err(|missing| {
        let first = missing.first().map_or("", |op| op.name()).to_owned();
        (span, ScheduleErrorKind::NoRate { first, more: missing.len().saturating_sub(1) })
    })
}

/// The weights: from a row of [operators], else from the row of the operator's class in [classes]. Rows of operators that
/// gas-1 does not cover are ignored, because files from before [classes] have them.
fn weights(
    classes: Option<Rows<u32>>,
    operators: Option<Rows<u32>>,
) -> Result<ByOperator<u32>, Fault> {
    let span = operators.as_ref().or(classes.as_ref()).map_or(0..0, Spanned::span);
    let classes = classes.map_or(Ok(BTreeMap::new()), |rows| keyed(rows, class))?;
    let operators = operators.map_or(Ok(BTreeMap::new()), |rows| keyed(rows, operator))?;
    let row = |op| operators.get(&op).map(|weight| *weight.as_ref());
    let default = |op: Opcode| classes.get(&op.class()?).map(|weight| *weight.as_ref());
    ByOperator::fill(Opcode::has_meaning, row, default, Opcode::priced_as).map_err(|missing| {
        let first = missing.first().map_or("", |op| op.name()).to_owned();
        let class = missing.first().and_then(|op| op.class()).map_or("", Class::name);
        (span, ScheduleErrorKind::NoWeight { first, class, more: missing.len().saturating_sub(1) })
    })
}

/// The rows by what their keys name. A value gets the place of its key.
fn keyed<K: Ord, T>(
    rows: Rows<T>,
    named: fn(&str) -> Result<K, ScheduleErrorKind>,
) -> Result<BTreeMap<K, Spanned<T>>, Fault> {
    let rows = rows.into_inner().into_iter().map(|(name, value)| {
        let key = named(name.as_ref()).map_err(|kind| (name.span(), kind))?;
        Ok((key, Spanned::new(name.span(), value)))
    });
    rows.collect()
}

fn operator(name: &str) -> Result<Opcode, ScheduleErrorKind> {
    Opcode::from_name(name).ok_or_else(|| ScheduleErrorKind::UnknownOperator(name.to_owned()))
}

fn class(name: &str) -> Result<Class, ScheduleErrorKind> {
    Class::from_name(name).ok_or_else(|| ScheduleErrorKind::UnknownClass(name.to_owned()))
}

/// The line of a byte of the text, counted from one.
fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}
