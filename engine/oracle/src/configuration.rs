//! Configurations (specification, *Runtime Structure: Configurations*): a store and a thread, and how rules get at them.
//!
//! What validation promises is checked all the same. Where it does not hold the answer is a *crash*, which names a bug of ours.

pub(crate) use crate::stop::{Step, bug, crash, wrong_type};
pub(crate) use crate::thread::{Context, Frame, Label, Thread, site_of};

use crate::observer::Observer;
use crate::oracle::{Desk, Oracle};
use crate::text::Block;
use crate::usage::Usage;
use etalon_module::{AddrType, Canonicalise, RefType, Rule, TypeId};
use etalon_numerics::Function;
use etalon_runtime::{
    DataAddr, ElemAddr, Exhaustion, FuncAddr, GlobalAddr, InstanceInst, MemoryAddr, Ref, Stop,
    Store, TableAddr, TagAddr, Trap, Trapped, Value, WaiterId, room,
};

/// Most labels and handlers of a thread. A body of blocks in blocks costs its caller no depth, so depth alone does not bound them.
const MOST_CONTEXTS: usize = 1 << 25;

/// A store and a thread that runs on it.
pub(crate) struct Configuration<'a> {
    pub(crate) oracle: &'a Oracle,
    pub(crate) store: &'a mut Store,
    pub(crate) thread: &'a mut Thread,
    /// What the threads of the oracle share; `None` while this one calls out.
    pub(crate) desk: Option<Box<Desk>>,
    /// Who waits at a `memory.atomic.wait`; `None` if nobody else could run meanwhile.
    pub(crate) waiter: Option<WaiterId>,
}

#[cold]
fn lacks(what: &str) -> Box<Stop> {
    Stop::crash(format!("the configuration lacks {what}")).into()
}

/// Bookkeeping.
impl Configuration<'_> {
    /// A rule was applied.
    #[inline(always)]
    pub(crate) fn used(&mut self, rule: Rule) {
        self.count(|usage| usage.used(rule));
        self.tell(|observer| observer.rule(rule));
    }

    /// A numeric function was applied that not every use of the operator applies.
    pub(crate) fn applied(&mut self, function: Function) {
        self.count(|usage| usage.applied(function));
    }

    /// Counts what was used of the specification.
    #[inline(always)]
    pub(crate) fn count(&mut self, what: impl FnOnce(&mut Usage)) {
        if let Some(desk) = &mut self.desk {
            what(&mut desk.usage);
        }
    }

    /// Tells the observer, if there is one.
    #[inline(always)]
    pub(crate) fn tell(&self, what: impl FnOnce(&mut dyn Observer)) {
        if let Some(observer) = &self.oracle.observer {
            what(&mut **observer.lock());
        }
    }

    /// A trap of the instruction that is executed.
    #[cold]
    pub(crate) fn trap(&self, trap: impl Into<Trapped>) -> Box<Stop> {
        let site = self.thread.frames.last().and_then(site_of);
        Box::new(Stop::Trap(Trapped { site, ..trap.into() }))
    }

    /// A condition of a rule: where it does not hold, another rule says that the instruction traps.
    #[inline(always)]
    pub(crate) fn check(&mut self, holds: bool, otherwise: Rule, trap: Trap) -> Step {
        if holds { Ok(()) } else { self.traps(otherwise, trap) }
    }

    /// The same where a rule needs something to be there.
    #[inline(always)]
    pub(crate) fn found<T>(&mut self, found: Option<T>, otherwise: Rule, trap: Trap) -> Step<T> {
        match found {
            Some(found) => Ok(found),
            None => self.traps(otherwise, trap),
        }
    }

    /// A trap by a rule that says so.
    #[cold]
    pub(crate) fn traps<T>(&mut self, rule: Rule, trap: Trap) -> Step<T> {
        self.used(rule);
        Err(self.trap(trap))
    }
}

/// Values.
impl Configuration<'_> {
    /// Pushes a result. That always succeeds, and as it is how most rules end, it gives what they give.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: Value) -> Step {
        self.thread.values.push(value);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Step<Value> {
        let thread = &mut *self.thread;
        if thread.values.len() <= thread.floor {
            return Err(lacks("an operand"));
        }
        thread.values.pop().ok_or_else(|| lacks("an operand"))
    }

    #[inline(always)]
    pub(crate) fn pop_i32(&mut self) -> Step<u32> {
        match self.pop()? {
            Value::I32(i) => Ok(i),
            other => Err(wrong_type(other, "an i32")),
        }
    }

    #[inline(always)]
    pub(crate) fn pop_i64(&mut self) -> Step<u64> {
        match self.pop()? {
            Value::I64(i) => Ok(i),
            other => Err(wrong_type(other, "an i64")),
        }
    }

    #[inline(always)]
    pub(crate) fn pop_v128(&mut self) -> Step<u128> {
        match self.pop()? {
            Value::V128(v) => Ok(v),
            other => Err(wrong_type(other, "a v128")),
        }
    }

    #[inline(always)]
    pub(crate) fn pop_ref(&mut self) -> Step<Ref> {
        match self.pop()? {
            Value::Ref(r) => Ok(r),
            other => Err(wrong_type(other, "a reference")),
        }
    }

    /// An address, an index or a size, as wide as the type of addresses says.
    #[inline(always)]
    pub(crate) fn pop_address(&mut self, ty: AddrType) -> Step<u64> {
        match ty {
            AddrType::I32 => Ok(self.pop_i32()?.into()),
            AddrType::I64 => self.pop_i64(),
        }
    }

    /// The result of an instruction that gives an address, an index or a size.
    pub(crate) fn push_address(&mut self, ty: AddrType, value: u64) -> Step {
        self.push(match ty {
            AddrType::I32 => Value::I32(value as u32),
            AddrType::I64 => Value::I64(value),
        })
    }

    /// The topmost values, the last on top.
    pub(crate) fn pop_values(&mut self, count: usize) -> Step<Vec<Value>> {
        let first = self.thread.values.len().checked_sub(count);
        let first = first.filter(|first| *first >= self.thread.floor);
        Ok(self.thread.values.split_off(first.ok_or_else(|| lacks("operands"))?))
    }

    /// Drops what lies between a height and the topmost `count` values.
    #[inline(always)]
    pub(crate) fn keep(&mut self, count: u32, height: u32) -> Step {
        let values = &mut self.thread.values;
        let (height, count) = (height as usize, count as usize);
        let first = values.len().checked_sub(count).filter(|first| *first >= height);
        let first = first.ok_or_else(|| lacks("the values of a label"))?;
        if first > height {
            values.copy_within(first.., height);
            values.truncate(height + count);
        }
        Ok(())
    }
}

