//! The bytes of an entry: a hash, and what it is of.

use std::io;

const MAGIC: &[u8; 8] = b"ETCACHE1";
/// Bytes before the artefact: the magic, and the hash.
const HEAD: usize = MAGIC.len() + blake3::OUT_LEN;

/// The hash is of the key too: an entry under another name is as damaged as one with other bytes.
fn hash(key: &[u8; 32], artefact: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(artefact);
    hasher.finalize()
}

/// What stands before an artefact in its entry.
pub(super) fn head(key: &[u8; 32], artefact: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..MAGIC.len()].copy_from_slice(MAGIC);
    head[MAGIC.len()..].copy_from_slice(hash(key, artefact).as_bytes());
    head
}

/// The artefact in an entry.
pub(super) fn artefact(key: &[u8; 32], mut entry: Vec<u8>) -> io::Result<Vec<u8>> {
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let short = || damaged("an entry of the cache is cut short");
    let (magic, rest) = entry.split_first_chunk::<8>().ok_or_else(short)?;
    let (found, artefact) = rest.split_first_chunk::<{ blake3::OUT_LEN }>().ok_or_else(short)?;
    if magic != MAGIC || hash(key, artefact) != *found {
        return Err(damaged("an entry of the cache is damaged"));
    }
    entry.drain(..HEAD);
    Ok(entry)
}
