//! What translation makes of a function grows as the text does: the short form of `make growth`, in counts instead of times.

#[path = "../../tests/support/families.rs"]
mod families;

use super::CpuLevel;
use super::budget::Survey;
use super::function::{MOST_CLIMBS, MOST_MERGES, MOST_STEPS, MOST_STRETCH, is_small};
use super::isa;
use super::joins::{MOST_EDGES, narrow};
use super::measure::{dominance, merges, stretch};
use super::module::{CompileOptions, OptLevel};
use super::nans::{made, make_canonical};
use super::translator::{Declared, Env, translate};
use super::variable::Locals;
use crate::abi::VmLayout;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{BlockCall, Function};
use cranelift_codegen::verify_function;
use cranelift_frontend::FunctionBuilderContext;
use etalon_gas::Schedule;
use etalon_module::{Features, Module};
use families::FAMILIES;

/// Counts of a translated module, with their names.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    instructions: usize,
    blocks: usize,
    values: usize,
    /// Values that pass along edges.
    passed: usize,
    cost: u64,
    /// Instructions that make a NaN, and comparisons that look whether a value is one.
    nans: [usize; 2],
}

fn counts(wat: &str, metering: bool) -> Counts {
    counts_at(OptLevel::None, wat, metering)
}

fn counts_at(opt: OptLevel, wat: &str, metering: bool) -> Counts {
    translated(opt, wat, metering).0
}

/// The functions of a module as the code generator gets them, and their counts.
fn translated(opt: OptLevel, wat: &str, metering: bool) -> (Counts, Vec<Function>) {
    let wasm = wat::parse_str(wat).unwrap();
    let module = Module::new(&wasm, Features::wasm3()).unwrap();
    let env = Env::new(
        &module,
        isa::Choice::here(CpuLevel::Native).generator(opt.into()).unwrap(),
        VmLayout::new(&module, |func| func >= module.imported_funcs),
        &CompileOptions::new(Schedule::builtin(Schedule::DEFAULT).unwrap(), metering),
        Declared::of(&module),
    );
    let mut sum = Counts::default();
    let mut functions = Vec::new();
    for func in module.imported_funcs..module.funcs.len() as u32 {
        let (mut into, mut contexts) = (Function::new(), FunctionBuilderContext::new());
        translate(&env, func, &mut into, &mut contexts, Locals::Variables).unwrap();
        make_canonical(&mut into, false);
        narrow(&mut into);
        verify_function(&into, &*env.isa).unwrap();
        assert!(most_edges(&into) <= MOST_EDGES);
        sum.cost += Survey::of(&module, func).unwrap().cost;
        add(&mut sum, &into);
        functions.push(into);
    }
    (sum, functions)
}

/// Functions that are not measured would be within all limits.
#[test]
fn what_is_small_is_within_the_limits() {
    let mut small = 0;
    for (_, size, text) in FAMILIES {
        for part in [100, 20, 5] {
            let (_, functions) = translated(OptLevel::Speed, &text(size / part + 1), true);
            for func in functions.iter().filter(|func| is_small(func)) {
                let shape = dominance(func, MOST_CLIMBS);
                assert!(shape.steps <= MOST_STEPS && shape.climbs <= shape.most_climbs);
                assert!(merges(func) <= MOST_MERGES && stretch(func) <= MOST_STRETCH.of(func));
                small += 1;
            }
        }
    }
    assert!(small > 200, "{small}");
}

fn add(sum: &mut Counts, func: &Function) {
    let pool = &func.dfg.value_lists;
    for block in func.layout.blocks() {
        sum.blocks += 1;
        for inst in func.layout.block_insts(block) {
            sum.instructions += 1;
            let looks = |cond| cond == FloatCC::Unordered;
            sum.nans[0] += usize::from(made(func, inst) != 0);
            sum.nans[1] += usize::from(func.dfg.insts[inst].fp_cond_code().is_some_and(looks));
            let tables = (&func.dfg.jump_tables, &func.dfg.exception_tables);
            let calls: &[BlockCall] = func.dfg.insts[inst].branch_destination(tables.0, tables.1);
            sum.passed += calls.iter().map(|call| call.args(pool).count()).sum::<usize>();
        }
    }
    sum.values += func.dfg.num_values();
}

/// The most branches that lead to one block.
fn most_edges(func: &Function) -> usize {
    let graph = ControlFlowGraph::with_function(func);
    func.layout.blocks().map(|block| graph.pred_iter(block).count()).max().unwrap_or(0)
}

/// The power of the size that a count grows as, from a size to eight times that.
fn exponent(count: [usize; 2]) -> f64 {
    (count[1] as f64 / count[0].max(1) as f64).ln() / 8_f64.ln()
}

/// The values that pass where all locals differ on all edges are the product of both, and the budget is what bounds them.
const PRODUCTS: &[&str] = &["locals and blocks"];

