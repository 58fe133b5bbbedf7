//! Profiles: what generated modules look like.

use super::choices::Choices;
use super::mutated::mutated;
use super::programs;
use super::stream::Stream;
use super::typed::{self, Filler};
use arbitrary::Unstructured;
use etalon_adapters::{Features, Val};
use std::collections::BTreeSet;
use wasm_smith::{Config, InstructionKind, InstructionKinds, MemoryOffsetChoices, Module};

/// A profile of generated modules.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// Its purpose, in one line.
    pub about: &'static str,
    /// The features that its modules may use.
    pub features: fn() -> Features,
    /// How often each export is called, for each round that is asked for.
    pub calls: usize,
    source: Source,
}

/// Where modules come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// From wasm-smith, with changes to the common settings.
    Smith(fn(&mut Config)),
    /// From functions that are filled one by one.
    Typed(Filler),
    /// All there is, in order.
    Sweep,
    /// From scripts, with changes.
    Scripts,
    /// From wasm-smith, with settings that are drawn too.
    Drawn,
    /// Programs of WASI.
    Programs,
}

/// A generated module and what to call, if the generator says so.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The binary module.
    pub wasm: Vec<u8>,
    /// The calls; absent if arguments are to be drawn.
    pub calls: Option<Vec<(String, Vec<Val>)>>,
    /// Of each exported function, the operators with the kinds of their operands, where the generator knows.
    pub cells: Vec<(String, String, String)>,
}

/// Every profile.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "single",
        about: "single operators with operands of every kind",
        features: Features::all,
        calls: 3,
        source: Source::Typed(typed::single),
    },
    Profile {
        name: "chains",
        about: "two and three operators in the shapes that instruction selection looks for",
        features: Features::all,
        calls: 3,
        source: Source::Typed(typed::chains),
    },
    Profile {
        name: "control",
        about: "many values across calls, loops, handlers and branch tables",
        features: Features::all,
        calls: 2,
        source: Source::Typed(typed::control),
    },
    Profile {
        name: "objects",
        about: "structures, arrays and references, while others are allocated",
        features: Features::all,
        calls: 2,
        source: Source::Typed(typed::objects),
    },
    Profile {
        name: "sequences",
        about: "changes of memories, tables and segments, each looked at",
        features: Features::all,
        calls: 2,
        source: Source::Typed(typed::sequences),
    },
    Profile {
        name: "nans",
        about: "floats that are no numbers, on every way to where they are seen",
        features: Features::all,
        calls: 3,
        source: Source::Typed(typed::nans),
    },
    Profile {
        name: "sweep",
        about: "every operator, kind of operand and edge value, in order",
        features: Features::all,
        calls: 1,
        source: Source::Sweep,
    },
    Profile {
        name: "scripts",
        about: "modules of the official scripts with changes, and the scripts' calls",
        features: Features::all,
        calls: 1,
        source: Source::Scripts,
    },
    Profile {
        name: "smith",
        about: "modules of any kind, with settings that are drawn",
        features: Features::all,
        calls: 1,
        source: Source::Drawn,
    },
    Profile {
        name: "programs",
        about: "programs that call the functions of WASI preview 1 with arguments of any kind",
        features: Features::wasm1,
        calls: 1,
        source: Source::Programs,
    },
    Profile {
        name: "wasm2",
        about: "everything in version 2.0",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|_| {}),
    },
    Profile {
        name: "mvp",
        about: "everything in version 1.0",
        features: Features::wasm1,
        calls: 1,
        source: Source::Smith(|_| {}),
    },
    Profile {
        name: "wasm3",
        about: "everything in version 3.0",
        features: Features::wasm3,
        calls: 1,
        source: Source::Smith(|_| {}),
    },
    Profile {
        name: "quiet",
        about: "no traps, so that calls run to their end",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| c.disallow_traps = true),
    },
    Profile {
        name: "traps",
        about: "short bodies, and accesses that are often out of bounds",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| {
            c.max_instructions = 40;
            c.memory_offset_choices = MemoryOffsetChoices(30, 40, 30);
            // Computation does not make a body trap more often.
            c.max_funcs = 20;
        }),
    },
    Profile {
        name: "calls",
        about: "many small functions that call each other, directly and through tables",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| {
            c.max_funcs = 40;
            c.min_funcs = 8;
            c.max_instructions = 40;
            c.min_tables = 1;
            c.min_element_segments = 1;
            kinds(c, &[InstructionKind::NumericInt, InstructionKind::Table]);
        }),
    },
    Profile {
        name: "memory",
        about: "memory instructions in and around the bounds",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| {
            c.min_memories = 1;
            c.min_data_segments = 1;
            c.memory_offset_choices = MemoryOffsetChoices(70, 20, 10);
            kinds(c, &[InstructionKind::Numeric, InstructionKind::Memory]);
        }),
    },
    Profile {
        name: "float",
        about: "floating-point arithmetic and conversions, without memory",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| {
            c.disallow_traps = true;
            c.simd_enabled = false;
            kinds(c, &[InstructionKind::Numeric]);
        }),
    },
    Profile {
        name: "simd",
        about: "vector instructions, and what moves between vectors and scalars",
        features: Features::wasm2,
        calls: 1,
        source: Source::Smith(|c| {
            c.min_memories = 1;
            c.memory_offset_choices = MemoryOffsetChoices(95, 4, 1);
            kinds(c, &[InstructionKind::Vector, InstructionKind::Numeric, InstructionKind::Memory]);
        }),
    },
    Profile {
        name: "gc",
        about: "structures, arrays and typed references",
        features: Features::wasm3,
        calls: 1,
        source: Source::Smith(|c| {
            c.max_types = 30;
            c.min_types = 4;
            c.simd_enabled = false;
        }),
    },
];

