//! The types of functions that are added.

use crate::convert;
use etalon_module::ValType;
use std::collections::HashMap;
use wasm_encoder as we;

/// Types behind those of the module: first that of a function of one `i64`, then those of blocks with several results.
#[derive(Debug)]
pub(crate) struct BlockTypes {
    first: u32,
    /// By the type of a function: that of a block with its results.
    numbers: HashMap<u32, u32>,
    results: Vec<Box<[ValType]>>,
}

impl BlockTypes {
    pub(crate) fn behind(first: u32) -> BlockTypes {
        BlockTypes { first, numbers: HashMap::new(), results: Vec::new() }
    }

    /// The type of a block with the results of a function of this type.
    pub(crate) fn of(&mut self, ty: u32, results: &[ValType]) -> we::BlockType {
        match results {
            [] => we::BlockType::Empty,
            [one] => we::BlockType::Result(convert::val_type(*one)),
            many => we::BlockType::FunctionType(self.number(ty, many)),
        }
    }

    fn number(&mut self, ty: u32, results: &[ValType]) -> u32 {
        let next = self.first + 1 + self.results.len() as u32;
        let number = *self.numbers.entry(ty).or_insert(next);
        if number == next {
            self.results.push(results.into());
        }
        number
    }

    /// The type of a function of one `i64` without a result.
    pub(crate) fn taker(&self) -> u32 {
        self.first
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = we::FuncType> + '_ {
        let taker = we::FuncType::new([we::ValType::I64], []);
        let blocks = self
            .results
            .iter()
            .map(|results| we::FuncType::new([], results.iter().map(|ty| convert::val_type(*ty))));
        std::iter::once(taker).chain(blocks)
    }
}
