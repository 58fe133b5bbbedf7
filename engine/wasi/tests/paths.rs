//! Paths, on the virtual file system and on a folder of the host: the same rows, the same answers.

mod support;

use Errno::*;
use etalon_wasi::{Access, Errno, Output, Policy, VirtualFs, WasiCtxBuilder};
use support::*;

/// Does something on a guest that has been given: `file` ("bytes"), `folder` with `folder/inner`, `link` -> `file`, `way` -> `folder`,
/// `lost` -> `nowhere`, `loop` -> `loop`.
type Act = fn(&mut Program) -> Given;

fn remove(p: &mut Program, path: &str) -> Given {
    p.path("path_remove_directory", 3, path, &[])
}

fn unlink(p: &mut Program, path: &str) -> Given {
    p.path("path_unlink_file", 3, path, &[])
}

fn create(p: &mut Program, path: &str) -> Given {
    p.path("path_create_directory", 3, path, &[])
}

fn stat(p: &mut Program, flags: u64, path: &str) -> Given {
    let [at, length] = p.put(PATH, path);
    p.call("path_filestat_get", &[3, flags, at, length, OUT.into()])
}

fn readlink(p: &mut Program, path: &str) -> Given {
    p.path("path_readlink", 3, path, &[DATA.into(), 4, OUT.into()])
}

fn open(p: &mut Program, path: &str, how: (u64, u64, u64)) -> Given {
    p.open_with(3, path, (how.0, how.1, how.2, 0)).map(|_| ())
}

