//! The command line's shape.

use crate::commands;
use crate::output::Format;
use clap::{Parser, Subcommand};

/// A WebAssembly engine, and a judge of WebAssembly engines.
///
/// The oracle executes the specification. The interpreter, the compiler, and any other engine are compared
/// with it.
#[derive(Debug, Parser)]
#[command(name = "etalon", bin_name = "etalon", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  etalon spec                             do all tiers conform?
  etalon run fib.wat --invoke fib 20      run a function
  etalon diff module.wasm                 do the tiers agree on a module?
  etalon fuzz --time 1m --seed 7          look for disagreements
  etalon report spec.json --out reports   render a record as HTML, Markdown, JUnit and JSON

A file that is named - is standard input; for `compile -o`, it is standard output.

Exit status: 0 all is as it should be; 1 there is a finding; 2 wrong usage, unreadable input, or
results that cannot be written; 3 an engine crashed or timed out. A run that a signal ended has
the status of what was found until then, or else 128 plus the signal.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a module: .wasm, .wat or an artefact
    Run(commands::run::Args),
    /// Decode and validate modules; errors name the place
    Validate(commands::validate::Args),
    /// Compile a module ahead of time to an artefact, which `run` accepts
    Compile(commands::compile::Args),
    /// Tell what a module imports, exports and needs, and whether a policy allows it
    Inspect(commands::inspect::Args),
    /// Tell of the cache of compiled code that `run` uses, and clear, trim or check it
    Cache(commands::cache::Args),
    /// Run the bundled official scripts and ours
    Spec(commands::spec::Args),
    /// Run .wast files, or folders of them
    Wast(commands::wast::Args),
    /// Run the same module on several engines and compare
    Diff(commands::diff::Args),
    /// Say what modules cost: snapshots of gas, what changed it, and where it goes
    Gas(commands::gas::Args),
    /// Run generated modules on several engines and compare
    Fuzz(commands::fuzz::Args),
    /// Make a module smaller in which engines differ
    Reduce(commands::reduce::Args),
    /// Name the instruction at which two engines part
    Localise(commands::localise::Args),
    /// Find modules that one engine accepts and another refuses
    Accepts(commands::accepts::Args),
    /// List the engines available here
    Engines(commands::engines::Args),
    /// Be an engine for others: answer requests on standard input, one JSON object a line
    Serve(commands::serve::Args),
    /// Measure the speed of engines on small kernels
    Bench(commands::bench::Args),
    /// Render records as HTML, Markdown, JUnit and JSON
    Report(commands::report::Args),
    /// Print what makes a shell complete these commands and their options
    Completions(commands::completions::Args),
    /// Write the manual pages of these commands
    Man(commands::man::Args),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// Columns that the help takes at most; a longer line of an example would be broken in the middle.
    const COLUMNS: usize = 98;

    #[test]
    fn no_example_is_broken() {
        let cli = Cli::command();
        for command in std::iter::once(&cli).chain(cli.get_subcommands()) {
            let texts = [command.get_after_help(), command.get_after_long_help()];
            for line in texts.into_iter().flatten().map(ToString::to_string) {
                for line in line.lines() {
                    assert!(line.chars().count() <= COLUMNS, "{}: {line}", command.get_name());
                }
            }
        }
    }
}
