//! Validation (specification: *Validation*). It also measures each function's greatest operand stack
//! height, which all tiers need for their frames.

use crate::error::LoadError;
use crate::features::Features;
use crate::frame::Replay;
use crate::limits::Counters;
use crate::needs::Uses;
use std::sync::Arc;
use wasmparser::{
    self as wp, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator,
    Parser, Payload, RefType, ValidPayload, Validator, ValidatorResources, WasmFeatures,
    WasmModuleResources,
};

/// What replays the bodies of a module that is valid with these features; `None` if it has none.
pub(crate) fn replay_of(bytes: &[u8], features: Features) -> Option<Arc<Replay>> {
    let mut validation = Validation::new(features);
    let mut parser = Parser::new(0);
    parser.set_features(features.wasm());
    let mut payloads = parser.parse_all(bytes);
    while validation.replay.is_none() {
        validation.payload(&payloads.next()?.ok()?);
    }
    validation.replay
}

/// The validation of a module, given its payloads and the instructions of its bodies in order.
///
/// It stops at the first fault and keeps it. A fault outside of the bodies outweighs one in a body that
/// comes before it.
pub(crate) struct Validation {
    validator: Validator,
    features: Features,
    /// The next body's function, between its payload and its first instruction.
    func: Option<FuncToValidate<ValidatorResources>>,
    allocations: FuncValidatorAllocations,
    replay: Option<Arc<Replay>>,
    refused: Option<wp::Error>,
    body_refused: Option<wp::Error>,
}

impl Validation {
    pub(crate) fn new(features: Features) -> Validation {
        Validation {
            validator: Validator::new_with_features(features.wasm()),
            features,
            func: None,
            allocations: FuncValidatorAllocations::default(),
            replay: None,
            refused: None,
            body_refused: None,
        }
    }

    /// The next payload of the module.
    pub(crate) fn payload(&mut self, payload: &Payload<'_>) {
        if self.refused.is_some() {
            return;
        }
        match self.validator.payload(payload) {
            Ok(ValidPayload::Func(func, _)) => {
                // All that a body can refer to comes before the first of them.
                if self.replay.is_none() {
                    let types = self.validator.types(0);
                    let replay = types.map(|t| Replay::new(&func.resources, self.features, t));
                    self.replay = replay.map(Arc::new);
                }
                self.func = Some(func);
            }
            Ok(_) => {}
            Err(error) => self.refused = Some(error),
        }
    }

    /// Begins with the body whose payload came last.
    pub(crate) fn body(&mut self, body: &FunctionBody<'_>) -> BodyValidation {
        let wanted = self.refused.is_none() && self.body_refused.is_none();
        let Some(func) = self.func.take().filter(|_| wanted) else {
            return BodyValidation::default();
        };
        let mut validator = func.into_validator(std::mem::take(&mut self.allocations));
        let refused = validator.read_locals(&mut body.get_binary_reader()).err();
        let relaxed_casts = self.features.wasm().custom_descriptors();
        let (validator, heights) = (Some(validator), Heights::default());
        BodyValidation { validator, heights, refused, relaxed_casts }
    }

    /// Ends a body; gives its greatest operand height in slots.
    pub(crate) fn end_body(&mut self, body: BodyValidation) -> u32 {
        if let Some(validator) = body.validator {
            self.allocations = validator.into_allocations();
        }
        self.body_refused = self.body_refused.take().or(body.refused);
        body.heights.max
    }

    /// The verdict when all payloads have been given: what replays bodies, or the first fault.
    pub(crate) fn finish(self) -> Result<Option<Arc<Replay>>, wp::Error> {
        match self.refused.or(self.body_refused) {
            None => Ok(self.replay),
            Some(error) => Err(error),
        }
    }
}

/// The validation of one body.
#[derive(Default)]
pub(crate) struct BodyValidation {
    /// `None` if a fault was found before this body.
    validator: Option<FuncValidator<ValidatorResources>>,
    heights: Heights,
    refused: Option<wp::Error>,
    /// Whether casts may be valid by a rule that is a feature's.
    relaxed_casts: bool,
}

impl BodyValidation {
    /// How many values the next instruction passes, where it is validated.
    pub(crate) fn passes(&self, op: &Operator<'_>) -> u64 {
        let validator = self.validator.as_ref().filter(|_| self.refused.is_none());
        validator.map_or(0, |validator| passes(op, validator))
    }

    /// The next instruction, with its offset in the module. `uses` has noted it already.
    pub(crate) fn operator(&mut self, op: &Operator<'_>, offset: u64, uses: &mut Uses) {
        let Some(validator) = &mut self.validator else { return };
        if self.refused.is_some() {
            return;
        }
        let pushes = uses
            .vectors()
            .then(|| op.operator_arity(validator).map_or(u32::MAX, |(_, pushes)| pushes));
        if let Err(error) = validator.op(offset, op) {
            self.refused = Some(error);
            return;
        }
        match pushes {
            Some(pushes) => self.heights.after(validator, pushes),
            None => self.heights.after_without_vectors(validator),
        }
        if self.relaxed_casts && is_relaxed_cast(op, offset, validator.resources()) {
            uses.feature(WasmFeatures::CUSTOM_DESCRIPTORS);
        }
    }
}

