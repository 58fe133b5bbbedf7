//! A shared library with `wasm.h` (WebAssembly/wasm-c-api), behind a safe face: the only file with `unsafe` for it.
//!
//! The library is machine code that the user named, as a program is: what it does to this process cannot be checked, so
//! it runs in a process of its own (`etalon serve --engine capi:…`). What can be checked is how it is called: functions are
//! looked up by name and have the types of the header, pointers that it gives are looked at for null, vectors are read
//! by their own sizes, and all that a store owns is freed with it and not before.
#![allow(unsafe_code)]

use libc::{RTLD_LOCAL, RTLD_NOW, STDERR_FILENO, STDOUT_FILENO};
use libc::{c_char, c_void, dlerror, dlopen, dlsym, dup2};
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};

/// An opaque object of the library.
type Ptr = *mut c_void;

/// `wasm_byte_vec_t`, and the vectors of pointers.
#[repr(C)]
struct Vector<T> {
    size: usize,
    data: *mut T,
}

impl<T> Vector<T> {
    fn empty() -> Vector<T> {
        Vector { size: 0, data: null_mut() }
    }
}

/// `wasm_val_t`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Raw {
    kind: u8,
    of: u64,
}

/// A value: a number by its bits, or a reference of which only is known whether it is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// `i32`
    I32(u32),
    /// `i64`
    I64(u64),
    /// `f32`
    F32(u32),
    /// `f64`
    F64(u64),
    /// A reference; of functions if the first says so.
    Ref { func: bool, null: bool },
}

/// The kind of a value, as the header numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    I32 = 0,
    I64 = 1,
    F32 = 2,
    F64 = 3,
    Extern = 128,
    Func = 129,
}

impl Value {
    fn raw(self) -> Option<Raw> {
        let (kind, of) = match self {
            Value::I32(bits) => (Kind::I32, bits.into()),
            Value::I64(bits) => (Kind::I64, bits),
            Value::F32(bits) => (Kind::F32, bits.into()),
            Value::F64(bits) => (Kind::F64, bits),
            Value::Ref { func, null: true } => (if func { Kind::Func } else { Kind::Extern }, 0),
            // Only the library can make one.
            Value::Ref { .. } => return None,
        };
        Some(Raw { kind: kind as u8, of })
    }

    fn of(raw: Raw) -> Value {
        match raw.kind {
            0 => Value::I32(raw.of as u32),
            1 => Value::I64(raw.of),
            2 => Value::F32(raw.of as u32),
            3 => Value::F64(raw.of),
            kind => Value::Ref { func: kind == Kind::Func as u8, null: raw.of == 0 },
        }
    }
}

type Callback = extern "C" fn(*mut c_void, *const Vector<Raw>, *mut Vector<Raw>) -> Ptr;

macro_rules! functions {
    ($($name:ident: fn($($arg:ty),*) $(-> $ret:ty)?;)*) => {
        /// The functions of the header that are used.
        #[derive(Clone, Copy)]
        struct Functions { $($name: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)* }

        impl Functions {
            fn find(handle: Ptr) -> Result<Functions, String> {
                Ok(Functions {
                    $($name: {
                        let found = symbol(handle, stringify!($name))
                            .ok_or_else(|| format!("it has no {}", stringify!($name)))?;
                        // SAFETY: a library that has the name has the function of the header, whose type this is.
                        unsafe { std::mem::transmute::<Ptr, unsafe extern "C" fn($($arg),*) $(-> $ret)?>(found) }
                    },)*
                })
            }
        }
    };
}

