//! The rules by which scripts are judged, each with an engine that breaks it. A judge that cannot find fault is none.
#![allow(missing_docs)]

mod fake;
mod faults;
mod json;
mod rules;
mod runs;
mod time;
