//! A session of a library with `wasm.h`.

use super::CapiModule;
use super::library::{Aim, Item, Kind, Stop, Store, Value};
use super::small::{called, caller, kinds, made, reader};
use crate::adapter::{AdapterError, ExportInfo, HostCall, Instance, Prepared, Session};
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Reason, Rejection};
use crate::reentry::REENTRY;
use crate::remote::{FunctionOf, TypeOf, spectest};
use crate::value::{RefKind, Val, ValKind};
use std::collections::{BTreeMap, BTreeSet};

/// A session of a library.
pub(crate) struct CapiSession {
    store: Store,
    has_spectest: bool,
    /// Imports that are made from their types, and those that were.
    to_make: BTreeSet<(String, String)>,
    made: BTreeMap<(String, String), Item>,
    /// The names of host functions, and the types of their parameters.
    hosts: Vec<(String, String, Vec<String>)>,
    names: Vec<(String, usize)>,
    instances: Vec<Inside>,
}

/// An instance.
struct Inside {
    exports: Vec<ExportInfo>,
    functions: Vec<FunctionOf>,
    globals: Vec<crate::remote::GlobalOf>,
    items: BTreeMap<String, Item>,
    /// What carries vectors to and from a function.
    callers: BTreeMap<String, Item>,
}

fn unsupported(what: &str) -> Outcome {
    let (feature, message) = ("wasm.h".to_owned(), format!("the header has no way for {what}"));
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}

fn stopped(stop: Stop) -> Outcome {
    match stop {
        Stop::Refused => Outcome::Rejected(Rejection::Limit(
            "the library makes no instance, and gives no reason".to_owned(),
        )),
        Stop::Trap(text) => Outcome::Trapped { text, site: None },
    }
}

/// What is handed over for a value; two for a vector.
fn to_values(val: Val) -> Option<Vec<Value>> {
    Some(match val {
        Val::I32(n) => vec![Value::I32(n.cast_unsigned())],
        Val::I64(n) => vec![Value::I64(n.cast_unsigned())],
        Val::F32(bits) => vec![Value::F32(bits)],
        Val::F64(bits) => vec![Value::F64(bits)],
        Val::V128(bits) => vec![Value::I64(bits as u64), Value::I64((bits >> 64) as u64)],
        Val::Null(ValKind::Func) => vec![Value::Ref { func: true, null: true }],
        Val::Null(ValKind::Extern) => vec![Value::Ref { func: false, null: true }],
        Val::Null(_) | Val::Ref(_) => return None,
    })
}

/// The kinds in which values of these types are handed over.
fn handed(types: &[String]) -> Vec<Kind> {
    types.iter().filter_map(|ty| kinds(ty)).flatten().copied().collect()
}

/// Values of these types, of what was handed over.
fn from_values(types: &[String], values: &[Value]) -> Option<Vec<Val>> {
    let mut values = values.iter().copied();
    let mut all = Vec::new();
    for ty in types {
        all.push(match (ty.as_str(), values.next()?) {
            ("v128", Value::I64(low)) => {
                let Some(Value::I64(high)) = values.next() else { return None };
                Val::V128(u128::from(low) | (u128::from(high) << 64))
            }
            (_, Value::I32(n)) => Val::I32(n.cast_signed()),
            (_, Value::I64(n)) => Val::I64(n.cast_signed()),
            (_, Value::F32(bits)) => Val::F32(bits),
            (_, Value::F64(bits)) => Val::F64(bits),
            ("funcref", Value::Ref { null: true, .. }) => Val::Null(ValKind::Func),
            ("externref", Value::Ref { null: true, .. }) => Val::Null(ValKind::Extern),
            ("funcref", Value::Ref { .. }) => Val::Ref(RefKind::Func),
            (_, Value::Ref { .. }) => Val::Ref(RefKind::Externalised),
        });
    }
    Some(all)
}

