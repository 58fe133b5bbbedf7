//! One trait for every engine that is judged.
