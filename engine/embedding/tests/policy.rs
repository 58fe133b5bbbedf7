//! What a policy forbids cannot be linked, by any way to an instance, whatever it is and whatever it is called elsewhere.

use etalon::{
    Config, Definition, Engine, Func, FuncType, Global, GlobalType, Instance, LinkError, Linker,
    Memory, MemoryType, Module, Mutability, Policy, Ref, RefType, Result, Schedule, SnapshotError,
    Store, Table, TableType, Tag, TagType, Tier, Val, ValType,
};
use std::sync::Arc;

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot];

fn engine(tier: Tier) -> Engine {
    Engine::new(Config::new().tier(tier)).unwrap()
}

/// One of each kind under `env`, by the name of its kind; and the function again as `other` `alias`.
fn world(engine: &Engine) -> (Store<()>, Linker<()>) {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    let func = Func::wrap(&mut store, || 7);
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    let global = Global::new(&mut store, ty, Val::I32(1)).unwrap();
    let tag = Tag::new(&mut store, &TagType::new(FuncType::new([], []))).unwrap();
    linker.func_wrap("env", "host", || 7).unwrap();
    linker.define(&store, "env", "func", func).unwrap();
    linker.define(&store, "other", "alias", func).unwrap();
    linker.define(&store, "env", "memory", memory).unwrap();
    linker.define(&store, "env", "table", table).unwrap();
    linker.define(&store, "env", "global", global).unwrap();
    linker.define(&store, "env", "tag", tag).unwrap();
    (store, linker)
}

