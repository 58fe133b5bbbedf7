//! The types of a frame's contents, instruction by instruction.

use etalon_module::{Features, FrameTypes, HeapType, Module, Opcode, RefType, TypeUse, ValType};

const ANYREF: ValType = ValType::Ref(RefType { nullable: true, heap: HeapType::Any });

fn reference(index: u32, nullable: bool) -> ValType {
    ValType::Ref(RefType { nullable, heap: HeapType::Use(TypeUse::Idx(index)) })
}

fn module(text: &str) -> Module {
    Module::new(&wat::parse_str(text).unwrap(), Features::wasm3()).unwrap()
}

/// Every instruction of a function with its offset.
fn instructions(module: &Module, func: u32) -> Vec<(Opcode, u32)> {
    let mut reader = module.operators(module.body(func).unwrap());
    let mut found = Vec::new();
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset().unwrap();
        found.push((Opcode::of(&operator), offset as u32));
    }
    found
}

/// The frame before the `nth` instruction of a name.
fn frame(module: &Module, func: u32, name: &str, nth: usize) -> FrameTypes {
    let all = instructions(module, func);
    let mut named = all.iter().filter(|(op, _)| op.name() == name);
    let (_, offset) = named.nth(nth).unwrap_or_else(|| panic!("no {name} {nth}"));
    module.operand_types(func, *offset).unwrap_or_else(|| panic!("no frame at {offset}"))
}

fn known(types: impl IntoIterator<Item = ValType>) -> Box<[Option<ValType>]> {
    types.into_iter().map(Some).collect()
}

const LIST: &str = r#"(module
    (type $pair (struct (field anyref) (field (mut i32))))
    (type $same (struct (field anyref) (field (mut i32))))
    (import "env" "look" (func $look (param i32 anyref)))
    (func $make (param $head anyref) (param $v v128) (result anyref)
        (local $new (ref $same))
        v128.const i64x2 0 0
        local.get $head
        i32.const 7
        struct.new $same
        local.tee $new
        drop
        local.get $head
        i32.const 1
        local.get $new
        call $look
        drop
        drop
        local.get $new))"#;

#[test]
fn operands_are_those_before_the_instruction() {
    let module = module(LIST);
    let before = frame(&module, 1, "struct.new", 0);
    assert_eq!(before.locals, [ANYREF, ValType::V128, reference(1, false)].into());
    assert_eq!(before.operands, known([ValType::V128, ANYREF, ValType::I32]));
    let (no, yes) = (false, true);
    assert_eq!(before.ref_slots, [yes, no, no, yes, no, no, yes, no].into());
    // The three of the locals in four slots, and the vector.
    assert_eq!(before.kept_slots, 6);
    let call = frame(&module, 1, "call", 0);
    // Equal types have one identity in the validator, and the first index stands for it.
    let new = reference(0, false);
    assert_eq!(call.operands, known([ValType::V128, ANYREF, ValType::I32, new]));
    assert_eq!(call.ref_slots[4..], [no, no, yes, no, yes]);
    assert_eq!(call.kept_slots, 7);
}

#[test]
fn blocks_begin_with_their_parameters() {
    let module = module(
        r#"(module (func (param anyref) (result i32)
            i64.const 1
            local.get 0
            i32.const 2
            block (param anyref i32) (result i32)
                nop
                (br_if 0 (i32.const 3) (i32.const 4))
                drop
                drop
                drop
                i32.const 5
                nop
            end
            nop
            drop
            drop
            i32.const 6
            if (result externref)
                ref.null extern
            else
                nop
                ref.null extern
            end
            nop
            drop
            i32.const 7))"#,
    );
    use ValType::{I32, I64};
    assert_eq!(frame(&module, 0, "nop", 0).operands, known([I64, ANYREF, I32]));
    assert_eq!(frame(&module, 0, "nop", 1).operands, known([I64, I32]));
    assert_eq!(frame(&module, 0, "nop", 2).operands, known([I64, I32]));
    // The arm after `else` begins without what the first one left.
    assert_eq!(frame(&module, 0, "nop", 3).operands, known([]));
    let externref = ValType::Ref(RefType::EXTERNREF);
    assert_eq!(frame(&module, 0, "nop", 4).operands, known([externref]));
    assert_eq!(*frame(&module, 0, "nop", 4).ref_slots, [true, true]);
}

