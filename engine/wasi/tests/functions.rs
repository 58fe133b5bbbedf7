//! Each function: what it gives, and each way in which it fails.

mod support;

use Errno::*;
use etalon_wasi::{Errno, VirtualFs};
use support::*;

/// Does something on a guest with `file` ("bytes") and `folder`; descriptor 4 is `file`, open for reading and writing, 5 is `folder`.
type Act = fn(&mut Program) -> Given;

fn given() -> Program {
    let mut program = Program::new();
    program.file("file", "bytes");
    program.folder("folder");
    assert_eq!(program.open("file", 0), Ok(4));
    assert_eq!(program.open_folder("folder"), Ok(5));
    program
}

const OUT64: u64 = OUT as u64;
const DATA64: u64 = DATA as u64;
const BIG: u64 = 1 << 63;

fn iov(p: &mut Program, name: &str, fd: u64, more: &[u64]) -> Given {
    let [iovs, count] = p.iov(DATA, 8);
    p.call(name, &[&[fd, iovs, count], more, &[OUT64]].concat())
}

fn set_times(p: &mut Program, fd: u64, flags: u64) -> Given {
    p.call("fd_filestat_set_times", &[fd, 5, 6, flags])
}

/// Opens `file` with only these rights.
fn only(p: &mut Program, rights: u64) -> u64 {
    p.open_with(3, "file", (0, 0, rights, 0)).unwrap().into()
}

