//! The kinds of faults that a module can have, and how the decoder's messages name them.
//!
//! Whether a module is malformed or invalid follows from the phase that refused it. Which rule it broke only the
//! decoder's message tells. A message is matched whole: what it says of the module (names, indices, types) stands
//! where a pattern has `{}`, so no name that a module gives its exports can make it another message.

/// Defines [`Fault`] from a table: variant, name, messages.
macro_rules! faults {
    (
        malformed { $($(#[$mdoc:meta])* $m:ident = $mname:literal: [$($mpattern:literal),* $(,)?];)* }
        invalid { $($(#[$idoc:meta])* $i:ident = $iname:literal: [$($ipattern:literal),* $(,)?];)* }
    ) => {
        /// A rule that a module breaks: of the binary format, or of validation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$mdoc])* $m,)*
            $($(#[$idoc])* $i,)*
        }

        impl Fault {
            /// Every fault: first those of the binary format, then those of validation.
            pub const ALL: &[Fault] = &[$(Fault::$m,)* $(Fault::$i,)*];

            /// The name, as tables of texts and records write it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Fault::$m => $mname,)*
                    $(Fault::$i => $iname,)*
                }
            }
        }

        /// What the decoder says when bytes are not in the format.
        const MALFORMED: &[(Fault, &[&str])] = &[$((Fault::$m, &[$($mpattern),*]),)*];

        /// What the validator says.
        const INVALID: &[(Fault, &[&str])] = &[$((Fault::$i, &[$($ipattern),*]),)*];
    };
}

faults! {
    malformed {
        /// The bytes end before what they began. So does a count that is beyond a limit of the decoder, unless
        /// our own counter finds its items.
        UnexpectedEnd = "unexpected-end": [
            "unexpected end-of-file",
            "section too large, {}",
            "string size out of bounds",
            "rec group types size is out of bounds",
            "supertype idxs size is out of bounds",
            "function params size is out of bounds",
            "function returns size is out of bounds",
            "struct fields size is out of bounds",
            "catches size is out of bounds",
            "resume table size is out of bounds",
            "select types size is out of bounds",
            "br_table size is out of bounds",
        ];
        /// They do not begin as a module does.
        Magic = "magic": ["magic header not detected: {}"];
        /// The version is not that of the format.
        Version = "version": ["unknown binary version: {}", "expected a version header for a module"];
        /// There is no such section.
        SectionId = "section-id": ["malformed section id", "malformed section id: {}"];
        /// A section comes too late, or again.
        SectionOrder = "section-order": ["section out of order", "expected section, got wasm magic number"];
        /// A section is longer than what is in it.
        SectionSize = "section-size": [
            "section size mismatch: unexpected data at the end of the section",
            "trailing bytes at end of section",
            "unexpected content in the {} section",
        ];
        /// An integer takes more bytes than its type allows.
        IntegerTooLong = "integer-too-long": ["invalid var_{}: integer representation too long"];
        /// An integer is beyond its type.
        IntegerTooLarge = "integer-too-large": ["invalid var_{}: integer too large"];
        /// A name is not UTF-8.
        Utf8 = "utf-8": ["malformed UTF-8 encoding"];
        /// There is no such instruction.
        Opcode = "opcode": ["illegal opcode: {}", "unknown 0x{} subopcode: {}", "unexpected SIMD opcode: {}"];
        /// The instructions of a body end without `end`, or an `else` or `catch` belongs to nothing.
        EndExpected = "end-expected": [
            "control frames remain at end of function body or expression",
            "control frames remain at end of expression",
            "`{}` found outside `{}` block",
        ];
        /// Instructions follow the last `end`.
        BodyContinues = "body-continues": [
            "operators remaining after end of function body or expression",
            "unexpected data at the end of operators",
        ];
        /// Functions and bodies are not equally many.
        FunctionCount = "function-count": [
            "function and code section have inconsistent lengths",
            "function section has non-zero count but code section is absent",
            "function section is absent but code section has non-zero count",
        ];
        /// Data segments are not as many as declared.
        DataCount = "data-count": [
            "data count and data section have inconsistent lengths",
            "data count is non-zero but data section is absent",
        ];
        /// An instruction names a data segment, and their number was not declared.
        DataCountRequired = "data-count-required": ["data count section required"];
        /// A function declares 2^32 locals or more.
        TooManyLocals = "too-many-locals": ["too many locals"];
        /// There is no such kind of import or export.
        ExternalKind = "external-kind": ["invalid leading byte ({}) for external kind"];
        /// There is no such value type.
        ValueType = "value-type": ["invalid value type"];
        /// There is no such heap type.
        HeapType = "heap-type": ["invalid abstract heap type", "unexpected exact type"];
        /// There is no such reference type.
        ReferenceType = "reference-type": ["malformed reference type"];
        /// There is no such form of a type definition.
        TypeForm = "type-form": [
            "invalid leading byte ({}) for type",
            "invalid function type",
            "invalid continuation type",
        ];
        /// A field or a global is neither mutable nor immutable.
        Mutability = "mutability": [
            "malformed mutability byte for field type",
            "malformed global flags",
            "malformed mutability",
            "invalid boolean value",
        ];
        /// A field is of no storage type.
        StorageType = "storage-type": ["invalid storage type"];
        /// The flags of the limits of a memory or table.
        LimitsFlags = "limits-flags": ["invalid memory limits flags", "invalid table resizable limits flags"];
        /// The page size of a memory, where it is written.
        PageSize = "page-size": ["invalid custom page size"];
        /// A table with an initial value is written in another way.
        TableEncoding = "table-encoding": ["invalid table encoding"];
        /// The attribute of a tag.
        TagAttribute = "tag-attribute": ["invalid tag attributes"];
        /// The flags of an element segment, or the kind of its elements.
        ElementFlags = "element-flags": [
            "invalid flags byte in element segment",
            "only the function external type is supported in elem segment",
        ];
        /// The flags of a data segment.
        DataFlags = "data-flags": ["invalid flags byte in data segment"];
        /// The flags of a memory argument.
        MemoryFlags = "memory-flags": [
            "malformed memop alignment: alignment too large",
            "malformed memop: reserved flags bits set",
            "malformed memop flags",
            "cannot specify {}",
            "invalid atomic consistency ordering {}",
        ];
        /// A byte must be zero.
        ZeroByte = "zero-byte": ["zero byte expected", "nonzero byte after `atomic.fence`"];
        /// The flags of a cast.
        CastFlags = "cast-flags": ["invalid cast flags: {}"];
        /// A handler of an exception, or of a suspension, is of no kind.
        HandlerKind = "handler-kind": [
            "invalid leading byte ({}) for catch",
            "invalid leading byte ({}) for on clause",
        ];
        /// The list of a `br_table` is longer than what it holds.
        BranchTable = "branch-table": ["trailing data in br_table"];
        /// An exact type where none is allowed.
        ExactType = "exact-type": ["Exact type is not allowed in the exports"];
    }
    invalid {
        /// Operands, results or elements are of other types than required.
        TypeMismatch = "type-mismatch": [
            "type mismatch",
            "type mismatch: {}",
            "type mismatch {}",
            "invalid array.new_elem instruction: element segment {} type mismatch: expected {}, found {}",
            "invalid array.init_elem instruction: element segment {} type mismatch: expected {}, found {}",
        ];
        /// A storage type is not of the kind that the instruction reads or writes.
        PackedAccess = "packed-access": [
            "can only use struct `get` with non-packed storage types",
            "cannot use {} with {} storage types",
        ];
        /// A field or an element has no default value.
        NotDefaultable = "not-defaultable": ["invalid `{}`: {} field is not defaultable"];
        /// A type is not of the form that the instruction needs.
        WrongTypeForm = "wrong-type-form": [
            "expected {} type at index {}, found {}",
            "type index {} is not a function type",
            "non-function type {}",
            "non-continuation type",
            "non-continuation type {}",
            "invalid type: {}",
            "unexpected heap type",
            "array access instructions require {}",
        ];
        /// There is no such type.
        UnknownType = "unknown-type": ["unknown type {}: {}", "unknown type: {}"];
        /// There is no such function.
        UnknownFunction = "unknown-function": ["unknown function {}: {}", "unknown func {}: {}"];
        /// There is no such table.
        UnknownTable = "unknown-table": ["unknown table {}: {}", "unknown table {}"];
        /// There is no such memory.
        UnknownMemory = "unknown-memory": ["unknown memory {}: {}", "unknown memory {}"];
        /// There is no such global.
        UnknownGlobal = "unknown-global": ["unknown global {}: {}", "unknown global: {}"];
        /// There is no such tag.
        UnknownTag = "unknown-tag": ["unknown tag {}: {}"];
        /// There is no such local.
        UnknownLocal = "unknown-local": ["unknown local {}: {}"];
        /// There is no such label.
        UnknownLabel = "unknown-label": ["unknown label: {}"];
        /// There is no such field.
        UnknownField = "unknown-field": ["unknown field: {}"];
        /// There is no such element segment.
        UnknownElem = "unknown-elem": ["unknown elem segment {}: {}", "unknown element segment {}: {}"];
        /// There is no such data segment.
        UnknownData = "unknown-data": ["unknown data segment {}"];
        /// Two exports have one name.
        DuplicateExport = "duplicate-export": ["duplicate export name `{}` already defined"];
        /// An initial value is not constant.
        NotConstant = "not-constant": ["constant expression required: {}"];
        /// A global that is written is immutable.
        ImmutableGlobal = "immutable-global": ["global is immutable: {}"];
        /// A field that is written is immutable.
        ImmutableField = "immutable-field": ["invalid struct modification: struct field is immutable"];
        /// An array that is written is immutable.
        ImmutableArray = "immutable-array": ["invalid array modification: array is immutable"];
        /// An alignment is greater than the access.
        Alignment = "alignment": ["invalid memop alignment: alignment must not be larger than natural"];
        /// An atomic access is aligned otherwise than naturally.
        AtomicAlignment = "atomic-alignment": [
            "atomic instructions must always specify maximum alignment",
            "atomic instructions cannot operate on arrays",
        ];
        /// An offset is beyond the addresses of the memory.
        OffsetRange = "offset-range": ["offset out of range: must be <= 2**32"];
        /// There is no such lane.
        LaneIndex = "lane-index": ["SIMD index out of bounds"];
        /// A second memory.
        MultipleMemories = "multiple-memories": ["multiple memories"];
        /// A second table.
        MultipleTables = "multiple-tables": ["multiple tables"];
        /// A memory is larger than its addresses.
        MemorySize = "memory-size": ["memory size must be at most {} pages"];
        /// A table is larger than its indices.
        TableSize = "table-size": ["table size must be at most {} entries"];
        /// The least size is greater than the greatest.
        SizeOrder = "size-order": ["size minimum must not be greater than maximum"];
        /// A shared memory has no greatest size.
        SharedMaximum = "shared-maximum": ["shared memory must have maximum size"];
        /// The page size of a memory is none that exists.
        InvalidPageSize = "invalid-page-size": ["invalid custom page size"];
        /// The start function takes or returns something.
        StartFunction = "start-function": ["invalid start function type"];
        /// A function has more results than the version allows, or a `select` other than one.
        ResultArity = "result-arity": ["invalid result arity"];
        /// A tag has results.
        TagResult = "tag-result": ["invalid exception type: non-empty tag result type"];
        /// A `rethrow` does not name a handler.
        RethrowLabel = "rethrow-label": ["invalid rethrow label: target was not a `catch` block"];
        /// A function is referenced that is declared nowhere.
        UndeclaredReference = "undeclared-reference": ["undeclared function reference"];
        /// A local is read that has no value yet.
        UninitializedLocal = "uninitialized-local": ["uninitialized local: {}"];
        /// A type is no subtype of what it claims to be.
        SubType = "sub-type": [
            "sub type must match super type",
            "sub type cannot have a final super type",
            "multiple supertypes",
            "supertypes must be defined before subtypes",
            "sub type with descriptor must have super type with descriptor",
            "supertype of {}",
        ];
        /// The elements of two arrays do not match.
        ArrayTypes = "array-types": ["array types do not match: {}"];
        /// An array's elements are references.
        ArrayNotNumeric = "array-not-numeric": [
            "invalid array.init_data: array type is not numeric or vector",
        ];
        /// A descriptor and the type that it describes do not belong together.
        Descriptor = "descriptor": [
            "descriptor with no matching describes",
            "describes with no matching descriptor",
            "descriptor clause on non-struct type",
            "describes clause on non-struct type",
            "descriptor and described type must have the same finality",
        ];
        /// A type is described before it is defined.
        ForwardDescribes = "forward-describes": ["forward describes reference"];
        /// A type has no descriptor, and the instruction needs one.
        NoDescriptor = "no-descriptor": ["expected type with descriptor", "cast target must have descriptor"];
        /// A type has a descriptor, and the instruction gives none; or the reverse.
        DescriptorAllocation = "descriptor-allocation": [
            "type with descriptor requires descriptor allocation: {}",
            "invalid `{}`: type {} is not described",
        ];
        /// Something shared refers to something that is not.
        Unshared = "unshared": ["shared {} must have a shared {} type", "shared {}"];
        /// A cast to a type that cannot be cast to.
        CastTarget = "cast-target": ["invalid cast: cannot cast to a continuation type"];
    }
}

/// What the decoder says where a limit of its own is exceeded. Our own counters come first (`limits.rs`), so
/// these are for what they do not count.
const LIMITS: &[&str] = &[
    "types count exceeds limit of {}",
    "imports count exceeds limit of {}",
    "functions count exceeds limit of {}",
    "tables count exceeds limit of {}",
    "memories count exceeds limit of {}",
    "tags count exceeds limit of {}",
    "globals count exceeds limit of {}",
    "exports count exceeds limit of {}",
    "element segments count exceeds limit of {}",
    "data segments count exceeds limit of {}",
    "function body size count exceeds limit of {}",
    "effective type size exceeds the limit of {}",
    "data count section specifies too many data segments",
    "number of elements is out of bounds",
    "sub type hierarchy too deep: found depth {}, cannot exceed depth {}",
    "too many locals: locals exceed maximum",
    "module section is too large",
    "type index greater than implementation limits",
    "type index too large",
    "implementation error: type index too large",
    "implementation limit: {}",
];

/// The fault of bytes that the decoder refuses, if its message is known.
pub(crate) fn of_decoder(message: &str) -> Option<Fault> {
    find(MALFORMED, message)
}

/// The fault of a module that the validator refuses, if its message is known.
pub(crate) fn of_validator(message: &str) -> Option<Fault> {
    find(INVALID, message)
}

/// Whether the decoder speaks of a limit of its own.
pub(crate) fn is_limit(message: &str) -> bool {
    LIMITS.iter().any(|pattern| is_like(message, pattern))
}

fn find(table: &[(Fault, &[&str])], message: &str) -> Option<Fault> {
    let known = |patterns: &[&str]| patterns.iter().any(|pattern| is_like(message, pattern));
    table.iter().find(|(_, patterns)| known(patterns)).map(|(fault, _)| *fault)
}

/// Whether a message is a pattern with something, or nothing, at each `{}`.
pub fn is_like(message: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("{}");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = message.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Fault, INVALID, LIMITS, MALFORMED, find, is_like};

    /// A pattern that began with what the module says could be any message.
    #[test]
    fn every_pattern_begins_with_the_decoders_own_words() {
        let faults = MALFORMED.iter().chain(INVALID).flat_map(|(_, patterns)| *patterns);
        for pattern in faults.chain(LIMITS) {
            let words = pattern.split("{}").next().unwrap_or_default();
            assert!(words.len() > 3 || words == "`", "{pattern}");
        }
    }

    /// Whatever stands in its holes, a message is of its own kind.
    #[test]
    fn patterns_do_not_answer_for_each_other() {
        for table in [MALFORMED, INVALID] {
            for (fault, patterns) in table {
                for pattern in *patterns {
                    for filled in ["", "x", "1", "type mismatch", "` already defined", ": "] {
                        let message = pattern.replace("{}", filled);
                        let of_limit = LIMITS.iter().any(|limit| is_like(&message, limit));
                        assert_eq!(find(table, &message), Some(*fault), "{message}");
                        assert!(!of_limit, "{message}");
                    }
                }
            }
        }
        assert_eq!(Fault::ALL.len(), MALFORMED.len() + INVALID.len());
    }
}
