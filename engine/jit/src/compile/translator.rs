//! One function on its way from Wasm to the code generator's form.

use super::budget::mentioned;
use super::control::Frame;
use super::enter::{Entrance, entrance};
use super::gas::Gas;
use super::heap::FieldOffsets;
use super::isa::SharedIsa;
use super::known::{KnownTable, known_tables};
use super::memory::may_tear;
use super::module::CompileOptions;
use super::nans::Nans;
use super::roots::tag_places;
use super::variable::{Local, Locals};
use crate::abi::{AbiSignature, AbiType, Region, VmLayout};
use crate::code::Scope;
use crate::error::{CompileError, Failure, Reason};
use cranelift_codegen::ir::types::{F32, F64, I8X16, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, Function, InstBuilder, SigRef, Signature, SourceLoc, StackSlot, Type,
    UserFuncName, Value,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use etalon_gas::Schedule;
use etalon_module::operator::Opcode;
use etalon_module::{FuncBody, Module, ValType};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::sync::Arc;
use wasmparser::Operator;

/// What all functions of a compilation share.
pub(crate) struct Env<'a> {
    pub(crate) module: &'a Module,
    pub(crate) isa: SharedIsa,
    pub(crate) layout: VmLayout,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) metering: bool,
    /// Whether code looks for an interrupt, at its entries and loops.
    pub(crate) interruptible: bool,
    /// Whether no access to a memory relies on pages without rights.
    pub(crate) explicit_bounds: bool,
    /// Whether each access asks the regions of its memory.
    pub(crate) memory_regions: bool,
    pub(crate) nans: Nans,
    /// Whether a store that traps may have written a part of its bytes.
    pub(crate) tears: bool,
    /// Whether traps are calls, as they are in object files.
    pub(crate) raises: bool,
    pub(crate) form: Form,
    pub(crate) declared: Arc<Declared>,
}

/// What follows from what a module declares, before any of its functions is translated.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(super) offsets: FieldOffsets,
    pub(super) tables: Vec<KnownTable>,
}

impl Declared {
    pub(super) fn of(module: &Module) -> Arc<Declared> {
        Arc::new(Declared { offsets: FieldOffsets::new(module), tables: known_tables(module) })
    }
}

impl<'a> Env<'a> {
    /// For functions as they are.
    pub(super) fn new(
        module: &'a Module,
        isa: SharedIsa,
        layout: VmLayout,
        options: &CompileOptions,
        declared: Arc<Declared>,
    ) -> Env<'a> {
        let tears = may_tear(isa.triple(), options.elsewhere().is_none());
        Env {
            module,
            isa,
            layout,
            schedule: Arc::clone(&options.schedule),
            metering: options.metering,
            interruptible: options.interruptible,
            explicit_bounds: options.explicit_bounds,
            memory_regions: options.memory_regions,
            nans: options.nans,
            tears,
            raises: false,
            form: Form::Plain,
            declared,
        }
    }
}

/// In which form functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Plain,
    /// They count their entries and turns of loops, to be compiled again.
    Counting,
    /// They begin with the loop that is at an offset in the module: see `compile/enter.rs`.
    From(u32),
}

/// A function that is being translated.
pub(super) struct Translator<'a> {
    pub(super) env: &'a Env<'a>,
    pub(super) module: &'a Module,
    /// Index of the function.
    pub(super) func: u32,
    /// Where the operator that is being translated is in the module.
    pub(super) offset: u32,
    pub(super) b: FunctionBuilder<'a>,
    pub(super) vmctx: Value,
    /// Depth left before this frame was taken: what a tail call passes on.
    pub(super) depth_outside: Value,
    /// Depth left for callees.
    pub(super) depth: Value,
    pub(super) locals: FxHashMap<u32, Local>,
    /// Where locals are.
    pub(super) place: Locals,
    /// The operands. Code that cannot be reached is not translated and has none.
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<Frame>,
    pub(super) reachable: bool,
    pub(super) gas: Option<Gas>,
    callees: HashMap<u32, cranelift_codegen::ir::FuncRef>,
    /// Values that are references to functions of the module.
    pub(super) functions: FxHashMap<Value, u32>,
    signatures: HashMap<u32, SigRef>,
    builtin: Option<SigRef>,
    /// Each `try_table` with clauses so far.
    pub(super) scopes: Vec<Scope>,
    /// The clauses of those.
    pub(super) clauses: u32,
    /// The scopes that are open, the innermost last, each with the place of its frame.
    pub(super) open: Vec<(u32, usize)>,
    /// Where values lie that pass to a routine or back.
    pub(super) scratch: Option<StackSlot>,
    /// Bulk operations in place so far.
    pub(super) in_place: u32,
    /// Calls that have the function in their place so far.
    pub(super) inlined: u32,
    /// In such a function: where control goes instead of stopping.
    pub(super) aside: Option<Block>,
    /// What leads to the loop that the code begins with, until that is reached.
    pub(super) entrance: Option<Entrance>,
}

