//! Where control joins: blocks that only go on are passed by, and no more than so many edges lead to one block.
//!
//! The code generator asks of each block what dominates it, for which it walks up from every edge that leads there; and it follows a
//! branch to a block without code to where that leads in turn. A thousand branches to one label, or a thousand labels that end
//! in one place, would take the square of that.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Block, BlockArg, Function, Inst, InstBuilder, InstructionData, Opcode, Value,
};
use std::collections::HashMap;

/// Most edges to one block. Further ones meet before it, so many at a time.
pub(super) const MOST_EDGES: usize = 32;

/// What passes from a block that only goes on.
#[derive(Clone, Copy)]
enum Passed {
    /// What came as the parameter of this number.
    Param(usize),
    Other(BlockArg),
}

impl Passed {
    /// The same in terms of what comes to the block.
    fn given<T: Copy>(self, came: &[T], other: impl Fn(BlockArg) -> T) -> T {
        match self {
            Passed::Param(number) => came[number],
            Passed::Other(arg) => other(arg),
        }
    }
}

/// Where blocks lead that only go on, and with what.
type Onward = SecondaryMap<Block, Option<(Block, Vec<Passed>)>>;

/// Makes the joins of a function small. What it computes, and where it traps, stays as it is.
pub(super) fn narrow(func: &mut Function) {
    pass_by(func);
    spread(func);
}

/// Leads each edge to a block that only goes on to where that goes.
fn pass_by(func: &mut Function) {
    let mut onward = onward(func);
    let (mut seen, blocks) = (SecondaryMap::new(), func.layout.blocks().collect::<Vec<_>>());
    for block in &blocks {
        resolve(&mut onward, &mut seen, *block);
    }
    if blocks.iter().all(|block| onward[*block].is_none()) {
        return;
    }
    for inst in branches(func) {
        let dfg = &mut func.dfg;
        let pool = &mut dfg.value_lists;
        let tables = (&mut dfg.jump_tables, &mut dfg.exception_tables);
        for call in dfg.insts[inst].branch_destination_mut(tables.0, tables.1) {
            let Some((target, passed)) = &onward[call.block(pool)] else { continue };
            let came: Vec<BlockArg> = call.args(pool).collect();
            call.clear(pool);
            call.set_block(*target, pool);
            call.extend(passed.iter().map(|passed| passed.given(&came, |arg| arg)), pool);
        }
    }
    for block in blocks.into_iter().filter(|block| onward[*block].is_some()) {
        func.layout.remove_block_and_insts(block);
    }
}

/// The last instructions of all blocks.
fn branches(func: &Function) -> Vec<Inst> {
    func.layout.blocks().filter_map(|block| func.layout.last_inst(block)).collect()
}

/// The blocks that only go on. An edge to where they go passes no more than one to them, so that no more pass in all.
fn onward(func: &Function) -> Onward {
    let mut onward = Onward::new();
    // Values with another use than to pass on from the block whose parameters they are.
    let mut used: SecondaryMap<Value, bool> = SecondaryMap::new();
    for block in func.layout.blocks() {
        let next = next(func, block);
        match &next {
            Some((_, passed)) => passed.iter().for_each(|passed| {
                if let Passed::Other(BlockArg::Value(value)) = passed {
                    used[*value] = true;
                }
            }),
            None => func.layout.block_insts(block).for_each(|inst| {
                func.dfg.inst_values(inst).for_each(|v| used[func.dfg.resolve_aliases(v)] = true);
            }),
        }
        onward[block] = next;
    }
    for block in func.layout.blocks() {
        if func.dfg.block_params(block).iter().any(|param| used[*param]) {
            onward[block] = None;
        }
    }
    onward
}