#[test]
fn code_that_cannot_be_reached_has_unknown_operands() {
    let module = module(
        r#"(module (func (param anyref)
            block
                local.get 0
                unreachable
                nop
                select
                nop
                local.get 0
                nop
                ref.as_non_null
                drop
                ref.as_non_null
                nop
                drop
                drop
            end
            nop))"#,
    );
    assert_eq!(*frame(&module, 0, "nop", 0).operands, []);
    assert_eq!(*frame(&module, 0, "nop", 1).operands, [None]);
    assert_eq!(*frame(&module, 0, "nop", 1).ref_slots, [true, false]);
    assert_eq!(*frame(&module, 0, "nop", 2).operands, [None, Some(ANYREF)]);
    assert_eq!(*frame(&module, 0, "nop", 2).ref_slots, [true, false, true]);
    // A reference to nobody knows what.
    assert_eq!(*frame(&module, 0, "nop", 3).operands, [None]);
    assert_eq!(*frame(&module, 0, "nop", 4).operands, []);
    // More is taken than there is.
    assert_eq!(frame(&module, 0, "select", 0).kept_slots, 1);
}

#[test]
fn a_handler_leaves_what_it_caught() {
    let module = module(
        r#"(module (tag $e (param i64 anyref))
            (func (result i64)
                block $caught (result i64 anyref exnref)
                    try_table (catch_ref $e $caught)
                        nop
                    end
                    unreachable
                end
                nop
                drop
                drop))"#,
    );
    let exnref = ValType::Ref(RefType { nullable: true, heap: HeapType::Exn });
    assert_eq!(*frame(&module, 0, "nop", 0).operands, []);
    let caught = frame(&module, 0, "nop", 1);
    assert_eq!(caught.operands, known([ValType::I64, ANYREF, exnref]));
    assert_eq!(*caught.ref_slots, [false, true, true]);
}

#[test]
fn every_instruction_has_a_frame_and_nothing_else_has() {
    let module = module(LIST);
    let all = instructions(&module, 1);
    let body = module.body(1).unwrap().range.clone();
    for offset in 0..body.end as u32 + 8 {
        let begins = all.iter().any(|(_, at)| *at == offset);
        assert_eq!(module.operand_types(1, offset).is_some(), begins, "{offset}");
    }
    // The other functions: an import, and none at all.
    assert_eq!(module.operand_types(0, all[0].1), None);
    assert_eq!(module.operand_types(2, all[0].1), None);
    // A copy answers as the original does.
    let copy = module.clone();
    assert_eq!(copy.operand_types(1, all[3].1), module.operand_types(1, all[3].1));
}

#[test]
fn one_pass_over_a_body_gives_what_many_do() {
    let module = module(LIST);
    let all: Vec<u32> = instructions(&module, 1).iter().map(|(_, offset)| *offset).collect();
    // Each twice, and between them offsets at which nothing begins.
    let mut offsets: Vec<u32> = all.iter().flat_map(|at| [*at, *at]).collect();
    offsets.extend(0..*all.last().unwrap() + 9);
    offsets.sort_unstable();
    let mut found = vec![None; offsets.len()];
    let visited = module.for_each_frame(1, &offsets, |number, types| {
        assert_eq!(found[number].replace(types.clone()), None);
    });
    assert_eq!(visited, Some(()));
    for (offset, types) in offsets.iter().zip(found) {
        assert_eq!(types, module.operand_types(1, *offset), "{offset}");
        assert_eq!(types.is_some(), all.contains(offset));
    }
    assert_eq!(module.for_each_frame(0, &offsets, |_, _| panic!("it is imported")), None);
}
