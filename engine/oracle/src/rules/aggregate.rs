//! Aggregate Instructions: structures and arrays.

use super::memory::word;
use super::table::in_bounds;
use crate::configuration::{Configuration, Step, bug, wrong_type};
use etalon_module::{CompType, FieldType, Opcode, Rule, StorageType, TypeId, ValType};
use etalon_numerics::Function;
use etalon_runtime::{HeapAddr, Ref, RefKind, Stop, Trap, Value, room};

/// The words of values, as fields and elements keep them.
type Words = Vec<[u64; 2]>;

fn no_object() -> Box<Stop> {
    bug("a reference to an object that is not of its type")
}

/// `packfield`: the words of a value as a field keeps it. A packed field keeps the lowest bits of an integer.
fn pack(value: Value, storage: StorageType) -> Step<[u64; 2]> {
    match (storage, value) {
        (StorageType::I8, Value::I32(i)) => Ok([u64::from(i as u8), 0]),
        (StorageType::I16, Value::I32(i)) => Ok([u64::from(i as u16), 0]),
        (StorageType::I8 | StorageType::I16, other) => Err(wrong_type(other, "an i32")),
        (StorageType::Val(_), value) => Ok(value.to_slots()),
    }
}

/// `unpackfield`: the value that a field keeps. A packed field is extended as `extend` says.
fn unpack(words: [u64; 2], storage: StorageType, extend: Extend) -> Step<Value> {
    let value = match (storage, extend) {
        (StorageType::I8, Extend::Signed) => Value::I32(words[0] as u8 as i8 as u32),
        (StorageType::I16, Extend::Signed) => Value::I32(words[0] as u16 as i16 as u32),
        (StorageType::I8 | StorageType::I16, _) => Value::I32(words[0] as u32),
        (StorageType::Val(ty), _) => Value::from_slots(ty, words).ok_or_else(no_object)?,
    };
    Ok(value)
}

/// How the number of a packed field or of an i31 is extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extend {
    Signed,
    Unsigned,
}

/// An element of an array.
type Place = (HeapAddr, u32);

/// Structures.
impl Configuration<'_> {
    fn fields(&self, ty: TypeId) -> Step<Box<[FieldType]>> {
        match &self.store.types.get(ty).comp {
            CompType::Struct(fields) => Ok(fields.clone()),
            _ => Err(no_object()),
        }
    }

    fn field(&self, ty: u32, field: u32) -> Step<StorageType> {
        match &self.store.types.get(self.type_id(ty)?).comp {
            CompType::Struct(fields) => fields.get(field as usize).map(|field| field.storage),
            _ => None,
        }
        .ok_or_else(no_object)
    }

    /// `struct.new` makes a structure of the values of its fields. `Step/struct.new`
    pub(crate) fn struct_new(&mut self, ty: u32) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let fields = self.fields(ty)?.len();
        self.store.room_for_struct(ty)?;
        self.charge(Opcode::StructNew, fields as u64)?;
        self.used(Rule::StructNew);
        let values = self.pop_values(fields)?;
        self.push_struct(ty, &values)
    }

    /// `struct.new_default` makes a structure of default values. `Step_read/struct.new_default`
    pub(crate) fn struct_new_default(&mut self, ty: u32) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let fields = self.fields(ty)?;
        self.store.room_for_struct(ty)?;
        self.charge(Opcode::StructNewDefault, fields.len() as u64)?;
        self.used(Rule::StructNewDefault);
        let values = fields.iter().map(|field| default_of(field.storage));
        self.push_struct(ty, &values.collect::<Step<Vec<_>>>()?)
    }

    fn push_struct(&mut self, ty: TypeId, values: &[Value]) -> Step {
        let mut slots = vec![0; 2 * values.len()];
        let len = Value::write_all(values, &mut slots);
        let addr = self.store.alloc_struct(ty, &slots[..len])?;
        self.push_ref(Ref::structure(addr))
    }

    /// The structure that a reference is to; traps if it is null.
    fn pop_struct(&mut self, null: Rule) -> Step<HeapAddr> {
        match self.pop_ref()?.kind() {
            Some(RefKind::Struct(addr)) => Ok(addr),
            None => self.traps(null, Trap::NullStructureReference),
            Some(_) => Err(no_object()),
        }
    }

    /// `struct.get`, `struct.get_s` and `struct.get_u` give a field; they trap if the reference is null.
    /// `Step_read/struct.get-null`, `Step_read/struct.get-struct`
    pub(crate) fn struct_get(&mut self, (ty, field): (u32, u32), extend: Extend) -> Step {
        let addr = self.pop_struct(Rule::StructGetNull)?;
        self.used(Rule::StructGetStruct);
        let storage = self.field(ty, field)?;
        let words = self.store.heap.struct_get(addr, field).ok_or_else(no_object)?;
        self.push(unpack(words, storage, extend)?)
    }

    /// `struct.set` changes a field; it traps if the reference is null. `Step/struct.set-null`, `Step/struct.set-struct`
    pub(crate) fn struct_set(&mut self, (ty, field): (u32, u32)) -> Step {
        let value = self.pop()?;
        let addr = self.pop_struct(Rule::StructSetNull)?;
        self.used(Rule::StructSetStruct);
        let words = pack(value, self.field(ty, field)?)?;
        self.store.heap.struct_set(addr, field, words).ok_or_else(no_object)
    }
}