const ROWS: &[(&str, Act, Given)] = &[
    ("clock_res_get", |p| p.call("clock_res_get", &[1, OUT64]), Ok(())),
    ("clock_res_get: no such clock", |p| p.call("clock_res_get", &[4, OUT64]), Err(Inval)),
    ("clock_time_get", |p| p.call("clock_time_get", &[0, 0, OUT64]), Ok(())),
    ("clock_time_get: no such clock", |p| p.call("clock_time_get", &[9, 0, OUT64]), Err(Inval)),
    ("fd_advise", |p| p.call("fd_advise", &[4, 0, 10, 5]), Ok(())),
    ("fd_advise: no such advice", |p| p.call("fd_advise", &[4, 0, 10, 6]), Err(Inval)),
    ("fd_advise: too far", |p| p.call("fd_advise", &[4, u64::MAX, 10, 0]), Err(Inval)),
    ("fd_advise: a folder", |p| p.call("fd_advise", &[5, 0, 10, 0]), Err(Badf)),
    ("fd_advise: a stream", |p| p.call("fd_advise", &[0, 0, 10, 0]), Err(Spipe)),
    ("fd_advise: closed", |p| p.call("fd_advise", &[9, 0, 10, 0]), Err(Badf)),
    ("fd_allocate", |p| p.call("fd_allocate", &[4, 0, 100]), Ok(())),
    ("fd_allocate: nothing", |p| p.call("fd_allocate", &[4, 0, 0]), Err(Inval)),
    ("fd_allocate: beyond all files", |p| p.call("fd_allocate", &[4, BIG - 1, 1]), Err(Fbig)),
    ("fd_allocate: negative", |p| p.call("fd_allocate", &[4, BIG, 1]), Err(Inval)),
    ("fd_allocate: beyond the quota", |p| p.call("fd_allocate", &[4, 0, 1 << 40]), Err(Nospc)),
    ("fd_allocate: a folder", |p| p.call("fd_allocate", &[5, 0, 1]), Err(Badf)),
    ("fd_allocate: a stream", |p| p.call("fd_allocate", &[1, 0, 1]), Err(Spipe)),
    (
        "fd_allocate: read only",
        |p| {
            let fd = only(p, READ);
            p.call("fd_allocate", &[fd, 0, 1])
        },
        Err(Notcapable),
    ),
    ("fd_close", |p| p.call("fd_close", &[4]), Ok(())),
    ("fd_close: a folder of the beginning", |p| p.call("fd_close", &[3]), Ok(())),
    ("fd_close: closed", |p| p.call("fd_close", &[4]).and(p.call("fd_close", &[4])), Err(Badf)),
    ("fd_close: no descriptor", |p| p.call("fd_close", &[0xffff_ffff]), Err(Badf)),
    ("fd_datasync", |p| p.call("fd_datasync", &[4]), Ok(())),
    ("fd_datasync: a folder", |p| p.call("fd_datasync", &[3]), Ok(())),
    ("fd_datasync: a stream", |p| p.call("fd_datasync", &[1]), Err(Inval)),
    ("fd_sync", |p| p.call("fd_sync", &[4]), Ok(())),
    ("fd_sync: closed", |p| p.call("fd_sync", &[9]), Err(Badf)),
    ("fd_fdstat_get", |p| p.call("fd_fdstat_get", &[4, OUT64]), Ok(())),
    ("fd_fdstat_get: closed", |p| p.call("fd_fdstat_get", &[9, OUT64]), Err(Badf)),
    ("fd_fdstat_set_flags", |p| p.call("fd_fdstat_set_flags", &[4, 5]), Ok(())),
    ("fd_fdstat_set_flags: unknown", |p| p.call("fd_fdstat_set_flags", &[4, 32]), Err(Inval)),
    (
        "fd_fdstat_set_flags: beyond 16 bits",
        |p| p.call("fd_fdstat_set_flags", &[4, 0x1_0001]),
        Err(Inval),
    ),
    ("fd_fdstat_set_flags: closed", |p| p.call("fd_fdstat_set_flags", &[9, 0]), Err(Badf)),
    ("fd_fdstat_set_rights", |p| p.call("fd_fdstat_set_rights", &[4, READ, 0]), Ok(())),
    (
        "fd_fdstat_set_rights: more",
        |p| {
            p.call("fd_fdstat_set_rights", &[4, READ, 0])?;
            p.call("fd_fdstat_set_rights", &[4, READ | WRITE, 0])
        },
        Err(Notcapable),
    ),
    (
        "fd_fdstat_set_rights: more to hand on",
        |p| {
            p.call("fd_fdstat_set_rights", &[3, 0, 0])?;
            p.call("fd_fdstat_set_rights", &[3, 0, READ])
        },
        Err(Notcapable),
    ),
    ("fd_fdstat_set_rights: unknown", |p| p.call("fd_fdstat_set_rights", &[4, BIG, 0]), Err(Inval)),
    ("fd_fdstat_set_rights: closed", |p| p.call("fd_fdstat_set_rights", &[9, 0, 0]), Err(Badf)),
    ("fd_filestat_get", |p| p.call("fd_filestat_get", &[4, OUT64]), Ok(())),
    ("fd_filestat_get: a stream", |p| p.call("fd_filestat_get", &[0, OUT64]), Ok(())),
    ("fd_filestat_get: closed", |p| p.call("fd_filestat_get", &[9, OUT64]), Err(Badf)),
    ("fd_filestat_set_size", |p| p.call("fd_filestat_set_size", &[4, 100]), Ok(())),
    (
        "fd_filestat_set_size: beyond the quota",
        |p| p.call("fd_filestat_set_size", &[4, 1 << 40]),
        Err(Nospc),
    ),
    (
        "fd_filestat_set_size: beyond all files",
        |p| p.call("fd_filestat_set_size", &[4, BIG]),
        Err(Fbig),
    ),
    ("fd_filestat_set_size: a folder", |p| p.call("fd_filestat_set_size", &[5, 0]), Err(Badf)),
    ("fd_filestat_set_size: a stream", |p| p.call("fd_filestat_set_size", &[1, 0]), Err(Inval)),
    (
        "fd_filestat_set_size: read only",
        |p| {
            let fd = only(p, READ);
            p.call("fd_filestat_set_size", &[fd, 0])
        },
        Err(Notcapable),
    ),
    ("fd_filestat_set_times", |p| set_times(p, 4, 5), Ok(())),
    ("fd_filestat_set_times: now", |p| set_times(p, 5, 10), Ok(())),
    ("fd_filestat_set_times: a value and now", |p| set_times(p, 4, 3), Err(Inval)),
    ("fd_filestat_set_times: both of the other", |p| set_times(p, 4, 12), Err(Inval)),
    ("fd_filestat_set_times: unknown", |p| set_times(p, 4, 16), Err(Inval)),
    ("fd_filestat_set_times: closed", |p| set_times(p, 9, 0), Err(Badf)),
    ("fd_pread", |p| iov(p, "fd_pread", 4, &[1]), Ok(())),
    ("fd_pread: negative", |p| iov(p, "fd_pread", 4, &[BIG]), Err(Inval)),
    ("fd_pread: a folder", |p| iov(p, "fd_pread", 5, &[0]), Err(Isdir)),
    ("fd_pread: a stream", |p| iov(p, "fd_pread", 0, &[0]), Err(Spipe)),
    (
        "fd_pread: write only",
        |p| {
            let fd = only(p, WRITE);
            iov(p, "fd_pread", fd, &[0])
        },
        Err(Badf),
    ),
    ("fd_pwrite", |p| iov(p, "fd_pwrite", 4, &[1]), Ok(())),
    ("fd_pwrite: far beyond the quota", |p| iov(p, "fd_pwrite", 4, &[1 << 40]), Err(Nospc)),
    ("fd_pwrite: beyond all files", |p| iov(p, "fd_pwrite", 4, &[BIG - 1]), Err(Fbig)),
    ("fd_pwrite: a folder", |p| iov(p, "fd_pwrite", 5, &[0]), Err(Isdir)),
    ("fd_pwrite: a stream", |p| iov(p, "fd_pwrite", 1, &[0]), Err(Spipe)),
    (
        "fd_pwrite: read only",
        |p| {
            let fd = only(p, READ);
            iov(p, "fd_pwrite", fd, &[0])
        },
        Err(Badf),
    ),
    ("fd_read", |p| iov(p, "fd_read", 4, &[]), Ok(())),
    ("fd_read: a stream", |p| iov(p, "fd_read", 0, &[]), Ok(())),
    ("fd_read: a folder", |p| iov(p, "fd_read", 5, &[]), Err(Isdir)),
    ("fd_read: what is written to", |p| iov(p, "fd_read", 1, &[]), Err(Badf)),
    ("fd_read: closed", |p| iov(p, "fd_read", 9, &[]), Err(Badf)),
    ("fd_write", |p| iov(p, "fd_write", 4, &[]), Ok(())),
    ("fd_write: a stream", |p| iov(p, "fd_write", 1, &[]), Ok(())),
    ("fd_write: a folder", |p| iov(p, "fd_write", 5, &[]), Err(Isdir)),
    ("fd_write: what is read from", |p| iov(p, "fd_write", 0, &[]), Err(Badf)),
    ("fd_write: closed", |p| iov(p, "fd_write", 9, &[]), Err(Badf)),
    ("fd_prestat_get", |p| p.call("fd_prestat_get", &[3, OUT64]), Ok(())),
    ("fd_prestat_get: opened later", |p| p.call("fd_prestat_get", &[5, OUT64]), Err(Badf)),
    ("fd_prestat_get: a stream", |p| p.call("fd_prestat_get", &[0, OUT64]), Err(Badf)),
    ("fd_prestat_dir_name", |p| p.call("fd_prestat_dir_name", &[3, DATA64, 9]), Ok(())),
    (
        "fd_prestat_dir_name: no room",
        |p| p.call("fd_prestat_dir_name", &[3, DATA64, 0]),
        Err(Nametoolong),
    ),
    (
        "fd_prestat_dir_name: opened later",
        |p| p.call("fd_prestat_dir_name", &[5, DATA64, 9]),
        Err(Badf),
    ),
    ("fd_readdir", |p| p.call("fd_readdir", &[5, DATA64, 100, 0, OUT64]), Ok(())),
    ("fd_readdir: no room", |p| p.call("fd_readdir", &[5, DATA64, 0, 0, OUT64]), Ok(())),
    (
        "fd_readdir: beyond the end",
        |p| p.call("fd_readdir", &[5, DATA64, 9, u64::MAX, OUT64]),
        Ok(()),
    ),
    ("fd_readdir: a file", |p| p.call("fd_readdir", &[4, DATA64, 9, 0, OUT64]), Err(Notdir)),
    ("fd_renumber", |p| p.call("fd_renumber", &[4, 3]).and(p.call("fd_close", &[3])), Ok(())),
    (
        "fd_renumber: what was moved",
        |p| p.call("fd_renumber", &[4, 5]).and(p.call("fd_close", &[4])),
        Err(Badf),
    ),
    (
        "fd_renumber: itself",
        |p| p.call("fd_renumber", &[4, 4]).and(p.call("fd_close", &[4])),
        Ok(()),
    ),
    ("fd_renumber: from nothing", |p| p.call("fd_renumber", &[9, 4]), Err(Badf)),
    ("fd_renumber: to nothing", |p| p.call("fd_renumber", &[4, 9]), Err(Badf)),
    ("fd_seek", |p| p.call("fd_seek", &[4, 10, 0, OUT64]), Ok(())),
    ("fd_seek: before the beginning", |p| p.call("fd_seek", &[4, u64::MAX, 1, OUT64]), Err(Inval)),
    ("fd_seek: no such base", |p| p.call("fd_seek", &[4, 0, 3, OUT64]), Err(Inval)),
    (
        "fd_seek: beyond all files",
        |p| {
            p.call("fd_seek", &[4, BIG - 1, 0, OUT64])?;
            p.call("fd_seek", &[4, 1, 1, OUT64])
        },
        Err(Inval),
    ),
    ("fd_seek: a folder", |p| p.call("fd_seek", &[5, 0, 1, OUT64]), Err(Isdir)),
    ("fd_seek: a stream", |p| p.call("fd_seek", &[0, 0, 1, OUT64]), Err(Spipe)),
    ("fd_tell", |p| p.call("fd_tell", &[4, OUT64]), Ok(())),
    ("fd_tell: a folder", |p| p.call("fd_tell", &[5, OUT64]), Err(Isdir)),
    ("fd_tell: a stream", |p| p.call("fd_tell", &[1, OUT64]), Err(Spipe)),
    ("path_open: from a file", |p| p.open_with(4, "x", (0, 0, 0, 0)).map(|_| ()), Err(Notdir)),
    ("path_open: from nothing", |p| p.open_with(9, "x", (0, 0, 0, 0)).map(|_| ()), Err(Badf)),
    ("path_open: unknown flags", |p| p.open_with(3, "file", (0, 0, 0, 32)).map(|_| ()), Err(Inval)),
    (
        "path_open: without the right to",
        |p| {
            p.call("fd_fdstat_set_rights", &[3, 0, 0])?;
            p.open("file", 0).map(|_| ())
        },
        Err(Notcapable),
    ),
    (
        "path_open: rights that cannot be given",
        |p| {
            p.call("fd_fdstat_set_rights", &[3, 1 << 13, READ])?;
            p.open("file", 0).map(|_| ())
        },
        Err(Notcapable),
    ),
    (
        "path_open: truncating without the right to",
        |p| {
            p.call("fd_fdstat_set_rights", &[3, 1 << 13, READ])?;
            p.open_with(3, "file", (0, TRUNC, 0, 0)).map(|_| ())
        },
        Err(Notcapable),
    ),
    (
        "path_open: creating without the right to",
        |p| {
            p.call("fd_fdstat_set_rights", &[3, 1 << 13, READ])?;
            p.open_with(3, "new", (0, CREAT, 0, 0)).map(|_| ())
        },
        Err(Notcapable),
    ),
    (
        "path_create_directory: no UTF-8",
        |p| {
            let [at, n] = p.put(PATH, [0xff, 0xfe]);
            p.call("path_create_directory", &[3, at, n])
        },
        Err(Ilseq),
    ),
    (
        "path_create_directory: too long a path",
        |p| p.call("path_create_directory", &[3, 0, 5000]),
        Err(Nametoolong),
    ),
    (
        "path_create_directory: too long a name",
        |p| p.path("path_create_directory", 3, &"x".repeat(300), &[]),
        Err(Nametoolong),
    ),
    (
        "path_filestat_set_times",
        |p| {
            let [at, n] = p.put(PATH, "file");
            p.call("path_filestat_set_times", &[3, 0, at, n, 1, 2, 5])
        },
        Ok(()),
    ),
    (
        "path_filestat_set_times: a value and now",
        |p| {
            let [at, n] = p.put(PATH, "file");
            p.call("path_filestat_set_times", &[3, 0, at, n, 1, 2, 3])
        },
        Err(Inval),
    ),
    ("poll_oneoff: nothing", |p| p.call("poll_oneoff", &[DATA64, OUT64, 0, OUT64]), Err(Inval)),
    (
        "poll_oneoff: no such kind",
        |p| {
            p.put(DATA, [[0; 8], [3, 0, 0, 0, 0, 0, 0, 0]].concat());
            p.call("poll_oneoff", &[DATA64, OUT64, 1, OUT64])
        },
        Err(Inval),
    ),
    ("proc_raise", |p| p.call("proc_raise", &[6]), Err(Notsup)),
    ("proc_raise: no such signal", |p| p.call("proc_raise", &[31]), Err(Inval)),
    ("sched_yield", |p| p.call("sched_yield", &[]), Ok(())),
    ("random_get", |p| p.call("random_get", &[DATA64, 9]), Ok(())),
    ("sock_accept: no socket", |p| p.call("sock_accept", &[1, 0, OUT64]), Err(Notsock)),
    ("sock_accept: closed", |p| p.call("sock_accept", &[9, 0, OUT64]), Err(Badf)),
    ("sock_accept: unknown flags", |p| p.call("sock_accept", &[1, 32, OUT64]), Err(Inval)),
    ("sock_recv: no socket", |p| iov(p, "sock_recv", 4, &[0, OUT64]), Err(Notsock)),
    ("sock_recv: unknown flags", |p| iov(p, "sock_recv", 4, &[4, OUT64]), Err(Inval)),
    ("sock_send: no socket", |p| iov(p, "sock_send", 4, &[0]), Err(Notsock)),
    ("sock_send: flags", |p| iov(p, "sock_send", 4, &[1]), Err(Inval)),
    ("sock_shutdown: no socket", |p| p.call("sock_shutdown", &[1, 1]), Err(Notsock)),
    ("sock_shutdown: closed", |p| p.call("sock_shutdown", &[9, 1]), Err(Badf)),
    ("sock_shutdown: no direction", |p| p.call("sock_shutdown", &[1, 0]), Err(Inval)),
    ("sock_shutdown: unknown", |p| p.call("sock_shutdown", &[1, 4]), Err(Inval)),
];

