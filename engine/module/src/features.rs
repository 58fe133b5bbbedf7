//! Features: which proposals beyond the first version of WebAssembly a module may use.

use serde::{Deserialize, Serialize};
use std::fmt;
use wasmparser::WasmFeatures;

/// A set of features. The versions of the specification are the usual sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Features(#[serde(with = "bits")] WasmFeatures);

/// Every feature that can be enabled or disabled, by name, oldest first. A feature may depend on an earlier one.
const NAMES: &[(&str, WasmFeatures)] = &[
    ("mutable-global", WasmFeatures::MUTABLE_GLOBAL),
    ("nontrapping-float-to-int-conversions", WasmFeatures::SATURATING_FLOAT_TO_INT),
    ("sign-extension-ops", WasmFeatures::SIGN_EXTENSION),
    ("multi-value", WasmFeatures::MULTI_VALUE),
    ("reference-types", WasmFeatures::REFERENCE_TYPES),
    ("bulk-memory", WasmFeatures::BULK_MEMORY),
    ("simd", WasmFeatures::SIMD),
    ("extended-const", WasmFeatures::EXTENDED_CONST),
    ("tail-call", WasmFeatures::TAIL_CALL),
    ("multi-memory", WasmFeatures::MULTI_MEMORY),
    ("memory64", WasmFeatures::MEMORY64),
    ("relaxed-simd", WasmFeatures::RELAXED_SIMD),
    ("exceptions", WasmFeatures::EXCEPTIONS),
    ("function-references", WasmFeatures::FUNCTION_REFERENCES),
    ("gc", WasmFeatures::GC),
    ("threads", WasmFeatures::THREADS),
    ("wide-arithmetic", WasmFeatures::WIDE_ARITHMETIC),
    ("custom-page-sizes", WasmFeatures::CUSTOM_PAGE_SIZES),
    ("legacy-exceptions", WasmFeatures::LEGACY_EXCEPTIONS),
    ("stack-switching", WasmFeatures::STACK_SWITCHING),
    ("custom-descriptors", WasmFeatures::CUSTOM_DESCRIPTORS),
    ("compact-imports", WasmFeatures::COMPACT_IMPORTS),
    ("shared-everything-threads", WasmFeatures::SHARED_EVERYTHING_THREADS),
    ("memory-control", WasmFeatures::MEMORY_CONTROL),
    ("acquire-release-atomics", WasmFeatures::ACQUIRE_RELEASE_ATOMICS),
    ("multibyte-array-access", WasmFeatures::MULTIBYTE_ARRAY_ACCESS),
];

impl Default for Features {
    /// None at all.
    fn default() -> Features {
        Features(WasmFeatures::empty())
    }
}

impl Features {
    /// Version 1.0 of the specification.
    pub fn wasm1() -> Self {
        Features(WasmFeatures::WASM1)
    }

    /// Version 2.0 of the specification, vectors included.
    pub fn wasm2() -> Self {
        Features(WasmFeatures::WASM2)
    }

    /// Version 3.0 of the specification. The decoder's set includes threads; the specification does not.
    pub fn wasm3() -> Self {
        Features(WasmFeatures::WASM3.difference(WasmFeatures::THREADS))
    }

    /// Everything that can be decoded, implemented or not, except `acquire-release-atomics`, which gives
    /// bits of a memory argument's alignment field another meaning.
    pub fn all() -> Self {
        let all = NAMES.iter().fold(WasmFeatures::WASM3, |set, (_, f)| set.union(*f));
        Features(all.difference(WasmFeatures::ACQUIRE_RELEASE_ATOMICS))
    }

    /// The set with one more feature; `None` if there is none of that name.
    #[must_use]
    pub fn with(self, name: &str) -> Option<Self> {
        find(name).map(|f| Features(self.0.union(f)))
    }

    /// The set without a feature; `None` if there is none of that name.
    #[must_use]
    pub fn without(self, name: &str) -> Option<Self> {
        find(name).map(|f| Features(self.0.difference(f)))
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Features(self.0.intersection(other.0))
    }

    /// What is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Features(self.0.union(other.0))
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Features(self.0.difference(other.0))
    }

    /// Whether every feature of the other set is in this one.
    pub fn contains(self, other: Self) -> bool {
        self.0.contains(other.0)
    }

    /// Names of the features in the set, oldest first.
    pub fn names(self) -> Vec<&'static str> {
        NAMES.iter().filter(|(_, f)| self.0.contains(*f)).map(|(name, _)| *name).collect()
    }

    /// Every name that [`Features::with`] knows.
    pub fn all_names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    pub(crate) fn wasm(self) -> WasmFeatures {
        self.0
    }

    /// The features that have a name among the decoder's flags.
    pub(crate) fn of_decoder(flags: WasmFeatures) -> Features {
        let named = NAMES.iter().fold(WasmFeatures::empty(), |set, (_, f)| set.union(*f));
        Features(flags.intersection(named))
    }

    /// Name of a single feature of the decoder.
    pub(crate) fn name_of(feature: WasmFeatures) -> &'static str {
        NAMES
            .iter()
            .find(|(_, f)| f.contains(feature) || feature.contains(*f))
            .map_or("unknown", |(name, _)| name)
    }
}

fn find(name: &str) -> Option<WasmFeatures> {
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_switch_single_features() {
        let set = Features::wasm2().without("simd").unwrap();
        assert!(!set.names().contains(&"simd"));
        assert!(set.names().contains(&"bulk-memory"));
        assert_eq!(set.with("simd").unwrap(), Features::wasm2());
        assert!(set.with("no-such-feature").is_none());
        assert!(Features::all().contains(Features::wasm3()));
        assert!(!Features::wasm3().names().contains(&"threads"));
        assert_eq!(Features::wasm3().names().len(), 15);
    }
}

/// Features in what is written: as the numbers that they have in this build.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use wasmparser::WasmFeatures;

    pub(crate) fn serialize<S: Serializer>(
        features: &WasmFeatures,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        features.bits().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<WasmFeatures, D::Error> {
        Ok(WasmFeatures::from_bits_truncate(Deserialize::deserialize(deserializer)?))
    }
}
