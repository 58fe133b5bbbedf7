//! From where on a function is compiled another way, or not at all: what decides is counted, and the code shows what was decided.

use super::CpuLevel;
use super::budget::{Budget, Survey, within};
use super::function::{
    Generators, MOST_ALIVE, MOST_ALIVE_PLAIN, MOST_CLIMBS, MOST_HELD, MOST_MERGES, MOST_STEPS,
};
use super::function::{function, translated};
use super::generate::{Workspace, generate};
use super::isa::{self, Effort};
use super::measure::{dominance, merges, stretch};
use super::module::{CompileOptions, OptLevel};
use super::translator::{Declared, Env};
use super::variable::Locals;
use crate::abi::VmLayout;
use crate::error::{Failure, Reason};
use etalon_gas::Schedule;
use etalon_module::{Features, Module};

fn module(wat: &str) -> Module {
    Module::new(&wat::parse_str(wat).unwrap(), Features::wasm3()).unwrap()
}

/// A function of an integer and of a local of a type.
fn body(ty: &str, text: &str) -> Module {
    // Without a result there would be nothing to optimise, and nothing would have to meet.
    let used = match ty {
        "i32" => "(i32.store (i32.add (i32.const 1) (i32.const 2)) (local.get 1))",
        _ => "(table.set (i32.const 0) (local.get 1))",
    };
    module(&format!(
        "(module (memory 1) (table 1 externref) (func (param i32) (local {ty}) {text} {used}))"
    ))
}

/// A local that differs on two paths, so many times.
fn ifs(n: usize) -> Module {
    body("i32", &"(if (local.get 0) (then (local.set 1 (i32.const 7))))\n".repeat(n))
}

/// Blocks each of which dominates all that follow.
fn row(n: usize) -> Module {
    body("i32", &"(block (br_if 0 (local.get 0)))\n".repeat(n))
}

/// Values that are alive at as many edges.
fn alive(n: usize) -> Module {
    let (blocks, after) = ("(block (br_if 0 (local.get 0)))\n".repeat(n), "drop\n".repeat(n));
    body("i32", &("(i32.popcnt (local.get 0))\n".repeat(n) + &blocks + &after))
}

fn env(module: &Module, opt: OptLevel) -> Env<'_> {
    Env::new(
        module,
        isa::Choice::here(CpuLevel::Native).generator(opt.into()).unwrap(),
        VmLayout::new(module, |_| true),
        &CompileOptions::new(Schedule::builtin(Schedule::DEFAULT).unwrap(), false),
        Declared::of(module),
    )
}

/// The steps, the merges, and the code of the function of a module.
fn compiled(module: &Module, opt: OptLevel, per_slot: u64) -> (u64, u64, Result<Vec<u8>, Failure>) {
    let env = env(module, opt);
    let options = CompileOptions { opt, ..CompileOptions::new(env.schedule.clone(), false) };
    let generators = Generators::new(module, &options).unwrap();
    let mut work = Workspace::new();
    translated(&mut work, &env, 0, Locals::Variables).unwrap();
    let shape = dominance(&work.context.func, MOST_CLIMBS);
    let counts = (shape.steps, merges(&work.context.func));
    let code = function(&mut work, &env, &generators, per_slot, 0, &Survey::of(module, 0).unwrap());
    (counts.0, counts.1, code.map(|code| code.bytes))
}

/// The code of the function of a module as a generator makes it.
fn generated(module: &Module, effort: Effort, locals: Locals) -> Vec<u8> {
    let (env, mut work) = (env(module, OptLevel::Speed), Workspace::new());
    translated(&mut work, &env, 0, locals).unwrap();
    generate(&mut work, &*isa::Choice::here(CpuLevel::Native).generator(effort).unwrap(), 0)
        .unwrap()
        .bytes
}

const AMPLE: u64 = 1 << 20;
const SPEED: Effort = Effort::Level(OptLevel::Speed);

