//! What loading takes (gas-1, *Instantiation and compilation*), but for the start function.

use super::most::Most;
use super::sizes::Sizes;
use etalon::Schedule;
use etalon::unstable::Opcode;
use etalon::unstable::module::{ConstExpr, ConstOp, DataMode, ElemMode, Module};

/// The most that loading takes, and whether it is just that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loading {
    pub(crate) most: Most,
    pub(crate) is_exact: bool,
}

/// What loading a module takes. It is exact if no length comes from outside, and all segments are sure to fit.
pub(crate) fn loading(module: &Module, schedule: &Schedule, sizes: &Sizes<'_>) -> Loading {
    let mut loading = Loading { most: Most::ZERO, is_exact: true };
    let prices = schedule.instantiation();
    let tables = module.table_defs.iter().filter_map(|table| table.init.as_ref());
    let items = module.elems.iter().flat_map(|elem| &elem.items);
    let globals = module.global_defs.iter().map(|global| &global.init);
    for expr in globals.chain(tables).chain(items) {
        loading.expression(schedule, sizes, expr);
    }
    for elem in &module.elems {
        let ElemMode::Active { table, offset } = &elem.mode else { continue };
        loading.expression(schedule, sizes, offset);
        let len = elem.items.len() as u64;
        loading.most = loading.most.plus(prices.elements.charge(len).into());
        let there = module.tables[*table as usize].limits.min;
        loading.is_exact &= fits(offset, len, there.into());
    }
    for (index, data) in (0..).zip(&module.datas) {
        let DataMode::Active { memory, offset } = &data.mode else { continue };
        loading.expression(schedule, sizes, offset);
        let len = module.data(index).len() as u64;
        loading.most = loading.most.plus(prices.data_bytes.charge(len).into());
        let ty = &module.memories[*memory as usize];
        loading.is_exact &= fits(offset, len, u128::from(ty.limits.min) << ty.page_size_log2);
    }
    loading
}

fn fits(offset: &ConstExpr, len: u64, there: u128) -> bool {
    let at = match *offset.0 {
        [ConstOp::I32Const(at)] => u64::from(at as u32),
        [ConstOp::I64Const(at)] => at as u64,
        _ => return false,
    };
    u128::from(at) + u128::from(len) <= there
}

impl Loading {
    fn expression(&mut self, schedule: &Schedule, sizes: &Sizes<'_>, expr: &ConstExpr) {
        let weight = Most::Gas(schedule.instantiation().const_operator.into());
        self.most = self.most.plus(weight.times(expr.0.len() as u64));
        let mut before = None;
        for op in &expr.0 {
            let (opcode, units) = match *op {
                ConstOp::StructNew(ty) => (Opcode::StructNew, sizes.fields(ty)),
                ConstOp::StructNewDefault(ty) => (Opcode::StructNewDefault, sizes.fields(ty)),
                ConstOp::ArrayNewFixed(_, len) => (Opcode::ArrayNewFixed, len.into()),
                ConstOp::ArrayNew(ty) => (Opcode::ArrayNew, self.length(sizes, ty, before)),
                ConstOp::ArrayNewDefault(ty) => {
                    (Opcode::ArrayNewDefault, self.length(sizes, ty, before))
                }
                other => {
                    before = Some(other);
                    continue;
                }
            };
            before = None;
            let charge = schedule.dynamic(opcode).map_or(0, |rate| rate.charge(units));
            self.most = self.most.plus(charge.into());
        }
    }

    /// The length of an array: the constant before, or the most there can be.
    fn length(&mut self, sizes: &Sizes<'_>, ty: u32, before: Option<ConstOp>) -> u64 {
        let most = sizes.array(ty);
        match before {
            Some(ConstOp::I32Const(len)) if u64::from(len as u32) <= most => (len as u32).into(),
            _ => {
                self.is_exact = false;
                most
            }
        }
    }
}
