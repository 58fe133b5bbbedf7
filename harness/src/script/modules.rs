//! Directives that load modules.

use crate::script::actions::unsupported;
use crate::script::book::Verdict;
use crate::script::encode::{self, EncodeError};
use crate::script::runner::{Definition, Runner, Slot};
use crate::script::text_faults;
use crate::script::texts::Finding;
use etalon_adapters::{Instance, Outcome, Reason, Rejection};
use std::collections::BTreeSet;
use wasmparser::{DataKind, ElementKind, Parser, Payload};
use wast::token::Id;
use wast::{QuoteWat, Wat};

/// The phase that must reject a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Malformed,
    Invalid,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Phase::Malformed => "malformed",
            Phase::Invalid => "invalid",
        }
    }

    fn assertion(self) -> &'static str {
        match self {
            Phase::Malformed => "assert_malformed",
            Phase::Invalid => "assert_invalid",
        }
    }
}

impl Runner<'_> {
    /// `module`: it becomes the current instance, even if it fails.
    pub(crate) fn module(&mut self, mut module: QuoteWat<'_>) -> Verdict {
        let name = module.name().map(|id| id.name().to_owned());
        let (slot, verdict) = match encode::encode(&mut module) {
            Ok(bytes) => self.instance_of(&bytes),
            Err(error) => (Slot::of_error(&error), of_error(&error, "an instance")),
        };
        self.set_instance(name, slot);
        verdict
    }

    /// `module definition`: loaded, but not yet instantiated.
    pub(crate) fn definition(&mut self, mut module: QuoteWat<'_>) -> Verdict {
        let name = module.name().map(|id| id.name().to_owned());
        let (definition, verdict) = match encode::encode(&mut module) {
            Err(error) => (Definition::of_error(&error), of_error(&error, "a valid module")),
            Ok(bytes) => match self.session.validate(&bytes) {
                Ok(()) => (Definition::Bytes(bytes), Verdict::Pass),
                Err(outcome) => {
                    let definition = match Verdict::against("a valid module", &outcome) {
                        Verdict::Skip { feature } => Definition::Skipped(feature),
                        _ => Definition::Failed,
                    };
                    self.note(&outcome);
                    (definition, Verdict::against("a valid module", &outcome))
                }
            },
        };
        self.definitions.insert(None, definition.clone());
        if name.is_some() {
            self.definitions.insert(name, definition);
        }
        verdict
    }

    /// `module instance`: another instance of a definition.
    pub(crate) fn instance(&mut self, name: Option<Id<'_>>, of: Option<Id<'_>>) -> Verdict {
        let key = of.map(|id| id.name().to_owned());
        let (slot, verdict) = match self.definitions.get(&key).cloned() {
            Some(Definition::Bytes(bytes)) => self.instance_of(&bytes),
            Some(Definition::Skipped(feature)) => {
                (Slot::Skipped(feature.clone()), Verdict::Skip { feature })
            }
            Some(Definition::Failed) | None => {
                (Slot::Failed, Verdict::fail("an instance", "no definition"))
            }
        };
        self.set_instance(name.map(|id| id.name().to_owned()), slot);
        verdict
    }

    fn instance_of(&mut self, bytes: &[u8]) -> (Slot, Verdict) {
        match self.instantiate(bytes) {
            Ok(instance) => (Slot::Live(instance), Verdict::Pass),
            Err(outcome) => {
                let verdict = Verdict::against("an instance", &outcome);
                let slot = match &verdict {
                    Verdict::Skip { feature } => Slot::Skipped(feature.clone()),
                    _ => Slot::Failed,
                };
                (slot, verdict)
            }
        }
    }

    /// Instantiates a module. One that cannot be linked because the module that it imports from was skipped is skipped too.
    pub(crate) fn instantiate(&mut self, bytes: &[u8]) -> Result<Instance, Outcome> {
        let mut result = self.session.load(bytes);
        if let Err(Outcome::Rejected(Rejection::Unlinkable(reason))) = &result
            && !self.skipped_names.is_empty()
            && let Some(feature) =
                imported_modules(bytes).iter().find_map(|name| self.skipped_names.get(name))
        {
            let (feature, message) = (feature.clone(), reason.message.clone());
            result = Err(Outcome::Rejected(Rejection::Unsupported { feature, message }));
        }
        if let Err(Outcome::Rejected(Rejection::Unsupported { feature, .. })) = &result {
            self.left_out(feature, bytes);
        }
        match &result {
            Ok(_) => self.note(&Outcome::Returned(Vec::new())),
            Err(outcome) => self.note(outcome),
        }
        result
    }

    /// A skipped module might have written to what it imports, so later failures that share that state are not judged.
    fn left_out(&mut self, feature: &str, bytes: &[u8]) {
        if imported_modules(bytes).iter().any(|name| self.registered.contains(name)) {
            self.tainted.get_or_insert_with(|| feature.to_owned());
        }
    }

    /// `assert_malformed` and `assert_invalid`.
    pub(crate) fn assert_refused(
        &mut self,
        mut module: QuoteWat<'_>,
        phase: Phase,
        text: &str,
    ) -> Verdict {
        let expected = format!("{}: {text}", phase.word());
        let bytes = match encode::encode(&mut module) {
            Ok(bytes) => bytes,
            Err(EncodeError::Text(message)) if phase == Phase::Malformed => {
                let found = Finding { kind: text_faults::of_message(&message), message: &message };
                return match self.judge.refusal_holds(phase.assertion(), text, found) {
                    true => Verdict::Pass,
                    false => Verdict::fail(expected, format!("malformed text: {message}")),
                };
            }
            Err(error) => return of_error(&error, &expected),
        };
        let Err(outcome) = self.session.validate(&bytes) else {
            self.note(&Outcome::Returned(Vec::new()));
            return Verdict::fail(expected, "a valid module");
        };
        let reason = match &outcome {
            Outcome::Rejected(Rejection::MalformedOrInvalid(reason)) => Some(reason),
            Outcome::Rejected(Rejection::Malformed(reason)) if phase == Phase::Malformed => {
                Some(reason)
            }
            Outcome::Rejected(Rejection::Invalid(reason)) if phase == Phase::Invalid => {
                Some(reason)
            }
            // Neither a limit of the engine nor a missing feature is a fault of the module.
            _ => None,
        };
        let holds = reason.is_some_and(|Reason { kind, message }| {
            let found = Finding { kind: *kind, message };
            self.judge.refusal_holds(phase.assertion(), text, found)
        });
        self.note(&outcome);
        Verdict::of(holds, || expected, &outcome)
    }

    /// `assert_malformed_custom` and `assert_invalid_custom`. A custom section does not affect the module, so an
    /// engine that accepts it without reading it has not failed.
    pub(crate) fn assert_custom_refused(
        &mut self,
        module: QuoteWat<'_>,
        phase: Phase,
        text: &str,
    ) -> Verdict {
        match self.assert_refused(module, phase, text) {
            Verdict::Fail { .. } => unsupported("custom sections"),
            verdict => verdict,
        }
    }

    /// `assert_unlinkable`.
    pub(crate) fn assert_unlinkable(&mut self, mut module: Wat<'_>, text: &str) -> Verdict {
        let expected = format!("unlinkable: {text}");
        let bytes = match encode::encode_inline(&mut module) {
            Ok(bytes) => bytes,
            Err(error) => return of_error(&error, &expected),
        };
        match self.instantiate(&bytes) {
            Ok(_) => Verdict::fail(expected, "an instance"),
            Err(outcome) => {
                let holds = match &outcome {
                    Outcome::Rejected(Rejection::Unlinkable(Reason { kind, message })) => {
                        let found = Finding { kind: *kind, message };
                        self.judge.refusal_holds("assert_unlinkable", text, found)
                    }
                    // A segment that does not fit is written by no function, so its trap has no place in one. A trap of
                    // the start function has: that module was linked.
                    Outcome::Trapped { text: got, site: None } => {
                        self.judge.segment_holds(text, got) && has_active_segment(&bytes)
                    }
                    _ => false,
                };
                Verdict::of(holds, || expected, &outcome)
            }
        }
    }

    /// `register`.
    pub(crate) fn register(&mut self, name: &str, module: Option<Id<'_>>) -> Verdict {
        self.skipped_names.remove(name);
        match self.slot(module) {
            Slot::Live(instance) => {
                self.session.register(name, instance);
                self.registered.insert(name.to_owned());
                Verdict::Pass
            }
            Slot::Skipped(feature) => {
                self.skipped_names.insert(name.to_owned(), feature.clone());
                Verdict::Skip { feature }
            }
            Slot::Failed => Verdict::fail("an instance to register", "no instance"),
        }
    }
}

