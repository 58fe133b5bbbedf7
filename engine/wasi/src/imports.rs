//! Imports of relatives of preview 1 that are refused by name.

/// Why an import cannot be given, for those that users may expect here: what it is, and what to do.
///
/// ```
/// let why = etalon_wasi::refused("wasi_unstable", "fd_write").unwrap();
/// assert!(why.contains("wasi_snapshot_preview1"));
/// assert_eq!(etalon_wasi::refused("wasi_snapshot_preview1", "fd_write"), None);
/// ```
pub fn refused(module: &str, name: &str) -> Option<String> {
    let why = match (module, name) {
        ("wasi_unstable", _) => {
            "is of WASI's preview 0, which has other types under the same names: build the program for wasi_snapshot_preview1 \
             (target wasm32-wasip1)"
        }
        ("wasi", "thread-spawn") => {
            "is of wasi-threads, and there are no threads here: build the program without them (target wasm32-wasip1)"
        }
        (crate::MODULE, _) => match crate::function(name) {
            Some(_) => return None,
            None => "is none of the 46 functions of WASI preview 1",
        },
        _ if module.starts_with("wasi:") => {
            "is of WASI 0.2 or later, whose programs are components: build the program for wasi_snapshot_preview1 (target \
             wasm32-wasip1)"
        }
        _ => return None,
    };
    Some(format!("{module:?} {name:?} {why}"))
}

/// Why bytes cannot be run, if they are a component and not a module.
pub fn refused_component(bytes: &[u8]) -> Option<&'static str> {
    // The last two bytes are the layer; 0 is that of modules.
    matches!(bytes, [b'\0', b'a', b's', b'm', _, _, layer, 0, ..] if *layer != 0).then_some(
        "this is a component, not a module: build the program for wasi_snapshot_preview1 (target wasm32-wasip1), or take the \
         module out of it",
    )
}
