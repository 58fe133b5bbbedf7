//! Which features a module needs: collected while it is decoded and validated, in the same pass.
//!
//! A feature counts where the decoder or the validator asks for it: an operator of its proposal, a type
//! or an immediate that it brought, a second memory. One thing is not told apart: an encoding that only a
//! later version of the format allows, where a shorter one says the same (`memory.size` with a padded
//! index, a 32-bit offset in more than five bytes, a memory argument that names memory 0, a final type
//! written as a subtype). That concerns `reference-types`, `multi-memory`, `memory64` and `gc` only.

use crate::features::Features;
use crate::operator::Opcode;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use wasmparser::{
    AbstractHeapType as Abs, BlockType, BrTable, CompositeInnerType, ConstExpr, HeapType, Ieee32,
    Ieee64, MemArg, MemArgTarget, MemoryType, Operator, Ordering, RecGroup, RefType, ResumeTable,
    StorageType, SubType, TryTable, V128, ValType, WasmFeatures,
};

/// The features that a module needs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Needs {
    #[serde(with = "crate::features::bits")]
    features: WasmFeatures,
    /// Whether a reference type names a defined type: `function-references` and `gc` both allow that.
    indexed_references: bool,
    /// Whether no operator changes elements of tables, or how many there are. Nobody knows of a module that was revived.
    #[serde(skip)]
    pub(crate) keeps_tables: bool,
}

impl Default for Needs {
    fn default() -> Self {
        let features = WasmFeatures::empty();
        Needs { features, indexed_references: false, keeps_tables: false }
    }
}

impl Needs {
    /// The features without which the module is refused.
    pub(crate) fn features(self) -> Features {
        Features::of_decoder(self.features)
    }

    /// The oldest needed feature that is not implemented.
    pub(crate) fn lacking(self, implemented: Features) -> Option<&'static str> {
        let mut needed = self.features;
        let either = WasmFeatures::FUNCTION_REFERENCES.union(WasmFeatures::GC);
        if self.indexed_references && !implemented.wasm().intersects(either) {
            needed.insert(WasmFeatures::FUNCTION_REFERENCES);
        }
        Features::of_decoder(needed.difference(implemented.wasm())).names().first().copied()
    }
}

/// The features of each operator's proposal, by opcode.
static OF_OPERATOR: LazyLock<Vec<WasmFeatures>> = LazyLock::new(|| {
    let flag = |name: &str| WasmFeatures::from_name(&name.to_uppercase());
    Opcode::ALL.iter().map(|op| flag(op.proposal()).unwrap_or(WasmFeatures::empty())).collect()
});

/// What changes elements of tables, or how many there are.
const CHANGE_TABLES: &[Opcode] =
    &[Opcode::TableSet, Opcode::TableGrow, Opcode::TableFill, Opcode::TableCopy, Opcode::TableInit];

/// Collects what a module uses.
pub(crate) struct Uses {
    needs: Needs,
    /// The index of the first type that is not yet defined.
    undefined: u32,
    /// Whether an operator on vectors occurs.
    vector_operators: bool,
    /// For each opcode, whether it occurs.
    operators: [bool; Opcode::ALL.len()],
}

impl Default for Uses {
    fn default() -> Self {
        let operators = [false; Opcode::ALL.len()];
        Uses { needs: Needs::default(), undefined: 0, vector_operators: false, operators }
    }
}

impl Uses {
    /// What the module needs, once all of it has been noted.
    pub(crate) fn needs(&self) -> Needs {
        let used = self.operators.iter().zip(OF_OPERATOR.iter()).filter(|(used, _)| **used);
        let features = used.fold(self.needs.features, |set, (_, features)| set.union(*features));
        let changes = |op: &Opcode| self.operators[*op as usize];
        Needs { features, keeps_tables: !CHANGE_TABLES.iter().any(changes), ..self.needs }
    }

    /// Whether there may be vectors in what has been noted so far.
    pub(crate) fn vectors(&self) -> bool {
        self.vector_operators || self.needs.features.contains(WasmFeatures::SIMD)
    }

    pub(crate) fn feature(&mut self, feature: WasmFeatures) {
        self.needs.features.insert(feature);
    }

