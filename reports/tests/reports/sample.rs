//! Records made by hand: a small one with something of everything, a large one of the size of all suites.

use etalon_record::{
    EngineInfo, Failure, GasAgreement, GasMismatch, Kind, Note, Row, SuiteRecord, Tool, role,
};

/// What a hostile engine or script may say.
pub(crate) const HOSTILE: &str =
    "<script>alert(1)</script> \" ' & | `x` \u{0}\u{1b}[31m\u{fffe}\u{202e}\nsecond line";

/// The interpreter, the JIT and an engine that shares parts with the JIT.
pub(crate) fn engines() -> Vec<EngineInfo> {
    let mut interp = EngineInfo::new("interp", "0.1.0")
        .with_part(role::DECODE_VALIDATE, "wasmparser 0.263.0")
        .with_part(role::STORE, "etalon-runtime")
        .with_part(role::SEMANTICS, "etalon-interp")
        .with_part(role::GAS_SCHEDULE, "etalon-gas")
        .with_part(role::GAS_CHARGING, "etalon-interp")
        .with_part(role::HOST_FUNCTIONS, "etalon-spec-tests");
    interp.features = ["simd", "gc", "tail-call", "exceptions", "memory64", "multi-memory"]
        .map(Into::into)
        .into();
    interp.settings.insert("nan".into(), "canonical".into());
    let jit = EngineInfo::new("jit", "0.1.0")
        .with_part(role::DECODE_VALIDATE, "wasmparser 0.263.0")
        .with_part(role::STORE, "etalon-runtime")
        .with_part(role::SEMANTICS, "etalon-jit")
        .with_part(role::CODE_GENERATOR, "cranelift 0.135.8")
        .with_part(role::GAS_SCHEDULE, "etalon-gas")
        .with_part(role::GAS_CHARGING, "etalon-jit")
        .with_part(role::HOST_FUNCTIONS, "etalon-spec-tests");
    let wasmtime = EngineInfo::new("wasmtime", "48.0.0")
        .with_part(role::DECODE_VALIDATE, "wasmparser 0.262.1")
        .with_part(role::STORE, "wasmtime")
        .with_part(role::SEMANTICS, "wasmtime")
        .with_part(role::CODE_GENERATOR, "cranelift 0.135.8")
        .with_part(role::HOST_FUNCTIONS, "wasmtime");
    vec![interp, jit, wasmtime]
}

/// A record without rows.
pub(crate) fn empty(arch: &str) -> SuiteRecord {
    let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0.1.0"), arch);
    record.engines = engines();
    record.schedule = Some("default@1+5f0c9a3e".into());
    record
}

/// A small record with something of everything.
pub(crate) fn mixed() -> SuiteRecord {
    let mut record = empty("x86_64");
    for engine in ["interp", "jit", "wasmtime"] {
        let gas = (engine != "wasmtime").then_some(if engine == "jit" { 1201 } else { 1200 });
        let passed = Row {
            passed: 10,
            gas_consumed: gas.map(|_| 777),
            ..Row::new("wasm-v1", "nop.wast", engine)
        };
        let unequal =
            Row { passed: 5, gas_consumed: gas, ..Row::new("wasm-v1", "loop.wast", engine) };
        let expected = Row {
            passed: 20,
            expected_failures: 1,
            expected: vec![Note::new(52, "outdated: the proposal of that day")],
            ..Row::new("mutable-global", "linking.wast", engine)
        };
        record.rows.extend([passed, unequal, expected]);
    }
    record.rows.push(Row {
        passed: 8,
        failed: 3,
        failures: vec![
            failure(120, "i32:1", HOSTILE),
            failure(121, "f32:nan:canonical", "f32:0x7fa00000"),
        ],
        ..Row::new("wasm-v1", "i32|<b>.wast", "jit")
    });
    record.rows.push(Row {
        passed: 10,
        failed: 1,
        failures: vec![failure(120, "i32:1", "i32:2")],
        ..Row::new("wasm-v1", "i32|<b>.wast", "interp")
    });
    record.rows.push(Row {
        passed: 10,
        unexpected_passes: 1,
        unexpected: vec![Note::new(7, "known to fail")],
        ..Row::new("wasm-v1", "i32|<b>.wast", "wasmtime")
    });
    record.rows.push(Row {
        skipped: 12,
        unsupported: vec!["threads".into()],
        skips: (1..=12).map(|line| Note::new(line, "the module needs threads")).collect(),
        ..Row::new("threads", "atomic.wast", "interp")
    });
    record.rows.push(Row {
        passed: 9,
        skipped: 3,
        skips: vec![Note::new(4, "no second thread"); 3],
        ..Row::new("threads", "atomic.wast", "wasmtime")
    });
    let by_engine = [("interp".to_owned(), 1200), ("jit".to_owned(), 1201)].into();
    let mismatch = GasMismatch { suite: "wasm-v1".into(), file: "loop.wast".into(), by_engine };
    record.gas = GasAgreement { compared: 2, equal: 1, unequal: vec![mismatch] };
    record.normalise();
    record
}

