//! What engines did, for people.

use crate::value::{parse_value, show_all};
use etalon_record::{Observation, Value};

/// What an engine did, on one line: the record's [`Observation`] with values as the text format writes them.
pub fn in_words(seen: &Observation) -> String {
    let mut text = seen.outcome.to_string();
    for result in &seen.results {
        text += &format!(" {}", value(result));
    }
    for detail in [&seen.trap, &seen.message].into_iter().flatten() {
        text += &format!(": {detail}");
    }
    if let Some(gas) = &seen.gas {
        text += &format!(", gas {}", gas.consumed);
    }
    for (name, digest) in &seen.digests {
        let value = parse_value(digest).map(|val| show_all(&[val]));
        text += &format!(", {name} {}", value.as_deref().unwrap_or(digest));
    }
    text
}

/// A value of a record, with its type.
fn value(value: &Value) -> String {
    let text = value.to_string();
    parse_value(&text).map(|val| show_all(&[val])).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_record::{Gas, OutcomeKind};

    #[test]
    fn an_observation_reads_as_one_line_without_bits() {
        let mut seen = Observation::new(OutcomeKind::Returned);
        seen.results = vec![Value::i32(7), Value::f32_bits(0x3dcc_cccd), Value::v128(1)];
        seen.digests.insert("global g".into(), Value::f64_bits(1 << 63).to_string());
        seen.digests.insert("memories".into(), "ab12".into());
        seen.gas = Some(Gas { consumed: 3, executed: None, schedule: "s".into() });
        assert_eq!(
            in_words(&seen),
            "returned i32:7 f32:0.1 'v128:i32x4 0x00000001 0x00000000 0x00000000 0x00000000', gas 3, \
             global g f64:-0, memories ab12"
        );
        let mut trapped = Observation::new(OutcomeKind::Trapped);
        trapped.trap = Some("unreachable".into());
        assert_eq!(in_words(&trapped), "trapped: unreachable");
    }
}