    /// Notes a feature if a condition holds.
    pub(crate) fn feature_if(&mut self, condition: bool, feature: WasmFeatures) {
        if condition {
            self.feature(feature);
        }
    }

    pub(crate) fn value_type(&mut self, ty: ValType) {
        match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
            ValType::V128 => self.feature(WasmFeatures::SIMD),
            ValType::Ref(ty) => self.ref_type(ty),
        }
    }

    pub(crate) fn ref_type(&mut self, ty: RefType) {
        self.feature(WasmFeatures::REFERENCE_TYPES);
        let (shared, ty, nullable) = match ty.heap_type() {
            HeapType::Concrete(index) => {
                self.needs.indexed_references = true;
                // Before the end of its own group: only `gc` has recursive types.
                let recursive = index.as_module_index().is_some_and(|i| i >= self.undefined);
                return self.feature_if(recursive, WasmFeatures::GC);
            }
            HeapType::Exact(_) => return self.feature(WasmFeatures::CUSTOM_DESCRIPTORS),
            HeapType::Abstract { shared, ty: heap } => (shared, heap, ty.is_nullable()),
        };
        self.feature_if(shared, WasmFeatures::SHARED_EVERYTHING_THREADS);
        match ty {
            Abs::Func | Abs::Extern => {
                self.feature_if(!nullable, WasmFeatures::FUNCTION_REFERENCES);
            }
            Abs::Exn | Abs::NoExn => self.feature(WasmFeatures::EXCEPTIONS),
            Abs::Cont | Abs::NoCont => self.feature(WasmFeatures::STACK_SWITCHING),
            Abs::Any
            | Abs::None
            | Abs::NoExtern
            | Abs::NoFunc
            | Abs::Eq
            | Abs::Struct
            | Abs::Array
            | Abs::I31 => self.feature(WasmFeatures::GC),
        }
    }

    /// The type of a table: the first version of the format has `funcref`.
    pub(crate) fn table_type(&mut self, ty: wasmparser::TableType) {
        if ty.element_type != RefType::FUNCREF {
            self.ref_type(ty.element_type);
        }
        self.feature_if(ty.table64, WasmFeatures::MEMORY64);
        self.feature_if(ty.shared, WasmFeatures::SHARED_EVERYTHING_THREADS);
    }

    pub(crate) fn memory_type(&mut self, ty: MemoryType) {
        self.feature_if(ty.memory64, WasmFeatures::MEMORY64);
        self.feature_if(ty.shared, WasmFeatures::THREADS);
        self.feature_if(ty.page_size_log2.is_some(), WasmFeatures::CUSTOM_PAGE_SIZES);
    }

    pub(crate) fn rec_group(&mut self, group: &RecGroup) {
        self.feature_if(group.is_explicit_rec_group(), WasmFeatures::GC);
        group.types().for_each(|ty| self.sub_type(ty));
        self.undefined += group.types().len() as u32;
    }

    fn sub_type(&mut self, ty: &SubType) {
        let composite = &ty.composite_type;
        self.feature_if(!ty.is_final || !ty.supertype_idxs.is_empty(), WasmFeatures::GC);
        self.feature_if(composite.shared, WasmFeatures::SHARED_EVERYTHING_THREADS);
        let describes = composite.descriptor_idx.is_some() || composite.describes_idx.is_some();
        self.feature_if(describes, WasmFeatures::CUSTOM_DESCRIPTORS);
        match &composite.inner {
            CompositeInnerType::Func(ty) => {
                ty.params().iter().chain(ty.results()).for_each(|ty| self.value_type(*ty));
                self.feature_if(ty.results().len() > 1, WasmFeatures::MULTI_VALUE);
            }
            CompositeInnerType::Array(ty) => {
                self.feature(WasmFeatures::GC);
                self.storage_type(ty.0.element_type);
            }
            CompositeInnerType::Struct(ty) => {
                self.feature(WasmFeatures::GC);
                ty.fields.iter().for_each(|field| self.storage_type(field.element_type));
            }
            CompositeInnerType::Cont(_) => self.feature(WasmFeatures::STACK_SWITCHING),
        }
    }

    /// What depends on which operator an immediate belongs to.
    fn beyond_immediates(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::AtomicFence { ordering: Ordering::AcqRel } => {
                self.feature(WasmFeatures::ACQUIRE_RELEASE_ATOMICS);
            }
            Operator::RefTestNonNull { hty } | Operator::RefCastNonNull { hty } => {
                if let Some(ty) = RefType::new(false, *hty) {
                    self.ref_type(ty);
                }
            }
            _ => {}
        }
    }

    fn storage_type(&mut self, ty: StorageType) {
        match ty {
            StorageType::I8 | StorageType::I16 => {}
            StorageType::Val(ty) => self.value_type(ty),
        }
    }

    /// A constant expression of a module with some imported globals. What does not decode is for the
    /// decoder to report.
    pub(crate) fn const_expr(&mut self, expr: &ConstExpr<'_>, imported_globals: u32) {
        for op in expr.get_operators_reader().into_iter().flatten() {
            self.operator(&op);
            match op {
                Operator::I32Add
                | Operator::I32Sub
                | Operator::I32Mul
                | Operator::I64Add
                | Operator::I64Sub
                | Operator::I64Mul => self.feature(WasmFeatures::EXTENDED_CONST),
                Operator::GlobalGet { global_index } => {
                    self.feature_if(global_index >= imported_globals, WasmFeatures::GC);
                }
                _ => {}
            }
        }
    }
}

