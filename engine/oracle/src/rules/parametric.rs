//! Parametric Instructions.

use crate::configuration::{Configuration, Step};
use etalon_module::Rule;

impl Configuration<'_> {
    /// `drop` throws a value away. `Step_pure/drop`
    pub(crate) fn drop_(&mut self) -> Step {
        self.used(Rule::Drop);
        self.pop().map(drop)
    }

    /// `select` keeps the first value if the condition is not 0, else the second. `Step_pure/select-true`, `Step_pure/select-false`
    pub(crate) fn select(&mut self) -> Step {
        let condition = self.pop_i32()?;
        let (second, first) = (self.pop()?, self.pop()?);
        let (rule, value) =
            if condition != 0 { (Rule::SelectTrue, first) } else { (Rule::SelectFalse, second) };
        self.used(rule);
        self.push(value)
    }
}
