//! What stands for the imports of a module.

use crate::book::Shared;
use crate::scenario::{Import, said};
use etalon::{
    Error, ExternType, FuncType, Global, Linker, Memory, Module, Store, Table, Tag, Val as Value,
    ValType,
};
use etalon_adapters::{Val, ValKind, to_value};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Defines each import of a module as the file of scenarios says.
///
/// # Errors
/// If one does not fit, or what has no default is missing.
pub(crate) fn define(
    linker: &mut Linker<()>,
    store: &mut Store<()>,
    module: &Module,
    imports: &[Import],
    book: &Shared,
) -> Result<(), String> {
    let mut used = BTreeSet::new();
    let mut functions: FxHashMap<(&str, &str), FuncType> = FxHashMap::default();
    let mut function = 0;
    // Of two for one import the first stands; the other is a fault.
    let mut places: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    for (place, import) in imports.iter().enumerate() {
        places.entry((&import.module, &import.name)).or_insert(place);
    }
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let place = places.get(&(from, name)).copied();
        used.extend(place);
        let told = place.map(|place| &imports[place]);
        let called = format!("the import {from:?} {name:?}");
        let ty = import.ty();
        if let ExternType::Func(ty) = ty {
            let index = function;
            function += 1;
            let told = told.ok_or_else(|| missing(&called, from, name))?;
            if let Some(other) = functions.get(&(from, name)) {
                if other != ty {
                    return Err(format!("{called} is there twice, with two types"));
                }
                continue;
            }
            functions.insert((from, name), ty.clone());
            check_results(told, ty).map_err(|fault| format!("{called} {fault}"))?;
            let (told, book) = (told.clone(), book.clone());
            let body =
                move |mut caller: etalon::Caller<'_, ()>, _: &[Value], results: &mut [Value]| {
                    book.lock().open_host(index, &told.module, &told.name);
                    let answer = answer(&told, &mut caller, results);
                    book.lock().close();
                    answer
                };
            let defined = linker.func_new(from, name, ty.clone(), body);
            defined.map_err(|error| error.to_string())?;
            continue;
        }
        if linker.contains(from, name) {
            return Err(format!("{called} is there twice"));
        }
        if told.is_some_and(Import::is_of_function) {
            return Err(format!(
                "{called} is no function, and has no `results`, never `fails` and `calls` nothing"
            ));
        }
        let made = other(store, ty, told, &called)?;
        linker.define(&mut *store, from, name, made).map_err(|error| error.to_string())?;
    }
    match (0..imports.len()).find(|place| !used.contains(place)) {
        None => Ok(()),
        Some(place) => {
            let Import { module, name, .. } = &imports[place];
            let twice = imports[..place].iter().any(|i| i.module == *module && i.name == *name);
            let what = if twice { "two [[import]] stand for" } else { "the module has no import" };
            Err(format!("{what} {module:?} {name:?}"))
        }
    }
}

fn missing(called: &str, module: &str, name: &str) -> String {
    format!(
        "nothing stands for {called}; add\n  [[import]]\n  module = {}\n  name = {}\n  results = []",
        quoted(module),
        quoted(name)
    )
}

/// A name as TOML has it, on one line.
fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

fn check_results(import: &Import, ty: &FuncType) -> Result<(), String> {
    if import.value.is_some() {
        return Err("is a function, which has no `value`".to_owned());
    }
    let (given, wanted) = (import.results.len(), ty.results().len());
    if given > 0 && given != wanted {
        return Err(format!("has {wanted} results, and `results` are {given}"));
    }
    let mut pairs = import.results.iter().zip(ty.results());
    match pairs.find(|(value, ty)| !fits(**value, ty)) {
        None => Ok(()),
        Some((value, ty)) => {
            Err(format!("has a result of type {ty}, which {} is not", said(*value)))
        }
    }
}

/// Whether a value of a file is of a type: a number or vector of its kind, or null where that may be.
pub(crate) fn fits(value: Val, ty: &ValType) -> bool {
    let kind = |default: Value| match default {
        Value::I32(_) => ValKind::I32,
        Value::I64(_) => ValKind::I64,
        Value::F32(_) => ValKind::F32,
        Value::F64(_) => ValKind::F64,
        Value::V128(_) => ValKind::V128,
        Value::FuncRef(_) => ValKind::Func,
        Value::ExternRef(_) => ValKind::Extern,
        Value::AnyRef(_) => ValKind::Any,
        Value::ExnRef(_) => ValKind::Exn,
    };
    Value::default_for_ty(ty).is_some_and(|default| kind(default) == value.kind())
}

/// What a function does in place of what it is named after.
fn answer(
    import: &Import,
    caller: &mut etalon::Caller<'_, ()>,
    results: &mut [Value],
) -> Result<(), Error> {
    if import.bytes > 0 {
        caller.charge_bytes(import.bytes)?;
    }
    if import.gas > 0 {
        caller.charge(import.gas)?;
    }
    if let Some(export) = &import.calls {
        let called = caller.get_export(export).and_then(etalon::Extern::into_func);
        let called =
            called.ok_or_else(|| Error::msg(format!("it exports no function {export:?}")))?;
        let mut results = vec![Value::I32(0); called.ty(&mut *caller).results().len()];
        called.call(&mut *caller, &[], &mut results)?;
    }
    if let Some(message) = &import.fails {
        return Err(Error::msg(message.clone()));
    }
    // What is not said stays as it is: zeros and nulls.
    for (place, value) in results.iter_mut().zip(&import.results) {
        *place = made(&mut *caller, *value)?;
    }
    Ok(())
}

/// A value of a file in a store.
pub(crate) fn made(store: impl etalon::AsContextMut, value: Val) -> Result<Value, Error> {
    to_value(store, value).ok_or_else(|| Error::msg(format!("{} cannot be made", said(value))))
}

fn other(
    store: &mut Store<()>,
    ty: &ExternType,
    told: Option<&Import>,
    called: &str,
) -> Result<etalon::Extern, String> {
    let told_value = told.and_then(|told| told.value);
    let fault = |error: Error| format!("{called}: {error}");
    Ok(match ty {
        ExternType::Func(_) => return Err(format!("{called} is a function")),
        ExternType::Memory(ty) => Memory::new(store, ty.clone()).map_err(fault)?.into(),
        ExternType::Tag(ty) => Tag::new(store, ty).map_err(fault)?.into(),
        ExternType::Global(ty) => {
            let value = match told_value {
                Some(value) => made(&mut *store, value).map_err(fault)?,
                None => Value::default_for_ty(ty.content())
                    .ok_or_else(|| format!("{called} has no default that a file could replace"))?,
            };
            Global::new(store, ty.clone(), value).map_err(fault)?.into()
        }
        ExternType::Table(ty) => {
            let null = etalon::Ref::null(ty.element().heap_type());
            Table::new(store, ty.clone(), null).map_err(fault)?.into()
        }
    })
}