const ROWS: &[(&str, Act, Given)] = &[
    ("a name", |p| stat(p, 0, "file"), Ok(())),
    ("nothing", |p| stat(p, 0, ""), Err(Noent)),
    ("no such name", |p| stat(p, 0, "none"), Err(Noent)),
    ("dots", |p| stat(p, 0, "folder/.//inner/../../folder/./inner/."), Ok(())),
    ("the folder itself", |p| stat(p, 0, "."), Ok(())),
    ("back to the folder itself", |p| stat(p, 0, "folder/.."), Ok(())),
    ("through a file", |p| stat(p, 0, "file/.."), Err(Notdir)),
    ("through nothing", |p| stat(p, 0, "none/.."), Err(Noent)),
    ("a file with a slash", |p| stat(p, 0, "file/"), Err(Notdir)),
    ("a folder with slashes", |p| stat(p, 0, "folder///"), Ok(())),
    ("a link to a folder, with a slash", |p| stat(p, 0, "way/"), Ok(())),
    ("through a link", |p| stat(p, 0, "way/inner"), Ok(())),
    ("a link that leads nowhere", |p| stat(p, 0, "lost"), Ok(())),
    ("the same, followed", |p| stat(p, FOLLOW, "lost"), Err(Noent)),
    ("a link to itself", |p| stat(p, 0, "loop"), Ok(())),
    ("the same, followed", |p| stat(p, FOLLOW, "loop"), Err(Loop)),
    ("through a link to itself", |p| stat(p, 0, "loop/x"), Err(Loop)),
    ("a zero", |p| stat(p, 0, "file\0"), Err(Inval)),
    ("unknown flags", |p| stat(p, 2, "file"), Err(Inval)),
    ("open a file", |p| open(p, "file", (0, 0, READ)), Ok(())),
    ("open a file as a folder", |p| open(p, "file", (0, DIRECTORY, 0)), Err(Notdir)),
    ("open a file with a slash", |p| open(p, "file/", (0, 0, READ)), Err(Notdir)),
    ("open nothing", |p| open(p, "none", (0, 0, READ)), Err(Noent)),
    ("open a link", |p| open(p, "link", (0, 0, READ)), Err(Loop)),
    ("open through a link", |p| open(p, "link", (FOLLOW, 0, READ)), Ok(())),
    ("open a link as a folder", |p| open(p, "way", (0, DIRECTORY, 0)), Err(Loop)),
    ("open a folder through a link", |p| open(p, "way", (FOLLOW, DIRECTORY, 0)), Ok(())),
    ("open a loop", |p| open(p, "loop", (FOLLOW, 0, 0)), Err(Loop)),
    ("open a folder to write", |p| open(p, "folder", (0, 0, WRITE)), Err(Isdir)),
    ("open the folder itself to write", |p| open(p, ".", (0, 0, READ | WRITE)), Err(Isdir)),
    ("truncate a folder", |p| open(p, "folder", (0, TRUNC, 0)), Err(Isdir)),
    ("create a file", |p| open(p, "new", (0, CREAT, READ)), Ok(())),
    ("create one that is there", |p| open(p, "file", (0, CREAT, READ)), Ok(())),
    ("create one that must be new", |p| open(p, "file", (0, CREAT | EXCL, READ)), Err(Exist)),
    ("the same under a link", |p| open(p, "lost", (FOLLOW, CREAT | EXCL, READ)), Err(Exist)),
    (
        "create through a link",
        |p| open(p, "lost", (FOLLOW, CREAT, 0)).and(stat(p, 0, "nowhere")),
        Ok(()),
    ),
    ("create with a slash", |p| open(p, "new/", (0, CREAT, READ)), Err(Isdir)),
    ("create in nothing", |p| open(p, "none/new", (0, CREAT, READ)), Err(Noent)),
    ("create a folder by opening", |p| open(p, "new", (0, CREAT | DIRECTORY, 0)), Err(Inval)),
    ("unknown ways to open", |p| open(p, "file", (0, 16, READ)), Err(Inval)),
    ("unknown rights", |p| open(p, "file", (0, 0, 1 << 40)), Err(Inval)),
    ("create a folder", |p| create(p, "new"), Ok(())),
    ("create a folder with a slash", |p| create(p, "new/"), Ok(())),
    ("create a folder that is there", |p| create(p, "folder"), Err(Exist)),
    ("create a folder where a file is", |p| create(p, "file"), Err(Exist)),
    ("create a folder under a link", |p| create(p, "lost"), Err(Exist)),
    ("create the folder itself", |p| create(p, "."), Err(Exist)),
    ("create a folder in a file", |p| create(p, "file/new"), Err(Notdir)),
    ("remove a file", |p| unlink(p, "file"), Ok(())),
    ("remove a file with a slash", |p| unlink(p, "file/"), Err(Notdir)),
    ("remove a folder as a file", |p| unlink(p, "folder"), Err(Isdir)),
    ("the same with a slash", |p| unlink(p, "folder/"), Err(Isdir)),
    ("remove a link", |p| unlink(p, "way").and(stat(p, 0, "folder")), Ok(())),
    ("remove a link with a slash", |p| unlink(p, "way/"), Err(Notdir)),
    ("remove nothing", |p| unlink(p, "none"), Err(Noent)),
    ("remove an empty folder", |p| remove(p, "folder/inner"), Ok(())),
    ("the same with a slash", |p| remove(p, "folder/inner/"), Ok(())),
    ("remove a folder with something", |p| remove(p, "folder"), Err(Notempty)),
    ("remove a file as a folder", |p| remove(p, "file"), Err(Notdir)),
    ("the same with a slash", |p| remove(p, "file/"), Err(Notdir)),
    ("remove a link as a folder", |p| remove(p, "way"), Err(Notdir)),
    ("remove the folder itself", |p| remove(p, "."), Err(Inval)),
    ("rename a file", |p| p.rename("file", "new").and(stat(p, 0, "new")), Ok(())),
    ("rename a file to itself", |p| p.rename("file", "file"), Ok(())),
    ("rename over a link", |p| p.rename("file", "lost").and(stat(p, 0, "lost")), Ok(())),
    ("rename a folder", |p| p.rename("folder", "new").and(stat(p, 0, "new/inner")), Ok(())),
    ("rename with slashes", |p| p.rename("folder/", "new/"), Ok(())),
    ("rename a file with a slash", |p| p.rename("file/", "new"), Err(Notdir)),
    ("rename a file to one with a slash", |p| p.rename("file", "new/"), Err(Notdir)),
    ("rename a file over a folder", |p| p.rename("file", "folder"), Err(Isdir)),
    ("rename a folder over a file", |p| p.rename("folder", "file"), Err(Notdir)),
    ("rename over an empty folder", |p| create(p, "new").and(p.rename("folder", "new")), Ok(())),
    (
        "rename over one with something",
        |p| create(p, "new").and(p.rename("new", "folder")),
        Err(Notempty),
    ),
    ("rename a folder into itself", |p| p.rename("folder", "folder/inner/new"), Err(Inval)),
    ("rename nothing", |p| p.rename("none", "new"), Err(Noent)),
    ("rename the folder itself", |p| p.rename(".", "new"), Err(Busy)),
    ("another name", |p| p.link(0, "file", "new").and(stat(p, 0, "new")), Ok(())),
    ("another name that is there", |p| p.link(0, "file", "link"), Err(Exist)),
    ("the same name", |p| p.link(0, "file", "file"), Err(Exist)),
    ("another name with a slash", |p| p.link(0, "file", "new/"), Err(Noent)),
    ("another name for a folder", |p| p.link(0, "folder", "new"), Err(Perm)),
    ("another name for a link", |p| p.link(0, "lost", "new").and(readlink(p, "new")), Ok(())),
    ("another name, followed", |p| p.link(FOLLOW, "link", "new"), Err(Inval)),
    ("a link", |p| p.symlink("file", "new").and(readlink(p, "new")), Ok(())),
    ("a link that is there", |p| p.symlink("file", "folder/"), Err(Exist)),
    ("a link with a slash", |p| p.symlink("file", "new/"), Err(Noent)),
    ("a link to the root", |p| p.symlink("/", "new"), Err(Notcapable)),
    ("an empty link", |p| p.symlink("", "new"), Err(Noent)),
    ("read a file as a link", |p| readlink(p, "file"), Err(Inval)),
    ("read a folder as a link", |p| readlink(p, "folder"), Err(Inval)),
    ("read the folder itself as a link", |p| readlink(p, "."), Err(Inval)),
    ("read no link", |p| readlink(p, "none"), Err(Noent)),
];

