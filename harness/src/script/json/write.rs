//! A script as JSON.

use super::values::{argument, result};
use super::{JsonAction, JsonCommand, JsonForm, JsonModuleType, JsonScript};
use crate::script::encode::{EncodeError, encode};
use crate::script::parse::{Lines, with_script};
use crate::script::select::last_part;
use crate::script::source::{ScriptError, ScriptSource};
use crate::script::unfold::unfold;
use wast::lexer::{Lexer, TokenKind};
use wast::token::{Id, Span};
use wast::{QuoteWat, QuoteWatTest, WastDirective, WastExecute, WastInvoke, WastThread};

/// A script that was converted, with the files of its modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The script.
    pub script: JsonScript,
    /// The files that it names, in order.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Converted {
    /// The script as text: one line for each command, as `wast2json` writes it.
    ///
    /// # Panics
    /// Never: commands are JSON.
    pub fn to_json(&self) -> String {
        let json = |command: &JsonCommand| {
            format!("  {}", serde_json::to_string(command).expect("commands are JSON"))
        };
        let commands: Vec<String> = self.script.commands.iter().map(json).collect();
        let source = serde_json::Value::from(self.script.source_filename.as_str());
        let commands = commands.join(",\n");
        by_numbers(&format!(
            "{{\"source_filename\": {source},\n \"commands\": [\n{commands}\n]}}\n"
        ))
    }
}

/// The same JSON with no escape but those by number, because the reader of wabt knows no other.
fn by_numbers(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut characters = json.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let code = match characters.next() {
            Some('u') | None => {
                text.push_str("\\u");
                continue;
            }
            Some('b') => 0x08,
            Some('t') => 0x09,
            Some('n') => 0x0a,
            Some('f') => 0x0c,
            Some('r') => 0x0d,
            Some(other) => u32::from(other),
        };
        text.push_str(&format!("\\u{code:04x}"));
    }
    text
}

/// Converts a script. Its files have the names `STEM.N.wasm` and `STEM.N.wat`, where `STEM` is that of the script.
///
/// # Errors
/// If the text is not a script, or it has modules or values of components.
pub fn convert(source: &ScriptSource) -> Result<Converted, ScriptError> {
    let name = last_part(&source.file);
    // What was converted already keeps its name.
    let stem = name.strip_suffix(".wast").or_else(|| name.strip_suffix(".json"));
    let stem = stem.unwrap_or(name).to_owned();
    let text = unfold(&source.text);
    with_script(source, |script, lines| {
        let mut writer = Writer { text: &text, lines, stem, next: 0, files: Vec::new() };
        let commands = script.directives.into_iter().map(|directive| {
            let span = directive.span();
            let (line, column) = span.linecol_in(&text);
            writer.command(directive).map_err(|message| ScriptError::Syntax {
                file: source.origin.clone(),
                line: line as u32 + 1,
                column: column as u32 + 1,
                message: message.to_owned(),
            })
        });
        let commands = commands.collect::<Result<_, _>>()?;
        let script = JsonScript { source_filename: source.file.clone(), commands };
        Ok(Converted { script, files: writer.files })
    })?
}

struct Writer<'a> {
    text: &'a str,
    lines: &'a Lines<'a>,
    stem: String,
    /// The number of the next module.
    next: usize,
    files: Vec<(String, Vec<u8>)>,
}

/// Why something has no such form.
type Refused = &'static str;

