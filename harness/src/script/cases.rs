//! The modules of a script that are instantiated, each with the calls that the script makes.

use crate::diff::Call;
use crate::script::encode::encode;
use crate::script::parse::with_script;
use crate::script::source::{ScriptError, ScriptSource};
use crate::script::values;
use std::collections::BTreeMap;
use wast::{WastDirective, WastExecute, WastInvoke};

/// A module of a script, and the calls of its exports in order. What else the script does, with other modules or with what
/// these share, is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptModule {
    pub(crate) wasm: Vec<u8>,
    pub(crate) calls: Vec<Call>,
}

/// The modules of a script that are instantiated where they stand.
///
/// # Errors
/// If the text is not a script.
pub(crate) fn called_modules(source: &ScriptSource) -> Result<Vec<ScriptModule>, ScriptError> {
    with_script(source, |script, _| {
        let mut modules = Vec::<ScriptModule>::new();
        let mut named = BTreeMap::<String, usize>::new();
        for directive in script.directives {
            match directive {
                WastDirective::Module(mut module) => {
                    let name = module.name().map(|id| id.name().to_owned());
                    let Ok(wasm) = encode(&mut module) else { continue };
                    named.extend(name.map(|name| (name, modules.len())));
                    modules.push(ScriptModule { wasm, calls: Vec::new() });
                }
                WastDirective::Invoke(invoke) => add(&mut modules, &named, &invoke),
                WastDirective::AssertReturn { exec, .. }
                | WastDirective::AssertTrap { exec, .. }
                | WastDirective::AssertException { exec, .. } => {
                    if let WastExecute::Invoke(invoke) = exec {
                        add(&mut modules, &named, &invoke);
                    }
                }
                _ => {}
            }
        }
        modules
    })
}

fn add(modules: &mut [ScriptModule], named: &BTreeMap<String, usize>, invoke: &WastInvoke<'_>) {
    let module = match invoke.module {
        Some(id) => named.get(id.name()).and_then(|at| modules.get_mut(*at)),
        None => modules.last_mut(),
    };
    if let Some(module) = module
        && let Ok(args) = values::arguments(&invoke.args)
    {
        module.calls.push(Call { export: invoke.name.to_owned(), args });
    }
}
