//! Changes of executions as data.

use serde_json::{Value as Json, json};

/// Numbers that look random and are the same in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// A number that may be an index, a height or a position.
    fn small(&mut self) -> u64 {
        match self.below(8) {
            0 => u32::MAX.into(),
            1 => self.next() >> 32,
            _ => self.below(24) as u64,
        }
    }

    fn reference(&mut self) -> u64 {
        let (kind, externalised) = (1 + self.below(6) as u64, 8 * self.below(2) as u64);
        if self.below(4) == 0 { 0 } else { self.small() << 4 | externalised | kind }
    }

    fn value(&mut self) -> Json {
        match self.below(8) {
            0 | 1 => json!({"I32": self.small()}),
            2 => json!({"I64": self.next()}),
            3 => json!({"F32": self.small()}),
            4 => json!({"F64": self.next()}),
            5 => json!({"V128": self.next()}),
            _ => json!({"Ref": self.reference()}),
        }
    }

    fn context(&mut self) -> Json {
        let (small, height) = (self.small(), self.below(9));
        match self.below(5) {
            0 => json!({"Handler": {"block": small, "height": height}}),
            1 => json!({"Try": {"block": small, "height": height}}),
            2 => json!({"Caught": {"exn": small}}),
            _ => json!({"Label": {
                "arity": self.below(4),
                "continuation": small,
                "height": height,
                "repeats": self.below(2) == 0,
            }}),
        }
    }

    fn frame(&mut self) -> Json {
        json!({
            "func": self.below(12),
            "next": self.small(),
            "locals": self.below(9),
            "contexts": self.below(5),
        })
    }

    /// Changes one thing of an image; `foreign` is another that parts may come from.
    pub(crate) fn change(&mut self, image: &mut Json, foreign: &Json) {
        let list = ["values", "values", "contexts", "contexts", "frames"][self.below(5)];
        match self.below(8) {
            0 | 1 => self.change_number(image),
            2 => image["paused"][0][list] = foreign["paused"][0][list].clone(),
            3 => {
                // A frame of this module with another position, and nothing else changed.
                let next = self.below(90);
                if let Some(frame) =
                    image["paused"][0]["frames"].as_array_mut().and_then(|f| f.last_mut())
                {
                    frame["next"] = json!(next);
                }
            }
            _ => {
                let new = match list {
                    "values" => self.value(),
                    "contexts" => self.context(),
                    _ => self.frame(),
                };
                if let Some(list) = image["paused"][0][list].as_array_mut() {
                    self.change_list(list, new);
                }
            }
        }
    }

    /// Changes one thing anywhere in it: a number, a name, a choice, or a list.
    pub(crate) fn change_anything(&mut self, json: &mut Json) {
        match json {
            Json::Array(items) if items.is_empty() || self.below(6) == 0 => {
                let (near, other) = (json!(self.small()), self.below(items.len().max(1)));
                let new = items.get(other).cloned().unwrap_or(near);
                self.change_list(items, new);
            }
            Json::Array(items) => {
                let at = self.below(items.len());
                self.change_anything(&mut items[at]);
            }
            Json::Object(fields) => {
                let at = self.below(fields.len());
                if let Some(field) = fields.values_mut().nth(at) {
                    self.change_anything(field);
                }
            }
            Json::Number(_) => self.change_number(json),
            Json::String(text) => text.push('x'),
            Json::Bool(choice) => *choice = !*choice,
            Json::Null => *json = json!(self.small()),
        }
    }

    fn change_list(&mut self, list: &mut Vec<Json>, new: Json) {
        if list.is_empty() {
            return list.push(new);
        }
        let (at, other) = (self.below(list.len()), self.below(list.len()));
        match self.below(6) {
            0 | 1 => list[at] = new,
            2 => list.insert(at, new),
            3 => drop(list.remove(at)),
            4 => list.swap(at, other),
            _ => list.push(list[at].clone()),
        }
    }

    /// Changes a number anywhere.
    fn change_number(&mut self, image: &mut Json) {
        let mut numbers = Vec::new();
        visit(image, &mut |number| numbers.push(number.clone()));
        let chosen = self.below(numbers.len());
        let (near, small, any) = (self.below(3), self.small(), self.next());
        let kind = self.below(4);
        let mut at = 0;
        visit(image, &mut |number| {
            if at == chosen {
                let old = number.as_u64().unwrap_or(0);
                *number = match kind {
                    0 => json!(old.wrapping_add(near as u64).wrapping_sub(1)),
                    1 | 2 => json!(small),
                    _ => json!(any),
                };
            }
            at += 1;
        });
    }
}

fn visit(json: &mut Json, f: &mut dyn FnMut(&mut Json)) {
    match json {
        Json::Number(_) => f(json),
        Json::Array(items) => items.iter_mut().for_each(|item| visit(item, f)),
        Json::Object(fields) => fields.values_mut().for_each(|field| visit(field, f)),
        _ => {}
    }
}
