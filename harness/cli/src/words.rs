//! The words of the command line, before they are understood.

use crate::args::Cli;
use crate::values;
use clap::CommandFactory;
use std::ffi::OsString;

/// The commands that take arguments of functions.
const WITH_ARGUMENTS: &[&str] = &["run", "diff"];

/// The words with which the program was called. Of the commands that take arguments of functions, `-inf` is an argument and
/// not four options, unless it is the value of an option.
pub(crate) fn words(mut words: Vec<OsString>) -> Vec<OsString> {
    let cli = Cli::command();
    let command = words.iter().enumerate().find_map(|(at, word)| {
        let found = cli.get_subcommands().find(|command| *word == *command.get_name())?;
        Some((at, found))
    });
    let Some((at, command)) = command.filter(|(_, c)| WITH_ARGUMENTS.contains(&c.get_name()))
    else {
        return words;
    };
    let takes_value = |word: &str| {
        let Some(name) = word.strip_prefix("--") else { return word == "-o" };
        let options = command.get_arguments().chain(cli.get_arguments());
        options
            .filter(|arg| arg.get_long() == Some(name))
            .any(|arg| arg.get_action().takes_values())
    };
    for i in at + 1..words.len() {
        let before = words[i - 1].to_str().unwrap_or_default();
        if before == "--" {
            break;
        }
        if !takes_value(before)
            && let Some(word) = words[i].to_str()
        {
            words[i] = values::protect(word).into();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_arguments_pass_and_values_of_options_stay() {
        let as_is = ["etalon", "run", "m.wat", "--invoke", "-5", "--stats"];
        let all = |text: &[&str]| words(text.iter().map(OsString::from).collect());
        assert_eq!(all(&as_is), as_is);
        let bench = ["etalon", "bench", "-5"];
        assert_eq!(all(&bench), bench);
        let escaped = ["etalon", "run", "m.wat", "--", "-5"];
        assert_eq!(all(&escaped), escaped);
        assert_eq!(
            all(&[
                "etalon", "--format", "json", "run", "m.wat", "--invoke", "f", "-inf", "--stats"
            ]),
            [
                "etalon",
                "--format",
                "json",
                "run",
                "m.wat",
                "--invoke",
                "f",
                "\u{2212}inf",
                "--stats"
            ]
        );
    }
}
