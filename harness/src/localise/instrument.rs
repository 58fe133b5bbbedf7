//! Instrumented copies of a module: at chosen points, values are handed to functions that the host records, or kept in exported
//! globals.
//!
//! A copy needs nothing of an engine but imported functions of two parameters, or exported globals, so any engine can be asked. Points
//! are counted as they are reached, and only those of a window are told, so that a long run is looked at piece by piece.

use crate::rewrite::{Extra, Failed, Func, Keep, Op, Parts, Text};
use etalon_module::Opcode;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;
use wasm_encoder as we;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{Encode, Instruction as I};
use wasmparser as wp;

/// The module name of the functions that are told.
pub(crate) const MODULE: &str = "etalon.points";

/// How much more gas a copy may use.
pub(crate) const GAS: u64 = 64;

/// Where a copy puts what it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is handed to imported functions.
    Host,
    /// It is kept in globals, of which so many are there ([`SLOTS`]): for engines that take no imports, or hand over other values.
    Slots,
}

/// How many values are kept in globals.
pub(crate) const SLOTS: u64 = 128;

/// The name of the global that tells how many are.
pub(crate) const KEPT: &str = "etalon.points.kept";

/// The names of the globals that keep the number of a point, and its value if that is narrow or wide. No instruction turns one into the
/// other: it might be the one that is wrong.
pub(crate) fn slot(number: u64) -> [String; 3] {
    ["point", "i32", "i64"].map(|what| format!("{MODULE}.{what}.{number}"))
}

/// What a point tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// That it was reached.
    Reached,
    /// A value: of the results by its number, of the operands, or of the parameters.
    Result(usize),
    Operand(usize),
    Param(usize),
    /// The value that a global has.
    Global,
    /// The value that a local has.
    Local,
    /// A digest of the memories.
    Memories,
    /// A digest of an object.
    Object,
}

impl What {
    /// Whether it is told right after another thing, of the same instruction.
    pub(crate) fn follows(self, before: What) -> bool {
        match (before, self) {
            (What::Result(a), What::Result(b)) | (What::Param(a), What::Param(b)) => b == a + 1,
            (What::Reached, What::Param(0)) => true,
            _ => false,
        }
    }
}

/// A part of the state that can be told after each instruction that may write to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A local of a function, after each instruction there.
    Local(u32, u32),
    Memories,
    /// Structures and arrays.
    Objects,
    /// What references refer to, in the place of whether they are null.
    Referents,
    /// Tables cannot be told: the run stops at a point, and the engine's digest of them is looked at.
    Tables,
}

/// A place of the text, and what is told there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) func: u32,
    /// The instruction that is over then; `None` where the function begins.
    pub(crate) op: Option<usize>,
    pub(crate) what: What,
    /// The type of the value that is told.
    pub(crate) ty: Option<wp::ValType>,
}

/// Which points there are.
#[derive(Clone)]
pub(crate) struct Chosen<'a> {
    pub(crate) at: &'a dyn Fn(u32, Option<usize>) -> bool,
    /// An instruction whose operands are told before it.
    pub(crate) operands: Option<(u32, usize)>,
    /// What is told, if not values.
    pub(crate) state: Option<State>,
    /// Which of the points are told, by the number of those that were reached before.
    pub(crate) window: Range<u64>,
    pub(crate) way: Way,
    /// Whether the run ends by a trap at the first point of the window.
    pub(crate) stops: bool,
}

/// Whether an instruction writes to memory.
pub(crate) fn writes(opcode: Opcode) -> bool {
    let name = opcode.name();
    let plain = ["memory.fill", "memory.copy", "memory.init", "memory.grow"].contains(&name);
    plain || name.contains(".store") || name.contains(".rmw")
}

fn writes_table(opcode: Opcode) -> bool {
    let name = opcode.name();
    name.starts_with("table.") && !matches!(name, "table.get" | "table.size")
}

/// Whether nothing can be learnt after an instruction that is not known before it: it only moves values, or is a constant.
pub(crate) fn is_plain(op: &Op) -> bool {
    use Opcode::*;
    matches!(op.opcode, Nop | Drop | LocalSet | RefNull | RefFunc)
        || op.opcode.name().ends_with(".const")
}

