//! References that an engine lost: they are right where they are made, and refer to something else where they are used.
//!
//! A collection frees what nobody is known to hold. The value that then differs is read from whatever took the object's place,
//! and the instruction that reads it is right. The one that made the reference is named: what it gives was not held.

use super::cause::Cause;
use super::instrument::{Chosen, State, What, may_be_object};
use super::search::{Pair, all};
use crate::rewrite::{Func, Text};
use etalon_adapters::AdapterError;
use etalon_module::Opcode;

/// How many points are told in one run.
const TOLD: u64 = 1 << 14;

/// Through how many instructions a reference is followed to where it was made.
const STEPS: usize = 64;

impl Pair<'_> {
    /// The instruction that made a reference which another takes, if what it refers to is the same on both engines where it is
    /// made, and differs where it is taken or cannot be read there, and nothing was written to an object that differs.
    pub(super) fn lost(&self, user: &Cause) -> Result<Option<Cause>, AdapterError> {
        let Some(func) = self.text.func(user.func) else { return Ok(None) };
        let types = func.ops[user.op].operands.iter().enumerate();
        let references = types.filter(|(_, ty)| ty.is_some_and(may_be_object));
        let ends = func.operands_of(user.op);
        for (nth, _) in references {
            let Some(end) = ends.get(nth).filter(|_| ends.len() == func.ops[user.op].taken) else {
                continue;
            };
            let Some(maker) = maker(self.text, func, *end) else { continue };
            if let Some(cause) = self.lost_between(user, maker, nth)? {
                let written = self.first_write(State::Objects)?;
                return Ok(written.is_none().then_some(cause));
            }
        }
        Ok(None)
    }

    /// The cause at `maker`, if the operand of `user` with a number refers to another object than was made there. They are looked
    /// at in a run each, because a copy holds what it looks at.
    fn lost_between(
        &self,
        user: &Cause,
        maker: (u32, usize),
        nth: usize,
    ) -> Result<Option<Cause>, AdapterError> {
        let state = Some(State::Referents);
        let at = |func: u32, op: Option<usize>| (func, op) == (maker.0, Some(maker.1));
        let chosen = all(0..TOLD);
        let made = self.run(&Chosen { at: &at, state, ..chosen.clone() })?;
        let operands = Some((user.func, user.op));
        let taken = Chosen { at: &|_, _| false, operands, state, ..chosen };
        let (Some(made), Some(taken)) = (made, self.run(&taken)?) else { return Ok(None) };
        let Some(event) = taken.parts(self.leave) else { return Ok(None) };
        let is_use = |engine| {
            let point = taken.point(engine, event);
            point.is_none_or(|point| point.what == What::Operand(nth))
        };
        let reached = made.told.each_ref().map(|told| told.last().map(|event| event.bits));
        let right = taken.told[0].get(event).map(|event| event.bits);
        if !is_use(0) || !is_use(1) || right.is_none() || reached != [right, right] {
            return Ok(None);
        }
        let Some(mut cause) = Cause::at(&self.case.wasm, self.text, maker.0, maker.1) else {
            return Ok(None);
        };
        let place = format!("{} at 0x{:x}", user.operator, user.offset);
        cause.seen = [
            format!("a reference that is the same at {place}"),
            format!("a reference that was lost before {place}: it refers to something else there"),
        ];
        Ok(Some(cause))
    }
}

/// The function and the instruction that made the reference that an expression ends with: not one that only moves it.
fn maker(text: &Text, func: &Func, end: usize) -> Option<(u32, usize)> {
    let (mut func, mut at) = (func, end);
    for _ in 0..STEPS {
        let op = &func.ops[at];
        at = match op.opcode {
            Opcode::LocalGet => {
                let writes = |other: &usize| {
                    let other = &func.ops[*other];
                    matches!(other.opcode, Opcode::LocalSet | Opcode::LocalTee)
                        && other.index == op.index
                };
                match (0..at).rev().find(writes) {
                    Some(write) => *func.operands_of(write).last()?,
                    // A parameter, if there is one call that gives it.
                    None => {
                        let (caller, call) = only_call(text, func.index)?;
                        let nth = op.index? as usize;
                        let end = *caller.operands_of(call).get(nth)?;
                        func = caller;
                        end
                    }
                }
            }
            Opcode::LocalTee
            | Opcode::RefAsNonNull
            | Opcode::RefCastNonNull
            | Opcode::RefCastNullable => *func.operands_of(at).last()?,
            _ if op.closes() => *func.left_at(at).last()?,
            _ => return Some((func.index, at)),
        };
    }
    None
}

