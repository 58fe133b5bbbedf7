//! Programs that must not compile. Each is a beginning that compiles and runs, and a line that must not: so it
//! is the line that is refused, not something else.

#[doc = include_str!("../../../docs/embedding.md")]
mod guide {}

/// The cells of globals cannot be dropped while compiled code has their addresses.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (global $g (mut i64) (i64.const 1)) (func (export "f") i64.const 99 global.set $g))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
/// f.call(&mut store, ())?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0609
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (global $g (mut i64) (i64.const 1)) (func (export "f") i64.const 99 global.set $g))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
/// f.call(&mut store, ())?;
/// store.globals.clear();
/// # Ok(())
/// # }
/// ```
mod clear_globals {}

/// Two stores cannot exchange their memories.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1))"#)?;
/// let (mut a, mut b) = (Store::new(&engine, ()), Store::new(&engine, ()));
/// Instance::new(&mut a, &module, &[])?;
/// Instance::new(&mut b, &module, &[])?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0609
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1))"#)?;
/// let (mut a, mut b) = (Store::new(&engine, ()), Store::new(&engine, ()));
/// Instance::new(&mut a, &module, &[])?;
/// Instance::new(&mut b, &module, &[])?;
/// std::mem::swap(&mut a.memories, &mut b.memories);
/// # Ok(())
/// # }
/// ```
mod swap_memories {}

/// Nor the states of two stores, with which one could be exchanged while it runs.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let (mut a, mut b) = (Store::new(&engine, ()), Store::new(&engine, ()));
/// let (a, b) = (a.as_context_mut(), b.as_context_mut());
/// let _ = (a.data(), b.data());
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0616
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let (mut a, mut b) = (Store::new(&engine, ()), Store::new(&engine, ()));
/// let (a, b) = (a.as_context_mut(), b.as_context_mut());
/// let _ = (a.data(), b.data());
/// std::mem::swap(a.state, b.state);
/// # Ok(())
/// # }
/// ```
mod swap_states {}

