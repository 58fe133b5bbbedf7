//! The bits of NaNs that arithmetic makes (*Numerics*, "NaN Propagation"; the deterministic profile: the canonical, positive one).
//!
//! The processor makes other ones, which matters only where their bits are seen: in memory, as an integer, by another function. So values
//! of arithmetic stay *pending* while nothing but arithmetic takes them, and become canonical where they are shown. What is loaded, or
//! comes from a caller, is *exact*: its bits are what they are. Where a pending and an exact value meet, the first becomes canonical.
//!
//! This works on a translated function, before it is optimised. Its values form a graph: bits flow through joins, selections, moved
//! lanes and changes of signs, are made by arithmetic, and are shown by whatever is neither.

use super::canonical::{
    CANONICAL32, CANONICAL64, lanes_canonical, look_behind, nan, scalar_canonical,
};
use crate::abi::Region;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32, F64, F64X2, I8X16};
use cranelift_codegen::ir::{
    AliasRegion, BlockArg, Function, Inst, InstBuilder, InstructionData, Opcode, Type, Value,
    ValueDef,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Which NaNs arithmetic gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nans {
    /// The canonical, positive one, wherever its bits can be seen: the deterministic profile.
    #[default]
    Deterministic,
    /// Whichever the processor makes, as the specification allows: its bits differ from processor to processor.
    Any,
}

/// So many values of a function are made canonical behind a comparison and a branch that is not taken. Further ones are selected, which
/// makes slower code, but no blocks: work on these may grow more than in proportion.
const MOST_BRANCHES: usize = 512;

/// In a longer block all are selected: each branch divides it, which takes time as what is left of it is long.
const MOST_DIVIDED: usize = 4096;

/// Widths of numbers, as a set.
pub(super) type Widths = u8;
const NONE: Widths = 0;
pub(super) const SINGLE: Widths = 1;
const DOUBLE: Widths = 2;
const BOTH: Widths = SINGLE | DOUBLE;

/// The width of the numbers of a type; none if it has no floats.
fn width(ty: Type) -> Widths {
    match ty.lane_type() {
        F32 => SINGLE,
        F64 => DOUBLE,
        _ => NONE,
    }
}

/// What is known of a value's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bits {
    /// Seen as numbers of these widths, every NaN in it is canonical or may be made so.
    free: Widths,
    /// Whether a NaN in it may have bits of the processor's. It is then free for one width.
    is_pending: bool,
}

impl Bits {
    const EXACT: Bits = Bits { free: NONE, is_pending: false };
    /// What nothing has come to yet.
    const NOTHING: Bits = Bits { free: BOTH, is_pending: false };

    /// Of a value that is one of two.
    fn or(self, other: Bits) -> Bits {
        let free = self.free & other.free;
        Bits { free, is_pending: free != NONE && (self.is_pending || other.is_pending) }
    }
}

/// What an instruction does with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// What it gives does not depend on which NaN it takes.
    Blind,
    /// Its bits are in the result.
    Flows,
    /// They are, with another sign.
    Signs,
    /// Somebody may see them.
    Shows,
}

/// A value whose bits are in another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: Value,
    to: Value,
    /// The widths of numbers that are still whole there.
    whole: Widths,
}

/// Values that flow into others.
struct Edges {
    /// In the order of where they begin.
    all: Vec<Edge>,
}

impl Edges {
    fn new(mut all: Vec<Edge>) -> Edges {
        all.sort_unstable();
        Edges { all }
    }

    fn from(&self, value: Value) -> impl Iterator<Item = Edge> {
        let first = self.all.partition_point(|edge| edge.from < value);
        self.all[first..].iter().copied().take_while(move |edge| edge.from == value)
    }

    fn reversed(&self) -> Edges {
        let back = |edge: &Edge| Edge { from: edge.to, to: edge.from, ..*edge };
        Edges::new(self.all.iter().map(back).collect())
    }
}

/// What is known of a function's values.
struct Known {
    bits: SecondaryMap<Value, Bits>,
    /// Widths of the arithmetic that a value may come from.
    reached: SecondaryMap<Value, Widths>,
    /// Whether its bits may be seen, by itself or in what it flows into.
    shown: SecondaryMap<Value, bool>,
}