/// The one instruction that calls a function by its number.
fn only_call(text: &Text, index: u32) -> Option<(&Func, usize)> {
    let all = text.funcs.iter().flat_map(|func| (0..func.ops.len()).map(move |at| (func, at)));
    let mut calls = all.filter(|(func, at)| {
        let op = &func.ops[*at];
        matches!(op.opcode, Opcode::Call | Opcode::ReturnCall) && op.index == Some(index)
    });
    calls.next().filter(|_| calls.next().is_none())
}

#[cfg(test)]
mod tests {
    use crate::diff::{Call, Case, DiffOptions, Differ, RunOptions, Verdict};
    use crate::localise::localise;
    use crate::rewrite::{Keep, Parts, Text};
    use etalon_adapters::{
        Adapter, AdapterError, Features, Opened, Outcome, Prepared, Session, SessionConfig, adapter,
    };
    use etalon_module::Opcode;
    use etalon_record::EngineInfo;
    use std::sync::Arc;
    use wasm_encoder as we;
    use wasm_encoder::reencode::{Reencode, RoundtripReencoder};

    /// An engine on which a new array takes the place of the structure that local 0 refers to.
    struct Losing(Arc<dyn Adapter>);

    struct Lost(Box<dyn Opened>);

    impl Adapter for Losing {
        fn info(&self) -> EngineInfo {
            EngineInfo { name: "losing".into(), ..self.0.info() }
        }

        fn features(&self) -> Features {
            self.0.features()
        }

        fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
            Ok(Box::new(Lost(self.0.open(config)?)))
        }
    }

    impl Opened for Lost {
        fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
            let (parts, text) = (Parts::of(wasm).unwrap(), Text::of(wasm).unwrap());
            let mut re = RoundtripReencoder;
            let written =
                parts.encode(&mut re, &Keep::all(), &Default::default(), |re, func, body| {
                    let mut function = re.new_function_with_parsed_locals(body).unwrap();
                    let mut reader = body.get_operators_reader().unwrap();
                    for op in &text.func(func).unwrap().ops {
                        function.instruction(&re.parse_instruction(&mut reader).unwrap());
                        if op.opcode == Opcode::ArrayNewDefault {
                            function.instruction(&we::Instruction::StructNewDefault(0));
                            function.instruction(&we::Instruction::LocalSet(0));
                        }
                    }
                    Ok(function)
                });
            self.0.prepare(&written.unwrap())
        }

        fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
            self.0.session()
        }
    }

    fn named(body: &str) -> (String, [String; 2]) {
        let text = format!(
            "(module (type $s (struct (field (mut i32)))) (type $a (array (mut i8)))
               (func (export \"f\") (result i32) (local (ref null $s)) {body}))"
        );
        let wasm = wat::parse_str(text).unwrap();
        let own = adapter("oracle").unwrap();
        let engines: Vec<Arc<dyn Adapter>> = vec![own.clone(), Arc::new(Losing(own))];
        let run = RunOptions { features: Features::wasm3(), gas: None, state: false, time: None };
        let options =
            DiffOptions { run, policies: Default::default(), trap_prefix: false, laws: false };
        let differ = Differ::new(engines, options);
        let case = Case::new("case", wasm, vec![Call { export: "f".into(), args: Vec::new() }]);
        let Verdict::Diverged { difference, .. } = differ.judge(&case).unwrap().verdict else {
            panic!("they agree")
        };
        let cause = localise(&differ, &case, 1, &difference).unwrap().unwrap();
        (cause.operator, cause.seen)
    }

    #[test]
    fn what_made_a_reference_that_is_lost_is_named() {
        let (operator, seen) = named(
            "(local.set 0 (block (result (ref $s)) (struct.new $s (i32.const 5))))
             (drop (array.new_default $a (i32.const 3)))
             (struct.get $s 0 (ref.as_non_null (local.get 0)))",
        );
        assert_eq!(operator, "struct.new");
        assert!(
            seen[1].starts_with("a reference that was lost before struct.get at 0x"),
            "{seen:?}"
        );
    }

    #[test]
    fn a_branch_on_what_is_lost_is_not_named() {
        let (operator, _) = named(
            "(local.set 0 (struct.new $s (i32.const 5)))
             (drop (array.new_default $a (i32.const 3)))
             (if (result i32) (i32.eqz (struct.get $s 0 (local.get 0)))
               (then (i32.const 1)) (else (i32.const 2)))",
        );
        assert_eq!(operator, "struct.new");
    }
}