/// Arrays, made.
impl Configuration<'_> {
    fn element(&self, ty: TypeId) -> Step<StorageType> {
        match &self.store.types.get(ty).comp {
            CompType::Array(element) => Ok(element.storage),
            _ => Err(no_object()),
        }
    }

    /// Makes sure that an array can be had, and pays for it.
    fn prepare_array(&mut self, opcode: Opcode, ty: TypeId, len: u32) -> Step {
        self.store.room_for_array(ty, len)?;
        self.charge(opcode, len.into())
    }

    /// Pushes an array of `len` elements of a value.
    fn push_array(&mut self, ty: TypeId, len: u32, value: Value) -> Step {
        let words = pack(value, self.element(ty)?)?;
        let addr = self.store.alloc_array(ty, len, words)?;
        self.push_ref(Ref::array(addr))
    }

    /// `array.new` makes an array of one value. `Step_pure/array.new`
    pub(crate) fn array_new(&mut self, ty: u32) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let (len, value) = (self.pop_i32()?, self.pop()?);
        self.prepare_array(Opcode::ArrayNew, ty, len)?;
        self.used(Rule::ArrayNew);
        self.push_array(ty, len, value)
    }

    /// `array.new_default` makes an array of default values. `Step_read/array.new_default`
    pub(crate) fn array_new_default(&mut self, ty: u32) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let len = self.pop_i32()?;
        self.prepare_array(Opcode::ArrayNewDefault, ty, len)?;
        self.used(Rule::ArrayNewDefault);
        let value = default_of(self.element(ty)?)?;
        self.push_array(ty, len, value)
    }

    /// `array.new_fixed` makes an array of the values on the stack. `Step/array.new_fixed`
    pub(crate) fn array_new_fixed(&mut self, (ty, len): (u32, u32)) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        self.prepare_array(Opcode::ArrayNewFixed, ty, len)?;
        self.used(Rule::ArrayNewFixed);
        let values = self.pop_values(len as usize)?;
        let mut slots = vec![0; 2 * values.len()];
        let used = Value::write_all(&values, &mut slots);
        let addr = self.store.alloc_array_fixed(ty, &slots[..used])?;
        self.push_ref(Ref::array(addr))
    }

    /// `array.new_data` makes an array of the bytes of a segment. `Step_read/array.new_data-oob`, `Step_read/array.new_data-num`
    pub(crate) fn array_new_data(&mut self, (ty, data): (u32, u32)) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let (len, from) = (self.pop_i32()?, self.pop_i32()?);
        let values = self.data_words(ty, data, (from, len), Rule::ArrayNewDataOob)?;
        self.prepare_array(Opcode::ArrayNewData, ty, len)?;
        self.used(Rule::ArrayNewDataNum);
        self.push_array_of(ty, &values)
    }

    /// `array.new_elem` makes an array of the references of a segment. `Step_read/array.new_elem-oob`, `Step_read/array.new_elem-alloc`
    pub(crate) fn array_new_elem(&mut self, (ty, elem): (u32, u32)) -> Step {
        self.store.collect_if_needed(&*self.thread);
        let ty = self.type_id(ty)?;
        let (len, from) = (self.pop_i32()?, self.pop_i32()?);
        let values = self.elem_words(elem, (from, len), Rule::ArrayNewElemOob)?;
        self.prepare_array(Opcode::ArrayNewElem, ty, len)?;
        self.used(Rule::ArrayNewElemAlloc);
        self.push_array_of(ty, &values)
    }

    fn push_array_of(&mut self, ty: TypeId, words: &[[u64; 2]]) -> Step {
        let addr = self.store.alloc_array(ty, words.len() as u32, [0, 0])?;
        self.set_elements(addr, 0, words)?;
        self.push_ref(Ref::array(addr))
    }

    fn set_elements(&mut self, addr: HeapAddr, start: u32, words: &[[u64; 2]]) -> Step {
        let set = |(index, words): (u32, &[u64; 2])| self.store.heap.array_set(addr, index, *words);
        (start..).zip(words).try_for_each(set).ok_or_else(no_object)
    }

    /// The words of `len` elements in the bytes of a segment; traps if they are not all there.
    fn data_words(&mut self, ty: TypeId, data: u32, range: (u32, u32), oob: Rule) -> Step<Words> {
        let (from, len) = range;
        let size = bytes_of(self.element(ty)?)?;
        let data = self.data_addr(data)?.index();
        let needed = u64::from(len) * size as u64;
        let inside = in_bounds(from.into(), needed, self.store.datas.bytes(data).len() as u64);
        self.check(inside, oob, Trap::MemoryOutOfBounds)?;
        if len > 0 {
            self.applied(Function::InvZbytes);
            self.applied(Function::Cunpacknum);
        }
        let bytes = &self.store.datas.bytes(data)[from as usize..][..needed as usize];
        Ok(room::collect(bytes.chunks_exact(size).map(words_of))?)
    }

    /// The words of `len` references of a segment; traps if they are not all there.
    fn elem_words(&mut self, elem: u32, (from, len): (u32, u32), oob: Rule) -> Step<Words> {
        let elem = self.elem_addr(elem)?.index();
        let inside = in_bounds(from.into(), len.into(), self.store.elems[elem].refs.len() as u64);
        self.check(inside, oob, Trap::TableOutOfBounds)?;
        let refs = &self.store.elems[elem].refs[from as usize..][..len as usize];
        Ok(room::collect(refs.iter().map(|r| [r.to_bits(), 0]))?)
    }
}