/// Translates a function of the module; gives the scopes of its handlers.
pub(super) fn translate(
    env: &Env<'_>,
    func: u32,
    into: &mut Function,
    contexts: &mut FunctionBuilderContext,
    locals: Locals,
) -> Result<Vec<Scope>, Failure> {
    let module = env.module;
    let ty = module.func_type(func);
    let Some(body) = module.body(func) else {
        let message = "the function has no body".into();
        return Err(CompileError::Codegen { func, message }.into());
    };
    into.name = UserFuncName::user(0, func);
    into.signature = match env.form {
        Form::Plain | Form::Counting => AbiSignature::of(ty).native(),
        Form::From(_) => entrance(ty).native(),
    };
    let mut b = FunctionBuilder::new(into, contexts);
    tag_places(&mut b);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    b.seal_block(start);
    b.set_srcloc(SourceLoc::new(body.range.start as u32));
    let params = b.block_params(start).to_vec();
    let mut translator = Translator {
        env,
        module,
        func,
        offset: 0,
        b,
        vmctx: params[0],
        depth_outside: params[1],
        depth: params[1],
        locals: FxHashMap::default(),
        place: locals,
        stack: Vec::new(),
        frames: Vec::new(),
        reachable: true,
        gas: None,
        callees: HashMap::new(),
        functions: FxHashMap::default(),
        signatures: HashMap::new(),
        builtin: None,
        scopes: Vec::new(),
        clauses: 0,
        open: Vec::new(),
        scratch: None,
        in_place: 0,
        inlined: 0,
        aside: None,
        entrance: None,
    };
    match env.form {
        Form::Plain | Form::Counting => translator.prologue(body, &ty.params, &params[2..])?,
        Form::From(_) => translator.begin_before_loop(body, params[2])?,
    }
    translator.operators(body)?;
    let isa = Arc::clone(&env.isa);
    translator.b.finalize(isa.frontend_config());
    Ok(translator.scopes)
}

