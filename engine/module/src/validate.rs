//! Validation (specification chapter 3), and the one figure that both tiers take from it: the
//! greatest height of each function's operand stack.

use crate::error::{LoadError, LoadErrorKind};
use crate::features::Features;
use crate::module::{FuncBody, Module};
use wasmparser::{
    self as wp, FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload,
    Validator, ValidatorResources,
};

/// Validates a module that decodes; gives its bodies with their heights.
pub(crate) fn validate(
    bytes: &[u8],
    features: Features,
    module: &Module,
) -> Result<Vec<FuncBody>, LoadError> {
    let refused = match run(bytes, features, module) {
        Ok(bodies) => return Ok(bodies),
        Err(error) => error,
    };
    // The first fault may be a feature that is off; then what would be said with it on counts.
    if !features.contains(Features::all()) {
        match run(bytes, Features::all().union(features), module) {
            Ok(_) => return Err(unsupported(bytes, features, module, &refused)),
            Err(error) if refused.missing_wasm_feature().is_some() => {
                if classify(&error).kind == LoadErrorKind::Malformed {
                    return Err(classify(&error));
                }
            }
            Err(_) => {}
        }
    }
    Err(classify(&refused))
}

/// The module is valid with everything on: names a feature without which it is not.
fn unsupported(bytes: &[u8], features: Features, module: &Module, error: &wp::Error) -> LoadError {
    let feature = match error.missing_wasm_feature() {
        Some(feature) => Features::name_of(feature),
        None => Features::all_names()
            .filter(|name| !features.names().contains(name))
            .find(|name| {
                let without = Features::all().without(name).expect("a listed name");
                run(bytes, without, module).is_err()
            })
            .unwrap_or("unknown"),
    };
    LoadError::new(LoadErrorKind::Unsupported { feature }, error)
}

/// The validator also finds faults that the specification counts to the binary format.
fn classify(error: &wp::Error) -> LoadError {
    const MALFORMED: &[&str] = &[
        "unexpected end",
        "section out of order",
        "function and code section",
        "data count",
        "data section",
        "control frames remain",
        "operators remaining",
        "unexpected data at the end",
        "illegal opcode",
        "malformed",
        "zero byte expected",
        "invalid var_u",
    ];
    let message = error.message();
    let kind = if MALFORMED.iter().any(|m| message.contains(m)) {
        LoadErrorKind::Malformed
    } else {
        LoadErrorKind::Invalid
    };
    LoadError::new(kind, error)
}

fn run(bytes: &[u8], features: Features, module: &Module) -> Result<Vec<FuncBody>, wp::Error> {
    let mut validator = Validator::new_with_features(features.wasm());
    let mut parser = Parser::new(0);
    parser.set_features(features.wasm());
    let mut functions = Vec::new();
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(func, body) = validator.payload(&payload?)? {
            functions.push((func, body));
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    let mut bodies = module.bodies.clone();
    for ((func, body), ours) in functions.into_iter().zip(&mut bodies) {
        ours.max_height = function(func, &body, &mut allocations)?;
    }
    Ok(bodies)
}

/// Validates one function; gives its greatest operand height in slots.
fn function(
    func: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: &mut FuncValidatorAllocations,
) -> Result<u32, wp::Error> {
    let mut validator = func.into_validator(std::mem::take(allocations));
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    reader.set_features(*validator.features());
    let mut reader = wp::OperatorsReader::new(reader);
    let mut heights = Heights::default();
    while !reader.eof() {
        let offset = reader.original_position();
        let op = reader.read()?;
        let pushes = op.operator_arity(&validator).map_or(u32::MAX, |(_, n)| n);
        validator.op(offset, &op)?;
        heights.after(&validator, pushes);
    }
    reader.finish()?;
    *allocations = validator.into_allocations();
    Ok(heights.max)
}

/// Follows the operand stack in slots: `below[i]` is what the lowest `i` operands take.
struct Heights {
    below: Vec<u32>,
    max: u32,
}

impl Default for Heights {
    fn default() -> Self {
        Heights { below: vec![0], max: 0 }
    }
}

impl Heights {
    /// Brings the sums up to date: only what the operator pushed can have changed its type.
    fn after(&mut self, validator: &wp::FuncValidator<ValidatorResources>, pushes: u32) {
        let height = validator.operand_stack_height() as usize;
        let kept = height.saturating_sub(pushes as usize).min(self.below.len() - 1);
        self.below.truncate(kept + 1);
        for i in kept..height {
            let ty = validator.get_operand_type(height - 1 - i).flatten();
            let slots = if ty == Some(wp::ValType::V128) { 2 } else { 1 };
            self.below.push(self.below[i] + slots);
        }
        self.max = self.max.max(self.below[height]);
    }
}