/// Arrays, read and written.
impl Configuration<'_> {
    fn pop_array_or_null(&mut self) -> Step<Option<HeapAddr>> {
        match self.pop_ref()?.kind() {
            Some(RefKind::Array(addr)) => Ok(Some(addr)),
            None => Ok(None),
            Some(_) => Err(no_object()),
        }
    }

    /// The array that a reference is to; traps if it is null.
    fn pop_array(&mut self, null: Rule) -> Step<HeapAddr> {
        let addr = self.pop_array_or_null()?;
        self.found(addr, null, Trap::NullArrayReference)
    }

    /// Traps if not all of `len` elements from `start` on are in an array.
    fn check_inside(&mut self, addr: HeapAddr, start: u32, len: u32, oob: Rule) -> Step {
        let size = self.store.heap.array_len(addr).ok_or_else(no_object)?;
        let inside = in_bounds(start.into(), len.into(), size.into());
        self.check(inside, oob, Trap::ArrayOutOfBounds)
    }

    /// `array.get`, `array.get_s` and `array.get_u` give an element. `Step_read/array.get-null`, `Step_read/array.get-oob`, `Step_read/array.get-array`
    pub(crate) fn array_get(&mut self, ty: u32, extend: Extend) -> Step {
        let index = self.pop_i32()?;
        let addr = self.pop_array(Rule::ArrayGetNull)?;
        self.check_inside(addr, index, 1, Rule::ArrayGetOob)?;
        self.used(Rule::ArrayGetArray);
        let storage = self.element(self.type_id(ty)?)?;
        let words = self.store.heap.array_get(addr, index).ok_or_else(no_object)?;
        self.push(unpack(words, storage, extend)?)
    }

    /// `array.set` changes an element. `Step/array.set-null`, `Step/array.set-oob`, `Step/array.set-array`
    pub(crate) fn array_set(&mut self, ty: u32) -> Step {
        let (value, index) = (self.pop()?, self.pop_i32()?);
        let addr = self.pop_array(Rule::ArraySetNull)?;
        self.check_inside(addr, index, 1, Rule::ArraySetOob)?;
        self.used(Rule::ArraySetArray);
        let words = pack(value, self.element(self.type_id(ty)?)?)?;
        self.store.heap.array_set(addr, index, words).ok_or_else(no_object)
    }

    /// `array.len` gives the number of elements. `Step_read/array.len-null`, `Step_read/array.len-array`
    pub(crate) fn array_len(&mut self) -> Step {
        let addr = self.pop_array(Rule::ArrayLenNull)?;
        self.used(Rule::ArrayLenArray);
        let len = self.store.heap.array_len(addr).ok_or_else(no_object)?;
        self.push(Value::I32(len))
    }

    /// `array.fill` sets a range of elements to a value.
    /// `Step_read/array.fill-null`, `Step_read/array.fill-oob`, `Step_read/array.fill-zero`, `Step_read/array.fill-succ`
    pub(crate) fn array_fill(&mut self, ty: u32) -> Step {
        let (len, value, start) = (self.pop_i32()?, self.pop()?, self.pop_i32()?);
        let addr = self.pop_array(Rule::ArrayFillNull)?;
        self.check_inside(addr, start, len, Rule::ArrayFillOob)?;
        self.charge(Opcode::ArrayFill, len.into())?;
        self.used(if len == 0 { Rule::ArrayFillZero } else { Rule::ArrayFillSucc });
        let words = pack(value, self.element(self.type_id(ty)?)?)?;
        let heap = &mut self.store.heap;
        let set = |at| heap.array_set(addr, at, words);
        (start..start + len).try_for_each(set).ok_or_else(no_object)
    }

    /// `array.copy` copies a range of elements; the ranges may overlap.
    /// `Step_read/array.copy-null1`, `Step_read/array.copy-null2`, `Step_read/array.copy-oob1`, `Step_read/array.copy-oob2`,
    /// `Step_read/array.copy-zero`, `Step_read/array.copy-le`, `Step_read/array.copy-gt`
    pub(crate) fn array_copy(&mut self) -> Step {
        let (len, from, src) = (self.pop_i32()?, self.pop_i32()?, self.pop_array_or_null()?);
        let (to, dst) = (self.pop_i32()?, self.pop_array_or_null()?);
        let dst = self.found(dst, Rule::ArrayCopyNull1, Trap::NullArrayReference)?;
        let src = self.found(src, Rule::ArrayCopyNull2, Trap::NullArrayReference)?;
        self.check_inside(dst, to, len, Rule::ArrayCopyOob1)?;
        self.check_inside(src, from, len, Rule::ArrayCopyOob2)?;
        self.charge(Opcode::ArrayCopy, len.into())?;
        self.copy_elements((dst, to), (src, from), len)
    }

    /// Each element is read with a sign extension, `$sx`, that writing it undoes.
    fn copy_elements(&mut self, (dst, to): Place, (src, from): Place, len: u32) -> Step {
        self.used(match () {
            () if len == 0 => Rule::ArrayCopyZero,
            () if to <= from => Rule::ArrayCopyLe,
            () => Rule::ArrayCopyGt,
        });
        if len > 0 {
            self.applied(Function::Sx);
        }
        let heap = &mut self.store.heap;
        for step in 0..len {
            // Upwards, or downwards if the target is above the source.
            let offset = if to <= from { step } else { len - 1 - step };
            let words = heap.array_get(src, from + offset).ok_or_else(no_object)?;
            heap.array_set(dst, to + offset, words).ok_or_else(no_object)?;
        }
        Ok(())
    }

    /// `array.init_data` sets elements from the bytes of a segment.
    /// `Step_read/array.init_data-null`, `Step_read/array.init_data-oob1`, `Step_read/array.init_data-oob2`,
    /// `Step_read/array.init_data-zero`, `Step_read/array.init_data-num`
    pub(crate) fn array_init_data(&mut self, (ty, data): (u32, u32)) -> Step {
        let ty = self.type_id(ty)?;
        let (len, from, to) = (self.pop_i32()?, self.pop_i32()?, self.pop_i32()?);
        let addr = self.pop_array(Rule::ArrayInitDataNull)?;
        self.check_inside(addr, to, len, Rule::ArrayInitDataOob1)?;
        let values = self.data_words(ty, data, (from, len), Rule::ArrayInitDataOob2)?;
        self.charge(Opcode::ArrayInitData, len.into())?;
        self.used(if len == 0 { Rule::ArrayInitDataZero } else { Rule::ArrayInitDataNum });
        self.set_elements(addr, to, &values)
    }

    /// `array.init_elem` sets elements from the references of a segment.
    /// `Step_read/array.init_elem-null`, `Step_read/array.init_elem-oob1`, `Step_read/array.init_elem-oob2`,
    /// `Step_read/array.init_elem-zero`, `Step_read/array.init_elem-succ`
    pub(crate) fn array_init_elem(&mut self, (_, elem): (u32, u32)) -> Step {
        let (len, from, to) = (self.pop_i32()?, self.pop_i32()?, self.pop_i32()?);
        let addr = self.pop_array(Rule::ArrayInitElemNull)?;
        self.check_inside(addr, to, len, Rule::ArrayInitElemOob1)?;
        let values = self.elem_words(elem, (from, len), Rule::ArrayInitElemOob2)?;
        self.charge(Opcode::ArrayInitElem, len.into())?;
        self.used(if len == 0 { Rule::ArrayInitElemZero } else { Rule::ArrayInitElemSucc });
        self.set_elements(addr, to, &values)
    }
}

fn default_of(storage: StorageType) -> Step<Value> {
    match storage {
        StorageType::I8 | StorageType::I16 => Ok(Value::I32(0)),
        StorageType::Val(ty) => Value::default_of(ty).ok_or_else(no_object),
    }
}

/// `zsize`: bytes that an element has in a data segment.
fn bytes_of(storage: StorageType) -> Step<usize> {
    Ok(match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64) => 8,
        StorageType::Val(ValType::V128) => 16,
        StorageType::Val(ValType::Ref(_)) => return Err(no_object()),
    })
}

/// The words of the value that is written as these bytes, least significant first: `$inv_zbytes_`, and `$cunpacknum_` of it.
fn words_of(bytes: &[u8]) -> [u64; 2] {
    match bytes.split_at_checked(8) {
        Some((low, high)) => [word(low), word(high)],
        None => [word(bytes), 0],
    }
}
