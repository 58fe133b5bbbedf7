//! What an engine in another process is asked, and what it answers: one JSON object a line. `docs/engine-protocol.md` tells
//! it to those who write the other side.

use crate::adapter::{HostCall, Seen, StateDigest};
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Reason, Rejection};
use crate::program::{ProgramSeen, ProgramSetup};
use crate::value::{RefKind, Val, ValKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etalon::unstable::module::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// A line to the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Every answer to it has the same.
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) ask: Ask,
}

/// What the engine is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// The first request.
    Hello { protocol: u32 },
    /// Sets the engine up anew: without modules and instances.
    Open { features: Vec<String>, gas: Option<GasTerms> },
    /// Decodes and validates.
    Validate { wasm: Bytes },
    /// Decodes and validates, and keeps the module under a number.
    Prepare { module: u64, wasm: Bytes },
    /// Drops modules.
    Forget { modules: Vec<u64> },
    /// Begins a session: drops all instances.
    Reset,
    /// Defines the functions of WASI for a program that is given this.
    Program {
        setup: ProgramSetup,
        /// An empty folder for its files, if the engine needs one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<PathBuf>,
    },
    /// What that program has left behind so far.
    Left,
    /// Makes an instance; they are numbered from 0 in each session.
    Instantiate { module: u64, imports: Vec<Given>, watch: Watched },
    /// Makes calls, one after the other; each has an answer of its own.
    Invoke { instance: u64, calls: Vec<CallOf>, watch: Watched },
    /// Reads an exported global.
    Global { instance: u64, global: GlobalOf },
    /// The sum of an exported memory, if the engine shows it.
    Memory { instance: u64, memory: String },
    /// A digest of the state, if the engine has one.
    Digest,
    /// Ends the process.
    Quit,
}

/// Gas in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GasTerms {
    /// The name of a schedule.
    pub(crate) schedule: String,
    /// The gas limit.
    pub(crate) limit: Option<u64>,
}

/// What an import is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) module: String,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) give: Give,
    /// Its type; of `spectest`, the type of what is given.
    #[serde(rename = "type")]
    pub(crate) ty: TypeOf,
}

/// Where what an import is given comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "give", rename_all = "kebab-case")]
pub(crate) enum Give {
    /// From the module `spectest`.
    Spectest,
    /// It is a function of WASI, for the program that was defined. Only engines that can run a `program` are asked for it.
    Program,
    /// It is made from its type, once in a session for each pair of names: a function notes its calls and returns zeros and nulls.
    Make,
    /// It is a function that notes its calls and makes them on the export of its own name of the instance that calls it. Only engines
    /// that can `reenter` are asked for it.
    Reenter,
    /// It is an export of an instance.
    Export { instance: u64, export: String },
}

/// The type of something that is imported or exported. Value types are as in the text format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum TypeOf {
    Func {
        params: Vec<String>,
        results: Vec<String>,
    },
    Memory {
        min: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
        shared: bool,
        address: String,
        /// Binary logarithm of the bytes in a page.
        page: u8,
    },
    Table {
        min: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
        address: String,
        element: String,
    },
    Global {
        value: String,
        mutable: bool,
        /// What it holds, of `spectest`; otherwise zero or null.
        #[serde(skip_serializing_if = "Option::is_none")]
        init: Option<String>,
    },
    Tag {
        params: Vec<String>,
    },
}

/// What is to be observed after an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watched {
    /// These globals.
    pub(crate) globals: Vec<GlobalOf>,
    /// The digest of the state.
    pub(crate) digest: bool,
    /// The sums of the memories that are exported under these names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) memories: Vec<String>,
}

/// An exported global, with the type of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GlobalOf {
    pub(crate) export: String,
    pub(crate) value: String,
    pub(crate) mutable: bool,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallOf {
    pub(crate) export: String,
    pub(crate) args: Vec<String>,
    /// The types of the function, for engines that do not tell them.
    pub(crate) params: Vec<String>,
    pub(crate) results: Vec<String>,
}