#[test]
fn steps_are_the_blocks_above_each_instruction() {
    let counts = [100, 200, 400].map(|n| {
        let (steps, ..) = compiled(&row(n), OptLevel::Speed, AMPLE);
        steps
    });
    // The square of the number, and something for each.
    assert!(counts[1] > 3 * counts[0] && counts[1] < 4 * counts[0], "{counts:?}");
    assert!(counts[2] > 3 * counts[1] && counts[2] < 4 * counts[1], "{counts:?}");
}

#[test]
fn a_deep_tree_of_dominators_is_not_optimised() {
    for (n, over) in [(100, false), (12_000, true)] {
        let module = row(n);
        let (steps, merges, code) = compiled(&module, OptLevel::Speed, AMPLE);
        assert_eq!(steps > MOST_STEPS, over, "{steps}");
        assert!(merges <= MOST_MERGES);
        let [optimised, plain] =
            [SPEED, Effort::SmallFrames].map(|e| generated(&module, e, Locals::Variables));
        assert_ne!(optimised, plain);
        assert_eq!(code.unwrap(), if over { plain } else { optimised }, "{n}");
    }
}

/// Branches out of as many blocks, so that the last is far from where all meet.
fn out(n: usize) -> Module {
    let branches: String = (0..n).map(|l| format!("(br_if {l} (local.get 0))\n")).collect();
    let ends = "(local.set 0 (i32.add (local.get 0) (i32.const 1))) end\n".repeat(n);
    body("i32", &("block\n".repeat(n) + &branches + &ends))
}

#[test]
fn climbs_are_the_blocks_between_an_edge_and_what_dominates_it() {
    let climbs = |n| {
        let module = out(n);
        let env = env(&module, OptLevel::Speed);
        let mut work = Workspace::new();
        translated(&mut work, &env, 0, Locals::Variables).unwrap();
        dominance(&work.context.func, MOST_CLIMBS).climbs
    };
    let counts = [50, 100, 200].map(climbs);
    assert!(counts[1] > 3 * counts[0] && counts[1] < 5 * counts[0], "{counts:?}");
    assert!(counts[2] > 3 * counts[1] && counts[2] < 5 * counts[1], "{counts:?}");
}

#[test]
fn where_branches_go_too_far_up_nothing_is_compiled() {
    for (n, over) in [(300, false), (3000, true)] {
        let (.., code) = compiled(&out(n), OptLevel::Speed, AMPLE);
        let refused = matches!(code, Err(Failure::NotCompiled(Reason::Growth { .. })));
        assert_eq!(refused, over, "{n}");
    }
}

#[test]
fn merges_are_what_has_met_before() {
    let counts = [10, 20, 40].map(|n| compiled(&ifs(n), OptLevel::Speed, AMPLE).1);
    assert!(counts[1] > 3 * counts[0] && counts[1] < 5 * counts[0], "{counts:?}");
    assert!(counts[2] > 3 * counts[1] && counts[2] < 5 * counts[1], "{counts:?}");
    assert_eq!(compiled(&row(40), OptLevel::Speed, AMPLE).1, 0);
}

#[test]
fn where_too_many_values_meet_the_locals_are_in_memory() {
    for (n, over) in [(100, false), (3000, true)] {
        let module = ifs(n);
        let (steps, merges, code) = compiled(&module, OptLevel::Speed, AMPLE);
        assert_eq!(merges > MOST_MERGES, over, "{merges}");
        assert!(steps <= MOST_STEPS);
        let [variables, memory] =
            [Locals::Variables, Locals::Memory].map(|locals| generated(&module, SPEED, locals));
        assert_ne!(variables, memory);
        assert_eq!(code.unwrap(), if over { memory } else { variables }, "{n}");
    }
}

