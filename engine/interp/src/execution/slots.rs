//! Reading and writing slots.

use super::flow::{Slots, WINDOW};

/// What one slot holds.
pub(crate) trait Number: Copy {
    fn from_slot(slot: u64) -> Self;
    fn to_slot(self) -> u64;
}

macro_rules! number {
    ($($t:ty: |$slot:ident| $from:expr, |$value:ident| $to:expr;)*) => {$(
        impl Number for $t {
            #[inline(always)]
            fn from_slot($slot: u64) -> Self {
                $from
            }
            #[inline(always)]
            fn to_slot(self) -> u64 {
                let $value = self;
                $to
            }
        }
    )*};
}

number! {
    u8: |slot| slot as u8, |value| value.into();
    u16: |slot| slot as u16, |value| value.into();
    u32: |slot| slot as u32, |value| value.into();
    u64: |slot| slot, |value| value;
    f32: |slot| f32::from_bits(slot as u32), |value| value.to_bits().into();
    f64: |slot| f64::from_bits(slot), |value| value.to_bits();
    bool: |slot| slot as u32 != 0, |value| value.into();
}

/// What a constant operand of 32 bits stands for.
pub(crate) trait Constant {
    fn constant(bits: u32) -> Self;
}

impl Constant for u32 {
    #[inline(always)]
    fn constant(bits: u32) -> u32 {
        bits
    }
}

impl Constant for u64 {
    #[inline(always)]
    fn constant(bits: u32) -> u64 {
        bits as i32 as u64
    }
}

/// The place of a slot. Preparation names slots of the window only, so nothing is cut off; that spares the check.
#[inline(always)]
fn place(at: u16) -> usize {
    usize::from(at) & (WINDOW - 1)
}

#[inline(always)]
pub(crate) fn get<T: Number>(slots: &Slots, at: u16) -> T {
    T::from_slot(slots[place(at)].get())
}

#[inline(always)]
pub(crate) fn set<T: Number>(slots: &Slots, at: u16, value: T) {
    slots[place(at)].set(value.to_slot());
}

/// The vector in two slots.
#[inline(always)]
pub(crate) fn get_vector(slots: &Slots, at: u16) -> u128 {
    let at = place(at);
    u128::from(slots[at].get()) | u128::from(slots[at + 1].get()) << 64
}

#[inline(always)]
pub(crate) fn set_vector(slots: &Slots, at: u16, value: u128) {
    let at = place(at);
    slots[at].set(value as u64);
    slots[at + 1].set((value >> 64) as u64);
}