fn given(p: &mut Program) {
    p.folder("folder");
    p.folder("folder/inner");
    p.file("file", "bytes");
    for (text, name) in [("file", "link"), ("folder", "way"), ("nowhere", "lost"), ("loop", "loop")]
    {
        p.symlink(text, name).unwrap();
    }
}

/// A guest with a folder of the host as descriptor 3.
fn on_host(folder: &std::path::Path, access: Access) -> Program {
    let (output, stdout) = Output::captured(1 << 16);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(output).policy(Policy::deterministic(1)).dir(folder, "/", access).unwrap();
    Program::of(builder.build().unwrap(), stdout)
}

#[test]
fn paths_lead_where_they_lead_on_both_file_systems() {
    for (what, act, expected) in ROWS {
        let mut program = Program::new();
        given(&mut program);
        assert_eq!(act(&mut program), *expected, "{what}, virtual");
        let folder = tempfile::tempdir().unwrap();
        let mut program = on_host(folder.path(), Access::ReadWrite);
        given(&mut program);
        assert_eq!(act(&mut program), *expected, "{what}, on the host");
    }
}

/// Ways out of a folder `inside`, beside which there is `secret`; `inside` has `out` -> `..`, `there` -> the secret by its full
/// path, `up` -> `way/../../secret` and `folder`.
const WAYS_OUT: &[(&str, Act)] = &[
    ("the folder above", |p| open(p, "..", (0, DIRECTORY, 0))),
    ("a name above", |p| open(p, "../secret", (0, 0, READ))),
    ("far above", |p| open(p, "folder/../../../../../../etc/passwd", (0, 0, READ))),
    ("down, and above", |p| open(p, "folder/./..//../secret", (0, 0, READ))),
    ("from the root", |p| open(p, "/etc/passwd", (0, 0, READ))),
    ("the root", |p| open(p, "/", (0, DIRECTORY, 0))),
    ("a link above", |p| open(p, "out", (FOLLOW, DIRECTORY, 0))),
    ("through a link above", |p| open(p, "out/secret", (0, 0, READ))),
    ("a link from the root", |p| open(p, "there", (FOLLOW, 0, READ))),
    ("a link with dots", |p| open(p, "up", (FOLLOW, 0, READ))),
    ("creating above", |p| open(p, "../new", (0, CREAT, WRITE))),
    ("creating through a link", |p| open(p, "out/new", (0, CREAT, WRITE))),
    ("a folder above", |p| create(p, "../new")),
    ("moving out", |p| p.rename("file", "../new")),
    ("moving in", |p| p.rename("../secret", "new")),
    ("naming from outside", |p| p.link(0, "out/secret", "new")),
    ("removing outside", |p| unlink(p, "out/secret")),
    ("looking outside", |p| stat(p, FOLLOW, "there")),
    ("reading where a link leads", |p| readlink(p, "there")),
    ("a link to the root", |p| p.symlink("/etc", "new")),
];

#[test]
fn no_way_leads_out_of_a_folder_of_the_host() {
    for (what, act) in WAYS_OUT {
        let around = tempfile::tempdir().unwrap();
        let secret = around.path().join("secret");
        std::fs::write(&secret, "secret").unwrap();
        let inside = around.path().join("inside");
        std::fs::create_dir_all(inside.join("folder")).unwrap();
        std::fs::write(inside.join("file"), "file").unwrap();
        for (text, name) in
            [("..", "out"), (secret.to_str().unwrap(), "there"), ("folder/../../secret", "up")]
        {
            std::os::unix::fs::symlink(text, inside.join(name)).unwrap();
        }
        let mut program = on_host(&inside, Access::ReadWrite);
        assert_eq!(act(&mut program), Err(Notcapable), "{what}");
        let left: Vec<_> = std::fs::read_dir(around.path()).unwrap().collect();
        assert_eq!(left.len(), 2, "{what}: something is there that was not");
        assert_eq!(std::fs::read(&secret).unwrap(), b"secret", "{what}");
    }
}