impl Writer<'_> {
    fn command(&mut self, directive: WastDirective<'_>) -> Result<JsonCommand, Refused> {
        let line = self.lines.line(directive.span());
        let command = |form| blank(form, line);
        let with_text =
            |form, text: &str| JsonCommand { text: Some(text.to_owned()), ..blank(form, line) };
        Ok(match directive {
            WastDirective::Module(module) => self.module(command(JsonForm::Module), module)?,
            WastDirective::ModuleDefinition(module) => {
                self.module(command(JsonForm::ModuleDefinition), module)?
            }
            WastDirective::ModuleInstance { instance, module, .. } => JsonCommand {
                instance: instance.map(name),
                module: module.map(name),
                ..command(JsonForm::ModuleInstance)
            },
            WastDirective::Register { name: as_name, module, .. } => JsonCommand {
                name: module.map(name),
                as_name: Some(as_name.to_owned()),
                ..command(JsonForm::Register)
            },
            WastDirective::AssertMalformed { module, message, .. } => {
                self.module(with_text(JsonForm::AssertMalformed, message), module)?
            }
            WastDirective::AssertMalformedCustom { module, message, .. } => {
                self.module(with_text(JsonForm::AssertMalformedCustom, message), module)?
            }
            WastDirective::AssertInvalid { module, message, .. } => {
                self.module(with_text(JsonForm::AssertInvalid, message), module)?
            }
            WastDirective::AssertInvalidCustom { module, message, .. } => {
                self.module(with_text(JsonForm::AssertInvalidCustom, message), module)?
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                self.module(with_text(JsonForm::AssertUnlinkable, message), QuoteWat::Wat(module))?
            }
            WastDirective::AssertTrap { exec: WastExecute::Wat(module), message, .. } => {
                let command = with_text(JsonForm::AssertUninstantiable, message);
                self.module(command, QuoteWat::Wat(module))?
            }
            WastDirective::Thread(thread) => self.thread(command(JsonForm::Thread), thread)?,
            WastDirective::Wait { thread, .. } => {
                JsonCommand { thread: Some(name(thread)), ..command(JsonForm::Wait) }
            }
            other => self.action(line, other)?,
        })
    }

    /// A directive with an action.
    fn action(&mut self, line: u32, directive: WastDirective<'_>) -> Result<JsonCommand, Refused> {
        let (form, exec, text, results) = match directive {
            WastDirective::Invoke(invoke) => {
                (JsonForm::Action, WastExecute::Invoke(invoke), None, Vec::new())
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                (JsonForm::AssertReturn, exec, None, results)
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                (JsonForm::AssertTrap, exec, Some(message), Vec::new())
            }
            WastDirective::AssertSuspension { exec, message, .. } => {
                (JsonForm::AssertSuspension, exec, Some(message), Vec::new())
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let exec = WastExecute::Invoke(call);
                (JsonForm::AssertExhaustion, exec, Some(message), Vec::new())
            }
            WastDirective::AssertException { exec, .. } => {
                (JsonForm::AssertException, exec, None, Vec::new())
            }
            _ => return Err("this command has no such form"),
        };
        let action = match exec {
            WastExecute::Invoke(invoke) => invoked(&invoke)?,
            WastExecute::Get { module, global, .. } => {
                JsonAction::Get { module: module.map(name), field: global.to_owned() }
            }
            WastExecute::Wat(module) => {
                let file = self.file(QuoteWat::Wat(module))?;
                JsonAction::Module { filename: file.name, module_type: file.ty }
            }
        };
        // Where nothing is expected the list is empty, because the reader of wabt demands it.
        let expected = results.iter().map(result).collect::<Result<_, _>>()?;
        Ok(JsonCommand {
            action: Some(action),
            text: text.map(str::to_owned),
            expected: Some(expected),
            ..blank(form, line)
        })
    }

    fn thread(
        &mut self,
        command: JsonCommand,
        thread: WastThread<'_>,
    ) -> Result<JsonCommand, Refused> {
        let commands = thread.directives.into_iter().map(|directive| self.command(directive));
        Ok(JsonCommand {
            commands: Some(commands.collect::<Result<_, _>>()?),
            name: Some(name(thread.name)),
            shared_module: thread.shared_module.map(name),
            ..command
        })
    }

    fn module(
        &mut self,
        command: JsonCommand,
        mut module: QuoteWat<'_>,
    ) -> Result<JsonCommand, Refused> {
        let name = module.name().map(name);
        // A malformed text has no binary.
        let is_text = matches!(module, QuoteWat::QuoteModule(..));
        let binary = (is_text && command.form != JsonForm::AssertMalformed)
            .then(|| encode(&mut module).ok())
            .flatten();
        let file = self.file(module)?;
        let binary_filename = binary.map(|bytes| {
            let name = format!("{}.{}.wasm", self.stem, self.next - 1);
            self.files.push((name.clone(), bytes));
            name
        });
        // The reader of wabt knows the type of a module only where one is refused.
        let is_plain =
            matches!(command.form, JsonForm::Module) && file.ty == JsonModuleType::Binary;
        Ok(JsonCommand {
            name,
            filename: Some(file.name),
            module_type: (!is_plain).then_some(file.ty),
            binary_filename,
            ..command
        })
    }

    /// Adds the file of a module.
    fn file(&mut self, mut module: QuoteWat<'_>) -> Result<ModuleFile, Refused> {
        let (ty, bytes) = match &mut module {
            QuoteWat::QuoteModule(..) => match module.to_test() {
                Ok(QuoteWatTest::Text(mut bytes)) => {
                    // What joins the strings stands behind the last one too, and would once more each time.
                    bytes.pop_if(|last| *last == b' ');
                    (JsonModuleType::Text, bytes)
                }
                Ok(QuoteWatTest::Binary(bytes)) => (JsonModuleType::Binary, bytes),
                Err(_) => return Err("a string that is no text"),
            },
            _ => {
                let span = match &module {
                    QuoteWat::Wat(wat) => wat.span(),
                    QuoteWat::QuoteModule(span, ..) | QuoteWat::QuoteComponent(span, ..) => *span,
                };
                match encode(&mut module) {
                    Ok(bytes) => (JsonModuleType::Binary, bytes),
                    Err(EncodeError::Component) => return Err("components have no such form"),
                    // A name in it means nothing, so it is kept as it stands.
                    Err(EncodeError::Text(_)) => {
                        (JsonModuleType::Text, self.text_at(span).as_bytes().to_vec())
                    }
                }
            }
        };
        let extension = if ty == JsonModuleType::Text { "wat" } else { "wasm" };
        let name = format!("{}.{}.{extension}", self.stem, self.next);
        self.next += 1;
        self.files.push((name.clone(), bytes));
        Ok(ModuleFile { name, ty })
    }

    /// The text in parentheses that begins at a place, or just before it.
    fn text_at(&self, span: Span) -> &str {
        let start = self.text[..=span.offset()].rfind('(').unwrap_or(0);
        let mut lexer = Lexer::new(self.text);
        lexer.allow_confusing_unicode(true);
        let (mut at, mut depth) = (start, 0usize);
        while let Ok(Some(token)) = lexer.parse(&mut at) {
            match token.kind {
                TokenKind::LParen => depth += 1,
                TokenKind::RParen => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        &self.text[start..at]
    }
}

struct ModuleFile {
    name: String,
    ty: JsonModuleType,
}

fn invoked(invoke: &WastInvoke<'_>) -> Result<JsonAction, Refused> {
    Ok(JsonAction::Invoke {
        module: invoke.module.map(name),
        field: invoke.name.to_owned(),
        args: invoke.args.iter().map(argument).collect::<Result<_, _>>()?,
    })
}

fn name(id: Id<'_>) -> String {
    format!("${}", id.name())
}

fn blank(form: JsonForm, line: u32) -> JsonCommand {
    JsonCommand {
        form,
        line,
        name: None,
        instance: None,
        module: None,
        shared_module: None,
        thread: None,
        filename: None,
        as_name: None,
        action: None,
        text: None,
        module_type: None,
        binary_filename: None,
        expected: None,
        commands: None,
    }
}
