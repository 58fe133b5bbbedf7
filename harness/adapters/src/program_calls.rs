//! The calls of WASI functions that a program makes.

use crate::remote::{value, value_text};
use crate::value::Val;
use etalon_wasi::{Called, Errno, Param};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Calls that are kept as they are; the others are in the sums.
const MOST_CALLS: usize = 4096;

/// What stands in the sum for the number that a call returned, if the program ended with it.
const ENDED: u16 = u16::MAX;

/// The calls of WASI functions that a program has made. However many there are, it has a bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramCalls {
    /// How many there are.
    pub count: u64,
    /// The CRC-32 of all of them: of each its name, a zero byte, each argument in 8 bytes, and the returned number in 2 bytes, 65535 if
    /// the program ended with the call; the lowest byte first.
    pub crc32: u32,
    /// The CRC-32 of gas left at each of them, in 8 bytes, the lowest first; if the engine tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_crc32: Option<u32>,
    /// The first of them.
    pub first: Vec<ProgramCall>,
}

/// A call of a WASI function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramCall {
    /// The name of the function.
    pub name: String,
    /// The arguments.
    #[serde(serialize_with = "as_texts", deserialize_with = "from_texts")]
    pub args: Vec<Val>,
    /// The number that it returned; none if the program ended with the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<u16>,
    /// Gas left at the call, if metered with a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas_left: Option<u64>,
}

/// `fd_close(i32:9) = 8 BADF, gas left 99`
impl fmt::Display for ProgramCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(|arg| value_text(*arg)).collect();
        write!(f, "{}({})", self.name, args.join(" "))?;
        match self.errno {
            None => write!(f, ", which does not return")?,
            Some(number) => {
                write!(f, " = {number}")?;
                let errno = Errno::ALL.get(usize::from(number));
                if let Some(errno) = errno.filter(|_| number != 0) {
                    write!(f, " {}", format!("{errno:?}").to_uppercase())?;
                }
            }
        }
        match self.gas_left {
            Some(gas) => write!(f, ", gas left {gas}"),
            None => Ok(()),
        }
    }
}

impl ProgramCalls {
    /// Whether another engine's are the same; gas at them counts only where it is asked for.
    pub fn are(&self, other: &ProgramCalls, gas: bool) -> bool {
        let both = self.gas_crc32.zip(other.gas_crc32);
        let same_gas = !gas || both.is_none_or(|(own, other)| own == other);
        (self.count, self.crc32) == (other.count, other.crc32) && same_gas
    }

    /// The first call in which two engines differ, in words for each of them.
    pub fn difference(&self, other: &ProgramCalls, gas: bool) -> [String; 2] {
        let differs = |(a, b): (&ProgramCall, &ProgramCall)| {
            let same = (&a.name, &a.args, a.errno) == (&b.name, &b.args, b.errno);
            !same || (gas && a.gas_left != b.gas_left)
        };
        let kept = self.first.len().min(other.first.len());
        let at = self.first.iter().zip(&other.first).position(differs).unwrap_or(kept);
        [self, other].map(|calls| match calls.first.get(at) {
            Some(call) => format!("WASI call {at}: {call}"),
            None if calls.count <= at as u64 => format!("no WASI call {at}"),
            None => {
                let ProgramCalls { count, crc32, .. } = calls;
                format!("after WASI call {at}, in all {count} with CRC-32 {crc32:08x}")
            }
        })
    }
}

/// Sees the calls of a program, during its run and after it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallsWatch(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    count: u64,
    sum: crc32fast::Hasher,
    /// Gas left, and how many calls told it.
    gas: (crc32fast::Hasher, u64),
    first: Vec<ProgramCall>,
}

impl CallsWatch {
    /// Notes a call.
    pub(crate) fn note(&self, call: &Called<'_>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.count += 1;
        let errno = call.errno.map(Errno::number);
        noted.sum.update(call.function.name().as_bytes());
        noted.sum.update(&[0]);
        for (arg, param) in call.args.iter().zip(call.function.params()) {
            let arg = if *param == Param::I32 { *arg & u64::from(u32::MAX) } else { *arg };
            noted.sum.update(&arg.to_le_bytes());
        }
        noted.sum.update(&errno.unwrap_or(ENDED).to_le_bytes());
        if let Some(gas) = call.gas_left {
            noted.gas.0.update(&gas.to_le_bytes());
            noted.gas.1 += 1;
        }
        if noted.first.len() < MOST_CALLS {
            let args =
                call.args.iter().zip(call.function.params()).map(|(arg, param)| match param {
                    Param::I32 => Val::I32((*arg as u32).cast_signed()),
                    Param::I64 => Val::I64(arg.cast_signed()),
                });
            let (name, args) = (call.function.name().to_owned(), args.collect());
            noted.first.push(ProgramCall { name, args, errno, gas_left: call.gas_left });
        }
    }

    /// What was noted so far.
    pub(crate) fn seen(&self) -> ProgramCalls {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_metered = noted.count > 0 && noted.gas.1 == noted.count;
        ProgramCalls {
            count: noted.count,
            crc32: noted.sum.clone().finalize(),
            gas_crc32: is_metered.then(|| noted.gas.0.clone().finalize()),
            first: noted.first.clone(),
        }
    }
}

fn as_texts<S: Serializer>(args: &[Val], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(args.iter().map(|arg| value_text(*arg)))
}

fn from_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Val>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| value(text)).collect::<Result<_, _>>().map_err(de::Error::custom)
}
