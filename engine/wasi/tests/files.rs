//! Files and folders of the host, and states that are kept.

mod support;

use Errno::*;
use etalon_wasi::{Access, Errno, Output, Policy, Stdin, TreeEntry, VirtualFs, WasiCtxBuilder};
use std::path::Path;
use support::*;

const OUT64: u64 = OUT as u64;

/// A guest with a folder of the host as descriptor 3.
fn on_host(folder: &Path, policy: Policy) -> Program {
    let (output, stdout) = Output::captured(1 << 16);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(output).policy(policy).dir(folder, "/", Access::ReadWrite).unwrap();
    Program::of(builder.build().unwrap(), stdout)
}

/// Does something with files, and tells what it saw.
fn work(p: &mut Program) -> Vec<u64> {
    let mut seen = Vec::new();
    p.folder("folder");
    p.file("folder/b", "bytes");
    p.file("folder/a", "");
    let folder = p.open_folder("folder").unwrap();
    assert_eq!(p.names(folder, 40), [".", "..", "a", "b"]);
    let fd = p.open_with(3, "folder/b", (0, 0, READ | WRITE, APPEND)).unwrap();
    assert_eq!(p.write(fd, "more"), Ok(4));
    p.call("fd_allocate", &[fd.into(), 0, 20]).unwrap();
    p.call("fd_filestat_set_size", &[fd.into(), 15]).unwrap();
    assert_eq!(p.contents("folder/b"), Ok(b"bytesmore\0\0\0\0\0\0".to_vec()));
    p.symlink("b", "folder/link").unwrap();
    for (name, flags) in [("folder/link", 0), ("folder/link", FOLLOW), ("folder", 0), (".", 0)] {
        let [at, length] = p.put(PATH, name);
        let args = [3, flags, at, length, OUT64];
        p.call("path_filestat_get", &args).unwrap();
        seen.extend((0..8).map(|i| p.u64(OUT + i * 8)));
        let mut times = args[..4].to_vec();
        times.extend([5_000_000_001, 7_000_000_002, 1 | 4]);
        p.call("path_filestat_set_times", &times).unwrap();
        p.call("path_filestat_get", &args).unwrap();
        assert_eq!((p.u64(OUT + 40), p.u64(OUT + 48)), (5_000_000_001, 7_000_000_002), "{name}");
    }
    p.call("fd_filestat_set_times", &[fd.into(), 9, 9, 4]).unwrap();
    p.call("fd_filestat_get", &[fd.into(), OUT64]).unwrap();
    assert_eq!((p.u64(OUT + 40), p.u64(OUT + 48)), (5_000_000_001, 9));
    for fd in [fd, folder] {
        p.call("fd_sync", &[fd.into()]).unwrap();
        p.call("fd_datasync", &[fd.into()]).unwrap();
    }
    p.rename("folder/b", "c").unwrap();
    seen
}

#[test]
fn files_of_the_host_are_as_those_in_memory() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let seen = work(&mut on_host(one.path(), Policy::deterministic(1)));
    // Other numbers, times and order on the host show nowhere.
    for name in ["x", "y", "z"] {
        std::fs::write(other.path().join(name), name).unwrap();
        std::fs::remove_file(other.path().join(name)).unwrap();
    }
    assert_eq!(seen, work(&mut on_host(other.path(), Policy::deterministic(1))));
    assert_eq!(std::fs::read(one.path().join("c")).unwrap(), b"bytesmore\0\0\0\0\0\0");
    let fs = VirtualFs::new(1 << 20);
    let virtual_seen = work(&mut Program::over(&fs));
    assert_eq!(fs.read("c").unwrap(), b"bytesmore\0\0\0\0\0\0");
    // Type, links and size are the same; devices and numbers are each file system's own.
    for (a, b) in seen.chunks(8).zip(virtual_seen.chunks(8)) {
        assert_eq!(a[2..5], b[2..5]);
    }
}

/// What the host does with numbers of files that were removed, and with their times, shows nowhere.
#[test]
fn each_file_of_the_host_has_its_own_number() {
    const FIRST: u64 = 946_684_800_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let mut p = on_host(folder.path(), Policy::deterministic(1));
    let number = |p: &mut Program, path: &str| {
        let [at, length] = p.put(PATH, path);
        p.call("path_filestat_get", &[3, 0, at, length, OUT64]).unwrap();
        assert_eq!([40, 48, 56].map(|time| p.u64(OUT + time)), [FIRST; 3], "written is not set");
        p.u64(OUT + 8)
    };
    let mut numbers = Vec::new();
    for round in 0..30 {
        p.file("file", "bytes");
        numbers.push(number(&mut p, "file"));
        match round % 3 {
            0 => p.path("path_unlink_file", 3, "file", &[]).unwrap(),
            1 => {
                p.file("other", "");
                numbers.push(number(&mut p, "other"));
                p.rename("other", "file").unwrap();
                assert_eq!(number(&mut p, "file"), numbers[numbers.len() - 1]);
                p.rename("file", "file").unwrap();
                assert_eq!(number(&mut p, "file"), numbers[numbers.len() - 1]);
                p.path("path_unlink_file", 3, "file", &[]).unwrap();
            }
            _ => {
                p.folder("folder");
                numbers.push(number(&mut p, "folder"));
                p.path("path_remove_directory", 3, "folder", &[]).unwrap();
                p.path("path_unlink_file", 3, "file", &[]).unwrap();
            }
        }
    }
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}