/// Makes the NaNs of a function canonical that can be seen. Memories that are `shared` are seen by other threads.
pub(super) fn make_canonical(func: &mut Function, shared: bool) {
    func.dfg.resolve_all_aliases();
    let makes = |inst| made(func, inst) != NONE;
    if !func.layout.blocks().any(|block| func.layout.block_insts(block).any(makes)) {
        return;
    }
    let insts = |block| func.layout.block_insts(block).collect();
    let blocks: Vec<Vec<Inst>> = func.layout.blocks().map(insts).collect();
    let mut writer = Writer::new(Known::of(func));
    writer.memory = (!shared).then(|| Region::Memory.tag_in(&mut func.dfg.alias_regions));
    writer.make_everywhere(func, &blocks);
    for insts in blocks {
        writer.here.clear();
        writer.divides = insts.len() <= MOST_DIVIDED;
        for inst in insts {
            writer.instruction(func, inst);
        }
    }
}

/// The width of the NaNs that an instruction makes; none if it makes none.
pub(super) fn made(func: &Function, inst: Inst) -> Widths {
    use Opcode as O;
    let opcode = func.dfg.insts[inst].opcode();
    let computes = matches!(
        opcode,
        O::Fadd | O::Fsub | O::Fmul | O::Fdiv | O::Fma | O::Sqrt | O::Fmin | O::Fmax
    );
    let rounds = matches!(opcode, O::Ceil | O::Floor | O::Trunc | O::Nearest);
    let converts = matches!(opcode, O::Fdemote | O::Fpromote | O::Fvdemote | O::FvpromoteLow);
    match computes || rounds || converts {
        true => width(func.dfg.value_type(func.dfg.first_result(inst))),
        false => NONE,
    }
}

/// For which widths the result of an instruction has no NaN but the canonical one, if its operands have no part in that.
fn canonical(func: &Function, inst: Inst) -> Widths {
    let of = |is_fine: bool, width| if is_fine { width } else { NONE };
    match func.dfg.insts[inst] {
        InstructionData::UnaryIeee32 { imm, .. } => of(is_canonical32(imm.bits()), SINGLE),
        InstructionData::UnaryIeee64 { imm, .. } => of(is_canonical64(imm.bits()), DOUBLE),
        InstructionData::UnaryConst { opcode: Opcode::Vconst, constant_handle } => {
            let bytes = func.dfg.constants.get(constant_handle).as_slice();
            let (words, _) = bytes.as_chunks();
            let (longs, _) = bytes.as_chunks();
            let single = words.iter().all(|word| is_canonical32(u32::from_le_bytes(*word)));
            let double = longs.iter().all(|long| is_canonical64(u64::from_le_bytes(*long)));
            of(single, SINGLE) | of(double, DOUBLE)
        }
        InstructionData::Unary { opcode: Opcode::FcvtFromSint | Opcode::FcvtFromUint, .. } => {
            width(func.dfg.value_type(func.dfg.first_result(inst)))
        }
        _ => NONE,
    }
}

fn is_canonical32(bits: u32) -> bool {
    !f32::from_bits(bits).is_nan() || bits == CANONICAL32
}

fn is_canonical64(bits: u64) -> bool {
    !f64::from_bits(bits).is_nan() || bits == CANONICAL64
}

/// What an instruction does with an operand; `reached` says which arithmetic a value may come from.
fn use_of(func: &Function, inst: Inst, number: usize, reached: impl Fn(Value) -> Widths) -> Use {
    use Opcode as O;
    let dfg = &func.dfg;
    let (args, opcode) = (dfg.inst_args(inst), dfg.insts[inst].opcode());
    let result = || dfg.value_type(dfg.first_result(inst));
    // Bits that are looked at with another width than they were made with are seen.
    let fits = |value, ty: Type| ty == I8X16 || reached(value) & !width(ty) == NONE;
    let flows = |if_so: bool| if if_so { Use::Flows } else { Use::Shows };
    match opcode {
        _ if made(func, inst) != NONE => Use::Blind,
        O::Fcmp | O::FcvtToSint | O::FcvtToUint | O::FcvtToSintSat | O::FcvtToUintSat => Use::Blind,
        O::Fabs => Use::Flows,
        O::Fneg => Use::Signs,
        O::Fcopysign if number == 0 => Use::Signs,
        O::Select if number > 0 => Use::Flows,
        O::Bitcast if dfg.value_type(args[0]).is_vector() && result().is_vector() => {
            flows((result() == I8X16 || width(result()) != NONE) && fits(args[0], result()))
        }
        O::Splat | O::Insertlane => flows(width(result()) != NONE),
        O::Extractlane => flows(width(dfg.value_type(args[0])) != NONE),
        O::Bitselect if number > 0 => {
            let lanes = compared(func, args[0]);
            flows(lanes.is_some_and(|ty| args[1..].iter().all(|arg| fits(*arg, wider(ty)))))
        }
        _ => Use::Shows,
    }
}

