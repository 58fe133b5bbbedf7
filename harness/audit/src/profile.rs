//! Profiles: where gas went, as other tools take it.

use crate::bill::{Bill, Tree};
use crate::error::ProfileError;
use serde_json::{Value, json};
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

    /// The profile in the form of speedscope: a profile for each step, with gas in place of time.
    pub fn speedscope(&self) -> Value {
        let place: BTreeMap<u32, usize> =
            self.names.keys().enumerate().map(|(at, function)| (*function, at)).collect();
        let mut frames: Vec<Value> =
            self.names.values().map(|name| json!({ "name": name })).collect();
        let outside = frames.len();
        frames.push(json!({ "name": "(outside of functions)" }));
        let profiles: Vec<Value> = self
            .steps
            .iter()
            .map(|(step, tree, gas)| {
                let mut events = Vec::new();
                if *gas > 0 {
                    events.push(json!({ "type": "O", "frame": outside, "at": 0 }));
                    events.push(json!({ "type": "C", "frame": outside, "at": gas }));
                }
                let end = walk(tree, *gas, |at, call, opens| {
                    let frame = place[&tree.calls[call].function];
                    let kind = if opens { "O" } else { "C" };
                    events.push(json!({ "type": kind, "frame": frame, "at": at }));
                });
                json!({
                    "type": "evented", "name": step, "unit": "none",
                    "startValue": 0, "endValue": end, "events": events,
                })
            })
            .collect();
        json!({
            "$schema": "https://www.speedscope.app/file-format-schema.json",
            "exporter": "etalon gas profile",
            "name": "gas",
            "activeProfileIndex": 0,
            "shared": { "frames": frames },
            "profiles": profiles,
        })
    }

    /// The profile in the form of Chrome's developer tools: a unit of gas is a microsecond.
    pub fn cpuprofile(&self) -> Value {
        let node = |id: usize, name: &str| {
            json!({
                "id": id, "hitCount": 1, "children": [],
                "callFrame": {
                    "functionName": name, "scriptId": "0", "url": "", "lineNumber": -1, "columnNumber": -1,
                },
            })
        };
        let mut nodes = vec![node(1, "(root)")];
        let (mut samples, mut deltas, mut total) = (Vec::new(), vec![0], 0u64);
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (step, tree, outside) in &self.steps {
            let root = nodes.len() + 1;
            nodes.push(node(root, step));
            children.entry(1).or_default().push(root);
            let first = nodes.len() + 1;
            // A delta is the time before its sample, so each is that of the sample before it.
            let mut sample = |id: usize, gas: u64| {
                samples.push(id);
                deltas.push(gas);
                total = total.saturating_add(gas);
            };
            // What the loading of a step took outside of functions.
            sample(root, *outside);
            for (at, call) in tree.calls.iter().enumerate() {
                nodes.push(node(first + at, self.name(call.function)));
                let parent = call.parent.map_or(root, |parent| first + parent);
                children.entry(parent).or_default().push(first + at);
                sample(first + at, call.gas);
            }
        }
        samples.push(1);
        for (parent, ids) in children {
            nodes[parent - 1]["children"] = json!(ids);
        }
        json!({
            "nodes": nodes, "startTime": 0, "endTime": total,
            "samples": samples, "timeDeltas": deltas,
        })
    }
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
