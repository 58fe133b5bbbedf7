//! Damaged threads: whatever a paused execution is changed into, it is refused, or it ends somehow. Mostly that is a crash, and never
//! a panic.

mod damage {
    pub(crate) mod guest;
    pub(crate) mod mutate;
    mod store;
}

use damage::guest::{CALLS, Guest, Outcome};
use damage::mutate::Random;
use serde_json::{Value as Json, json};

/// Runs `f` for some instructions, changes the execution, and gives how that ends.
fn after(body: &str, instructions: u64, change: impl FnOnce(&mut Json)) -> Outcome {
    let wat = format!("(module (memory 1) (func $g) (func (export \"f\") (param i32) {body}))");
    let mut guest = Guest::of(&wat, "f", instructions);
    let mut image = guest.image();
    change(&mut image["paused"][0]);
    guest.end_of(image)
}

#[track_caller]
fn crashes(body: &str, instructions: u64, change: impl FnOnce(&mut Json)) {
    let outcome = after(body, instructions, change);
    assert!(matches!(outcome, Outcome::Crashed(_)), "{body}: {outcome:?}");
}

#[track_caller]
fn is_refused(body: &str, instructions: u64, change: impl FnOnce(&mut Json)) {
    let outcome = after(body, instructions, change);
    assert!(matches!(outcome, Outcome::Refused(_)), "{body}: {outcome:?}");
}

#[test]
fn operands_of_other_types_are_crashes() {
    for (body, operand) in [
        ("i32.const 1 i32.eqz drop", json!({"I64": 1})),
        ("i32.const 1 i32.const 2 i32.add drop", json!({"F32": 1})),
        ("i32.const 1 if end", json!({"I64": 1})),
        ("i32.const 1 br_if 0", json!({"F32": 1})),
        ("i32.const 1 br_table 0 0", json!({"Ref": 0})),
        ("i32.const 1 i32.load drop", json!({"I64": 1})),
        ("i32.const 1 i32.const 1 i32.store", json!({"V128": 1})),
        ("i64.const 1 i64.clz drop", json!({"I32": 1})),
        ("f32.const 1 f32.sqrt drop", json!({"I32": 1})),
        ("ref.null func ref.is_null drop", json!({"I32": 0})),
        ("v128.const i64x2 1 0 v128.not drop", json!({"I64": 0})),
        ("i32.const 1 i32x4.splat drop", json!({"V128": 0})),
        ("i32.const 1 memory.grow drop", json!({"I64": 0})),
    ] {
        let constants =
            body.split(' ').filter(|word| word.contains("const") || *word == "ref.null");
        crashes(body, constants.count() as u64, |thread| {
            *thread["values"].as_array_mut().unwrap().last_mut().unwrap() = operand.clone();
        });
    }
}

#[test]
fn operands_that_are_missing_are_crashes() {
    for (body, instructions) in [
        ("i32.const 1 drop", 1),
        ("i32.const 1 i32.const 1 i32.add drop", 2),
        ("i32.const 1 local.set 0", 1),
        ("block i32.const 1 drop end", 2),
        ("i32.const 1 block (param i32) drop end", 1),
    ] {
        crashes(body, instructions, |thread| {
            thread["values"].as_array_mut().unwrap().pop();
        });
    }
}

#[test]
fn labels_that_are_missing_are_crashes() {
    let pop = |thread: &mut Json| drop(thread["contexts"].as_array_mut().unwrap().pop());
    crashes("block br 1 end", 1, pop);
    crashes("block block br 2 end end", 2, pop);
    // Its end closes the body in place of the block, and the frame is gone when the next instruction comes.
    let outcome = after("block nop end nop", 2, pop);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    is_refused("nop nop", 1, |thread| thread["contexts"] = json!([]));
}

#[test]
fn labels_that_lie_are_refused_or_crash() {
    fn label(thread: &mut Json) -> &mut Json {
        thread["contexts"].as_array_mut().unwrap().last_mut().unwrap().get_mut("Label").unwrap()
    }
    is_refused("block nop end", 1, |thread| label(thread)["height"] = json!(9));
    is_refused("i32.const 1 block nop end drop", 2, |thread| {
        thread["contexts"][1]["Label"]["height"] = json!(0);
    });
    crashes("block nop end", 2, |thread| label(thread)["arity"] = json!(9));
    crashes("block nop end", 2, |thread| label(thread)["arity"] = json!(u32::MAX));
    crashes("block nop end nop", 2, |thread| label(thread)["continuation"] = json!(99));
    crashes("block nop end nop", 2, |thread| label(thread)["continuation"] = json!(u32::MAX));
}

