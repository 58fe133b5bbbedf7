//! Values, as the protocol writes them and as they pass to and from scripts.

use super::script::Argument;

/// A value of a type, as the protocol writes it, by its bits.
pub(super) fn value_of(ty: &str, bits: u128) -> String {
    match ty {
        "i32" => format!("i32:{}", (bits as u32).cast_signed()),
        "i64" => format!("i64:{}", (bits as u64).cast_signed()),
        "f32" => format!("f32:0x{:08x}", bits as u32),
        "f64" => format!("f64:0x{:016x}", bits as u64),
        "v128" => format!("v128:0x{bits:032x}"),
        // Whether it is null.
        "funcref" => format!("funcref:{}", if bits == 1 { "null" } else { "func" }),
        // One more than the number.
        _ if bits == 0 => "externref:null".to_owned(),
        _ => format!("externref:extern:{}", bits - 1),
    }
}

/// Values of these types, by what passed.
pub(super) fn values_of(types: &[String], passed: &[(String, String)]) -> Option<Vec<String>> {
    let mut bits = passed.iter().map(|(_, text)| text.parse::<u64>().ok());
    let value = |ty: &String| {
        let mut all = u128::from(bits.next()??);
        if ty == "v128" {
            all |= u128::from(bits.next()??) << 64;
        }
        Some(value_of(ty, all))
    };
    types.iter().map(value).collect()
}

/// What passes of an argument; `None` if it cannot.
pub(super) fn argument(text: &str) -> Option<Vec<Argument>> {
    let pass = |ty: &'static str, bits: u64| (ty, bits.to_string());
    let (ty, value) = text.split_once(':')?;
    let hex = |value: &str| u128::from_str_radix(value.trim_start_matches("0x"), 16).ok();
    Some(match ty {
        "i32" => vec![pass("i32", value.parse::<i32>().ok()?.cast_unsigned().into())],
        "i64" => vec![pass("i64", value.parse::<i64>().ok()?.cast_unsigned())],
        "f32" => vec![pass("i32", hex(value)? as u64)],
        "f64" => vec![pass("i64", hex(value)? as u64)],
        "v128" => {
            let bits = hex(value)?;
            vec![pass("i64", bits as u64), pass("i64", (bits >> 64) as u64)]
        }
        "funcref" if value == "null" => vec![pass("i32", 1)],
        "externref" if value == "null" => vec![("externref", value.to_owned())],
        "externref" => vec![pass("externref", value.strip_prefix("extern:")?.parse().ok()?)],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_back() {
        for text in [
            "i32:-7",
            "i64:-9007199254740993",
            "f32:0xffa00001",
            "f64:0x7ff4000000000001",
            "v128:0x80000000000000010000000000000002",
            "externref:null",
            "externref:extern:7",
        ] {
            let ty = text.split(':').next().unwrap_or_default().to_owned();
            let passed = argument(text).unwrap();
            // External references come back as one more, and null as nothing.
            let back = |(ty, value): &Argument| match (*ty, value.as_str()) {
                ("externref", "null") => "0".to_owned(),
                ("externref", n) => (n.parse::<u64>().unwrap() + 1).to_string(),
                _ => value.clone(),
            };
            let passed: Vec<_> = passed.iter().map(|one| (one.0.to_owned(), back(one))).collect();
            assert_eq!(values_of(&[ty], &passed), Some(vec![text.to_owned()]));
        }
        for text in ["funcref:func", "anyref:null", "i32:x", "i32"] {
            assert_eq!(argument(text), None, "{text}");
        }
    }
}