functions! {
    wasm_config_new: fn() -> Ptr;
    wasm_engine_new_with_config: fn(Ptr) -> Ptr;
    wasm_store_new: fn(Ptr) -> Ptr;
    wasm_store_delete: fn(Ptr);
    wasm_module_new: fn(Ptr, *const Vector<u8>) -> Ptr;
    wasm_module_validate: fn(Ptr, *const Vector<u8>) -> bool;
    wasm_module_delete: fn(Ptr);
    wasm_module_exports: fn(Ptr, *mut Vector<Ptr>);
    wasm_exporttype_name: fn(Ptr) -> *const Vector<u8>;
    wasm_exporttype_vec_delete: fn(*mut Vector<Ptr>);
    wasm_instance_new: fn(Ptr, Ptr, *const Vector<Ptr>, *mut Ptr) -> Ptr;
    wasm_instance_exports: fn(Ptr, *mut Vector<Ptr>);
    wasm_instance_delete: fn(Ptr);
    wasm_extern_vec_delete: fn(*mut Vector<Ptr>);
    wasm_extern_as_func: fn(Ptr) -> Ptr;
    wasm_extern_as_global: fn(Ptr) -> Ptr;
    wasm_func_call: fn(Ptr, *const Vector<Raw>, *mut Vector<Raw>) -> Ptr;
    wasm_func_new_with_env: fn(Ptr, Ptr, Callback, Ptr, Ptr) -> Ptr;
    wasm_func_as_extern: fn(Ptr) -> Ptr;
    wasm_func_delete: fn(Ptr);
    wasm_functype_new: fn(*mut Vector<Ptr>, *mut Vector<Ptr>) -> Ptr;
    wasm_functype_delete: fn(Ptr);
    wasm_valtype_new: fn(u8) -> Ptr;
    wasm_valtype_vec_new: fn(*mut Vector<Ptr>, usize, *const Ptr);
    wasm_global_get: fn(Ptr, *mut Raw);
    wasm_trap_new: fn(Ptr, *const Vector<u8>) -> Ptr;
    wasm_trap_message: fn(Ptr, *mut Vector<u8>);
    wasm_trap_delete: fn(Ptr);
    wasm_byte_vec_delete: fn(*mut Vector<u8>);
}

/// The functions that show the bytes of a memory, which a library need not have.
#[derive(Clone, Copy)]
struct MemoryFunctions {
    as_memory: unsafe extern "C" fn(Ptr) -> Ptr,
    data: unsafe extern "C" fn(Ptr) -> *const u8,
    data_size: unsafe extern "C" fn(Ptr) -> usize,
}

impl MemoryFunctions {
    fn find(handle: Ptr) -> Option<MemoryFunctions> {
        let as_memory = symbol(handle, "wasm_extern_as_memory")?;
        let data = symbol(handle, "wasm_memory_data")?;
        let data_size = symbol(handle, "wasm_memory_data_size")?;
        // SAFETY: a library that has the names has the functions of the header, whose types these are.
        Some(unsafe {
            MemoryFunctions {
                as_memory: std::mem::transmute::<Ptr, unsafe extern "C" fn(Ptr) -> Ptr>(as_memory),
                data: std::mem::transmute::<Ptr, unsafe extern "C" fn(Ptr) -> *const u8>(data),
                data_size: std::mem::transmute::<Ptr, unsafe extern "C" fn(Ptr) -> usize>(
                    data_size,
                ),
            }
        })
    }
}

/// The standard output of this process, for answers alone: what a library prints goes where errors go from now on.
pub(crate) fn answers() -> io::Result<File> {
    let answers = io::stdout().as_fd().try_clone_to_owned()?;
    // SAFETY: the numbers are those of the standard streams, which nobody owns; the first is replaced as a whole.
    match unsafe { dup2(STDERR_FILENO, STDOUT_FILENO) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(answers.into()),
    }
}

