//! What the processor has, for the record: figures of machines with other features are not alike.

/// Features that code generators ask for.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! having {
    ($is:ident: $($name:tt)*) => {
        [$(($name, std::arch::$is!($name))),*]
    };
}

/// The features of this processor, by name.
pub(super) fn features() -> Vec<String> {
    #[cfg(target_arch = "x86_64")]
    let all = having!(is_x86_feature_detected:
        "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "bmi1" "bmi2" "fma" "lzcnt" "avx512f");
    #[cfg(target_arch = "aarch64")]
    let all = having!(is_aarch64_feature_detected: "lse" "paca" "fp16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let all: [(&str, bool); 0] = [];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
}
