//! Fewer bytes of data.

use super::draft::Draft;
use super::tries::Tries;
use crate::diff::Case;
use etalon_adapters::AdapterError;
use std::ops::Range;
use wasm_encoder as we;
use wasm_encoder::Encode;
use wasmparser as wp;

/// Cuts the ends off each segment of data: halves of what is left, then quarters, and so on.
pub(crate) fn shorter(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let lengths: Vec<usize> = draft.parts.datas.iter().map(|data| data.data.len()).collect();
    for (index, length) in lengths.into_iter().enumerate() {
        let mut left = 0..length;
        let mut size = length.div_ceil(2);
        while size > 0 && !tries.is_over() {
            for cut in [left.start..left.end.saturating_sub(size), left.start + size..left.end] {
                if cut.start < cut.end
                    && left.contains(&cut.start)
                    && let Some(case) = with_bytes(best, index, (left.clone(), cut.clone()))
                    && tries.holds(&case)?
                {
                    *best = case;
                    left = cut;
                }
            }
            size /= 2;
        }
    }
    Ok(())
}

/// The case with a part of the bytes that a segment has; both are positions in what it had at first.
fn with_bytes(
    case: &Case,
    index: usize,
    (has, part): (Range<usize>, Range<usize>),
) -> Option<Case> {
    let draft = Draft::of(case)?;
    let data = draft.parts.datas.get(index)?;
    let (from, to) = (part.start.checked_sub(has.start)?, part.end.checked_sub(has.start)?);
    let offset = match &data.kind {
        wp::DataKind::Active { offset_expr, .. } => moved(offset_expr, from as u64)?,
        // A part of what it would be copied from moves with it.
        wp::DataKind::Passive if from > 0 => return None,
        wp::DataKind::Passive => Vec::new(),
    };
    let mut parts = draft.parts.clone();
    let data = &mut parts.datas[index];
    data.data = data.data.get(from..to)?;
    if let wp::DataKind::Active { offset_expr, .. } = &mut data.kind {
        *offset_expr = wp::ConstExpr::new(wp::BinaryReader::new(&offset, 0));
    }
    draft.finish(&parts)
}

/// The expression for an address further up; `None` if it is no constant.
fn moved(offset: &wp::ConstExpr<'_>, by: u64) -> Option<Vec<u8>> {
    let mut code = Vec::new();
    let by = i64::try_from(by).ok()?;
    match offset.get_operators_reader().read().ok()? {
        wp::Operator::I32Const { value } => {
            let value = value.cast_unsigned().checked_add(u32::try_from(by).ok()?)?;
            we::Instruction::I32Const(value.cast_signed()).encode(&mut code);
        }
        wp::Operator::I64Const { value } => {
            we::Instruction::I64Const(value.checked_add(by)?).encode(&mut code);
        }
        _ => return None,
    }
    we::Instruction::End.encode(&mut code);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_segment_stays_where_it_is() {
        let wat = r#"(module (memory (export "m") 1) (data (i32.const 8) "abcdef") (data "gh")
          (func (export "f") (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0))))"#;
        let case = Case::new("data", wat::parse_str(wat).unwrap(), Vec::new());
        let text = |index, part| {
            let case = with_bytes(&case, index, (0..6, part))?;
            Some(wasmprinter::print_bytes(&case.wasm).unwrap())
        };
        let cut = text(0, 2..4).unwrap();
        assert!(cut.contains("(i32.const 10) \"cd\""), "{cut}");
        assert!(text(1, 0..1).unwrap().contains("\"g\""));
        assert_eq!(text(1, 1..2), None);
    }
}
