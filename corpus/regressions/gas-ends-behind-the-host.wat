;; The gas is used up by what the host has called, and that ends the whole call.
(module
  (import "reenter" "spins" (func $spins))
  (func (export "spins") (loop $l (br $l)))
  (func (export "ends") (call $spins)))
