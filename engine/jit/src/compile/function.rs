//! One function: which generator makes its code, and whether the code may run.

use super::budget::{alive_at_edges, held};
use super::generate::{Workspace, generate};
use super::isa::{self, Effort, SharedIsa};
use super::module::{CompileOptions, OptLevel};
use super::translator::{Env, translate};
use super::variable::Locals;
use crate::code::{Code, Scope};
use crate::error::{CompileError, Failure, Reason};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Value};

/// The optimiser looks up its values by walking through the blocks that dominate a block. Beyond so many steps in a function,
/// the function is not optimised: the walks would take most of the time, and more than in proportion to its size.
pub(super) const MOST_STEPS: u64 = 1 << 26;

/// Values that meet at joins get one place, and adding one to those that have it takes time as they are many. Beyond so many steps in
/// a function, its locals are in memory: then few values meet.
pub(super) const MOST_MERGES: u64 = 1 << 24;

/// Beyond so many steps in spite of that, each value gets a place of its own.
pub(super) const MOST_MERGES_LEFT: u64 = 1 << 28;

/// Without the optimiser, places are given out in one pass, which looks at all values that are alive at each edge. Beyond so many of
/// these in a function the optimiser is quicker.
pub(super) const MOST_ALIVE: u64 = 1 << 20;

/// Where neither the optimiser nor one pass will do, places are given out by looking at all values that are alive at each edge, and again
/// for each that gets none. Beyond so many of these a function is not compiled: that would take seconds.
pub(super) const MOST_ALIVE_PLAIN: u64 = 1 << 23;

/// Values that are kept over long stretches of text stand in each other's way, and places are sought for each among all others. Beyond so
/// many operators over which locals are kept a function is not compiled: that would take many seconds.
pub(super) const MOST_HELD: u64 = 1 << 27;

/// Generators of code, by what they try.
pub(super) struct Generators {
    asked_for: SharedIsa,
    /// What was asked for, or the optimiser where it is off.
    optimised: SharedIsa,
    optimises: bool,
    /// Values that are computed twice are computed twice, so that few are alive at once; and what is alive shares places.
    plain: SharedIsa,
    /// Every value has a place of its own, which takes the least time and the largest frames.
    quick: SharedIsa,
}

impl Generators {
    pub(super) fn new(options: &CompileOptions) -> Result<Generators, CompileError> {
        let effort = Effort::from(options.opt);
        let optimised = if options.opt == OptLevel::None { OptLevel::Speed } else { options.opt };
        Ok(Generators {
            asked_for: isa::host(effort, options.verify)?,
            optimised: isa::host(optimised.into(), options.verify)?,
            optimises: effort.optimises(),
            plain: isa::host(Effort::SmallFrames, options.verify)?,
            quick: isa::host(OptLevel::None.into(), options.verify)?,
        })
    }

    /// The generator for the level that was asked for.
    pub(super) fn asked_for(&self) -> &SharedIsa {
        &self.asked_for
    }
}

/// Compiles a function. Its native frame may take `per_slot` bytes for each of its slots of depth.
pub(super) fn function(
    work: &mut Workspace,
    env: &Env<'_>,
    generators: &Generators,
    per_slot: u64,
    index: u32,
) -> Result<Code, Failure> {
    let kept = held(env.module, index)?;
    if kept > MOST_HELD {
        return Err(Reason::Budget { cost: kept, limit: MOST_HELD }.into());
    }
    let reserved = env.frame_cost(index).saturating_mul(per_slot);
    let mut locals = Locals::Variables;
    let mut scopes = translated(work, env, index, locals)?;
    if merges(&work.context.func) > MOST_MERGES {
        locals = Locals::Memory;
        scopes = translated(work, env, index, locals)?;
    }
    if locals == Locals::Memory && merges(&work.context.func) > MOST_MERGES_LEFT {
        let code = generate(work, &*generators.quick, index)?;
        fits(work, reserved)?;
        return Ok(Code { scopes, ..code });
    }
    let optimises = generators.optimises || alive_at_edges(env.module, index)? > MOST_ALIVE;
    if !optimises || steps(&work.context.func) <= MOST_STEPS {
        let generator = if optimises { &generators.optimised } else { &generators.asked_for };
        let code = generate(work, &**generator, index)?;
        if fits(work, reserved).is_ok() {
            return Ok(Code { scopes, ..code });
        }
        scopes = translated(work, env, index, locals)?;
    }
    let alive = alive_at_edges(env.module, index)?;
    if alive > MOST_ALIVE_PLAIN {
        return Err(Reason::Budget { cost: alive, limit: MOST_ALIVE_PLAIN }.into());
    }
    let code = generate(work, &*generators.plain, index)?;
    fits(work, reserved)?;
    Ok(Code { scopes, ..code })
}

/// Translates a function anew; gives the scopes of its handlers.
pub(super) fn translated(
    work: &mut Workspace,
    env: &Env<'_>,
    index: u32,
    locals: Locals,
) -> Result<Vec<Scope>, Failure> {
    work.context.clear();
    translate(env, index, &mut work.context.func, &mut work.builder, locals)
}

/// Whether the native frame of the code that was generated last is within what is reserved for it.
fn fits(work: &Workspace, reserved: u64) -> Result<(), Reason> {
    match work.frame_bytes() {
        Some(bytes) if u64::from(bytes) > reserved => Err(Reason::Frame { bytes, reserved }),
        _ => Ok(()),
    }
}

/// How many blocks dominate an instruction, summed over all instructions.
pub(super) fn steps(func: &Function) -> u64 {
    let graph = ControlFlowGraph::with_function(func);
    let tree = DominatorTree::with_function(func, &graph);
    let mut depths: SecondaryMap<Block, u64> = SecondaryMap::new();
    let mut steps = 0u64;
    // In this order a block comes after the one that dominates it.
    for block in tree.cfg_rpo() {
        let depth = tree.idom(*block).map_or(0, |dominator| depths[dominator]) + 1;
        depths[*block] = depth;
        let instructions = func.layout.block_insts(*block).count() as u64;
        steps = steps.saturating_add(instructions.saturating_mul(depth));
    }
    steps
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
