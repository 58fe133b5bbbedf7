//! A vector as a sequence of lanes, and what is done to each lane alike.
//!
//! The specification's functions over float lanes yield sets of results, because NaNs have a
//! choice of payloads. The deterministic profile leaves one, and then they are the functions over
//! integer lanes; the two names are kept so that a caller reads like the specification.

/// What a lane can hold: an uninterpreted integer, or a float.
pub(super) trait Lane: Copy {
    /// The lane's width in bits.
    const BITS: usize;
    /// How many lanes a vector has.
    const COUNT: usize = 128 / Self::BITS;
    /// All lanes of a vector.
    type Lanes: IntoIterator<Item = Self> + AsMut<[Self]>;

    /// The lane whose bits are the lowest of `bits`; the others are ignored. The specification writes
    /// `$inv_ibits_` or `$inv_fbits_`.
    fn of(bits: u128) -> Self;
    /// The lane's bits, and zeros above them: `$ibits_` or `$fbits_`.
    fn bits(self) -> u128;
    /// The lanes of a vector, the one with number 0 first.
    fn split(v: u128) -> Self::Lanes;
    /// The vector of some lanes.
    fn join(lanes: Self::Lanes) -> u128;
}

/// The way between a vector and its lanes, by the bytes of both. Written so, and not by shifts of 128
/// bits, the compiler does with all lanes at a time what it can.
macro_rules! split_and_join {
    ($lane:ty) => {
        type Lanes = [$lane; 16 / size_of::<$lane>()];

        #[inline(always)]
        fn split(v: u128) -> Self::Lanes {
            let mut lanes = Self::Lanes::default();
            for (lane, bytes) in lanes.iter_mut().zip(v.to_le_bytes().as_chunks().0) {
                *lane = <$lane>::from_le_bytes(*bytes);
            }
            lanes
        }

        #[inline(always)]
        fn join(lanes: Self::Lanes) -> u128 {
            let mut bytes = [0; 16];
            for (bytes, lane) in bytes.as_chunks_mut().0.iter_mut().zip(lanes) {
                *bytes = lane.to_le_bytes();
            }
            u128::from_le_bytes(bytes)
        }
    };
}

/// Lanes that are integers, as numbers without bounds. 128 bits hold every sum, and every product
/// but that of 64-bit lanes, which is taken modulo the width.
pub(super) trait Int: Lane {
    /// The signed interpretation.
    #[inline(always)]
    fn signed(self) -> i128 {
        let unused = 128 - Self::BITS;
        (self.bits() << unused) as i128 >> unused
    }

    /// The unsigned interpretation, which is the integer itself.
    #[inline(always)]
    fn unsigned(self) -> i128 {
        self.bits() as i128
    }

    /// The lane that a number is modulo 2^N.
    #[inline(always)]
    fn wrap(i: i128) -> Self {
        Self::of(i as u128)
    }

    /// The number that `sx` takes the lane for.
    #[inline(always)]
    fn number(self, sx: Sx) -> i128 {
        match sx {
            Sx::S => self.signed(),
            Sx::U => self.unsigned(),
        }
    }
}

/// The signedness in an operator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sx {
    /// Two's complement.
    S,
    /// Unsigned.
    U,
}

/// Which half of the narrower lanes is widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// The lanes with the lower numbers.
    Low,
    /// The lanes with the higher numbers.
    High,
}

impl Half {
    /// `$half`: the first of two numbers for the lower half, else the second.
    #[inline(always)]
    pub(super) fn pick(self, low: usize, high: usize) -> usize {
        match self {
            Half::Low => low,
            Half::High => high,
        }
    }
}

macro_rules! integer_lanes {
    ($($u:ty)*) => {$(
        impl Lane for $u {
            const BITS: usize = <$u>::BITS as usize;

            #[inline(always)]
            fn of(bits: u128) -> $u {
                bits as $u
            }

            #[inline(always)]
            fn bits(self) -> u128 {
                u128::from(self)
            }

            split_and_join!($u);
        }

        impl Int for $u {}
    )*};
}

integer_lanes!(u8 u16 u32 u64);