/// A line from the engine. Everything but the number of the request is there only where it is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) id: u64,
    /// How an action ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Ending>,
    /// Why the engine cannot be asked this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// What it can do besides `hello` and `validate`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) can: Vec<String>,
    /// The number of a new instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<u64>,
    /// The values of globals, in the order in which they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) globals: Vec<Option<String>>,
    /// The sums of memories, in the order in which they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) memories: Vec<Option<MemorySum>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) host_calls: Vec<Noted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gas: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) executed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<DigestOf>,
    /// What a program has left behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<ProgramSeen>,
}

/// A call to a host function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gas_left: Option<u64>,
}

/// A digest of the state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DigestOf {
    pub(crate) memories: String,
    pub(crate) globals: String,
    pub(crate) tables: String,
}

/// An outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Ending {
    Returned {
        #[serde(default)]
        values: Vec<String>,
    },
    Trapped {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        site: Option<(u32, u32)>,
    },
    Threw {
        #[serde(default)]
        values: Vec<String>,
    },
    Exited {
        status: u32,
    },
    Exhausted {
        text: String,
    },
    HostError {
        text: String,
    },
    Rejected {
        phase: Phase,
        text: String,
        /// The kind of fault, by a name of the table of texts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
        /// The feature that is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<String>,
    },
    Crashed {
        text: String,
    },
    TimedOut,
}

/// What a module was refused in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    Malformed,
    Invalid,
    /// The engine does not tell which.
    MalformedOrInvalid,
    Unlinkable,
    Unsupported,
    Limit,
}

/// Bytes; base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes).map_err(serde::de::Error::custom)
    }
}

/// A value as text: its type, a colon, and what it is.
pub(crate) fn value_text(val: Val) -> String {
    val.to_record().to_string()
}

/// The values in texts.
pub(crate) fn values(texts: &[String]) -> Result<Vec<Val>, String> {
    texts.iter().map(|text| value(text)).collect()
}

/// The value in a text.
pub(crate) fn value(text: &str) -> Result<Val, String> {
    read_value(text).ok_or_else(|| format!("{text:?} is no value"))
}

fn read_value(text: &str) -> Option<Val> {
    let (ty, text) = text.split_once(':')?;
    let hex = |digits: usize| text.strip_prefix("0x").filter(|hex| hex.len() <= digits);
    Some(match ty {
        "i32" => Val::I32(text.parse().ok()?),
        "i64" => Val::I64(text.parse().ok()?),
        "f32" => Val::F32(u32::from_str_radix(hex(8)?, 16).ok()?),
        "f64" => Val::F64(u64::from_str_radix(hex(16)?, 16).ok()?),
        "v128" => Val::V128(u128::from_str_radix(hex(32)?, 16).ok()?),
        _ => {
            let kind = ValKind::from_name(ty).filter(|kind| kind.is_reference())?;
            if text == "null" {
                return Some(Val::Null(kind));
            }
            let number = |prefix: &str| text.strip_prefix(prefix)?.parse().ok();
            let val = Val::Ref(match text {
                "func" => RefKind::Func,
                "struct" => RefKind::Struct,
                "array" => RefKind::Array,
                "exn" => RefKind::Exn,
                "extern of internal" => RefKind::Externalised,
                _ if let Some(n) = number("extern:") => RefKind::Extern(n),
                _ if let Some(n) = number("host:") => RefKind::Host(n),
                _ if let Some(n) = number("i31:") => RefKind::I31(n),
                _ => return None,
            });
            return (val.kind() == kind).then_some(val);
        }
    })
}

/// The name of a kind of fault that the harness knows.
fn fault_name(name: &str) -> Option<&'static str> {
    let faults = Fault::ALL.iter().map(|fault| fault.name());
    faults.chain(["unknown-import", "incompatible-import"]).find(|known| *known == name)
}

/// Bytes of a text that an engine may say of an outcome: records and messages hold it.
const MOST_TEXT: usize = 4096;

/// What an engine said, to a length that can be shown.
fn short(mut text: String) -> String {
    if text.len() > MOST_TEXT {
        let (all, end) = (text.len(), text.floor_char_boundary(MOST_TEXT));
        text.truncate(end);
        text.push_str(&format!("… ({} bytes more)", all - end));
    }
    text
}

