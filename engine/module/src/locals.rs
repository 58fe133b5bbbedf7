//! Declared locals (specification: *Binary Format*, "Code Section"): as many as are said to be of each type.

use crate::types::ValType;
use serde::{Deserialize, Serialize};

/// The declared locals of a function, without its parameters. They are kept as the format has them, because a few bytes may
/// declare 50,000.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredLocals {
    runs: Box<[(u32, ValType)]>,
    count: usize,
    slots: usize,
}

impl DeclaredLocals {
    /// So many of each type, one after the other.
    pub fn new(runs: Vec<(u32, ValType)>) -> DeclaredLocals {
        let count = runs.iter().map(|(count, _)| *count as usize).sum();
        let slots = runs.iter().map(|(count, ty)| *count as usize * ty.slots()).sum();
        DeclaredLocals { runs: runs.into(), count, slots }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many slots they take.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The type of each.
    pub fn iter(&self) -> impl Iterator<Item = ValType> + Clone + '_ {
        self.runs.iter().flat_map(|(count, ty)| std::iter::repeat_n(*ty, *count as usize))
    }

    /// The types of some, whose numbers are given in ascending order, with their numbers. It takes no time for those between.
    pub fn some(&self, numbers: impl Iterator<Item = u32>) -> impl Iterator<Item = (u32, ValType)> {
        let (mut runs, mut end) = (self.runs.iter(), 0u64);
        let mut ty = None;
        numbers.map_while(move |number| {
            while u64::from(number) >= end {
                let (count, next) = runs.next()?;
                end += u64::from(*count);
                ty = Some(*next);
            }
            Some((number, ty?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_and_some() {
        let locals =
            DeclaredLocals::new(vec![(2, ValType::I32), (0, ValType::F32), (3, ValType::V128)]);
        let all: Vec<ValType> = locals.iter().collect();
        assert_eq!(all, [[ValType::I32; 2].as_slice(), &[ValType::V128; 3]].concat());
        assert_eq!((locals.len(), locals.slots()), (5, 8));
        let some: Vec<_> = locals.some([0, 1, 2, 4, 5].into_iter()).collect();
        let expected =
            [(0, ValType::I32), (1, ValType::I32), (2, ValType::V128), (4, ValType::V128)];
        assert_eq!(some, expected);
        assert!(DeclaredLocals::default().is_empty());
    }
}