impl CapiSession {
    pub(crate) fn new(store: Store) -> CapiSession {
        CapiSession {
            store,
            has_spectest: false,
            to_make: BTreeSet::new(),
            made: BTreeMap::new(),
            hosts: Vec::new(),
            names: Vec::new(),
            instances: Vec::new(),
        }
    }

    /// The export `f` of a small module.
    fn small(&mut self, text: &str, imports: &[Item]) -> Result<Item, Outcome> {
        let wasm = wat::parse_str(text).map_err(|error| Outcome::HostError(error.to_string()))?;
        let exports = self.store.instantiate(&wasm, imports).map_err(stopped)?;
        let first = exports.first().map(|(_, item)| *item);
        first.ok_or_else(|| Outcome::HostError("a small module exports nothing".to_owned()))
    }

    fn make(&mut self, module: &str, name: &str, ty: &TypeOf) -> Result<Item, Outcome> {
        let key = (module.to_owned(), name.to_owned());
        if let Some(item) = self.made.get(&key) {
            return Ok(*item);
        }
        let text =
            made(ty).ok_or_else(|| unsupported(&format!("the import {module:?} {name:?}")))?;
        let mut imports = Vec::new();
        if let TypeOf::Func { params, .. } = ty {
            let host = self.store.noting(self.hosts.len(), &handed(params));
            imports.push(host.ok_or_else(|| unsupported("a host function"))?);
            self.hosts.push((module.to_owned(), name.to_owned(), params.clone()));
        }
        let item = self.small(&text, &imports)?;
        self.made.insert(key, item);
        Ok(item)
    }

    /// A function that calls the guest, and what is to be told whom it calls.
    fn reentering(
        &mut self,
        name: &str,
        params: &[String],
        results: &[String],
    ) -> Result<(Item, Aim), Outcome> {
        if let Some(ty) = params.iter().chain(results).find(|ty| kinds(ty).is_none()) {
            return Err(unsupported(&format!("a value of the type {ty}")));
        }
        let number = self.hosts.len();
        let host = self.store.reentering(number, &handed(params), &handed(results));
        let (host, aim) = host.ok_or_else(|| unsupported("a host function"))?;
        self.hosts.push((REENTRY.to_owned(), name.to_owned(), params.to_vec()));
        Ok((self.small(&called(params, results), &[host])?, aim))
    }

    /// Has host functions call the exports of an instance that was made.
    fn aim(&mut self, instance: usize, aims: Vec<(String, Aim)>) -> Result<(), Outcome> {
        for (name, aim) in aims {
            let inside = &self.instances[instance];
            let function = inside.functions.iter().find(|function| function.export == name);
            let (Some(function), Some(item)) = (function.cloned(), inside.items.get(&name)) else {
                continue;
            };
            let text = caller(&function.params, &function.results);
            let target = self.small(&text, &[*item])?;
            self.store.aim(aim, target);
        }
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, ty: &TypeOf) -> Result<Item, Outcome> {
        if let Some(item) = self.registered(module, name) {
            return Ok(item);
        }
        if let Some(ty) = spectest(name).filter(|_| self.has_spectest && module == "spectest") {
            return self.make(module, name, &ty);
        }
        if self.to_make.contains(&(module.to_owned(), name.to_owned())) {
            return self.make(module, name, ty);
        }
        let text = format!("unknown import: {module:?} {name:?}");
        let reason = Reason::new(Some("unknown-import"), text);
        Err(Outcome::Rejected(Rejection::Unlinkable(reason)))
    }

    fn registered(&self, module: &str, name: &str) -> Option<Item> {
        let named = self.names.iter().rev().filter(|(registered, _)| registered == module);
        let mut items = named.map(|(_, i)| self.instances.get(*i)?.items.get(name).copied());
        items.find_map(|item| item)
    }
}

