//! Profiles: where gas went, as other tools take it.

use crate::bill::{Bill, Tree};
use crate::error::ProfileError;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bytes of folded stacks: each line has all of its calls, so a deep tree takes the square of its size.
const MOST_FOLDED: usize = 64 << 20;

/// Gas of what is drawn: what draws counts in numbers of 64 bits with a fraction.
const MOST_DRAWN: u64 = 1 << 53;

/// Steps whose gas is looked at together.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Each step, with what people call it.
    steps: Vec<(String, Tree, u64)>,
    names: BTreeMap<u32, String>,
}

impl Profile {
    /// The steps of scenarios, by name.
    pub fn of<'b>(scenarios: impl IntoIterator<Item = (&'b str, &'b [Bill])>) -> Profile {
        let mut profile = Profile::default();
        for (scenario, bills) in scenarios {
            for bill in bills.iter().filter(|bill| bill.consumed > 0) {
                let what = format!("{scenario}: {}", bill.what);
                profile.steps.push((what, bill.tree.clone(), bill.outside));
                let names = bill.functions.iter().map(|f| (f.index, f.name.clone()));
                profile.names.extend(names);
            }
        }
        profile
    }

    fn name(&self, function: u32) -> &str {
        self.names.get(&function).map_or("", String::as_str)
    }

    /// Stacks as lines, `step;outermost;…;innermost gas`, as flame graphs are drawn from.
    ///
    /// # Errors
    /// If the calls are so deep that they would be too many bytes.
    pub fn folded(&self) -> Result<String, ProfileError> {
        let mut text = String::new();
        for (step, tree, outside) in &self.steps {
            let mut stacks: Vec<String> = Vec::with_capacity(tree.calls.len());
            let mut bytes = text.len();
            for call in &tree.calls {
                let above = call.parent.map_or_else(|| frame(step), |at| stacks[at].clone());
                let stack = format!("{above};{}", frame(self.name(call.function)));
                bytes += stack.len();
                if bytes > MOST_FOLDED {
                    return Err(ProfileError::TooDeep { bytes: MOST_FOLDED });
                }
                stacks.push(stack);
            }
            if *outside > 0 {
                text += &format!("{} {outside}\n", frame(step));
            }
            for (stack, call) in stacks.iter().zip(&tree.calls).filter(|(_, call)| call.gas > 0) {
                text += &format!("{stack} {}\n", call.gas);
            }
        }
        Ok(text)
    }

    /// A flame graph as SVG, which a browser shows.
    ///
    /// # Errors
    /// If there is nothing to draw, or too much.
    pub fn flame(&self, title: &str) -> Result<Vec<u8>, ProfileError> {
        self.is_drawable()?;
        drawn(title, &self.folded()?)
    }

    /// What draws adds without looking.
    fn is_drawable(&self) -> Result<(), ProfileError> {
        let of_step = |(_, tree, outside): &(String, Tree, u64)| {
            tree.calls.iter().fold(*outside, |sum, call| sum.saturating_add(call.gas))
        };
        let gas = self.steps.iter().map(of_step).fold(0, u64::saturating_add);
        if gas > MOST_DRAWN { Err(ProfileError::TooMuch { gas: MOST_DRAWN }) } else { Ok(()) }
    }

    /// A flame graph of this profile in which what costs more than before is red, and what costs less is blue.
    ///
    /// # Errors
    /// If there is nothing to draw, or too much.
    pub fn flame_since(&self, before: &Profile, title: &str) -> Result<Vec<u8>, ProfileError> {
        self.is_drawable()?;
        before.is_drawable()?;
        let mut stacks: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        for (at, profile) in [before, self].into_iter().enumerate() {
            for line in profile.folded()?.lines() {
                let Some((stack, gas)) = line.rsplit_once(' ') else { continue };
                let sum = &mut stacks.entry(stack.to_owned()).or_default()[at];
                *sum = sum.saturating_add(gas.parse().unwrap_or(0));
            }
        }
        let line =
            |(stack, [before, now]): (&String, &[u64; 2])| format!("{stack} {before} {now}\n");
        drawn(title, &stacks.iter().map(line).collect::<String>())
    }

    /// The profile in the form of speedscope, as JSON: a profile for each step, with gas in place of time.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn speedscope(&self) -> Result<String, ProfileError> {
        let place: BTreeMap<u32, usize> =
            self.names.keys().enumerate().map(|(at, function)| (*function, at)).collect();
        let outside = place.len();
        let names = self.names.values().map(String::as_str).chain(["(outside of functions)"]);
        let profile = |(step, tree, before): &'_ (String, Tree, u64)| {
            let mut events = Vec::new();
            if *before > 0 {
                events.push(Event { kind: "O", frame: outside, at: 0 });
                events.push(Event { kind: "C", frame: outside, at: *before });
            }
            let end_value = walk(tree, *before, |at, call, opens| {
                let frame = place[&tree.calls[call].function];
                events.push(Event { kind: if opens { "O" } else { "C" }, frame, at });
            });
            Evented {
                kind: "evented",
                name: step.clone(),
                unit: "none",
                start_value: 0,
                end_value,
                events,
            }
        };
        let document = Speedscope {
            schema: "https://www.speedscope.app/file-format-schema.json",
            exporter: "etalon gas profile",
            name: "gas",
            active_profile_index: 0,
            shared: Frames { frames: names.map(|name| Name { name }).collect() },
            profiles: self.steps.iter().map(profile).collect(),
        };
        Ok(serde_json::to_string(&document)?)
    }

    /// The profile in the form of Chrome's developer tools, as JSON: a unit of gas is a microsecond.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn cpuprofile(&self) -> Result<String, ProfileError> {
        let node = |id, name| {
            let place = CallFrame {
                function_name: name,
                script_id: "0",
                url: "",
                line_number: -1,
                column_number: -1,
            };
            Node { id, hit_count: 1, children: Vec::new(), call_frame: place }
        };
        let mut nodes = vec![node(1, "(root)")];
        // A delta is the time before its sample, so each is that of the sample before it.
        let (mut samples, mut deltas) = (Vec::new(), vec![0]);
        for (step, tree, outside) in &self.steps {
            let root = nodes.len() + 1;
            nodes.push(node(root, step));
            nodes[0].children.push(root);
            samples.push(root);
            deltas.push(*outside);
            for call in &tree.calls {
                let id = nodes.len() + 1;
                nodes.push(node(id, self.name(call.function)));
                let parent = call.parent.map_or(root, |parent| root + 1 + parent);
                nodes[parent - 1].children.push(id);
                samples.push(id);
                deltas.push(call.gas);
            }
        }
        samples.push(1);
        let end_time = deltas.iter().fold(0, |sum: u64, gas| sum.saturating_add(*gas));
        let document = CpuProfile { nodes, start_time: 0, end_time, samples, time_deltas: deltas };
        Ok(serde_json::to_string(&document)?)
    }
}

