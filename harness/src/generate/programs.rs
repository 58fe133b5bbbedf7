//! Programs of WASI preview 1 that call its functions in any order, with arguments that fit and with arguments that do not.

use super::choices::Choices;
use etalon_adapters::{ProgramEntry, ProgramFolder, ProgramSetup, Val, ValKind, wasi_functions};
use std::collections::BTreeMap;

/// What the arguments of a function are, in order, by letters.
///
/// `f` a descriptor; `p` a path, by its address and length; `o` where a result goes; `v` buffers, by address and number; `b` a
/// buffer, by address and length; `n` flags or another small number; `c` a clock; `l` a number of 64 bits; `s` subscriptions and
/// where events go, with their number; `x` a status.
const ROLES: &[(&str, &str)] = &[
    ("args_get", "oo"),
    ("args_sizes_get", "oo"),
    ("environ_get", "oo"),
    ("environ_sizes_get", "oo"),
    ("clock_res_get", "co"),
    ("clock_time_get", "clo"),
    ("fd_advise", "flln"),
    ("fd_allocate", "fll"),
    ("fd_close", "f"),
    ("fd_datasync", "f"),
    ("fd_fdstat_get", "fo"),
    ("fd_fdstat_set_flags", "fn"),
    ("fd_fdstat_set_rights", "fll"),
    ("fd_filestat_get", "fo"),
    ("fd_filestat_set_size", "fl"),
    ("fd_filestat_set_times", "flln"),
    ("fd_pread", "fvlo"),
    ("fd_prestat_get", "fo"),
    ("fd_prestat_dir_name", "fb"),
    ("fd_pwrite", "fvlo"),
    ("fd_read", "fvo"),
    ("fd_readdir", "fblo"),
    ("fd_renumber", "ff"),
    ("fd_seek", "flno"),
    ("fd_sync", "f"),
    ("fd_tell", "fo"),
    ("fd_write", "fvo"),
    ("path_create_directory", "fp"),
    ("path_filestat_get", "fnpo"),
    ("path_filestat_set_times", "fnplln"),
    ("path_link", "fnpfp"),
    ("path_open", "fnpnllno"),
    ("path_readlink", "fpbo"),
    ("path_remove_directory", "fp"),
    ("path_rename", "fpfp"),
    ("path_symlink", "pfp"),
    ("path_unlink_file", "fp"),
    ("poll_oneoff", "s"),
    ("proc_exit", "x"),
    ("proc_raise", "n"),
    ("sched_yield", ""),
    ("random_get", "b"),
    ("sock_accept", "fno"),
    ("sock_recv", "fvnoo"),
    ("sock_send", "fvno"),
    ("sock_shutdown", "fn"),
];

/// Paths, as they lie in the memory one after the other.
const PATHS: &[&str] = &[
    "a", "b", "c", "d/e", "d", "d/../a", "../a", "/a", "link", "loop", "out", "d/link", "new",
    "d/new", ".", "..", "a/", "d/", "d/.", "", "a/b", "\u{fc}", "x/y/z", "ro/a",
];

/// Where paths lie, and what is no UTF-8 after them.
const PATHS_AT: usize = 1024;
/// Where lists of buffers lie: each of eight entries, the last of them too long, beyond the memory, or overlapping.
const BUFFERS_AT: usize = 2048;
/// Where subscriptions lie.
const SUBSCRIPTIONS_AT: usize = 3072;
/// Where results go.
const RESULTS_AT: usize = 4096;
/// Pages of the memory.
const PAGES: usize = 2;

