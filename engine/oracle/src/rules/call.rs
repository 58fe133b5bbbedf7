//! Control Instructions: calls and returns.

use crate::configuration::{Configuration, Context, Frame, Step, bug, crash};
use crate::oracle::slots_of;
use crate::text::Text;
use etalon_module::{HeapType, RefType, Rule, TypeUse};
use etalon_runtime::{
    Completion, Exhaustion, FuncAddr, FuncKind, Ref, Stop, TailCall, Trap, Value,
};
use std::mem::take;
use std::sync::Arc;

/// Calls.
impl Configuration<'_> {
    /// `call` of the function with an index. `Step_read/call`
    pub(crate) fn call(&mut self, index: u32) -> Step {
        self.used(Rule::Call);
        let func = self.func_addr(index)?;
        self.invoke(func)
    }

    /// `call_ref` traps if the reference is null. `Step_read/call_ref-null`
    pub(crate) fn call_ref(&mut self) -> Step {
        let func = self.pop_func()?;
        let func = self.found(func, Rule::CallRefNull, Trap::NullFunctionReference)?;
        self.invoke(func)
    }

    /// `call_indirect` is `table.get`, `ref.cast` to the type, and `call_ref`. `Step_pure/call_indirect`
    pub(crate) fn call_indirect(&mut self, (ty, table): (u32, u32)) -> Step {
        self.used(Rule::CallIndirect);
        let func = self.func_in_table(ty, table)?;
        let func = self.found(func, Rule::CallRefNull, Trap::UninitializedElement)?;
        self.invoke(func)
    }

    /// The function of a table's element; `None` if it is null. Traps if there is no such element, or it is not of the type.
    fn func_in_table(&mut self, ty: u32, table: u32) -> Step<Option<FuncAddr>> {
        let element = self.table_element(table)?;
        let reference = self.found(element, Rule::TableGetOob, Trap::UndefinedElement)?;
        self.used(Rule::TableGetVal);
        let heap = HeapType::Use(TypeUse::Def(self.type_id(ty)?));
        let is_of_type = self.matches(reference, RefType { nullable: true, heap })?;
        self.check(is_of_type, Rule::RefCastFail, Trap::IndirectCallTypeMismatch)?;
        self.used(Rule::RefCastSucceed);
        func_of(reference)
    }

    /// `return_call` of the function with an index. `Step_read/return_call`
    pub(crate) fn return_call(&mut self, index: u32) -> Step {
        self.used(Rule::ReturnCall);
        let func = self.func_addr(index)?;
        self.tail_call(Some(func), Trap::NullFunctionReference)
    }

    /// `return_call_ref` traps if the reference is null.
    pub(crate) fn return_call_ref(&mut self) -> Step {
        let func = self.pop_func()?;
        self.tail_call(func, Trap::NullFunctionReference)
    }

    /// `return_call_indirect` is `table.get`, `ref.cast` to the type, and `return_call_ref`. `Step_pure/return_call_indirect`
    pub(crate) fn return_call_indirect(&mut self, (ty, table): (u32, u32)) -> Step {
        self.used(Rule::ReturnCallIndirect);
        let func = self.func_in_table(ty, table)?;
        self.tail_call(func, Trap::UninitializedElement)
    }

    /// Leaves all that is open in the present frame; then traps if there is no function, else calls it in the frame's place.
    /// `Step_read/return_call_ref-label`, `Step_read/return_call_ref-handler`, `Step_read/return_call_ref-frame-null`,
    /// `Step_read/return_call_ref-frame-addr`
    fn tail_call(&mut self, func: Option<FuncAddr>, null: Trap) -> Step {
        self.leave_all(Rule::ReturnCallRefLabel, Rule::ReturnCallRefHandler)?;
        let func = self.found(func, Rule::ReturnCallRefFrameNull, null)?;
        let params = self.store.func_type(func).params.len() as u32;
        self.used(Rule::ReturnCallRefFrameAddr);
        let locals = self.frame()?.locals;
        self.keep(params, locals)?;
        self.pop_frame()?;
        let is_last = self.thread.frames.is_empty();
        if is_last && self.text(func)?.is_none() {
            self.thread.tail_call = Some(func);
            return Ok(());
        }
        self.invoke(func)
    }

    fn pop_func(&mut self) -> Step<Option<FuncAddr>> {
        func_of(self.pop_ref()?)
    }

    /// A function is called whose arguments are on the stack: of this tier in a new frame, of another or of the host from here.
    pub(crate) fn invoke(&mut self, func: FuncAddr) -> Step {
        match self.text(func)? {
            Some(text) => self.enter_function(func, text),
            None => self.call_out(func),
        }
    }

    /// The text of a function; `None` if the host or another tier runs it.
    pub(crate) fn text(&mut self, func: FuncAddr) -> Step<Option<Arc<Text>>> {
        let desk = self.desk.as_mut().ok_or_else(|| bug("a thread that calls out runs"))?;
        desk.text(self.store, func)
    }

    /// A frame with the arguments and the default values of the other locals, and in it the label of the body.
    /// `Step_read/call_ref-func`, `Step/ctxt-frame`
    pub(crate) fn enter_function(&mut self, func: FuncAddr, text: Arc<Text>) -> Step {
        let Some(FuncKind::Wasm { instance, .. }) = self.store.funcs.kind(func) else {
            return crash("a host function has a text");
        };
        // The depth is tested before anything is charged (gas-1, *Depth*).
        let left = self.thread.depth_left.checked_sub(text.frame_slots);
        self.thread.depth_left = left.ok_or_else(|| Stop::from(Exhaustion::Stack))?;
        self.store.charge(text.entry_gas.into())?;
        self.count(|usage| usage.took(text.entry_gas));
        self.used(Rule::CallRefFunc);
        self.used(Rule::CtxtFrame);
        self.tell(|observer| observer.enter(func, text.index, text.entry_gas));
        let locals = self.height_below(text.params as u32)?;
        let contexts = self.thread.contexts.len() as u32;
        // A local without a default is null until it is set; validation lets nobody read it.
        let default = |ty| Value::default_of(ty).unwrap_or(Value::Ref(Ref::NULL));
        self.thread.values.extend(text.locals.iter().map(default));
        let (arity, continuation) = (text.results as u32, text.instructions.len() as u32);
        self.thread.is_elsewhere = true;
        self.thread.frames.push(Frame { func, instance, text, next: 0, locals, contexts });
        self.enter_label(arity, continuation, 0, false)
    }

    /// Calls a function of the host or of another tier. It is over when the next instruction begins.
    fn call_out(&mut self, func: FuncAddr) -> Step {
        let mut callee = func;
        loop {
            let args = self.pop_values(self.store.func_type(callee).params.len())?;
            let mut slots = slots_of(self.store, callee, &args)?;
            match self.outside(callee, &mut slots) {
                Ok(Completion::Returned) => {
                    let results = &self.store.func_type(callee).results;
                    self.thread.values.extend(Value::read_all(results, &slots));
                    return Ok(());
                }
                // What was called ended in a call that is made from here in its place.
                Ok(Completion::TailCall(TailCall { func, slots })) => {
                    let params = &self.store.func_type(func).params;
                    self.thread.values.extend(Value::read_all(params, &slots));
                    if self.text(func)?.is_some() {
                        return self.invoke(func);
                    }
                    callee = func;
                }
                Err(Stop::Throw(exn)) => return self.throw_exception(exn),
                Err(stop) => return Err(stop.into()),
            }
        }
    }

    /// The call itself. What is called may call into the oracle again, so the desk is free meanwhile.
    fn outside(&mut self, func: FuncAddr, slots: &mut [u64]) -> Result<Completion, Stop> {
        self.store.set_depth_left(self.thread.depth_left);
        let present = self.desk.as_ref().map(|desk| desk.usage.present());
        self.desk.take().into_iter().for_each(|desk| self.oracle.give_desk(desk));
        let result = self.call_holding(func, slots);
        let mut desk = self.oracle.take_desk();
        desk.usage.set_present(present);
        self.thread.is_elsewhere = true; // What ran may have been of another instance.
        self.desk = Some(desk);
        result
    }

    /// What is called may collect the heap, so the thread waits in the store meanwhile.
    fn call_holding(&mut self, func: FuncAddr, slots: &mut [u64]) -> Result<Completion, Stop> {
        if self.store.heap.is_empty() {
            return self.store.call_once(func, slots);
        }
        self.store.push_activation(Box::new(take(self.thread)));
        let result = self.store.call_once(func, slots);
        let thread = self.store.pop_activation();
        *self.thread = *thread.ok_or_else(|| Stop::crash("a thread left in the store is gone"))?;
        result
    }
}

