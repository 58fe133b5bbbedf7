//! Choices that bytes decide.

use arbitrary::Unstructured;

/// Choices, decided by bytes. When the bytes have run out, each choice is the first, which is the simplest.
#[derive(Debug)]
pub(crate) struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Choices(Unstructured::new(bytes))
    }

    /// Whether no bytes are left.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below `n`; 0 if `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        match u32::try_from(n) {
            Ok(n) if n > 1 => self.0.int_in_range(0..=n - 1).unwrap_or(0) as usize,
            _ => 0,
        }
    }

    /// Yes, in so many of a hundred cases; no, when the bytes have run out.
    pub(crate) fn percent(&mut self, yes: usize) -> bool {
        self.below(100) >= 100 - yes
    }

    /// One of a list that is not empty.
    pub(crate) fn of<'b, T>(&mut self, list: &'b [T]) -> &'b T {
        &list[self.below(list.len())]
    }

    /// Arbitrary bits.
    pub(crate) fn bits(&mut self) -> u128 {
        self.0.arbitrary().unwrap_or(0)
    }
}