/// What each of these programs has.
pub(crate) fn setup() -> ProgramSetup {
    let file = |text: &str| ProgramEntry::File(text.as_bytes().to_vec());
    let link = |text: &str| ProgramEntry::Link(text.to_owned());
    let entries = BTreeMap::from([
        ("a".to_owned(), file("the file a")),
        ("b".to_owned(), file("")),
        ("d".to_owned(), ProgramEntry::Folder),
        ("d/e".to_owned(), file("the file e, which is longer than the others")),
        ("d/link".to_owned(), link("../a")),
        ("link".to_owned(), link("d/e")),
        ("loop".to_owned(), link("loop")),
        ("out".to_owned(), link("../../etc/passwd")),
    ]);
    let folder = |guest: &str, is_read_only: bool| ProgramFolder {
        guest: guest.to_owned(),
        is_read_only,
        entries: entries.clone(),
    };
    ProgramSetup {
        args: ["program", "one", "", "two words"].map(str::to_owned).to_vec(),
        env: [("A", "1"), ("EMPTY", ""), ("LONG", "a=b")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        stdin: b"what is read as standard input".to_vec(),
        folders: vec![folder("/", false), folder("ro", true)],
        is_real: false,
    }
}

/// A program, and its calls.
pub(crate) fn program(u: &mut Choices<'_>) -> (String, Vec<(String, Vec<Val>)>) {
    let functions = wasi_functions();
    let mut text = String::from("(module\n");
    for (name, params, has_result) in &functions {
        let params: Vec<&str> = params.iter().map(|kind| kind.name()).collect();
        let result = if *has_result { " (result i32)" } else { "" };
        let params = params.join(" ");
        text.push_str(&format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {params}){result}))\n"
        ));
    }
    text.push_str(&memory());
    let mut calls = Vec::new();
    for number in 0..2 + u.below(6) {
        text.push_str(&format!("(func (export \"f{number}\") (result i64) (local $h i64)\n"));
        for _ in 0..1 + u.below(12) {
            text.push_str(&call(u, &functions));
        }
        text.push_str("(local.get $h))\n");
        calls.push((format!("f{number}"), Vec::new()));
    }
    text.push_str(")\n");
    (text, calls)
}

/// The memory, with paths, lists of buffers and subscriptions.
fn memory() -> String {
    let mut paths = Vec::new();
    PATHS.iter().for_each(|path| paths.extend_from_slice(path.as_bytes()));
    // A name that is no text, and one with a zero.
    paths.extend_from_slice(b"\xff\xfe\0z");
    let mut lists = Vec::new();
    for list in 0..4_u32 {
        for entry in 0..8_u32 {
            let (address, length) = match (list, entry) {
                (1, 7) => (0x1_fff0, 0x100),
                (2, 7) => (RESULTS_AT as u32, u32::MAX),
                (3, 7) => (BUFFERS_AT as u32, 64),
                _ => (0x8000 + 512 * list + 64 * entry, 7 * entry),
            };
            lists.extend(u32::to_le_bytes(address));
            lists.extend(u32::to_le_bytes(length));
        }
    }
    let mut subscriptions = vec![0; 48 * 6];
    for (at, subscription) in subscriptions.chunks_exact_mut(48).enumerate() {
        subscription[0] = at as u8;
        // Clocks, reads, writes, and a kind that there is not.
        subscription[8] = [0, 1, 2, 0, 3, 1][at];
        subscription[16] = [1, 0, 1, 0, 0, 9][at];
        subscription[24] = 200;
    }
    let escaped =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    format!(
        "(memory (export \"memory\") {PAGES})\n(data (i32.const {PATHS_AT}) \"{}\")\n\
         (data (i32.const {BUFFERS_AT}) \"{}\")\n(data (i32.const {SUBSCRIPTIONS_AT}) \"{}\")\n",
        escaped(&paths),
        escaped(&lists),
        escaped(&subscriptions)
    )
}