impl Profile {
    /// The profile with a name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|p| p.name == name)
    }

    /// Whether it gives the same modules in order whatever the seed, so that it is run alone and to its end.
    pub fn is_sweep(&self) -> bool {
        matches!(self.source, Source::Sweep)
    }

    /// Whether its modules are programs of WASI, which not every engine runs.
    pub fn is_of_programs(&self) -> bool {
        matches!(self.source, Source::Programs)
    }

    /// Whether its functions end without being stopped by gas.
    pub fn ends(&self) -> bool {
        matches!(self.source, Source::Typed(_) | Source::Sweep | Source::Programs)
    }

    /// The generator's settings: the common ones, changed by the profile, without features that `features` lacks.
    fn config(&self, shape: fn(&mut Config), features: Features) -> Config {
        let mut config = Config {
            export_everything: true,
            min_funcs: 1,
            min_types: 1,
            max_types: 12,
            max_funcs: 12,
            max_imports: 6,
            max_globals: 8,
            max_data_segments: 6,
            max_element_segments: 6,
            max_elements: 16,
            max_tags: 4,
            max_instructions: 150,
            max_nesting_depth: 6,
            max_type_size: 200,
            max_values: 6,
            // The digest after every call covers every page.
            max_memory32_bytes: 4 << 16,
            max_memory64_bytes: 4 << 16,
            memory_max_size_required: true,
            max_table_elements: 64,
            table_max_size_required: true,
            compact_imports_enabled: false,
            custom_descriptors_enabled: false,
            limit_arrays_in_const_exprs: true,
            ..Config::default()
        };
        shape(&mut config);
        restricted(config, features.intersection((self.features)()))
    }
}

/// Restricts a profile's instructions to some kinds, and those that every body needs.
fn kinds(config: &mut Config, kinds: &[InstructionKind]) {
    let common = [InstructionKind::Control, InstructionKind::Variable, InstructionKind::Parametric];
    let all: Vec<InstructionKind> = common.iter().chain(kinds).copied().collect();
    config.allowed_instructions = InstructionKinds::new(&all);
}

