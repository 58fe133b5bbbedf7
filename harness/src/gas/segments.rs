//! What gas-1 says of the segments of a module, read off its text: no tier is asked.

use etalon_adapters::{Features, Schedule};
use etalon_module::{Module, Opcode};

/// The weights of the operators that follow the one at `site` in its segment: what is charged and not executed when that one traps.
/// `None` if there is no operator.
pub(crate) fn rest_of_segment(
    schedule: &Schedule,
    module: &Module,
    site: (u32, u32),
) -> Option<u64> {
    let (func, offset) = site;
    let mut reader = module.operators(module.body(func)?);
    let mut rest = None;
    while !reader.eof() {
        let here = reader.original_position();
        let opcode = Opcode::of(&reader.read().ok()?);
        rest = match rest {
            None if here != u64::from(offset) => continue,
            None => Some(0),
            Some(rest) => Some(rest + u64::from(schedule.weight(opcode))),
        };
        if schedule.is_cut(opcode) {
            break;
        }
    }
    rest
}

/// The greatest cost of a segment of a module that an operator may trap in and leave something unexecuted.
pub(crate) fn greatest_segment(schedule: &Schedule, wasm: &[u8]) -> Option<u64> {
    // Under `fine` an operator that may trap is the last of its segment.
    if schedule.is_cut(Opcode::I32DivS) {
        return Some(0);
    }
    let module = Module::new(wasm, Features::all()).ok()?;
    let mut greatest = 0;
    for body in &module.bodies {
        let (mut reader, mut cost) = (module.operators(body), 0u64);
        while let Ok(operator) = reader.read() {
            let opcode = Opcode::of(&operator);
            cost += u64::from(schedule.weight(opcode));
            greatest = greatest.max(cost);
            if schedule.is_cut(opcode) {
                cost = 0;
            }
        }
    }
    Some(greatest)
}