/// Whole lanes of 64 bits are whole lanes of 32 as well.
fn wider(lanes: Type) -> Type {
    if lanes == F64X2 { I8X16 } else { lanes }
}

/// The lanes whose comparison a mask is.
fn compared(func: &Function, mut mask: Value) -> Option<Type> {
    loop {
        let ValueDef::Result(inst, _) = func.dfg.value_def(mask) else { return None };
        let arg = *func.dfg.inst_args(inst).first()?;
        match func.dfg.insts[inst].opcode() {
            Opcode::Bitcast => mask = arg,
            Opcode::Fcmp => return Some(func.dfg.value_type(arg)),
            _ => return None,
        }
    }
}

/// Whether a value can have floats in it.
fn has_floats(func: &Function, value: Value) -> bool {
    let ty = func.dfg.value_type(value);
    ty.is_vector() || ty.is_float()
}

impl Known {
    fn of(func: &Function) -> Known {
        let mut known = Known {
            bits: SecondaryMap::with_default(Bits::EXACT),
            reached: SecondaryMap::new(),
            shown: SecondaryMap::new(),
        };
        // First whatever may flow, to know which arithmetic comes where; then what does.
        let (edges, made) = Known::edges(func, |_| NONE);
        let mut work: Vec<Value> = made.iter().map(|(value, _)| *value).collect();
        made.iter().for_each(|(value, bits)| known.reached[*value] = bits.free);
        while let Some(value) = work.pop() {
            for Edge { to, .. } in edges.from(value) {
                let reached = known.reached[to] | known.reached[value];
                if reached != known.reached[to] {
                    known.reached[to] = reached;
                    work.push(to);
                }
            }
        }
        let reached = std::mem::take(&mut known.reached);
        let (edges, made) = Known::edges(func, |value| reached[value]);
        known.reached = reached;
        known.find_shown(func, &edges);
        made.iter().for_each(|(value, bits)| known.bits[*value] = *bits);
        known.find_bits(func, &edges);
        known
    }

    /// What flows where, and the values of which something is known by what makes them: those that arithmetic makes.
    fn edges(func: &Function, reached: impl Fn(Value) -> Widths) -> (Edges, Vec<(Value, Bits)>) {
        let (mut all, mut made_here) = (Vec::new(), Vec::new());
        for inst in func.layout.blocks().flat_map(|block| func.layout.block_insts(block)) {
            let width = made(func, inst);
            if width != NONE {
                let bits = Bits { free: width, is_pending: true };
                made_here.push((func.dfg.first_result(inst), bits));
                continue;
            }
            for (number, arg) in func.dfg.inst_args(inst).iter().enumerate() {
                let used = use_of(func, inst, number, &reached);
                if matches!(used, Use::Flows | Use::Signs) && has_floats(func, *arg) {
                    let (from, to) = (*arg, func.dfg.first_result(inst));
                    all.push(Edge { from, to, whole: whole(func, inst) });
                }
            }
            for_edges(func, inst, |arg, param| {
                if let BlockArg::Value(from) = arg
                    && has_floats(func, from)
                {
                    all.push(Edge { from, to: param, whole: BOTH });
                }
            });
        }
        (Edges::new(all), made_here)
    }

    /// Goes back from what shows the bits of arithmetic.
    fn find_shown(&mut self, func: &Function, edges: &Edges) {
        let back = edges.reversed();
        let mut work = Vec::new();
        for inst in func.layout.blocks().flat_map(|block| func.layout.block_insts(block)) {
            for (number, arg) in func.dfg.inst_args(inst).iter().enumerate() {
                let used = || use_of(func, inst, number, |value| self.reached[value]);
                if self.reached[*arg] != NONE && !self.shown[*arg] && used() == Use::Shows {
                    self.shown[*arg] = true;
                    work.push(*arg);
                }
            }
        }
        while let Some(value) = work.pop() {
            for Edge { to: before, .. } in back.from(value) {
                if self.reached[before] != NONE && !self.shown[before] {
                    self.shown[before] = true;
                    work.push(before);
                }
            }
        }
    }

