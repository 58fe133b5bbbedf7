//! Figures besides kernels: what compiling, loading, instantiating and calling cost, and memory.

use super::kernel::KernelError;
use super::modules;
use etalon_adapters::{Work, has_racer};
use etalon_record::Unit;

/// What a benchmark consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The kernels.
    Kernels,
    /// From bytes to something that can be instantiated.
    Compile,
    /// The same from compiled code.
    Load,
    /// From that to an instance.
    Instantiate,
    /// Calls between host and guest.
    Call,
    /// Memory of the process.
    Memory,
}

impl Part {
    /// All parts, in the order in which they are measured.
    pub const ALL: [Part; 6] =
        [Part::Kernels, Part::Compile, Part::Load, Part::Instantiate, Part::Call, Part::Memory];

    /// Its name, as records have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Kernels => "kernels",
            Part::Compile => "compile",
            Part::Load => "load",
            Part::Instantiate => "instantiate",
            Part::Call => "call",
            Part::Memory => "memory",
        }
    }

    /// The engines of this build that are compared if none is named.
    #[must_use]
    pub fn engines(self) -> Vec<&'static str> {
        let all: &[&str] = match self {
            Part::Kernels => etalon_adapters::RACER_NAMES,
            Part::Compile => &[
                "interp",
                "jit",
                "jit?opt=none",
                "jit-metered",
                "tinywasm",
                "wasmi",
                "wasmi?mode=eager",
                "wasmtime",
                "wasmtime?opt=none",
                "wasmtime-metered",
            ],
            Part::Load => &["jit", "jit-metered", "wasmtime", "wasmtime-metered"],
            Part::Instantiate | Part::Memory => &[
                "interp",
                "jit",
                "jit?pool=off",
                "tinywasm",
                "wasmi",
                "wasmtime",
                "wasmtime?pool=on",
            ],
            Part::Call => &[
                "interp",
                "jit",
                "jit-metered",
                "tinywasm",
                "wasmi",
                "wasmtime",
                "wasmtime-metered",
            ],
        };
        all.iter().copied().filter(|name| has_racer(name)).collect()
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The part that it belongs to.
    pub part: Part,
    /// What is done with what.
    pub name: String,
    /// What its numbers count.
    pub unit: Unit,
    /// The work that is measured.
    pub work: Work,
    /// The module that it is done with.
    pub wasm: Vec<u8>,
}

/// The figures of some parts. `given` are modules of the user's, by name: they are compiled, and their code is loaded.
///
/// # Errors
/// If a kernel of the corpus cannot be read.
pub fn figures(parts: &[Part], given: &[(String, Vec<u8>)]) -> Result<Vec<Figure>, KernelError> {
    use Work::{
        CallGuest, CallHost, CallHostWithData, Compile, Instantiate, InstantiateAndCall, Keep,
        Load, LoadFile,
    };
    let mut figures = Vec::new();
    let has = |part| parts.contains(&part);
    let mut add = |part, name: String, work, wasm: &[u8]| {
        let unit = if part == Part::Memory { Unit::Bytes } else { Unit::Nanoseconds };
        figures.push(Figure { part, name, unit, work, wasm: wasm.to_vec() });
    };
    let needs_code = [Part::Compile, Part::Load, Part::Memory].into_iter().any(has);
    let mut modules = given.to_vec();
    if needs_code {
        modules.insert(0, ("200 functions of kernels".to_owned(), modules::of_kernels()?));
        modules.insert(1, ("10,000 small functions".to_owned(), modules::many_functions()?));
    }
    for (name, wasm) in modules.iter().filter(|_| has(Part::Compile)) {
        add(Part::Compile, name.clone(), Compile, wasm);
    }
    for (name, wasm) in modules.iter().filter(|_| has(Part::Load)) {
        add(Part::Load, format!("{name}, from memory"), Load, wasm);
        add(Part::Load, format!("{name}, from a file"), LoadFile, wasm);
    }
    if has(Part::Instantiate) {
        for (name, wasm) in
            [("one page", modules::one_page()?), ("10,000 functions", modules::many_functions()?)]
        {
            add(Part::Instantiate, name.to_owned(), Instantiate, &wasm);
            add(Part::Instantiate, format!("{name}, and a call"), InstantiateAndCall, &wasm);
        }
    }
    if has(Part::Call) {
        let wasm = modules::calls()?;
        for (name, work) in [
            ("host to guest", CallGuest),
            ("guest to host", CallHost),
            ("guest to host, with its data", CallHostWithData),
        ] {
            add(Part::Call, name.to_owned(), work, &wasm);
        }
    }
    if has(Part::Memory) {
        let page = modules::one_page()?;
        add(Part::Memory, "an instance of one page".to_owned(), Keep, &page);
        for (name, wasm) in &modules {
            add(Part::Memory, format!("peak of compiling {name}"), Compile, wasm);
        }
    }
    Ok(figures)
}