/// A document of speedscope. These are types and no values of JSON because a profile may have a million of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Speedscope<'p> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'static str,
    name: &'static str,
    active_profile_index: u32,
    shared: Frames<'p>,
    profiles: Vec<Evented>,
}

#[derive(Serialize)]
struct Frames<'p> {
    frames: Vec<Name<'p>>,
}

#[derive(Serialize)]
struct Name<'p> {
    name: &'p str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evented {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    events: Vec<Event>,
}

/// A call opens or closes, after so much gas.
#[derive(Serialize)]
struct Event {
    #[serde(rename = "type")]
    kind: &'static str,
    frame: usize,
    at: u64,
}

/// A document of Chrome's developer tools.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CpuProfile<'p> {
    nodes: Vec<Node<'p>>,
    start_time: u64,
    end_time: u64,
    samples: Vec<usize>,
    time_deltas: Vec<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'p> {
    id: usize,
    hit_count: u32,
    children: Vec<usize>,
    call_frame: CallFrame<'p>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame<'p> {
    function_name: &'p str,
    script_id: &'static str,
    url: &'static str,
    line_number: i32,
    column_number: i32,
}

/// A name as a frame of a folded stack: a semicolon would end it, and a number behind a blank would be a count.
fn frame(name: &str) -> String {
    let name = name.replace(';', ":");
    match name.rsplit_once(' ') {
        Some((before, last)) if last.parse::<f64>().is_ok() => format!("{before}_{last}"),
        _ => name,
    }
}

/// Goes along a tree, the calls of a call before its own gas: tells where each opens and closes, in gas and after what was
/// taken before. Gives what all took.
fn walk(tree: &Tree, mut gas: u64, mut tell: impl FnMut(u64, usize, bool)) -> u64 {
    let mut made: Vec<Vec<usize>> = vec![Vec::new(); tree.calls.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, call) in tree.calls.iter().enumerate() {
        match call.parent {
            Some(parent) => made[parent].push(at),
            None => open.push((at, true)),
        }
    }
    open.reverse();
    while let Some((call, opens)) = open.pop() {
        if opens {
            tell(gas, call, true);
            open.push((call, false));
            open.extend(made[call].iter().rev().map(|inner| (*inner, true)));
        } else {
            gas = gas.saturating_add(tree.calls[call].gas);
            tell(gas, call, false);
        }
    }
    gas
}

fn drawn(title: &str, folded: &str) -> Result<Vec<u8>, ProfileError> {
    use inferno::flamegraph::{Options, from_lines};
    let mut options = Options::default();
    title.clone_into(&mut options.title);
    "gas".clone_into(&mut options.count_name);
    "Function:".clone_into(&mut options.name_type);
    // Colours follow from names, so that the same profile is the same file.
    options.deterministic = true;
    let mut svg = Vec::new();
    from_lines(&mut options, folded.lines(), &mut svg).map_err(ProfileError::Drawing)?;
    Ok(svg)
}