#[test]
fn real_clocks_and_numbers_are_those_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "bytes").unwrap();
    let mut p = on_host(folder.path(), Policy::real());
    let [at, length] = p.put(PATH, "file");
    p.call("path_filestat_get", &[3, 0, at, length, OUT64]).unwrap();
    let metadata = std::fs::metadata(folder.path().join("file")).unwrap();
    assert_eq!(p.u64(OUT + 8), std::os::unix::fs::MetadataExt::ino(&metadata));
    for clock in 0..4 {
        p.call("clock_time_get", &[clock, 0, OUT64]).unwrap();
        p.call("clock_res_get", &[clock, OUT64]).unwrap();
        assert_ne!(p.u64(OUT), 0);
    }
    p.call("random_get", &[DATA.into(), 32]).unwrap();
    assert_ne!(p.bytes(DATA, 32), [0; 32]);
    // To sleep for a microsecond of the monotonic clock takes at least as long.
    p.memory.bytes[..48].fill(0);
    p.put(16, 1_u32.to_le_bytes());
    p.put(24, 1000_u64.to_le_bytes());
    p.call("clock_time_get", &[1, 0, OUT64]).unwrap();
    let before = p.u64(OUT);
    p.call("poll_oneoff", &[0, DATA.into(), 1, OUT64]).unwrap();
    assert_eq!((p.u32(OUT), p.bytes(DATA, 11)), (1, &[0; 11][..]));
    p.call("clock_time_get", &[1, 0, OUT64]).unwrap();
    assert!(p.u64(OUT) >= before + 1000);
    p.call("sched_yield", &[]).unwrap();
}

/// Pipes and devices are not opened, not even to look at them: a pipe that nobody writes would keep the host.
#[test]
fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let directory = std::fs::File::open(folder.path()).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(&directory, "pipe", rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let mut p = on_host(folder.path(), Policy::deterministic(1));
    for name in ["pipe", "socket"] {
        assert_eq!(p.open(name, 0), Err(Notsup), "{name}");
        assert_eq!(p.open_with(3, name, (0, 0, READ, 0)), Err(Notsup), "{name}");
        assert_eq!(p.open(name, TRUNC), Err(Notsup), "{name}");
        assert_eq!(p.open(name, CREAT), Err(Notsup), "{name}");
    }
}

/// A file that the host's user may not write is not truncated by opening it to read.
#[test]
fn truncating_takes_the_right_to_write() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "bytes").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let mut p = on_host(folder.path(), Policy::deterministic(1));
    let opened = p.open_with(3, "file", (0, TRUNC, READ, 0));
    // The superuser may write everything.
    let expected: &[u8] = if rustix::process::geteuid().is_root() { b"" } else { b"bytes" };
    assert_eq!(opened.is_ok(), expected.is_empty());
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}

#[test]
fn a_state_goes_on_where_it_was_kept() {
    let fs = VirtualFs::new(1 << 20);
    let mut p = Program::over(&fs);
    p.file("file", "bytes");
    p.folder("folder");
    let fd = p.open("file", 0).unwrap();
    assert_eq!(p.read(fd, 2), Ok(b"by".to_vec()));
    assert_eq!(p.read(0, 2), Ok(b"in".to_vec()));
    p.write(1, "out").unwrap();
    p.call("fd_readdir", &[3, DATA.into(), 30, 0, OUT64]).unwrap();
    p.call("fd_fdstat_set_rights", &[fd.into(), READ, 0]).unwrap();
    let state = p.ctx.save().unwrap();
    let bytes = postcard(&state);
    assert_eq!(bytes, postcard(&p.ctx.save().unwrap()));

    // What the guest and its copy do then is the same, and apart.
    let ctx = state.restore().unwrap();
    let (copy_fs, copy_stdout) = (ctx.virtual_dirs()[0].1.clone(), ctx.captured(1).unwrap());
    let mut copy = Program::of(ctx, copy_stdout);
    let go_on = |p: &mut Program| {
        assert_eq!(p.read(fd, 9), Ok(b"tes".to_vec()));
        assert_eq!(p.write(fd, "x"), Err(Badf));
        assert_eq!(p.read(0, 9), Ok(b"put".to_vec()));
        p.write(1, "put").unwrap();
        p.call("fd_readdir", &[3, DATA.into(), 60, 1, OUT64]).unwrap();
        p.call("random_get", &[0, 16]).unwrap();
        p.call("clock_time_get", &[0, 0, 16]).unwrap();
        p.file("folder/new", "new");
        (p.bytes(0, 24).to_vec(), p.bytes(DATA, 60).to_vec(), p.stdout.bytes())
    };
    let first = go_on(&mut p);
    assert_eq!(copy_fs.read("folder/new"), Err(Noent));
    assert_eq!(first, go_on(&mut copy));
    assert_eq!(first.2, b"output");
    assert_eq!(fs.tree(), copy_fs.tree());
    assert_eq!(p.ctx.save().unwrap(), copy.ctx.save().unwrap());
    assert_ne!(p.ctx.save().unwrap(), state);
}

