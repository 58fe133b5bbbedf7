//! Tags and exceptions (specification: *Runtime Structure*, "Tag Instances" and "Exception Instances").

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