    /// Goes on from what is known of each value that flows.
    fn find_bits(&mut self, func: &Function, edges: &Edges) {
        // What flows into a value is all that it is; of what else there is, the bits are known or exact.
        for edge in &edges.all {
            self.bits[edge.to] = Bits::NOTHING;
        }
        for block in func.layout.blocks() {
            for inst in func.layout.block_insts(block) {
                for_edges(func, inst, |arg, param| {
                    if !matches!(arg, BlockArg::Value(_)) {
                        self.bits[param] = Bits::EXACT;
                    }
                });
                let Some(result) = func.dfg.inst_results(inst).first() else { continue };
                let free = canonical(func, inst);
                if free != NONE {
                    self.bits[*result] = Bits { free, is_pending: false };
                }
                if is_signed_anew(func, inst) {
                    self.bits[*result] = Bits::EXACT;
                }
            }
        }
        let mut work: Vec<Value> = edges.all.iter().map(|edge| edge.from).collect();
        while let Some(value) = work.pop() {
            for Edge { to, whole, .. } in edges.from(value) {
                let Bits { free, is_pending } = self.bits[value];
                let bits = self.bits[to].or(Bits { free: free & whole, is_pending });
                if bits != self.bits[to] {
                    self.bits[to] = bits;
                    work.push(to);
                }
            }
        }
    }
}

/// Whether an instruction gives the sign of its result, which is exact then.
fn is_signed_anew(func: &Function, inst: Inst) -> bool {
    matches!(func.dfg.insts[inst].opcode(), Opcode::Fneg | Opcode::Fcopysign)
}

/// The widths of numbers that an instruction moves whole, or changes the sign of.
fn whole(func: &Function, inst: Inst) -> Widths {
    let (args, opcode) = (func.dfg.inst_args(inst), func.dfg.insts[inst].opcode());
    match opcode {
        Opcode::Select | Opcode::Bitcast => BOTH,
        // Lanes of 64 bits are whole lanes of 32 as well.
        Opcode::Bitselect if compared(func, args[0]) == Some(F64X2) => BOTH,
        Opcode::Bitselect => SINGLE,
        Opcode::Extractlane => width(func.dfg.value_type(args[0])),
        _ => width(func.dfg.value_type(func.dfg.first_result(inst))),
    }
}

/// What passes along the edges from an instruction, each with the parameter that takes it.
fn for_edges(func: &Function, inst: Inst, mut each: impl FnMut(BlockArg, Value)) {
    let tables = (&func.dfg.jump_tables, &func.dfg.exception_tables);
    for call in func.dfg.insts[inst].branch_destination(tables.0, tables.1) {
        let pool = &func.dfg.value_lists;
        let params = func.dfg.block_params(call.block(pool));
        call.args(pool).zip(params).for_each(|(arg, param)| each(arg, *param));
    }
}

/// Writes what makes values canonical.
struct Writer {
    known: Known,
    /// What pending values have become where they are made.
    everywhere: HashMap<Value, Value>,
    /// What they have become in this block.
    here: HashMap<Value, Value>,
    branches: usize,
    /// Whether the block may be divided.
    divides: bool,
    /// What is written there is looked at when it is written.
    memory: Option<AliasRegion>,
}

impl Writer {
    fn new(known: Known) -> Writer {
        let (everywhere, here) = (HashMap::new(), HashMap::new());
        Writer { known, everywhere, here, branches: 0, divides: true, memory: None }
    }

    /// Makes the values canonical, where they are made, that must be so in more than one block. Were each made so in each of these blocks,
    /// many values that pass along many edges would become as many as the product of both.
    fn make_everywhere(&mut self, func: &mut Function, blocks: &[Vec<Inst>]) {
        let mut last: HashMap<Value, usize> = HashMap::new();
        let (mut again, mut values) = (HashSet::new(), Vec::new());
        for (number, insts) in blocks.iter().enumerate() {
            for value in insts.iter().flat_map(|inst| self.needed(func, *inst)) {
                let other = last.insert(value, number).is_some_and(|before| before != number);
                if other && again.insert(value) {
                    values.push(value);
                }
            }
        }
        self.divides = blocks.iter().all(|insts| insts.len() <= MOST_DIVIDED);
        for value in values {
            let behind = match func.dfg.value_def(value) {
                ValueDef::Result(inst, _) => func.layout.next_inst(inst),
                ValueDef::Param(block, _) => func.layout.first_inst(block),
                ValueDef::Union(..) => None,
            };
            if let Some(inst) = behind {
                let made = self.canonical(func, inst, value);
                self.everywhere.insert(value, made);
            }
        }
    }

    /// The pending values that an instruction must have canonical.
    fn needed(&self, func: &Function, inst: Inst) -> Vec<Value> {
        let mut needed = Vec::new();
        for (number, arg) in func.dfg.inst_args(inst).iter().enumerate() {
            let is_pending = self.known.bits[*arg].is_pending;
            if is_pending && self.must_be_final(func, inst, number) && !self.waits(func, inst) {
                needed.push(*arg);
            }
        }
        for_edges(func, inst, |arg, param| {
            if let BlockArg::Value(value) = arg
                && self.known.bits[value].is_pending
                && self.stays_exact(param)
            {
                needed.push(value);
            }
        });
        needed
    }