#[test]
fn translation_grows_as_the_text_does() {
    for (name, size, text) in FAMILIES {
        for metering in [false, true] {
            let [small, large] = [1, 8].map(|n| counts(&text(n * size / 4), metering));
            let grows = |what, least: usize, count: fn(&Counts) -> usize| {
                let count = [count(&small), count(&large)];
                let power = exponent(count);
                let small = count[1] < least;
                assert!(small || power < 1.2, "{name}: {what} {count:?}, metering {metering}");
            };
            grows("instructions", 200, |c| c.instructions);
            grows("blocks", 200, |c| c.blocks);
            if !PRODUCTS.contains(name) {
                grows("values", 200, |c| c.values);
                grows("values passed", 200, |c| c.passed);
            }
        }
    }
}

/// What a function costs is known before it is translated, and is no less than what translation makes of it.
#[test]
fn the_budget_knows_what_translation_makes() {
    for (name, size, text) in FAMILIES {
        let made = counts(&text(*size), true);
        let sum = (made.instructions + made.values + made.passed) as u64;
        assert!(sum < 64 * made.cost + 1000, "{name}: {made:?}");
    }
}

/// Where no branch leads, no block begins.
#[test]
fn nested_blocks_are_no_blocks_of_the_generator() {
    for name in ["blocks nested", "loops nested"] {
        let (_, size, text) = FAMILIES.iter().find(|(n, ..)| *n == name).unwrap();
        let made = counts(&text(*size), true);
        let most = if name == "blocks nested" { 10 } else { size + 10 };
        assert!(made.blocks < most, "{name}: {made:?}");
    }
}

/// Labels that end in one place are one block, and a loop without code keeps one.
#[test]
fn blocks_that_only_go_on_are_passed_by() {
    let cases = [
        ("(block (block (block (br_if 2 (local.get 0)) (br_if 1 (local.get 0)) (br_if 0 (local.get 0)))))", 4),
        ("(loop (br 0))", 2),
        ("(loop (loop (block (br 0)) (br 1)))", 2),
        ("(loop (block (loop (br_if 1 (local.get 0)) (br 0))) (br 0))", 4),
        ("(drop (block (result i32) (block (result i32) (br_if 0 (i32.const 1) (local.get 0)))))", 3),
        // What comes to the block is used behind the place where it goes on.
        ("(local.set 0 (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
          (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))", 6),
    ];
    for (text, most) in cases {
        let wat = format!("(module (func (param i32) {text}))");
        let made = counts(&wat, false);
        assert!(made.blocks <= most, "{text}: {made:?}");
    }
}

/// Values that pass along many edges to where a value of another kind may come from: each is made canonical once, not on each edge.
#[test]
fn no_value_is_made_canonical_twice() {
    let numbers = |n: usize, each: &dyn Fn(usize) -> String| (0..n).map(each).collect::<String>();
    for (ty, add) in [("f64", "f64.add"), ("v128", "f32x4.add")] {
        let (locals, edges) = (30, 60);
        let load = |i| format!("(local.set {} ({ty}.load (i32.const {})))\n", i + 1, 16 * i);
        let edge = |k| {
            let (one, other) = (k % locals + 1, (k + 1) % locals + 1);
            format!(
                "(local.set {one} ({add} (local.get {one}) (local.get {other}))) (br_if 0 (local.get 0))\n"
            )
        };
        let store = |i| format!("({ty}.store (i32.const {}) (local.get {}))\n", 16 * i, i + 1);
        let wat = format!(
            "(module (memory 1) (func (param i32) (local {}) {} (block {} {}) {}))",
            format!("{ty} ").repeat(locals),
            numbers(locals, &load),
            numbers(edges, &edge),
            numbers(locals, &load),
            numbers(locals, &store)
        );
        let [made, looks] = counts(&wat, false).nans;
        assert!(made == edges && looks <= made, "{ty}: {looks} of {made}");
    }
}

/// A function may consist of bulk operations: only so many of them have blocks of their own.
#[test]
fn bulk_operations_in_place_have_an_end() {
    let fill = "(memory.fill (local.get 0) (local.get 0) (i32.const 1))";
    let blocks = |n| {
        let wat = format!("(module (memory 1) (func (param i32) {}))", fill.repeat(n));
        counts(&wat, false).blocks
    };
    assert!(blocks(10) > 30);
    assert_eq!(blocks(1000), blocks(2000));
}

/// Likewise of new objects.
#[test]
fn objects_made_in_place_have_an_end() {
    for new in ["(struct.new $s (local.get 0))", "(array.new $a (local.get 0) (local.get 0))"] {
        let blocks = |n| {
            let types = "(type $s (struct (field i32))) (type $a (array (mut i32)))";
            let body = format!("(drop {new})").repeat(n);
            counts(&format!("(module {types} (func (param i32) {body}))"), false).blocks
        };
        assert!(blocks(10) > 30, "{new}");
        assert_eq!(blocks(1000), blocks(2000), "{new}");
    }
}

/// Likewise of functions in place of their calls.
#[test]
fn inlined_functions_have_an_end() {
    let load = "(func $small (param i32) (result i32) (i32.load (local.get 0)))";
    let blocks = |n| {
        let body = "(drop (call $small (local.get 0)))".repeat(n);
        let wat = format!("(module (memory 1) {load} (func (param i32) {body}))");
        counts_at(OptLevel::Speed, &wat, false).blocks
    };
    assert!(blocks(10) > 30);
    assert_eq!(blocks(1000), blocks(2000));
}
