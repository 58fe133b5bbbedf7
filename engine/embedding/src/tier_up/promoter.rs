//! What moves the functions of one module from tier to tier.

use super::TierUp;
use crate::engine::Engine;
use crate::store::TIERS;
use etalon_jit::{CompileError, CompileOptions, Level, OneByOne, Refusal};
use etalon_module::Module as ModuleData;
use etalon_runtime::{Answer, CodeObject, FuncAddr, FuncKind, Promote, Promotion, Stop, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// A function is asked about no more: it would take days to count so far.
const NEVER: u32 = u32::MAX;

/// How much is counted before a function is asked about again that is being compiled, or could not wait for it.
const SOON: u32 = 256;

/// A module on the tier `auto`. All its instances share it, and what was compiled of the module.
#[derive(Debug)]
pub(crate) struct Promoter {
    me: Weak<Promoter>,
    engine: Engine,
    data: Arc<ModuleData>,
    options: CompileOptions,
    /// Made for the first function.
    compiler: OnceLock<Result<OneByOne, Refusal>>,
    /// The functions that were asked for.
    functions: Mutex<HashMap<(u32, Level), State>>,
}

/// What became of a function that was asked for.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It waits for the engine's thread, or is being compiled by it.
    Waits,
    Code(CodeObject),
    /// It has no code, and stays where it is.
    Refused,
}

impl Promoter {
    pub(crate) fn new(
        engine: &Engine,
        data: &Arc<ModuleData>,
        options: CompileOptions,
    ) -> Arc<Promoter> {
        Arc::new_cyclic(|me| Promoter {
            me: Weak::clone(me),
            engine: engine.clone(),
            data: Arc::clone(data),
            options,
            compiler: OnceLock::new(),
            functions: Mutex::default(),
        })
    }

    fn settings(&self) -> TierUp {
        self.engine.config().tier_up
    }

    fn functions(&self) -> MutexGuard<'_, HashMap<(u32, Level), State>> {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles a function, on this thread, unless another was faster; gives what became of it. A bug of the compiler leaves it where it
    /// is like any other reason, and is what the second word tells.
    pub(super) fn compile(&self, func: u32, level: Level) -> (State, Option<CompileError>) {
        let compiler = self.compiler.get_or_init(|| OneByOne::new(&self.data, &self.options));
        let made = match compiler {
            Ok(compiler) => compiler.function(func, level),
            Err(refusal) => Err(refusal.clone()),
        };
        let (state, bug) = match made {
            Ok(code) => (State::Code(code), None),
            Err(Refusal::Compile(error)) => (State::Refused, Some(error)),
            Err(Refusal::NotCompiled(_) | Refusal::Code(_)) => (State::Refused, None),
        };
        let mut functions = self.functions();
        let known = functions.entry((func, level)).or_insert(State::Waits);
        if matches!(known, State::Waits) {
            *known = state;
        }
        (known.clone(), bug)
    }

    /// What became of a function, which is compiled now or soon if nobody asked for it before.
    fn state(&self, func: u32, level: Level) -> Result<State, Stop> {
        let known = self.functions().get(&(func, level)).cloned();
        match known {
            Some(state) => Ok(state),
            None if self.settings().background => {
                // It is noted first: the thread may be done before this goes on.
                self.functions().insert((func, level), State::Waits);
                if !self.engine.worker().compile(Weak::clone(&self.me), func, level) {
                    self.functions().remove(&(func, level));
                }
                Ok(State::Waits)
            }
            None => match self.compile(func, level) {
                (_, Some(bug)) => Err(Stop::crash(bug.to_string())),
                (state, None) => Ok(state),
            },
        }
    }
}

impl Promote for Promoter {
    fn first(&self) -> u32 {
        self.settings().baseline_after
    }

    fn ask(&self, store: &mut Store, func: FuncAddr, turn: Option<u32>) -> Result<Answer, Stop> {
        let Some(FuncKind::Wasm { index, tier, .. }) = store.funcs.kind(func) else {
            return Err(Stop::crash("a function of the host was counted"));
        };
        match turn {
            _ if tier != TIERS.jit => self.promote(store, func, index, Level::Baseline),
            None => self.promote(store, func, index, Level::Speed),
            // A frame in the interpreter that turns a loop, of a function that is compiled already.
            Some(at) => self.enter(store, func, index, at),
        }
    }
}

impl Promoter {
    /// Moves a function to code of a level, if there is some.
    fn promote(
        &self,
        store: &mut Store,
        func: FuncAddr,
        index: u32,
        level: Level,
    ) -> Result<Answer, Stop> {
        let State::Code(code) = self.state(index, level)? else {
            return Ok(self.without_code(store, index, level));
        };
        let speed_after = self.settings().speed_after;
        let promotion = Promotion { tier: TIERS.jit, code, count: speed_after };
        let moved = store.promote(func, &promotion);
        let promotions = store.promotions_mut();
        match (moved, level) {
            (Err(_), _) => promotions.refused += 1,
            (Ok(false), _) => {}
            (Ok(true), Level::Baseline) => promotions.baseline += 1,
            (Ok(true), _) => promotions.speed += 1,
        }
        // Frames in the interpreter may turn loops for long.
        Ok(after(if level == Level::Baseline { speed_after } else { NEVER }))
    }

    /// What to do where a function has no code, or has none yet.
    fn without_code(&self, store: &mut Store, index: u32, level: Level) -> Answer {
        match self.functions().get(&(index, level)) {
            Some(State::Refused) => {
                store.promotions_mut().refused += 1;
                after(NEVER)
            }
            _ => after(SOON),
        }
    }

    /// Has a frame go on in code that begins with a loop. It turns long enough for the function to be compiled for speed at once, so that the
    /// next call need not begin in code that counts.
    fn enter(
        &self,
        store: &mut Store,
        func: FuncAddr,
        index: u32,
        at: u32,
    ) -> Result<Answer, Stop> {
        let next = self.state(index, Level::Speed)?;
        let here = self.state(index, Level::Loop(at))?;
        if let (State::Waits, _) | (_, State::Waits) = (&next, &here) {
            return Ok(after(SOON));
        }
        if let State::Code(_) = next {
            self.promote(store, func, index, Level::Speed)?;
        }
        // Where this loop has no code, another of the function may have.
        let answer = after(self.settings().speed_after.max(SOON));
        let State::Code(code) = here else { return Ok(answer) };
        store.promotions_mut().loops += 1;
        let enter = Some(Promotion { tier: TIERS.jit, code, count: NEVER });
        Ok(Answer { enter, ..answer })
    }
}

/// To go on, and to count so far.
fn after(count: u32) -> Answer {
    Answer { count, enter: None }
}