/// The module with points, and what each is, by its number.
pub(crate) fn instrument(
    wasm: &[u8],
    text: &Text,
    chosen: &Chosen<'_>,
) -> Result<(Vec<u8>, Vec<Point>), Failed> {
    let parts = Parts::of(wasm)?;
    let imported = parts.imported(wp::ExternalKind::Func);
    let hosts = if chosen.way == Way::Host { 2 } else { 0 };
    let first = imported + parts.funcs.len() as u32 + hosts;
    let types = parts.type_count();
    let mut extra = Extra::default();
    for ty in [we::ValType::I32, we::ValType::I64] {
        extra.types.push(we::FuncType::new([ty, we::ValType::I32], []));
    }
    extra.types.push(we::FuncType::new([we::ValType::I32], []));
    let counter = we::GlobalType { val_type: we::ValType::I64, mutable: true, shared: false };
    extra.globals.push(counter);
    let global = parts.imported(wp::ExternalKind::Global) + parts.globals.len() as u32;
    let window = Window { global, range: chosen.window.clone(), stops: chosen.stops };
    // Behind the three that note, those that keep.
    let told = if chosen.way == Way::Host { imported } else { first + 3 };
    extra.funcs.push((types, window.note(told)));
    extra.funcs.push((types + 1, window.note(told + 1)));
    let memories =
        if chosen.state == Some(State::Memories) { memory_types(&parts) } else { Vec::new() };
    extra.funcs.push((types + 2, window.note_memories(&memories, told + 1)));
    match chosen.way {
        Way::Host => extra.imports = vec![(MODULE, "i32", types), (MODULE, "i64", types + 1)],
        Way::Slots => {
            let narrow = we::GlobalType { val_type: we::ValType::I32, ..counter };
            extra.globals.push(narrow);
            (0..SLOTS).for_each(|_| extra.globals.extend([narrow, narrow, counter]));
            let names = std::iter::once(KEPT.to_owned()).chain((0..SLOTS).flat_map(slot));
            extra.exports = names.zip(global + 1..).collect();
            extra.funcs.extend([(types, window.keep(0)), (types + 1, window.keep(1))]);
        }
    }
    let mut globals: Vec<wp::ValType> = Vec::new();
    for import in &parts.imports {
        if let wp::TypeRef::Global(ty) = import.ty {
            globals.push(ty.content_type);
        }
    }
    globals.extend(parts.globals.iter().map(|global| global.ty.content_type));
    let mut points = Vec::new();
    let mut shift = Shift { imported, by: hosts };
    let wasm = parts.encode(&mut shift, &Keep::all(), &extra, |re, func, body| {
        let func = text.func(func).ok_or(Failed)?;
        let writer = Writer {
            func,
            chosen,
            globals: &globals,
            types: &types_of(&parts),
            notes: first,
            points: &mut points,
            code: Vec::new(),
            temporaries: BTreeMap::new(),
            locals: Vec::new(),
        };
        writer.write(re, body)
    })?;
    Ok((wasm, points))
}

fn types_of(parts: &Parts<'_>) -> Vec<wp::SubType> {
    parts.groups.iter().flat_map(|group| group.types()).cloned().collect()
}

fn memory_types(parts: &Parts<'_>) -> Vec<wp::MemoryType> {
    let imported = parts.imports.iter().filter_map(|import| match import.ty {
        wp::TypeRef::Memory(ty) => Some(ty),
        _ => None,
    });
    imported.chain(parts.memories.iter().copied()).collect()
}

/// Functions are imported behind the others, so those that the module defines have other numbers.
pub(super) struct Shift {
    imported: u32,
    by: u32,
}

impl Reencode for Shift {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Infallible>> {
        Ok(if func < self.imported { func } else { func + self.by })
    }
}

/// The points that are told.
struct Window {
    global: u32,
    range: Range<u64>,
    /// Whether the run ends there.
    stops: bool,
}

impl Window {
    /// Counts a point; goes on inside of an `if` where it is told.
    fn count(&self, body: &mut we::InstructionSink<'_>) {
        let width = self.range.end - self.range.start;
        body.global_get(self.global).i64_const(self.range.start as i64).i64_sub();
        body.i64_const(width as i64).i64_lt_u();
        body.global_get(self.global).i64_const(1).i64_add().global_set(self.global);
        body.if_(we::BlockType::Empty);
    }

    /// Tells a value and the number of its point.
    fn note(&self, host: u32) -> we::Function {
        let mut function = we::Function::new([]);
        let mut body = function.instructions();
        self.count(&mut body);
        body.local_get(0).local_get(1).call(host);
        if self.stops {
            body.unreachable();
        }
        body.end().end();
        function
    }

    /// Keeps a value and the number of its point in the next globals that are free, if there are any.
    fn keep(&self, width: u32) -> we::Function {
        let mut function = we::Function::new([]);
        let mut body = function.instructions();
        let kept = self.global + 1;
        for number in 0..SLOTS as u32 {
            let point = kept + 1 + 3 * number;
            body.global_get(kept).i32_const(number as i32).i32_eq().if_(we::BlockType::Empty);
            body.local_get(1).global_set(point).local_get(0).global_set(point + 1 + width);
            body.i32_const(number as i32 + 1).global_set(kept).return_().end();
        }
        body.end();
        function
    }