/// References must be where collections look for them, so they stay values. Each then has a place of its own, if there is room.
#[test]
fn where_too_many_references_meet_there_is_room_or_no_code() {
    let text = "(if (local.get 0) (then (local.set 1 (ref.null extern))))\n".repeat(12_000);
    let module = body("externref", &text);
    let (_, merges, code) = compiled(&module, OptLevel::Speed, AMPLE);
    assert!(merges > MOST_MERGES, "{merges}");
    let quick = generated(&module, OptLevel::None.into(), Locals::Memory);
    assert_eq!(code.unwrap(), quick);
    let (.., code) = compiled(&module, OptLevel::Speed, 1);
    assert!(matches!(code, Err(Failure::NotCompiled(Reason::Frame { .. }))));
}

#[test]
fn where_too_many_values_are_alive_one_pass_is_not_enough() {
    for (n, over) in [(50, false), (800, true)] {
        let module = alive(n);
        let edges = Survey::of(&module, 0).unwrap().alive_at_edges;
        assert_eq!(edges > MOST_ALIVE, over, "{edges}");
        let (.., code) = compiled(&module, OptLevel::None, AMPLE);
        let [one, other] =
            [OptLevel::None.into(), SPEED].map(|e| generated(&module, e, Locals::Variables));
        assert_eq!(code.unwrap(), if over { other } else { one }, "{n}");
    }
}

#[test]
fn where_too_many_are_alive_for_every_generator_nothing_is_compiled() {
    for (n, over) in [(2000, false), (12_000, true)] {
        let module = alive(n);
        assert_eq!(Survey::of(&module, 0).unwrap().alive_at_edges > MOST_ALIVE_PLAIN, over);
        let (steps, _, code) = compiled(&module, OptLevel::Speed, AMPLE);
        assert_eq!(steps > MOST_STEPS, over, "{steps}");
        let refused = matches!(code, Err(Failure::NotCompiled(Reason::Growth { .. })));
        assert_eq!(refused, over, "{n}");
    }
}

/// Two bytes call a function of a thousand parameters and results.
#[test]
fn where_calls_pass_too_many_values_nothing_is_compiled() {
    let of = |width: usize, calls: usize| {
        let (types, zeros) = ("i32 ".repeat(width), "(i32.const 0)".repeat(width));
        let (calls, drops) = ("(call 0)".repeat(calls), "drop ".repeat(width));
        module(&format!(
            "(module (type $t (func (param {types}) (result {types}))) (func (type $t) unreachable)
               (func {zeros} {calls} {drops}))"
        ))
    };
    for (width, calls, over) in [(10, 1000, false), (500, 1, false), (900, 20, true)] {
        let module = of(width, calls);
        let env = env(&module, OptLevel::Speed);
        let generators =
            Generators::new(&module, &CompileOptions::new(env.schedule.clone(), false)).unwrap();
        let code = function(
            &mut Workspace::new(),
            &env,
            &generators,
            AMPLE,
            1,
            &Survey::of(&module, 1).unwrap(),
        );
        let refused = matches!(code, Err(Failure::NotCompiled(Reason::Growth { .. })));
        assert_eq!(refused, over, "{width} values, {calls} calls");
    }
}

/// A sum of what is loaded, of which the optimiser would keep all up to its end.
fn summed(n: usize) -> Module {
    let sum: String =
        (0..n).map(|at| format!("(i32.load offset={at} (local.get 0)) i32.add\n")).collect();
    body("i32", &format!("(i32.const 0) {sum} (local.set 1)"))
}

#[test]
fn what_a_sum_takes_is_kept_to_its_end() {
    let counts = [100, 200, 400].map(|n| {
        let module = summed(n);
        let env = env(&module, OptLevel::Speed);
        let mut work = Workspace::new();
        translated(&mut work, &env, 0, Locals::Variables).unwrap();
        stretch(&work.context.func)
    });
    assert!(counts[1] > 3 * counts[0] && counts[1] < 5 * counts[0], "{counts:?}");
    assert!(counts[2] > 3 * counts[1] && counts[2] < 5 * counts[1], "{counts:?}");
}

#[test]
fn where_values_are_kept_too_long_nothing_is_moved() {
    for (n, over) in [(100, false), (4000, true)] {
        let module = summed(n);
        let [optimised, plain] =
            [SPEED, Effort::SmallFrames].map(|e| generated(&module, e, Locals::Variables));
        assert_ne!(optimised, plain);
        let (.., code) = compiled(&module, OptLevel::Speed, AMPLE);
        assert_eq!(code.unwrap(), if over { plain } else { optimised }, "{n}");
    }
}

