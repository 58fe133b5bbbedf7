//! A converted script as the text of a script.
//!
//! Nothing else has to know of JSON: what runs scripts runs what comes out here. Each command stands in the line that it had, so
//! that messages name the line of the script that was converted.

use super::values::{name_text, quoted, text_of};
use super::{JsonAction, JsonCommand, JsonForm, JsonModuleType, JsonScript};
use std::fmt::Write as _;

/// The text of a converted script, with its modules in it; `file` gives the contents of one of its files.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn script_of(
    script: &JsonScript,
    file: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<String, String> {
    let mut reader = Reader { text: String::new(), line: 1, file };
    script.commands.iter().try_for_each(|command| reader.command(command))?;
    reader.text.push('\n');
    Ok(reader.text)
}

struct Reader<'a> {
    text: String,
    /// The line that is being written.
    line: u32,
    file: &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
}

impl Reader<'_> {
    fn command(&mut self, command: &JsonCommand) -> Result<(), String> {
        while self.line < command.line {
            self.text.push('\n');
            self.line += 1;
        }
        let at = |error: String| format!("the command of line {}: {error}", command.line);
        if command.form == JsonForm::Thread {
            return self.thread(command);
        }
        let text = self.text_of(command).map_err(at)?;
        self.text.push_str(&text);
        self.text.push(' ');
        Ok(())
    }

    fn thread(&mut self, command: &JsonCommand) -> Result<(), String> {
        let name = named(command.name.as_deref());
        let _ = write!(self.text, "(thread{name} ");
        if let Some(shared) = &command.shared_module {
            let _ = write!(self.text, "(shared (module {})) ", name_text(shared));
        }
        command.commands.iter().flatten().try_for_each(|command| self.command(command))?;
        self.text.push_str(") ");
        Ok(())
    }

    fn text_of(&mut self, command: &JsonCommand) -> Result<String, String> {
        let text = || Ok::<_, String>(quoted(command.text.as_deref().ok_or("no text")?.as_bytes()));
        Ok(match command.form {
            JsonForm::Module => self.module(command, "module")?,
            JsonForm::ModuleDefinition => self.module(command, "module definition")?,
            JsonForm::ModuleInstance => {
                let (instance, module) = (command.instance.as_deref(), command.module.as_deref());
                format!("(module instance{}{})", named(instance), named(module))
            }
            JsonForm::Register => {
                let name = command.as_name.as_deref().ok_or("no name")?;
                format!("(register {}{})", quoted(name.as_bytes()), named(command.name.as_deref()))
            }
            JsonForm::Action => self.action(command)?,
            JsonForm::AssertReturn => {
                let results = command.expected.iter().flatten().map(text_of);
                let results = results.collect::<Result<Vec<_>, _>>()?;
                format!("(assert_return {} {})", self.action(command)?, results.join(" "))
            }
            JsonForm::AssertTrap => format!("(assert_trap {} {})", self.action(command)?, text()?),
            JsonForm::AssertExhaustion => {
                format!("(assert_exhaustion {} {})", self.action(command)?, text()?)
            }
            JsonForm::AssertException => format!("(assert_exception {})", self.action(command)?),
            JsonForm::AssertSuspension => {
                format!("(assert_suspension {} {})", self.action(command)?, text()?)
            }
            JsonForm::AssertMalformed
            | JsonForm::AssertMalformedCustom
            | JsonForm::AssertInvalid
            | JsonForm::AssertInvalidCustom
            | JsonForm::AssertUnlinkable
            | JsonForm::AssertUninstantiable => {
                let keyword = match command.form {
                    JsonForm::AssertMalformed => "assert_malformed",
                    JsonForm::AssertMalformedCustom => "assert_malformed_custom",
                    JsonForm::AssertInvalid => "assert_invalid",
                    JsonForm::AssertInvalidCustom => "assert_invalid_custom",
                    JsonForm::AssertUnlinkable => "assert_unlinkable",
                    _ => "assert_trap",
                };
                format!("({keyword} {} {})", self.module(command, "module")?, text()?)
            }
            JsonForm::Thread => return Err("a thread has commands".to_owned()),
            JsonForm::Wait => {
                let thread = command.thread.as_deref().ok_or("no thread")?;
                format!("(wait {})", name_text(thread))
            }
        })
    }

    fn module(&mut self, command: &JsonCommand, keyword: &str) -> Result<String, String> {
        let file = command.filename.as_deref().ok_or("no file of a module")?;
        let is_text = command.module_type == Some(JsonModuleType::Text);
        if is_text
            && matches!(command.form, JsonForm::AssertUnlinkable | JsonForm::AssertUninstantiable)
        {
            return self.inline(file);
        }
        let (how, contents) = self.contents(file, is_text)?;
        Ok(format!("({keyword}{} {how} {contents})", named(command.name.as_deref())))
    }

    fn contents(&mut self, file: &str, is_text: bool) -> Result<(&'static str, String), String> {
        let bytes = (self.file)(file)?;
        Ok((if is_text { "quote" } else { "binary" }, quoted(&bytes)))
    }

    /// A module as it stands, where a quoted one is not taken.
    fn inline(&mut self, file: &str) -> Result<String, String> {
        String::from_utf8((self.file)(file)?).map_err(|error| error.to_string())
    }

    fn action(&mut self, command: &JsonCommand) -> Result<String, String> {
        match command.action.as_ref().ok_or("no action")? {
            JsonAction::Invoke { module, field, args } => {
                let mut text =
                    format!("(invoke{} {}", named(module.as_deref()), quoted(field.as_bytes()));
                for arg in args {
                    text.push(' ');
                    text.push_str(&text_of(arg)?);
                }
                Ok(text + ")")
            }
            JsonAction::Get { module, field } => {
                Ok(format!("(get{} {})", named(module.as_deref()), quoted(field.as_bytes())))
            }
            JsonAction::Module { filename, module_type } => {
                if *module_type == JsonModuleType::Text {
                    return self.inline(filename);
                }
                let (how, contents) = self.contents(filename, false)?;
                Ok(format!("(module {how} {contents})"))
            }
        }
    }
}

/// A name with a space before it, if there is one.
fn named(name: Option<&str>) -> String {
    name.map(|name| format!(" {}", name_text(name))).unwrap_or_default()
}