/// The same without what is not in `features`.
fn restricted(mut config: Config, features: Features) -> Config {
    let names = features.names();
    let has = |name: &str| names.contains(&name);
    config.saturating_float_to_int_enabled &= has("nontrapping-float-to-int-conversions");
    config.sign_extension_ops_enabled &= has("sign-extension-ops");
    config.multi_value_enabled &= has("multi-value");
    config.reference_types_enabled &= has("reference-types");
    config.bulk_memory_enabled &= has("bulk-memory");
    config.simd_enabled &= has("simd");
    config.extended_const_enabled &= has("extended-const");
    config.tail_call_enabled &= has("tail-call");
    config.memory64_enabled &= has("memory64");
    config.relaxed_simd_enabled &= has("relaxed-simd");
    config.exceptions_enabled &= has("exceptions");
    config.gc_enabled &= has("gc") && has("function-references");
    config.threads_enabled &= has("threads");
    config.wide_arithmetic_enabled &= has("wide-arithmetic");
    config.custom_page_sizes_enabled &= has("custom-page-sizes");
    if has("multi-memory") {
        config.max_memories = 3;
    }
    if has("reference-types") {
        config.max_tables = 3;
    }
    config
}

/// The bytes of the module number `case` of a seed, using no more than `features`.
///
/// The same profile, features, seed and number give the same bytes. The generator may run out of random
/// bytes and end a module early; it does not fail.
pub fn generate(profile: &Profile, features: Features, seed: u64, case: u64) -> Generated {
    let mut stream = Stream::new(profile.name, seed, case);
    let length = match profile.source {
        Source::Smith(_) | Source::Drawn => 256 << stream.below(5),
        Source::Scripts => 256,
        Source::Programs => 1024,
        Source::Typed(_) => 2048 << stream.below(3),
        Source::Sweep => return swept(features.intersection((profile.features)()), case),
    };
    let bytes = stream.bytes(length);
    generated(profile, features, &bytes)
}

/// The module of the sweep with a number; after the last one comes the first, with other values of the other operands.
fn swept(features: Features, number: u64) -> Generated {
    let count = typed::sweep_count(features).max(1) as u64;
    let (number, turn) = (number % count, number / count);
    let swept = typed::sweep(features, number as usize, turn as usize);
    let cells = swept.cells.iter();
    let cells = cells.map(|c| (String::new(), c.op.to_owned(), c.kind.name().to_owned()));
    let cells: BTreeSet<_> = cells.collect();
    Generated {
        wasm: typed::encode(&swept.text),
        calls: Some(swept.calls),
        cells: cells.into_iter().collect(),
    }
}

/// The module that a profile generates from arbitrary bytes.
pub fn module_of(profile: &Profile, features: Features, bytes: &[u8]) -> Vec<u8> {
    generated(profile, features, bytes).wasm
}

fn generated(profile: &Profile, features: Features, bytes: &[u8]) -> Generated {
    let allowed = features.intersection((profile.features)());
    let shape = match profile.source {
        Source::Typed(fill) => {
            let made = typed::make(fill, allowed, bytes);
            let named =
                |(func, op, kind): (String, &str, &str)| (func, op.to_owned(), kind.to_owned());
            let cells = made.cells.into_iter().map(named).collect();
            return Generated { wasm: typed::encode(&made.text), calls: None, cells };
        }
        Source::Sweep => {
            let number = bytes.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            return swept(allowed, number);
        }
        Source::Scripts => {
            let made = mutated(&mut Choices::new(bytes), allowed);
            let (wasm, calls) = made.unwrap_or_else(|| (empty(), Vec::new()));
            return Generated { wasm, calls: Some(calls), cells: Vec::new() };
        }
        Source::Programs => {
            let (text, calls) = programs::program(&mut Choices::new(bytes));
            let (wasm, calls) = (typed::encode(&text), Some(calls));
            return Generated { wasm, calls, cells: Vec::new() };
        }
        Source::Drawn => {
            let mut unstructured = Unstructured::new(bytes);
            let config = profile.config(|_| {}, features);
            let config = drawn(&mut unstructured, config).unwrap_or_default();
            let wasm = smith(restricted(config, allowed), &mut unstructured);
            return Generated { wasm, calls: None, cells: Vec::new() };
        }
        Source::Smith(shape) => shape,
    };
    let wasm = smith(profile.config(shape, features), &mut Unstructured::new(bytes));
    Generated { wasm, calls: None, cells: Vec::new() }
}

