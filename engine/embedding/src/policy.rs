//! What a guest may import: a list that an auditor can read.
//!
//! A policy allows pairs of names and denies pairs of names. An import is let through if a rule of `allow` matches it and none of
//! `deny` does; the order of the rules means nothing, and what no rule speaks of is forbidden. In a pattern `*` stands for any
//! characters, also for none, and everything else for itself; both names must match.
//!
//! ```
//! use etalon::{Engine, LinkError, Linker, Module, Policy, Store};
//!
//! let policy = Policy::from_toml(r#"
//!     name = "plugins"
//!     [allow]
//!     env = ["log", "file_*"]
//!     [deny]
//!     "*" = ["*_delete"]
//! "#)?;
//! let engine = Engine::default();
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("env", "log", |_: i32| {})?.func_wrap("env", "file_delete", |_: i32| {})?;
//! linker.policy(policy);
//!
//! let mut store = Store::new(&engine, ());
//! let module = Module::new(&engine, r#"(module (import "env" "file_delete" (func (param i32))))"#)?;
//! let error = linker.instantiate(&mut store, &module).unwrap_err();
//! assert!(matches!(error.downcast_ref(), Some(LinkError::Forbidden { .. })));
//! assert_eq!(
//!     error.to_string(),
//!     r#"import "env" "file_delete" is forbidden by policy "plugins": deny "*" "*_delete""#
//! );
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::module::Module;
use etalon_runtime::LinkError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Patterns of the second name, by patterns of the first.
type Patterns = BTreeMap<String, BTreeSet<String>>;

/// What a guest may import. See [`Linker::policy`](crate::Linker::policy).
///
/// Two policies are equal if they have the same name and rules; it is printed as the TOML that [`Policy::from_toml`] reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    name: String,
    #[serde(default)]
    allow: Patterns,
    #[serde(default)]
    deny: Patterns,
}

/// Which list of a policy a rule is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyList {
    /// What may be imported.
    Allow,
    /// What may not, whatever else allows it.
    Deny,
}

/// A rule of a policy: a list, and patterns for the two names of an import.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRule {
    /// The list that it is of.
    pub list: PolicyList,
    /// The pattern of the first name.
    pub module: String,
    /// The pattern of the second name.
    pub name: String,
}

/// What a policy says of an import.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// This rule allows it, and none denies it.
    Allowed(PolicyRule),
    /// This rule denies it.
    Denied(PolicyRule),
    /// No rule allows it.
    NotAllowed,
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a policy: {0}")]
pub struct PolicyError(String);

impl Policy {
    /// A policy that allows nothing yet. Its name, which may be any text, is told where it forbids an import.
    pub fn new(name: impl Into<String>) -> Policy {
        Policy { name: name.into(), allow: Patterns::new(), deny: Patterns::new() }
    }

    /// Reads a policy: a name, and the tables `allow` and `deny`, each of which has lists of patterns of second names by
    /// patterns of first names. A table that is left out is empty.
    ///
    /// # Errors
    /// If the text is no TOML, has other fields, or gives no name. A name that is empty is one, as for [`Policy::new`]: every policy
    /// can be written and read again.
    pub fn from_toml(text: &str) -> Result<Policy, PolicyError> {
        toml::from_str(text).map_err(|error| PolicyError(error.to_string()))
    }

    /// Allows what matches both patterns.
    #[must_use]
    pub fn allow(mut self, module: &str, name: &str) -> Policy {
        self.allow.entry(module.to_owned()).or_default().insert(name.to_owned());
        self
    }

    /// Denies what matches both patterns, whatever else allows it.
    #[must_use]
    pub fn deny(mut self, module: &str, name: &str) -> Policy {
        self.deny.entry(module.to_owned()).or_default().insert(name.to_owned());
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules: first all that deny, then all that allow, each list by the patterns.
    pub fn rules(&self) -> impl Iterator<Item = PolicyRule> {
        let of = |list, patterns| rules_of(list, patterns).map(PolicyRule::from);
        of(PolicyList::Deny, &self.deny).chain(of(PolicyList::Allow, &self.allow))
    }

    /// A hash of the name and the rules, for records: equal for equal policies, on every machine.
    pub fn digest(&self) -> String {
        blake3::hash(self.to_string().as_bytes()).to_hex().to_string()
    }

    /// What it says of the import of two names. Names are compared as they are: letters of another case and other forms of
    /// the same character are other names.
    pub fn judge(&self, module: &str, name: &str) -> Judgement {
        let first = |list, patterns| {
            let fits = |rule: &Borrowed<'_>| matches(rule.1, module) && matches(rule.2, name);
            rules_of(list, patterns).find(fits).map(PolicyRule::from)
        };
        if let Some(rule) = first(PolicyList::Deny, &self.deny) {
            return Judgement::Denied(rule);
        }
        first(PolicyList::Allow, &self.allow).map_or(Judgement::NotAllowed, Judgement::Allowed)
    }

    /// Whether a module may be linked under this policy, whatever its imports are defined as: functions, memories, tables,
    /// globals and tags alike.
    ///
    /// # Errors
    /// [`LinkError::Forbidden`] with the first import that it forbids.
    pub fn check(&self, module: &Module) -> Result<(), LinkError> {
        let imports = &module.data().imports;
        imports.iter().try_for_each(|import| self.check_import(&import.module, &import.name))
    }

    pub(crate) fn check_import(&self, module: &str, name: &str) -> Result<(), LinkError> {
        let judgement = self.judge(module, name);
        if judgement.is_allowed() {
            return Ok(());
        }
        Err(LinkError::Forbidden {
            module: module.to_owned(),
            name: name.to_owned(),
            policy: self.name.clone(),
            rule: judgement.to_string(),
        })
    }
}

/// A rule that is still in its policy.
type Borrowed<'a> = (PolicyList, &'a str, &'a str);

fn rules_of(list: PolicyList, patterns: &Patterns) -> impl Iterator<Item = Borrowed<'_>> {
    patterns.iter().flat_map(move |(module, names)| {
        names.iter().map(move |name| (list, module.as_str(), name.as_str()))
    })
}

impl From<Borrowed<'_>> for PolicyRule {
    fn from((list, module, name): Borrowed<'_>) -> PolicyRule {
        PolicyRule { list, module: module.to_owned(), name: name.to_owned() }
    }
}

impl Judgement {
    /// Whether the import is let through.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Judgement::Allowed(_))
    }
}

/// Whether a pattern stands for a text. A star first stands for nothing, and for one character more each time that what comes
/// behind it does not fit: only the last star need ever be looked at again.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (p, t) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&toml::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Policy, PolicyError> {
        Policy::from_toml(text)
    }
}

impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.list == PolicyList::Allow { "allow" } else { "deny" };
        write!(f, "{list} {:?} {:?}", self.module, self.name)
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Judgement::Allowed(rule) | Judgement::Denied(rule) => rule.fmt(f),
            Judgement::NotAllowed => f.write_str("no rule allows it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_all_else_itself() {
        let rows = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "::*\0é", true),
            ("fd_*", "fd_", true),
            ("fd_*", "fd_read", true),
            ("fd_*", "FD_read", false),
            ("fd_*", "xfd_read", false),
            ("*_get", "clock_time_get", true),
            ("*_get", "clock_time_get_", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*a*a*a*", "aa", false),
            ("a?[b]", "a?[b]", true),
            ("a?[b]", "axb", false),
            ("é*", "é", true),
            ("**", "", true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} and {text:?}");
        }
        // What would take other ways of matching an age.
        assert!(!matches(&"*a".repeat(200), &"a".repeat(100).repeat(100).replace('a', "ab")));
    }
}