/// How many values an instruction takes for each label that it has, and gives: of those whose type may have any number.
fn passes(op: &Operator<'_>, validator: &FuncValidator<ValidatorResources>) -> u64 {
    use Operator as O;
    let labels = match op {
        O::BrTable { targets } => 1 + u64::from(targets.len()),
        O::Block { .. } | O::Loop { .. } | O::If { .. } | O::TryTable { .. } => 1,
        O::Call { .. } | O::CallIndirect { .. } | O::CallRef { .. } => 1,
        O::ReturnCall { .. } | O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. } => 1,
        O::Br { .. } | O::BrIf { .. } | O::Return | O::Throw { .. } => 1,
        O::BrOnNull { .. } | O::BrOnNonNull { .. } => 1,
        O::BrOnCast { .. } | O::BrOnCastFail { .. } => 1,
        _ => return 0,
    };
    let (takes, gives) = op.operator_arity(validator).unwrap_or_default();
    labels * (u64::from(takes) + u64::from(gives))
}

/// Whether a branch casts to a type that is no subtype of the operand's, which custom descriptors allow.
fn is_relaxed_cast(op: &Operator<'_>, offset: u64, resources: &ValidatorResources) -> bool {
    let (Operator::BrOnCast { from_ref_type, to_ref_type, .. }
    | Operator::BrOnCastFail { from_ref_type, to_ref_type, .. }) = op
    else {
        return false;
    };
    let canonical = |mut ty: RefType| resources.check_ref_type(&mut ty, offset).map(|()| ty);
    match (canonical(*from_ref_type), canonical(*to_ref_type)) {
        (Ok(from), Ok(to)) => !resources.is_subtype(to.into(), from.into()),
        _ => false,
    }
}

/// Says why a module that decodes was refused by validation.
///
/// A rule that the language has without the missing features makes the module invalid, even if a feature would allow
/// it: a second memory is invalid in version 2.0. Only a construct that the language does not have is unsupported.
pub(crate) fn explain(bytes: &[u8], features: Features, refused: &wp::Error) -> LoadError {
    if features.contains(Features::all()) {
        return LoadError::invalid(refused);
    }
    let missing = refused.missing_wasm_feature().map(Features::name_of);
    let mut error = LoadError::invalid(refused);
    let again = match run(bytes, Features::all().union(features)) {
        Err(Refused::Limit(limit)) => return limit,
        Err(Refused::Rule(remaining)) => Err(remaining),
        Ok(()) => Ok(()),
    };
    match (again, missing) {
        (Ok(()), Some(feature)) if error.fault.is_none() => {
            LoadError::unsupported(feature, refused)
        }
        (Ok(()), missing) => {
            if let Some(feature) = missing.or_else(|| allowing(bytes, features)) {
                error.message.push_str(&format!("; {feature} allows it"));
            }
            error
        }
        // A disabled feature came first; what remains wrong with everything enabled says more.
        (Err(remaining), Some(_)) => LoadError::invalid(&remaining),
        (Err(_), None) => error,
    }
}

/// The oldest disabled feature without which the module is invalid although everything else is enabled.
fn allowing(bytes: &[u8], features: Features) -> Option<&'static str> {
    Features::all_names().filter(|name| !features.names().contains(name)).find(|name| {
        Features::all().without(name).is_some_and(|without| run(bytes, without).is_err())
    })
}

/// Why a module that was validated again is refused.
pub(crate) enum Refused {
    /// A rule of validation, or one of decoding.
    Rule(wp::Error),
    /// What stands behind the first fault, which was not counted with it, is beyond a limit.
    Limit(LoadError),
}

impl From<wp::Error> for Refused {
    fn from(error: wp::Error) -> Refused {
        Refused::Rule(error)
    }
}

/// Validates a module; the first error may also be one of decoding.
pub(crate) fn run(bytes: &[u8], features: Features) -> Result<(), Refused> {
    let mut counters = Counters::default();
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
    for (func, body) in functions {
        let mut validator = func.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        reader.set_features(*validator.features());
        let mut reader = wp::OperatorsReader::new(reader);
        while !reader.eof() {
            let offset = reader.original_position();
            let op = reader.read()?;
            let passed = counters.passed(passes(&op, &validator), bytes.len(), offset);
            passed.map_err(Refused::Limit)?;
            validator.op(offset, &op)?;
        }
        reader.finish()?;
        allocations = validator.into_allocations();
    }
    Ok(())
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
    /// The same as long as no operand can be a vector: each takes one slot.
    fn after_without_vectors(&mut self, validator: &FuncValidator<ValidatorResources>) {
        self.max = self.max.max(validator.operand_stack_height());
    }

    /// Updates the sums: only operands that the operator pushed can have changed.
    fn after(&mut self, validator: &FuncValidator<ValidatorResources>, pushes: u32) {
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