impl Ending {
    /// The outcome, as lines have it.
    pub(crate) fn of(outcome: &Outcome) -> Ending {
        let texts = |values: &[Val]| values.iter().map(|val| value_text(*val)).collect();
        match outcome {
            Outcome::Returned(values) => Ending::Returned { values: texts(values) },
            Outcome::Trapped { text, site } => Ending::Trapped { text: text.clone(), site: *site },
            Outcome::Threw(values) => Ending::Threw { values: texts(values) },
            Outcome::Exited(status) => Ending::Exited { status: *status },
            Outcome::Exhausted(text) => Ending::Exhausted { text: text.clone() },
            Outcome::HostError(text) => Ending::HostError { text: text.clone() },
            Outcome::Crashed(text) => Ending::Crashed { text: text.clone() },
            Outcome::TimedOut => Ending::TimedOut,
            Outcome::Rejected(rejection) => {
                let (phase, feature) = match rejection {
                    Rejection::Malformed(_) => (Phase::Malformed, None),
                    Rejection::Invalid(_) => (Phase::Invalid, None),
                    Rejection::MalformedOrInvalid(_) => (Phase::MalformedOrInvalid, None),
                    Rejection::Unlinkable(_) => (Phase::Unlinkable, None),
                    Rejection::Unsupported { feature, .. } => {
                        (Phase::Unsupported, Some(feature.clone()))
                    }
                    Rejection::Limit(_) => (Phase::Limit, None),
                };
                let (text, fault) = (rejection.message().to_owned(), rejection.kind());
                Ending::Rejected { phase, text, fault: fault.map(str::to_owned), feature }
            }
        }
    }

    /// The outcome.
    ///
    /// # Errors
    /// If it has values that are none.
    pub(crate) fn outcome(self) -> Result<Outcome, String> {
        Ok(match self {
            Ending::Returned { values: texts } => Outcome::Returned(values(&texts)?),
            Ending::Trapped { text, site } => Outcome::Trapped { text: short(text), site },
            Ending::Threw { values: texts } => Outcome::Threw(values(&texts)?),
            Ending::Exited { status } => Outcome::Exited(status),
            Ending::Exhausted { text } => Outcome::Exhausted(short(text)),
            Ending::HostError { text } => Outcome::HostError(short(text)),
            Ending::Crashed { text } => Outcome::Crashed(short(text)),
            Ending::TimedOut => Outcome::TimedOut,
            Ending::Rejected { phase, text, fault, feature } => {
                let text = short(text);
                let reason = Reason::new(fault.as_deref().and_then(fault_name), text.clone());
                Outcome::Rejected(match phase {
                    Phase::Malformed => Rejection::Malformed(reason),
                    Phase::Invalid => Rejection::Invalid(reason),
                    Phase::MalformedOrInvalid => Rejection::MalformedOrInvalid(reason),
                    Phase::Unlinkable => Rejection::Unlinkable(reason),
                    Phase::Unsupported => {
                        let feature = feature.unwrap_or_else(|| "unknown".to_owned());
                        Rejection::Unsupported { feature, message: text }
                    }
                    Phase::Limit => Rejection::Limit(text),
                })
            }
        })
    }
}

impl Answer {
    /// Whether the engine makes no further call of the same request.
    pub(crate) fn stops(&self) -> bool {
        matches!(
            self.outcome,
            Some(
                Ending::Exhausted { .. }
                    | Ending::Rejected { .. }
                    | Ending::Crashed { .. }
                    | Ending::TimedOut
            )
        )
    }

    /// What an action showed, as lines have it, without the globals and memories that were asked for.
    pub(crate) fn of_seen(id: u64, seen: &Seen) -> Answer {
        let noted = |call: &HostCall| Noted {
            module: call.module.clone(),
            name: call.name.clone(),
            args: call.args.iter().map(|val| value_text(*val)).collect(),
            gas_left: call.gas_left,
        };
        Answer {
            id,
            outcome: Some(Ending::of(&seen.outcome)),
            host_calls: seen.host_calls.iter().map(noted).collect(),
            gas: seen.gas,
            executed: seen.executed,
            digest: seen.digest.as_ref().map(DigestOf::of),
            ..Answer::default()
        }
    }

