//! The examples run.

/// A module and a test for each file of `examples/`.
macro_rules! examples {
    ($($name:ident $path:literal)*) => {
        $(
            #[path = $path]
            mod $name;

            #[test]
            fn $name() {
                $name::main().unwrap();
            }
        )*

        #[test]
        fn none_is_forgotten() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
            // These measure, and have make targets.
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into())
                .collect();
            files.retain(|file| !["calls", "growth", "instances", "regions"].contains(&file.as_str()));
            files.sort();
            assert_eq!(files, [$(stringify!($name)),*]);
        }
    };
}

examples! {
    batch "../examples/batch.rs"
    gas_and_traps "../examples/gas_and_traps.rs"
    hello "../examples/hello.rs"
    host_memory "../examples/host_memory.rs"
    linking "../examples/linking.rs"
    plugin_host "../examples/plugin_host.rs"
    snapshot "../examples/snapshot.rs"
    threads "../examples/threads.rs"
    typed "../examples/typed.rs"
}
