//! Requests, each of which is answered by a script of all that its session has done and of what is asked.

use super::FLAGS;
use super::output::{Said, said};
use super::script::{Command, Inherited, Running};
use super::session::{Inside, Session};
use super::small::{CHUNK, OURS, caller, memory, reader};
use super::state::keeps_nothing;
use super::values::{argument, values_of};
use crate::memory::MemorySum;
use crate::remote::protocol::{
    Answer, Ask, Bytes, CallOf, Ending, Given, GlobalOf, Phase, Request, VERSION, Watched,
};
use etalon::Features;
use etalon::unstable::module::{ExternType, Module};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process;

/// Pages of the largest memory that is read.
const MOST_PAGES: u64 = (MemorySum::MOST >> 16) as u64;

/// What ends a session by its stack: the texts that it then gives for a trap.
const EXHAUSTED: &[&str] = &["call stack exhausted", "value stack exhausted"];

/// What it says in place of a trap of what it only validates.
const NOT_IMPLEMENTED: &str = "not implemented";

/// Answers requests from standard input until it ends, or asks for that.
pub(super) fn serve(program: &Path, output: &File) -> io::Result<()> {
    // Each module of a session is an open file.
    let files = getrlimit(Resource::Nofile);
    _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let version = process::Command::new(program).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let flags = FLAGS.iter().map(|(_, on, _)| *on).filter(|flag| !flag.is_empty()).collect();
    let modules = BTreeMap::new();
    let (session, folder) = (Session::new()?, program);
    let mut server = Server { program: folder, output, version, flags, modules, session };
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?) {
            Ok(Request { ask: Ask::Quit, .. }) => break,
            Ok(Request { id, ask }) => server.answer(id, ask)?,
            Err(error) => {
                let error = Some(format!("that is no request: {error}"));
                server.say(&Answer { error, ..Answer::default() })?;
            }
        }
    }
    Ok(())
}

struct Server<'a> {
    program: &'a Path,
    output: &'a File,
    version: String,
    flags: Vec<&'static str>,
    modules: BTreeMap<u64, Vec<u8>>,
    session: Session,
}

/// A call, and what is to be seen of it.
struct Plan {
    command: Command,
    results: Vec<String>,
    /// What reads each global that is watched, with its type; `None` if nothing can.
    globals: Vec<Option<(Command, String)>>,
}

impl Plan {
    /// How many lines it gives.
    fn lines(&self) -> usize {
        1 + self.globals.iter().flatten().count()
    }
}

/// Why nothing is asked.
fn unsupported(what: &str) -> Answer {
    let (feature, text) = ("wasm-interp".to_owned(), format!("its scripts have no way for {what}"));
    let phase = Phase::Unsupported;
    ended(Ending::Rejected { phase, text, fault: None, feature: Some(feature) })
}

fn ended(ending: Ending) -> Answer {
    Answer { outcome: Some(ending), ..Answer::default() }
}

fn returned() -> Answer {
    ended(Ending::Returned { values: Vec::new() })
}

fn stopped(text: String) -> Ending {
    if text == NOT_IMPLEMENTED {
        let (phase, feature) = (Phase::Unsupported, Some("wasm-interp".to_owned()));
        return Ending::Rejected { phase, text, fault: None, feature };
    }
    match EXHAUSTED.contains(&text.as_str()) {
        true => Ending::Exhausted { text },
        false => Ending::Trapped { text, site: None },
    }
}

