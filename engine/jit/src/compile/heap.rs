//! Where objects are, and what is in them ("Aggregate Instances" of *Runtime Structure*).
//!
//! The word of a reference is the object's distance from the base of the heap, with the kind of the reference in its low bits. In
//! front of the fields or elements lies a header: the type, and the length of an array. Objects do not move. The length is read
//! like what may change, although it does not: what the code generator takes for constant it may read later, when the object is
//! not held any more.

use super::object::{Packed, abi};
use super::translator::Translator;
use crate::abi::{Region, VmLayout};
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::{CompType, Module, StorageType, SubType, ValType};
use etalon_runtime::{DISPLAY, Display, HEADER, HeapAddr, HeapDef, Ref, UNIT};
use std::mem::offset_of;

/// What a reference to an object is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Struct,
    Array,
}

impl Aggregate {
    /// The low bits of a reference.
    pub(super) fn kind(self) -> i32 {
        let first = match self {
            Aggregate::Struct => Ref::structure(HeapAddr(0)),
            Aggregate::Array => Ref::array(HeapAddr(0)),
        };
        first.to_bits() as i32
    }

    /// From the sum of base and reference to the header.
    fn header(self) -> i32 {
        -self.kind()
    }

    /// From there to a field or an element.
    pub(super) fn payload(self, offset: i32) -> i32 {
        HEADER as i32 - self.kind() + offset
    }
}

/// Bytes of a field or an element.
pub(super) fn bytes_of(storage: StorageType) -> u32 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64 | ValType::Ref(_)) => 8,
        StorageType::Val(ValType::V128) => 16,
    }
}

/// Where the fields of each structure type of a module are, in the type's fields: an operator on the last of thousands takes no longer
/// than one on the first.
#[derive(Clone, Debug)]
pub(crate) struct FieldOffsets(Vec<Box<[u32]>>);

impl FieldOffsets {
    pub(super) fn new(module: &Module) -> FieldOffsets {
        let of_type = |ty: &SubType| {
            let CompType::Struct(fields) = &ty.comp else { return Box::default() };
            let sizes = fields.iter().map(|field| bytes_of(field.storage));
            let before = |sum: &mut u32, size| Some(std::mem::replace(sum, *sum + size));
            sizes.scan(0, before).collect()
        };
        FieldOffsets(module.flat_types.iter().map(of_type).collect())
    }

    /// Of a field of a type; `None` if the type is no structure type, or has no such field.
    pub(super) fn of(&self, ty: u32, field: u32) -> Option<u32> {
        self.0.get(ty as usize)?.get(field as usize).copied()
    }
}

/// A place in an object: an address and a constant distance from it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) address: Value,
    pub(super) offset: i32,
}

impl Translator<'_> {
    /// What compiled code reads and writes of the heap.
    pub(super) fn heap_def(&mut self) -> Value {
        self.vm_word(VmLayout::HEAP_DEF)
    }

    /// The address of the first byte of the heap.
    pub(super) fn heap_base(&mut self) -> Value {
        self.vm_word(VmLayout::HEAP_BASE)
    }

    /// The sum of base and reference.
    pub(super) fn object(&mut self, reference: Value) -> Value {
        // A reference has its number where the distance is: both are counted in units of this size.
        const { assert!(UNIT == 1 << 4) };
        let base = self.heap_base();
        self.b.ins().iadd(base, reference)
    }

    /// The type of an object as its header has it.
    pub(super) fn header_type(&mut self, object: Value, aggregate: Aggregate) -> Value {
        let flags = Region::Headers.in_heap(self.b.func);
        self.b.ins().load(I32, flags, object, aggregate.header())
    }

    /// The length of an array.
    pub(super) fn header_len(&mut self, array: Value) -> Value {
        let flags = Region::Headers.in_heap(self.b.func);
        self.b.ins().load(I32, flags, array, Aggregate::Array.header() + 4)
    }

    /// The supertype at a depth of a type as headers have it, likewise; 0 if it has none there.
    pub(super) fn supertype(&mut self, ty: Value, depth: usize) -> Value {
        const { assert!(size_of::<Display>() == 4 * DISPLAY) };
        let def = self.heap_def();
        let rows = self.load_word(Region::Heap, def, offset_of!(HeapDef, displays) as i32);
        let log2 = self.iconst(I64, size_of::<Display>().trailing_zeros().into());
        let number = self.b.ins().uextend(I64, ty);
        let row = self.b.ins().ishl(number, log2);
        let row = self.b.ins().iadd(rows, row);
        let flags = Region::Heap.flags(self.b.func);
        self.b.ins().load(I32, flags, row, 4 * depth as i32)
    }

    /// A type of the module as headers have it.
    pub(super) fn type_in_headers(&mut self, ty: u32) -> Value {
        let id = self.vm_word(self.env.layout.ty(ty));
        let id = self.b.ins().ireduce(I32, id);
        let one = self.iconst(I32, 1);
        self.b.ins().iadd(id, one)
    }

    /// Reads a field or an element.
    pub(super) fn read_object(
        &mut self,
        storage: StorageType,
        packed: Packed,
        Place { address, offset }: Place,
    ) -> Value {
        let flags = Region::Objects.in_heap(self.b.func);
        let ins = self.b.ins();
        match (storage, packed) {
            (StorageType::I8, Packed::Signed) => ins.sload8(I32, flags, address, offset),
            (StorageType::I8, Packed::Unsigned) => ins.uload8(I32, flags, address, offset),
            (StorageType::I16, Packed::Signed) => ins.sload16(I32, flags, address, offset),
            (StorageType::I16, Packed::Unsigned) => ins.uload16(I32, flags, address, offset),
            _ => ins.load(abi(storage).clif(), flags, address, offset),
        }
    }

    /// Writes a field or an element; a packed one keeps the low bits.
    pub(super) fn write_object(
        &mut self,
        storage: StorageType,
        value: Value,
        Place { address, offset }: Place,
    ) {
        let flags = Region::Objects.in_heap(self.b.func);
        match storage {
            StorageType::I8 => self.b.ins().istore8(flags, value, address, offset),
            StorageType::I16 => self.b.ins().istore16(flags, value, address, offset),
            StorageType::Val(_) => self.b.ins().store(flags, value, address, offset),
        };
    }
}
