//! Uses of operators: for every operator one or more texts with places for its operands, and what is known of these.

mod access;
mod atomic;
mod bulk;
mod control;
mod numeric;
mod object;

use super::stage::Part;
use super::ty::Ty;
use crate::generate::allows;
use etalon_adapters::Features;
use etalon_module::Opcode;

/// A memory of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub name: &'static str,
    pub address: Ty,
    pub size: u64,
    pub part: Part,
}

/// The memories of the stage.
pub(crate) const SPACES: &[Space] = &[
    Space { name: "$m", address: Ty::I32, size: 65536, part: Part::Base },
    Space { name: "$m2", address: Ty::I32, size: 65536, part: Part::Second },
    Space { name: "$m64", address: Ty::I64, size: 65536, part: Part::Wide },
    Space { name: "$mb", address: Ty::I32, size: super::stage::FEW, part: Part::Bytes },
    Space { name: "$ms", address: Ty::I32, size: 65536, part: Part::Shared },
];

/// What an operand is for, where not every value will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Any value.
    Any,
    /// The address of so many bytes in a memory; aligned to them if it must be.
    Address(Space, u64, bool),
    /// The index of one of so many elements.
    Index(u64),
    /// How many bytes or elements of something; at most so many where it is to succeed.
    Length(u64),
    /// What is divided by.
    Divisor,
    /// A float that becomes an integer, or a trap.
    Truncated,
    /// A condition of a branch or a selection.
    Condition,
    /// A reference that should not be null.
    Object,
}

/// An operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub ty: Ty,
    pub role: Role,
}

/// A use of an operator.
///
/// In the text, `@0`, `@1`, … are operands, `@m` the immediates of an access to a memory, `@l` a lane and `@s` sixteen of
/// them.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// The operator that it is of.
    pub op: Opcode,
    pub text: String,
    pub operands: Vec<Operand>,
    pub results: Vec<Ty>,
    /// What is read afterwards, because the operator writes there.
    pub after: Vec<(Ty, String)>,
    /// How many lanes `@l` and `@s` choose from.
    pub lanes: usize,
    /// The part of the stage that it needs besides the first.
    pub parts: Vec<Part>,
}

/// An operand of any value.
pub(crate) fn any(ty: Ty) -> Operand {
    Operand { ty, role: Role::Any }
}

/// An operand with a role.
pub(crate) fn with(ty: Ty, role: Role) -> Operand {
    Operand { ty, role }
}

impl Use {
    /// A use of the operator with a name, or of none if there is none of that name.
    fn new(op: Opcode, text: impl Into<String>) -> Use {
        let (operands, results, after, parts) = Default::default();
        Use { op, text: text.into(), operands, results, after, lanes: 0, parts }
    }

    fn taking(mut self, operands: impl IntoIterator<Item = Operand>) -> Use {
        self.operands = operands.into_iter().collect();
        self
    }

    fn giving(mut self, results: impl IntoIterator<Item = Ty>) -> Use {
        self.results = results.into_iter().collect();
        self
    }

    fn then(mut self, ty: Ty, text: impl Into<String>) -> Use {
        self.after.push((ty, text.into()));
        self
    }

    fn on(mut self, part: Part) -> Use {
        self.parts.push(part);
        self
    }

    /// Whether it may trap for some operands.
    pub(crate) fn may_trap(&self) -> bool {
        self.op.may_trap()
            || self.operands.iter().any(|operand| matches!(operand.role, Role::Object))
    }

    /// Whether it writes something that outlives the function.
    pub(crate) fn writes(&self) -> bool {
        !self.after.is_empty()
    }

    fn is_allowed(&self, features: Features) -> bool {
        let has_vectors = self.operands.iter().map(|o| o.ty).chain(self.results.clone());
        let vectors = has_vectors.into_iter().any(|ty| ty == Ty::V128);
        allows(features, self.op.proposal())
            && self.parts.iter().all(|part| part.is_allowed(features))
            && (!vectors || Part::Vector.is_allowed(features))
            && (self.results.len() < 2 || Part::Several.is_allowed(features))
    }
}

/// Every use that needs no more than some features, always in the same order.
pub(crate) fn uses(features: Features) -> Vec<Use> {
    let mut all = numeric::uses();
    all.extend(access::uses());
    all.extend(atomic::uses());
    all.extend(bulk::uses());
    all.extend(control::uses());
    all.extend(object::uses());
    all.retain(|one| one.is_allowed(features));
    all
}

/// The operator with a name of the table.
fn op(name: &str) -> Opcode {
    // A name that is none is found by the first test that lists the uses.
    Opcode::from_name(name).unwrap_or(Opcode::Nop)
}
