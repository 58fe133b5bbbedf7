//! When a charge is made (gas-1 section 3).
//!
//! A cut says what is charged, and that nothing of the segment is seen if it cannot be paid. So a charge may wait past operators that only
//! compute, and past a branch: nobody sees what they did, if the run is out of gas then. Charges that meet on the way are made as
//! one: whether the first of them would have failed or the second, all that was left is gone. What is due is paid before anything that
//! may trap, call, or write to what is not a local.
//!
//! An `if` takes what is due along into both arms, and a branch forward pays aside, where it is taken. What leaves for the end of a block
//! and pays anyhow pays along with it for the segment behind that end, and passes by the charge there.

use super::control::Kind;
use super::cuts::may_trap;
use super::gas::opens;
use super::roots::may_be_object;
use super::translator::Translator;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Type};
use etalon_module::operator::Opcode;
use etalon_module::{Class, ValType};
use wasmparser::Operator as O;

/// With more results, a block has no second way out: values that pass at joins take the code generator's time.
const MOST_RESULTS: usize = 4;

/// What a control frame knows of charges.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Due {
    /// What was due where the frame began: the second arm of an `if` begins with it.
    pub(super) begun: u64,
    /// What the segment behind its end costs.
    behind: u64,
    /// Whether that may be paid on the way there.
    is_ahead: bool,
    /// Where control goes on that has paid for it.
    pub(super) paid: Option<Block>,
}

impl Translator<'_> {
    /// Before an operator that can be reached: pays what is due, unless that may wait.
    pub(super) fn settle_before(&mut self, operator: &O<'_>) {
        let waits = match operator {
            // These pay on the way.
            O::Call { .. } | O::If { .. } | O::Else | O::Br { .. } | O::BrIf { .. } | O::End => {
                true
            }
            _ => self.is_silent(operator) || only_computes(Opcode::of(operator)),
        };
        if !waits {
            self.settle_gas();
        }
    }

    /// Counts the blocks of the text, in code that cannot be reached too.
    pub(super) fn count_opened(&mut self, opcode: Opcode) {
        if let Some(gas) = &mut self.gas
            && opens(opcode)
        {
            gas.opened += 1;
        }
    }

    /// What is due.
    pub(super) fn due(&self) -> u64 {
        self.gas.as_ref().map_or(0, |gas| gas.due)
    }

    /// Goes back to what was due on another way.
    pub(super) fn set_due(&mut self, due: u64) {
        if let Some(gas) = &mut self.gas {
            gas.due = due;
        }
        self.gas_at_join();
    }

    /// What a frame that begins here knows of charges.
    pub(super) fn due_at(&self, results: &[ValType]) -> Due {
        let Some(gas) = &self.gas else { return Due::default() };
        let is_ahead = results.len() <= MOST_RESULTS
            && !results.iter().any(|ty| may_be_object(self.module, *ty));
        // The body is no block of the text, and nothing is behind it.
        let behind = gas.opened.checked_sub(1).map_or(0, |block| gas.text.behind(block));
        Due { begun: gas.due, behind, is_ahead, paid: None }
    }

    /// Whether a conditional branch to a label pays only if it is taken.
    pub(super) fn pays_aside(&self, depth: u32) -> bool {
        let frame = self.frames.iter().rev().nth(depth as usize);
        self.due() > 0
            && frame.is_some_and(|frame| frame.due.is_ahead && !matches!(frame.kind, Kind::Loop(_)))
    }

    /// Pays what is due before control leaves for the end of a frame, which is `exit`; gives where it goes on.
    pub(super) fn pay_for_exit(&mut self, frame: usize, exit: Block) -> Block {
        let Due { behind, is_ahead, paid, .. } = self.frames[frame].due;
        if self.due() == 0 || !is_ahead {
            self.settle_gas();
            self.frames[frame].exited = true;
            return exit;
        }
        self.charge(behind);
        self.settle_gas();
        let paid = paid.unwrap_or_else(|| self.like(exit));
        self.frames[frame].due.paid = Some(paid);
        paid
    }

    /// A new block with parameters as another has them.
    fn like(&mut self, block: Block) -> Block {
        let dfg = &self.b.func.dfg;
        let types: Vec<Type> =
            dfg.block_params(block).iter().map(|param| dfg.value_type(*param)).collect();
        let new = self.b.create_block();
        for ty in types {
            self.b.append_block_param(new, ty);
        }
        new
    }

    /// Behind an `end`: where control goes on that has paid, if some has. The rest, which comes to `exit`, pays here and joins it.
    pub(super) fn join(&mut self, due: &Due, exit: Option<Block>) -> Option<Block> {
        let paid = due.paid?;
        if let Some(exit) = exit {
            self.b.switch_to_block(exit);
            let params = self.b.block_params(exit).to_vec();
            self.charge(due.behind);
            self.settle_gas();
            let passed: Vec<BlockArg> = params.into_iter().map(BlockArg::Value).collect();
            self.b.ins().jump(paid, &passed);
        }
        self.b.seal_block(paid);
        if let Some(gas) = &mut self.gas {
            gas.paid = true;
        }
        Some(paid)
    }
}

/// Whether an operator only computes: it does not trap, and what it does is seen by nobody if the run ends after it. A global can be
/// read then.
#[rustfmt::skip]
pub(super) fn only_computes(op: Opcode) -> bool {
    use Class as C;
    let computes = matches!(
        op.class(),
        Some(
            C::Parametric | C::Variable | C::Const
                | C::IntUnop | C::IntBinop | C::IntTestop | C::IntRelop | C::Cvtop | C::Wide
                | C::FloatUnop | C::FloatBinop | C::FloatRelop
                | C::VectorConst | C::VectorBitwise | C::VectorTestop | C::VectorRelop
                | C::VectorShuffle | C::VectorLane | C::VectorIntUnop | C::VectorIntBinop
                | C::VectorIntShift | C::VectorIntExtend | C::VectorFloatUnop
                | C::VectorFloatBinop | C::VectorCvtop | C::VectorRelaxed,
        )
    );
    computes && !may_trap(op) && op != Opcode::GlobalSet
}
