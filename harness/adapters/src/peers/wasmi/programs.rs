//! Programs of WASI preview 1 on wasmi: the functions of our host, over its memory.

use super::super::linked::{Kept, Left};
use etalon_wasi::{FUNCTIONS, Function, Guest, GuestMemory, MemoryFault, Param, Stopped, call};
use std::mem;
use wasmi::errors::HostError;
use wasmi::{Caller, Error, Extern, Func, FuncType, Memory, Store, Val as Value, ValType};

impl HostError for Left {}

/// All functions, by their names.
pub(super) fn functions(store: &mut Store<Kept>) -> Vec<(&'static str, Extern)> {
    let functions = FUNCTIONS.iter().map(|function| {
        let params = function.params().iter().map(|param| match param {
            Param::I32 => ValType::I32,
            Param::I64 => ValType::I64,
        });
        let ty = FuncType::new(params, function.has_result().then_some(ValType::I32));
        let func = Func::new(&mut *store, ty, move |caller, args, results| {
            let errno = run(caller, function, args)?;
            if let [result] = results {
                *result = Value::I32(errno);
            }
            Ok(())
        });
        (function.name(), func.into())
    });
    functions.collect()
}

fn run(mut caller: Caller<'_, Kept>, function: &Function, args: &[Value]) -> Result<i32, Error> {
    let words = args.iter().map(|arg| match arg {
        Value::I32(arg) => u64::from(arg.cast_unsigned()),
        Value::I64(arg) => arg.cast_unsigned(),
        // No function has another parameter.
        _ => 0,
    });
    let words: Vec<u64> = words.collect();
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    // The state is in the store, and so is the memory; only one of them can be borrowed.
    let mut program = mem::take(caller.data_mut().program.wasi());
    let mut guest = Calling { caller: &mut caller, memory };
    let done = call(&mut program, function, &mut guest, &words);
    *caller.data_mut().program.wasi() = program;
    Ok(done.map_err(|ended| Error::host(Left(ended)))?.number().into())
}

/// The guest that calls a function.
struct Calling<'c, 'a> {
    caller: &'c mut Caller<'a, Kept>,
    memory: Option<Memory>,
}

impl GuestMemory for Calling<'_, '_> {
    fn size(&self) -> u64 {
        self.memory.map_or(0, |memory| memory.data_size(&*self.caller) as u64)
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), MemoryFault> {
        let memory = self.memory.ok_or(MemoryFault::OutOfBounds)?;
        let read = memory.read(&*self.caller, address as usize, buffer);
        read.map_err(|_| MemoryFault::OutOfBounds)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryFault> {
        let memory = self.memory.ok_or(MemoryFault::OutOfBounds)?;
        let written = memory.write(&mut *self.caller, address as usize, bytes);
        written.map_err(|_| MemoryFault::OutOfBounds)
    }
}

impl Guest for Calling<'_, '_> {
    fn declare(&mut self, _: u64) -> Result<(), Stopped> {
        Ok(())
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}