    /// Gives an instruction canonical values where it must have them.
    fn instruction(&mut self, func: &mut Function, inst: Inst) {
        let written = func.dfg.inst_args(inst).first().copied();
        if let Some(written) = written.filter(|value| self.known.bits[*value].is_pending)
            && self.waits(func, inst)
        {
            return self.written(func, inst, written);
        }
        let args = func.dfg.inst_args(inst).to_vec();
        let is_needed = |(number, arg): (usize, &Value)| {
            self.known.bits[*arg].is_pending && self.must_be_final(func, inst, number)
        };
        let which: Vec<bool> = args.iter().enumerate().map(is_needed).collect();
        for value in self.needed(func, inst) {
            self.canonical(func, inst, value);
        }
        for (number, arg) in args.into_iter().enumerate().filter(|(number, _)| which[*number]) {
            func.dfg.inst_args_mut(inst)[number] = self.made(arg).unwrap_or(arg);
        }
        let dfg = &mut func.dfg;
        let tables = (&mut dfg.jump_tables, &mut dfg.exception_tables);
        let calls = dfg.insts[inst].branch_destination_mut(tables.0, tables.1);
        for call in calls {
            let params = dfg.blocks[call.block(&dfg.value_lists)].params(&dfg.value_lists);
            let stay: Vec<bool> = params.iter().map(|param| self.stays_exact(*param)).collect();
            let mut stay = stay.into_iter();
            call.update_args(&mut dfg.value_lists, |arg| {
                let known = arg.as_value().and_then(|value| self.made(value));
                match (stay.next(), known) {
                    (Some(true), Some(value)) => BlockArg::Value(value),
                    _ => arg,
                }
            });
        }
    }

    /// Whether an instruction writes to a memory that nobody else reads at the same time.
    fn waits(&self, func: &Function, inst: Inst) -> bool {
        let data = &func.dfg.insts[inst];
        data.opcode() == Opcode::Store
            && self.memory.is_some_and(|memory| data.alias_region(&func.dfg) == Some(memory))
            && func.dfg.value_type(func.dfg.inst_args(inst)[0]).is_float()
    }

    /// What was written is made canonical where it lies; before, where it is so anyhow, or the block is not divided.
    fn written(&mut self, func: &mut Function, inst: Inst, value: Value) {
        let is_made = self.made(value).is_some();
        if !is_made && self.divides && self.branches < MOST_BRANCHES && look_behind(func, inst) {
            self.branches += 1;
            return;
        }
        func.dfg.inst_args_mut(inst)[0] = self.canonical(func, inst, value);
    }

    /// What a value has become for this block.
    fn made(&self, value: Value) -> Option<Value> {
        self.everywhere.get(&value).or_else(|| self.here.get(&value)).copied()
    }

    fn must_be_final(&self, func: &Function, inst: Inst, number: usize) -> bool {
        let shown = || self.known.shown[func.dfg.first_result(inst)];
        match use_of(func, inst, number, |value| self.known.reached[value]) {
            Use::Blind => false,
            Use::Shows => true,
            Use::Signs => shown(),
            Use::Flows => self.stays_exact(func.dfg.first_result(inst)),
        }
    }

    /// Whether what flows into a value is shown as it is.
    fn stays_exact(&self, value: Value) -> bool {
        self.known.shown[value] && self.known.bits[value] == Bits::EXACT
    }

    /// A pending value with the canonical NaN for every NaN, before an instruction.
    fn canonical(&mut self, func: &mut Function, inst: Inst, value: Value) -> Value {
        if let Some(value) = self.made(value) {
            return value;
        }
        let place = func.srcloc(inst);
        let (ty, free) = (func.dfg.value_type(value), self.known.bits[value].free);
        let mut cursor = FuncCursor::new(func).at_inst(inst).with_srcloc(place);
        let made = match ty.is_vector() {
            true => lanes_canonical(&mut cursor, value, free),
            false if self.divides && self.branches < MOST_BRANCHES => {
                self.branches += 1;
                scalar_canonical(func, inst, value)
            }
            false => {
                let is_nan = cursor.ins().fcmp(FloatCC::Unordered, value, value);
                let nan = nan(&mut cursor, ty);
                cursor.ins().select(is_nan, nan, value)
            }
        };
        self.here.insert(value, made);
        made
    }
}
