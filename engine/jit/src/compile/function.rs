//! One function: which generator makes its code, and whether the code may run.

use super::budget::Survey;
use super::generate::{Workspace, generate};
use super::isa::{self, Choice, Effort, SharedIsa};
use super::joins::{MOST_EDGES, narrow};
use super::measure::{Dominance, Most, dominance, merges, stretch};
use super::module::{CompileOptions, OptLevel};
use super::nans::{Nans, make_canonical};
use super::raise::raise;
use super::translator::{Env, Form, translate};
use super::variable::Locals;
use crate::code::{Code, Scope};
use crate::error::{CompileError, Failure, Reason};
use cranelift_codegen::Context;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::OwnedTargetIsa;
use etalon_module::Module;

/// The optimiser looks up its values by walking through the blocks that dominate a block. Beyond so many steps in a function,
/// the function is not optimised: the walks would take most of the time, and more than in proportion to its size.
pub(super) const MOST_STEPS: u64 = 1 << 26;

/// What dominates a block is found by climbing from its edges, several times over. Beyond so many blocks that are passed on the way for
/// each instruction, and some for all, a function is not compiled: the climbs would take most of the time.
pub(super) const MOST_CLIMBS: Most = Most { each: 64, all: 1 << 18 };

/// Values that pass at one operator stand in each other's way. Beyond so many pairs of them for each instruction, and some for all, a
/// function is not compiled: a call of a thousand values is two bytes, and would take milliseconds.
pub(super) const MOST_CROWD: Most = Most { each: 32, all: 1 << 20 };

/// The optimiser moves what only computes to where its result is needed, and keeps what it takes until then. Beyond so many instructions
/// over which values are kept, the function is not optimised: finding places for them would take most of the time.
pub(super) const MOST_STRETCH: Most = Most { each: 128, all: 1 << 20 };

/// Values that meet at joins get one place, and adding one to those that have it takes time as they are many. Beyond so many steps in
/// a function, its locals are in memory: then few values meet. If as many still do, each value gets a place of its own.
pub(super) const MOST_MERGES: u64 = 1 << 24;

/// Without the optimiser, places are given out in one pass, which looks at all values that are alive at each edge. Beyond so many of
/// these in a function the optimiser is quicker.
pub(super) const MOST_ALIVE: u64 = 1 << 20;

/// Where neither the optimiser nor one pass will do, places are given out by looking at all values that are alive at each edge, and again
/// for each that gets none. Beyond so many of these a function is not compiled: that would take seconds.
pub(super) const MOST_ALIVE_PLAIN: u64 = 1 << 23;

/// Values that are kept over long stretches of text stand in each other's way, and places are sought for each among all others. Beyond so
/// many operators over which locals are kept a function is not compiled: that would take many seconds.
pub(super) const MOST_HELD: u64 = 1 << 27;

/// In a function that has no more instructions, blocks and values than this, nothing that is measured can be above its limit, so
/// it need not be measured: that would take a twentieth of the time of compiling.
const SMALL: [u64; 3] = [1024, 64, 2048];

// Each instruction is dominated by all blocks; each of the edges climbs past all of them on both sides; each value meets all the
// others; each result is kept over all instructions.
const _: () = assert!(SMALL[0] * SMALL[1] <= MOST_STEPS);
const _: () = assert!(MOST_EDGES as u64 * SMALL[1] * 2 * SMALL[1] <= MOST_CLIMBS.all);
const _: () = assert!(2 * SMALL[2] * SMALL[2] <= MOST_MERGES);
const _: () = assert!(SMALL[0] * SMALL[0] <= MOST_STRETCH.all);

