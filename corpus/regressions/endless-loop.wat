;; Gas ends a loop that nothing else ends, also one with an empty body.
(module (func (export "spin") (loop $forever (br $forever))))