fn smith(config: Config, u: &mut Unstructured<'_>) -> Vec<u8> {
    // If the generator gives up, the empty module is still a module.
    Module::new(config, u).map_or_else(|_| empty(), |module| module.to_bytes())
}

fn empty() -> Vec<u8> {
    wasm_encoder::Module::new().finish()
}

/// Settings that bytes decide: how many there are of each thing, which instructions, and which features are left out. What
/// bounds the work of an engine stays as it is.
fn drawn(u: &mut Unstructured<'_>, usual: Config) -> arbitrary::Result<Config> {
    use InstructionKind::{Memory, Numeric, NumericInt, Reference, Table, Vector, VectorInt};
    let mut config = usual;
    for most in [
        &mut config.max_types,
        &mut config.max_funcs,
        &mut config.max_globals,
        &mut config.max_imports,
        &mut config.max_data_segments,
        &mut config.max_element_segments,
        &mut config.max_elements,
    ] {
        *most = u.int_in_range(1..=40)?;
    }
    config.min_funcs = u.int_in_range(1..=8)?.min(config.max_funcs);
    config.max_instructions = *u.choose(&[10, 40, 100, 300, 600])?;
    config.max_nesting_depth = u.int_in_range(1..=12)?;
    config.max_tags = u.int_in_range(0..=6)?;
    config.min_memories = u.int_in_range(0..=1)?;
    config.min_tables = u.int_in_range(0..=1)?;
    config.disallow_traps = u.ratio(1, 4)?;
    let far = if u.ratio(1, 2)? { 30 } else { 1 };
    config.memory_offset_choices = MemoryOffsetChoices(60, 10, far);
    let all = [Numeric, NumericInt, Vector, VectorInt, Memory, Table, Reference];
    if u.ratio(1, 2)? {
        let some: Vec<_> = all.into_iter().filter(|_| u.ratio(1, 2).unwrap_or(true)).collect();
        kinds(&mut config, &some);
    }
    for enabled in [
        &mut config.simd_enabled,
        &mut config.relaxed_simd_enabled,
        &mut config.gc_enabled,
        &mut config.exceptions_enabled,
        &mut config.threads_enabled,
        &mut config.memory64_enabled,
        &mut config.tail_call_enabled,
    ] {
        *enabled &= !u.ratio(1, 4)?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What our own tiers have in common.
    fn common() -> Features {
        let more = ["threads", "wide-arithmetic", "custom-page-sizes", "memory-control"];
        more.iter().fold(Features::wasm3(), |set, name| set.with(name).expect("it is a feature"))
    }

    #[test]
    fn every_profile_makes_valid_modules_of_its_features_and_always_the_same() {
        for profile in PROFILES {
            let mut distinct = BTreeSet::new();
            for case in 0..30 {
                let bytes = generate(profile, common(), 7, case).wasm;
                let again = generate(profile, common(), 7, case).wasm;
                assert_eq!(bytes, again, "{}", profile.name);
                etalon_module::Module::new(&bytes, Features::all())
                    .unwrap_or_else(|e| panic!("{} {case}: {e}", profile.name));
                distinct.insert(bytes);
            }
            assert!(distinct.len() > 25, "{} repeats itself", profile.name);
        }
    }

    #[test]
    fn an_engine_without_a_feature_gets_no_module_with_it() {
        let profile = Profile::named("wasm2").expect("it is in the list");
        for case in 0..60 {
            let bytes = generate(profile, Features::wasm1(), 7, case).wasm;
            etalon_module::Module::new(&bytes, Features::wasm1())
                .unwrap_or_else(|e| panic!("{case}: {e}"));
        }
    }
}