/// A call of a function, whose result is folded into the sum of all.
fn call(u: &mut Choices<'_>, functions: &[(&'static str, Vec<ValKind>, bool)]) -> String {
    let (name, params, has_result) = u.of(functions);
    // One that ends the program, and then nothing follows.
    if !has_result && !u.percent(5) {
        return String::new();
    }
    let roles = ROLES.iter().find(|(function, _)| function == name).map_or("", |(_, roles)| roles);
    let mut args: Vec<String> = roles.chars().flat_map(|role| arguments(u, role)).collect();
    // Two of a hundred are beyond everything, which often ends the program.
    for (arg, kind) in args.iter_mut().zip(params) {
        if u.percent(2) {
            *arg = match kind {
                ValKind::I64 => u.of(&["-1", "0x7fffffffffffffff", "0x8000000000000000"]),
                _ => u.of(&["-1", "-8", "0x7fffffff", "0x80000000", "0x1fffc", "0x20000", "3"]),
            }
            .to_string();
        }
    }
    let typed = args.iter().zip(params);
    let typed: String = typed.map(|(arg, kind)| written(arg, *kind)).collect::<Vec<_>>().join(" ");
    if !has_result {
        return format!("(call ${name} {typed})\n");
    }
    let folded = format!(
        "(local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) \
         (i64.extend_i32_u (call ${name} {typed}))))\n"
    );
    match u.percent(25) {
        // What the function gave is seen too.
        true => format!(
            "{folded}(local.set $h (i64.add (local.get $h) (i64.load (i32.const {}))))\n",
            RESULTS_AT + 8 * u.below(16)
        ),
        false => folded,
    }
}

fn written(arg: &str, kind: ValKind) -> String {
    // An argument may be an expression.
    if arg.starts_with('(') { arg.to_owned() } else { format!("({}.const {arg})", kind.name()) }
}

/// The arguments for a role.
fn arguments(u: &mut Choices<'_>, role: char) -> Vec<String> {
    let result = |u: &mut Choices<'_>| (RESULTS_AT + 8 * u.below(64)).to_string();
    match role {
        'f' => {
            // One that was opened may be where results go.
            if u.percent(30) {
                let at = RESULTS_AT + 8 * u.below(8);
                return vec![format!("(i32.load (i32.const {at}))")];
            }
            vec![u.of(&["3", "4", "5", "6", "0", "1", "2", "7", "99"]).to_string()]
        }
        'p' => {
            if u.percent(3) {
                let end: usize = PATHS.iter().map(|path| path.len()).sum();
                return vec![(PATHS_AT + end).to_string(), (1 + u.below(4)).to_string()];
            }
            let number = u.below(PATHS.len());
            let before: usize = PATHS[..number].iter().map(|path| path.len()).sum();
            vec![(PATHS_AT + before).to_string(), PATHS[number].len().to_string()]
        }
        // Descriptors that are opened come to lie where others look for them.
        'o' if u.percent(50) => vec![(RESULTS_AT + 8 * u.below(8)).to_string()],
        'o' => vec![result(u)],
        'v' => {
            let list = if u.percent(90) { 0 } else { 1 + u.below(3) };
            vec![(BUFFERS_AT + 64 * list).to_string(), u.below(9).to_string()]
        }
        'b' => vec![result(u), u.of(&["64", "0", "1", "24", "4096", "300"]).to_string()],
        'n' => vec![u.of(&["0", "1", "2", "4", "8", "3", "5", "9", "15", "16", "255"]).to_string()],
        'c' => vec![u.of(&["0", "1", "2", "3", "4"]).to_string()],
        'l' => vec![
            u.of(&["0", "1", "5", "64", "0x1fffffff", "100", "4096", "-1", "0x3fffff", "66", "2"])
                .to_string(),
        ],
        's' => {
            let first = SUBSCRIPTIONS_AT + 48 * u.below(4);
            vec![first.to_string(), result(u), u.below(4).to_string(), result(u)]
        }
        _ => vec![u.of(&["0", "1", "7", "256"]).to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_roles() {
        for (name, params, _) in wasi_functions() {
            let (_, roles) = ROLES.iter().find(|(function, _)| *function == name).expect(name);
            let mut u = Choices::new(&[0; 256]);
            let args: usize = roles.chars().map(|role| arguments(&mut u, role).len()).sum();
            assert_eq!(args, params.len(), "{name}");
        }
        assert_eq!(ROLES.len(), wasi_functions().len());
    }
}
