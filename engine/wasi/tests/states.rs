//! States that come from elsewhere: written down by another version, damaged, or made to do harm.

mod support;

use etalon_wasi::{FUNCTIONS, Param, VirtualFs, WasiState};
use support::*;

/// A state with what a state can have: open files, one of them without a name, a listing, and streams that were used.
fn state() -> WasiState {
    let mut p = Program::over(&VirtualFs::new(1 << 16));
    p.folder("folder");
    p.file("folder/file", "bytes");
    p.symlink("folder", "link").unwrap();
    p.link(0, "folder/file", "twin").unwrap();
    p.file("gone", "bytes");
    let gone = p.open("gone", 0).unwrap();
    p.path("path_unlink_file", 3, "gone", &[]).unwrap();
    assert_eq!(p.read(gone, 2), Ok(b"by".to_vec()));
    p.open("twin", 0).unwrap();
    let folder = p.open_folder("folder").unwrap();
    p.names(folder, 100);
    p.read(0, 2).unwrap();
    p.write(1, "out").unwrap();
    p.ctx.save().unwrap()
}

/// A state with any byte changed is refused, or is one with which no call panics.
#[test]
fn no_state_makes_a_function_panic() {
    let bytes = postcard::to_stdvec(&state()).unwrap();
    let arguments = [0, 1, 3, 4, 5, 8, 0x100, 0x1000, 0xffff, 0x8000_0000, 1 << 62];
    let mut chance = 1_u64;
    let mut next = |bound: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (chance >> 33) as usize % bound
    };
    let (mut refused, mut restored) = (0, 0);
    for at in 0..bytes.len() {
        for change in [1, 2, 0x40, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let Ok(state) = postcard::from_bytes::<WasiState>(&changed) else { continue };
            let Ok(ctx) = state.restore() else {
                refused += 1;
                continue;
            };
            restored += 1;
            let mut p = Program::of(ctx, etalon_wasi::Output::captured(0).1);
            p.memory.most = 1 << 16;
            p.put(0x100, "folder/file");
            // With real clocks a guest can wait as long as it likes.
            for function in FUNCTIONS.iter().filter(|function| function.name() != "poll_oneoff") {
                for _ in 0..4 {
                    let argument = |param: &Param| match (param, next(arguments.len())) {
                        (Param::I32, at) => arguments[at] & 0xffff_ffff,
                        (Param::I64, at) => arguments[at],
                    };
                    let args: Vec<u64> = function.params().iter().map(argument).collect();
                    let _ = p.raw(function.name(), &args);
                }
            }
            if let Ok(state) = p.ctx.save() {
                assert_eq!(state.restore().unwrap().save().unwrap(), state, "byte {at}");
            }
        }
    }
    assert!(refused > 100 && restored > 100, "{refused} refused, {restored} restored");
}
