//! `etalon inspect`

mod code;
mod function;
mod gas;
mod text;

use crate::commands::validate::{feature_names, features};
use crate::engines;
use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{self, Precompiled};
use crate::output::{self, Format, bad, good, json, plain, say};
use crate::program;
use crate::words::counted;
use anyhow::Result;
use clap::ValueHint;
use etalon::unstable::ModuleData;
use etalon::unstable::module::{ExternType, Limits, TypeUse};
use etalon::{Policy, Schedule};
use etalon_record::{Document, Kind};
use function::FunctionArgs;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `etalon inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon inspect module.wasm                       imports, exports, features, sizes
  etalon inspect plugin.wasm --policy plugins.toml may it import what it imports?
  etalon inspect module.wasm --schedule prices.toml
                                                   what a call of each import costs

  etalon inspect m.wasm --function sum             the text of a function, with offsets
  etalon inspect m.wasm --function 3 --show gas    its gas segments, and each operator's weight
  etalon inspect m.wasm --function sum --show clif what the code generator gets
  etalon inspect m.wasm --function sum --show asm  its machine code beside its operators
  etalon inspect m.wasm --function sum --show asm --schedule etalon-1 --opt none
                                                   metered, and compiled quickly
  etalon inspect m.wasm --function sum --show asm --target x86_64-apple-darwin --cpu avx
                                                   for another machine, from SSE4.1 to AVX

A policy is a file such as
  name = \"plugins\"
  [allow]
  wasi_snapshot_preview1 = [\"fd_*\", \"proc_exit\"]
  env = [\"log\"]
  [deny]
  wasi_snapshot_preview1 = [\"fd_readdir\"]

The exit status is 1 if it forbids an import.")]
pub(crate) struct Args {
    /// The module, or an artefact
    pub file: PathBuf,
    /// A file with a policy: what the module may import
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
    /// Gas schedule, for what calls of imports cost: etalon-1, flat, wasmtime-48, wasmi-2, or a file. Of a function that is shown as gas: what
    /// its operators cost; as clif or asm: what its code is metered by, and it is not metered if none is named
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    #[command(flatten)]
    pub function: FunctionArgs,
    #[command(flatten)]
    pub precompiled: Precompiled,
}

/// What a module is.
#[derive(Debug, Serialize)]
struct Inspected {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The features that it needs.
    features: Vec<&'static str>,
    /// Whether it is a program of WASI preview 1.
    program: bool,
    sizes: Sizes,
    schedule: String,
    /// What a function of the host pays besides for bytes that it declares.
    host_bytes: PerBytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Judge>,
    imports: Vec<Import>,
    exports: Vec<Export>,
}

/// So much gas for each granule of bytes that is begun.
#[derive(Clone, Copy, Debug, Serialize)]
struct PerBytes {
    gas: u32,
    bytes: u32,
}

/// How much of everything there is, imports included.
#[derive(Debug, Serialize)]
struct Sizes {
    /// Bytes of the module, of the bodies of its functions, and of its data segments.
    bytes: usize,
    code_bytes: usize,
    data_bytes: usize,
    types: usize,
    functions: usize,
    tables: usize,
    memories: usize,
    globals: usize,
    tags: usize,
}

/// The policy that judges, and how often it forbids.
#[derive(Debug, Serialize)]
struct Judge {
    name: String,
    digest: String,
    forbidden: usize,
}

#[derive(Debug, Serialize)]
struct Import {
    module: String,
    name: String,
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    /// What a call costs before the function declares what it touches, in gas; of functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u32>,
    /// Why nobody can give it here: it is of another version of WASI.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<bool>,
    /// What the policy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    judgement: Option<String>,
}

#[derive(Debug, Serialize)]
struct Export {
    name: String,
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let policy = args.policy.as_ref().map(|path| {
        let read = Policy::from_toml(&input::read_text(path)?);
        read.map_err(|error| InputError::usage(path, error.to_string()).into())
    });
    let policy: Option<Policy> = policy.transpose().map_err(|error: anyhow::Error| error)?;
    let named = args.schedule.as_deref();
    let schedule = engines::schedule(named)?;
    let input = input::read_module(&args.file, args.precompiled)?;
    let wasm = input::module_in(&input.bytes)?;
    let module = ModuleData::new(&wasm, features(&args.features)?)
        .map_err(|error| input.refused(&args.file, &error))?;
    if let Some(asked) = &args.function.function {
        let is_metered = named.is_some();
        let settings =
            function::Settings { features: features(&args.features)?, schedule, is_metered };
        return function::run(&args.function, asked, &module, settings, (&args.file, format));
    }
    let inspected = inspect(args, &module, &schedule, policy.as_ref());
    match format {
        Format::Json => json(&Document::new(Kind::Inspect, tool(), &inspected))?,
        Format::Human => print(&inspected),
    }
    let is_forbidden = inspected.policy.is_some_and(|policy| policy.forbidden > 0);
    Ok(if is_forbidden { Status::Finding } else { Status::Fine })
}

fn inspect(
    args: &Args,
    module: &ModuleData,
    schedule: &Schedule,
    policy: Option<&Policy>,
) -> Inspected {
    let imports = module.imports.iter().map(|import| {
        let (kind, ty) = described(module, &import.ty);
        let judgement = policy.map(|policy| policy.judge(&import.module, &import.name));
        Import {
            module: import.module.clone(),
            name: import.name.clone(),
            kind,
            ty,
            cost: (kind == "func").then(|| schedule.host().base(&import.module, &import.name)),
            refused: etalon::wasi::refused(&import.module, &import.name),
            allowed: judgement.as_ref().map(|judgement| judgement.is_allowed()),
            judgement: judgement.map(|judgement| judgement.to_string()),
        }
    });
    let imports: Vec<Import> = imports.collect();
    let exports = module.exports.iter().map(|export| {
        let (kind, ty) = described(module, &module.export_type(export));
        Export { name: export.name.clone(), kind, ty }
    });
    let judge = policy.map(|policy| Judge {
        name: policy.name().to_owned(),
        digest: policy.digest(),
        forbidden: imports.iter().filter(|import| import.allowed == Some(false)).count(),
    });
    Inspected {
        file: args.file.display().to_string(),
        name: module.name.clone(),
        features: module.needs().names(),
        program: program::is_program(module),
        sizes: sizes(module),
        schedule: schedule.id().to_string(),
        host_bytes: PerBytes {
            gas: schedule.host().bytes.weight,
            bytes: schedule.host().bytes.granule.get(),
        },
        policy: judge,
        imports,
        exports: exports.collect(),
    }
}

fn sizes(module: &ModuleData) -> Sizes {
    Sizes {
        bytes: module.bytes().len(),
        code_bytes: module.bodies.iter().map(|body| body.range.len()).sum(),
        data_bytes: module.datas.iter().map(|data| data.range.len()).sum(),
        types: module.flat_types.len(),
        functions: module.funcs.len(),
        tables: module.tables.len(),
        memories: module.memories.len(),
        globals: module.globals.len(),
        tags: module.tags.len(),
    }
}

/// The kind of an import or export, and its type as the text format has it.
fn described(module: &ModuleData, ty: &ExternType) -> (&'static str, String) {
    let func = |ty: &TypeUse| match ty {
        TypeUse::Idx(index) => module.func_type_at(*index).to_string(),
        TypeUse::Rec(_) | TypeUse::Def(_) => String::new(),
    };
    match ty {
        ExternType::Func(ty) => ("func", func(ty)),
        ExternType::Tag(tag) => ("tag", func(&tag.ty)),
        ExternType::Global(global) => {
            let val = global.val;
            ("global", if global.mutable { format!("(mut {val})") } else { val.to_string() })
        }
        ExternType::Table(table) => {
            ("table", format!("{} {}", limits(table.limits), table.element))
        }
        ExternType::Memory(memory) => {
            let shared = if memory.shared { " shared" } else { "" };
            let page = match memory.page_size_log2 {
                16 => String::new(),
                log => format!(" (pagesize {})", 1u64 << log),
            };
            ("memory", format!("{}{shared}{page}", limits(memory.limits)))
        }
    }
}

fn limits(limits: Limits) -> String {
    let max = limits.max.map(|max| format!(" {max}")).unwrap_or_default();
    format!("{}{max}", limits.min)
}

fn print(inspected: &Inspected) {
    let Inspected { sizes, .. } = inspected;
    let name = inspected.name.as_deref().map(|name| format!(" ({})", escape::name(name)));
    say!("{}{}", escape::file(&inspected.file), name.unwrap_or_default());
    let what = if inspected.program { "a program of WASI preview 1" } else { "a module" };
    let features = match inspected.features.as_slice() {
        [] => "no feature beyond version 1.0".to_owned(),
        needed => needed.join(", "),
    };
    say!("{what} of {}; it needs {features}", counted(sizes.bytes as u64, "byte"));
    say!(
        "{}, {} of code, {} of data",
        counted(sizes.functions as u64, "function"),
        counted(sizes.code_bytes as u64, "byte"),
        counted(sizes.data_bytes as u64, "byte")
    );
    let what_for = inspected.imports.iter().any(|import| import.cost.is_some());
    let PerBytes { gas, bytes } = inspected.host_bytes;
    let each = counted(bytes.into(), "byte");
    let each = format!("{gas} for each {} that a call declares", each.trim_start_matches("1 "));
    let costs = format!(" (gas of {}, and {each})", inspected.schedule);
    let costs = if what_for { costs } else { String::new() };
    say!("{}{costs}", counted(inspected.imports.len() as u64, "import"));
    for import in &inspected.imports {
        let Import { module, name, kind, ty, .. } = import;
        let cost = import.cost.map(|cost| format!(", {cost} gas a call")).unwrap_or_default();
        let names = format!("{} {}", escape::name(module), escape::name(name));
        let mut parts = vec![plain(format!("  {names}: {kind} {ty}{cost}"))];
        if let Some(why) = &import.judgement {
            let why = escape::line(why);
            parts.push(plain("; ".to_owned()));
            parts.push(match import.allowed {
                Some(true) => good("allowed"),
                _ => bad("forbidden"),
            });
            parts.push(plain(format!(": {why}")));
        }
        if let Some(why) = &import.refused {
            parts.push(plain(format!("; it cannot be given: {}", escape::line(why))));
        }
        output::say_in_colour(parts);
    }
    say!("{}", counted(inspected.exports.len() as u64, "export"));
    for Export { name, kind, ty } in &inspected.exports {
        say!("  {}: {kind} {ty}", escape::name(name));
    }
    if let Some(policy) = &inspected.policy {
        let verdict = match policy.forbidden {
            0 => "allows all imports".to_owned(),
            n => format!("forbids {}", counted(n as u64, "import")),
        };
        say!("the policy {} {verdict}", escape::quoted(&policy.name));
    }
}
