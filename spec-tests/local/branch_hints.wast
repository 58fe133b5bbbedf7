;; features: multi-value
;; Hints at branches are a custom section: they change nothing, and a damaged one is no fault of the module.

(module
  (func (export "f") (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\01") if (result i32) i32.const 1 else i32.const 2 end)
  (func (export "g") (param i32) (result i32)
    (block $b
      local.get 0
      (@metadata.code.branch_hint "\00") br_if $b
      (return (i32.const 3)))
    (i32.const 4)))
(assert_return (invoke "f" (i32.const 1)) (i32.const 1))
(assert_return (invoke "f" (i32.const 0)) (i32.const 2))
(assert_return (invoke "g" (i32.const 1)) (i32.const 4))
(assert_return (invoke "g" (i32.const 0)) (i32.const 3))

(module binary
  "\00asm" "\01\00\00\00"
  "\00\1c\19metadata.code.branch_hint\ff\ff")
