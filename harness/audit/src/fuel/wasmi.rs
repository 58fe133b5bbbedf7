//! What wasmi 2 charges (its fuel at its default prices), told from what the oracle executes.
//!
//! It charges by blocks: where a function, a turn of a loop or an arm of an `if` begins, it charges 1 and the prices of all
//! operators up to its end, but for those of loops and arms inside, whether they are executed or not. So its fuel is no sum over
//! what is executed, and no schedule of gas-1 gives it. What it says of us is how often each of these was entered.

use etalon::Site;
use etalon::unstable::module::Immediates;
use etalon::unstable::{FuncAddr, Observer, Opcode};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError};
use wasmparser::{
    FrameKind, FuncValidator, FuncValidatorAllocations, MemoryType, Operator, Parser, Payload,
    TypeRef, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

/// Why a module says nothing: wasmi folds constants, and what follows then depends on its optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A condition, an index of a table of branches, an address or a divisor may be a constant.
    Constant,
    /// It grows a memory whose pages are not of 64 KiB: gas-1 counts whole ones of these, wasmi bytes.
    Pages,
    /// The module is not valid, or has something that wasmi does not know.
    Unknown,
}

/// What is charged when the oracle executes an operator at an offset of the module: whatever begins there.
#[derive(Clone, Debug, Default)]
pub struct WasmiFuel(Arc<FxHashMap<u32, i64>>);

impl WasmiFuel {
    /// Reads a module.
    ///
    /// # Errors
    /// If it says nothing.
    pub fn of(wasm: &[u8]) -> Result<WasmiFuel, Doubt> {
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let (mut charges, mut kept) = (FxHashMap::default(), FuncValidatorAllocations::default());
        let (mut has_pages, mut grows) = (false, false);
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(|_| Doubt::Unknown)?;
            if let Payload::MemorySection(memories) = &payload {
                let odd = |memory: MemoryType| memory.page_size_log2.is_some_and(|log| log != 16);
                has_pages |= memories.clone().into_iter().flatten().any(odd);
            }
            if let Payload::ImportSection(imports) = &payload {
                has_pages |= imports.clone().into_imports().flatten().any(|import| {
                    matches!(import.ty, TypeRef::Memory(ty) if ty.page_size_log2.is_some_and(|log| log != 16))
                });
            }
            let valid = validator.payload(&payload).map_err(|_| Doubt::Unknown)?;
            let ValidPayload::Func(func, body) = valid else { continue };
            let mut reader = body.get_binary_reader();
            let mut func = func.into_validator(kept);
            func.read_locals(&mut reader).map_err(|_| Doubt::Unknown)?;
            let mut operators = wasmparser::OperatorsReader::new(reader);
            let mut walk = Walk::default();
            while !operators.eof() {
                let (operator, at) = operators.read_with_offset().map_err(|_| Doubt::Unknown)?;
                grows |= matches!(operator, Operator::MemoryGrow { .. });
                walk.step(&mut func, &operator, at)?;
            }
            walk.points.iter().for_each(|(at, charge)| *charges.entry(*at).or_default() += charge);
            kept = func.into_allocations();
        }
        if has_pages && grows { Err(Doubt::Pages) } else { Ok(WasmiFuel(Arc::new(charges))) }
    }

    /// An observer that adds up what it would charge.
    pub fn meter(&self, sum: &Arc<Mutex<u64>>) -> Box<dyn Observer + Send> {
        Box::new(Meter { fuel: self.clone(), sum: Arc::clone(sum), last: None })
    }
}

/// Adds up. Its schedule must be `flat`, so that a dynamic charge is a number of units.
struct Meter {
    fuel: WasmiFuel,
    sum: Arc<Mutex<u64>>,
    last: Option<Opcode>,
}

impl Meter {
    fn add(&self, charge: i64) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = sum.wrapping_add_signed(charge);
    }
}

impl Observer for Meter {
    fn operator(&mut self, _: FuncAddr, site: Site, opcode: Opcode) {
        self.last = Some(opcode);
        if let Some(charge) = self.fuel.0.get(&site.offset) {
            self.add(*charge);
        }
    }