    /// What an action showed of what was asked for.
    ///
    /// # Errors
    /// If that is not in it.
    pub(crate) fn seen(self, watch: &Watched) -> Result<Seen, String> {
        let ending = self.outcome.ok_or("the answer has no outcome")?;
        let mut seen = Seen::ended(ending.outcome()?);
        answered("globals", watch.globals.len(), self.globals.len())?;
        answered("memories", watch.memories.len(), self.memories.len())?;
        for (of, text) in watch.globals.iter().zip(&self.globals) {
            if let Some(text) = text {
                seen.globals.push((of.export.clone(), value(text)?));
            }
        }
        for (name, sum) in watch.memories.iter().zip(self.memories) {
            seen.memories.extend(sum.map(|sum| (name.clone(), sum)));
        }
        for Noted { module, name, args, gas_left } in self.host_calls {
            seen.host_calls.push(HostCall { module, name, args: values(&args)?, gas_left });
        }
        let can_be_read = matches!(
            seen.outcome,
            Outcome::Returned(_) | Outcome::Trapped { .. } | Outcome::Threw(_)
        );
        if watch.digest && can_be_read && self.digest.is_none() {
            return Err("the answer has no digest, which it said that it has".to_owned());
        }
        seen.gas = self.gas;
        seen.executed = self.executed;
        seen.digest = self.digest.map(DigestOf::digest);
        Ok(seen)
    }
}

/// Whether there is an answer for each thing that was asked for, or for none: an outcome after which nothing can be read has none.
fn answered(what: &str, asked: usize, answered: usize) -> Result<(), String> {
    match answered {
        0 => Ok(()),
        _ if answered == asked => Ok(()),
        _ => Err(format!("the answer has {answered} {what}, and {asked} were asked for")),
    }
}

impl DigestOf {
    pub(crate) fn of(digest: &StateDigest) -> DigestOf {
        let StateDigest { memories, globals, tables } = digest.clone();
        DigestOf { memories, globals, tables }
    }

    pub(crate) fn digest(self) -> StateDigest {
        let DigestOf { memories, globals, tables } = self;
        StateDigest { memories, globals, tables }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_with_all_their_bits() {
        for val in [
            Val::I32(i32::MIN),
            Val::I64(-9_007_199_254_740_993),
            Val::F32(0xffa0_0001),
            Val::F64(0x7ff0_0000_0000_0001),
            Val::V128(u128::MAX - 5),
            Val::Null(ValKind::Exn),
            Val::Ref(RefKind::Extern(7)),
            Val::Ref(RefKind::Host(8)),
            Val::Ref(RefKind::I31(9)),
            Val::Ref(RefKind::Struct),
            Val::Ref(RefKind::Externalised),
        ] {
            assert_eq!(value(&value_text(val)), Ok(val));
        }
        for text in ["", "i32", "i32:x", "i32:4294967296", "f32:1.5", "f32:0x1ffffffff", "i8:0"] {
            assert!(value(text).is_err(), "{text}");
        }
        for text in ["funcref:struct", "i32:null", "anyref:i31:-1", "v128:7"] {
            assert!(value(text).is_err(), "{text}");
        }
    }

    #[test]
    fn requests_and_answers_are_one_line_each() {
        let watch = Watched { digest: true, ..Watched::default() };
        let ask = Ask::Instantiate { module: 3, imports: Vec::new(), watch };
        let line = serde_json::to_string(&Request { id: 1, ask }).unwrap();
        assert_eq!(
            line,
            r#"{"id":1,"do":"instantiate","module":3,"imports":[],"watch":{"globals":[],"digest":true}}"#
        );
        let again: Request = serde_json::from_str(&line).unwrap();
        assert!(matches!(again.ask, Ask::Instantiate { module: 3, .. }));
        let answer: Answer =
            serde_json::from_str(r#"{"id":2,"outcome":{"kind":"returned"},"more":[1]}"#).unwrap();
        assert_eq!(
            answer.seen(&Watched::default()),
            Ok(Seen::ended(Outcome::Returned(Vec::new())))
        );
    }
}
