//! Guests that mean harm: bad pointers, arguments of all kinds, and guests that want everything that there is.

mod support;

use Errno::*;
use etalon_wasi::{
    Access, Ended, Errno, FUNCTIONS, Guest, GuestMemory, Limits, MemoryFault, Output, Param,
    Stopped, TreeEntry, VirtualFs, WasiCtxBuilder, call, function,
};
use support::*;

const OUT64: u64 = OUT as u64;
const DATA64: u64 = DATA as u64;
const BIG: u64 = 1 << 63;

/// A guest with `file` and `folder`; descriptor 4 is the file, and 5 the folder.
fn given() -> Program {
    let mut program = Program::new();
    program.file("file", "bytes");
    program.folder("folder");
    assert_eq!(program.open("file", 0), Ok(4));
    assert_eq!(program.open_folder("folder"), Ok(5));
    program
}

/// A function, arguments of which lengths and counts are 1, so that there is something to point to, and where pointers are among them:
/// the index, and what the address must be a multiple of.
type Pointers = (&'static str, &'static [u64], &'static [(usize, u64)]);

const POINTERS: &[Pointers] = &[
    ("args_get", &[0, 0], &[(0, 4), (1, 1)]),
    ("args_sizes_get", &[0, 0], &[(0, 4), (1, 4)]),
    ("environ_get", &[0, 0], &[(0, 4), (1, 1)]),
    ("environ_sizes_get", &[0, 0], &[(0, 4), (1, 4)]),
    ("clock_res_get", &[0, 0], &[(1, 8)]),
    ("clock_time_get", &[0, 0, 0], &[(2, 8)]),
    ("fd_fdstat_get", &[4, 0], &[(1, 8)]),
    ("fd_filestat_get", &[4, 0], &[(1, 8)]),
    ("fd_pread", &[4, 0, 1, 0, 0], &[(1, 4), (4, 4)]),
    ("fd_prestat_get", &[3, 0], &[(1, 4)]),
    ("fd_prestat_dir_name", &[3, 0, 1], &[(1, 1)]),
    ("fd_pwrite", &[4, 0, 1, 0, 0], &[(1, 4), (4, 4)]),
    ("fd_read", &[4, 0, 1, 0], &[(1, 4), (3, 4)]),
    ("fd_readdir", &[5, 0, 1, 0, 0], &[(1, 1), (4, 4)]),
    ("fd_seek", &[4, 0, 0, 0], &[(3, 8)]),
    ("fd_tell", &[4, 0], &[(1, 8)]),
    ("fd_write", &[4, 0, 1, 0], &[(1, 4), (3, 4)]),
    ("path_create_directory", &[3, 0, 1], &[(1, 1)]),
    ("path_filestat_get", &[3, 0, 0, 1, 0], &[(2, 1), (4, 8)]),
    ("path_filestat_set_times", &[3, 0, 0, 1, 0, 0, 0], &[(2, 1)]),
    ("path_link", &[3, 0, 0, 1, 3, 0, 1], &[(2, 1), (5, 1)]),
    ("path_open", &[3, 0, 0, 1, 1, 0, 0, 0, 0], &[(2, 1), (8, 4)]),
    ("path_readlink", &[3, 0, 1, 0, 1, 0], &[(1, 1), (3, 1), (5, 4)]),
    ("path_remove_directory", &[3, 0, 1], &[(1, 1)]),
    ("path_rename", &[3, 0, 1, 3, 0, 1], &[(1, 1), (4, 1)]),
    ("path_symlink", &[0, 1, 3, 0, 1], &[(0, 1), (3, 1)]),
    ("path_unlink_file", &[3, 0, 1], &[(1, 1)]),
    ("poll_oneoff", &[0, 0, 1, 0], &[(0, 8), (1, 8), (3, 4)]),
    ("random_get", &[0, 1], &[(0, 1)]),
    ("sock_accept", &[1, 0, 0], &[(2, 4)]),
    ("sock_recv", &[1, 0, 1, 0, 0, 0], &[(1, 4), (4, 4), (5, 2)]),
    ("sock_send", &[1, 0, 1, 0, 0], &[(1, 4), (4, 4)]),
];

/// A bad pointer ends the guest before anything is done, whatever else is wrong.
#[test]
fn bad_pointers_end_the_guest() {
    let pointing = POINTERS.iter().map(|(name, ..)| *name);
    let others = ["fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_set_flags"];
    let others = others.into_iter().chain(["fd_fdstat_set_rights", "fd_filestat_set_size"]);
    let others = others.chain(["fd_filestat_set_times", "fd_renumber", "fd_sync", "proc_exit"]);
    let others = others.chain(["proc_raise", "sched_yield", "sock_shutdown"]);
    let mut known: Vec<_> = pointing.chain(others).collect();
    let mut all: Vec<_> = FUNCTIONS.iter().map(|function| function.name()).collect();
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(known, all, "a function is not in the table");
    for (name, args, pointers) in POINTERS {
        for (index, align) in *pointers {
            let size = u64::from(SIZE);
            let mut addresses = vec![size + 8, u64::from(u32::MAX) & !7, 0xffff_fff8];
            addresses.extend((*align > 1).then_some(u64::from(DATA) + 1));
            for address in addresses {
                let fs = VirtualFs::new(1 << 20);
                let (mut builder, stdout) = builder(&fs);
                // A list of none would need no memory.
                builder.arg("program").env("A", "1");
                let mut program = Program::of(builder.build().unwrap(), stdout);
                program.file("file", "bytes");
                program.folder("folder");
                program.open("file", 0).unwrap();
                program.open_folder("folder").unwrap();
                let before = fs.tree();
                let mut args = args.to_vec();
                args[*index] = address;
                match program.raw(name, &args) {
                    Err(Ended::BadPointer(bad)) => {
                        assert_eq!(bad.function, *name);
                        assert_eq!(u64::from(bad.address), address, "{name} {index}");
                    }
                    other => panic!("{name} with {address:#x} at {index}: {other:?}"),
                }
                assert_eq!(fs.tree(), before, "{name} has done something");
            }
        }
    }
}

/// Arguments that a hostile guest may give in any place: no function panics, whatever they are.
#[test]
fn no_arguments_make_a_function_panic() {
    let hostile =
        [0, 1, 3, 4, 5, 8, 0xff, 0x1000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];
    let wide = [0, 1, BIG - 1, BIG, u64::MAX, 1 << 40];
    let mut chance = 1_u64;
    let mut next = |bound: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (chance >> 33) as usize % bound
    };
    for function in &FUNCTIONS {
        // Each gets a fresh guest, and then many calls, which find what the earlier ones left.
        let mut program = given();
        program.memory.bytes[..64].fill(0xff);
        for _ in 0..2000 {
            let args: Vec<u64> = function
                .params()
                .iter()
                .map(|param| match param {
                    Param::I32 => hostile[next(hostile.len())],
                    Param::I64 => wide[next(wide.len())],
                })
                .collect();
            // Whether it returns or ends the guest is not the question.
            let _ = program.raw(function.name(), &args);
        }
    }
}

