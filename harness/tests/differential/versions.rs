//! Since which of several versions an engine differs, by engines that agree, differ or cannot be asked.

use crate::fake::Fake;
use crate::options;
use etalon_adapters::{Adapter, AdapterError, Outcome, Rejection, Val};
use etalon_harness::diff::{Call, Case, Differ};
use etalon_harness::localise::{Since, Versions};
use etalon_record::Aspect;
use std::sync::Arc;

/// What a version does is the first letter of its name.
fn start(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    let right = Fake::new("version");
    Ok(Arc::new(match name.as_bytes()[0] {
        b'g' => right,
        b'b' => Fake { outcome: Outcome::Returned(vec![Val::I32(8)]), ..right },
        b'r' => Fake { load: Err(refused()), ..right },
        b'o' => Fake { gas: Some(7), ..right },
        _ => {
            let reason = "no such file".to_owned();
            return Err(AdapterError { engine: name.to_owned(), reason });
        }
    }))
}

fn refused() -> Outcome {
    Outcome::Rejected(Rejection::Limit("too many locals".to_owned()))
}

/// The versions of a line of words.
fn since(versions: &str) -> Since {
    let versions = versions.split(' ').map(str::to_owned).collect();
    let engines: Vec<Arc<dyn Adapter>> =
        vec![Arc::new(Fake::new("first")), Arc::new(Fake::new("other"))];
    let differ = Differ::new(engines, options(&[]));
    let wasm = wat::parse_str("(module (func (export \"f\")))").unwrap();
    let call = Call { export: "f".into(), args: Vec::new() };
    let case = Case::new("case", wasm, vec![call]);
    Versions::new(versions, start).since(&differ, &case, Aspect::Results)
}

fn asked(since: &Since) -> String {
    let names: Vec<&str> = since.asked.iter().map(|asked| asked.name.as_str()).collect();
    names.join(" ")
}

#[test]
fn the_first_version_that_differs_is_found_by_bisection() {
    for bad in 1..100 {
        let names: Vec<String> =
            (0..100).map(|i| format!("{}{i}", if i < bad { "g" } else { "b" })).collect();
        let found = since(&names.join(" "));
        assert_eq!(found.last_good, Some(format!("g{}", bad - 1)));
        assert_eq!(found.first_bad, Some(format!("b{bad}")));
        assert!(found.monotone && found.asked.len() <= 9, "{found:?}");
        assert_eq!(found.said, format!("since b{bad}; g{} agrees", bad - 1));
    }
}

#[test]
fn what_cannot_be_asked_is_passed_over_with_the_reason() {
    for (versions, last_good, first_bad, of_those, said) in [
        (
            "g1 g2 x3 b4 b5",
            "g2",
            "b4",
            "g1 g2 x3 b4 b5",
            "since b4; g2 agrees; 1 between them could not be asked",
        ),
        (
            "x1 g2 r3 o4 b5 x6",
            "g2",
            "b5",
            "x1 g2 r3 o4 b5 x6",
            "since b5; g2 agrees; 2 between them could not be asked",
        ),
        ("r1 r2 g3 b4", "g3", "b4", "r1 r2 g3 b4", "since b4; g3 agrees"),
    ] {
        let found = since(versions);
        assert_eq!(found.last_good.as_deref(), Some(last_good), "{found:?}");
        assert_eq!(found.first_bad.as_deref(), Some(first_bad), "{found:?}");
        assert_eq!((asked(&found).as_str(), found.said.as_str()), (of_those, said));
    }
    let found = since("x1 g2 r3 o4 b5 x6");
    let words: Vec<&str> = found.asked.iter().map(|asked| asked.in_words()).collect();
    assert_eq!(
        words,
        [
            "it cannot be started: no such file",
            "agrees",
            "it refuses the module: limit: too many locals",
            "it differs in something else: gas",
            "differs",
            "it cannot be started: no such file",
        ]
    );
}

#[test]
fn a_list_with_other_ends_says_so() {
    for (versions, first_bad, of_those, said) in [
        (
            "b1 g2 b3",
            Some("b1"),
            "b1 b3",
            "since b1 or before: the oldest differs, and so does the newest",
        ),
        (
            "g1 b2 g3",
            None,
            "g1 g3",
            "not since a version of the list: neither the oldest nor the newest differs, and those between were not asked",
        ),
        (
            "b1 b2 g3 g4 g5",
            None,
            "b1 b2 g3 g5",
            "not since a version of the list: the oldest differs and the newest agrees; b2 is the last found to differ, g3 \
             the next to agree",
        ),
        (
            "x1 b2 b3",
            Some("b2"),
            "x1 b2 b3",
            "since b2 or before: the oldest that could be asked differs, and so does the newest",
        ),
        ("x1 r2", None, "x1 r2", "no version could be asked"),
        ("b1", Some("b1"), "b1", "since b1 or before: the oldest differs, and so does the newest"),
    ] {
        let found = since(versions);
        assert!(!found.monotone && found.last_good.is_none(), "{found:?}");
        assert_eq!(found.first_bad.as_deref(), first_bad);
        assert_eq!((asked(&found).as_str(), found.said.as_str()), (of_those, said));
    }
}
