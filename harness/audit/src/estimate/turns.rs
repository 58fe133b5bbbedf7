//! How often a comparison holds of a number that goes on by equal steps.

/// A comparison of a number with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Other,
    Less { signed: bool },
    NotMore { signed: bool },
    More { signed: bool },
    NotLess { signed: bool },
}

impl Compare {
    /// The comparison that holds where this one fails.
    pub(crate) fn not(self) -> Compare {
        match self {
            Compare::Equal => Compare::Other,
            Compare::Other => Compare::Equal,
            Compare::Less { signed } => Compare::NotLess { signed },
            Compare::NotMore { signed } => Compare::More { signed },
            Compare::More { signed } => Compare::NotMore { signed },
            Compare::NotLess { signed } => Compare::Less { signed },
        }
    }
}

/// What a number is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    pub(crate) compare: Compare,
    pub(crate) with: u64,
    /// Whether the number has made its step when it is compared for the first time.
    pub(crate) is_after: bool,
}

/// The most times that a guard holds, one after the other, of a number of `bits` bits that begins at `first` and goes on by steps of `by`,
/// modulo 2^`bits`. A number that begins anywhere may be compared as less. `None` if nothing is known, or it may hold for ever: a number
/// that wraps around may begin again.
pub(crate) fn turns(guard: Guard, first: Option<u64>, by: u64, bits: u32) -> Option<u64> {
    let modulus = 1i128 << bits;
    let unsigned = |n: u64| i128::from(n) % modulus;
    let signed = |n: i128| if n >= modulus / 2 { n - modulus } else { n };
    let (with, by) = (unsigned(guard.with), unsigned(by));
    if by == 0 {
        return None;
    }
    let first = first.map(|first| {
        let steps = if guard.is_after { by } else { 0 };
        (unsigned(first) + steps) % modulus
    });
    let step = signed(by);
    let (limit, is_signed, grows) = match guard.compare {
        // The next number is another.
        Compare::Equal => return Some(1),
        Compare::Other => {
            let ahead = if step > 0 { with - first? } else { first? - with };
            let ahead = ahead.rem_euclid(modulus);
            // A step that does not come to the number passes it.
            return (ahead % step.abs() == 0).then_some((ahead / step.abs()) as u64);
        }
        Compare::Less { signed } => (0, signed, true),
        Compare::NotMore { signed } => (1, signed, true),
        Compare::More { signed } => (0, signed, false),
        Compare::NotLess { signed } => (-1, signed, false),
    };
    let (least, greatest) =
        if is_signed { (-modulus / 2, modulus / 2 - 1) } else { (0, modulus - 1) };
    let value = |n: i128| if is_signed { signed(n) } else { n };
    // It holds of numbers below the limit, or above it.
    let limit = value(with) + limit;
    let first = match first {
        Some(first) => value(first),
        None if guard.compare == (Compare::Less { signed: false }) => least,
        None => return None,
    };
    // The first number of which it does not hold must be one that the type has; then it was not passed by wrapping around.
    let (ahead, is_there) = match grows {
        true => (limit - first, step > 0 && limit - 1 + step <= greatest),
        false => (first - limit, step < 0 && limit + 1 + step >= least),
    };
    let held = (ahead + step.abs() - 1) / step.abs();
    match ahead {
        ..=0 => Some(0),
        _ => is_there.then_some(u64::try_from(held).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(compare: Compare, number: u64, with: u64, bits: u32) -> bool {
        let signed = |n: u64| if n >> (bits - 1) == 1 { n as i64 - (1 << bits) } else { n as i64 };
        let order = |is_signed| match is_signed {
            true => signed(number).cmp(&signed(with)),
            false => number.cmp(&with),
        };
        match compare {
            Compare::Equal => number == with,
            Compare::Other => number != with,
            Compare::Less { signed } => order(signed).is_lt(),
            Compare::NotMore { signed } => order(signed).is_le(),
            Compare::More { signed } => order(signed).is_gt(),
            Compare::NotLess { signed } => order(signed).is_ge(),
        }
    }

    /// Of every number of four bits, by every step, with every other: what is counted is what is walked.
    #[test]
    fn all_numbers_of_four_bits() {
        let (bits, mask) = (4, 15u64);
        let (mut proved, mut endless) = (0, 0);
        let orders = [false, true].into_iter().flat_map(|signed| {
            use Compare as C;
            [C::Less { signed }, C::NotMore { signed }, C::More { signed }, C::NotLess { signed }]
        });
        for compare in orders.chain([Compare::Equal, Compare::Other]) {
            for numbers in 0..1 << 13 {
                let (first, with, by) = (numbers & 15, numbers >> 4 & 15, numbers >> 8 & 15);
                let is_after = numbers >> 12 == 1;
                let begin = first + if is_after { by } else { 0 };
                let walk = (0..64)
                    .take_while(|turn| holds(compare, (begin + turn * by) & mask, with, bits));
                let walked = walk.count() as u64;
                let guard = Guard { compare, with, is_after };
                let counted = turns(guard, Some(first), by, bits);
                match counted {
                    Some(counted) if compare == Compare::Equal => assert!(walked <= counted),
                    Some(counted) => assert_eq!(walked, counted, "{guard:?} {first} {by}"),
                    None => endless += u64::from(walked == 64),
                }
                proved += u64::from(counted.is_some());
                if let Some(counted) = turns(guard, None, by, bits) {
                    assert!(walked <= counted, "{guard:?} {first} {by}");
                }
            }
        }
        assert!(proved > 20_000 && endless > 1000, "{proved} proved, {endless} endless");
    }

    #[test]
    fn the_numbers_of_a_type_are_all_there() {
        let less = |with| Guard { compare: Compare::Less { signed: false }, with, is_after: true };
        assert_eq!(turns(less(u64::MAX), Some(0), 1, 64), Some(u64::MAX - 1));
        assert_eq!(turns(less(u64::from(u32::MAX)), Some(0), 1, 32), Some(u64::from(u32::MAX) - 1));
        assert_eq!(turns(less(u64::MAX), Some(0), 2, 64), None);
        assert_eq!(turns(less(10), None, 1, 32), Some(10));
    }
}