/// Contexts and frames.
impl Configuration<'_> {
    #[inline(always)]
    pub(crate) fn frame(&self) -> Step<&Frame> {
        self.thread.frames.last().ok_or_else(|| lacks("a frame"))
    }

    /// Control continues at a position of the present function.
    #[inline(always)]
    pub(crate) fn jump(&mut self, position: u32) -> Step {
        let frame = self.thread.frames.last_mut().ok_or_else(|| lacks("a frame"))?;
        frame.next = position;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn enter(&mut self, context: Context) -> Step {
        if self.thread.contexts.len() >= MOST_CONTEXTS {
            return Err(Stop::from(Exhaustion::Limit("too many labels are open")).into());
        }
        if let Context::Label(label) = context {
            self.thread.floor = label.height as usize;
        }
        Ok(room::push(&mut self.thread.contexts, context)?)
    }

    /// The innermost label or handler of the present frame; `None` if there is none.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> Step<Option<Context>> {
        let of_frame = self.frame()?.contexts as usize;
        let contexts = &self.thread.contexts;
        Ok(if contexts.len() > of_frame { contexts.last().copied() } else { None })
    }

    /// Leaves the innermost label or handler; the values stay.
    #[inline(always)]
    pub(crate) fn leave(&mut self) {
        let thread = &mut *self.thread;
        thread.contexts.pop();
        thread.floor = match thread.contexts.last() {
            Some(Context::Label(label)) => label.height as usize,
            Some(Context::Handler { height, .. } | Context::Try { height, .. }) => *height as usize,
            // What lies below the label of a catch is the concern of that label alone.
            Some(Context::Caught { .. }) | None => 0,
        };
    }

    /// Where a block begins whose parameters are on the stack.
    #[inline(always)]
    pub(crate) fn height_below(&self, params: u32) -> Step<u32> {
        let thread = &*self.thread;
        let height = thread.values.len().checked_sub(params as usize);
        let height = height.filter(|height| *height >= thread.floor);
        height.map(|height| height as u32).ok_or_else(|| lacks("the parameters of a block"))
    }

    pub(crate) fn block_data(&self, number: u32) -> Step<&Block> {
        self.frame()?.text.block(number)
    }

    /// A local of the present frame.
    #[inline(always)]
    pub(crate) fn local(&mut self, index: u32) -> Step<&mut Value> {
        let frame = self.thread.frames.last().ok_or_else(|| lacks("a frame"))?;
        let local = self.thread.values.get_mut((frame.locals + index) as usize);
        local.ok_or_else(|| lacks("a local"))
    }
}

/// What indices mean in the instance of the present frame.
impl Configuration<'_> {
    #[inline(always)]
    pub(crate) fn instance(&self) -> Step<&InstanceInst> {
        let instance = self.frame()?.instance;
        self.store.instances.get(instance.index()).ok_or_else(|| lacks("an instance"))
    }

    /// The entry of an index space of the instance.
    #[inline(always)]
    fn at<T: Copy>(&self, space: fn(&InstanceInst) -> &[T], index: u32, what: &str) -> Step<T> {
        space(self.instance()?).get(index as usize).copied().ok_or_else(|| lacks(what))
    }

    pub(crate) fn func_addr(&self, index: u32) -> Step<FuncAddr> {
        self.instance()?.func(index).ok_or_else(|| lacks("a function"))
    }

    #[inline(always)]
    pub(crate) fn table_addr(&self, index: u32) -> Step<TableAddr> {
        self.at(|instance| &instance.tables, index, "a table")
    }

    #[inline(always)]
    pub(crate) fn memory_addr(&self, index: u32) -> Step<MemoryAddr> {
        self.at(|instance| &instance.memories, index, "a memory")
    }

    #[inline(always)]
    pub(crate) fn global_addr(&self, index: u32) -> Step<GlobalAddr> {
        self.at(|instance| &instance.globals, index, "a global")
    }

    pub(crate) fn tag_addr(&self, index: u32) -> Step<TagAddr> {
        self.at(|instance| &instance.tags, index, "a tag")
    }

    pub(crate) fn elem_addr(&self, index: u32) -> Step<ElemAddr> {
        self.at(|instance| &instance.elems, index, "an element segment")
    }

    pub(crate) fn data_addr(&self, index: u32) -> Step<DataAddr> {
        self.instance()?.data(index).ok_or_else(|| lacks("a data segment"))
    }

    pub(crate) fn type_id(&self, index: u32) -> Step<TypeId> {
        self.at(|instance| &instance.types, index, "a type")
    }

    /// A reference type of the text, closed under the instance's types.
    pub(crate) fn ref_type(&self, number: u32) -> Step<RefType> {
        let ty = self.frame()?.text.ty(number)?;
        Ok(ty.canonical(&self.instance()?.types))
    }
}