    /// Tells a digest of each memory's first bytes.
    fn note_memories(&self, memories: &[wp::MemoryType], host: u32) -> we::Function {
        /// Bytes of a memory that are looked at.
        const MOST: i64 = 1 << 20;
        let mut function = we::Function::new([(3, we::ValType::I64)]);
        let mut body = function.instructions();
        let (sum, at, end) = (1, 2, 3);
        self.count(&mut body);
        for (index, memory) in (0..).zip(memories) {
            let target = we::MemArgTarget::Memory(index);
            let argument = we::MemArg { offset: 0, align: 0, target, ordering: None };
            let shift = i64::from(memory.page_size_log2.unwrap_or(16));
            body.memory_size(index);
            if !memory.memory64 {
                body.i64_extend_i32_u();
            }
            body.i64_const(shift).i64_shl().local_tee(end);
            body.i64_const(MOST).local_get(end).i64_const(MOST).i64_lt_u().select().local_set(end);
            body.local_get(end).local_set(sum).i64_const(0).local_set(at);
            body.block(we::BlockType::Empty).loop_(we::BlockType::Empty);
            body.local_get(at).local_get(end).i64_ge_u().br_if(1);
            body.local_get(sum).i64_const(0x0100_0000_01b3).i64_mul();
            body.local_get(at);
            if !memory.memory64 {
                body.i32_wrap_i64();
            }
            // A memory of small pages may end anywhere.
            let step = if shift >= 3 { 8 } else { 1 };
            if step == 8 {
                body.i64_load(argument)
            } else {
                body.i64_load8_u(argument)
            };
            body.i64_xor().local_tee(sum).local_get(sum).i64_const(29).i64_shr_u().i64_xor();
            body.local_set(sum);
            body.local_get(at).i64_const(step).i64_add().local_set(at).br(0).end().end();
            body.local_get(sum).local_get(0).call(host);
        }
        body.end().end();
        function
    }
}

/// Whether a reference may be to a structure or an array.
pub(super) fn may_be_object(ty: wp::ValType) -> bool {
    use wp::AbstractHeapType::{Any, Array, Eq, Struct};
    let wp::ValType::Ref(r) = ty else { return false };
    match r.heap_type() {
        wp::HeapType::Abstract { ty, .. } => matches!(ty, Any | Eq | Struct | Array),
        wp::HeapType::Concrete(_) | wp::HeapType::Exact(_) => !r.is_func_ref(),
    }
}

pub(super) struct Writer<'a> {
    func: &'a Func,
    chosen: &'a Chosen<'a>,
    globals: &'a [wp::ValType],
    pub(super) types: &'a [wp::SubType],
    /// The index of the first function that is added.
    notes: u32,
    points: &'a mut Vec<Point>,
    pub(super) code: Vec<u8>,
    /// Locals of ours, by their types.
    temporaries: BTreeMap<String, Vec<u32>>,
    locals: Vec<we::ValType>,
}