#[test]
fn each_function_gives_what_its_document_says() {
    for (what, act, expected) in ROWS {
        assert_eq!(act(&mut given()), *expected, "{what}");
    }
}

#[test]
fn arguments_and_variables_are_written_one_after_the_other() {
    let (mut builder, stdout) = builder(&VirtualFs::new(0));
    builder.args(["program", "", "-x"]).env("A", "1").env("B", "").env("A", "2");
    let mut p = Program::of(builder.build().unwrap(), stdout);
    p.call("args_sizes_get", &[OUT64, OUT64 + 4]).unwrap();
    assert_eq!((p.u32(OUT), p.u32(OUT + 4)), (3, 12));
    p.call("args_get", &[OUT64, DATA64]).unwrap();
    assert_eq!(p.bytes(DATA, 12), b"program\0\0-x\0");
    assert_eq!([0, 4, 8].map(|i| p.u32(OUT + i) - DATA), [0, 8, 9]);
    p.call("environ_sizes_get", &[OUT64, OUT64 + 4]).unwrap();
    assert_eq!((p.u32(OUT), p.u32(OUT + 4)), (2, 7));
    p.call("environ_get", &[OUT64, DATA64]).unwrap();
    assert_eq!(p.bytes(DATA, 7), b"A=2\0B=\0");
    for bad in [("", "x"), ("A=B", "x"), ("A", "x\0y")] {
        let mut builder = etalon_wasi::WasiCtxBuilder::new();
        assert!(builder.env(bad.0, bad.1).build().is_err(), "{bad:?}");
    }
}

