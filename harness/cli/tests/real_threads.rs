//! Scripts with threads on threads of the system, on the tiers that are fast: whatever they come to, the oracle comes to in one of
//! all interleavings. Where the memory model allows more than those, the script would have to say so; none of ours does.

use etalon::{Config, Engine, Func, Linker, MemoryType, Module, SharedMemory, Store, Tier, Val};
use etalon_adapters::adapter;
use etalon_harness::script::{ScriptOptions, ScriptSource, Selection, outcomes};
use std::collections::BTreeSet;
use std::thread;
use wast::core::WastArgCore;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke};

/// The scripts whose shared memory is `mem.shared`, of one page, and nothing else is shared, with few interleavings.
const SCRIPTS: &[&str] = &["increments", "load_buffering", "message_passing", "store_buffering"];

/// How often each is run on each tier; `make threads` says how often else.
const RUNS: usize = 1000;

fn local(name: &str) -> ScriptSource {
    let selection = Selection { suites: vec!["local".into()], ..Selection::default() };
    let file = format!("threads/{name}.wast");
    selection.sources().unwrap().into_iter().find(|source| source.file == file).unwrap()
}

/// What a thread of a script does, ready to be run again and again.
#[derive(Default)]
struct Steps {
    own: Vec<Step>,
    threads: Vec<Steps>,
}

enum Step {
    /// The module becomes the current one.
    Module(Module),
    Call(String, Vec<Val>),
    /// All threads that were begun end.
    Wait,
    /// The thread with a number begins.
    Thread(usize),
}

/// The steps of directives. The module that exports the shared memory is the memory itself.
fn steps(engine: &Engine, directives: Vec<WastDirective<'_>>) -> Steps {
    let mut steps = Steps::default();
    let call = |invoke: &WastInvoke<'_>| {
        let value = |arg: &WastArg<'_>| match arg {
            WastArg::Core(WastArgCore::I32(value)) => Val::I32(*value),
            other => panic!("{other:?}"),
        };
        Step::Call(invoke.name.to_owned(), invoke.args.iter().map(value).collect())
    };
    for directive in directives {
        match directive {
            WastDirective::Module(mut module) => {
                if module.name().is_none_or(|name| name.name() != "Mem") {
                    steps.own.push(Step::Module(made(engine, &mut module)));
                }
            }
            WastDirective::Thread(thread) => {
                steps.own.push(Step::Thread(steps.threads.len()));
                let inner = self::steps(engine, thread.directives);
                steps.threads.push(inner);
            }
            WastDirective::Wait { .. } => steps.own.push(Step::Wait),
            WastDirective::Invoke(invoke) => steps.own.push(call(&invoke)),
            WastDirective::AssertReturn { exec: WastExecute::Invoke(invoke), .. } => {
                steps.own.push(call(&invoke));
            }
            WastDirective::Register { .. } => {}
            other => panic!("a script of another kind: {other:?}"),
        }
    }
    steps
}

fn made(engine: &Engine, module: &mut QuoteWat<'_>) -> Module {
    Module::new(engine, module.encode().unwrap()).unwrap()
}

/// Runs steps on this thread, and its threads on others; gives what its own calls came to, as the oracle's outcomes say it.
fn run(engine: &Engine, memory: &SharedMemory, steps: &Steps) -> String {
    thread::scope(|scope| {
        let mut store = Store::new(engine, ());
        let imported = memory.import(&mut store).unwrap();
        let mut linker = Linker::new(engine);
        linker.define(&store, "mem", "shared", imported).unwrap();
        let (mut current, mut running, mut told) = (None, Vec::new(), Vec::new());
        for step in &steps.own {
            match step {
                Step::Module(module) => {
                    current = Some(linker.instantiate(&mut store, module).unwrap());
                }
                Step::Thread(number) => {
                    let inner = &steps.threads[*number];
                    running.push(scope.spawn(move || run(engine, memory, inner)));
                }
                Step::Wait => running.drain(..).for_each(|thread| {
                    thread.join().unwrap();
                }),
                Step::Call(name, args) => {
                    let instance = current.as_ref().expect("there is a module");
                    let func: Func = instance.get_func(&mut store, name).unwrap();
                    let count = func.ty(&store).results().len();
                    let mut results = vec![Val::I32(0); count];
                    func.call(&mut store, args, &mut results).unwrap();
                    let values = results.iter().map(|value| match value {
                        Val::I32(value) => format!(" i32:{value}"),
                        other => panic!("{other:?}"),
                    });
                    told.push(format!("returned{}", values.collect::<String>()));
                }
            }
        }
        told.join(", ")
    })
}

#[test]
fn whatever_threads_come_to_is_an_interleaving() {
    let runs = std::env::var("ETALON_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    for name in SCRIPTS {
        let source = local(name);
        let oracle = adapter("oracle").unwrap();
        let all = outcomes(&*oracle, &source, &ScriptOptions::default(), 100_000).unwrap();
        let of_script = |text: &String| {
            let (_, calls) = text.split_once("script: ").unwrap_or(("", text));
            calls.to_owned()
        };
        let possible: BTreeSet<String> = all.seen.keys().map(of_script).collect();
        for tier in [Tier::Interp, Tier::Jit] {
            let engine = Engine::new(Config::new().tier(tier)).unwrap();
            let buffer = ParseBuffer::new(&source.text).unwrap();
            let script: Wast<'_> = parser::parse(&buffer).unwrap();
            let steps = steps(&engine, script.directives);
            assert!(steps.threads.len() > 1, "{name}");
            for _ in 0..runs {
                let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1)).unwrap();
                let came_to = run(&engine, &memory, &steps);
                assert!(
                    possible.contains(&came_to),
                    "{name} on {tier:?}: {came_to:?} is none of {possible:?}"
                );
            }
        }
    }
}