#[test]
fn limits_hold() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let mut p = Program::limited(limits(|l| l.descriptors = 6), 1 << 20);
    p.file("file", "");
    assert_eq!((p.open("file", 0), p.open("file", 0)), (Ok(4), Ok(5)));
    assert_eq!(p.open("file", 0), Err(Mfile));
    p.call("fd_close", &[4]).unwrap();
    assert_eq!(p.open("file", 0), Ok(4));

    let mut p = Program::limited(limits(|l| l.buffers = 2), 1 << 20);
    p.file("file", "");
    p.open("file", 0).unwrap();
    assert_eq!(p.call("fd_write", &[4, IOVS.into(), 2, OUT64]), Ok(()));
    assert_eq!(p.call("fd_write", &[4, IOVS.into(), 3, OUT64]), Err(Inval));

    let mut p = Program::limited(limits(|l| l.depth = 3), 1 << 20);
    for path in ["a", "a/b", "a/b/c", "a/b/c/d"] {
        p.folder(path);
    }
    assert_eq!(p.path("path_create_directory", 3, "a/b/c/d/e", &[]), Err(Nametoolong));

    let mut p = Program::limited(limits(|l| l.listings = 300), 1 << 20);
    p.folder("folder");
    let fd = p.open_folder("folder").unwrap();
    for name in 0..100 {
        p.file(&format!("folder/{name}"), "");
    }
    let before = p.memory.declared;
    assert_eq!(p.call("fd_readdir", &[fd.into(), DATA64, 99, 0, OUT64]), Err(Nobufs));
    assert_eq!(p.memory.declared - before, 300, "what was read for nothing");

    // Links that lead to each other, and to a file in the end.
    let mut p = Program::new();
    p.file("0", "bytes");
    for link in 1..=33 {
        p.symlink(&(link - 1).to_string(), &link.to_string()).unwrap();
    }
    assert_eq!(p.open_with(3, "32", (FOLLOW, 0, READ, 0)).map(|_| ()), Ok(()));
    assert_eq!(p.open_with(3, "33", (FOLLOW, 0, READ, 0)), Err(Loop));

    // A guest that writes until nothing is left, in one file, in many, and in links.
    let mut p = Program::limited(Limits::default(), 10_000);
    let fd = p.open("file", CREAT).unwrap();
    let written = std::iter::from_fn(|| p.write(fd, [1; 1000]).ok()).count();
    assert_eq!((written, p.write(fd, [1; 1000])), (9, Err(Nospc)));
    for _ in 0..10 {
        p.call("fd_filestat_set_size", &[fd.into(), 0]).unwrap();
        assert_eq!(p.call("fd_filestat_set_size", &[fd.into(), 9000]), Ok(()));
    }
    p.path("path_unlink_file", 3, "file", &[]).unwrap();
    p.call("fd_close", &[fd.into()]).unwrap();
    let files = (0..).take_while(|i| p.symlink(&"x".repeat(100), &i.to_string()).is_ok()).count();
    assert_eq!(files, 34, "each takes 128, 64, its name and its text");
    assert_eq!(p.path("path_create_directory", 3, "folder", &[]), Err(Nospc));

    // Output that is kept has a limit.
    let mut p = given();
    let written = std::iter::from_fn(|| p.write(1, vec![1; 0x8000]).ok()).count();
    assert_eq!((written, p.stdout.bytes().len()), (32, 1 << 20));
    assert_eq!(p.write(1, "x"), Err(Nospc));
}