impl Translator<'_> {
    /// The operators of the body, each with its place.
    fn operators(&mut self, body: &FuncBody) -> Result<(), Failure> {
        let mut reader = self.module.operators(body);
        while !reader.eof() {
            let (operator, offset) =
                reader.read_with_offset().map_err(|e| self.crash(e.message()))?;
            self.b.set_srcloc(SourceLoc::new(offset as u32));
            self.offset = offset as u32;
            self.step(&operator)?;
        }
        // The loop that the code is to begin with was not there.
        if self.entrance.is_some() { Err(Reason::Entrance.into()) } else { Ok(()) }
    }

    /// Depth, gas, locals, and the frame of the body.
    fn prologue(
        &mut self,
        body: &FuncBody,
        types: &[ValType],
        params: &[Value],
    ) -> Result<(), Failure> {
        self.take_depth();
        self.look_for_interrupt();
        self.count();
        self.start_gas(body)?;
        for (number, (ty, value)) in (0..).zip(types.iter().zip(params)) {
            self.local(number, *ty, *value);
        }
        let own = types.len() as u32;
        let mentioned = mentioned(self.module, self.func, body)?;
        self.own_locals(body, own, mentioned.range(own..).map(|number| number - own));
        self.push_body_frame();
        Ok(())
    }

    /// Gives some of the locals that a body declares, which come after so many parameters, their first values.
    pub(super) fn own_locals(
        &mut self,
        body: &FuncBody,
        params: u32,
        numbers: impl Iterator<Item = u32>,
    ) {
        for (number, ty) in body.locals.some(numbers) {
            let zero = self.zero(clif(ty));
            self.local(params + number, ty, zero);
        }
    }

    /// Translates one operator, and the charge at the cut after it.
    fn step(&mut self, operator: &Operator<'_>) -> Result<(), Failure> {
        self.count_opened(Opcode::of(operator));
        if self.reachable {
            self.settle_before(operator);
            self.operator(operator)?;
        } else {
            self.unreachable_operator(operator)?;
        }
        self.cut_after(Opcode::of(operator));
        Ok(())
    }

    /// A fault of this compiler.
    pub(super) fn crash(&self, message: impl Into<String>) -> Failure {
        CompileError::Codegen { func: self.func, message: message.into() }.into()
    }

    /// An operator that this tier does not have.
    pub(super) fn unsupported(operator: &Operator<'_>) -> Failure {
        Reason::Operator(Opcode::of(operator).name().to_owned()).into()
    }

    pub(super) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// The topmost operand.
    ///
    /// # Panics
    /// If there is none, which validation excludes.
    pub(super) fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated code has its operands")
    }

    pub(super) fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    pub(super) fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    /// The topmost operands, the lowest first.
    pub(super) fn pop_many(&mut self, count: usize) -> Vec<Value> {
        self.stack.split_off(self.stack.len().saturating_sub(count))
    }

    pub(super) fn iconst(&mut self, ty: Type, value: i64) -> Value {
        self.b.ins().iconst(ty, value)
    }

    /// The default value of a type.
    fn zero(&mut self, ty: Type) -> Value {
        match ty {
            F32 => self.b.ins().f32const(0.0),
            F64 => self.b.ins().f64const(0.0),
            I8X16 => {
                let zero = self.b.func.dfg.constants.insert(vec![0; 16].into());
                self.b.ins().vconst(I8X16, zero)
            }
            int => self.b.ins().iconst(int, 0),
        }
    }

    /// Loads a word that lies in a region that cannot fault.
    pub(super) fn load_word(&mut self, region: Region, base: Value, at: i32) -> Value {
        let flags = region.flags(self.b.func);
        self.b.ins().load(I64, flags, base, at)
    }

    pub(super) fn store_word(&mut self, region: Region, value: Value, base: Value, at: i32) {
        let flags = region.flags(self.b.func);
        self.b.ins().store(flags, value, base, at);
    }

    /// A word of the instance's context.
    pub(super) fn vm_word(&mut self, at: i32) -> Value {
        let vmctx = self.vmctx;
        self.load_word(Region::VmCtx, vmctx, at)
    }

    /// The store's context.
    pub(super) fn context(&mut self) -> Value {
        self.vm_word(VmLayout::CONTEXT)
    }

    /// The reference by which this function calls another of the module.
    pub(super) fn callee(&mut self, func: u32) -> cranelift_codegen::ir::FuncRef {
        if let Some(callee) = self.callees.get(&func) {
            return *callee;
        }
        let signature = self.signature(self.module.funcs[func as usize]);
        let name = cranelift_codegen::ir::UserExternalName::new(0, func);
        let name = self.b.func.declare_imported_user_function(name);
        let callee = self.b.import_function(cranelift_codegen::ir::ExtFuncData {
            name: cranelift_codegen::ir::ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        });
        self.callees.insert(func, callee);
        callee
    }

    /// The native signature of a type index.
    pub(super) fn signature(&mut self, ty: u32) -> SigRef {
        if let Some(signature) = self.signatures.get(&ty) {
            return *signature;
        }
        let native = AbiSignature::of(self.module.func_type_at(ty)).native();
        let signature = self.b.import_signature(native);
        self.signatures.insert(ty, signature);
        signature
    }

    /// The signature of builtins.
    pub(super) fn builtin_signature(&mut self) -> SigRef {
        *self.builtin.get_or_insert_with(|| {
            let mut signature = Signature::new(self.env.isa.default_call_conv());
            signature.params.extend([AbiParam::new(I64); 6]);
            signature.returns.push(AbiParam::new(I64));
            self.b.import_signature(signature)
        })
    }
}

/// The code generator's type of a Wasm type.
pub(super) fn clif(ty: ValType) -> Type {
    AbiType::of(ty).clif()
}
