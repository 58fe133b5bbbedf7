//! What generating code for a translated function takes beyond what its size says, counted before it is done.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Value};
use cranelift_codegen::traversals::Dfs;

/// How many blocks may be passed by climbs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Climbs {
    /// For each instruction of the function.
    pub(super) each: u64,
    /// For all together, besides.
    pub(super) all: u64,
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
pub(super) fn dominance(func: &Function, most: Climbs) -> Dominance {
    let graph = ControlFlowGraph::with_function(func);
    let mut order: Vec<Block> = Dfs::new().post_order_iter(func).collect();
    order.reverse();
    // A block comes after what dominates it, so of two the later climbs. Block 0 of the order is the entry.
    let mut place: SecondaryMap<Block, Option<u32>> = SecondaryMap::new();
    let mut above: Vec<(u32, u64)> = Vec::with_capacity(order.len());
    let instructions = func.dfg.num_insts() as u64;
    let most_climbs = instructions.saturating_mul(most.each).saturating_add(most.all);
    let mut sum = Dominance { most_climbs, ..Dominance::default() };
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