/// A call that may transfer nothing at a time would never be done.
#[test]
fn a_limit_of_nothing_at_a_time_is_one_of_a_byte() {
    let mut limits = Limits::default();
    limits.transfer = 0;
    let mut p = Program::limited(limits, 1 << 20);
    assert_eq!(p.ctx.limits().transfer, 1);
    p.file("file", "bytes");
    assert_eq!(p.contents("file"), Ok(b"bytes".to_vec()));
}

/// No file gets larger than it may, be it of the host or in memory; what is there already may be written.
#[test]
fn files_have_a_size_that_they_do_not_pass() {
    let mut limits = Limits::default();
    limits.file_size = 100;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large"), [1; 150]).unwrap();
    let mut builder = WasiCtxBuilder::new();
    builder.limits(limits).dir(folder.path(), "/", Access::ReadWrite).unwrap();
    let on_host = Program::of(builder.build().unwrap(), Output::captured(0).1);
    for mut p in [on_host, Program::limited(limits, 1 << 20)] {
        let fd = p.open("file", CREAT).unwrap();
        assert_eq!((p.write(fd, [1; 90]), p.write(fd, [1; 90])), (Ok(90), Ok(10)));
        assert_eq!(p.write(fd, [1; 90]), Err(Fbig));
        let size = |p: &mut Program, size| p.call("fd_filestat_set_size", &[fd.into(), size]);
        assert_eq!((size(&mut p, 100), size(&mut p, 101)), (Ok(()), Err(Fbig)));
        let room = |p: &mut Program, length| p.call("fd_allocate", &[fd.into(), 60, length]);
        assert_eq!((room(&mut p, 40), room(&mut p, 41)), (Ok(()), Err(Fbig)));
        let [iovs, count] = p.iov(DATA, 8);
        let mut at = |place| p.call("fd_pwrite", &[fd.into(), iovs, count, place, OUT64]);
        assert_eq!((at(92), at(100), at(1 << 40)), (Ok(()), Err(Fbig), Err(Fbig)));
        assert_eq!(p.contents("file").unwrap().len(), 100);
        assert_eq!(p.contents("large").map_or(150, |bytes| bytes.len()), 150);
    }
}

/// A memory of more than 4 GiB, without its bytes.
struct Wide;

impl GuestMemory for Wide {
    fn size(&self) -> u64 {
        1 << 40
    }

    /// A list of buffers, of which each begins at the end of what has an address.
    fn read(&mut self, _: u32, buffer: &mut [u8]) -> Result<(), MemoryFault> {
        for word in buffer.chunks_mut(8) {
            word.copy_from_slice(&[0xf0, 0xff, 0xff, 0xff, 0x20, 0, 0, 0][..word.len()]);
        }
        Ok(())
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), MemoryFault> {
        Ok(())
    }
}

