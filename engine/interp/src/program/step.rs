//! Steps: operations as they are executed.

use crate::execution::Handler;

/// An operation, ready to be executed: the function that executes it, and its operands, which mean to it what it wants.
/// Most operations have the slot of their result in `x` and those of their operands in `y` and `z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) handler: Handler,
    pub(crate) x: u16,
    pub(crate) y: u16,
    pub(crate) z: u32,
}

impl Step {
    /// The lower half of `z`: the slot of an operand.
    #[inline(always)]
    pub(crate) fn b(&self) -> u16 {
        self.z as u16
    }

    /// The upper half of `z`: the slot of a third operand, or a lane.
    #[inline(always)]
    pub(crate) fn c(&self) -> u16 {
        (self.z >> 16) as u16
    }

    /// `x` and `y` as one number, for slots at which calls and rare operations begin.
    #[inline(always)]
    pub(crate) fn wide(&self) -> u32 {
        u32::from(self.x) | u32::from(self.y) << 16
    }

    /// All operands as one number.
    #[inline(always)]
    pub(crate) fn word(&self) -> u64 {
        u64::from(self.wide()) | u64::from(self.z) << 32
    }

    pub(crate) fn with_wide(handler: Handler, wide: u32, z: u32) -> Step {
        Step { handler, x: wide as u16, y: (wide >> 16) as u16, z }
    }

    pub(crate) fn with_word(handler: Handler, word: u64) -> Step {
        Step::with_wide(handler, word as u32, (word >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_small() {
        assert_eq!(size_of::<Step>(), 16);
    }
}
