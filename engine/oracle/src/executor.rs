//! The oracle as a tier of a store.

use crate::configuration::{Configuration, Step, Thread};
use crate::oracle::{Function, Oracle, check_results, slots_of};
use crate::step::Leave;
use etalon_runtime::{
    AttachError, CodeObject, Completion, Executor, FuncAddr, FuncKind, InstanceAddr, Kept, Ref,
    Roots, Stop, Store, TailCall, Value, WaiterId,
};
use std::sync::Arc;

impl Oracle {
    /// One piece of work of a thread.
    pub(crate) fn with<T>(
        &self,
        store: &mut Store,
        thread: &mut Thread,
        waiter: Option<WaiterId>,
        work: impl FnOnce(&mut Configuration<'_>) -> Step<T>,
    ) -> Result<T, Stop> {
        let desk = Some(self.take_desk());
        work(&mut Configuration { oracle: self, store, thread, desk, waiter }).map_err(|stop| *stop)
    }
}

/// The desk goes back however the work ends, by a panic of the embedder's too.
impl Drop for Configuration<'_> {
    fn drop(&mut self) {
        self.desk.take().into_iter().for_each(|desk| self.oracle.give_desk(desk));
    }
}

impl Executor for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn attach(
        &self,
        store: &mut Store,
        instance: InstanceAddr,
        _code: Option<&CodeObject>,
    ) -> Result<(), AttachError> {
        let inst = store.instance(instance);
        let mut state = self.lock();
        let functions = &mut state.desk.get_or_insert_default().functions;
        for func in inst.own_funcs() {
            let Some(FuncKind::Wasm { tier, .. }) = store.funcs.kind(func) else { continue };
            if std::ptr::addr_eq(Arc::as_ptr(store.executor(tier)), self) {
                let len = functions.len().max(func.index() + 1);
                functions.resize(len, Function::Foreign);
                functions[func.index()] = Function::Own;
            }
        }
        Ok(())
    }

    fn call(
        &self,
        store: &mut Store,
        func: FuncAddr,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let depth = store.depth_left();
        let args = Value::read_all(&store.func_type(func).params, slots);
        let mut thread = self.thread();
        thread.begin(&args, depth);
        let leave = self.with(store, &mut thread, None, |configuration| {
            configuration.start(func)?;
            configuration.run(None)
        });
        store.set_depth_left(depth);
        let result = match leave {
            Ok(Leave::Done) => check_results(store, func, &thread.values).map(|()| {
                Value::write_all(&thread.values, slots);
                Completion::Returned
            }),
            Ok(Leave::TailCall(func)) => slots_of(store, func, &thread.values)
                .map(|slots| Completion::TailCall(TailCall { func, slots })),
            Ok(_) => Err(Stop::crash("a thread that nobody pauses has paused")),
            Err(stop) => Err(stop),
        };
        self.keep(thread);
        result
    }

    fn forget(&self, _: &Store, kept: Kept) {
        self.lock().desk.get_or_insert_default().functions.truncate(kept.funcs);
    }

    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        self.executions().paused.values().for_each(|p| p.thread.visit_roots(store, visit));
    }
}
