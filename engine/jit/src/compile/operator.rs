//! Finds the chapter that translates an operator.

use super::translator::Translator;
use crate::error::Failure;
use wasmparser::Operator;

impl Translator<'_> {
    /// Translates an operator that can be reached: asks the chapters, those of the most frequent operators first. What none
    /// takes is refused.
    pub(super) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), Failure> {
        let translated = self.variable_operator(operator)?
            || self.integer_operator(operator)?
            || self.control_operator(operator)?
            || self.memory_operator(operator)?
            || self.call_operator(operator)?
            || self.float_operator(operator)?
            || self.conversion_operator(operator)?
            || self.reference_operator(operator)?
            || self.table_operator(operator)?
            || self.object_operator(operator)?
            || self.array_operator(operator)?
            || self.exception_operator(operator)?
            || self.vector_operator(operator)?
            || self.atomic_operator(operator)?
            || self.wide_operator(operator)?;
        if translated { Ok(()) } else { Err(Self::unsupported(operator)) }
    }
}
