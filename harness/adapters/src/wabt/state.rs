//! What a module's instances keep between calls.

use etalon::Features;
use etalon::unstable::module::Module;

/// Whether calls of a module leave nothing behind.
pub(super) fn keeps_nothing(wasm: &[u8]) -> bool {
    let Ok(module) = Module::new(wasm, Features::all()) else { return false };
    module.imports.is_empty() && has_no_state(&module)
}

fn has_no_state(module: &Module) -> bool {
    let mutable = module.globals.iter().any(|ty| ty.mutable);
    module.memories.is_empty() && module.tables.is_empty() && !mutable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_calls_may_change_is_kept() {
        let keeps = |text: &str| !keeps_nothing(&wat::parse_str(text).unwrap());
        assert!(!keeps("(module (global i32 (i32.const 1)) (func (export \"f\")))"));
        for text in [
            "(module (memory 1))",
            "(module (table 1 funcref))",
            "(module (global (mut i32) (i32.const 1)))",
            "(module (import \"a\" \"f\" (func)))",
        ] {
            assert!(keeps(text), "{text}");
        }
    }
}
