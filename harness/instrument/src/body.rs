//! A body with its charges.
//!
//! ```text
//! depth + frame, or trap                       ;; gas-1, Depth
//! block                                        ;; $out
//!   block (result …)                           ;; the label of the body
//!     charge, or br $out                       ;; at each cut
//!     …
//!   end
//!   depth - frame
//!   return
//! end
//! mark, unreachable
//! ```
//!
//! Labels of the body keep their numbers: inside of the inner block they mean what they meant.

use crate::block_types::BlockTypes;
use crate::cells::{Cells, Length};
use crate::code::Code;
use crate::cuts::ends_segment;
use crate::error::Error;
use crate::shapes::Shape;
use crate::{Stop, dynamic};
use etalon_gas::Schedule;
use etalon_module::{FuncBody, Module, Opcode, TypeUse, ValType};
use std::collections::BTreeSet;
use wasm_encoder as we;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{BinaryReader, Catch, FunctionBody, Operator, WasmFeatures};

/// Locals of a function that engines take.
const MOST_LOCALS: u64 = 50_000;
/// Bytes of a body that engines take.
const MOST_BYTES: u64 = 7_654_321;
/// Frames above every depth, small enough to be added up.
const MOST_SLOTS: u64 = 1 << 40;

/// What all bodies are written with.
pub(crate) struct Context<'a> {
    pub(crate) module: &'a Module,
    pub(crate) schedule: &'a Schedule,
    pub(crate) cells: &'a Cells,
    pub(crate) shapes: &'a [Shape],
}

/// A body that is written.
pub(crate) struct Written {
    /// Locals and code.
    pub(crate) bytes: Vec<u8>,
    /// Imported functions that it makes references of.
    pub(crate) refers: BTreeSet<u32>,
}

impl Context<'_> {
    /// Where an imported function stands in the copy, when it is called or referred to: behind all others is one that pays for it.
    pub(crate) fn function(&self, func: u32) -> u32 {
        if func < self.module.imported_funcs { self.module.funcs.len() as u32 + func } else { func }
    }
}

/// A block of the body.
struct Block {
    /// Whether control may come to its end by an exception.
    catches: bool,
}

struct Writer<'a> {
    context: &'a Context<'a>,
    code: Code<'a>,
    blocks: Vec<Block>,
    refers: BTreeSet<u32>,
    frame: i64,
    /// The local with the depth, in a function that catches exceptions: they leave callees that have not given back their frames.
    depth: Option<u32>,
}

/// Writes the body with a number among those that the module defines.
pub(crate) fn write(
    context: &Context<'_>,
    types: &mut BlockTypes,
    number: usize,
) -> Result<Written, Error> {
    let module = context.module;
    let func = module.imported_funcs + number as u32;
    let (body, ty) = (&module.bodies[number], module.func_type(func));
    let locals = ty.params.len() + body.locals.len();
    let mut code = Code::new(context.cells, locals as u32);
    let depth = catches(module, body)?.then(|| code.local(ValType::I64));
    let slots = body.locals.slots() as u64;
    let frame = context.schedule.frame_cost(ty.param_slots() as u64, slots, body.max_height.into());
    let frame = frame.min(MOST_SLOTS) as i64;
    let (blocks, refers) = (Vec::new(), BTreeSet::new());
    let mut writer = Writer { context, code, blocks, refers, frame, depth };
    writer.enter(types.of(module.funcs[func as usize], &ty.results));
    writer.body(func, body)?;
    let Writer { code, refers, .. } = writer;
    let bytes = Code::function(&runs(module, body)?, code);
    check_size(func, bytes.len() as u64, "bytes", MOST_BYTES)?;
    Ok(Written { bytes, refers })
}

fn check_size(func: u32, count: u64, what: &'static str, most: u64) -> Result<(), Error> {
    if count > most { Err(Error::TooLarge { func, count, what, most }) } else { Ok(()) }
}

/// The declared locals, as the format has them: a few bytes may declare 50,000.
fn runs(module: &Module, body: &FuncBody) -> Result<Vec<(u32, we::ValType)>, Error> {
    let mut reader = BinaryReader::new(&module.bytes()[body.range.clone()], 0);
    reader.set_features(WasmFeatures::all());
    let mut runs = Vec::new();
    for run in FunctionBody::new(reader).get_locals_reader()? {
        let (count, ty) = run?;
        runs.push((count, RoundtripReencoder.val_type(ty)?));
    }
    Ok(runs)
}

