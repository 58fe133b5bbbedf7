//! The identity of a schedule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes of the digest that an id shows.
const DIGEST_BYTES: usize = 8;

/// The identity of a schedule: `name@version#digest`, for example `etalon-1@2#0123456789abcdef` (§12).
///
/// The digest is the first eight bytes of BLAKE3 over the canonical form, so different schedules with the same name have
/// different ids. Serialized as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScheduleId {
    name: String,
    version: u32,
    digest: [u8; DIGEST_BYTES],
}

/// The text is not a schedule id: it is not `name@version#` and sixteen hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a schedule id (name@version#digest)")]
pub struct ScheduleIdError(String);

impl ScheduleId {
    pub(crate) fn new(name: &str, version: u32, canonical: &[u8]) -> ScheduleId {
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&blake3::hash(canonical).as_bytes()[..DIGEST_BYTES]);
        ScheduleId { name: name.to_owned(), version, digest }
    }

    /// The schedule's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schedule's version.
    pub fn version(&self) -> u32 {
        self.version
    }
}

/// Whether `name` may name a schedule: 1 to 64 of `a-z 0-9 - .`, so that an id needs no escapes.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = u64::from_be_bytes(self.digest);
        write!(f, "{}@{}#{digest:016x}", self.name, self.version)
    }
}

impl FromStr for ScheduleId {
    type Err = ScheduleIdError;

    fn from_str(text: &str) -> Result<ScheduleId, ScheduleIdError> {
        let read = || {
            let (name, rest) = text.split_once('@')?;
            let (version, digest) = rest.split_once('#')?;
            let version = version.parse().ok()?;
            let digest = u64::from_str_radix(digest, 16).ok()?.to_be_bytes();
            is_name(name).then(|| ScheduleId { name: name.to_owned(), version, digest })
        };
        // Comparing with the id written again rejects what number parsers tolerate: signs, leading zeros, capitals.
        read().filter(|id| id.to_string() == text).ok_or_else(|| ScheduleIdError(text.to_owned()))
    }
}

impl TryFrom<String> for ScheduleId {
    type Error = ScheduleIdError;

    fn try_from(text: String) -> Result<ScheduleId, ScheduleIdError> {
        text.parse()
    }
}

impl From<ScheduleId> for String {
    fn from(id: ScheduleId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back() {
        let id = ScheduleId::new("etalon-1", 7, b"prices");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_eq!(ScheduleId::try_from(String::from(id.clone())), Ok(id.clone()));
        assert_ne!(id, ScheduleId::new("etalon-1", 7, b"other prices"));
        assert_ne!(id, ScheduleId::new("etalon-1", 8, b"prices"));
    }

    #[test]
    fn other_spellings_are_refused() {
        let digest = "0123456789abcdef";
        assert!(format!("a@1#{digest}").parse::<ScheduleId>().is_ok());
        let wrong = [
            "".to_owned(),
            "a@1".to_owned(),
            format!("@1#{digest}"),
            format!("a@+1#{digest}"),
            format!("a@01#{digest}"),
            format!("a@4294967296#{digest}"),
            format!("A@1#{digest}"),
            format!("a@1#{}", digest.to_uppercase()),
            format!("a@1#{}", &digest[1..]),
            format!("a@1#{digest}0"),
            format!(" a@1#{digest}"),
        ];
        for text in wrong {
            assert_eq!(text.parse::<ScheduleId>(), Err(ScheduleIdError(text)));
        }
    }
}
