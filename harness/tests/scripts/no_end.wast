(module (func (export "f") (loop (br 0))))
(invoke "f")
(assert_return (invoke "f"))
(assert_invalid (module (func (result i32))) "type mismatch")
