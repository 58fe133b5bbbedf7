//! Aggregate instructions ("Aggregate Instructions").

use super::Context;
use super::rare::{Form, Rare, rare};
use super::table::in_bounds;
use etalon_module::{CompType, FieldType, Opcode as O, StorageType, TypeId, ValType};
use etalon_runtime::{HeapAddr, Ref, RefKind, Stop, Trap};
use std::ops::Range;

/// A crash: the types promise an object that the heap does not have.
fn no_object() -> Stop {
    Stop::crash("a reference to an object that the heap does not have")
}

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::StructNew, rare(0, &[1], |c| c.struct_new()).by_type(values_of_fields)),
    (O::StructNewDefault, rare(0, &[1], |c| c.struct_new_default())),
    (O::StructGet, rare(1, &[1], |c| c.struct_get(false)).by_type(get_of_field)),
    (O::StructGetS, rare(1, &[1], |c| c.struct_get(true)).by_type(get_of_field)),
    (O::StructGetU, rare(1, &[1], |c| c.struct_get(false)).by_type(get_of_field)),
    (O::StructSet, rare(2, &[], |c| c.struct_set()).by_type(set_of_field)),
    (O::ArrayNew, rare(2, &[1], |c| c.array_new()).by_type(new_of_element)),
    (O::ArrayNewDefault, rare(1, &[1], |c| c.array_new_default())),
    (O::ArrayNewFixed, rare(0, &[1], |c| c.array_new_fixed()).by_type(values_of_elements)),
    (O::ArrayNewData, rare(2, &[1], |c| c.array_new_data())),
    (O::ArrayNewElem, rare(2, &[1], |c| c.array_new_elem())),
    (O::ArrayGet, rare(2, &[1], |c| c.array_get(false)).by_type(get_of_element)),
    (O::ArrayGetS, rare(2, &[1], |c| c.array_get(true)).by_type(get_of_element)),
    (O::ArrayGetU, rare(2, &[1], |c| c.array_get(false)).by_type(get_of_element)),
    (O::ArraySet, rare(3, &[], |c| c.array_set()).by_type(set_of_element)),
    (O::ArrayFill, rare(4, &[], |c| c.array_fill()).by_type(set_of_element)),
    (O::ArrayCopy, rare(5, &[], |c| c.array_copy())),
    (O::ArrayInitData, rare(4, &[], |c| c.array_init_data())),
    (O::ArrayInitElem, rare(4, &[], |c| c.array_init_elem())),
];

fn field(form: &Form, ty: &CompType) -> Option<FieldType> {
    let CompType::Struct(fields) = ty else { return None };
    fields.get(form.y as usize).copied()
}

fn element(ty: &CompType) -> Option<FieldType> {
    let CompType::Array(element) = ty else { return None };
    Some(*element)
}

/// The slots of a field's value.
fn width(field: FieldType) -> u32 {
    match field.storage {
        StorageType::Val(ty) => ty.slots() as u32,
        StorageType::I8 | StorageType::I16 => 1,
    }
}

/// A value from a field: its slots, and for `unpackfield` the bits of a packed one, 0 for others.
fn get(form: &mut Form, field: FieldType) {
    form.results = if width(field) == 2 { &[2] } else { &[1] };
    form.x = match field.storage {
        StorageType::I8 => 8,
        StorageType::I16 => 16,
        StorageType::Val(_) => 0,
    };
}

/// `struct.new`: an operand for each field, and the slots of all.
fn values_of_fields(form: &mut Form, ty: &CompType) -> Option<()> {
    let CompType::Struct(fields) = ty else { return None };
    form.operands = fields.len();
    form.y = fields.iter().map(|f| width(*f)).sum();
    Some(())
}

/// `array.new_fixed`: as many operands as the immediate says, and the slots of all.
fn values_of_elements(form: &mut Form, ty: &CompType) -> Option<()> {
    form.operands = form.y as usize;
    form.y *= width(element(ty)?);
    Some(())
}

