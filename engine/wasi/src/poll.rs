//! Waiting.

use crate::Errno;
use crate::abi::{Clock, Rights, SubclockFlags};
use crate::context::{Kind, WasiCtx};
use crate::guest::{Fail, Mem, word};
use crate::stdio::LOOKS;
use rustix::event::{Timespec, poll};
use std::collections::BTreeSet;

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;

/// What a subscription waits for.
enum Subject {
    /// A clock that says so much.
    Clock(Clock, u64),
    Read(u32),
    Write(u32),
    /// Nothing: it cannot be waited for.
    Wrong(Errno),
}

struct Subscription {
    userdata: u64,
    tag: u8,
    subject: Subject,
}

/// Something that happened.
struct Event {
    error: Errno,
    bytes: u64,
}

pub(crate) fn poll_oneoff(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (from, to, count) = (word(args[0]), word(args[1]), word(args[2]));
    mem.check(from, u64::from(count) * SUBSCRIPTION as u64, 8)?;
    mem.check(to, u64::from(count) * EVENT as u64, 8)?;
    mem.check(word(args[3]), 4, 4)?;
    if count == 0 || count > ctx.limits.subscriptions {
        return Err(Errno::Inval.into());
    }
    let bytes = mem.get(from, count * SUBSCRIPTION as u32)?;
    let mut subscriptions = Vec::with_capacity(count as usize);
    for bytes in bytes.chunks_exact(SUBSCRIPTION) {
        subscriptions.push(parse(ctx, bytes)?);
    }
    let events = wait(ctx, mem, &subscriptions)?;
    mem.put(to, &events)?;
    let count = u32::try_from(events.len() / EVENT).map_err(|_| Errno::Overflow)?;
    Ok(mem.put_u32(word(args[3]), count)?)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut number = [0; N];
    number.copy_from_slice(&bytes[at..at + N]);
    number
}

/// Reads a subscription. A kind that there is not fails the call; everything else that is wrong is an event.
fn parse(ctx: &mut WasiCtx, bytes: &[u8]) -> Result<Subscription, Errno> {
    let (userdata, tag) = (u64::from_le_bytes(number(bytes, 0)), bytes[8]);
    let first = u32::from_le_bytes(number(bytes, 16));
    let subject = match tag {
        0 => {
            let timeout = u64::from_le_bytes(number(bytes, 24));
            let flags = SubclockFlags::from_bits(u16::from_le_bytes(number(bytes, 40)));
            let flags = flags.ok_or(Errno::Inval)?;
            deadline(ctx, first, timeout, flags).unwrap_or_else(Subject::Wrong)
        }
        1 => Subject::Read(first),
        2 => Subject::Write(first),
        _ => return Err(Errno::Inval),
    };
    Ok(Subscription { userdata, tag, subject })
}

fn deadline(
    ctx: &WasiCtx,
    clock: u32,
    timeout: u64,
    flags: SubclockFlags,
) -> Result<Subject, Errno> {
    let clock = Clock::of(clock)?;
    if matches!(clock, Clock::ProcessCpu | Clock::ThreadCpu) {
        // While a guest waits, these stand still.
        return Err(Errno::Notsup);
    }
    let from = match flags.contains(SubclockFlags::ABSTIME) {
        true => 0,
        false => ctx.policy.counted(clock)?,
    };
    Ok(Subject::Clock(clock, from.saturating_add(timeout)))
}