impl Writer<'_> {
    fn write(
        mut self,
        re: &mut Shift,
        body: &wp::FunctionBody<'_>,
    ) -> Result<we::Function, Failed> {
        for ty in &self.func.locals {
            self.locals.push(re.val_type(*ty)?);
        }
        if (self.chosen.at)(self.func.index, None) && self.chosen.state.is_none() {
            self.tell(None, What::Reached, None, None);
            for (nth, ty) in self.func.params.iter().enumerate() {
                self.tell(None, What::Param(nth), Some(*ty), Some(nth as u32));
            }
        }
        let mut reader = body.get_operators_reader()?;
        let last = self.func.ops.len() - 1;
        for (at, op) in self.func.ops.iter().enumerate() {
            let instruction = re.parse_instruction(&mut reader)?;
            if self.chosen.operands == Some((self.func.index, at)) {
                self.values(re, at, op.operands.clone(), What::Operand)?;
            }
            let object = self.object_before(re, op)?;
            instruction.encode(&mut self.code);
            let is_chosen = (self.chosen.at)(self.func.index, Some(at)) && op.goes_on && at != last;
            match self.chosen.state {
                _ if !is_chosen => {}
                None | Some(State::Referents) if is_plain(op) => {}
                None | Some(State::Referents) => self.point(re, at, op)?,
                Some(State::Memories) if writes(op.opcode) => {
                    self.tell(Some(at), What::Memories, None, None);
                }
                Some(State::Tables) if writes_table(op.opcode) => {
                    self.tell(Some(at), What::Reached, None, None);
                }
                Some(State::Local(func, local)) if func == self.func.index => {
                    let types = self.func.params.iter().chain(&self.func.locals);
                    let ty =
                        types.copied().nth(local as usize).filter(|ty| !ty.is_reference_type());
                    if ty.is_some() {
                        self.tell(Some(at), What::Local, ty, Some(local));
                    }
                }
                Some(State::Objects) => self.object_after(re, at, op, object)?,
                Some(_) => {}
            }
        }
        let mut function = we::Function::new_with_locals_types(self.locals);
        function.raw(self.code);
        Ok(function)
    }

    fn point(&mut self, re: &mut Shift, at: usize, op: &Op) -> Result<(), Failed> {
        let global = op.index.and_then(|index| self.globals.get(index as usize).copied());
        match (op.opcode, global, op.index) {
            (Opcode::GlobalSet, Some(ty), Some(index)) => {
                let local = self.temporary(re, ty, 0)?;
                I::GlobalGet(index).encode(&mut self.code);
                I::LocalSet(local).encode(&mut self.code);
                self.tell(Some(at), What::Global, Some(ty), Some(local));
            }
            _ if op.results.is_empty() => self.tell(Some(at), What::Reached, None, None),
            _ => self.values(re, at, op.results.clone(), What::Result)?,
        }
        Ok(())
    }

    /// Tells the topmost values, and leaves them.
    fn values(
        &mut self,
        re: &mut Shift,
        at: usize,
        types: Vec<Option<wp::ValType>>,
        what: fn(usize) -> What,
    ) -> Result<(), Failed> {
        let Some(types) = types.into_iter().collect::<Option<Vec<_>>>() else {
            self.tell(Some(at), What::Reached, None, None);
            return Ok(());
        };
        let locals = self.keep_operands(re, &types)?;
        for (nth, (ty, local)) in types.iter().zip(&locals).enumerate() {
            if self.chosen.state == Some(State::Referents) && may_be_object(*ty) {
                self.object(re, Some(at), what(nth), *local)?;
            } else {
                self.tell(Some(at), what(nth), Some(*ty), Some(*local));
            }
        }
        Ok(())
    }

    /// Keeps the topmost values in locals too.
    pub(super) fn keep_operands(
        &mut self,
        re: &mut Shift,
        types: &[wp::ValType],
    ) -> Result<Vec<u32>, Failed> {
        let mut used = BTreeMap::<String, usize>::new();
        let mut locals = Vec::new();
        for ty in types {
            let nth = used.entry(format!("{ty:?}")).or_default();
            locals.push(self.temporary(re, *ty, *nth)?);
            *nth += 1;
        }
        match locals[..] {
            [local] => I::LocalTee(local).encode(&mut self.code),
            _ => {
                locals.iter().rev().for_each(|l| I::LocalSet(*l).encode(&mut self.code));
                locals.iter().for_each(|l| I::LocalGet(*l).encode(&mut self.code));
            }
        }
        Ok(locals)
    }

    pub(super) fn tells_objects(&self) -> bool {
        self.chosen.state == Some(State::Objects)
    }

    /// The local of ours with a type and a number.
    pub(super) fn temporary(
        &mut self,
        re: &mut Shift,
        ty: wp::ValType,
        nth: usize,
    ) -> Result<u32, Failed> {
        let of_type = self.temporaries.entry(format!("{ty:?}")).or_default();
        if let Some(local) = of_type.get(nth) {
            return Ok(*local);
        }
        let local = (self.func.params.len() + self.locals.len()) as u32;
        self.locals.push(re.val_type(ty)?);
        of_type.push(local);
        Ok(local)
    }

    /// Tells the value of a local, or only that the point is reached.
    pub(super) fn tell(
        &mut self,
        op: Option<usize>,
        what: What,
        ty: Option<wp::ValType>,
        local: Option<u32>,
    ) {
        let number = self.points.len() as i32;
        self.points.push(Point { func: self.func.index, op, what, ty });
        let (narrow, wide, memories) = (self.notes, self.notes + 1, self.notes + 2);
        let mut code = we::InstructionSink::new(&mut self.code);
        let Some((ty, local)) = ty.zip(local) else {
            match what {
                What::Memories => code.i32_const(number).call(memories),
                _ => code.i32_const(0).i32_const(number).call(narrow),
            };
            return;
        };
        match ty {
            wp::ValType::I32 => code.local_get(local),
            wp::ValType::I64 => code.local_get(local),
            wp::ValType::F32 => code.local_get(local).i32_reinterpret_f32(),
            wp::ValType::F64 => code.local_get(local).i64_reinterpret_f64(),
            wp::ValType::V128 => {
                code.local_get(local).i64x2_extract_lane(0).i32_const(number).call(wide);
                code.local_get(local).i64x2_extract_lane(1)
            }
            wp::ValType::Ref(_) => code.local_get(local).ref_is_null(),
        };
        let is_wide = matches!(ty, wp::ValType::I64 | wp::ValType::F64 | wp::ValType::V128);
        code.i32_const(number).call(if is_wide { wide } else { narrow });
    }
}