/// Returns.
impl Configuration<'_> {
    /// `return` leaves the present frame with as many values as the function has results.
    /// `Step_pure/return-frame`, `Step_pure/return-label`, `Step_pure/return-handler`
    pub(crate) fn return_(&mut self) -> Step {
        self.leave_all(Rule::ReturnLabel, Rule::ReturnHandler)?;
        self.used(Rule::ReturnFrame);
        self.leave_frame()
    }

    /// Leaves all that is open in the present frame, by a rule for labels and one for handlers.
    fn leave_all(&mut self, label: Rule, handler: Rule) -> Step {
        while let Some(context) = self.innermost()? {
            match context {
                Context::Label(_) => self.used(label),
                Context::Handler { .. } => self.used(handler),
                Context::Try { .. } | Context::Caught { .. } => {}
            }
            self.leave();
        }
        Ok(())
    }

    /// The results of a function take the place of its locals, and its frame is gone.
    pub(super) fn leave_frame(&mut self) -> Step {
        let frame = self.frame()?;
        let (results, locals) = (frame.text.results as u32, frame.locals);
        self.keep(results, locals)?;
        self.pop_frame()
    }

    /// A trap or an exception has come out of a frame: all its values are gone too.
    pub(crate) fn drop_frame(&mut self) -> Step {
        let locals = self.frame()?.locals;
        self.thread.values.truncate(locals as usize);
        self.pop_frame()
    }

    /// A frame is gone, and its depth is given back.
    pub(super) fn pop_frame(&mut self) -> Step {
        let frame = self.thread.frames.pop().ok_or_else(|| bug("no frame to leave"))?;
        self.thread.is_elsewhere = true;
        self.thread.depth_left += frame.text.frame_slots;
        self.tell(|observer| observer.exit(frame.func));
        Ok(())
    }
}

/// The function that a reference is to; `None` if it is null.
fn func_of(reference: Ref) -> Step<Option<FuncAddr>> {
    match reference.as_func() {
        None if !reference.is_null() => crash("a call of what is no function"),
        func => Ok(func),
    }
}
