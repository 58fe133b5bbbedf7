//! The cache of compiled code: what it gives is what compilation gives, whatever happens to its folder.

use etalon::{
    Cache, CacheConfig, Config, Engine, Instance, Module, Nans, OptLevel, Schedule, Store, Tier,
    unstable,
};
use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

const TEXT: &str = r#"(module (memory 1)
    (func $g (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 7)))
    (data (i32.const 3) "\05"))"#;

fn open(folder: &Path) -> Cache {
    open_as(&CacheConfig::new(folder))
}

fn open_as(config: &CacheConfig) -> Cache {
    try_open(config).unwrap()
}

fn try_open(config: &CacheConfig) -> std::io::Result<Cache> {
    // SAFETY: the folder is a test's own. What that writes there itself is damaged on purpose, and has no hash that matches.
    unsafe { Cache::open(config) }
}

fn engine(cache: Option<&Cache>) -> Engine {
    Engine::new(Config::new().tier(Tier::Jit).cache(cache)).unwrap()
}

/// The only entry of a cache.
fn entry(folder: &Path) -> PathBuf {
    let mut entries = entries(folder);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().len() == 64).collect()
}

/// What the function of a module gives, and the hits and misses of its store.
fn run(module: &Module) -> (i32, u64, u64) {
    let mut store = Store::new(module.engine(), ());
    let mut first = Instance::new(&mut store, module, &[]).unwrap();
    // A second instance of a module is no second compilation.
    first = Instance::new(&mut store, module, &[]).map_or(first, |second| second);
    let f = first.get_typed_func::<i32, i32>(&store, "f").unwrap();
    let result = f.call(&mut store, 3).unwrap();
    let metrics = store.metrics();
    (result, metrics.cache_hits, metrics.cache_misses)
}

#[test]
fn a_hit_is_bit_for_bit_a_miss() {
    let flat = Schedule::builtin("flat").unwrap();
    let settings: [&dyn Fn(&mut Config); 8] = [
        &|_| (),
        &|config| _ = config.tier(Tier::Aot),
        &|config| _ = config.tier(Tier::Jit).opt_level(OptLevel::None),
        &|config| _ = config.consume_fuel(true),
        &|config| _ = config.consume_fuel(true).schedule(flat.clone()),
        &|config| _ = config.interruptible(true),
        &|config| _ = config.memory_regions(true),
        &|config| _ = config.nans(Nans::Any).opt_level(OptLevel::Size),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (at, set) in settings.iter().enumerate() {
        let made = |cache: Option<&Cache>| {
            let mut config = Config::new();
            config.tier(Tier::Jit).cache(cache);
            set(&mut config);
            Module::new(&Engine::new(&config).unwrap(), TEXT).unwrap()
        };
        let plain = made(None);
        let [first, second] = [open(folder.path()), open(folder.path())];
        let (miss, hit) = (made(Some(&first)), made(Some(&second)));
        // Through an artefact the code is the same as directly, and so are the two settings.
        let was_there = u64::from(at == 1);
        assert_eq!((first.hits(), first.misses()), (was_there, 1 - was_there), "{at}");
        assert_eq!((second.hits(), second.misses(), second.failures()), (1, 0, 0), "{at}");
        let artefact = plain.to_artefact().unwrap();
        assert!(artefact == miss.to_artefact().unwrap(), "{at}: a miss is not what is compiled");
        assert!(artefact == hit.to_artefact().unwrap(), "{at}: a hit is not what is compiled");
        assert_eq!(run(&plain), (12, 0, 0));
        assert_eq!(run(&miss), (12, was_there, 1 - was_there));
        assert_eq!(run(&hit), (12, 1, 0));
    }
    let contents = open(folder.path()).contents().unwrap();
    assert_eq!((contents.entries, contents.unfinished), (7, 0));
    assert_eq!((contents.hits, contents.misses), (9, 7));
}

/// The tier that compiles a few functions takes the code of all where there is some, and keeps nothing.
#[test]
fn auto_reads_a_cache_and_does_not_fill_it() {
    let folder = tempfile::tempdir().unwrap();
    let made = |tier| {
        let cache = open(folder.path());
        let engine = Engine::new(Config::new().tier(tier).cache(Some(&cache))).unwrap();
        let module = Module::new(&engine, TEXT).unwrap();
        assert_eq!(run(&module).0, 12);
        (module.is_from_cache(), cache.hits(), cache.misses())
    };
    assert_eq!(made(Tier::Auto), (None, 0, 0));
    assert_eq!(made(Tier::Jit), (Some(false), 0, 1));
    assert_eq!(made(Tier::Auto), (Some(true), 1, 0));
}

#[test]
fn functions_on_other_tiers_are_another_entry() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let binary = wat::parse_str(TEXT).unwrap();
    for compiled in 0..4u32 {
        for hits in 0..2 {
            let before = cache.hits();
            let tier_of = |func: u32| match compiled & (1 << func) {
                0 => Tier::Interp,
                _ => Tier::Jit,
            };
            let module = unstable::mixed(&engine(Some(&cache)), &binary, tier_of).unwrap();
            assert_eq!(run(&module).0, 12);
            assert_eq!(cache.hits() - before, hits, "{compiled}");
        }
    }
}