/// Where a block goes if it does nothing else, and passes no more than comes to it.
fn next(func: &Function, block: Block) -> Option<(Block, Vec<Passed>)> {
    let (layout, dfg) = (&func.layout, &func.dfg);
    let inst = layout.last_inst(block)?;
    let InstructionData::Jump { opcode: Opcode::Jump, destination } = dfg.insts[inst] else {
        return None;
    };
    let params = dfg.block_params(block);
    let is_more = destination.len(&dfg.value_lists) > params.len();
    if is_more || layout.first_inst(block) != Some(inst) || layout.entry_block() == Some(block) {
        return None;
    }
    let numbers: HashMap<Value, usize> = params.iter().enumerate().map(|(i, v)| (*v, i)).collect();
    let passed = destination.args(&dfg.value_lists).map(|arg| {
        let arg = arg.map_value(|value| dfg.resolve_aliases(value));
        let number = arg.as_value().and_then(|value| numbers.get(&value));
        number.map_or(Passed::Other(arg), |number| Passed::Param(*number))
    });
    Some((destination.block(&dfg.value_lists), passed.collect()))
}

/// Follows a block that only goes on to the first that does more, for it and for all on the way.
fn resolve(onward: &mut Onward, seen: &mut SecondaryMap<Block, bool>, from: Block) {
    let (mut way, mut at) = (Vec::new(), from);
    while let Some((next, _)) = onward[at].as_ref().filter(|_| !seen[at]) {
        seen[at] = true;
        way.push(at);
        at = *next;
    }
    if way.contains(&at) {
        // A loop without code: one block of it remains.
        onward[at] = None;
    }
    for block in way.into_iter().rev() {
        let Some((next, here)) = onward[block].take() else { continue };
        onward[block] = Some(match &onward[next] {
            Some((far, there)) => {
                (*far, there.iter().map(|passed| passed.given(&here, Passed::Other)).collect())
            }
            None => (next, here),
        });
    }
}

/// Lets edges to the same block meet before it where they are too many.
fn spread(func: &mut Function) {
    let mut edges: SecondaryMap<Block, Vec<Inst>> = SecondaryMap::new();
    for inst in branches(func) {
        let tables = (&func.dfg.jump_tables, &func.dfg.exception_tables);
        for call in func.dfg.insts[inst].branch_destination(tables.0, tables.1) {
            let from = &mut edges[call.block(&func.dfg.value_lists)];
            if from.last() != Some(&inst) {
                from.push(inst);
            }
        }
    }
    let mut meets = HashMap::new();
    for target in func.layout.blocks().collect::<Vec<_>>() {
        if edges[target].len() > MOST_EDGES {
            meet(func, target, &edges[target], &mut meets);
        }
    }
    let dfg = &mut func.dfg;
    let pool = &mut dfg.value_lists;
    for inst in meets.keys().map(|(inst, _)| *inst).collect::<std::collections::HashSet<_>>() {
        let tables = (&mut dfg.jump_tables, &mut dfg.exception_tables);
        for call in dfg.insts[inst].branch_destination_mut(tables.0, tables.1) {
            if let Some(block) = meets.get(&(inst, call.block(pool))) {
                call.set_block(*block, pool);
            }
        }
    }
}

/// Makes the blocks in which the edges to a block meet, and notes for each edge where it is to lead.
fn meet(
    func: &mut Function,
    target: Block,
    edges: &[Inst],
    meets: &mut HashMap<(Inst, Block), Block>,
) {
    let mut groups = Vec::new();
    for from in edges.chunks(MOST_EDGES) {
        let group = like(func, target);
        meets.extend(from.iter().map(|inst| ((*inst, target), group)));
        groups.push(group);
    }
    while groups.len() > MOST_EDGES {
        let mut further = Vec::new();
        for some in groups.chunks(MOST_EDGES) {
            let group = like(func, target);
            some.iter().for_each(|block| jump(func, *block, group));
            further.push(group);
        }
        groups = further;
    }
    groups.into_iter().for_each(|block| jump(func, block, target));
}

/// A new block with the parameters of another.
fn like(func: &mut Function, target: Block) -> Block {
    let block = func.dfg.make_block();
    func.layout.insert_block(block, target);
    for param in func.dfg.block_params(target).to_vec() {
        let ty = func.dfg.value_type(param);
        func.dfg.append_block_param(block, ty);
    }
    block
}

/// From the end of a block to another, with all that came to it.
fn jump(func: &mut Function, from: Block, to: Block) {
    let args: Vec<BlockArg> =
        func.dfg.block_params(from).iter().map(|value| BlockArg::Value(*value)).collect();
    FuncCursor::new(func).at_bottom(from).ins().jump(to, &args);
}
