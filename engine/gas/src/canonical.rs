//! The canonical form of a schedule, from which its digest is computed (§12).

use etalon_module::Opcode;

use crate::rate::Rate;
use crate::source::Source;

/// One `key=value` a line, the lines sorted as bytes, under a first line with the name of the semantics.
pub(crate) fn bytes(source: &Source) -> Vec<u8> {
    let mut lines = vec![format!("name={}", source.name), format!("cuts={}", source.cuts.word())];
    for (key, number) in numbers(source) {
        lines.push(format!("{key}={number}"));
    }
    for (key, rate) in rates(source) {
        lines.push(rate_line(key, rate));
    }
    // By operator, never by class: files that give the same weights in different ways are the same schedule.
    for (op, weight) in source.weights.spelt_out(Opcode::priced_as) {
        lines.push(format!("operators.{op}={weight}"));
    }
    for (op, rate) in source.dynamic.spelt_out(Opcode::priced_as) {
        lines.push(rate_line(&format!("dynamic.{op}"), rate));
    }
    for (module, names) in &source.host.imports {
        for (name, base) in names {
            // Names of imports can be any text; quoted and escaped, they cannot merge or break a line.
            let (module, name) = (module.escape_default(), name.escape_default());
            lines.push(format!("host.imports.\"{module}\".\"{name}\"={base}"));
        }
    }
    lines.sort_unstable();
    lines.insert(0, crate::SEMANTICS.to_owned());
    (lines.join("\n") + "\n").into_bytes()
}

fn rate_line(key: &str, rate: Rate) -> String {
    format!("{key}={}/{}", rate.weight, rate.granule)
}

fn numbers(source: &Source) -> [(&'static str, u64); 13] {
    // Destructured in full, so that a number that is added to the file cannot be forgotten here.
    let crate::Function { entry, arg, local } = source.function;
    let crate::Depth { frame, reentry, max } = source.depth;
    let crate::Limits { memory_pages, memory_pages_64, table_elements, gc_heap_bytes } =
        source.limits;
    [
        ("version", source.version.into()),
        ("function.entry", entry.into()),
        ("function.arg", arg.into()),
        ("function.local", local.into()),
        ("depth.frame", frame.into()),
        ("depth.reentry", reentry.into()),
        ("depth.max", max.into()),
        ("limits.memory_pages", memory_pages),
        ("limits.memory_pages_64", memory_pages_64),
        ("limits.table_elements", table_elements),
        ("limits.gc_heap_bytes", gc_heap_bytes),
        ("instantiation.const_operator", source.instantiation.const_operator.into()),
        ("host.base", source.host.base.into()),
    ]
}

fn rates(source: &Source) -> [(&'static str, Rate); 4] {
    let crate::Instantiation { data_bytes, elements, const_operator: _ } = source.instantiation;
    let crate::Compilation { module_bytes } = source.compilation;
    let crate::Host { base: _, bytes, imports: _ } = &source.host;
    [
        ("instantiation.data_bytes", data_bytes),
        ("instantiation.elements", elements),
        ("compilation.module_bytes", module_bytes),
        ("host.bytes", *bytes),
    ]
}
