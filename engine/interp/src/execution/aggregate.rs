//! Aggregate instructions (specification chapter 4.6.8, *Aggregate Reference Instructions*).

use super::Context;
use super::table::in_bounds;
use crate::observer::Rule;
use etalon_module::{CompType, Opcode, StorageType, TypeId};
use etalon_runtime::{HeapAddr, Ref, RefKind, Stop, Trap};

/// What cannot be: the heap has no such object although the types say so.
fn no_object() -> Stop {
    Stop::crash("a reference to an object that the heap does not have")
}

impl Context<'_> {
    fn structure(&mut self, at: usize, null: Rule) -> Result<HeapAddr, Stop> {
        match self.reference(at)?.kind() {
            Some(RefKind::Struct(addr)) => Ok(addr),
            None => {
                self.rule(null);
                Err(Trap::NullStructureReference.into())
            }
            Some(_) => Err(no_object()),
        }
    }

    fn array(&mut self, at: usize, null: Rule) -> Result<HeapAddr, Stop> {
        match self.reference(at)?.kind() {
            Some(RefKind::Array(addr)) => Ok(addr),
            None => {
                self.rule(null);
                Err(Trap::NullArrayReference.into())
            }
            Some(_) => Err(no_object()),
        }
    }

    fn array_len_of(&self, addr: HeapAddr) -> Result<u32, Stop> {
        self.store.heap.array_len(addr).ok_or_else(no_object)
    }

    /// Fails if `len` elements from `start` on are not all in an array.
    fn check(&mut self, addr: HeapAddr, start: u32, len: u32, oob: Rule) -> Result<(), Stop> {
        if in_bounds(start.into(), len.into(), self.array_len_of(addr)?.into()) {
            return Ok(());
        }
        self.rule(oob);
        Err(Trap::ArrayOutOfBounds.into())
    }

    fn u32(&self, at: usize) -> u32 {
        self.slots[at] as u32
    }

    /// A value of one or two slots.
    fn value(&self, at: usize, width: u32) -> [u64; 2] {
        [self.slots[at], if width == 2 { self.slots[at + 1] } else { 0 }]
    }

    /// `unpackfield`: a packed value, which is read with zeros above it, gets its sign.
    fn unpack(&self, [low, high]: [u64; 2], signed: bool) -> [u64; 2] {
        let low = match (self.op.x, signed) {
            (8, true) => u64::from(low as u8 as i8 as u32),
            (16, true) => u64::from(low as u16 as i16 as u32),
            _ => low,
        };
        [low, high]
    }

    /// The first slots are the result's: two for a vector, whose second operand slot is free.
    fn set_value(&mut self, [low, high]: [u64; 2], width: u32) {
        self.slots[0] = low;
        if width == 2 {
            self.slots[1] = high;
        }
    }

    fn ty(&self) -> TypeId {
        TypeId(self.op.x)
    }

    // spec: Step/struct.new
    pub(super) fn struct_new(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        self.store.room_for_struct(ty)?;
        self.charge(self.field_count(ty)?)?;
        self.rule(Rule::StructNew);
        let addr = self.store.alloc_struct(ty, &self.slots[..self.op.y as usize])?;
        self.set(Ref::structure(addr).to_bits());
        Ok(())
    }

    // spec: Step_read/struct.new_default
    pub(super) fn struct_new_default(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        self.store.room_for_struct(ty)?;
        self.charge(self.field_count(ty)?)?;
        self.rule(Rule::StructNewDefault);
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

    // spec: Step_read/struct.get-null, Step_read/struct.get-struct
    pub(super) fn struct_get(&mut self) -> Result<(), Stop> {
        let addr = self.structure(0, Rule::StructGetNull)?;
        self.rule(Rule::StructGetStruct);
        let object = self.store.heap.get(addr).ok_or_else(no_object)?;
        let CompType::Struct(fields) = &self.store.types.get(object.ty()).comp else {
            return Err(no_object());
        };
        let wide =
            fields[self.op.y as usize].storage == StorageType::Val(etalon_module::ValType::V128);
        let value = self.store.heap.struct_get(addr, self.op.y).ok_or_else(no_object)?;
        let value = self.unpack(value, self.op.opcode == Opcode::StructGetS);
        self.set_value(value, if wide { 2 } else { 1 });
        Ok(())
    }

    // spec: Step/struct.set-null, Step/struct.set-struct
    pub(super) fn struct_set(&mut self) -> Result<(), Stop> {
        let addr = self.structure(0, Rule::StructSetNull)?;
        self.rule(Rule::StructSetStruct);
        let value = self.value(1, self.op.x);
        self.store.heap.struct_set(addr, self.op.y, value).ok_or_else(no_object)
    }

    // spec: Step_pure/array.new
    pub(super) fn array_new(&mut self) -> Result<(), Stop> {
        let (ty, width) = (self.ty(), self.op.y);
        let (value, len) = (self.value(0, width), self.u32(width as usize));
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        self.rule(Rule::ArrayNew);
        let addr = self.store.alloc_array(ty, len, value)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    // spec: Step_read/array.new_default
    pub(super) fn array_new_default(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(0));
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        self.rule(Rule::ArrayNewDefault);
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    // spec: Step/array.new_fixed
    pub(super) fn array_new_fixed(&mut self) -> Result<(), Stop> {
        let ty = self.ty();
        let width =
            if self.element(ty)? == StorageType::Val(etalon_module::ValType::V128) { 2 } else { 1 };
        let len = self.op.y / width;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        self.rule(Rule::ArrayNewFixed);
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

    /// `zsize`: bytes that an element has in a data segment.
    fn element_bytes(&self, ty: TypeId) -> Result<u64, Stop> {
        use etalon_module::ValType as V;
        Ok(match self.element(ty)? {
            StorageType::I8 => 1,
            StorageType::I16 => 2,
            StorageType::Val(V::I32 | V::F32) => 4,
            StorageType::Val(V::I64 | V::F64) => 8,
            StorageType::Val(V::V128) => 16,
            StorageType::Val(V::Ref(_)) => return Err(no_object()),
        })
    }

    /// The bytes of a data segment that `len` elements are made of.
    fn data(&mut self, ty: TypeId, at: usize, len: u32, oob: Rule) -> Result<Box<[u8]>, Stop> {
        let start = u64::from(self.u32(at));
        let size = u64::from(len) * self.element_bytes(ty)?;
        let bytes = self.store.datas[self.op.y as usize].bytes();
        if !in_bounds(start, size, bytes.len() as u64) {
            self.rule(oob);
            return Err(Trap::MemoryOutOfBounds.into());
        }
        let bytes: Box<[u8]> = bytes[start as usize..(start + size) as usize].into();
        if len > 0 {
            // Each element is found by what it is written as, then unpacked.
            self.rule(Rule::FnInvZbytes);
            self.rule(Rule::FnCunpacknum);
        }
        Ok(bytes)
    }

    /// The references of an element segment.
    fn elem(&mut self, at: usize, len: u32, oob: Rule) -> Result<Box<[Ref]>, Stop> {
        let start = u64::from(self.u32(at));
        let refs = &self.store.elems[self.op.y as usize].refs;
        if !in_bounds(start, len.into(), refs.len() as u64) {
            self.rule(oob);
            return Err(Trap::TableOutOfBounds.into());
        }
        Ok(refs[start as usize..start as usize + len as usize].into())
    }

    // spec: Step_read/array.new_data-oob, Step_read/array.new_data-num
    pub(super) fn array_new_data(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(1));
        let bytes = self.data(ty, 0, len, Rule::ArrayNewDataOob)?;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        self.rule(Rule::ArrayNewDataNum);
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.store.heap.array_init_data(addr, 0, &bytes).ok_or_else(no_object)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    // spec: Step_read/array.new_elem-oob, Step_read/array.new_elem-alloc
    pub(super) fn array_new_elem(&mut self) -> Result<(), Stop> {
        let (ty, len) = (self.ty(), self.u32(1));
        let refs = self.elem(0, len, Rule::ArrayNewElemOob)?;
        self.store.room_for_array(ty, len)?;
        self.charge(len.into())?;
        self.rule(Rule::ArrayNewElemAlloc);
        let addr = self.store.alloc_array(ty, len, [0, 0])?;
        self.store.heap.array_init_elem(addr, 0, &refs).ok_or_else(no_object)?;
        self.set(Ref::array(addr).to_bits());
        Ok(())
    }

    // spec: Step_read/array.get-null, Step_read/array.get-oob, Step_read/array.get-array
    pub(super) fn array_get(&mut self) -> Result<(), Stop> {
        let addr = self.array(0, Rule::ArrayGetNull)?;
        let index = self.u32(1);
        self.check(addr, index, 1, Rule::ArrayGetOob)?;
        self.rule(Rule::ArrayGetArray);
        let value = self.store.heap.array_get(addr, index).ok_or_else(no_object)?;
        let value = self.unpack(value, self.op.opcode == Opcode::ArrayGetS);
        self.set_value(value, self.op.y);
        Ok(())
    }

    // spec: Step/array.set-null, Step/array.set-oob, Step/array.set-array
    pub(super) fn array_set(&mut self) -> Result<(), Stop> {
        let addr = self.array(0, Rule::ArraySetNull)?;
        let index = self.u32(1);
        self.check(addr, index, 1, Rule::ArraySetOob)?;
        self.rule(Rule::ArraySetArray);
        let value = self.value(2, self.op.x);
        self.store.heap.array_set(addr, index, value).ok_or_else(no_object)
    }

    // spec: Step_read/array.len-null, Step_read/array.len-array
    pub(super) fn array_len(&mut self) -> Result<(), Stop> {
        let addr = self.array(0, Rule::ArrayLenNull)?;
        self.rule(Rule::ArrayLenArray);
        let len = self.array_len_of(addr)?;
        self.set(len.into());
        Ok(())
    }

    // spec: Step_read/array.fill-null, Step_read/array.fill-oob, Step_read/array.fill-zero,
    // Step_read/array.fill-succ
    pub(super) fn array_fill(&mut self) -> Result<(), Stop> {
        let width = self.op.x;
        let addr = self.array(0, Rule::ArrayFillNull)?;
        let (start, len) = (self.u32(1), self.u32(2 + width as usize));
        self.check(addr, start, len, Rule::ArrayFillOob)?;
        self.charge(len.into())?;
        self.rule(if len == 0 { Rule::ArrayFillZero } else { Rule::ArrayFillSucc });
        let value = self.value(2, width);
        self.store.heap.array_fill(addr, start, len, value).ok_or_else(no_object)
    }

    // spec: Step_read/array.copy-null1, Step_read/array.copy-null2, Step_read/array.copy-oob1,
    // Step_read/array.copy-oob2, Step_read/array.copy-zero, Step_read/array.copy-le,
    // Step_read/array.copy-gt
    pub(super) fn array_copy(&mut self) -> Result<(), Stop> {
        let dst = self.array(0, Rule::ArrayCopyNull1)?;
        let src = self.array(2, Rule::ArrayCopyNull2)?;
        let (to, from, len) = (self.u32(1), self.u32(3), self.u32(4));
        self.check(dst, to, len, Rule::ArrayCopyOob1)?;
        self.check(src, from, len, Rule::ArrayCopyOob2)?;
        self.charge(len.into())?;
        self.rule(match () {
            () if len == 0 => Rule::ArrayCopyZero,
            () if to <= from => Rule::ArrayCopyLe,
            () => Rule::ArrayCopyGt,
        });
        if len > 0 {
            self.rule(Rule::FnSx);
        }
        self.store.heap.array_copy((dst, to), (src, from), len).ok_or_else(no_object)
    }

    // spec: Step_read/array.init_data-null, Step_read/array.init_data-oob1,
    // Step_read/array.init_data-oob2, Step_read/array.init_data-zero,
    // Step_read/array.init_data-num
    pub(super) fn array_init_data(&mut self) -> Result<(), Stop> {
        let addr = self.array(0, Rule::ArrayInitDataNull)?;
        let (to, len) = (self.u32(1), self.u32(3));
        self.check(addr, to, len, Rule::ArrayInitDataOob1)?;
        let bytes = self.data(self.ty(), 2, len, Rule::ArrayInitDataOob2)?;
        self.charge(len.into())?;
        self.rule(if len == 0 { Rule::ArrayInitDataZero } else { Rule::ArrayInitDataNum });
        self.store.heap.array_init_data(addr, to, &bytes).ok_or_else(no_object)
    }

    // spec: Step_read/array.init_elem-null, Step_read/array.init_elem-oob1,
    // Step_read/array.init_elem-oob2, Step_read/array.init_elem-zero,
    // Step_read/array.init_elem-succ
    pub(super) fn array_init_elem(&mut self) -> Result<(), Stop> {
        let addr = self.array(0, Rule::ArrayInitElemNull)?;
        let (to, len) = (self.u32(1), self.u32(3));
        self.check(addr, to, len, Rule::ArrayInitElemOob1)?;
        let refs = self.elem(2, len, Rule::ArrayInitElemOob2)?;
        self.charge(len.into())?;
        self.rule(if len == 0 { Rule::ArrayInitElemZero } else { Rule::ArrayInitElemSucc });
        self.store.heap.array_init_elem(addr, to, &refs).ok_or_else(no_object)
    }
}