/// A slice of a memory is not held while the guest runs.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1) (func (export "f") (i32.store (i32.const 0) (i32.const 7))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let memory = instance.get_memory(&store, "m").unwrap();
/// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
/// let held = memory.data(&store);
/// assert_eq!(held[0], 0);
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0502
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1) (func (export "f") (i32.store (i32.const 0) (i32.const 7))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let memory = instance.get_memory(&store, "m").unwrap();
/// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
/// let held = memory.data(&store);
/// assert_eq!(held[0], 0);
/// f.call(&mut store, ())?; assert_eq!(held[0], 0);
/// # Ok(())
/// # }
/// ```
mod hold_bytes {}

/// No function is called with slots.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (func (export "f") (result i64 i64) i64.const 1 i64.const 2))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let f = instance.get_func(&store, "f").unwrap();
/// let mut slots = [0u64, 0xAAAA];
/// assert_eq!(slots[1], 0xAAAA);
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let module = Module::new(&engine, r#"(module (func (export "f") (result i64 i64) i64.const 1 i64.const 2))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let f = instance.get_func(&store, "f").unwrap();
/// let mut slots = [0u64, 0xAAAA];
/// assert_eq!(slots[1], 0xAAAA);
/// store.call(f, &mut slots[..1])?;
/// # Ok(())
/// # }
/// ```
mod short_slots {}

/// No tier of a store can be had.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let store = Store::new(&engine, ());
/// assert!(store.instances().next().is_none());
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let store = Store::new(&engine, ());
/// assert!(store.instances().next().is_none());
/// let executor = store.executor(0);
/// # Ok(())
/// # }
/// ```
mod take_executor {}

/// A store is not shared by threads.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let store = Store::new(&engine, ());
/// std::thread::scope(|scope| { assert_eq!(*store.data(), ()) });
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let store = Store::new(&engine, ());
/// std::thread::scope(|scope| { assert_eq!(*store.data(), ()) });
/// std::thread::scope(|scope| { scope.spawn(|| *store.data()); });
/// # Ok(())
/// # }
/// ```
mod share_store {}

/// A store does not change threads if its data may not.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let store = Store::new(&engine, std::rc::Rc::new(5));
/// assert_eq!(**store.data(), 5);
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let store = Store::new(&engine, std::rc::Rc::new(5));
/// assert_eq!(**store.data(), 5);
/// std::thread::spawn(move || drop(store));
/// # Ok(())
/// # }
/// ```
mod send_data {}

/// No handle is made of a number.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = GlobalType::new(ValType::FUNCREF, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::FuncRef(None))?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0423
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = GlobalType::new(ValType::FUNCREF, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::FuncRef(None))?;
/// global.set(&mut store, Val::FuncRef(Some(Func(77))))?;
/// # Ok(())
/// # }
/// ```
mod wild_word {}

/// Machine code is not loaded without a promise.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let bytes = Module::new(&engine, "(module (func))")?.to_artefact()?;
/// assert!(Module::is_artefact(&bytes));
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0133
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::new(Config::new().tier(Tier::Jit))?;
/// let bytes = Module::new(&engine, "(module (func))")?.to_artefact()?;
/// assert!(Module::is_artefact(&bytes));
/// Module::from_artefact(&engine, &bytes)?;
/// # Ok(())
/// # }
/// ```
mod load_code {}

/// A cache holds machine code too: whoever opens one says that nobody else writes to its folder.
///
/// ```no_run
/// # use etalon::*;
/// // SAFETY: nobody else writes to this folder.
/// let cache = unsafe { Cache::open(&CacheConfig::new("/var/cache/plugins")) };
/// ```
///
/// ```compile_fail,E0133
/// # use etalon::*;
/// let cache = Cache::open(&CacheConfig::new("/var/cache/plugins"));
/// ```
mod open_cache {}

/// Nothing of a caller outlives the call.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let mut linker = Linker::<()>::new(&engine);
/// linker.func_wrap("", "f", |caller: Caller<'_, ()>| drop(caller))?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0521
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let mut linker = Linker::<()>::new(&engine);
/// linker.func_wrap("", "f", |caller: Caller<'_, ()>| drop(caller))?;
/// linker.func_wrap("", "g", |caller: Caller<'_, ()>| { std::thread::spawn(move || drop(caller)); })?;
/// # Ok(())
/// # }
/// ```
mod keep_caller {}

/// No type stands for a value but those that are known to.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// struct Mine(u32);
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// Func::wrap(&mut store, |x: u32| { Mine(x); });
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// struct Mine(u32);
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// Func::wrap(&mut store, |x: u32| { Mine(x); });
/// Func::wrap(&mut store, |x: Mine| {});
/// # Ok(())
/// # }
/// ```
mod own_type {}

/// A fresh start takes the bytes of a memory away from under nobody.
///
/// ```
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let memory = instance.get_memory(&store, "m").expect("it is exported");
/// let bytes = memory.data(&store);
/// assert_eq!(bytes[0], 0);
/// instance.reset(&mut store)?;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0502
/// # use etalon::*;
/// # fn main() -> Result<()> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (memory (export "m") 1))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let memory = instance.get_memory(&store, "m").expect("it is exported");
/// let bytes = memory.data(&store);
/// instance.reset(&mut store)?;
/// assert_eq!(bytes[0], 0);
/// # Ok(())
/// # }
/// ```
mod reset_under_a_borrow {}

/// Jobs run on other threads, so what is kept with their stores goes to other threads.
///
/// ```
/// # use etalon::*;
/// let engine = Engine::default();
/// let linker = Linker::new(&engine);
/// engine.run_batch(&linker, &[], &BatchOptions::new(), |_| Box::new(1));
/// ```
///
/// ```compile_fail,E0277
/// # use etalon::*;
/// let engine = Engine::default();
/// let linker = Linker::new(&engine);
/// engine.run_batch(&linker, &[], &BatchOptions::new(), |_| std::rc::Rc::new(1));
/// ```
mod batch_of_what_stays {}
