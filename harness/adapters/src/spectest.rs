//! The module `spectest`, which every official script may import: what it exports, as data.

use crate::value::ValKind;

/// A function of `spectest`: it takes arguments, records them and returns nothing.
#[derive(Clone, Copy, Debug)]
pub struct SpectestFunc {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [ValKind],
}

/// The functions of `spectest`. Besides them it has the globals `global_i32` (666), `global_i64` (666),
/// `global_f32` (666.6) and `global_f64` (666.6), the tables `table` and `table64` (10 to 20 `funcref`),
/// and the memories `memory` (1 to 2 pages) and `shared_memory` (the same, shared).
pub const SPECTEST_FUNCS: &[SpectestFunc] = &[
    SpectestFunc { name: "print", params: &[] },
    SpectestFunc { name: "print_i32", params: &[ValKind::I32] },
    SpectestFunc { name: "print_i64", params: &[ValKind::I64] },
    SpectestFunc { name: "print_f32", params: &[ValKind::F32] },
    SpectestFunc { name: "print_f64", params: &[ValKind::F64] },
    SpectestFunc { name: "print_i32_f32", params: &[ValKind::I32, ValKind::F32] },
    SpectestFunc { name: "print_f64_f64", params: &[ValKind::F64, ValKind::F64] },
];