#[test]
fn frames_that_lie_are_refused() {
    for (field, wrong) in [
        ("next", json!(4)),
        ("next", json!(u32::MAX)),
        ("func", json!(99)),
        ("locals", json!(2)),
        ("locals", json!(u32::MAX)),
        ("contexts", json!(1)),
        ("contexts", json!(u32::MAX)),
    ] {
        is_refused("nop nop nop", 1, |thread| thread["frames"][0][field] = wrong.clone());
    }
    is_refused("nop nop", 1, |thread| thread["frames"] = json!([]));
    is_refused("nop nop", 1, |thread| thread["func"] = json!(99));
    // In the callee, with the frames in the wrong order.
    let wat = "(module (func $g (param i32) (result i32) local.get 0)
        (func (export \"f\") (param i32) i32.const 1 i32.const 2 call $g drop drop))";
    let mut guest = Guest::of(wat, "f", 3);
    let mut image = guest.image();
    image["paused"][0]["frames"].as_array_mut().unwrap().reverse();
    let outcome = guest.end_of(image);
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}

#[test]
fn references_to_no_function_are_refused() {
    use etalon_runtime::{FuncAddr, Ref};
    let dangling = Ref::func(FuncAddr(99));
    for reference in [dangling, dangling.externalise()] {
        is_refused("ref.null func drop", 1, |thread| {
            thread["values"][1] = json!({"Ref": reference.to_bits()});
        });
    }
}

#[test]
fn numbers_of_executions_that_lie_are_refused() {
    let of = |change: fn(&mut Json)| {
        let mut guest = Guest::new("numbers", 3);
        let mut image = guest.image();
        change(&mut image);
        guest.end_of(image)
    };
    for change in [
        |image: &mut Json| image["next"] = json!(0),
        |image: &mut Json| image["next"] = json!(u64::MAX),
        |image: &mut Json| image["paused"][0]["id"] = json!(u64::MAX),
        |image: &mut Json| {
            let twice = image["paused"][0].clone();
            image["paused"].as_array_mut().unwrap().push(twice);
        },
    ] {
        let outcome = of(change);
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }
}

/// Results are checked like everything else that validation promises.
#[test]
fn results_of_other_types_are_crashes() {
    let wat = "(module (func (export \"f\") (param i32) (result i32) i32.const 7 nop))";
    for results in [json!([{"I32": 0}, {"I64": 7}]), json!([{"I32": 0}, {"V128": 7}])] {
        let mut guest = Guest::of(wat, "f", 1);
        let mut image = guest.image();
        image["paused"][0]["values"] = results;
        let outcome = guest.end_of(image);
        assert!(matches!(outcome, Outcome::Crashed(_)), "{outcome:?}");
    }
}

#[test]
fn control_may_stand_anywhere() {
    for (name, pauses) in CALLS.iter() {
        for pause in pauses.clone().step_by(7) {
            for position in 0..200 {
                let mut guest = Guest::new(name, pause);
                let mut image = guest.image();
                let frames = image["paused"][0]["frames"].as_array_mut().unwrap();
                frames.last_mut().unwrap()["next"] = json!(position);
                if let Outcome::Refused(_) = guest.end_of(image) {
                    break;
                }
            }
        }
    }
}

/// Thousands of changes, the same in every run.
#[test]
fn no_change_makes_it_panic() {
    let mut random = Random::new(0x0ddb_a115);
    let images: Vec<Json> = CALLS
        .iter()
        .flat_map(|(name, pauses)| pauses.clone().map(|pause| Guest::new(name, pause).image()))
        .collect();
    let (mut refused, mut crashed, mut other) = (0, 0, 0);
    for _ in 0..6000 {
        let (name, pauses) = &CALLS[random.below(CALLS.len())];
        let pause = pauses.start + random.below((pauses.end - pauses.start) as usize) as u64;
        let mut guest = Guest::new(name, pause);
        let mut image = guest.image();
        let foreign = &images[random.below(images.len())];
        for _ in 0..=random.below(3) {
            random.change(&mut image, foreign);
        }
        match guest.end_of(image) {
            Outcome::Refused(_) => refused += 1,
            Outcome::Crashed(_) => crashed += 1,
            Outcome::Done(_) | Outcome::Stopped(_) | Outcome::Paused => other += 1,
        }
    }
    assert!(refused > 500 && crashed > 500 && other > 500, "{refused} {crashed} {other}");
}
