//! A charge as one addition to the register that is kept for the gas, and a branch.
//!
//! The code generator computes in registers of its own: it copies the kept register, adds to the copy, traps if that carries, and copies it
//! back. Nothing else reads the copy. So this is written again, in the same place, without copies: half the instructions, in every turn of a
//! loop. Code has other bytes that may look like this, as parts of numbers: only what was marked as a charge is looked at, from where
//! its first instruction begins.

use cranelift_codegen::ir::SourceLoc;

/// What marks the place of an instruction as that of a charge: modules are shorter than this.
const CHARGE: u32 = 1 << 31;

/// The place of a charge before the instruction at a place.
pub(super) fn mark(place: SourceLoc) -> SourceLoc {
    SourceLoc::new(place.bits() | CHARGE)
}

/// The place of an instruction, and whether a charge before it was meant.
pub(super) fn unmarked(place: SourceLoc) -> (SourceLoc, bool) {
    let is_charge = !place.is_default() && place.bits() & CHARGE != 0;
    (if is_charge { SourceLoc::new(place.bits() & !CHARGE) } else { place }, is_charge)
}

/// Bytes of a branch to the trap, and of a copy.
const BRANCH: usize = 6;
const COPY: usize = 3;

/// Writes a charge without copies, if it is one. The code begins with it.
pub(super) fn shorten(code: &mut [u8]) {
    let Some((add, target)) = charge(code) else { return };
    // What ends earlier by so many bytes branches further.
    let now = add.bytes.len() + BRANCH;
    let target = target + (COPY + add.was + BRANCH - now) as i32;
    let pad: &[u8] = match COPY + add.was + BRANCH + COPY - now {
        5 => &[0x0f, 0x1f, 0x44, 0x00, 0x00],
        6 => &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
        _ => return,
    };
    let new = [&add.bytes[..], &[0x0f, 0x82], &target.to_le_bytes(), pad].concat();
    code[..new.len()].copy_from_slice(&new);
}

/// An addition to the register that is kept.
struct Add {
    bytes: Vec<u8>,
    /// Bytes of the addition to a copy.
    was: usize,
}

/// The addition that a charge makes and where it branches, if code begins with a charge: `mov x, r15`, `add x, cost`, `jb target`,
/// `mov r15, x`.
fn charge(code: &[u8]) -> Option<(Add, i32)> {
    let (copy, rest) = code.split_first_chunk::<COPY>()?;
    let [0x4c | 0x4d, 0x89, modrm @ 0xf8..=0xff] = *copy else { return None };
    let (high, low) = (copy[0] & 1, modrm & 7);
    let (add, rest) = match *rest {
        [rex, 0x83, to, cost, ..] if rex == 0x48 | high && to == 0xc0 | low => {
            (Add { bytes: vec![0x49, 0x83, 0xc7, cost], was: 4 }, &rest[4..])
        }
        [rex, 0x81, to, a, b, c, d, ..] if rex == 0x48 | high && to == 0xc0 | low => {
            (Add { bytes: vec![0x49, 0x81, 0xc7, a, b, c, d], was: 7 }, &rest[7..])
        }
        // The first register has a form of its own.
        [0x48, 0x05, a, b, c, d, ..] if (high, low) == (0, 0) => {
            (Add { bytes: vec![0x49, 0x81, 0xc7, a, b, c, d], was: 6 }, &rest[6..])
        }
        _ => return None,
    };
    let [0x0f, 0x82, a, b, c, d, ref back @ ..] = *rest else { return None };
    let back = back.first_chunk::<COPY>()?;
    let is_back = *back == [0x49 | high << 2, 0x89, 0xc7 | low << 3];
    is_back.then_some((add, i32::from_le_bytes([a, b, c, d])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A charge through a register, as the code generator writes it, and more code behind it.
    fn through(register: u8, cost: &[u8], target: i32) -> Vec<u8> {
        let (high, low) = (register >> 3, register & 7);
        let add = match (cost.len(), register) {
            (1, _) => vec![0x48 | high, 0x83, 0xc0 | low],
            (_, 0) => vec![0x48, 0x05],
            _ => vec![0x48 | high, 0x81, 0xc0 | low],
        };
        let copy = [0x4c | high, 0x89, 0xf8 | low];
        let back = [0x49 | high << 2, 0x89, 0xc7 | low << 3];
        [&copy, &add[..], cost, &[0x0f, 0x82], &target.to_le_bytes(), &back, &[0xc3; 3]].concat()
    }

    /// The place that a branch leads to which ends before a place.
    fn leads_to(code: &[u8], end: usize) -> i64 {
        let target = code[..end].last_chunk().map_or(0, |target| i32::from_le_bytes(*target));
        end as i64 + i64::from(target)
    }

    #[test]
    fn a_charge_adds_to_the_register_and_branches_to_the_same_place() {
        for register in 0..15 {
            for cost in [&[7][..], &[0x80, 1, 0, 0]] {
                let before = through(register, cost, 1000);
                let mut code = before.clone();
                shorten(&mut code);
                let form = if cost.len() == 1 { 0x83 } else { 0x81 };
                let add = [&[0x49, form, 0xc7], cost].concat();
                let end = add.len() + BRANCH;
                assert_eq!(code[..add.len()], add, "{register}");
                assert_eq!(code[add.len()..][..2], [0x0f, 0x82], "{register}");
                let was = before.len() - 3 - COPY;
                assert_eq!(leads_to(&code, end), leads_to(&before, was), "{register}");
                // What is left does nothing, up to where the charge ended.
                let pad = code[end..code.len() - 3].iter().skip_while(|byte| **byte == 0x66);
                assert!(pad.eq(&[0x0f, 0x1f, 0x44, 0, 0]), "{register}: {code:x?}");
                assert_eq!(code[code.len() - 3..], [0xc3; 3], "{register}");
            }
        }
    }

    #[test]
    fn what_is_no_charge_stays() {
        let good = through(3, &[7], 1000);
        for at in [0, 1, 2, 3, 4, 5, 7, 8, 13, 14, 15] {
            let mut code = good.clone();
            code[at] ^= 0x08;
            let before = code.clone();
            shorten(&mut code);
            assert_eq!(code, before, "byte {at}");
        }
        for len in 0..16 {
            let mut code = good[..len].to_vec();
            shorten(&mut code);
            assert_eq!(code, good[..len]);
        }
    }

    #[test]
    fn a_mark_says_what_place_it_is_on() {
        for place in [0, 1, 1 << 30].map(SourceLoc::new) {
            assert_eq!(unmarked(mark(place)), (place, true));
            assert_eq!(unmarked(place), (place, false));
        }
        assert_eq!(unmarked(SourceLoc::default()), (SourceLoc::default(), false));
    }
}
