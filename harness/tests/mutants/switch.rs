//! Which planted fault is on. This file is part of a copy of the sources in which faults are planted, and of nothing else.
#![allow(unused_imports, dead_code)]

use std::sync::LazyLock;

/// Whether a fault is on: the environment names it.
pub(crate) fn is(name: &str) -> bool {
    static CHOSEN: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("ETALON_FAULT").ok().filter(|name| !name.is_empty()));
    CHOSEN.as_deref() == Some(name)
}