    /// 64 bytes cost 1, and what is less costs nothing. A page has 65,536, an element 8.
    fn dynamic_charge(&mut self, units: u64) {
        let granules = match self.last {
            Some(Opcode::MemoryGrow) => units.saturating_mul(1024),
            Some(Opcode::MemoryCopy | Opcode::MemoryFill | Opcode::MemoryInit) => units / 64,
            _ => units / 8,
        };
        self.add(i64::try_from(granules).unwrap_or(i64::MAX));
    }
}

/// What an operand is to wasmi's translator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    Unknown,
    Literal(u64),
    /// It may have been computed from constants.
    Folded,
}

struct Frame {
    kind: FrameKind,
    /// The point that its operators are charged at.
    point: usize,
    height: usize,
    has_params: bool,
    is_branched_to: bool,
    /// Whether the first arm of an `if` can come to its end.
    ends_first: bool,
    /// Whether it was dead when it began.
    is_dead: bool,
    /// Where its `if` stands.
    at: u32,
}

/// The walk over a body: points by number, where they lie, and what is charged there.
struct Walk {
    points: Vec<(u32, i64)>,
    frames: Vec<Frame>,
    operands: Vec<Operand>,
    is_dead: bool,
    /// Points that lie at the operator that comes next.
    pending: Vec<usize>,
}

impl Default for Walk {
    fn default() -> Walk {
        let frame = Frame {
            kind: FrameKind::Block,
            point: 0,
            height: 0,
            has_params: false,
            is_branched_to: false,
            ends_first: false,
            is_dead: false,
            at: 0,
        };
        let (points, pending) = (vec![(0, 1)], vec![0]);
        Walk { points, frames: vec![frame], operands: Vec::new(), is_dead: false, pending }
    }
}

/// What wasmi charges for an operator.
fn price(operator: &Operator<'_>) -> i64 {
    use Operator::*;
    let is_free = matches!(
        operator,
        Nop | Drop | Block { .. } | Loop { .. } | Unreachable | Return | Else | End
    );
    i64::from(!is_free)
}

impl Walk {
    fn step(
        &mut self,
        func: &mut FuncValidator<ValidatorResources>,
        operator: &Operator<'_>,
        at: u64,
    ) -> Result<(), Doubt> {
        let offset = u32::try_from(at).map_err(|_| Doubt::Unknown)?;
        for point in self.pending.drain(..) {
            self.points[point].0 = offset;
        }
        let frame = self.frames.last().ok_or(Doubt::Unknown)?;
        self.points[frame.point].1 += price(operator);
        let arity = operator.operator_arity(&func.visitor(at)).ok_or(Doubt::Unknown)?;
        func.op(at, operator).map_err(|_| Doubt::Unknown)?;
        let taken = self.take(arity.0 as usize);
        if !self.is_dead && is_doubtful(operator, &taken) {
            return Err(Doubt::Constant);
        }
        let passes = matches!(operator, Operator::End) && self.passes_on();
        self.structure(operator, offset, arity.0 as usize)?;
        match passes {
            true => self.operands.extend(taken),
            false => {
                let made = made(operator, &taken);
                self.operands.extend(std::iter::repeat_n(made, arity.1 as usize));
            }
        }
        Ok(())
    }

    /// Whether what the innermost block leaves is what its text leaves: nothing else comes to its end.
    fn passes_on(&self) -> bool {
        self.frames.last().is_some_and(|frame| match frame.kind {
            FrameKind::Loop => true,
            FrameKind::Block => !frame.is_branched_to,
            _ => false,
        })
    }

    fn take(&mut self, count: usize) -> Vec<Operand> {
        let floor = self.frames.last().map_or(0, |frame| frame.height);
        let there = (self.operands.len() - floor).min(count);
        let mut taken = vec![Operand::Unknown; count - there];
        taken.extend(self.operands.drain(self.operands.len() - there..));
        taken
    }

    fn point(&mut self, charge: i64) -> usize {
        self.points.push((0, charge));
        self.pending.push(self.points.len() - 1);
        self.points.len() - 1
    }