#[test]
fn what_is_damaged_is_dropped_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let make = || {
        let cache = open(folder.path());
        let module = Module::new(&engine(Some(&cache)), TEXT).unwrap();
        assert_eq!(run(&module).0, 12);
        cache
    };
    make();
    let path = entry(folder.path());
    let good = std::fs::read(&path).unwrap();
    let other = tempfile::tempdir().unwrap();
    Module::new(&engine(Some(&open(other.path()))), "(module (func))").unwrap();
    let foreign = std::fs::read(entry(other.path())).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let mut damages =
        vec![Vec::new(), good[..20].to_vec(), good[..good.len() - 1].to_vec(), foreign];
    damages.extend([0, 8, 39, 40, good.len() / 2, good.len() - 1].map(flipped));
    for bytes in damages {
        std::fs::write(&path, &bytes).unwrap();
        let cache = make();
        let told = cache.failure();
        assert_eq!((cache.hits(), cache.misses(), cache.failures()), (0, 1, 1), "{told:?}");
        assert!(std::fs::read(&path).unwrap() == good, "the entry is not made again");
        let cache = make();
        assert_eq!((cache.hits(), cache.failures()), (1, 0));
    }
    // A check finds it too, and leaves what is good.
    assert_eq!(open(folder.path()).check().unwrap().entries, 0);
    std::fs::write(&path, flipped(100)).unwrap();
    assert_eq!(open(folder.path()).check().unwrap().entries, 1);
    assert_eq!(open(folder.path()).contents().unwrap().entries, 0);
}

#[test]
fn what_others_could_have_written_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let above = folder.path();
    let inside = above.join("made/here");
    let make = || {
        let cache = open(&inside);
        Module::new(&engine(Some(&cache)), TEXT).unwrap();
        cache
    };
    make();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inside), 0o700);
    let path = entry(&inside);
    assert_eq!(mode(&path), 0o600);
    std::fs::set_permissions(&path, Permissions::from_mode(0o602)).unwrap();
    let cache = make();
    assert_eq!((cache.hits(), cache.misses()), (0, 1));
    assert!(cache.failure().unwrap().contains("can be written to by others"));
    // A link may lead anywhere.
    let elsewhere = above.join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    let cache = make();
    assert_eq!((cache.hits(), cache.misses(), cache.failures()), (0, 1, 1));
    assert!(path.symlink_metadata().unwrap().is_file());
    std::fs::set_permissions(&inside, Permissions::from_mode(0o770)).unwrap();
    let refused = try_open(&CacheConfig::new(&inside)).unwrap_err();
    assert!(refused.to_string().contains("can be written to by others"), "{refused}");
}