impl Session for CapiSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.has_spectest = true;
        Ok(())
    }

    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome> {
        let module: &CapiModule = module.module()?;
        for (from, name, _) in &module.facts.imports {
            self.to_make.insert((from.clone(), name.clone()));
        }
        Ok(())
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let module: &CapiModule = module.module()?;
        let (mut imports, mut aims) = (Vec::new(), Vec::new());
        for (from, name, ty) in &module.facts.imports {
            match ty {
                TypeOf::Func { params, results } if from == REENTRY => {
                    let known = module.facts.functions.iter().any(|of| of.is(name, ty));
                    if !known {
                        return Err(unsupported("a host function that calls nobody"));
                    }
                    let (item, aim) = self.reentering(name, params, results)?;
                    imports.push(item);
                    aims.push((name.clone(), aim));
                }
                _ => imports.push(self.import(from, name, ty)?),
            }
        }
        let exports = self.store.instantiate(&module.wasm, &imports).map_err(stopped)?;
        self.instances.push(Inside {
            exports: module.facts.exports.clone(),
            functions: module.facts.functions.clone(),
            globals: module.facts.globals.clone(),
            items: exports.into_iter().collect(),
            callers: BTreeMap::new(),
        });
        self.aim(self.instances.len() - 1, aims)?;
        Ok(Instance(self.instances.len() - 1))
    }

    fn register(&mut self, name: &str, instance: Instance) {
        self.names.push((name.to_owned(), instance.0));
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.instances.get(instance.0).map_or(Vec::new(), |inside| inside.exports.clone())
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let none = || Outcome::HostError(format!("no function is exported as {export:?}"));
        let Some(inside) = self.instances.get(instance.0) else { return none() };
        let function = inside.functions.iter().find(|function| function.export == export).cloned();
        let item = inside.items.get(export).copied();
        let (Some(FunctionOf { params, results, .. }), Some(mut item)) = (function, item) else {
            return none();
        };
        if let Some(ty) = params.iter().chain(&results).find(|ty| kinds(ty).is_none()) {
            return unsupported(&format!("a value of the type {ty}"));
        }
        if params.iter().chain(&results).any(|ty| ty == "v128") {
            let known = inside.callers.get(export).copied();
            item = match known {
                Some(caller) => caller,
                None => match self.small(&caller(&params, &results), &[item]) {
                    Ok(caller) => caller,
                    Err(outcome) => return outcome,
                },
            };
            self.instances[instance.0].callers.insert(export.to_owned(), item);
        }
        let given: Option<Vec<Vec<Value>>> = args.iter().map(|arg| to_values(*arg)).collect();
        let Some(given) = given else { return unsupported("an argument that is a reference") };
        let handed = results.iter().filter_map(|ty| kinds(ty)).map(<[Kind]>::len).sum();
        match self.store.call(item, &given.concat(), handed) {
            None => none(),
            Some(Err(stop)) => stopped(stop),
            Some(Ok(values)) => match from_values(&results, &values) {
                Some(values) => Outcome::Returned(values),
                None => Outcome::Crashed("it returned values of other types".to_owned()),
            },
        }
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let inside = self.instances.get(instance.0)?;
        let item = inside.items.get(export).copied()?;
        let global = inside.globals.iter().find(|global| global.export == export)?.clone();
        let types = [global.value];
        kinds(&types[0])?;
        let values = match types[0].as_str() {
            "v128" => {
                let reader = self.small(&reader("v128", global.mutable), &[item]).ok()?;
                self.store.call(reader, &[], 2)?.ok()?
            }
            _ => vec![self.store.global(item)?],
        };
        from_values(&types, &values)?.first().copied()
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        let item = self.instances.get(instance.0)?.items.get(export).copied()?;
        self.store.memory(item, MemorySum::of)?
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        let noted = self.store.take_notes().into_iter().filter_map(|(number, values)| {
            let (module, name, params) = self.hosts.get(number)?.clone();
            let args = from_values(&params, &values)?;
            Some(HostCall { module, name, args, gas_left: None })
        });
        noted.collect()
    }
}
