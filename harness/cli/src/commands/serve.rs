//! `etalon serve`

use crate::exit::Status;
use anyhow::{Context, Result};
use etalon_adapters::{adapter_here, answers, bridged, give_back, serve};
use std::io::{self, BufWriter};

/// Arguments of `etalon serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon serve --engine interp                          requests on standard input
  etalon diff m.wasm --engine oracle,'cmd:ssh host etalon serve --engine jit'
                                                        another machine is an engine, too

The protocol is described in docs/engine-protocol.md.")]
pub(crate) struct Args {
    /// The engine, by its name (see `etalon engines`); one that runs in this process
    #[arg(long, alias = "tier", value_name = "NAME", default_value = "auto")]
    pub engine: String,
}

pub(crate) fn run(args: &Args) -> Result<Status> {
    // Before the engine is there: a library may print what is no answer.
    let output = answers().context("standard output cannot be kept for answers")?;
    if let Some(ended) = bridged(&args.engine, &output) {
        ended?;
        return Ok(Status::Fine);
    }
    let engine = match adapter_here(&args.engine) {
        Ok(engine) => engine,
        Err(error) => {
            // What is wrong is said there.
            give_back(&output).context("standard output is gone")?;
            return Err(error.into());
        }
    };
    let (input, output) = (io::stdin().lock(), BufWriter::new(output));
    serve(engine.as_ref(), input, output).context("the other side is gone")?;
    Ok(Status::Fine)
}
