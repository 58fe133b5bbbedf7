//! Tags and exceptions (specification chapters 4.2.10 and 4.2.14).

use crate::TagAddr;
use crate::value::Value;
use etalon_module::TypeId;
use serde::{Deserialize, Serialize};

/// A tag instance.
#[derive(Clone, Copy, Debug)]
pub struct TagInst {
    /// The function type whose parameters are the exception's values.
    pub ty: TypeId,
}

/// An exception instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExnInst {
    /// Its tag.
    pub tag: TagAddr,
    /// Its values.
    pub fields: Vec<Value>,
}
