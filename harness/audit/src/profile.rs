//! Profiles: where gas went, as other tools take it.

use crate::bill::{Bill, Tree};
use crate::error::ProfileError;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of folded stacks: each line has all of its calls, so a deep tree takes the square of its size.
const MOST_FOLDED: usize = 64 << 20;

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
        drawn(title, &self.folded()?)
    }

    /// A flame graph of this profile in which what costs more than before is red, and what costs less is blue.
    ///
    /// # Errors
    /// If there is nothing to draw, or too much.
    pub fn flame_since(&self, before: &Profile, title: &str) -> Result<Vec<u8>, ProfileError> {
        let mut stacks: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        for (at, profile) in [before, self].into_iter().enumerate() {
            for line in profile.folded()?.lines() {
                let Some((stack, gas)) = line.rsplit_once(' ') else { continue };
                stacks.entry(stack.to_owned()).or_default()[at] += gas.parse().unwrap_or(0);
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
        let frames: Vec<Value> = self.names.values().map(|name| json!({ "name": name })).collect();
        let profiles: Vec<Value> = self
            .steps
            .iter()
            .map(|(step, tree, _)| {
                let mut events = Vec::new();
                let end = walk(tree, |at, call, opens| {
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
        let (mut samples, mut deltas, mut total) = (Vec::new(), Vec::new(), 0u64);
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (step, tree, outside) in &self.steps {
            let root = nodes.len() + 1;
            nodes.push(node(root, step));
            children.entry(1).or_default().push(root);
            let first = nodes.len() + 1;
            let mut sample = |id: usize, gas: u64| {
                samples.push(id);
                deltas.push(gas);
                total = total.saturating_add(gas);
            };
            sample(root, *outside);
            for (at, call) in tree.calls.iter().enumerate() {
                nodes.push(node(first + at, self.name(call.function)));
                let parent = call.parent.map_or(root, |parent| first + parent);
                children.entry(parent).or_default().push(first + at);
                sample(first + at, call.gas);
            }
        }
        for (parent, ids) in children {
            nodes[parent - 1]["children"] = json!(ids);
        }
        json!({
            "nodes": nodes, "startTime": 0, "endTime": total,
            "samples": samples, "timeDeltas": deltas,
        })
    }
}

/// A name as a frame of a folded stack, in which a semicolon ends it and the last blank begins the count.
fn frame(name: &str) -> String {
    name.replace(';', ":")
}

/// Goes along a tree, the calls of a call before its own gas: tells where each opens and closes, in gas. Gives what all took.
fn walk(tree: &Tree, mut tell: impl FnMut(u64, usize, bool)) -> u64 {
    let mut made: Vec<Vec<usize>> = vec![Vec::new(); tree.calls.len()];
    let mut open: Vec<(usize, bool)> = Vec::new();
    for (at, call) in tree.calls.iter().enumerate() {
        match call.parent {
            Some(parent) => made[parent].push(at),
            None => open.push((at, true)),
        }
    }
    open.reverse();
    let mut gas = 0u64;
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