/// Of those that fail and those that end the guest as well, with gas that was left before them.
#[test]
fn an_observer_is_told_of_each_call() {
    let (mut builder, stdout) = builder(&VirtualFs::new(0));
    let (sender, told) = std::sync::mpsc::channel();
    builder.observer(move |call| {
        let told = (call.function.name(), call.args.to_vec(), call.errno, call.gas_left);
        sender.send(told).unwrap();
    });
    let mut p = Program::of(builder.build().unwrap(), stdout);
    p.memory.most = 100;
    p.call("random_get", &[DATA64, 30]).unwrap();
    p.call("fd_close", &[9]).unwrap_err();
    p.raw("random_get", &[u64::from(SIZE), 1]).unwrap_err();
    p.raw("random_get", &[DATA64, 71]).unwrap_err();
    p.raw("proc_exit", &[3]).unwrap_err();
    drop(p);
    let expected = [
        ("random_get", vec![DATA64, 30], Some(Success), Some(100)),
        ("fd_close", vec![9], Some(Badf), Some(70)),
        ("random_get", vec![u64::from(SIZE), 1], None, Some(70)),
        ("random_get", vec![DATA64, 71], None, Some(70)),
        ("proc_exit", vec![3], None, Some(0)),
    ];
    assert_eq!(told.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn offsets_appending_and_places() {
    let mut p = given();
    assert_eq!(p.write(4, "BY"), Ok(2));
    assert_eq!(p.read(4, 10), Ok(b"tes".to_vec()));
    let append = p.open_with(3, "file", (0, 0, READ | WRITE, APPEND)).unwrap();
    assert_eq!(p.write(append, "!"), Ok(1));
    p.call("fd_tell", &[append.into(), OUT64]).unwrap();
    assert_eq!(p.u64(OUT), 6, "what was appended moves the offset to the end");
    p.put(DATA, "xyz");
    let [iovs, count] = p.iov(DATA, 3);
    p.call("fd_pwrite", &[append.into(), iovs, count, 0, OUT64]).unwrap();
    p.call("fd_tell", &[append.into(), OUT64]).unwrap();
    assert_eq!(p.u64(OUT), 6, "a write at a place moves no offset");
    assert_eq!(p.contents("file"), Ok(b"xyzes!".to_vec()));
    p.call("fd_seek", &[4, 9, 0, OUT64]).unwrap();
    assert_eq!(p.write(4, "z"), Ok(1));
    assert_eq!(p.contents("file"), Ok(b"xyzes!\0\0\0z".to_vec()));
    // Buffers that overlap are filled in their order.
    let words = [DATA, 4, DATA + 2, 4].map(u32::to_le_bytes).concat();
    let [iovs, _] = p.put(IOVS, words);
    p.call("fd_pread", &[4, iovs, 2, 0, OUT64]).unwrap();
    assert_eq!((p.u32(OUT), p.bytes(DATA, 6)), (8, &b"xys!\0\0"[..]));
}

#[test]
fn a_file_without_a_name_lives_while_it_is_open() {
    let fs = VirtualFs::new(1 << 20);
    let mut p = Program::over(&fs);
    p.file("file", "bytes");
    let fd = p.open("file", 0).unwrap();
    p.path("path_unlink_file", 3, "file", &[]).unwrap();
    assert_eq!(p.read(fd, 9), Ok(b"bytes".to_vec()));
    let state = p.ctx.save().unwrap();
    assert_eq!(state, state.restore().unwrap().save().unwrap());
    p.call("fd_close", &[fd.into()]).unwrap();
    // Its room can be used again.
    for _ in 0..100 {
        p.file("big", &"x".repeat(0x8000));
        p.path("path_unlink_file", 3, "big", &[]).unwrap();
    }
}

#[test]
fn folders_are_read_in_order_and_cookies_stay() {
    let mut p = given();
    for name in ["b", "c", "a"] {
        p.file(&format!("folder/{name}"), "");
    }
    for length in [28, 60, 500] {
        assert_eq!(p.names(5, length), [".", "..", "a", "b", "c"], "a buffer of {length}");
    }
    // What is removed and created after the beginning was read changes no place.
    p.call("fd_readdir", &[5, DATA64, 80, 0, OUT64]).unwrap();
    p.path("path_unlink_file", 3, "folder/a", &[]).unwrap();
    p.file("folder/0", "");
    p.call("fd_readdir", &[5, DATA64, 25, 3, OUT64]).unwrap();
    assert_eq!(p.bytes(DATA + 24, 1), b"b");
    assert_eq!(p.names(5, 500), [".", "..", "0", "b", "c"]);
}

#[test]
fn waiting_jumps_where_nothing_is_real() {
    let mut p = given();
    let clock = |clock: u32, timeout: u64, flags: u16| {
        let mut bytes = vec![7; 8];
        bytes.extend([0; 8]);
        bytes.extend(clock.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(timeout.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(flags.to_le_bytes());
        bytes.extend([0; 6]);
        bytes
    };
    let stream = |tag: u8, fd: u32| {
        let mut bytes = vec![tag; 9];
        bytes.extend([0; 7]);
        bytes.extend(fd.to_le_bytes());
        bytes.extend([0; 28]);
        bytes
    };
    let poll = |p: &mut Program, subscriptions: &[Vec<u8>]| {
        p.put(DATA, subscriptions.concat());
        let count = subscriptions.len() as u64;
        p.call("poll_oneoff", &[DATA64, OUT64, count, 0]).unwrap();
        let event = |i: u32| {
            let at = OUT + i * 32;
            (p.bytes(at + 10, 1)[0], u16::from_le_bytes(p.bytes(at + 8, 2).try_into().unwrap()))
        };
        (0..p.u32(0)).map(event).collect::<Vec<_>>()
    };
    let time = |p: &mut Program| {
        p.call("clock_time_get", &[1, 0, OUT64]).unwrap();
        p.u64(OUT)
    };
    let day = 86_400_000_000_000;
    let before = time(&mut p);
    assert_eq!(poll(&mut p, &[clock(1, day, 0)]), [(0, 0)]);
    assert!(time(&mut p) >= before + day, "the clock has gone on");
    assert_eq!(poll(&mut p, &[clock(1, 2 * day, 0), clock(0, 5, 0)]), [(0, 0)]);
    assert_eq!(poll(&mut p, &[clock(0, 5, 1), clock(1, u64::MAX, 0)]), [(0, 0)], "long past");
    assert_eq!(poll(&mut p, &[clock(0, u64::MAX, 1)]), [(0, 0)], "the end of time");
    assert_eq!(poll(&mut p, &[clock(9, 5, 0)]), [(0, Inval.number())]);
    assert_eq!(poll(&mut p, &[clock(2, 5, 0)]), [(0, Notsup.number())]);
    let ready = [stream(1, 0), stream(2, 1), stream(1, 4), stream(2, 4), clock(1, day, 0)];
    assert_eq!(poll(&mut p, &ready), [(1, 0), (2, 0), (1, 0), (2, 0)]);
    assert_eq!(poll(&mut p, &[stream(1, 9)]), [(1, Badf.number())]);
    assert_eq!(poll(&mut p, &[stream(2, 3)]), [(2, Badf.number())]);
}