#[test]
fn a_module_that_is_refused_has_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    Module::new(&engine(Some(&cache)), "(module (func (result i32)))").unwrap_err();
    let contents = cache.contents().unwrap();
    assert_eq!((contents.entries, contents.misses, cache.failures()), (0, 0, 0));
}

#[test]
fn an_interpreter_has_nothing_to_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    let engine = Engine::new(Config::new().tier(Tier::Interp).cache(Some(&cache))).unwrap();
    assert_eq!(run(&Module::new(&engine, TEXT).unwrap()), (12, 0, 0));
    assert_eq!(cache.contents().unwrap().entries, 0);
}

#[test]
fn it_stays_within_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = CacheConfig::new(folder.path());
    let cache = open_as(config.max_entries(2));
    let text = |n: u32| format!("(module (func (export \"f\") (result i32) (i32.const {n})))");
    let make = |cache: &Cache, n: u32| {
        Module::new(&engine(Some(cache)), text(n)).unwrap();
        entries(folder.path())
    };
    let old = make(&cache, 0).remove(0);
    let used = make(&cache, 1).into_iter().find(|path| *path != old).unwrap();
    // What was used last is told by the time of the file.
    for (path, time) in [(&used, 1), (&old, 2)] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
        File::open(path).unwrap().set_modified(time).unwrap();
    }
    make(&cache, 1);
    assert_eq!(cache.hits(), 1);
    let left = make(&cache, 2);
    assert_eq!(left.len(), 2);
    assert!(left.contains(&used) && !left.contains(&old), "the wrong one is gone");
    // The same by bytes; what is larger than everything may be is not written.
    let bytes = |path: &Path| path.metadata().unwrap().len();
    let both: u64 = left.iter().map(|path| bytes(path)).sum();
    let gone = open_as(config.max_bytes(both - 1)).trim().unwrap();
    assert_eq!((gone.entries, entries(folder.path()).len()), (1, 1));
    let small = open_as(config.max_bytes(100));
    make(&small, 3);
    make(&small, 3);
    assert_eq!((small.hits(), small.misses(), small.failures()), (0, 2, 0));
}

#[test]
fn what_is_removed_is_the_caches_own() {
    let folder = tempfile::tempdir().unwrap();
    let cache = open(folder.path());
    Module::new(&engine(Some(&cache)), TEXT).unwrap();
    let write = |name: &str, is_old: bool| {
        let file = File::create(folder.path().join(name)).unwrap();
        if is_old {
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
    };
    // As processes leave them that are killed while they write, or that are writing now.
    write("new-killed", true);
    write("new-writing", false);
    write("precious", true);
    assert_eq!(cache.contents().unwrap().unfinished, 2);
    let gone = cache.trim().unwrap();
    assert_eq!((gone.entries, gone.unfinished), (0, 1));
    let gone = cache.clear().unwrap();
    assert_eq!((gone.entries, gone.unfinished), (1, 1));
    let contents = cache.contents().unwrap();
    assert_eq!((contents.entries, contents.bytes, contents.misses), (0, 0, 0));
    assert!(folder.path().join("precious").exists());
}

#[test]
fn without_its_folder_modules_are_compiled() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    let cache = open(&folder);
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    assert_eq!(run(&Module::new(&engine(Some(&cache)), TEXT).unwrap()), (12, 0, 1));
    assert!(cache.failures() > 0 && cache.failure().is_some());
    try_open(&CacheConfig::new(&folder)).unwrap_err();
}

#[test]
fn threads_that_compile_the_same_all_succeed() {
    const THREADS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let begin = Barrier::new(THREADS);
    let artefacts: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let one = || {
            // As another process would have it.
            let cache = open(folder.path());
            begin.wait();
            let module = Module::new(&engine(Some(&cache)), TEXT).unwrap();
            assert_eq!((cache.hits() + cache.misses(), cache.failures()), (1, 0));
            module.to_artefact().unwrap()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(artefacts.windows(2).all(|pair| pair[0] == pair[1]));
    let contents = open(folder.path()).contents().unwrap();
    assert_eq!((contents.entries, contents.unfinished), (1, 0));
}
