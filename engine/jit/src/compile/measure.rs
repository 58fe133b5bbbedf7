//! What generating code for a translated function takes beyond what its size says, counted before it is done.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Inst, Opcode, Value};
use cranelift_codegen::traversals::Dfs;

/// How much of something a function may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// For each of its instructions.
    pub(super) each: u64,
    /// For all together, besides.
    pub(super) all: u64,
}

impl Most {
    /// For a function.
    pub(super) fn of(self, func: &Function) -> u64 {
        (func.dfg.num_insts() as u64).saturating_mul(self.each).saturating_add(self.all)
    }
}

/// How the blocks of a function dominate each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dominance {
    /// How many blocks dominate an instruction, summed over all instructions: the optimiser walks them for each of its values.
    pub(super) steps: u64,
    /// Blocks that are passed on the way from the edges to a block up to what dominates them all, summed over all blocks.
    pub(super) climbs: u64,
    /// How many of these may be.
    pub(super) most_climbs: u64,
}

/// Measures how blocks dominate each other, as the code generator finds it: from each edge it climbs to the block above both that and
/// the edges before it. Gives up after too many climbs, as then the code generator should not begin.
pub(super) fn dominance(func: &Function, most: Most) -> Dominance {
    let graph = ControlFlowGraph::with_function(func);
    let mut order: Vec<Block> = Dfs::new().post_order_iter(func).collect();
    order.reverse();
    // A block comes after what dominates it, so of two the later climbs. Block 0 of the order is the entry.
    let mut place: SecondaryMap<Block, Option<u32>> = SecondaryMap::new();
    let mut above: Vec<(u32, u64)> = Vec::with_capacity(order.len());
    let mut sum = Dominance { most_climbs: most.of(func), ..Dominance::default() };
    for (at, block) in order.iter().enumerate() {
        let mut found: Option<u32> = None;
        // Edges from further on close loops: they lead to what dominates them.
        for from in graph.pred_iter(*block).filter_map(|pred| place[pred.block]) {
            let (mut a, mut b) = (found.unwrap_or(from), from);
            while a != b {
                (a, b) = (a.min(b), above[a.max(b) as usize].0);
                sum.climbs += 1;
            }
            if sum.climbs > sum.most_climbs {
                return sum;
            }
            found = Some(a);
        }
        let depth = found.map_or(0, |dominator| above[dominator as usize].1) + 1;
        let instructions = func.layout.block_insts(*block).count() as u64;
        sum.steps = sum.steps.saturating_add(instructions.saturating_mul(depth));
        place[*block] = Some(at as u32);
        above.push((found.unwrap_or_default(), depth));
    }
    sum
}

/// The instructions over which results are kept longer if the optimiser moves each operation without an effect to where its result is
/// needed first: what it takes is alive until then, instead of its result. A long sum of what is loaded keeps all that is loaded to its
/// end.
pub(super) fn stretch(func: &Function) -> u64 {
    kept(func, true).saturating_sub(kept(func, false))
}

/// The instructions over which results are kept, summed over all results.
fn kept(func: &Function, moved: bool) -> u64 {
    let insts: Vec<Inst> =
        func.layout.blocks().flat_map(|block| func.layout.block_insts(block)).collect();
    // Where a value is needed first and last, as far as the text goes.
    let mut needed: SecondaryMap<Value, Option<(usize, usize)>> = SecondaryMap::new();
    let mut sum = 0u64;
    for (at, inst) in insts.into_iter().enumerate().rev() {
        let opcode = func.dfg.insts[inst].opcode();
        let needs = func.dfg.inst_results(inst).iter().filter_map(|result| needed[*result]);
        let (first, last) = needs.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((at, at));
        let moves = moved && is_pure(opcode) && !func.dfg.inst_results(inst).is_empty();
        let place = if moves { first } else { at };
        sum = sum.saturating_add((last - place) as u64);
        for value in func.dfg.inst_values(inst) {
            let range = &mut needed[func.dfg.resolve_aliases(value)];
            let (first, last) = range.unwrap_or((place, place));
            *range = Some((first.min(place), last.max(place)));
        }
    }
    sum
}

/// Whether an operation does nothing but to compute its result.
fn is_pure(opcode: Opcode) -> bool {
    let goes = opcode.is_call() || opcode.is_branch() || opcode.is_terminator();
    let acts = opcode.can_load() || opcode.can_store() || opcode.other_side_effects();
    !(goes || acts || opcode.can_trap())
}

/// The steps that merging values takes which meet at joins: each time, as many as have met already.
pub(super) fn merges(func: &Function) -> u64 {
    let dfg = &func.dfg;
    // Each value leads to another of its set, up to the one that stands for the set.
    let mut next: SecondaryMap<Value, Option<Value>> = SecondaryMap::new();
    let mut sizes: SecondaryMap<Value, u64> = SecondaryMap::new();
    let mut sum = 0u64;
    for inst in func.layout.blocks().filter_map(|block| func.layout.last_inst(block)) {
        for call in dfg.insts[inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            let params = dfg.block_params(call.block(&dfg.value_lists));
            for (param, arg) in params.iter().zip(call.args(&dfg.value_lists)) {
                let Some(arg) = arg.as_value() else { continue };
                let (a, b) = (first(&mut next, *param), first(&mut next, dfg.resolve_aliases(arg)));
                if a != b {
                    let (small, large) = if sizes[a] < sizes[b] { (a, b) } else { (b, a) };
                    next[small] = Some(large);
                    sizes[large] += sizes[small] + 1;
                    sum = sum.saturating_add(2 * sizes[large]);
                }
            }
        }
    }
    sum
}

/// The value that stands for the set of a value.
fn first(next: &mut SecondaryMap<Value, Option<Value>>, mut value: Value) -> Value {
    while let Some(nearer) = next[value] {
        next[value] = next[nearer].or(Some(nearer));
        value = nearer;
    }
    value
}