    fn open(&mut self, kind: FrameKind, point: usize, params: usize, at: u32) {
        let (height, is_dead) = (self.operands.len(), self.is_dead);
        self.frames.push(Frame {
            kind,
            point,
            height,
            has_params: params > 0,
            is_branched_to: false,
            ends_first: false,
            is_dead,
            at,
        });
    }

    fn structure(&mut self, operator: &Operator<'_>, at: u32, taken: usize) -> Result<(), Doubt> {
        let current = self.frames.last().map_or(0, |frame| frame.point);
        match operator {
            Operator::Block { .. } => self.open(FrameKind::Block, current, taken, at),
            Operator::Loop { .. } => {
                let point = if self.is_dead { current } else { self.point(1) };
                self.open(FrameKind::Loop, point, taken, at);
            }
            Operator::If { .. } => {
                let point = if self.is_dead { current } else { self.point(1) };
                self.open(FrameKind::If, point, taken - 1, at);
            }
            Operator::Else => self.otherwise()?,
            Operator::End => self.end()?,
            Operator::Br { relative_depth } => self.branch(*relative_depth),
            Operator::BrIf { relative_depth } if !self.is_dead => self.reach(*relative_depth),
            Operator::BrTable { targets } if !self.is_dead => {
                let all = targets.targets().map(|target| target.unwrap_or_default());
                let all: Vec<u32> = all.chain([targets.default()]).collect();
                all.into_iter().for_each(|depth| self.reach(depth));
                self.is_dead = true;
            }
            Operator::Unreachable
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. } => self.is_dead = true,
            _ => {}
        }
        Ok(())
    }

    fn reach(&mut self, depth: u32) {
        let place = self.frames.len().checked_sub(depth as usize + 1);
        if let Some(frame) = place.and_then(|place| self.frames.get_mut(place)) {
            frame.is_branched_to = true;
        }
    }

    fn branch(&mut self, depth: u32) {
        if !self.is_dead {
            self.reach(depth);
            self.is_dead = true;
        }
    }

    fn otherwise(&mut self) -> Result<(), Doubt> {
        let mut frame = self.frames.pop().ok_or(Doubt::Unknown)?;
        self.operands.truncate(frame.height);
        frame.kind = FrameKind::Else;
        if !frame.is_dead {
            frame.ends_first = !self.is_dead;
            self.is_dead = false;
            frame.point = self.point(1);
        }
        self.frames.push(frame);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Doubt> {
        let frame = self.frames.pop().ok_or(Doubt::Unknown)?;
        self.operands.truncate(frame.height);
        if frame.is_dead {
            return Ok(());
        }
        match frame.kind {
            FrameKind::Loop => {}
            FrameKind::If => {
                self.is_dead = false;
                // Without an `else`, one that hands its parameters on is charged 1 where its condition is false.
                if frame.has_params {
                    self.points.push((frame.at, 1));
                    self.points[frame.point].1 -= 1;
                }
            }
            FrameKind::Else => {
                self.is_dead &= !(frame.ends_first || frame.is_branched_to);
            }
            _ => self.is_dead &= !frame.is_branched_to,
        }
        Ok(())
    }
}

/// Whether what is dead afterwards may depend on a constant.
fn is_doubtful(operator: &Operator<'_>, taken: &[Operand]) -> bool {
    use Operator::*;
    let last = taken.last().copied().unwrap_or(Operand::Unknown);
    let address = |back: usize, offset: u64| match taken.len().checked_sub(back).map(|at| taken[at])
    {
        Some(Operand::Literal(address)) => {
            address.saturating_add(offset) > u64::from(u32::MAX) - 16
        }
        Some(Operand::Folded) => true,
        _ => false,
    };
    match operator {
        If { .. } | BrIf { .. } | BrTable { .. } => last != Operand::Unknown,
        I32DivS | I32DivU | I32RemS | I32RemU | I64DivS | I64DivU | I64RemS | I64RemU => {
            matches!(last, Operand::Literal(0) | Operand::Folded)
                || taken.iter().all(|operand| *operand != Operand::Unknown)
        }
        I32TruncF32S | I32TruncF32U | I32TruncF64S | I32TruncF64U | I64TruncF32S | I64TruncF32U
        | I64TruncF64S | I64TruncF64U => last != Operand::Unknown,
        _ => {
            let opcode = Opcode::of(operator);
            match memarg(operator) {
                Some(offset) if opcode.name().contains("store") => address(2, offset),
                Some(offset) if opcode.name().contains("lane") => address(2, offset),
                Some(offset) => address(1, offset),
                None => false,
            }
        }
    }
}