/// `struct.get`, `struct.get_s`, `struct.get_u`: a value from the field.
fn get_of_field(form: &mut Form, ty: &CompType) -> Option<()> {
    get(form, field(form, ty)?);
    Some(())
}

/// `array.get`, `array.get_s`, `array.get_u`: a value from an element, and its slots.
fn get_of_element(form: &mut Form, ty: &CompType) -> Option<()> {
    get(form, element(ty)?);
    form.y = width(element(ty)?);
    Some(())
}

/// `struct.set`: the slots of the field.
fn set_of_field(form: &mut Form, ty: &CompType) -> Option<()> {
    form.x = width(field(form, ty)?);
    Some(())
}

/// `array.set`, `array.fill`: the slots of an element.
fn set_of_element(form: &mut Form, ty: &CompType) -> Option<()> {
    form.x = width(element(ty)?);
    Some(())
}

/// `array.new`: the type and the slots of an element.
fn new_of_element(form: &mut Form, ty: &CompType) -> Option<()> {
    form.y = width(element(ty)?);
    Some(())
}

impl Context<'_> {
    fn structure(&self, at: usize) -> Result<HeapAddr, Stop> {
        match self.reference(at)?.kind() {
            Some(RefKind::Struct(addr)) => Ok(addr),
            None => Err(Trap::NullStructureReference.into()),
            Some(_) => Err(no_object()),
        }
    }

    fn array(&self, at: usize) -> Result<HeapAddr, Stop> {
        match self.reference(at)?.kind() {
            Some(RefKind::Array(addr)) => Ok(addr),
            None => Err(Trap::NullArrayReference.into()),
            Some(_) => Err(no_object()),
        }
    }

    fn array_len_of(&self, addr: HeapAddr) -> Result<u32, Stop> {
        self.store.heap.array_len(addr).ok_or_else(no_object)
    }

    /// Traps unless all `len` elements from `start` are in an array.
    fn check(&self, addr: HeapAddr, start: u32, len: u32) -> Result<(), Stop> {
        if in_bounds(start.into(), len.into(), self.array_len_of(addr)?.into()) {
            return Ok(());
        }
        Err(Trap::ArrayOutOfBounds.into())
    }

    fn u32(&self, at: usize) -> u32 {
        self.slots[at] as u32
    }

    /// A value of one or two slots.
    fn value(&self, at: usize, width: u32) -> [u64; 2] {
        [self.slots[at], if width == 2 { self.slots[at + 1] } else { 0 }]
    }

    /// `unpackfield`: a packed value, which was read with zeros above it, is sign-extended.
    fn unpack(&self, [low, high]: [u64; 2], signed: bool) -> [u64; 2] {
        let low = match (self.op.x, signed) {
            (8, true) => u64::from(low as u8 as i8 as u32),
            (16, true) => u64::from(low as u16 as i16 as u32),
            _ => low,
        };
        [low, high]
    }

    /// Sets the result in the first slots: two for a vector, because the slot of the second operand is free.
    fn set_value(&mut self, [low, high]: [u64; 2], width: u32) {
        self.slots[0] = low;
        if width == 2 {
            self.slots[1] = high;
        }
    }

    fn ty(&self) -> TypeId {
        TypeId(self.op.x)
    }

    /// `struct.new`
    fn struct_new(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        self.store.room_for_struct(ty)?;
        self.charge(self.field_count(ty)?)?;
        let addr = self.store.alloc_struct(ty, &self.slots[..self.op.y as usize])?;
        self.set(Ref::structure(addr).to_bits());
        Ok(())
    }

    /// `struct.new_default`
    fn struct_new_default(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        self.store.room_for_struct(ty)?;
        self.charge(self.field_count(ty)?)?;
        let addr = self.store.alloc_struct_default(ty)?;
        self.set(Ref::structure(addr).to_bits());
        Ok(())
    }

    fn field_count(&self, ty: TypeId) -> Result<u64, Stop> {
        match &self.store.types.get(ty).comp {
            CompType::Struct(fields) => Ok(fields.len() as u64),
            _ => Err(no_object()),
        }
    }

    /// `struct.get`, `struct.get_s`, `struct.get_u`
    fn struct_get(&mut self, signed: bool) -> Result<(), Stop> {
        let addr = self.structure(0)?;
        let object = self.store.heap.get(addr).ok_or_else(no_object)?;
        let CompType::Struct(fields) = &self.store.types.get(object.ty()).comp else {
            return Err(no_object());
        };
        let wide = fields[self.op.y as usize].storage == StorageType::Val(ValType::V128);
        let value = self.store.heap.struct_get(addr, self.op.y).ok_or_else(no_object)?;
        let value = self.unpack(value, signed);
        self.set_value(value, if wide { 2 } else { 1 });
        Ok(())
    }

    /// `struct.set`
    fn struct_set(&mut self) -> Result<(), Stop> {
        let addr = self.structure(0)?;
        let value = self.value(1, self.op.x);
        self.store.heap.struct_set(addr, self.op.y, value).ok_or_else(no_object)
    }

    /// `array.new`
    fn array_new(&mut self) -> Result<(), Stop> {
        let (ty, width) = (self.ty(), self.op.y);
        let (value, len) = (self.value(0, width), self.u32(width as usize));
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        let addr = self.store.alloc_array(ty, len, value)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    /// `array.new_default`
    fn array_new_default(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(0));
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    /// `array.new_fixed`
    fn array_new_fixed(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        let width = if self.element(ty)? == StorageType::Val(ValType::V128) { 2 } else { 1 };
        let len = self.op.y / width;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        let addr = self.store.alloc_array_fixed(ty, &self.slots[..self.op.y as usize])?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    fn element(&self, ty: TypeId) -> Result<StorageType, Stop> {
        match &self.store.types.get(ty).comp {
            CompType::Array(field) => Ok(field.storage),
            _ => Err(no_object()),
        }
    }

    /// `zsize`: the bytes of an element in a data segment.
    fn element_bytes(&self, ty: TypeId) -> Result<u64, Stop> {
        use ValType as V;
        Ok(match self.element(ty)? {
            StorageType::I8 => 1,
            StorageType::I16 => 2,
            StorageType::Val(V::I32 | V::F32) => 4,
            StorageType::Val(V::I64 | V::F64) => 8,
            StorageType::Val(V::V128) => 16,
            StorageType::Val(V::Ref(_)) => return Err(no_object()),
        })
    }

    /// The range of a data segment with the bytes of `len` elements.
    fn data(&self, ty: TypeId, at: usize, len: u32) -> Result<Range<usize>, Stop> {
        let start = u64::from(self.u32(at));
        let size = u64::from(len) * self.element_bytes(ty)?;
        let bytes = self.store.datas.bytes(self.op.y as usize);
        if !in_bounds(start, size, bytes.len() as u64) {
            return Err(Trap::MemoryOutOfBounds.into());
        }
        Ok(start as usize..(start + size) as usize)
    }

    /// The range of an element segment with `len` references.
    fn elem(&self, at: usize, len: u32) -> Result<Range<usize>, Stop> {
        let start = u64::from(self.u32(at));
        let refs = &self.store.elems[self.op.y as usize].refs;
        if !in_bounds(start, len.into(), refs.len() as u64) {
            return Err(Trap::TableOutOfBounds.into());
        }
        Ok(start as usize..start as usize + len as usize)
    }

    /// Creates elements from bytes of a data segment, in which they are little-endian as in a memory.
    fn write_data(&mut self, addr: HeapAddr, to: u32, bytes: Range<usize>) -> Result<(), Stop> {
        let size = self.element_bytes(self.ty())? as usize;
        for (at, index) in bytes.step_by(size).zip(to..) {
            self.look(index.into())?;
            let element = &self.store.datas.bytes(self.op.y as usize)[at..at + size];
            let mut wide = [0; 16];
            wide[..size].copy_from_slice(element);
            let value = u128::from_le_bytes(wide);
            let value = [value as u64, (value >> 64) as u64];
            self.store.heap.array_set(addr, index, value).ok_or_else(no_object)?;
        }
        Ok(())
    }

    /// Creates elements from references of an element segment.
    fn write_elem(&mut self, addr: HeapAddr, to: u32, refs: Range<usize>) -> Result<(), Stop> {
        for (from, index) in refs.zip(to..) {
            self.look(index.into())?;
            let value = self.store.elems[self.op.y as usize].refs[from].to_bits();
            self.store.heap.array_set(addr, index, [value, 0]).ok_or_else(no_object)?;
        }
        Ok(())
    }

    /// `array.new_data`
    fn array_new_data(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(1));
        let bytes = self.data(ty, 0, len)?;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.write_data(addr, 0, bytes)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    /// `array.new_elem`
    fn array_new_elem(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(1));
        let refs = self.elem(0, len)?;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.write_elem(addr, 0, refs)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    /// `array.get`, `array.get_s`, `array.get_u`
    fn array_get(&mut self, signed: bool) -> Result<(), Stop> {
        let addr = self.array(0)?;
        let index = self.u32(1);
        self.check(addr, index, 1)?;
        let value = self.store.heap.array_get(addr, index).ok_or_else(no_object)?;
        let value = self.unpack(value, signed);
        self.set_value(value, self.op.y);
        Ok(())
    }

    /// `array.set`
    fn array_set(&mut self) -> Result<(), Stop> {
        let addr = self.array(0)?;
        let index = self.u32(1);
        self.check(addr, index, 1)?;
        let value = self.value(2, self.op.x);
        self.store.heap.array_set(addr, index, value).ok_or_else(no_object)
    }

    /// `array.fill`
    fn array_fill(&mut self) -> Result<(), Stop> {
        let width = self.op.x;
        let addr = self.array(0)?;
        let (start, len) = (self.u32(1), self.u32(2 + width as usize));
        self.check(addr, start, len)?;
        self.charge(len.into())?;
        let value = self.value(2, width);
        for index in start..start + len {
            self.look(index.into())?;
            self.store.heap.array_set(addr, index, value).ok_or_else(no_object)?;
        }
        Ok(())
    }

    /// `array.copy`
    fn array_copy(&mut self) -> Result<(), Stop> {
        let dst = self.array(0)?;
        let src = self.array(2)?;
        let (to, from, len) = (self.u32(1), self.u32(3), self.u32(4));
        self.check(dst, to, len)?;
        self.check(src, from, len)?;
        self.charge(len.into())?;
        for step in 0..len {
            self.look(step.into())?;
            // Upwards, or downwards if the target is above the source, because they may overlap.
            let i = if to <= from { step } else { len - 1 - step };
            let value = self.store.heap.array_get(src, from + i).ok_or_else(no_object)?;
            self.store.heap.array_set(dst, to + i, value).ok_or_else(no_object)?;
        }
        Ok(())
    }

    /// `array.init_data`
    fn array_init_data(&mut self) -> Result<(), Stop> {
        let addr = self.array(0)?;
        let (to, len) = (self.u32(1), self.u32(3));
        self.check(addr, to, len)?;
        let bytes = self.data(self.ty(), 2, len)?;
        self.charge(len.into())?;
        self.write_data(addr, to, bytes)
    }

    /// `array.init_elem`
    fn array_init_elem(&mut self) -> Result<(), Stop> {
        let addr = self.array(0)?;
        let (to, len) = (self.u32(1), self.u32(3));
        self.check(addr, to, len)?;
        let refs = self.elem(2, len)?;
        self.charge(len.into())?;
        self.write_elem(addr, to, refs)
    }
}