/// An import of each thing in [`world`], by its second name.
const IMPORTS: &[(&str, &str)] = &[
    ("host", r#"(import "env" "host" (func (result i32)))"#),
    ("func", r#"(import "env" "func" (func (result i32)))"#),
    ("memory", r#"(import "env" "memory" (memory 1))"#),
    ("table", r#"(import "env" "table" (table 1 funcref))"#),
    ("global", r#"(import "env" "global" (global i32))"#),
    ("tag", r#"(import "env" "tag" (tag))"#),
    ("alias", r#"(import "other" "alias" (func (result i32)))"#),
    ("absent", r#"(import "env" "absent" (func))"#),
];

/// Which import is the first that a policy forbids, by each way to an instance.
#[track_caller]
fn forbidden(result: Result<Instance>) -> Option<(String, String, String)> {
    let error = result.err()?;
    match error.downcast_ref() {
        Some(LinkError::Forbidden { name, policy, rule, .. }) => {
            Some((name.clone(), policy.clone(), rule.clone()))
        }
        Some(LinkError::Unknown { name, .. }) if name == "absent" => None,
        _ => panic!("{error:#}"),
    }
}

/// Checks which of [`IMPORTS`] a policy lets through.
#[track_caller]
fn check(policy: &Policy, allowed: &[&str]) {
    for tier in TIERS {
        let engine = engine(*tier);
        for (import, text) in IMPORTS {
            let module = Module::new(&engine, format!("(module {text})")).unwrap();
            let (mut store, open) = world(&engine);
            let mut closed = open.clone();
            closed.policy(policy.clone());
            let by_linker = forbidden(closed.instantiate(&mut store, &module));
            let by_call = forbidden(open.instantiate_with_policy(&mut store, &module, policy));
            let pre = closed.clone().instantiate_pre(&module);
            let by_pre = forbidden(pre.and_then(|pre| pre.instantiate(&mut store)));
            let expected = !allowed.contains(import);
            for (way, found) in [by_linker, by_call, by_pre].into_iter().enumerate() {
                assert_eq!(found.is_some(), expected, "{tier} {import}, way {way}");
                if let Some((name, policy_name, rule)) = found {
                    assert_eq!((name.as_str(), policy_name.as_str()), (*import, policy.name()));
                    assert!(rule.starts_with("deny ") || rule == "no rule allows it", "{rule}");
                }
            }
            let audit = &closed.audit(&module)[0];
            assert_eq!(audit.judgement.as_ref().unwrap().is_allowed(), !expected, "{import}");
            assert_eq!(audit.is_available(), !expected && *import != "absent", "{import}");
        }
    }
}

#[test]
fn rules_let_through_what_is_allowed_and_not_denied() {
    let all = ["host", "func", "memory", "table", "global", "tag", "alias", "absent"];
    let none = Policy::new("p");
    check(&none, &[]);
    check(&none.clone().deny("*", "*"), &[]);
    check(&none.clone().allow("*", "*"), &all);
    check(&none.clone().allow("env", "*"), &all.map(|n| if n == "alias" { "" } else { n }));
    check(&none.clone().allow("ENV", "*"), &[]);
    check(&none.clone().allow("env", "t*").deny("*", "*g"), &["table"]);
    check(&none.clone().allow("*", "*").deny("*", "*").allow("env", "host"), &[]);
    // An alias is judged by its own name: to allow it allows nothing else, and to deny the function denies no alias.
    check(&none.clone().allow("other", "alias"), &["alias"]);
    check(&none.clone().allow("*", "*").deny("env", "*"), &["alias"]);
    check(&none.clone().allow("env", "func").deny("other", "alias"), &["func"]);
}

#[test]
fn a_policy_is_read_and_written_as_toml() {
    let text =
        "name = \"p\"\n[allow]\nenv = [\"log\", \"a*\", \"log\"]\n[deny]\n\"*\" = [\"abort\"]\n";
    let policy = Policy::from_toml(text).unwrap();
    let built = Policy::new("p").deny("*", "abort").allow("env", "a*").allow("env", "log");
    assert_eq!(policy, built);
    assert_eq!(policy.digest(), built.digest());
    assert_ne!(policy.digest(), built.clone().allow("x", "y").digest());
    assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    let rules: Vec<String> = policy.rules().map(|rule| rule.to_string()).collect();
    assert_eq!(rules, [r#"deny "*" "abort""#, r#"allow "env" "a*""#, r#"allow "env" "log""#]);
    assert_eq!(policy.judge("env", "abort").to_string(), r#"deny "*" "abort""#);
    for wrong in [
        "",
        "name = 1",
        "[allow]\nenv = [\"log\"]",
        "name = \"p\"\nalow = {}",
        "name = \"p\"\nallow = [\"env\"]",
        "name = \"p\"\n[allow]\nenv = \"log\"",
        "name = \"p\"\n[allow]\nenv = []\nenv = []",
    ] {
        let error = Policy::from_toml(wrong).unwrap_err();
        assert!(error.to_string().starts_with("not a policy: "), "{wrong}: {error}");
    }
}

#[test]
fn every_policy_is_read_as_it_was_written() {
    for name in ["", " ", "p", "\"\n[deny]", "é\0"] {
        for policy in [Policy::new(name), Policy::new(name).allow("", "*").deny("[allow]", "\"")] {
            let read = Policy::from_toml(&policy.to_string()).unwrap();
            assert_eq!((read.name(), read.digest()), (name, policy.digest()));
            assert_eq!(read, policy);
        }
    }
}

/// Two instances of a module may have policies of their own, and none of them widens the linker's.
#[test]
fn an_instance_has_a_policy_besides_its_linkers() {
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut store, mut linker) = world(&engine);
        let text = r#"(module (import "env" "host" (func (result i32))))"#;
        let module = Module::new(&engine, text).unwrap();
        linker.policy(Policy::new("linker").allow("env", "h*"));
        let (wide, narrow) = (Policy::new("wide").allow("*", "*"), Policy::new("narrow"));
        linker.instantiate_with_policy(&mut store, &module, &wide).unwrap();
        let name = |result| forbidden(result).map(|(_, policy, _)| policy);
        let result = linker.instantiate_with_policy(&mut store, &module, &narrow);
        assert_eq!(name(result).as_deref(), Some("narrow"));
        linker.policy(narrow.clone());
        let result = linker.instantiate_with_policy(&mut store, &module, &wide);
        assert_eq!(name(result).as_deref(), Some("narrow"));
        assert_eq!(store.instances().len(), 1, "what is forbidden adds nothing");
    }
}

/// What was forbidden when the linker was made ready is so for good, and what shadows a name does not change its judgement.
#[test]
fn a_later_definition_changes_no_judgement() {
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut store, mut linker) = world(&engine);
        linker.policy(Policy::new("p").allow("env", "*").deny("env", "host"));
        let text = r#"(module (import "env" "host" (func (result i32))))"#;
        let module = Module::new(&engine, text).unwrap();
        assert!(matches!(
            linker.instantiate_pre(&module).unwrap_err().downcast_ref(),
            Some(LinkError::Forbidden { .. })
        ));
        linker.allow_shadowing(true);
        let text = r#"(module (func (export "host") (result i32) (i32.const 1)))"#;
        let other = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &other, &[]).unwrap();
        linker.instance(&store, "env", instance).unwrap();
        assert!(forbidden(linker.instantiate(&mut store, &module)).is_some());
    }
}

#[test]
fn a_restored_snapshot_keeps_to_the_policy() {
    let engine = engine(Tier::Oracle);
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("env", "host", || 7).unwrap();
    let text = r#"(module (import "env" "host" (func (result i32))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    linker.instantiate(&mut store, &module).unwrap();
    let bytes = store.snapshot().unwrap();
    Store::restore(&engine, (), &bytes, &[], &linker).unwrap();
    linker.policy(Policy::new("p").allow("env", "other"));
    let error = Store::restore(&engine, (), &bytes, &[], &linker).unwrap_err();
    assert!(matches!(error, SnapshotError::Link(LinkError::Forbidden { .. })), "{error}");
}

#[test]
fn an_audit_tells_prices_by_the_schedule() {
    let text = include_str!("../../gas/schedules/default.toml")
        .replace("[host]\n", "[host]\nimports.env.named = 5\n")
        .replace("name = \"etalon-1\"", "name = \"priced\"");
    let schedule = Arc::new(Schedule::parse(&text, "priced").unwrap());
    let engine = Engine::new(Config::new().schedule(schedule)).unwrap();
    let (store, mut linker) = world(&engine);
    linker.func_wrap("env", "named", || ()).unwrap();
    let rows = [
        (r#"(import "env" "named" (func))"#, Some((5, true))),
        (r#"(import "env" "host" (func (result i32)))"#, Some((24, false))),
        (r#"(import "env" "absent" (func))"#, Some((24, false))),
        (r#"(import "env" "func" (func (result i32)))"#, None),
        (r#"(import "env" "memory" (memory 1))"#, None),
    ];
    for (text, expected) in rows {
        let module = Module::new(&engine, format!("(module {text})")).unwrap();
        let audit = &linker.audit(&module)[0];
        assert_eq!(audit.cost.map(|cost| (cost.base, cost.is_named)), expected, "{text}");
        assert_eq!(audit.judgement, None);
    }
    assert!(
        matches!(linker.definition("env", "host"), Definition::Host(ty) if ty.params().is_empty())
    );
    assert_eq!(linker.definition("env", "memory"), Definition::Store);
    assert_eq!(linker.names().len(), 8);
    drop(store);
}