/// The offset of an access.
fn memarg(operator: &Operator<'_>) -> Option<u64> {
    Immediates::of(operator).memarg.map(|(_, offset)| offset)
}

/// What an operator makes.
fn made(operator: &Operator<'_>, taken: &[Operand]) -> Operand {
    match operator {
        Operator::I32Const { value } => Operand::Literal(u64::from(value.cast_unsigned())),
        Operator::I64Const { value } => Operand::Literal(value.cast_unsigned()),
        Operator::F32Const { .. } | Operator::F64Const { .. } | Operator::V128Const { .. } => {
            Operand::Folded
        }
        Operator::RefNull { .. } | Operator::RefFunc { .. } => Operand::Folded,
        // Where control meets, what comes is no constant.
        Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Else
        | Operator::End => Operand::Unknown,
        Operator::Call { .. }
        | Operator::CallIndirect { .. }
        | Operator::TableGrow { .. }
        | Operator::MemoryGrow { .. } => Operand::Unknown,
        _ if memarg(operator).is_some() || taken.is_empty() => Operand::Unknown,
        _ if taken.iter().all(|operand| *operand != Operand::Unknown) => Operand::Folded,
        // A `select` of which an operand is a constant may be one.
        _ if taken.iter().any(|operand| *operand != Operand::Unknown) && taken.len() > 2 => {
            Operand::Folded
        }
        _ => Operand::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charges(wat: &str) -> Result<Vec<i64>, Doubt> {
        let wasm = wat::parse_str(wat).expect("it is text");
        let WasmiFuel(charges) = WasmiFuel::of(&wasm)?;
        let mut charges: Vec<(u32, i64)> = charges.iter().map(|(at, c)| (*at, *c)).collect();
        charges.sort_unstable();
        Ok(charges.into_iter().map(|(_, charge)| charge).filter(|charge| *charge != 0).collect())
    }

    #[test]
    fn what_is_charged_where() {
        let cases: [(&str, Result<Vec<i64>, Doubt>); 8] = [
            ("(module (func (param i32) (drop (local.get 0))))", Ok(vec![2])),
            // The arms of an `if`, and what is behind it at the entry.
            (
                "(module (func (param i32) (if (local.get 0) (then (drop (local.get 0))) (else)) (drop (local.get 0))))",
                Ok(vec![4, 2, 1]),
            ),
            // What a branch may skip is charged with the rest, and each turn of a loop anew.
            (
                "(module (func (param i32) (block (br_if 0 (local.get 0)) (drop (local.get 0))) (loop (br_if 0 (local.get 0)))))",
                Ok(vec![4, 3]),
            ),
            // A loop that is dead is charged where it stands.
            ("(module (func (param i32) (return) (loop (br_if 0 (local.get 0)))))", Ok(vec![3])),
            ("(module (func (if (i32.const 1) (then))))", Err(Doubt::Constant)),
            // It comes out of a loop or a block as it is.
            (
                "(module (func (if (i32.ne (loop (result i32) (i32.const 0)) (i32.const 1)) (then))))",
                Err(Doubt::Constant),
            ),
            (
                "(module (func (if (block (result i32) (i32.const 0)) (then))))",
                Err(Doubt::Constant),
            ),
            (
                "(module (func (result i32) (i32.div_s (i32.const 1) (i32.const 0))))",
                Err(Doubt::Constant),
            ),
        ];
        for (wat, want) in cases {
            assert_eq!(charges(wat), want, "{wat}");
        }
    }
}
