//! Modules that figures are measured with: made here, so that every build measures the same.

use super::kernel::{KernelError, kernels};
use std::convert::Infallible;
use std::fmt::Write;
use wasm_encoder as we;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser as wp;

/// A memory of one page that a call writes to, and a segment of data.
const ONE_PAGE: &str = r#"(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "etalon")
  (func (export "run") (param i32) (result i32)
    (i32.store (i32.const 0) (local.get 0))
    (i32.add (i32.load (i32.const 0)) (i32.load8_u (i32.const 1024)))))"#;

/// Calls over the border. The functions of the host are those that engines define for timing.
const CALLS: &str = r#"(module
  (import "host" "plain" (func $plain (param i32) (result i32)))
  (import "host" "data" (func $data (param i32 i64) (result i64)))
  (func (export "run") (param i32) (result i32) (local.get 0))
  (func (export "plain") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (call $plain (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "data") (param $n i32) (result i32)
    (local $sum i64)
    (loop $again
      (local.set $sum (call $data (local.get $n) (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.wrap_i64 (local.get $sum))))"#;

/// Kernels whose functions need nothing of their module but one memory.
const PLAIN: &[&str] = &[
    "bulk",
    "collatz",
    "hash",
    "hashtable",
    "integers",
    "life",
    "mandelbrot",
    "matrix",
    "memory",
    "modpow",
    "nbody",
    "search",
    "sha256",
    "sieve",
    "sorting",
];

/// How many functions the module of kernels has at least.
const FUNCTIONS: u32 = 200;

/// A module of the text format that is written here.
fn parsed(name: &str, text: &str) -> Result<Vec<u8>, KernelError> {
    let fault = |error: wat::Error| KernelError { name: name.to_owned(), error: error.to_string() };
    wat::parse_str(text).map_err(fault)
}

/// A small module with a page of memory.
pub(super) fn one_page() -> Result<Vec<u8>, KernelError> {
    parsed("one page", ONE_PAGE)
}

/// Calls between host and guest.
pub(super) fn calls() -> Result<Vec<u8>, KernelError> {
    parsed("calls", CALLS)
}

/// The small module with 10,000 functions more, each of them different.
pub(super) fn many_functions() -> Result<Vec<u8>, KernelError> {
    let mut text = ONE_PAGE.strip_suffix(')').unwrap_or(ONE_PAGE).to_owned();
    for i in 0..10_000 {
        // Writing to a string does not fail.
        _ = write!(
            text,
            "(func (param i32) (result i32) (i32.xor (i32.mul (local.get 0) (i32.const {i})) (i32.const 7)))"
        );
    }
    text.push(')');
    parsed("10,000 functions", &text)
}

/// At least 200 functions: those of kernels, again and again.
pub(super) fn of_kernels() -> Result<Vec<u8>, KernelError> {
    let kernels = kernels()?;
    let mut joined = Joined::default();
    while joined.defined < FUNCTIONS {
        for kernel in kernels.iter().filter(|kernel| PLAIN.contains(&kernel.name.as_str())) {
            let fault = |Failed(error)| KernelError { name: kernel.name.clone(), error };
            joined.add(&kernel.wasm).map_err(fault)?;
        }
    }
    Ok(joined.finish())
}

/// Why a kernel cannot be taken in.
struct Failed(String);

impl From<wp::BinaryReaderError> for Failed {
    fn from(error: wp::BinaryReaderError) -> Failed {
        Failed(error.to_string())
    }
}

impl From<Error<Infallible>> for Failed {
    fn from(error: Error<Infallible>) -> Failed {
        Failed(error.to_string())
    }
}

/// A module that takes in the functions of others.
#[derive(Default)]
struct Joined {
    types: we::TypeSection,
    functions: we::FunctionSection,
    code: we::CodeSection,
    /// The first function that takes and returns an `i32`.
    first: Option<u32>,
    defined: u32,
}

/// What comes before the items of the module that is taken in.
struct Behind {
    functions: u32,
    types: u32,
}

impl Reencode for Behind {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(index + self.functions)
    }

    fn type_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(index + self.types)
    }
}

impl Joined {
    fn add(&mut self, wasm: &[u8]) -> Result<(), Failed> {
        let mut behind = Behind { functions: self.defined, types: self.types.len() };
        let fits = wp::FuncType::new([wp::ValType::I32], [wp::ValType::I32]);
        let mut fitting = Vec::new();
        for payload in wp::Parser::new(0).parse_all(wasm) {
            match payload? {
                wp::Payload::TypeSection(section) => {
                    for ty in section.clone().into_iter_err_on_gc_types() {
                        fitting.push(ty? == fits);
                    }
                    behind.parse_type_section(&mut self.types, section)?;
                }
                wp::Payload::FunctionSection(section) => {
                    for ty in section {
                        let ty = ty?;
                        if fitting.get(ty as usize) == Some(&true) {
                            self.first = self.first.or(Some(self.defined));
                        }
                        self.functions.function(behind.type_index(ty)?);
                        self.defined += 1;
                    }
                }
                wp::Payload::CodeSectionEntry(body) => {
                    behind.parse_function_body(&mut self.code, body)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut memories = we::MemorySection::new();
        memories.memory(we::MemoryType {
            minimum: 4,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = we::ExportSection::new();
        if let Some(first) = self.first {
            exports.export("run", we::ExportKind::Func, first);
        }
        let mut module = we::Module::new();
        module
            .section(&self.types)
            .section(&self.functions)
            .section(&memories)
            .section(&exports)
            .section(&self.code);
        module.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is valid, and has what is called.
    #[test]
    fn the_modules_are_what_they_are_said_to_be() -> Result<(), KernelError> {
        for (wasm, functions) in [
            (one_page()?, 1..2),
            (calls()?, 3..4),
            (many_functions()?, 10_001..10_002),
            (of_kernels()?, 200..260),
        ] {
            wp::Validator::new().validate_all(&wasm).expect("it is valid");
            let (mut defined, mut runs) = (0, false);
            for payload in wp::Parser::new(0).parse_all(&wasm) {
                match payload.expect("it is valid") {
                    wp::Payload::FunctionSection(section) => defined = section.count(),
                    wp::Payload::ExportSection(section) => {
                        runs = section.into_iter().flatten().any(|export| export.name == "run");
                    }
                    _ => {}
                }
            }
            assert!(runs && functions.contains(&defined), "{defined} functions");
        }
        Ok(())
    }
}
