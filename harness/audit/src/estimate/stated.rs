//! What the user states: how often a loop runs, and what a call takes.

use crate::error::EstimateError;
use etalon::unstable::module::Module;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use wasmparser::Operator;

/// A bound that somebody states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The function, by its name or its index.
    pub function: String,
    /// The offset in the module of a loop or a call in it.
    pub offset: u64,
    /// Of a loop, how often its body is executed at most each time that control comes to it; of a call, the most gas that it takes.
    pub most: u64,
}

impl std::str::FromStr for Bound {
    type Err = String;

    /// Reads `FUNCTION@OFFSET=N`. The name may have any character, for the last `@` and the last `=` count.
    fn from_str(text: &str) -> Result<Bound, String> {
        let fault = || format!("{text:?} is not FUNCTION@OFFSET=N, as in `fee@0x4f=10`");
        let (place, most) = text.rsplit_once('=').ok_or_else(fault)?;
        let (function, offset) = place.rsplit_once('@').ok_or_else(fault)?;
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).map_err(|_| fault()),
            None => text.parse().map_err(|_| fault()),
        };
        let (offset, most) = (number(offset)?, number(most)?);
        match function.is_empty() {
            true => Err(fault()),
            false => Ok(Bound { function: function.to_owned(), offset, most }),
        }
    }
}

/// What is stated, by function and offset.
#[derive(Debug, Default)]
pub(crate) struct Stated {
    turns: FxHashMap<(u32, u32), u64>,
    gas: FxHashMap<(u32, u32), u64>,
}

impl Stated {
    /// Finds the loops and calls that bounds are of.
    ///
    /// # Errors
    /// If there is none, or a bound cannot be one.
    pub(crate) fn new(
        module: &Module,
        names: &[String],
        bounds: &[Bound],
    ) -> Result<Stated, EstimateError> {
        let mut stated = Stated::default();
        for bound in bounds {
            let fault = |message: String| EstimateError::Bound {
                bound: format!("{}@{:#x}={}", bound.function, bound.offset, bound.most),
                message,
            };
            let found = find(module, names, bound).map_err(fault)?;
            let key = (found.function, bound.offset as u32);
            if found.is_loop && bound.most == 0 {
                return Err(fault("what control comes to is executed once at least".to_owned()));
            }
            let known = if found.is_loop { &mut stated.turns } else { &mut stated.gas };
            // Of two that are stated the lesser holds as well.
            let most = known.entry(key).or_insert(bound.most);
            *most = bound.most.min(*most);
        }
        Ok(stated)
    }

    /// How often a loop runs each time.
    pub(crate) fn turns(&self, function: u32, offset: u32) -> Option<u64> {
        self.turns.get(&(function, offset)).copied()
    }

    /// What a call takes.
    pub(crate) fn gas(&self, function: u32, offset: u32) -> Option<u64> {
        self.gas.get(&(function, offset)).copied()
    }
}

struct Found {
    function: u32,
    is_loop: bool,
}

/// Loops and calls that a message lists.
const MOST_LISTED: usize = 8;

fn find(module: &Module, names: &[String], bound: &Bound) -> Result<Found, String> {
    let by_name = (0..).zip(names).filter(|(_, name)| **name == bound.function);
    let index = bound.function.parse().ok().filter(|i: &u32| (*i as usize) < names.len());
    let functions: Vec<u32> = by_name.map(|(function, _)| function).chain(index).collect();
    let at = |function: &u32| {
        let body = module.body(*function)?;
        let is_there = |range: &std::ops::Range<usize>| range.contains(&(bound.offset as usize));
        Some((*function, body)).filter(|(_, body)| is_there(&body.range))
    };
    let Some((function, body)) = functions.iter().find_map(at) else {
        return Err(match functions.as_slice() {
            [] => "no function has that name or index".to_owned(),
            [function, ..] => match module.body(*function) {
                Some(body) => format!(
                    "the function is at {:#x} to {:#x} in the module",
                    body.range.start, body.range.end
                ),
                None => "the function is imported and has no loops or calls".to_owned(),
            },
        });
    };
    let mut others = Vec::new();
    let mut reader = module.operators(body);
    while let Ok((operator, offset)) = reader.read_with_offset() {
        let is_loop = matches!(operator, Operator::Loop { .. });
        if !is_loop && !is_call(&operator) {
            continue;
        }
        if offset == bound.offset {
            return Ok(Found { function, is_loop });
        }
        if others.len() < MOST_LISTED {
            others.push(format!("a {} at {offset:#x}", if is_loop { "loop" } else { "call" }));
        }
    }
    Err(match others.is_empty() {
        true => "the function has no loop and no call".to_owned(),
        false => format!("no loop and no call is there; the function has {}", others.join(", ")),
    })
}

fn is_call(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::Call { .. }
            | O::CallIndirect { .. }
            | O::CallRef { .. }
            | O::ReturnCall { .. }
            | O::ReturnCallIndirect { .. }
            | O::ReturnCallRef { .. }
    )
}