#[test]
fn no_way_leads_out_of_a_virtual_file_system() {
    for (what, act) in WAYS_OUT {
        let fs = VirtualFs::new(1 << 20);
        fs.add_folder("folder").unwrap();
        fs.add_file("file", "file").unwrap();
        for (text, name) in [("..", "out"), ("/secret", "there"), ("folder/../../secret", "up")] {
            fs.add_link(name, text).unwrap();
        }
        let before = fs.tree();
        assert_eq!(act(&mut Program::over(&fs)), Err(Notcapable), "{what}");
        assert_eq!(fs.tree(), before, "{what}");
    }
}

/// A folder that is moved away while the guest has it open is still where its descriptor says; its `..` leads nowhere.
#[test]
fn a_folder_that_was_moved_has_no_way_out() {
    let around = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(around.path().join("inside/a/b")).unwrap();
    let mut program = on_host(&around.path().join("inside"), Access::ReadWrite);
    let b = program.open_folder("a/b").unwrap();
    std::fs::rename(around.path().join("inside/a/b"), around.path().join("b")).unwrap();
    std::fs::write(around.path().join("secret"), "secret").unwrap();
    assert_eq!(program.open_with(b, "../secret", (0, 0, READ, 0)), Err(Notcapable));
    assert_eq!(program.open_with(b, ".", (0, 0, 0, 0)).map(|_| ()), Ok(()));
}

/// What would change something, on a folder that may only be read.
const CHANGES: &[(&str, Act)] = &[
    ("writing", |p| open(p, "file", (0, 0, WRITE))),
    ("truncating", |p| open(p, "file", (0, TRUNC, 0))),
    ("truncating to read", |p| open(p, "file", (0, TRUNC, READ))),
    ("creating a file", |p| open(p, "new", (0, CREAT, READ))),
    ("creating a folder", |p| create(p, "new")),
    ("removing a file", |p| unlink(p, "file")),
    ("removing a folder", |p| remove(p, "folder/inner")),
    ("renaming", |p| p.rename("file", "new")),
    ("another name", |p| p.link(0, "file", "new")),
    ("a link", |p| p.symlink("file", "new")),
    ("times", |p| {
        let [at, length] = p.put(PATH, "file");
        p.call("path_filestat_set_times", &[3, 0, at, length, 5, 5, 5])
    }),
    ("times of an open file", |p| {
        let fd = p.open_with(3, "file", (0, 0, READ, 0))?;
        p.call("fd_filestat_set_times", &[fd.into(), 5, 5, 5])
    }),
    ("the size of an open file", |p| {
        let fd = p.open_with(3, "file", (0, 0, READ | 1 << 22, 0))?;
        p.call("fd_filestat_set_size", &[fd.into(), 1])
    }),
];

#[test]
fn nothing_changes_in_a_folder_that_may_only_be_read() {
    let folder = tempfile::tempdir().unwrap();
    given(&mut on_host(folder.path(), Access::ReadWrite));
    let fs = VirtualFs::new(1 << 20);
    given(&mut Program::over(&fs));
    let before = fs.tree();
    for (what, act) in CHANGES {
        let mut program = on_host(folder.path(), Access::ReadOnly);
        assert_eq!(act(&mut program), Err(Rofs), "{what}, on the host");
        let (output, stdout) = Output::captured(1 << 16);
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(output).virtual_dir(&fs, "/", Access::ReadOnly);
        let mut program = Program::of(builder.build().unwrap(), stdout);
        assert_eq!(act(&mut program), Err(Rofs), "{what}, virtual");
    }
    assert_eq!(fs.tree(), before);
    let mut program = on_host(folder.path(), Access::ReadOnly);
    assert_eq!(program.contents("file"), Ok(b"bytes".to_vec()));
}

/// Somebody else exchanges a folder for a link that leads out, again and again, while the guest goes through that name.
#[test]
fn no_race_leads_out_of_a_folder_of_the_host() {
    let around = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(around.path().join("inside/way")).unwrap();
    std::fs::write(around.path().join("secret"), "secret").unwrap();
    std::fs::write(around.path().join("inside/way/secret"), "no secret").unwrap();
    std::os::unix::fs::symlink("..", around.path().join("inside/link")).unwrap();
    let folder = std::fs::File::open(around.path().join("inside")).unwrap();
    let (ended, ends) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        while ends.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            rustix::fs::renameat_with(&folder, "way", &folder, "link", flags).unwrap();
        }
    });
    let mut program = on_host(&around.path().join("inside"), Access::ReadWrite);
    for _ in 0..2000 {
        match program.contents("way/secret") {
            Ok(bytes) => assert_eq!(bytes, b"no secret"),
            Err(errno) => {
                assert!([Notcapable, Noent, Notdir, Loop, Inval].contains(&errno), "{errno:?}")
            }
        }
    }
    drop(ended);
    other.join().unwrap();
}
