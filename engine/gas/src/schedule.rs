//! A schedule: every number that gas-1 leaves open.

use std::sync::{Arc, LazyLock};

use etalon_module::operator::Opcode;

use crate::canonical;
use crate::cuts::Cuts;
use crate::error::ScheduleError;
use crate::id::ScheduleId;
use crate::prices::{Compilation, Depth, Function, Host, Instantiation, Limits};
use crate::rate::Rate;
use crate::source::Source;

/// The files of the built-in schedules.
const TEXTS: [(&str, &str); 4] = [
    (Schedule::DEFAULT, include_str!("../schedules/default.toml")),
    ("flat", include_str!("../schedules/flat.toml")),
    ("wasmtime-48", include_str!("../schedules/wasmtime-48.toml")),
    ("wasmi-2", include_str!("../schedules/wasmi-2.toml")),
];

/// The prices and limits of a run (§12).
#[derive(Debug, Clone)]
pub struct Schedule {
    id: ScheduleId,
    source: Source,
}

impl Schedule {
    /// The name of the schedule that is used if none is named.
    pub const DEFAULT: &'static str = "etalon-1";

    /// The names of the built-in schedules.
    pub const BUILTIN: &'static [&'static str] =
        &[Schedule::DEFAULT, "flat", "wasmtime-48", "wasmi-2"];

    /// Reads a schedule file. `origin` names the text in errors and is not part of the schedule.
    ///
    /// # Errors
    ///
    /// The text is not a schedule: see [`ScheduleErrorKind`](crate::ScheduleErrorKind).
    pub fn parse(text: &str, origin: &str) -> Result<Schedule, ScheduleError> {
        let source = Source::read(text, origin)?;
        let id = ScheduleId::new(&source.name, source.version, &canonical::bytes(&source));
        Ok(Schedule { id, source })
    }

    /// The built-in schedule with a name, or `default`; `None` if there is none.
    pub fn builtin(name: &str) -> Option<Arc<Schedule>> {
        static DEFAULT: BuiltIn = LazyLock::new(|| read_builtin(TEXTS[0].1));
        static FLAT: BuiltIn = LazyLock::new(|| read_builtin(TEXTS[1].1));
        static WASMTIME: BuiltIn = LazyLock::new(|| read_builtin(TEXTS[2].1));
        static WASMI: BuiltIn = LazyLock::new(|| read_builtin(TEXTS[3].1));
        let schedule = match name {
            Schedule::DEFAULT | "default" => &DEFAULT,
            "flat" => &FLAT,
            "wasmtime-48" => &WASMTIME,
            "wasmi-2" => &WASMI,
            _ => return None,
        };
        Some(Arc::clone(schedule))
    }

    /// The file of a built-in schedule, to make another of; `None` if there is none of that name.
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        let name = if name == "default" { Schedule::DEFAULT } else { name };
        TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The id that goes into artefacts, cache keys, gas snapshots and records.
    pub fn id(&self) -> &ScheduleId {
        &self.id
    }

    /// The canonical form (§12): every number on a line of its own, sorted. The digest in the id is computed from it.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        canonical::bytes(&self.source)
    }

    /// How finely bodies are cut.
    pub fn cuts(&self) -> Cuts {
        self.source.cuts
    }

    /// Whether a gas segment ends with `op` (§2).
    pub fn is_cut(&self, op: Opcode) -> bool {
        self.source.cuts.after(op)
    }

    /// Whether `op` has a dynamic charge (§5). The same under every schedule.
    pub fn is_dynamic(&self, op: Opcode) -> bool {
        op.is_dynamic()
    }

    /// The weight of `op`, in gas. Operators that gas-1 does not cover have none, and no tier executes them.
    pub fn weight(&self, op: Opcode) -> u32 {
        self.source.weights.get(op).unwrap_or(0)
    }

    /// The dynamic charge of `op`, if it has one (§5 has the units of each operator).
    pub fn dynamic(&self, op: Opcode) -> Option<Rate> {
        self.source.dynamic.get(op)
    }

    /// E(f) of §4: the cost of entering a function, without its first gas segment, in gas.
    ///
    /// Counts values: a v128 is one. It saturates, above every limit.
    pub fn entry_cost(&self, params: u64, locals: u64) -> u64 {
        let Function { entry, arg, local } = self.source.function;
        let args = u64::from(arg).saturating_mul(params);
        let locals = u64::from(local).saturating_mul(locals);
        u64::from(entry).saturating_add(args).saturating_add(locals)
    }

    /// frame(f) of §8, in slots: a v128 is two. It saturates, above every greatest depth.
    pub fn frame_cost(&self, params: u64, locals: u64, max_height: u64) -> u64 {
        u64::from(self.source.depth.frame)
            .saturating_add(params)
            .saturating_add(locals)
            .saturating_add(max_height)
    }

    /// The prices of entering a function.
    pub fn function(&self) -> Function {
        self.source.function
    }

    /// The rules of depth.
    pub fn depth(&self) -> Depth {
        self.source.depth
    }

    /// The caps on memories, tables and the GC heap.
    pub fn limits(&self) -> Limits {
        self.source.limits
    }

    /// The prices of instantiation.
    pub fn instantiation(&self) -> Instantiation {
        self.source.instantiation
    }

    /// The price of compilation.
    pub fn compilation(&self) -> Compilation {
        self.source.compilation
    }

    /// The prices of host calls.
    pub fn host(&self) -> &Host {
        &self.source.host
    }
}

type BuiltIn = LazyLock<Arc<Schedule>>;

/// The files are compiled in, and tests read each of them.
fn read_builtin(text: &str) -> Arc<Schedule> {
    match Schedule::parse(text, "built-in schedule") {
        Ok(schedule) => Arc::new(schedule),
        Err(error) => unreachable!("{error}"),
    }
}
