//! Which parts two engines share: what their agreement proves.

use serde::{Deserialize, Serialize};

use crate::{EngineInfo, role};

/// Whether two engines use the same code in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// Different code: a fault in either shows as a difference.
    Separate,
    /// The same code in another version: a fault that both versions have does not show.
    OtherVersion,
    /// The same code: a fault in it shows in neither.
    Shared,
    /// Only the first engine has such a part: a fault in it shows.
    OnlyFirst,
    /// Only the second engine has such a part: a fault in it shows.
    OnlySecond,
    /// Only one engine has such a part, and what it does has no counterpart in the other: gas of an engine that does
    /// not meter by our schedules.
    NotCompared,
}

/// What two engines use in one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedParts {
    /// The names of the two engines.
    pub engines: [String; 2],
    /// One entry for each role that either has, in the order of the first engine's parts.
    pub roles: Vec<SharedRole>,
}

/// One role of two engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedRole {
    /// The role.
    pub role: String,
    /// How they stand to each other.
    pub sharing: Sharing,
    /// What the first engine uses; absent if it has no such part.
    pub first: Option<String>,
    /// What the second engine uses; absent if it has no such part.
    pub second: Option<String>,
}

/// Compares the parts of two engines, role by role.
#[must_use]
pub fn shared_parts(first: &EngineInfo, second: &EngineInfo) -> SharedParts {
    let mut roles: Vec<SharedRole> = Vec::new();
    for part in &first.parts {
        let other = second.parts.iter().find(|other| other.role == part.role);
        let sharing = match other {
            None if is_gas(&part.role) => Sharing::NotCompared,
            None => Sharing::OnlyFirst,
            Some(other) if other.by == part.by => Sharing::Shared,
            Some(other) if other.origin() == part.origin() => Sharing::OtherVersion,
            Some(_) => Sharing::Separate,
        };
        roles.push(SharedRole {
            role: part.role.clone(),
            sharing,
            first: Some(part.by.clone()),
            second: other.map(|other| other.by.clone()),
        });
    }
    for part in &second.parts {
        if first.parts.iter().all(|other| other.role != part.role) {
            roles.push(SharedRole {
                role: part.role.clone(),
                sharing: if is_gas(&part.role) {
                    Sharing::NotCompared
                } else {
                    Sharing::OnlySecond
                },
                first: None,
                second: Some(part.by.clone()),
            });
        }
    }
    SharedParts { engines: [first.name.clone(), second.name.clone()], roles }
}

/// A missing code generator changes nothing in what is compared; a missing meter leaves nothing to compare.
fn is_gas(name: &str) -> bool {
    name == role::GAS_SCHEDULE || name == role::GAS_CHARGING
}

impl SharedParts {
    /// The roles with this relation.
    pub fn with(&self, sharing: Sharing) -> impl Iterator<Item = &SharedRole> {
        self.roles.iter().filter(move |role| role.sharing == sharing)
    }

