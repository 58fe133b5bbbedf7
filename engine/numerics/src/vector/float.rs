//! Float operations that only lanes have.

// The operations that scalars have too, by width.
pub(super) use crate::float::{n32, n64};

macro_rules! pseudo_min_max {
    ($min:ident $max:ident on $f:ty as $u:ty) => {
        /// `$fpmin_`: picks an operand as it is, so a NaN in the first stays and one in the
        /// second is dropped, and of two zeros the first is taken.
        #[inline(always)]
        pub(super) fn $min(z1: $u, z2: $u) -> $u {
            if <$f>::from_bits(z2) < <$f>::from_bits(z1) { z2 } else { z1 }
        }

        /// `$fpmax_`: in the same way.
        #[inline(always)]
        pub(super) fn $max(z1: $u, z2: $u) -> $u {
            if <$f>::from_bits(z1) < <$f>::from_bits(z2) { z2 } else { z1 }
        }
    };
}

pseudo_min_max!(f32_pmin f32_pmax on f32 as u32);
pseudo_min_max!(f64_pmin f64_pmax on f64 as u64);
