//! Prices of operators: from the rows of a schedule file to one price for each operator, and back (§1.5, §12).

use etalon_module::Opcode;

/// The older operator whose price an operator has by default; `None` for the operators of gas-1 as it was fixed.
/// Except in tests this is [`Opcode::priced_as`].
pub(crate) type Model = fn(Opcode) -> Option<Opcode>;

/// One price for each operator that must have one, by opcode.
#[derive(Debug, Clone)]
pub(crate) struct ByOperator<T>(Vec<Option<T>>);

impl<T: Copy + PartialEq> ByOperator<T> {
    /// Prices every operator that needs a price: by its row, else like its model, else by default.
    ///
    /// # Errors
    ///
    /// The operators that have no price, in alphabetical order.
    pub(crate) fn fill(
        needs_price: fn(Opcode) -> bool,
        row: impl Fn(Opcode) -> Option<T>,
        default: impl Fn(Opcode) -> Option<T>,
        model: Model,
    ) -> Result<ByOperator<T>, Vec<Opcode>> {
        let price = |op| {
            let like = model(op).unwrap_or(op);
            row(op).or_else(|| row(like)).or_else(|| default(like))
        };
        let prices: Vec<Option<T>> =
            Opcode::ALL.iter().map(|&op| price(op).filter(|_| needs_price(op))).collect();
        // An operator with a model lacks a price only if its model does, so the model is named.
        let needed =
            Opcode::ALL.iter().copied().filter(|&op| needs_price(op) && model(op).is_none());
        let mut missing: Vec<Opcode> = needed.filter(|&op| prices[op as usize].is_none()).collect();
        missing.sort_unstable_by_key(|op| op.name());
        if missing.is_empty() { Ok(ByOperator(prices)) } else { Err(missing) }
    }

    /// The price of an operator; `None` if it needs none.
    pub(crate) fn get(&self, op: Opcode) -> Option<T> {
        self.0[op as usize]
    }

    /// The rows that determine all prices. An operator with a model is among them only if its price differs from the
    /// model's, so an operator that is new to gas-1 changes no schedule's canonical form.
    pub(crate) fn spelt_out(&self, model: Model) -> impl Iterator<Item = (Opcode, T)> {
        Opcode::ALL.iter().filter_map(move |&op| {
            let price = self.get(op)?;
            let implied = model(op).is_some_and(|like| self.get(like) == Some(price));
            (!implied).then_some((op, price))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if `i32.sub` had come to gas-1 after it was fixed.
    fn newer(op: Opcode) -> Option<Opcode> {
        (op == Opcode::I32Sub).then_some(Opcode::I32Add)
    }

    fn integers(op: Opcode) -> bool {
        [Opcode::I32Add, Opcode::I32Sub, Opcode::I32Mul].contains(&op)
    }

    fn fill(rows: &[(Opcode, u32)], default: Option<u32>) -> Result<ByOperator<u32>, Vec<Opcode>> {
        let row = |op| rows.iter().find(|row| row.0 == op).map(|row| row.1);
        ByOperator::fill(integers, row, |_| default, newer)
    }

    fn spelt_out(prices: &ByOperator<u32>) -> Vec<(Opcode, u32)> {
        prices.spelt_out(newer).collect()
    }

    #[test]
    fn a_newer_operator_costs_as_its_model_and_is_not_spelt_out() {
        for default in [None, Some(2)] {
            let prices = fill(&[(Opcode::I32Add, 3), (Opcode::I32Mul, 2)], default).unwrap();
            assert_eq!(prices.get(Opcode::I32Sub), Some(3), "the model's row, not the default");
            assert_eq!(prices.get(Opcode::Nop), None);
            let expected = [(Opcode::I32Add, 3), (Opcode::I32Mul, 2)];
            assert_eq!(spelt_out(&prices), expected);
            // A row that repeats the default changes nothing.
            let rows = [expected[0], expected[1], (Opcode::I32Sub, 3)];
            assert_eq!(spelt_out(&fill(&rows, default).unwrap()), expected);
        }
        let prices = fill(&[], Some(2)).unwrap();
        assert_eq!(prices.get(Opcode::I32Sub), Some(2));
    }

    #[test]
    fn a_newer_operator_with_a_price_of_its_own_is_spelt_out() {
        let prices = fill(&[(Opcode::I32Sub, 4)], Some(1)).unwrap();
        let expected = [(Opcode::I32Add, 1), (Opcode::I32Sub, 4), (Opcode::I32Mul, 1)];
        assert_eq!(spelt_out(&prices), expected);
    }

    #[test]
    fn what_has_no_price_is_named() {
        for rows in [&[][..], &[(Opcode::I32Sub, 4)]] {
            assert_eq!(fill(rows, None).unwrap_err(), [Opcode::I32Add, Opcode::I32Mul]);
        }
    }
}