/// Whether a body catches exceptions.
fn catches(module: &Module, body: &FuncBody) -> Result<bool, Error> {
    let mut reader = module.operators(body);
    while !reader.eof() {
        if let Operator::TryTable { .. } | Operator::Try { .. } = reader.read()? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Writer<'_> {
    /// Counts the frame, and begins the two blocks.
    fn enter(&mut self, ty: we::BlockType) {
        let (cell, frame) = (self.context.cells.depth, self.frame);
        let most = i64::from(self.context.schedule.depth().max);
        let mut sink = self.code.sink();
        sink.global_get(cell).i64_const(frame).i64_add();
        match self.depth {
            Some(local) => sink.local_tee(local).global_set(cell).local_get(local),
            None => sink.global_set(cell).global_get(cell),
        };
        sink.i64_const(most).i64_gt_s();
        self.code.stop_if(Stop::Depth);
        self.code.begin();
        self.code.sink().block(ty);
        self.code.deeper();
    }

    fn body(&mut self, func: u32, body: &FuncBody) -> Result<(), Error> {
        let module = self.context.module;
        let ty = module.func_type(func);
        let (params, locals) = (ty.params.len() as u64, body.locals.len() as u64);
        let costs = self.costs(body)?;
        let mut costs = costs.into_iter();
        let mut due = self.context.schedule.entry_cost(params, locals);
        let (mut reader, mut begins) = (module.operators(body), true);
        while !reader.eof() {
            if begins {
                self.code.charge(costs.next().unwrap_or(0).saturating_add(due));
                due = 0;
            }
            let offset = reader.original_position();
            let operator = reader.read()?;
            let bytes = &module.bytes()[offset as usize..reader.original_position() as usize];
            self.operator(&operator, bytes, offset)?;
            begins = ends_segment(self.context.schedule.cuts(), Opcode::of(&operator));
            check_size(func, self.code.len() as u64, "bytes", MOST_BYTES)?;
            let locals = params + locals + self.code.locals_added();
            check_size(func, locals, "locals", MOST_LOCALS)?;
        }
        self.leave();
        Ok(())
    }

    /// The costs of the segments of a body, in order.
    fn costs(&self, body: &FuncBody) -> Result<Vec<u64>, Error> {
        let schedule = self.context.schedule;
        let mut reader = self.context.module.operators(body);
        let (mut costs, mut sum) = (Vec::new(), 0u64);
        while !reader.eof() {
            let opcode = Opcode::of(&reader.read()?);
            sum = sum.saturating_add(schedule.weight(opcode).into());
            if ends_segment(schedule.cuts(), opcode) || reader.eof() {
                costs.push(sum);
                sum = 0;
            }
        }
        Ok(costs)
    }

    /// Behind the inner block: gives back the frame. The block that is left to when gas runs out comes last.
    fn leave(&mut self) {
        self.code.higher();
        self.restore(true);
        self.code.sink().return_();
        self.code.end();
    }

    /// Sets the depth to what it is in this frame, or below it.
    fn restore(&mut self, below: bool) {
        let (cell, frame) = (self.context.cells.depth, self.frame);
        let mut sink = self.code.sink();
        match self.depth {
            Some(local) => sink.local_get(local),
            None => sink.global_get(cell),
        };
        if below {
            sink.i64_const(frame).i64_sub();
        }
        sink.global_set(cell);
    }

    fn operator(&mut self, op: &Operator<'_>, bytes: &[u8], offset: u64) -> Result<(), Error> {
        match op {
            Operator::Block { .. } | Operator::If { .. } | Operator::Try { .. } => {
                self.open(bytes, false);
            }
            Operator::Loop { .. } => {
                self.open(bytes, false);
                // A handler may come here; at its end it would be too late.
                if self.depth.is_some() {
                    self.restore(false);
                }
            }
            Operator::TryTable { try_table } => {
                self.handlers(&try_table.catches);
                self.open(bytes, false);
            }
            Operator::Catch { .. } | Operator::CatchAll => {
                self.code.raw(bytes);
                self.restore(false);
            }
            Operator::End | Operator::Delegate { .. } => self.close(bytes),
            Operator::Return => {
                let body = self.blocks.len() as u32;
                self.code.sink().br(body);
            }
            Operator::Call { function_index } => {
                let func = self.context.function(*function_index);
                self.code.sink().call(func);
            }
            Operator::ReturnCall { function_index } => {
                self.restore(true);
                let func = self.context.function(*function_index);
                self.code.sink().return_call(func);
            }
            Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => {
                self.restore(true);
                self.code.raw(bytes);
            }
            Operator::RefFunc { function_index } => {
                if *function_index < self.context.module.imported_funcs {
                    self.refers.insert(*function_index);
                }
                let func = self.context.function(*function_index);
                self.code.sink().ref_func(func);
            }
            Operator::Throw { tag_index } => {
                self.exception(*tag_index);
                self.code.raw(bytes);
            }
            Operator::DataDrop { data_index } => {
                self.code.raw(bytes);
                self.dropped(self.context.cells.datas[*data_index as usize]);
            }
            Operator::ElemDrop { elem_index } => {
                self.code.raw(bytes);
                self.dropped(self.context.cells.elems[*elem_index as usize]);
            }
            _ => dynamic::operator(self.context, &mut self.code, op, bytes, offset)?,
        }
        Ok(())
    }

    fn open(&mut self, bytes: &[u8], catches: bool) {
        self.code.raw(bytes);
        self.code.deeper();
        self.blocks.push(Block { catches });
    }

    /// Ends a block, or at last the inner one of ours.
    fn close(&mut self, bytes: &[u8]) {
        self.code.raw(bytes);
        if let Some(block) = self.blocks.pop() {
            self.code.higher();
            if block.catches {
                self.restore(false);
            }
        }
    }

    /// Notes to which blocks handlers go. Labels count from outside of the `try_table`; that of the body is not among the blocks, and where
    /// the body ends the depth is set anyway.
    fn handlers(&mut self, catches: &[Catch]) {
        for catch in catches {
            let (Catch::One { label, .. }
            | Catch::OneRef { label, .. }
            | Catch::All { label }
            | Catch::AllRef { label }) = catch;
            let at = self.blocks.len().checked_sub(1 + *label as usize);
            if let Some(block) = at.and_then(|at| self.blocks.get_mut(at)) {
                block.catches = true;
            }
        }
    }

    /// An exception is an object with its tag's parameters for fields.
    fn exception(&mut self, tag: u32) {
        if let TypeUse::Idx(ty) = self.context.module.tags[tag as usize].ty {
            let cap = self.context.schedule.limits().gc_heap_bytes;
            self.code.object(self.context.shapes[ty as usize].bytes, cap);
        }
    }

    fn dropped(&mut self, length: Length) {
        if let Length::Kept(global) = length {
            self.code.sink().i64_const(0).global_set(global);
        }
    }
}
