;; Valid text, invalid module: refused before anything runs.
(module (func (export "f") (result i32) (i64.const 0)))
