//! The words of the command line, before they are understood.

use crate::args::Cli;
use crate::values;
use clap::CommandFactory;
use std::ffi::OsString;

/// The commands that take arguments of functions.
const WITH_ARGUMENTS: &[&str] = &["run", "diff", "reduce", "localise"];

/// A number of things: `1 module`, `2 modules`.
pub(crate) fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// The words with which the program was called. Of the commands that take arguments of functions, `-inf` is an argument and
/// not four options, unless it is the value of an option; and what follows `--invoke` is a name, however it begins.
pub(crate) fn words(mut words: Vec<OsString>) -> Vec<OsString> {
    // The parser's own command for help takes names of commands alone, and help is text in any format.
    if words.get(1).is_some_and(|word| word == "help") {
        while let Some(at) = words.iter().position(|word| word == "--format") {
            words.drain(at..words.len().min(at + 2));
        }
        words.retain(|word| !word.to_string_lossy().starts_with("--format="));
        return words;
    }
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
        let of_invoke = words[i].to_str().and_then(|word| word.strip_prefix("--invoke="));
        if let Some(name) = of_invoke {
            words[i] = format!("--invoke={}", values::protect_name(name)).into();
        } else if before == "--invoke" {
            if let Some(word) = words[i].to_str() {
                words[i] = values::protect_name(word).into();
            }
        } else if !takes_value(before)
            && let Some(word) = words[i].to_str()
        {
            words[i] = values::protect(word).into();
        }
    }
    let is_ours = |word: &str| {
        let name = word.strip_prefix("--").and_then(|name| name.split('=').next());
        let options = command.get_arguments().chain(cli.get_arguments());
        ["-h", "--help"].contains(&word)
            || options.filter_map(|arg| arg.get_long()).any(|long| Some(long) == name)
    };
    if command.get_name() == "run"
        && let Some(first) = first_argument(&words, at + 1, takes_value, is_ours)
    {
        words.insert(first, "--".into());
    }
    words
}

/// Where the first argument of a program is, if that is not said already: what follows it is the program's own. Arguments of a function
/// that is named are values, so an option may stand behind them.
fn first_argument(
    words: &[OsString],
    from: usize,
    takes_value: impl Fn(&str) -> bool,
    is_ours: impl Fn(&str) -> bool,
) -> Option<usize> {
    let (mut is_value, mut has_file) = (false, false);
    let mut plain = words.iter().enumerate().skip(from).filter(|(_, word)| {
        let word = word.to_str().unwrap_or_default();
        // Behind the module, an option that we do not have is the program's.
        let is_option = word.starts_with('-') && word.len() > 1 && (!has_file || is_ours(word));
        let counts = !is_value && !is_option || word == "--";
        is_value = !is_value && takes_value(word);
        has_file |= counts;
        counts
    });
    let (_, file) = plain.next()?;
    let (first, word) = plain.next()?;
    let is_invoke = |word: &OsString| word.to_string_lossy().starts_with("--invoke");
    let invokes = words[from..first].iter().any(is_invoke);
    (file != "--" && word != "--" && !invokes).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let all = [0, 1, 2].map(|n| counted(n, "call"));
        assert_eq!(all, ["0 calls", "1 call", "2 calls"]);
    }

    #[test]
    fn negative_arguments_pass_and_values_of_options_stay() {
        let all = |text: &[&str]| words(text.iter().map(OsString::from).collect());
        let as_is = ["etalon", "run", "m.wat", "--gas", "-5", "--stats"];
        assert_eq!(all(&as_is), as_is);
        assert_eq!(
            all(&["etalon", "diff", "m.wat", "--invoke", "--stats", "-5"])[4..],
            ["\u{2212}--stats", "\u{2212}5"]
        );
        let bench = ["etalon", "bench", "-5"];
        assert_eq!(all(&bench), bench);
        let own = ["etalon", "run", "--dir", "x", "m.wat", "a", "--stats"];
        assert_eq!(all(&own)[5..], ["--", "a", "--stats"]);
        let unknown = ["etalon", "run", "m.wat", "--stats", "-V", "--stats"];
        assert_eq!(all(&unknown)[3..], ["--stats", "--", "-V", "--stats"]);
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