impl Slot {
    fn of_error(error: &EncodeError) -> Self {
        match error {
            EncodeError::Text(_) => Slot::Failed,
            EncodeError::Component => Slot::Skipped("component-model".to_owned()),
        }
    }
}

impl Definition {
    fn of_error(error: &EncodeError) -> Self {
        match error {
            EncodeError::Text(_) => Definition::Failed,
            EncodeError::Component => Definition::Skipped("component-model".to_owned()),
        }
    }
}

/// The verdict on a module that has no bytes.
pub(crate) fn of_error(error: &EncodeError, expected: &str) -> Verdict {
    match error {
        EncodeError::Text(message) => Verdict::fail(expected, format!("malformed text: {message}")),
        EncodeError::Component => Verdict::Skip { feature: "component-model".to_owned() },
    }
}

/// The module names of a module's imports.
pub fn imported_modules(bytes: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        if let Payload::ImportSection(section) = payload {
            names.extend(section.into_imports().map_while(Result::ok).map(|i| i.module.to_owned()));
        }
    }
    names
}

/// Whether a module has a segment that instantiation writes.
fn has_active_segment(bytes: &[u8]) -> bool {
    Parser::new(0).parse_all(bytes).map_while(Result::ok).any(|payload| match payload {
        Payload::DataSection(section) => section
            .into_iter()
            .map_while(Result::ok)
            .any(|data| matches!(data.kind, DataKind::Active { .. })),
        Payload::ElementSection(section) => section
            .into_iter()
            .map_while(Result::ok)
            .any(|elem| matches!(elem.kind, ElementKind::Active { .. })),
        _ => false,
    })
}