macro_rules! define_operator {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        impl Uses {
            /// An operator and its immediates.
            pub(crate) fn operator(&mut self, operator: &Operator<'_>) {
                match operator {
                    $(Operator::$op $({ $($arg),* })? => {
                        self.operators[Opcode::$op as usize] = true;
                        if const { is_of_vectors(stringify!($proposal)) } {
                            self.vector_operators = true;
                        }
                        $($($arg.note(self);)*)?
                    })*
                    _ => unreachable!("an operator outside the decoder's own list"),
                }
                self.beyond_immediates(operator);
            }
        }
    };
}

wasmparser::for_each_operator!(define_operator);

/// Whether a proposal, as the decoder calls it, has operators on vectors.
const fn is_of_vectors(proposal: &str) -> bool {
    matches!(proposal.as_bytes(), b"simd" | b"relaxed_simd")
}

/// An immediate of an operator.
trait Immediate {
    /// Notes what it needs beyond the operator itself.
    fn note(&self, _uses: &mut Uses) {}
}

macro_rules! plain_immediates {
    ($($ty:ty),* $(,)?) => { $(impl Immediate for $ty {})* };
}

// Indices need nothing: that there is a second memory or table is noted where it is declared.
plain_immediates!(
    u8,
    u32,
    i32,
    i64,
    [u8; 16],
    Ieee32,
    Ieee64,
    V128,
    BrTable<'_>,
    Ordering,
    ResumeTable
);

impl Immediate for BlockType {
    fn note(&self, uses: &mut Uses) {
        match self {
            BlockType::Empty => {}
            BlockType::Type(ty) => uses.value_type(*ty),
            BlockType::FuncType(_) => uses.feature(WasmFeatures::MULTI_VALUE),
        }
    }
}

impl Immediate for TryTable {
    fn note(&self, uses: &mut Uses) {
        self.ty.note(uses);
    }
}

impl Immediate for MemArg {
    fn note(&self, uses: &mut Uses) {
        let in_array = matches!(self.target, MemArgTarget::Array(_));
        uses.feature_if(in_array, WasmFeatures::MULTIBYTE_ARRAY_ACCESS);
        uses.feature_if(self.ordering.is_some(), WasmFeatures::ACQUIRE_RELEASE_ATOMICS);
    }
}

impl Immediate for HeapType {
    fn note(&self, uses: &mut Uses) {
        // As the nullable type, which never needs more than the other.
        if let Some(ty) = RefType::new(true, *self) {
            uses.ref_type(ty);
        }
    }
}

impl Immediate for RefType {
    fn note(&self, uses: &mut Uses) {
        uses.ref_type(*self);
    }
}

impl Immediate for ValType {
    fn note(&self, uses: &mut Uses) {
        uses.value_type(*self);
    }
}

impl Immediate for Vec<ValType> {
    fn note(&self, uses: &mut Uses) {
        self.iter().for_each(|ty| uses.value_type(*ty));
    }
}
