;; Negation and copysign move one bit, NaN or not; arithmetic gives the canonical NaN of the deterministic profile.
(module
  (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
  (func (export "add") (param f32 f32) (result f32) (f32.add (local.get 0) (local.get 1)))
  (func (export "min") (param f64 f64) (result f64) (f64.min (local.get 0) (local.get 1)))
  (func (export "demote") (param f64) (result f32) (f32.demote_f64 (local.get 0)))
  (func (export "through_local") (param f32) (result f32) (local.get 0)))
