//! Bytes to a validated module: decoding, validation, types and their matching, features.
//!
//! This crate knows nothing of execution. A [`Module`] is plain data that any number of stores and
//! tiers can share.
#![forbid(unsafe_code)]

mod bytes;
mod const_expr;
mod convert;
mod decode;
mod error;
mod fault;
mod features;
mod frame;
mod immediates;
pub mod instruction;
mod limits;
mod locals;
mod module;
mod needs;
pub mod operator;
mod registry;
mod rolled;
mod types;
mod validate;

pub use bytes::Bytes;
pub use const_expr::{ConstExpr, ConstOp};
pub use error::{LoadError, LoadErrorKind};
pub use fault::{Fault, is_like};
pub use features::Features;
pub use frame::FrameTypes;
pub use immediates::{Immediates, IndexSpace};
pub use instruction::{Class, Rule, Shape};
pub use locals::DeclaredLocals;
pub use module::{
    Data, DataMode, Elem, ElemMode, Export, ExternKind, FuncBody, Global, Import, Module, Table,
};
pub use operator::Opcode;
pub use registry::{Canonicalise, TypeRegistry};
pub use rolled::Rolled;
pub use types::*;
