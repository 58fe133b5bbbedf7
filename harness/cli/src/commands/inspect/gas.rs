//! What a function costs: the gas segments of its body (gas-1 section 2), from the tables of the schedule alone.

use super::function::{Function, View};
use super::text;
use crate::output::{dim, plain, say, say_in_colour};
use crate::words::counted;
use anyhow::Result;
use etalon::Schedule;
use etalon::unstable::Opcode;
use etalon::unstable::module::{ExternType, Immediates};
use serde::Serialize;

/// The costs of a function.
#[derive(Debug, Serialize)]
pub(super) struct Gas {
    schedule: String,
    /// What entering it costs: charged with the first segment.
    entry: u64,
    segments: Vec<Segment>,
}

/// Operators that are charged together, before the first of them.
#[derive(Debug, Default, Serialize)]
struct Segment {
    cost: u64,
    operators: Vec<Operator>,
}

/// An operator with its weight.
#[derive(Debug, Serialize)]
struct Operator {
    offset: u64,
    weight: u32,
    text: String,
    /// What is charged besides, once it is known how much it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic: Option<Dynamic>,
    /// What the import that it calls costs besides, before that declares what it touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<u32>,
}

/// So much gas for each so many units that are begun.
#[derive(Debug, Serialize)]
struct Dynamic {
    weight: u32,
    granule: u32,
    unit: &'static str,
}

/// What an operator with a dynamic charge does so many of (gas-1 section 5.2).
fn unit(opcode: Opcode) -> &'static str {
    let name = opcode.name();
    match name.split_once('.').map(|(first, _)| first) {
        _ if name == "memory.grow" => "page",
        Some("memory") => "byte",
        Some("struct") => "field",
        _ => "element",
    }
}

/// The costs of a function.
pub(super) fn view(function: &Function<'_>) -> Result<Gas> {
    let schedule = &function.settings.schedule;
    let texts = text::operators(function)?;
    let params = function.module.func_type(function.index).params.len() as u64;
    let hosts = host_costs(function, schedule);
    let mut segments = vec![Segment::default()];
    let mut reader = function.module.operators(function.body);
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        let opcode = Opcode::of(&operator);
        let dynamic = schedule.dynamic(opcode).map(|rate| Dynamic {
            weight: rate.weight,
            granule: rate.granule.get(),
            unit: unit(opcode),
        });
        let weight = schedule.weight(opcode);
        let text = texts.get(&offset).cloned().unwrap_or_else(|| opcode.name().to_owned());
        let host = match opcode {
            Opcode::Call | Opcode::ReturnCall => {
                hosts.get(Immediates::of(&operator).indices[0] as usize).copied()
            }
            _ => None,
        };
        if let Some(segment) = segments.last_mut() {
            segment.cost = segment.cost.saturating_add(weight.into());
            segment.operators.push(Operator { offset, weight, text, dynamic, host });
        }
        if schedule.is_cut(opcode) {
            segments.push(Segment::default());
        }
    }
    // Nothing follows the last operator, which ends a segment.
    segments.retain(|segment| !segment.operators.is_empty());
    Ok(Gas {
        schedule: schedule.id().to_string(),
        entry: schedule.entry_cost(params, function.body.locals.len() as u64),
        segments,
    })
}

/// What a call of each function costs that the module imports, by index.
fn host_costs(function: &Function<'_>, schedule: &Schedule) -> Vec<u32> {
    let imports = function.module.imports.iter();
    let functions = imports.filter(|import| matches!(import.ty, ExternType::Func(_)));
    functions.map(|import| schedule.host().base(&import.module, &import.name)).collect()
}

impl View for Gas {
    fn about(&self) -> String {
        format!("{}, gas of {}", counted(self.segments.len() as u64, "segment"), self.schedule)
    }

    fn print(&self) {
        say!("{:>10}  to enter it, charged with the first segment", self.entry);
        for Segment { cost, operators } in &self.segments {
            say!("{cost:>10}  segment of {}", counted(operators.len() as u64, "operator"));
            for Operator { offset, weight, text, dynamic, host } in operators {
                let mut more = String::new();
                if let Some(Dynamic { weight, granule, unit }) = dynamic {
                    let each =
                        if *granule == 1 { unit.to_string() } else { format!("{granule} {unit}s") };
                    more = format!("  and {weight} for each {each}");
                }
                if let Some(host) = host {
                    more += &format!("  and {host} for the host");
                }
                say_in_colour([
                    dim(format!("{offset:#07x}")),
                    plain(format!("{weight:>8}    {text}")),
                    dim(more),
                ]);
            }
        }
    }
}