impl Server<'_> {
    fn say(&self, answer: &Answer) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        let mut output = self.output;
        output.write_all(&line)
    }

    fn answer(&mut self, id: u64, ask: Ask) -> io::Result<()> {
        let answer = match ask {
            Ask::Invoke { instance, calls, watch } => {
                return self.invoke(id, instance, &calls, &watch);
            }
            Ask::Hello { .. } => Answer {
                protocol: Some(VERSION),
                name: Some("wabt".to_owned()),
                version: Some(self.version.clone()),
                can: ["open", "prepare", "instantiate", "memories"].map(str::to_owned).to_vec(),
                ..Answer::default()
            },
            Ask::Open { features, .. } => {
                let flag = |(name, on, off): &(&str, &'static str, &'static str)| {
                    if features.iter().any(|feature| feature == name) { *on } else { *off }
                };
                self.flags = FLAGS.iter().map(flag).filter(|flag| !flag.is_empty()).collect();
                self.modules.clear();
                self.session = Session::new()?;
                returned()
            }
            Ask::Validate { wasm: Bytes(wasm) } => self.validate(&wasm)?,
            Ask::Prepare { module, wasm: Bytes(wasm) } => {
                let answer = self.validate(&wasm)?;
                self.modules.insert(module, wasm);
                answer
            }
            Ask::Forget { modules } => {
                self.modules.retain(|number, _| !modules.contains(number));
                returned()
            }
            Ask::Reset => {
                self.session = Session::new()?;
                returned()
            }
            Ask::Instantiate { module, imports, watch } => {
                self.instantiate(module, &imports, &watch)?
            }
            Ask::Global { instance, global } => match self.global(instance, &global)? {
                Some(value) => ended(Ending::Returned { values: vec![value] }),
                None => unsupported("this global"),
            },
            Ask::Memory { instance, memory } => {
                Answer { memories: self.memories(instance, &[memory])?, ..returned() }
            }
            Ask::Digest | Ask::Program { .. } | Ask::Left | Ask::Quit => {
                Answer { error: Some("it cannot do that".to_owned()), ..Answer::default() }
            }
        };
        self.say(&Answer { id, ..answer })
    }

    /// Starts a script of what was done, and of commands.
    fn start(&self, more: &[Command]) -> io::Result<Running> {
        Running::start(self.program, &self.flags, self.session.commands.iter().chain(more))
    }

    fn validate(&self, wasm: &[u8]) -> io::Result<Answer> {
        let file = Inherited::new(wasm)?;
        let mut running =
            Running::start(self.program, &self.flags, std::iter::once(&Command::validate(&file)))?;
        let mut is_invalid = false;
        let mut why = Vec::new();
        while let Some(line) = running.line(self.output)? {
            match said(&line) {
                Some(Said::Valid) => return Ok(returned()),
                Some(Said::Invalid) => is_invalid = true,
                _ if is_invalid && line.starts_with("  ") => {
                    let reason = line.split_once("error: ").map_or(line.as_str(), |(_, why)| why);
                    why.push(reason.trim().to_owned());
                }
                _ => {}
            }
        }
        running.ended()?;
        let (phase, text) = (Phase::MalformedOrInvalid, why.join("; "));
        Ok(ended(Ending::Rejected { phase, text, fault: None, feature: None }))
    }

    fn instantiate(
        &mut self,
        number: u64,
        imports: &[Given],
        watch: &Watched,
    ) -> io::Result<Answer> {
        let Some(wasm) = self.modules.get(&number).cloned() else {
            let error = Some(format!("there is no module {number}"));
            return Ok(Answer { error, ..Answer::default() });
        };
        let before = self.session.mark();
        if !self.session.provide(imports)? {
            self.session.back_to(before);
            return Ok(unsupported("an import"));
        }
        let (first, last) = (before.commands, self.session.commands.len() + 1);
        let instance = self.session.instances.len();
        let name = format!("i{}", self.session.files.len());
        self.session.load(&wasm, &name)?;
        let (mut skip, mut notes) = (self.session.calls, VecDeque::new());
        let (mut refused, mut is_whole) = (None, false);
        let mut running = self.start(&[])?;
        while let Some(line) = running.line(self.output)? {
            match said(&line) {
                Some(Said::Refused(line, why)) if line > first => {
                    refused = refused.or(Some((line, why)));
                }
                Some(Said::Returned(_) | Said::Stopped(_)) => {
                    skip = skip.saturating_sub(1);
                    notes.clear();
                }
                Some(Said::Noted(number)) if skip == 0 => notes.push_back(number),
                Some(Said::Done) => is_whole = true,
                _ => {}
            }
        }
        running.ended()?;
        if !is_whole && refused.is_none() {
            return Err(io::Error::other("it ended before the script did"));
        }
        let host_calls = self.session.host_calls(&mut notes);
        if let Some((line, why)) = refused {
            // The program ends at what names no instance. What the module itself did stays done.
            if line < last {
                self.session.back_to(before);
            } else {
                self.session.mark_end()?;
            }
            return Ok(Answer { host_calls, ..ended(stopped(why)) });
        }
        self.session.commands.push(Command::register(&name, &format!("{OURS}{instance}")));
        self.session.mark_end()?;
        let keeps_nothing = keeps_nothing(&wasm);
        self.session.instances.push(Inside { keeps_nothing, wasm });
        let instance = instance as u64;
        let globals: io::Result<Vec<_>> =
            watch.globals.iter().map(|global| self.global(instance, global)).collect();
        let memories = self.memories(instance, &watch.memories)?;
        let (instance, globals) = (Some(instance), globals?);
        Ok(Answer { instance, host_calls, globals, memories, ..returned() })
    }

    /// What reads a global, with its type; `None` if nothing can.
    fn reader(
        &mut self,
        instance: u64,
        global: &GlobalOf,
    ) -> io::Result<Option<(Command, String)>> {
        let GlobalOf { export, value, mutable } = global;
        let Some(text) = reader(&format!("{OURS}{instance}"), export, value, *mutable) else {
            return Ok(None);
        };
        Ok(Some((Command::call(&self.session.small(&text)?, &[]), value.clone())))
    }

    /// What makes a call; `None` if a value cannot pass.
    fn plan(&mut self, instance: u64, of: &CallOf, watch: &Watched) -> io::Result<Option<Plan>> {
        let from = format!("{OURS}{instance}");
        let args: Option<Vec<_>> = of.args.iter().map(|arg| argument(arg)).collect();
        let text = caller(&from, &of.export, &of.params, &of.results);
        let (Some(args), Some(text)) = (args, text) else { return Ok(None) };
        let command = Command::call(&self.session.small(&text)?, &args.concat());
        let globals: io::Result<Vec<_>> =
            watch.globals.iter().map(|global| self.reader(instance, global)).collect();
        Ok(Some(Plan { command, results: of.results.clone(), globals: globals? }))
    }

    /// Makes calls, and gives an answer to each.
    fn invoke(
        &mut self,
        id: u64,
        instance: u64,
        calls: &[CallOf],
        watch: &Watched,
    ) -> io::Result<()> {
        let together = if watch.memories.is_empty() { calls.len() } else { 1 };
        for calls in calls.chunks(together.max(1)) {
            let mut plans = Vec::new();
            for call in calls {
                let Some(plan) = self.plan(instance, call, watch)? else { break };
                plans.push(plan);
            }
            let mut goes_on = self.make(id, instance, &plans, watch)?;
            if goes_on && plans.len() < calls.len() {
                goes_on = false;
                self.say(&Answer { id, ..unsupported("a value") })?;
            }
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Makes calls, gives an answer to each, and says whether more may be made.
    fn make(
        &mut self,
        id: u64,
        instance: u64,
        plans: &[Plan],
        watch: &Watched,
    ) -> io::Result<bool> {
        let mut more = Vec::new();
        for plan in plans {
            more.push(plan.command.clone());
            more.extend(plan.globals.iter().flatten().map(|(command, _)| command.clone()));
        }
        let mut running = self.start(&more)?;
        let mut skip = self.session.calls;
        let mut goes_on = true;
        for plan in plans {
            let mut notes = VecDeque::new();
            let mut lines = Vec::new();
            while lines.len() < plan.lines() {
                let Some(line) = running.line(self.output)? else {
                    running.ended()?;
                    return Err(io::Error::other("it ended before all calls were made"));
                };
                match said(&line) {
                    Some(Said::Returned(_) | Said::Stopped(_)) if skip > 0 => {
                        skip -= 1;
                        notes.clear();
                    }
                    Some(ended @ (Said::Returned(_) | Said::Stopped(_))) => lines.push(ended),
                    Some(Said::Noted(number)) => notes.push_back(number),
                    _ => {}
                }
                let is_exhausted = |ended: &Said| matches!(ended, Said::Stopped(text) if EXHAUSTED.contains(&text.as_str()) || text == NOT_IMPLEMENTED);
                goes_on = !lines.first().is_some_and(is_exhausted);
                if !goes_on {
                    break;
                }
            }
            let mut answer = self.seen(plan, &lines, &mut notes)?;
            if !self.keeps_nothing(instance) {
                self.session.commands.push(plan.command.clone());
                self.session.calls += 1;
            }
            if goes_on && !watch.memories.is_empty() {
                answer.memories = self.memories(instance, &watch.memories)?;
            }
            self.say(&Answer { id, ..answer })?;
            if !goes_on {
                break;
            }
        }
        Ok(goes_on)
    }

    /// What was seen of a call.
    fn seen(&self, plan: &Plan, lines: &[Said], notes: &mut VecDeque<u32>) -> io::Result<Answer> {
        let wrong = || io::Error::other("it gave values of other types");
        let mut lines = lines.iter();
        let ending = match lines.next() {
            Some(Said::Returned(passed)) => {
                Ending::Returned { values: values_of(&plan.results, passed).ok_or_else(wrong)? }
            }
            Some(Said::Stopped(text)) => stopped(text.clone()),
            _ => return Err(wrong()),
        };
        let mut answer = ended(ending);
        answer.host_calls = self.session.host_calls(notes);
        for global in &plan.globals {
            let value = global.as_ref().and_then(|(_, ty)| match lines.next() {
                Some(Said::Returned(passed)) => values_of(std::slice::from_ref(ty), passed)?.pop(),
                _ => None,
            });
            answer.globals.push(value);
        }
        Ok(answer)
    }

    fn keeps_nothing(&self, instance: u64) -> bool {
        let inside = usize::try_from(instance).ok().and_then(|at| self.session.instances.get(at));
        inside.is_some_and(|inside| inside.keeps_nothing)
    }

    /// What commands give that leave nothing behind.
    fn show(&self, commands: &[Command]) -> io::Result<Vec<Said>> {
        let mut running = self.start(commands)?;
        let mut lines = Vec::new();
        while let Some(line) = running.line(self.output)? {
            lines.extend(
                said(&line).filter(|said| matches!(said, Said::Returned(_) | Said::Stopped(_))),
            );
        }
        running.ended()?;
        Ok(lines.split_off(self.session.calls.min(lines.len())))
    }

    /// What a global holds.
    fn global(&mut self, instance: u64, global: &GlobalOf) -> io::Result<Option<String>> {
        let Some((command, ty)) = self.reader(instance, global)? else { return Ok(None) };
        let lines = self.show(&[command])?;
        let Some(Said::Returned(passed)) = lines.first() else { return Ok(None) };
        Ok(values_of(&[ty], passed).and_then(|mut values| values.pop()))
    }

    /// The sums of memories.
    fn memories(&mut self, instance: u64, names: &[String]) -> io::Result<Vec<Option<MemorySum>>> {
        names.iter().map(|name| self.memory(instance, name)).collect()
    }

    fn memory(&mut self, instance: u64, name: &str) -> io::Result<Option<MemorySum>> {
        let Some((address, shared)) = self.memory_type(instance, name) else { return Ok(None) };
        let texts = memory(&format!("{OURS}{instance}"), name, address, shared);
        let [size, bytes] = [self.session.small(&texts[0])?, self.session.small(&texts[1])?];
        let number = |value: Option<&Said>| match value {
            Some(Said::Returned(passed)) => passed.first()?.1.parse::<u64>().ok(),
            _ => None,
        };
        let pages = number(self.show(&[Command::call(&size, &[])])?.first());
        let Some(pages) = pages.filter(|pages| *pages <= MOST_PAGES) else { return Ok(None) };
        let at = |chunk: u64| (address, (chunk * CHUNK).to_string());
        let chunks = pages * (65_536 / CHUNK);
        let commands: Vec<Command> =
            (0..chunks).map(|chunk| Command::call(&bytes, &[at(chunk)])).collect();
        let mut hasher = crc32fast::Hasher::new();
        let mut read = 0;
        for line in self.show(&commands)? {
            let Said::Returned(words) = line else { return Ok(None) };
            for (_, word) in words {
                let Ok(word) = word.parse::<u64>() else { return Ok(None) };
                hasher.update(&word.to_le_bytes());
                read += 8;
            }
        }
        let sum = MemorySum { bytes: read, crc32: hasher.finalize() };
        Ok((read == pages << 16).then_some(sum))
    }

    /// The type of addresses of an exported memory, and whether it is shared.
    fn memory_type(&self, instance: u64, export: &str) -> Option<(&'static str, bool)> {
        let inside = self.session.instances.get(usize::try_from(instance).ok()?)?;
        let module = Module::new(&inside.wasm, Features::all()).ok()?;
        let export = module.exports.iter().find(|found| found.name == export)?;
        match module.export_type(export) {
            ExternType::Memory(ty) if ty.page_size_log2 == 16 => {
                let wide = ty.addr == etalon::unstable::module::AddrType::I64;
                Some((if wide { "i64" } else { "i32" }, ty.shared))
            }
            _ => None,
        }
    }
}
