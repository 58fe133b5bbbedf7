//! Settings of engines that are linked, as their names say them.

use crate::adapter::AdapterError;
use std::collections::BTreeMap;

/// A setting, and its values besides the usual one.
pub(super) type Known = (&'static str, &'static [&'static str]);

/// What ends calls that have no end: an engine's own meter. This is what each call has.
pub(super) const FUEL: u64 = 100_000_000;

/// Reads settings: each must be known.
pub(super) fn read(
    engine: &str,
    known: &[Known],
    settings: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, String>, AdapterError> {
    let mut read = BTreeMap::new();
    for (key, value) in settings {
        let values = known.iter().find(|(name, _)| name == key).map(|(_, values)| values);
        if values.is_some_and(|values| values.contains(value)) {
            read.insert((*key).to_owned(), (*value).to_owned());
            continue;
        }
        let all = known.iter().map(|(name, values)| format!("{name}={}", values.join("|")));
        let all: Vec<String> = all.collect();
        let reason = format!("no setting {key}={value}; there are {}", all.join(", "));
        return Err(AdapterError { engine: engine.to_owned(), reason });
    }
    Ok(read)
}

/// Whether a setting has a value.
pub(super) fn is(settings: &BTreeMap<String, String>, key: &str, value: &str) -> bool {
    settings.get(key).is_some_and(|set| set == value)
}
