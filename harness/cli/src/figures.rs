//! Figures of a run, for people and as JSON.

use crate::words::counted;
use anyhow::{Context, Result};
use etalon::{ErrorCounts, Metrics, Times};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Figures as JSON; times in nanoseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    instructions: Option<u64>,
    gas: Option<u64>,
    calls: u64,
    host_calls: u64,
    peak_memory_pages: u64,
    peak_memory_bytes: u64,
    heap_bytes: u64,
    peak_heap_bytes: u64,
    errors: Errors,
    /// Beside the times: like them it is not the same in each run.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<CacheCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nanoseconds: Option<Nanoseconds>,
}

#[derive(Debug, Serialize)]
struct Errors {
    traps: u64,
    exceptions: u64,
    exhaustions: u64,
    interruptions: u64,
    host_errors: u64,
    panics: u64,
    crashes: u64,
    refusals: u64,
}

/// Modules whose code was in the cache, and was not.
#[derive(Debug, Serialize)]
struct CacheCounts {
    hits: u64,
    misses: u64,
}

#[derive(Debug, Serialize)]
struct Nanoseconds {
    compile: u64,
    instantiate: u64,
    run: u64,
    host: u64,
}

impl From<&Metrics> for Figures {
    fn from(metrics: &Metrics) -> Figures {
        let ErrorCounts {
            traps,
            exceptions,
            exhaustions,
            interruptions,
            host_errors,
            panics,
            crashes,
            refusals,
            ..
        } = metrics.errors;
        let count = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let nanoseconds = |times: &Times| Nanoseconds {
            compile: count(times.compile),
            instantiate: count(times.instantiate),
            run: count(times.run),
            host: count(times.host),
        };
        Figures {
            instructions: metrics.instructions,
            gas: metrics.gas,
            calls: metrics.calls,
            host_calls: metrics.host_calls,
            peak_memory_pages: metrics.peak_memory_pages(),
            peak_memory_bytes: metrics.peak_memory_bytes,
            heap_bytes: metrics.heap_bytes,
            peak_heap_bytes: metrics.peak_heap_bytes,
            errors: Errors {
                traps,
                exceptions,
                exhaustions,
                interruptions,
                host_errors,
                panics,
                crashes,
                refusals,
            },
            cache: metrics
                .times
                .is_some()
                .then_some(CacheCounts { hits: metrics.cache_hits, misses: metrics.cache_misses }),
            nanoseconds: metrics.times.as_ref().map(nanoseconds),
        }
    }
}

/// Figures in a line for people.
pub(crate) fn in_words(metrics: &Metrics) -> String {
    let mut parts = vec![
        counted(metrics.calls, "call"),
        counted(metrics.host_calls, "host call"),
        format!("{} of memory", counted(metrics.peak_memory_pages(), "page")),
        format!("{} of heap", counted(metrics.peak_heap_bytes, "byte")),
    ];
    match (metrics.cache_hits, metrics.cache_misses) {
        (0, 0) => {}
        (hits, misses) => {
            let looked_for = counted(hits + misses, "module");
            parts.push(format!("{hits} of {looked_for} from the cache"));
        }
    }
    if let Some(instructions) = metrics.instructions {
        parts.insert(0, counted(instructions, "instruction"));
    }
    parts.join(", ")
}

/// Makes the file of figures, empty, before there are any.
pub(crate) fn begin(path: &Path) -> Result<()> {
    std::fs::write(path, "").with_context(|| path.display().to_string())
}

/// Writes figures to a file.
pub(crate) fn write(path: &Path, metrics: &Metrics) -> Result<()> {
    let mut text = serde_json::to_string_pretty(&Figures::from(metrics))?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
