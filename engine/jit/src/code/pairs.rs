//! Numbers by place, packed: where in code what may trap, and which instruction the code is of.

use etalon_module::Bytes;

/// How many pairs are found by unpacking; the blocks before are skipped.
const BLOCK: usize = 64;
/// Bytes of the row of a block: its first place, and where its pairs begin.
const ROW: usize = 8;

/// Pairs of a place and a number, ascending by place, as bytes: the number of blocks, a row for each, then the pairs. Each pair is its
/// distance from the one before, or from the place of the row and the number 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Bytes);

impl Pairs {
    /// Packs pairs.
    pub(crate) fn pack(pairs: &[(u32, u32)]) -> Vec<u8> {
        let blocks = pairs.chunks(BLOCK);
        let (mut rows, mut packed) = (Vec::new(), Vec::new());
        rows.extend((blocks.len() as u32).to_le_bytes());
        for block in blocks {
            let mut last = (block[0].0, 0);
            rows.extend(last.0.to_le_bytes());
            rows.extend((packed.len() as u32).to_le_bytes());
            for (place, number) in block {
                put(&mut packed, place.wrapping_sub(last.0));
                let step = number.wrapping_sub(last.1).cast_signed();
                put(&mut packed, (step << 1 ^ step >> 31).cast_unsigned());
                last = (*place, *number);
            }
        }
        rows.extend(packed);
        rows
    }

    /// Of bytes that were packed.
    pub(crate) fn new(bytes: Bytes) -> Pairs {
        Pairs(bytes)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last pair whose place is not after another. Bytes that nobody packed give no pair, or a wrong one.
    pub(crate) fn last_until(&self, place: u32) -> Option<(u32, u32)> {
        let (blocks, rest) = self.0.split_first_chunk::<4>()?;
        let (rows, packed) = rest.split_at_checked(u32::from_le_bytes(*blocks) as usize * ROW)?;
        let rows = rows.as_chunks::<ROW>().0;
        let number = |row: &[u8; ROW], at: usize| {
            u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]])
        };
        let after = rows.partition_point(|row| number(row, 0) <= place);
        let row = rows.get(after.checked_sub(1)?)?;
        let mut packed = packed.get(number(row, 4) as usize..)?;
        let (mut last, mut found) = ((number(row, 0), 0u32), None);
        for _ in 0..BLOCK {
            // The last block may be shorter.
            let Some((ahead, step)) = take(&mut packed).zip(take(&mut packed)) else { break };
            let step = (step >> 1).cast_signed() ^ -((step & 1).cast_signed());
            last = (last.0.wrapping_add(ahead), last.1.wrapping_add(step.cast_unsigned()));
            if last.0 > place {
                break;
            }
            found = Some(last);
        }
        found
    }
}

/// Seven bits to a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_finds_the_pair_before_it() {
        for count in [0, 1, 2, 63, 64, 65, 128, 1000] {
            let number = |i: u32| match i % 7 {
                0 => u32::MAX,
                1 => 0,
                _ => i.wrapping_mul(2_654_435_761),
            };
            let place = |i: u32| 3 * i + i * i % 3 + if i > 500 { 1 << 30 } else { 5 };
            let all: Vec<(u32, u32)> = (0..count).map(|i| (place(i), number(i))).collect();
            let pairs = Pairs::new(Pairs::pack(&all).into());
            for (at, pair) in all.iter().enumerate() {
                let next = all.get(at + 1).map_or(u32::MAX, |next| next.0 - 1);
                let before = at.checked_sub(1).map(|at| all[at]);
                assert_eq!(pairs.last_until(pair.0), Some(*pair));
                assert_eq!(pairs.last_until(next), Some(*pair));
                assert_eq!(pairs.last_until(pair.0 - 1), before);
            }
        }
        assert_eq!(Pairs::default().last_until(7), None);
    }

    #[test]
    fn damaged_bytes_end_with_an_answer() {
        let all: Vec<(u32, u32)> = (0..200).map(|i| (2 * i, i)).collect();
        let good = Pairs::pack(&all);
        for at in 0..good.len() {
            for byte in [0, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                bad.truncate(bad.len() - at % 5);
                Pairs::new(bad.into()).last_until(at as u32);
            }
        }
    }
}