/// Standard output again, for whoever has no answers to give.
pub(crate) fn give_back(answers: &File) -> io::Result<()> {
    // SAFETY: as above; the other number is that of an open file.
    match unsafe { dup2(answers.as_raw_fd(), STDOUT_FILENO) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn symbol(handle: Ptr, name: &str) -> Option<Ptr> {
    let name = CString::new(name).ok()?;
    // SAFETY: the handle is of a library that is never closed, the name ends with a zero.
    let found = unsafe { dlsym(handle, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// A library, and an engine of it. It is never closed.
pub(crate) struct Library {
    functions: Functions,
    memory: Option<MemoryFunctions>,
    /// An engine may be used by one thread at a time.
    engine: Mutex<Engine>,
}

struct Engine(Ptr);

// SAFETY: the header lets an engine be used from any thread; here it is used by one at a time, under a lock.
unsafe impl Send for Engine {}

impl Library {
    /// Loads a library, and makes an engine with settings: the names of functions of the library's own that take the
    /// configuration and a number, and the numbers.
    pub(crate) fn open(path: &str, settings: &[(String, u64)]) -> Result<Arc<Library>, String> {
        let file = CString::new(path).map_err(|error| error.to_string())?;
        // SAFETY: the user named the library as one names a program to run. It runs its initialisers now.
        let handle = unsafe { dlopen(file.as_ptr(), RTLD_NOW | RTLD_LOCAL) };
        if handle.is_null() {
            // SAFETY: what this gives is null or a text that lasts until the next call of its kind.
            let error = unsafe { dlerror() };
            return Err(match error.is_null() {
                true => "it cannot be loaded".to_owned(),
                // SAFETY: it is not null, see above.
                false => unsafe { CStr::from_ptr(error) }.to_string_lossy().into_owned(),
            });
        }
        let functions = Functions::find(handle)?;
        let memory = MemoryFunctions::find(handle);
        // SAFETY: as the header says; the configuration is given to the engine, which owns it then.
        let engine = unsafe {
            let config = (functions.wasm_config_new)();
            for (name, value) in settings {
                let found = symbol(handle, name).ok_or_else(|| format!("it has no {name}"))?;
                // Only functions of this form are in the table of settings. Integers of any size are passed alike.
                let set: unsafe extern "C" fn(Ptr, u64) = std::mem::transmute(found);
                set(config, *value);
            }
            (functions.wasm_engine_new_with_config)(config)
        };
        match engine.is_null() {
            true => Err("it makes no engine with these settings".to_owned()),
            false => {
                Ok(Arc::new(Library { functions, memory, engine: Mutex::new(Engine(engine)) }))
            }
        }
    }
}

/// A call that a guest made: the number of the host function, and the arguments.
pub(crate) type Noted = (usize, Vec<Value>);

/// What host functions find: their number, where calls are noted, and whom they call.
struct Env {
    number: usize,
    notes: Arc<Mutex<Vec<Noted>>>,
    back: Option<Back>,
}

/// A function of the guest that a host function calls.
struct Back {
    functions: Functions,
    store: Ptr,
    /// Null as long as there is no instance.
    target: Cell<Ptr>,
}

/// Notes a call. Its results are zero and null already, where there are any: those that are used here have none.
extern "C" fn note(env: *mut c_void, args: *const Vector<Raw>, _: *mut Vector<Raw>) -> Ptr {
    // SAFETY: the environment is one of a store's, which lives as long as its functions; the arguments are the library's, for the call.
    let (env, args) = unsafe { (&*env.cast::<Env>(), read(&*args)) };
    let values = args.into_iter().map(Value::of).collect();
    env.notes.lock().unwrap_or_else(PoisonError::into_inner).push((env.number, values));
    null_mut()
}

/// Notes a call, and makes it on a function of the guest, whose results and traps it gives.
extern "C" fn reenter(
    env: *mut c_void,
    args: *const Vector<Raw>,
    results: *mut Vector<Raw>,
) -> Ptr {
    note(env, args, results);
    // SAFETY: as in `note`.
    let Some(back) = (unsafe { (*env.cast::<Env>()).back.as_ref() }) else { return null_mut() };
    let (f, target) = (back.functions, back.target.get());
    if target.is_null() {
        let mut text = *b"there is nobody to call yet\0";
        let text = Vector { size: text.len(), data: text.as_mut_ptr() };
        // SAFETY: the store is that of the function; the library copies the text, which ends with a zero as the header asks.
        return unsafe { (f.wasm_trap_new)(back.store, &raw const text) };
    }
    // SAFETY: the target is a function of the same store, which lives as long as its instance. It has the type of this one (see
    // `Store::aim`), so both vectors are as long as it needs; results and the trap are handed on to the library, which owns them then.
    unsafe { (f.wasm_func_call)(target, args, results) }
}

/// What is in a vector.
///
/// # Safety
/// It must be one that the library filled in, and still owns.
unsafe fn read<T: Copy>(vector: &Vector<T>) -> Vec<T> {
    if vector.data.is_null() || vector.size == 0 {
        return Vec::new();
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(vector.data, vector.size) }.to_vec()
}

/// Something that can be imported, by its number in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item(usize);

/// A host function that calls the guest, by its number in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aim(usize);

/// Why there is no instance, or no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The library gives no reason.
    Refused,
    /// A trap, with its text.
    Trap(String),
}

/// A store. It stays on its thread.
pub(crate) struct Store {
    library: Arc<Library>,
    store: Ptr,
    items: Vec<Ptr>,
    modules: Vec<Ptr>,
    instances: Vec<Ptr>,
    /// What `items` point into.
    exports: Vec<Vector<Ptr>>,
    funcs: Vec<Ptr>,
    /// What host functions find; the library has their addresses.
    envs: Vec<*mut Env>,
    notes: Arc<Mutex<Vec<Noted>>>,
}

impl Store {
    pub(crate) fn new(library: &Arc<Library>) -> Option<Store> {
        let engine = library.engine.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the engine is one of this library's, and lives for ever.
        let store = unsafe { (library.functions.wasm_store_new)(engine.0) };
        (!store.is_null()).then(|| Store {
            library: Arc::clone(library),
            store,
            items: Vec::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            exports: Vec::new(),
            funcs: Vec::new(),
            envs: Vec::new(),
            notes: Arc::default(),
        })
    }

    fn functions(&self) -> Functions {
        self.library.functions
    }

    /// Whether the library says that a module is valid.
    pub(crate) fn validate(&self, wasm: &[u8]) -> bool {
        let bytes = Vector { size: wasm.len(), data: wasm.as_ptr().cast_mut() };
        // SAFETY: the library reads the bytes, and does not keep them.
        unsafe { (self.functions().wasm_module_validate)(self.store, &raw const bytes) }
    }

    /// Makes an instance; gives its exports by name.
    pub(crate) fn instantiate(
        &mut self,
        wasm: &[u8],
        imports: &[Item],
    ) -> Result<Vec<(String, Item)>, Stop> {
        let f = self.functions();
        let bytes = Vector { size: wasm.len(), data: wasm.as_ptr().cast_mut() };
        // SAFETY: as above; the module is freed with the store.
        let module = unsafe { (f.wasm_module_new)(self.store, &raw const bytes) };
        if module.is_null() {
            return Err(Stop::Refused);
        }
        self.modules.push(module);
        let mut given: Vec<Ptr> = imports.iter().map(|item| self.items[item.0]).collect();
        let given = Vector { size: given.len(), data: given.as_mut_ptr() };
        let mut trap = null_mut();
        // SAFETY: the imports are items of this store, as many as the vector says.
        let instance =
            unsafe { (f.wasm_instance_new)(self.store, module, &raw const given, &raw mut trap) };
        if instance.is_null() {
            return Err(if trap.is_null() { Stop::Refused } else { Stop::Trap(self.text(trap)) });
        }
        self.instances.push(instance);
        let (mut types, mut exports) = (Vector::empty(), Vector::empty());
        // SAFETY: the library fills both vectors in. Types and exports are in the same order, whichever that is.
        let names: Vec<String> = unsafe {
            (f.wasm_module_exports)(module, &raw mut types);
            (f.wasm_instance_exports)(instance, &raw mut exports);
            let name = |ty: Ptr| match (f.wasm_exporttype_name)(ty).as_ref() {
                Some(name) => String::from_utf8_lossy(&read(name)).into_owned(),
                None => String::new(),
            };
            let names = read(&types).into_iter().map(name).collect();
            (f.wasm_exporttype_vec_delete)(&raw mut types);
            names
        };
        let first = self.items.len();
        // SAFETY: it was filled in just now, and is kept.
        self.items.extend(unsafe { read(&exports) });
        self.exports.push(exports);
        let count = self.items.len() - first;
        Ok(names.into_iter().take(count).enumerate().map(|(i, n)| (n, Item(first + i))).collect())
    }

    /// A host function without results that notes its calls under a number.
    pub(crate) fn noting(&mut self, number: usize, params: &[Kind]) -> Option<Item> {
        self.host(number, params, &[], None)
    }

    /// A host function that notes its calls under a number and makes them on a function of the guest, once there is one.
    pub(crate) fn reentering(
        &mut self,
        number: usize,
        params: &[Kind],
        results: &[Kind],
    ) -> Option<(Item, Aim)> {
        let (functions, store) = (self.functions(), self.store);
        let back = Back { functions, store, target: Cell::new(null_mut()) };
        let item = self.host(number, params, results, Some(back))?;
        Some((item, Aim(self.envs.len() - 1)))
    }

    /// Says which function a host function calls. It must have the same type.
    pub(crate) fn aim(&mut self, aim: Aim, func: Item) {
        // SAFETY: the item is one of this store's, and looked at for being a function. No host function runs, so nobody else looks at the
        // environment, which lives as long as the store.
        unsafe {
            let func = (self.functions().wasm_extern_as_func)(self.items[func.0]);
            if let Some(back) = &(*self.envs[aim.0]).back {
                back.target.set(func);
            }
        }
    }

    fn host(
        &mut self,
        number: usize,
        params: &[Kind],
        results: &[Kind],
        back: Option<Back>,
    ) -> Option<Item> {
        let f = self.functions();
        let callback: Callback = if back.is_some() { reenter } else { note };
        let env = Box::into_raw(Box::new(Env { number, notes: Arc::clone(&self.notes), back }));
        self.envs.push(env);
        let place = env.cast();
        // SAFETY: types are given to those that are made of them; the environment lives until the functions are freed.
        let func = unsafe {
            let types = |kinds: &[Kind]| {
                let mut all = Vector::empty();
                let types: Vec<Ptr> =
                    kinds.iter().map(|k| (f.wasm_valtype_new)(*k as u8)).collect();
                (f.wasm_valtype_vec_new)(&raw mut all, types.len(), types.as_ptr());
                all
            };
            let (mut params, mut results) = (types(params), types(results));
            let ty = (f.wasm_functype_new)(&raw mut params, &raw mut results);
            let func = (f.wasm_func_new_with_env)(self.store, ty, callback, place, null_mut());
            (f.wasm_functype_delete)(ty);
            func
        };
        if func.is_null() {
            return None;
        }
        self.funcs.push(func);
        // SAFETY: the function is not null; what this gives is the same object.
        self.items.push(unsafe { (f.wasm_func_as_extern)(func) });
        Some(Item(self.items.len() - 1))
    }

    /// Calls a function that gives so many results; `None` if the item is none, or an argument cannot be made.
    pub(crate) fn call(
        &mut self,
        func: Item,
        args: &[Value],
        results: usize,
    ) -> Option<Result<Vec<Value>, Stop>> {
        let f = self.functions();
        let mut args: Vec<Raw> = args.iter().map(|value| value.raw()).collect::<Option<_>>()?;
        let mut got = vec![Raw { kind: 0, of: 0 }; results];
        let args = Vector { size: args.len(), data: args.as_mut_ptr() };
        let mut into = Vector { size: got.len(), data: got.as_mut_ptr() };
        // SAFETY: the item is one of this store's, and looked at for being a function. The vectors are as long as they say; how
        // many results there are is what our own decoder says of the module that the library has accepted.
        let trap = unsafe {
            let func = (f.wasm_extern_as_func)(self.items[func.0]);
            if func.is_null() {
                return None;
            }
            (f.wasm_func_call)(func, &raw const args, &raw mut into)
        };
        match trap.is_null() {
            true => Some(Ok(got.into_iter().map(Value::of).collect())),
            false => Some(Err(Stop::Trap(self.text(trap)))),
        }
    }

    /// What a global holds; `None` if the item is none.
    pub(crate) fn global(&self, global: Item) -> Option<Value> {
        let (f, mut raw) = (self.functions(), Raw { kind: 0, of: 0 });
        // SAFETY: the item is one of this store's, and looked at for being a global.
        unsafe {
            let global = (f.wasm_extern_as_global)(self.items[global.0]);
            if global.is_null() {
                return None;
            }
            (f.wasm_global_get)(global, &raw mut raw);
        }
        Some(Value::of(raw))
    }

    /// Looks at the bytes of a memory; `None` if the item is none, or the library does not show them.
    pub(crate) fn memory<T>(&self, memory: Item, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let MemoryFunctions { as_memory, data, data_size } = self.library.memory?;
        // SAFETY: the item is one of this store's, and looked at for being a memory. Nothing of the store runs while the bytes are
        // looked at, so the library neither writes nor moves them.
        unsafe {
            let memory = as_memory(self.items[memory.0]);
            if memory.is_null() {
                return None;
            }
            let (first, size) = (data(memory), data_size(memory));
            match size {
                0 => Some(look(&[])),
                _ if first.is_null() => None,
                _ => Some(look(std::slice::from_raw_parts(first, size))),
            }
        }
    }

    /// Takes the calls that were noted.
    pub(crate) fn take_notes(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text of a trap, which is freed.
    fn text(&self, trap: Ptr) -> String {
        let (f, mut message) = (self.functions(), Vector::<u8>::empty());
        // SAFETY: the trap is not null, and nobody else's; the vector is filled in, read and freed.
        let bytes = unsafe {
            (f.wasm_trap_message)(trap, &raw mut message);
            let bytes = read(&message);
            (f.wasm_byte_vec_delete)(&raw mut message);
            (f.wasm_trap_delete)(trap);
            bytes
        };
        String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let f = self.functions();
        // SAFETY: each was made for this store and is freed once, the store after all that is in it.
        unsafe {
            for exports in &mut self.exports {
                (f.wasm_extern_vec_delete)(exports);
            }
            self.funcs.iter().for_each(|func| (f.wasm_func_delete)(*func));
            self.instances.iter().for_each(|instance| (f.wasm_instance_delete)(*instance));
            self.modules.iter().for_each(|module| (f.wasm_module_delete)(*module));
            (f.wasm_store_delete)(self.store);
            // Nobody calls host functions any more.
            self.envs.iter().for_each(|env| drop(Box::from_raw(*env)));
        }
    }
}

/// The header's types have these sizes on all machines with addresses of 64 bits.
const _: () = assert!(size_of::<Raw>() == 16 && size_of::<Vector<c_char>>() == 16);