fn postcard(state: &etalon_wasi::WasiState) -> Vec<u8> {
    let bytes = postcard::to_stdvec(state).unwrap();
    let again: etalon_wasi::WasiState = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(again, *state);
    bytes
}

#[test]
fn what_is_of_the_host_is_kept_by_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let mut p = on_host(folder.path(), Policy::deterministic(1));
    let error = p.ctx.save().unwrap_err();
    assert_eq!((error.fd, &*error.name), (3, "the folder /"));
    p.file("file", "");
    p.open("file", 0).unwrap();
    p.call("fd_close", &[3]).unwrap();
    assert!(p.ctx.save().unwrap_err().to_string().contains("the path file"));
    let mut builder = WasiCtxBuilder::new();
    let ctx = builder.stdin(Stdin::reader(std::io::empty())).build().unwrap();
    assert_eq!(ctx.save().unwrap_err().fd, 0);
    // A stream of the host is one more thing that a state from elsewhere must not give.
    for fd in 0..3 {
        let mut builder = WasiCtxBuilder::new();
        let name = match fd {
            0 => (builder.stdin(Stdin::inherited()), "input").1,
            1 => (builder.stdout(Output::stdout()), "output").1,
            _ => (builder.stderr(Output::stderr()), "error").1,
        };
        let error = builder.build().unwrap().save().unwrap_err();
        assert_eq!((error.fd, error.name), (fd, format!("the standard {name} of the host")));
    }
}

#[test]
fn streams_of_the_embedder() {
    let (mut reads, writes) = std::io::pipe().unwrap();
    let input = std::io::Cursor::new(b"from a reader".to_vec());
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(Stdin::reader(input)).stdout(Output::writer(writes));
    let mut p = Program::of(builder.build().unwrap(), Output::captured(0).1);
    assert_eq!(p.read(0, 5), Ok(b"from ".to_vec()));
    assert_eq!(p.read(0, 99), Ok(b"a reader".to_vec()));
    assert_eq!(p.read(0, 99), Ok(Vec::new()));
    assert_eq!(p.write(1, "to a writer"), Ok(11));
    assert_eq!(p.write(2, "nowhere"), Ok(7));
    drop(p);
    assert_eq!(std::io::read_to_string(&mut reads).unwrap(), "to a writer");
}

#[test]
fn the_embedder_fills_and_reads_a_file_system() {
    let fs = VirtualFs::new(2000);
    fs.add_file("a/b/file", "bytes").unwrap();
    fs.add_file("/a/b/file", "other").unwrap();
    fs.add_folder("c").unwrap();
    fs.add_link("link", "a/b").unwrap();
    let folder = |names: Vec<(&str, TreeEntry)>| {
        TreeEntry::Folder(names.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect())
    };
    let of = |bytes: &[u8]| {
        let file = TreeEntry::File(bytes.into());
        folder(vec![
            ("a", folder(vec![("b", folder(vec![("file", file)]))])),
            ("c", folder(vec![])),
            ("link", TreeEntry::Link("a/b".to_owned())),
        ])
    };
    assert_eq!(fs.tree(), of(b"other"));
    assert_eq!(of(b"one").difference(&of(b"other")).as_deref(), Some("a/b/file"));
    assert_eq!(of(b"one").difference(&folder(vec![])).as_deref(), Some("a"));
    assert_eq!(of(b"one").difference(&of(b"one")), None);
    for (given, expected) in [
        (fs.add_file("a/b", ""), Isdir),
        (fs.add_file("a/b/file/x", ""), Notdir),
        (fs.add_file("../x", ""), Notcapable),
        (fs.add_file("", ""), Inval),
        (fs.add_file("big", [0; 3000]), Nospc),
        (fs.add_link("c", "x"), Exist),
        (fs.read("none").map(|_| ()), Noent),
        (fs.read("a").map(|_| ()), Isdir),
    ] {
        assert_eq!(given, Err(expected));
    }
    let mut p = Program::over(&fs);
    let [at, length] = p.put(PATH, "link/file");
    p.call("path_filestat_get", &[3, 0, at, length, OUT64]).unwrap();
    assert_eq!(p.u64(OUT + 32), 5);
}