pub(super) fn is_small(func: &Function) -> bool {
    let dfg = &func.dfg;
    let counts = [dfg.num_insts(), dfg.num_blocks(), dfg.num_values()];
    counts.iter().zip(SMALL).all(|(count, most)| *count as u64 <= most)
}

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
    pub(super) fn new(
        module: &Module,
        options: &CompileOptions,
    ) -> Result<Generators, CompileError> {
        Generators::chosen(options.opt, &Choice::of(module, options))
    }

    pub(super) fn chosen(opt: OptLevel, choice: &Choice) -> Result<Generators, CompileError> {
        Generators::of(opt, |effort| choice.generator(effort))
    }

    /// For what people look at, as code of a machine that may be named.
    pub(super) fn shown(
        module: &Module,
        options: &CompileOptions,
        target: Option<&str>,
    ) -> Result<Generators, CompileError> {
        let choice = Choice::of(module, options);
        Generators::of(options.opt, |effort| isa::shown(target, &choice, effort))
    }

    fn of(
        opt: OptLevel,
        isa: impl Fn(Effort) -> Result<OwnedTargetIsa, CompileError>,
    ) -> Result<Generators, CompileError> {
        let effort = Effort::from(opt);
        let optimised = if opt == OptLevel::None { OptLevel::Speed } else { opt };
        Ok(Generators {
            asked_for: isa(effort)?,
            optimised: isa(optimised.into())?,
            optimises: effort.optimises(),
            plain: isa(Effort::SmallFrames)?,
            quick: isa(OptLevel::None.into())?,
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
    survey: &Survey,
) -> Result<Code, Failure> {
    in_proportion(survey.held, MOST_HELD)?;
    let reserved = env.frame_cost(index).saturating_mul(per_slot);
    let mut locals = Locals::Variables;
    let mut scopes = translated(work, env, index, locals)?;
    let is_small = is_small(&work.context.func);
    let mut shape = Dominance::default();
    if !is_small {
        shape = dominance(&work.context.func, MOST_CLIMBS);
        in_proportion(shape.climbs, shape.most_climbs)?;
    }
    in_proportion(survey.crowd, MOST_CROWD.of(&work.context.func))?;
    if !is_small && merges(&work.context.func) > MOST_MERGES {
        locals = Locals::Memory;
        scopes = translated(work, env, index, locals)?;
    }
    if locals == Locals::Memory && merges(&work.context.func) > MOST_MERGES {
        let code = generate(work, &*generators.quick, index)?;
        fits(work, reserved)?;
        return Ok(Code { scopes, ..code });
    }
    let optimises = generators.optimises || survey.alive_at_edges > MOST_ALIVE;
    let is_kept_too_long =
        || !is_small && stretch(&work.context.func) > MOST_STRETCH.of(&work.context.func);
    if !optimises || (shape.steps <= MOST_STEPS && !is_kept_too_long()) {
        let generator = if optimises { &generators.optimised } else { &generators.asked_for };
        let code = generate(work, &**generator, index)?;
        if fits(work, reserved).is_ok() {
            return Ok(Code { scopes, ..code });
        }
        drop(code);
        // What the generator made for this is not kept while it makes the next.
        work.context = Context::new();
        scopes = translated(work, env, index, locals)?;
    }
    in_proportion(survey.alive_at_edges, MOST_ALIVE_PLAIN)?;
    let code = generate(work, &*generators.plain, index)?;
    fits(work, reserved)?;
    Ok(Code { scopes, ..code })
}

/// Whether the code generator's work on a function would grow as the function does.
fn in_proportion(count: u64, limit: u64) -> Result<(), Reason> {
    if count > limit { Err(Reason::Growth { count, limit }) } else { Ok(()) }
}

/// Translates a function anew; gives the scopes of its handlers.
pub(super) fn translated(
    work: &mut Workspace,
    env: &Env<'_>,
    index: u32,
    locals: Locals,
) -> Result<Vec<Scope>, Failure> {
    work.context.clear();
    let scopes = translate(env, index, &mut work.context.func, &mut work.builder, locals)?;
    if let Form::From(_) = env.form {
        // What comes before the loop is not looked at by anybody.
        work.context.compute_cfg();
        work.context.compute_domtree();
        let removed = work.context.eliminate_unreachable_code(&*env.isa);
        removed.map_err(|e| CompileError::Codegen { func: index, message: e.to_string() })?;
        // What follows changes blocks once more, and the generator computes both again.
        work.context.cfg.clear();
        work.context.domtree.clear();
    }
    if env.nans == Nans::Deterministic {
        let shared = env.module.memories.iter().any(|memory| memory.shared);
        make_canonical(&mut work.context.func, shared);
    }
    narrow(&mut work.context.func);
    if env.raises {
        raise(&mut work.context.func, &*env.isa)?;
    }
    Ok(scopes)
}

/// Whether the native frame of the code that was generated last is within what is reserved for it.
fn fits(work: &Workspace, reserved: u64) -> Result<(), Reason> {
    match work.frame_bytes() {
        Some(bytes) if u64::from(bytes) > reserved => Err(Reason::Frame { bytes, reserved }),
        _ => Ok(()),
    }
}
