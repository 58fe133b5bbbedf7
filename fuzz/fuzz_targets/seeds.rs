//! Writes what a target begins from to a folder: modules or texts of the bundled scripts. `bytes` if no target is named.
#![forbid(unsafe_code)]

use etalon_harness::fuzz::targets::{Seeds, TARGETS, seeds};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// The greatest length of inputs that `make fuzz-bytes` allows.
const LIMIT: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let folder = PathBuf::from(args.next().ok_or("usage: seeds FOLDER [TARGET]")?);
    let name = args.next().map_or_else(|| "bytes".to_owned(), |name| name.to_string_lossy().into_owned());
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.ok_or_else(|| format!("there is no target {name}"))?;
    fs::create_dir_all(&folder)?;
    let extension = if target.seeds == Seeds::Scripts { "wast" } else { "wasm" };
    let all = seeds(target.seeds, LIMIT)?;
    for (i, seed) in all.iter().enumerate() {
        fs::write(folder.join(format!("{i:05}.{extension}")), seed)?;
    }
    println!("{} inputs for {name} in {}", all.len(), folder.display());
    Ok(())
}
