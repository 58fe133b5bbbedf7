//! Writes the initial inputs of `bytes` to a folder: the modules of the bundled scripts.
#![forbid(unsafe_code)]

use etalon_harness::fuzz::targets;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// The greatest length of inputs that `make fuzz-bytes` allows.
const LIMIT: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: seeds FOLDER")?);
    fs::create_dir_all(&folder)?;
    let seeds = targets::seeds(LIMIT)?;
    for (i, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("{i:05}.wasm")), seed)?;
    }
    println!("{} modules in {}", seeds.len(), folder.display());
    Ok(())
}
