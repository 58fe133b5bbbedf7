//! What is added to a module: globals, exports, the functions of the embedder, and those that pay for imported functions.

use crate::block_types::BlockTypes;
use crate::body::Context;
use crate::code::Code;
use crate::error::Error;
use crate::loading::Loading;
use crate::{BEGIN, CHARGE, DEPTH, GAS_LEFT, HEAP, LOADING, STOPPED, Stop};
use etalon_module::{ExternType, Features, Module, ValType};
use std::collections::BTreeSet;
use wasm_encoder::{self as we, ConstExpr, ExportKind, GlobalType};

/// What is added.
pub(crate) struct Extra<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) limit: u64,
    pub(crate) loading: Loading,
    /// Imported functions that bodies make references of.
    pub(crate) referred: &'a BTreeSet<u32>,
}

/// The features of a copy: what it adds is of version 1.0, but for globals that are exported and can be changed, and blocks of several
/// results where functions have them.
pub(crate) fn features(module: Features) -> Features {
    module.with("mutable-global").unwrap_or(module)
}

/// Parameters that all imported functions may have together: what pays for one hands over each, so a short list of imports might
/// make a large copy.
const MOST_PARAMS: u64 = 10_000_000;

/// Whether what pays for imported functions is not too large.
pub(crate) fn check_payers(module: &Module) -> Result<(), Error> {
    let params = |func| module.func_type(func).params.len() as u64;
    let count: u64 = (0..module.imported_funcs).map(params).sum();
    match count > MOST_PARAMS {
        true => Err(Error::Imports { count, most: MOST_PARAMS }),
        false => Ok(()),
    }
}

impl Extra<'_> {
    /// The globals, behind those of the module.
    pub(crate) fn globals(&self, section: &mut we::GlobalSection) {
        let global = |val_type, mutable| GlobalType { val_type, mutable, shared: false };
        let (left, stop) = match self.limit.checked_sub(self.loading.gas) {
            Some(left) => (left as i64, 0),
            // Whatever is called is out of gas at once, the start function too.
            None => (-1, Stop::Gas as i32),
        };
        let wide = global(we::ValType::I64, true);
        section.global(wide, &ConstExpr::i64_const(left));
        section.global(global(we::ValType::I32, true), &ConstExpr::i32_const(stop));
        section.global(wide, &ConstExpr::i64_const(0));
        section.global(wide, &ConstExpr::i64_const(self.loading.heap as i64));
        let loading = i64::try_from(self.loading.gas).unwrap_or(i64::MAX);
        section.global(global(we::ValType::I64, false), &ConstExpr::i64_const(loading));
        for length in &self.context.cells.lengths {
            section.global(wide, &ConstExpr::i64_const(*length as i64));
        }
    }

    /// The exports: names, kinds and indices.
    pub(crate) fn exports(&self) -> [(&'static str, ExportKind, u32); 7] {
        let cells = self.context.cells;
        let module = self.context.module;
        let first = module.funcs.len() as u32 + module.imported_funcs;
        [
            (GAS_LEFT, ExportKind::Global, cells.left),
            (STOPPED, ExportKind::Global, cells.stopped),
            (DEPTH, ExportKind::Global, cells.depth),
            (HEAP, ExportKind::Global, cells.heap),
            (LOADING, ExportKind::Global, cells.loading),
            (BEGIN, ExportKind::Func, first),
            (CHARGE, ExportKind::Func, first + 1),
        ]
    }

    /// The functions behind those of the module: the types and bodies.
    pub(crate) fn functions(&self, types: &BlockTypes) -> Vec<(u32, Vec<u8>)> {
        let module = self.context.module;
        let imports = module.imports.iter().filter(|i| matches!(i.ty, ExternType::Func(_)));
        let payers = (0..module.imported_funcs).zip(imports).map(|(func, import)| {
            let cost = self.context.schedule.host().base(&import.module, &import.name);
            (module.funcs[func as usize], self.payer(func, cost))
        });
        let own = [(types.taker(), self.begin()), (types.taker(), self.charge())];
        payers.chain(own).collect()
    }

    /// Calls an imported function: charges for that, and lets it begin invocations where gas-1 has them begin (*Host calls*, *Depth*). The depth is
    /// set back even if the host goes on after a trap of the guest.
    fn payer(&self, func: u32, cost: u32) -> Vec<u8> {
        let params = self.context.module.func_type(func).params.len() as u32;
        let (cell, reentry) = (self.context.cells.depth, self.context.schedule.depth().reentry);
        let mut code = Code::new(self.context.cells, params);
        let before = code.local(ValType::I64);
        code.begin();
        code.charge(cost.into());
        let mut sink = code.sink();
        sink.global_get(cell).local_tee(before).i64_const(reentry.into()).i64_add();
        sink.global_set(cell);
        (0..params).for_each(|param| _ = sink.local_get(param));
        sink.call(func).local_get(before).global_set(cell).return_();
        code.end();
        Code::function(&[], code)
    }

    fn begin(&self) -> Vec<u8> {
        let cells = self.context.cells;
        let mut code = Code::new(cells, 1);
        let mut sink = code.sink();
        // All bits of what is negative are set: a charge would wrap a number far below 0.
        sink.local_get(0).local_get(0).i64_const(63).i64_shr_s().i64_or().global_set(cells.left);
        sink.i32_const(0).global_set(cells.stopped);
        sink.i64_const(0).global_set(cells.depth).end();
        Code::function(&[], code)
    }

    fn charge(&self) -> Vec<u8> {
        let cells = self.context.cells;
        let mut code = Code::new(cells, 1);
        code.begin();
        code.charge(0);
        let mut sink = code.sink();
        sink.local_get(0).global_get(cells.left).i64_gt_u().br_if(0);
        sink.global_get(cells.left).local_get(0).i64_sub().global_set(cells.left).return_();
        code.end();
        Code::function(&[], code)
    }
}