macro_rules! float_lanes {
    ($($f:ty as $u:ty;)*) => {$(
        impl Lane for $f {
            const BITS: usize = <$u>::BITS as usize;

            #[inline(always)]
            fn of(bits: u128) -> $f {
                <$f>::from_bits(bits as $u)
            }

            #[inline(always)]
            fn bits(self) -> u128 {
                u128::from(self.to_bits())
            }

            split_and_join!($f);
        }
    )*};
}

float_lanes!(f32 as u32; f64 as u64;);

/// `$lanes_`: the one with number 0 first.
#[inline(always)]
pub(super) fn lanes<L: Lane>(v: u128) -> impl Iterator<Item = L> {
    L::split(v).into_iter()
}

/// `$inv_lanes_`: the vector of lanes. Those that `c` lacks at its end are `$zero`.
#[inline(always)]
pub(super) fn inv_lanes<L: Lane>(c: impl Iterator<Item = L>) -> u128 {
    let mut lanes = L::split(0);
    for (lane, c) in lanes.as_mut().iter_mut().zip(c) {
        *lane = c;
    }
    L::join(lanes)
}

/// `$ivunop_`: each lane.
#[inline(always)]
pub(super) fn ivunop<L: Lane>(f: impl Fn(L) -> L, v: u128) -> u128 {
    inv_lanes(lanes(v).map(f))
}

/// `$ivbinop_`: lanes with the same number.
#[inline(always)]
pub(super) fn ivbinop<L: Lane>(f: impl Fn(L, L) -> L, v1: u128, v2: u128) -> u128 {
    inv_lanes(lanes(v1).zip(lanes(v2)).map(|(c1, c2)| f(c1, c2)))
}

/// `$ivbinopsx_`: the same for operations with a signedness.
#[inline(always)]
pub(super) fn ivbinopsx<L: Lane>(f: impl Fn(Sx, L, L) -> L, sx: Sx, v1: u128, v2: u128) -> u128 {
    ivbinop(|c1, c2| f(sx, c1, c2), v1, v2)
}

/// `$ivternopnd_`: three lanes with the same number.
#[inline(always)]
pub(super) fn ivternop<L: Lane>(f: impl Fn(L, L, L) -> L, v1: u128, v2: u128, v3: u128) -> u128 {
    inv_lanes(lanes(v1).zip(lanes(v2)).zip(lanes(v3)).map(|((c1, c2), c3)| f(c1, c2, c3)))
}

/// `$fvbinop_`: on lanes that are floats.
pub(super) use ivbinop as fvbinop;
/// `$fvternop_`: on lanes that are floats.
pub(super) use ivternop as fvternop;
/// `$fvunop_`: on lanes that are floats.
pub(super) use ivunop as fvunop;

/// `$ivshiftop_`, `$ivshiftopsx_`: each lane by the same amount.
///
/// The scalar shifts take the amount in the lane's own type, modulo the width. Cutting it to that
/// type first changes nothing: the width divides the number of values that the type has.
#[inline(always)]
pub(super) fn ivshiftop<L: Lane>(f: impl Fn(L, L) -> L, v: u128, i: u32) -> u128 {
    let amount = L::of(u128::from(i));
    ivunop(|c| f(c, amount), v)
}

/// Every lane the same.
#[inline(always)]
pub(super) fn splat<L: Lane>(c: L) -> u128 {
    inv_lanes((0..L::COUNT).map(|_| c))
}

/// The lane with a number, or `None` if the shape has fewer.
#[inline(always)]
pub(super) fn extract<L: Lane>(v: u128, lane: u8) -> Option<L> {
    let lane = usize::from(lane);
    (lane < L::COUNT).then(|| L::of(v >> (lane * L::BITS)))
}

/// The vector with one lane replaced, or `None` if the shape has fewer.
#[inline(always)]
pub(super) fn replace<L: Lane>(v: u128, lane: u8, c: L) -> Option<u128> {
    let lane = usize::from(lane);
    let shift = lane * L::BITS;
    (lane < L::COUNT).then(|| {
        let kept = v & !(L::of(u128::MAX).bits() << shift);
        kept | c.bits() << shift
    })
}