/// Waits until something has happened, and gives the bytes of the events.
fn wait(ctx: &mut WasiCtx, mem: &Mem<'_>, subscriptions: &[Subscription]) -> Result<Vec<u8>, Fail> {
    mem.check_interrupt()?;
    let events = happened(ctx, subscriptions)?;
    if !events.is_empty() {
        return Ok(events);
    }
    let watched = Watched::of(subscriptions);
    loop {
        mem.check_interrupt()?;
        if watched.has_happened(ctx)? {
            let events = happened(ctx, subscriptions)?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        let mut least: Option<(Clock, u64, u64)> = None;
        for &(clock, until) in &watched.clocks {
            let left = until.saturating_sub(ctx.policy.counted(clock)?);
            if least.is_none_or(|(_, _, least)| left < least) {
                least = Some((clock, until, left));
            }
        }
        match least {
            // Nobody sleeps: the clock goes on.
            Some((clock, until, _)) if ctx.policy.is_deterministic() => {
                ctx.policy.advance(clock, until);
            }
            Some((_, _, left)) => sleep(left),
            None => sleep(u64::MAX),
        }
    }
}

/// What is looked at again and again while nothing happens, each once, however many subscriptions wait for it. Files never wait, so
/// these are two clocks and a few streams at most.
struct Watched {
    /// The clocks, each with the first time that is waited for.
    clocks: Vec<(Clock, u64)>,
    /// The descriptors, each for reading or for writing.
    descriptors: BTreeSet<(u32, bool)>,
}

impl Watched {
    fn of(subscriptions: &[Subscription]) -> Watched {
        let mut watched = Watched { clocks: Vec::new(), descriptors: BTreeSet::new() };
        for subscription in subscriptions {
            match subscription.subject {
                Subject::Clock(clock, until) => {
                    match watched.clocks.iter_mut().find(|(known, _)| *known == clock) {
                        Some((_, first)) => *first = until.min(*first),
                        None => watched.clocks.push((clock, until)),
                    }
                }
                Subject::Read(fd) => drop(watched.descriptors.insert((fd, false))),
                Subject::Write(fd) => drop(watched.descriptors.insert((fd, true))),
                Subject::Wrong(_) => {}
            }
        }
        watched
    }

    /// Whether any subscription has something to tell.
    fn has_happened(&self, ctx: &mut WasiCtx) -> Result<bool, Errno> {
        for &(clock, until) in &self.clocks {
            if ctx.policy.counted(clock)? >= until {
                return Ok(true);
            }
        }
        Ok(self.descriptors.iter().any(|&(fd, write)| ready(ctx, fd, write).is_some()))
    }
}

/// Sleeps so many nanoseconds, or until it is time to look for an interrupt.
fn sleep(nanoseconds: u64) {
    let most = u64::from(LOOKS.subsec_nanos());
    let time = Timespec { tv_sec: 0, tv_nsec: nanoseconds.min(most).cast_signed() };
    // To be woken early does no harm.
    let _ = poll(&mut [], Some(&time));
}

/// The events of what has happened until now.
fn happened(ctx: &mut WasiCtx, subscriptions: &[Subscription]) -> Result<Vec<u8>, Errno> {
    let mut events = Vec::new();
    for subscription in subscriptions {
        let event = match subscription.subject {
            Subject::Wrong(error) => Some(Event { error, bytes: 0 }),
            Subject::Clock(clock, until) => (ctx.policy.counted(clock)? >= until)
                .then_some(Event { error: Errno::Success, bytes: 0 }),
            Subject::Read(fd) => ready(ctx, fd, false),
            Subject::Write(fd) => ready(ctx, fd, true),
        };
        if let Some(event) = event {
            events.extend_from_slice(&subscription.userdata.to_le_bytes());
            events.extend_from_slice(&event.error.number().to_le_bytes());
            events.extend_from_slice(&[subscription.tag, 0, 0, 0, 0, 0]);
            events.extend_from_slice(&event.bytes.to_le_bytes());
            events.extend_from_slice(&[0; 8]);
        }
    }
    Ok(events)
}

/// Whether a descriptor can be read or written without waiting.
fn ready(ctx: &mut WasiCtx, fd: u32, write: bool) -> Option<Event> {
    let look = |ctx: &mut WasiCtx| -> Result<Option<u64>, Errno> {
        let descriptor = ctx.fds.get_mut(fd)?;
        let right = if write { Rights::FD_WRITE } else { Rights::FD_READ };
        if matches!(descriptor.kind, Kind::Folder(_)) || !descriptor.base.contains(right) {
            return Err(Errno::Badf);
        }
        descriptor.may(Rights::POLL_FD_READWRITE)?;
        match &mut descriptor.kind {
            Kind::Input(source) => Ok(source.ready()),
            Kind::Output(sink) => Ok(sink.ready().then_some(1)),
            Kind::File(_) if write => Ok(Some(1)),
            Kind::File(file) => Ok(Some(file.stat()?.size.saturating_sub(descriptor.offset))),
            Kind::Folder(_) => Err(Errno::Badf),
        }
    };
    match look(ctx) {
        Ok(bytes) => bytes.map(|bytes| Event { error: Errno::Success, bytes }),
        Err(error) => Some(Event { error, bytes: 0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guest that waits for the same things many times over keeps the host no busier.
    #[test]
    fn what_is_waited_for_often_is_looked_at_once() {
        let subject = |i: u32| match i % 4 {
            0 => Subject::Clock(Clock::Realtime, 1000 + u64::from(i)),
            1 => Subject::Clock(Clock::Monotonic, 9000 - u64::from(i)),
            2 => Subject::Read(0),
            _ => Subject::Write(i % 8 / 4 + 1),
        };
        let subscription = |i| Subscription { userdata: 0, tag: 0, subject: subject(i) };
        let watched = Watched::of(&(0..4096).map(subscription).collect::<Vec<_>>());
        assert_eq!(watched.clocks, [(Clock::Realtime, 1000), (Clock::Monotonic, 9000 - 4093)]);
        assert_eq!(watched.descriptors, BTreeSet::from([(0, false), (1, true), (2, true)]));
    }
}