    /// Whether one of the engines does not name its parts, so that nothing can be concluded.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.roles.iter().all(|v| v.first.is_none())
            || self.roles.iter().all(|v| v.second.is_none())
    }

    /// What the agreement of the two engines proves, in one or two sentences.
    #[must_use]
    pub fn conclusion(&self) -> String {
        let [first, second] = &self.engines;
        if self.is_unknown() {
            return format!(
                "The parts of {first} or {second} are not known: what they share cannot be told."
            );
        }
        let roles = |wanted: &[Sharing]| -> Vec<&str> {
            self.roles
                .iter()
                .filter(|v| wanted.contains(&v.sharing))
                .map(|v| v.role.as_str())
                .collect()
        };
        let seen = roles(&[Sharing::Separate, Sharing::OnlyFirst, Sharing::OnlySecond]);
        let unseen = roles(&[Sharing::Shared]);
        let doubtful = roles(&[Sharing::OtherVersion]);
        let absent = roles(&[Sharing::NotCompared]);
        let mut text = if seen.is_empty() {
            "Agreement proves nothing: no part is separate.".to_owned()
        } else {
            format!("Agreement is evidence for {}.", list(&seen))
        };
        if !unseen.is_empty() {
            text.push_str(&format!(" It says nothing about {}, which they share.", list(&unseen)));
        }
        if !doubtful.is_empty() {
            text.push_str(&format!(
                " It says little about {}: two versions of one code.",
                list(&doubtful)
            ));
        }
        if !absent.is_empty() {
            text.push_str(&format!(" Not compared: {}.", list(&absent)));
        }
        text
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sharing, shared_parts};
    use crate::{EngineInfo, role};

    fn interp() -> EngineInfo {
        EngineInfo::new("interp", "0.1.0")
            .with_part(role::DECODE_VALIDATE, "wasmparser 0.263.0")
            .with_part(role::STORE, "etalon-runtime")
            .with_part(role::SEMANTICS, "etalon-interp")
    }

    fn jit() -> EngineInfo {
        EngineInfo::new("jit", "0.1.0")
            .with_part(role::DECODE_VALIDATE, "wasmparser 0.263.0")
            .with_part(role::STORE, "etalon-runtime")
            .with_part(role::SEMANTICS, "etalon-jit")
            .with_part(role::CODE_GENERATOR, "cranelift 0.135.8")
    }

    fn wasmtime() -> EngineInfo {
        EngineInfo::new("wasmtime", "48.0.0")
            .with_part(role::DECODE_VALIDATE, "wasmparser 0.262.1")
            .with_part(role::STORE, "wasmtime")
            .with_part(role::SEMANTICS, "wasmtime")
            .with_part(role::CODE_GENERATOR, "cranelift 0.135.8")
    }

    #[test]
    fn the_own_tiers_share_all_but_semantics() {
        let parts = shared_parts(&interp(), &jit());
        let sharings: Vec<_> = parts.roles.iter().map(|v| v.sharing).collect();
        assert_eq!(
            sharings,
            [Sharing::Shared, Sharing::Shared, Sharing::Separate, Sharing::OnlySecond]
        );
        assert_eq!(
            parts.conclusion(),
            "Agreement is evidence for semantics and code generator. \
             It says nothing about decode+validate and store, which they share."
        );
    }

    #[test]
    fn another_version_is_neither_shared_nor_separate() {
        let parts = shared_parts(&jit(), &wasmtime());
        assert_eq!(
            parts.with(Sharing::OtherVersion).map(|v| v.role.as_str()).collect::<Vec<_>>(),
            ["decode+validate"]
        );
        assert_eq!(
            parts.with(Sharing::Shared).map(|v| v.role.as_str()).collect::<Vec<_>>(),
            ["code generator"]
        );
        assert!(
            parts
                .conclusion()
                .ends_with("It says little about decode+validate: two versions of one code.")
        );
    }

    #[test]
    fn gas_that_only_one_engine_meters_is_not_evidence() {
        let metered = interp().with_part(role::GAS_CHARGING, "etalon-interp");
        for parts in [shared_parts(&metered, &wasmtime()), shared_parts(&wasmtime(), &metered)] {
            assert_eq!(parts.with(Sharing::NotCompared).count(), 1);
            assert!(
                parts.conclusion().ends_with("Not compared: gas charging."),
                "{}",
                parts.conclusion()
            );
        }
    }

    #[test]
    fn an_engine_that_says_nothing_proves_nothing() {
        let parts = shared_parts(&interp(), &EngineInfo::new("cmd:other", "?"));
        assert!(parts.is_unknown());
        assert!(parts.conclusion().contains("cannot be told"));
    }

    #[test]
    fn an_engine_against_itself_proves_nothing() {
        assert!(shared_parts(&jit(), &jit()).conclusion().starts_with("Agreement proves nothing"));
    }
}