/// What is declared and not mentioned costs nothing.
#[test]
fn locals_that_are_not_mentioned_are_not_there() {
    let module_of =
        |locals: &str| module(&format!("(module (func (local {locals}) (drop (local.get 2))))"));
    let [few, many] =
        ["i32 i64 f32", &format!("i32 i64 f32 {}", "i64 ".repeat(49_000))].map(module_of);
    assert_eq!(Survey::of(&few, 0).unwrap().cost, Survey::of(&many, 0).unwrap().cost);
    let [few, many] = [few, many].map(|module| generated(&module, SPEED, Locals::Variables).len());
    // The depth is another, and so may be the instruction that takes it.
    assert!(many < few + 16, "{few} {many}");
}

/// Locals that are all read again after a long text between.
fn kept(n: usize) -> Module {
    let locals = "(local ".to_owned() + &"i32 ".repeat(1000) + ")\n";
    let all: String = (1..=1000).map(|l| format!("(local.set {l} (local.get 0))\n")).collect();
    let text = "(local.set 0 (i32.add (local.get 0) (local.get 1)))\n".repeat(n);
    let again: String = (1..=1000).map(|l| format!("(drop (local.get {l}))\n")).collect();
    body("i32", &(locals + &all + &text + &again))
}

#[test]
fn where_locals_are_kept_for_too_long_nothing_is_compiled() {
    for (n, over) in [(100, false), (34_000, true)] {
        let module = kept(n);
        assert_eq!(Survey::of(&module, 0).unwrap().held > MOST_HELD, over);
        let (.., code) = compiled(&module, OptLevel::Speed, AMPLE);
        let refused = matches!(code, Err(Failure::NotCompiled(Reason::Growth { .. })));
        assert_eq!(refused, over, "{n}");
    }
}

/// A function of so many edges, at each of which 8000 values may be alive.
fn wide(edges: usize) -> String {
    let (locals, targets) = ("i64 ".repeat(7_998), "0 ".repeat(edges));
    let mentions: String = (1..7_999).map(|l| format!("(drop (local.get {l}))")).collect();
    format!("(func (param i32) (local {locals}) {mentions} (br_table {targets} 0 (local.get 0)))")
}

/// The default budget, in numbers: 4 Mi units a function, 64 Mi a module.
#[test]
fn the_default_budget_ends_where_it_says() {
    let budget = Budget::default();
    assert_eq!((budget.function, budget.module), (4_194_304, 67_108_864));
    let outcomes = |functions: &[usize]| {
        let text: String = functions.iter().map(|edges| wide(*edges)).collect();
        let module = module(&format!("(module {text})"));
        let indices: Vec<u32> = (0..functions.len() as u32).collect();
        let surveys: Vec<Survey> =
            indices.iter().map(|f| Survey::of(&module, *f).unwrap()).collect();
        let costs: Vec<u64> = surveys.iter().map(|survey| survey.cost).collect();
        (costs, within(budget, &surveys))
    };
    let (costs, outcome) = outcomes(&[4100, 4200]);
    assert!(costs[0] <= budget.function && costs[1] > budget.function, "{costs:?}");
    assert_eq!(outcome[0], Ok(()));
    assert_eq!(outcome[1], Err(Reason::Budget { cost: costs[1], limit: budget.function }));
    // Functions come in their order, and one that is small may have what is left.
    let (costs, outcome) = outcomes(&[&[4000; 17][..], &[100][..]].concat());
    let fit = outcome.iter().map(Result::is_ok).collect::<Vec<_>>();
    assert_eq!(fit, [&[true; 16][..], &[false, true][..]].concat());
    let left = budget.module - 16 * costs[0];
    assert_eq!(outcome[16], Err(Reason::Budget { cost: costs[16], limit: left }));
}