impl Guest for Wide {
    fn declare(&mut self, _: u64) -> Result<(), Stopped> {
        Ok(())
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// What has no address of 32 bits is not in the memory of a guest, however large that is.
#[test]
fn no_address_is_beyond_4_gib() {
    let mut limits = Limits::default();
    limits.transfer = 8;
    for (name, args) in [
        ("fd_write", vec![1, 0, 1, 0]),
        ("fd_pread", vec![4, 0, 1, 0, 0]),
        ("random_get", vec![0xffff_fff0, 0x20]),
        ("args_get", vec![0xffff_fffc, 0]),
    ] {
        let mut builder = builder(&VirtualFs::new(1 << 20)).0;
        builder.arg("program").arg("second").limits(limits);
        let mut p = Program::of(builder.build().unwrap(), Output::captured(0).1);
        p.file("file", "bytes");
        p.open("file", 0).unwrap();
        let ended = call(&mut p.ctx, function(name).unwrap(), &mut Wide, &args);
        assert!(matches!(ended, Err(Ended::BadPointer(_))), "{name}: {ended:?}");
    }
}

#[test]
fn bytes_are_declared_before_they_are_touched() {
    let mut p = given();
    let mut cost = |act: fn(&mut Program) -> Given| {
        let before = p.memory.declared;
        // What cannot be done must not cost anything either.
        let _ = act(&mut p);
        p.memory.declared - before
    };
    assert_eq!(cost(|p| p.write(1, [1; 100]).map(|_| ())), 100 + 8 + 4);
    assert_eq!(cost(|p| p.call("random_get", &[0, 1000])), 1000);
    assert_eq!(cost(|p| p.call("fd_allocate", &[4, 0, 1000])), 1000 - 5, "zeros");
    assert_eq!(cost(|p| p.call("fd_allocate", &[4, 0, 1 << 50])), 0, "it cannot be");
    assert_eq!(cost(|p| p.path("path_create_directory", 3, "new", &[])), 3);
    let mut p = given();
    p.memory.most = p.memory.declared + 50;
    assert_eq!(p.raw("random_get", &[DATA64, 1000]), Err(Ended::Stopped));
    assert_eq!(p.bytes(DATA, 5), b"bytes", "nothing was written");
}

/// To move a folder down costs what is looked at to know how deep it is; to move it aside or up costs nothing.
#[test]
fn a_folder_that_is_moved_down_costs_what_is_in_it() {
    let fs = VirtualFs::new(1 << 21);
    for name in 0..1000 {
        fs.add_file(&format!("full/{name}"), "").unwrap();
        fs.add_folder(&format!("more/a/{name}")).unwrap();
    }
    for name in 0..5000 {
        fs.add_file(&format!("too-full/{name}"), "").unwrap();
    }
    fs.add_folder("down").unwrap();
    let mut p = Program::over(&fs);
    let mut cost = |from: &str, to: &str| {
        let before = p.memory.declared;
        let given = p.rename(from, to);
        (given, p.memory.declared - before - (from.len() + to.len()) as u64)
    };
    assert_eq!(cost("full", "aside"), (Ok(()), 0));
    assert_eq!(cost("aside", "down/full"), (Ok(()), 1000 * 64));
    assert_eq!(cost("down/full", "up"), (Ok(()), 0));
    assert_eq!(cost("more", "down/more"), (Ok(()), 1001 * 64));
    assert_eq!(cost("too-full", "down/too-full"), (Err(Xdev), 4097 * 64));
    assert_eq!(cost("too-full", "too-full/in"), (Err(Inval), 0));
}

/// A guest that makes folders in folders, or moves them into each other, comes to an end, and so does who looks at them.
#[test]
fn folders_in_folders_have_an_end() {
    let fs = VirtualFs::new(1 << 20);
    let mut p = Program::over(&fs);
    p.folder("a");
    let mut fd = p.open_folder("a").unwrap();
    let mut depth = 1;
    let ended = loop {
        if let Err(errno) = p.path("path_create_directory", fd, "a", &[]) {
            break errno;
        }
        depth += 1;
        let all = ((1 << 30) - 1) & !(READ | WRITE);
        let next = p.open_with(fd, "a", (0, DIRECTORY, all, 0)).unwrap();
        p.call("fd_close", &[fd.into()]).unwrap();
        fd = next;
    };
    assert_eq!((depth, ended), (256, Nametoolong));
    p.call("fd_close", &[fd.into()]).unwrap();
    p.folder("b");
    p.folder("b/c");
    assert_eq!(p.rename("a", "b/c/a"), Err(Nametoolong));
    assert_eq!(p.rename("b", "a/b"), Ok(()));
    // A file of many names is there once.
    p.file("file", &"x".repeat(0x4000));
    for name in 0..1000 {
        p.link(0, "file", &name.to_string()).unwrap();
    }
    assert!(matches!(fs.tree(), TreeEntry::Folder(names) if names.len() == 1002));
}

/// What reaches over the end of the memory is not begun.
#[test]
fn what_ends_outside_is_not_begun() {
    let size = u64::from(SIZE);
    for (name, args) in [
        ("random_get", vec![size - 0x18000, 0x18001]),
        ("fd_filestat_get", vec![4, size - 8]),
        ("fd_fdstat_get", vec![4, size - 8]),
        ("fd_readdir", vec![5, size - 40, 41, 0, 0]),
        ("args_sizes_get", vec![size - 4, size]),
        ("path_open", vec![3, 0, size - 1, 2, 0, 0, 0, 0, 0]),
        ("poll_oneoff", vec![0, size - 32, 2, 0]),
    ] {
        let mut p = given();
        let before = p.memory.bytes.clone();
        let ended = p.raw(name, &args);
        assert!(matches!(ended, Err(Ended::BadPointer(_))), "{name}: {ended:?}");
        assert!(p.memory.bytes == before, "{name} has written something");
    }
}