fn failure(line: u32, expected: &str, got: &str) -> Failure {
    Failure {
        line,
        kind: "assert_return".into(),
        text: Some(format!("(assert_return (invoke \"f|<b>\") {HOSTILE})")),
        call: Some(format!("f|<b>(i32:{line})")),
        expected: expected.into(),
        got: got.into(),
        module: Some("$m".into()),
    }
}

/// As many rows as all bundled suites on three engines, with a few failures.
pub(crate) fn large() -> SuiteRecord {
    let mut record = empty("x86_64");
    for at in 0..611_u64 {
        let suite = ["wasm-v1", "wasm-v2", "wasm-v3", "gc", "memory64", "simd", "threads"]
            [(at / 90) as usize];
        for engine in ["interp", "jit", "wasmtime"] {
            let assertions = 20 + (at * 7919) % 900;
            let mut row = Row::new(suite, format!("file_{at:03}.wast"), engine);
            row.passed = assertions;
            row.gas_consumed = (engine != "wasmtime").then_some(assertions * 431);
            if at % 97 == 5 && engine == "jit" {
                row.failed = 4;
                row.passed -= 4;
                row.failures = (0..4).map(|n| failure(10 + n, "i64:-1", "i64:1")).collect();
            }
            if suite == "threads" && engine == "interp" {
                row = Row {
                    skipped: assertions,
                    unsupported: vec!["threads".into()],
                    ..Row::new(suite, row.file, engine)
                };
            }
            record.rows.push(row);
        }
    }
    record.compare_gas();
    record.normalise();
    record
}

/// The architectures of [`four`].
pub(crate) const ARCHS: [&str; 4] = ["aarch64", "riscv64", "s390x", "x86_64"];

/// All suites on four engines on each of four architectures, which agree.
pub(crate) fn four() -> Vec<SuiteRecord> {
    let record = |arch: &str| {
        let mut record = empty(arch);
        record.engines = ["oracle", "interp", "jit", "aot"].map(|n| EngineInfo::new(n, "0")).into();
        for at in 0..655_u64 {
            let suite =
                ["wasm-v1", "wasm-v2", "wasm-v3", "local", "gc", "memory64", "threads", "simd"]
                    [(at / 90) as usize];
            for engine in ["oracle", "interp", "jit", "aot"] {
                let passed = 20 + (at * 7919) % 900;
                record.rows.push(Row {
                    passed,
                    gas_consumed: Some(passed * 431),
                    digest: Some(format!("{:064x}", at * 7919)),
                    ..Row::new(suite, format!("file_{at:03}.wast"), engine)
                });
            }
        }
        record.compare_gas();
        record.normalise();
        record
    };
    ARCHS.map(record).into()
}

/// Changes the rows of a script on some engines.
pub(crate) fn plant(
    record: &mut SuiteRecord,
    file: &str,
    engines: &[&str],
    change: impl Fn(&mut Row),
) {
    let rows = record.rows.iter_mut();
    let rows = rows.filter(|row| row.file == file && engines.contains(&row.engine.as_str()));
    assert_eq!(rows.map(change).count(), engines.len(), "{file} is there on each of {engines:?}");
    record.compare_gas();
    record.normalise();
}

/// One assertion of a script fails.
pub(crate) fn fails(row: &mut Row, line: u32, text: &str, [expected, got]: [&str; 2]) {
    row.passed -= 1;
    row.failed += 1;
    row.digest = Some("00".repeat(32));
    row.failures.push(Failure {
        line,
        kind: "assert_return".into(),
        text: Some(text.into()),
        call: Some("f()".into()),
        expected: expected.into(),
        got: got.into(),
        module: None,
    });
}
