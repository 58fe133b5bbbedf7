//! Invocations by the embedder (specification: *Execution*, *Modules*, "Invocation").

use crate::InvokeError;
use crate::address::FuncAddr;
use crate::stop::{Exhaustion, Stop};
use crate::store::Store;
use crate::unwind::Inside;
use crate::value::Value;
use smallvec::SmallVec;

/// How many invocations may be nested, each made by a host function of the one before. Every one takes native stack, which a schedule whose
/// `depth.reentry` is small would not count (gas-1, *Depth*).
const MOST_NESTED: u32 = 256;

impl Store {
    /// Runs guest code for the embedder. An outermost invocation has the full depth; one from inside a
    /// host function has the depth left, minus the cost of re-entry. This is for a tier that runs an
    /// invocation in several steps; [`Store::invoke`] runs it in one. Where it ends well, and is the outermost, the effects that were kept
    /// are applied.
    ///
    /// # Errors
    /// The error of the work itself; exhaustion if no depth is left for a re-entry, 256 invocations are nested, or the gas ran out.
    #[inline]
    pub fn enter<T>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if self.nesting >= MOST_NESTED {
            return Err(Exhaustion::Stack.into());
        }
        let depth = self.schedule().depth();
        let before = self.depth_left;
        self.depth_left = if self.nesting == 0 {
            depth.max.into()
        } else {
            before.checked_sub(depth.reentry.into()).ok_or(Exhaustion::Stack)?
        };
        if self.is_metering() && self.meter().is_exhausted() {
            self.depth_left = before;
            return Err(Exhaustion::Gas.into());
        }
        let inside = Inside::new(self, before);
        let result = inside.store.with_shared(|store| {
            let result = work(store);
            if result.is_err() {
                store.withdraw_growth();
            }
            result
        });
        let moment = inside.leave();
        if self.has_effects() {
            self.settle_effects(moment, result.is_ok());
        }
        result
    }

    /// Invokes a function (specification: *Execution*, *Modules*, "Invocation").
    ///
    /// References among the results are valid until the next call into the store, unless the embedder
    /// roots them ([`Store::root`]).
    ///
    /// # Errors
    /// If the arguments do not match the function's type, or execution stops.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>, InvokeError> {
        let mut slots: SmallVec<[u64; 16]> = SmallVec::new();
        slots.resize(self.slots_for(func, args)?, 0);
        Value::write_all(args, &mut slots);
        self.invoke_slots(func, &mut slots).map_err(|stop| *stop)?;
        Ok(Value::read_all(&self.func_type(func).results, &slots).into_vec())
    }

    /// The same with arguments that are in slots already, for who knows the function's type: the results come in their place.
    ///
    /// Nobody checks the words: each must be one of its parameter's type, and a reference of the store. There must be
    /// slots enough for the arguments and for the results.
    ///
    /// # Errors
    /// How execution stopped; boxed, so that a call that returns passes one word on.
    #[inline]
    pub fn invoke_slots(&mut self, func: FuncAddr, slots: &mut [u64]) -> Result<(), Box<Stop>> {
        self.enter(|store| store.call(func, slots)).map_err(Box::new)
    }

    /// Checks the arguments of a function and writes them to slots, with room for its results.
    ///
    /// # Errors
    /// [`InvokeError::Arguments`] if they do not match the function's type.
    pub fn arguments(&self, func: FuncAddr, args: &[Value]) -> Result<Vec<u64>, InvokeError> {
        let mut slots = vec![0; self.slots_for(func, args)?];
        Value::write_all(args, &mut slots);
        Ok(slots)
    }

    /// How many slots the arguments and results of a function take; the arguments are checked.
    fn slots_for(&self, func: FuncAddr, args: &[Value]) -> Result<usize, InvokeError> {
        let Some(ty) = self.funcs.ty(func) else {
            return Err(InvokeError::Arguments("the function is of another store".into()));
        };
        let ty = self.types.func(ty).expect("the type of a function is a function type");
        if args.len() != ty.params.len() {
            let (want, got) = (ty.params.len(), args.len());
            return Err(InvokeError::Arguments(format!("{want} are needed, {got} given")));
        }
        for (i, (arg, param)) in args.iter().zip(&ty.params).enumerate() {
            if !self.has_type(*arg, *param) {
                return Err(InvokeError::Arguments(format!("argument {i} is not of type {param}")));
            }
        }
        Ok(ty.param_slots().max(ty.result_slots()))
    }
}
