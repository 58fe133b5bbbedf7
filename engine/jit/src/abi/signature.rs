//! Signatures: how Wasm function types become parameters and results of native code.

use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature, Type};
use cranelift_codegen::isa::CallConv;
use etalon_module::{FuncType, ValType};
use serde::{Deserialize, Serialize};

/// The native type of a value. A reference is a 64-bit word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum AbiType {
    I32,
    I64,
    F32,
    F64,
    V128,
}

impl AbiType {
    /// The native type of a Wasm type.
    pub(crate) fn of(ty: ValType) -> AbiType {
        match ty {
            ValType::I32 => AbiType::I32,
            ValType::I64 | ValType::Ref(_) => AbiType::I64,
            ValType::F32 => AbiType::F32,
            ValType::F64 => AbiType::F64,
            ValType::V128 => AbiType::V128,
        }
    }

    /// The code generator's type.
    pub(crate) fn clif(self) -> Type {
        match self {
            AbiType::I32 => I32,
            AbiType::I64 => I64,
            AbiType::F32 => F32,
            AbiType::F64 => F64,
            AbiType::V128 => I8X16,
        }
    }

    /// How many slots it takes.
    pub(crate) fn slots(self) -> usize {
        if self == AbiType::V128 { 2 } else { 1 }
    }
}

/// The native types of parameters and results. Function types that differ only in reference types have the same, and
/// share trampolines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct AbiSignature {
    pub(crate) params: Box<[AbiType]>,
    pub(crate) results: Box<[AbiType]>,
}

impl AbiSignature {
    /// The native signature of a Wasm function type.
    pub(crate) fn of(ty: &FuncType) -> AbiSignature {
        AbiSignature {
            params: ty.params.iter().map(|t| AbiType::of(*t)).collect(),
            results: ty.results.iter().map(|t| AbiType::of(*t)).collect(),
        }
    }

    /// The signature as the code generator has it: takes the context, the depth left and the parameters; gives the results.
    pub(crate) fn native(&self) -> Signature {
        let mut signature = Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::new(I64));
        signature.params.push(AbiParam::new(I64));
        signature.params.extend(self.params.iter().map(|t| AbiParam::new(t.clif())));
        signature.returns.extend(self.results.iter().map(|t| AbiParam::new(t.clif())));
        signature
    }

    /// Slots that hold the parameters, and later the results.
    pub(crate) fn slots(&self) -> usize {
        let count = |types: &[AbiType]| types.iter().map(|t| t.slots()).sum::<usize>();
        count(&self.params).max(count(&self.results))
    }
}
