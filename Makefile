# Every command that the project has. `make help` lists them.
.DEFAULT_GOAL := help
CARGO ?= cargo
ETALON := target/release/etalon
FUZZ_TIME ?= 10m
SEED ?= 1
BYTES_SECONDS ?= 3600
ARCH := $(shell uname -m)
BASELINE := $(wildcard reports/baseline)
HOST = $(shell rustc -vV | sed -n 's/^host: //p')

.PHONY: help
help: ## This list
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## The command line, optimised, at target/release/etalon
	$(CARGO) build --release --locked

.PHONY: test
test: ## All tests: units, official suites on all tiers, regressions, gas snapshots, command line
	$(CARGO) test --workspace --locked --no-fail-fast
	$(CARGO) test --locked -p etalon --features metrics,tracing --test facade

.PHONY: misuse
misuse: ## What safe programs must not be able to do with the library: what does not compile, and what gives an error
	$(CARGO) test --workspace --locked --doc
	$(CARGO) test --workspace --locked --test misuse --test callers --test panics

.PHONY: spec
spec: build ## The official suites and our own on all tiers, with gas, then the report
	mkdir -p reports/out
	$(ETALON) spec --record reports/out/spec.json; \
	status=$$?; $(ETALON) report reports/out/spec.json --out reports/out $(if $(BASELINE),--compare $(BASELINE)) && exit $$status

# With RECORDS, those of other machines: make baseline RECORDS='aarch64.json s390x.json'.
.PHONY: baseline
baseline: build ## What `make spec` finds, or RECORDS of it, becomes the baseline of its architecture, which later runs are compared with
	$(if $(RECORDS),,$(MAKE) spec BASELINE=)
	rm -rf reports/out/baseline && mkdir -p reports/out/baseline reports/baseline
	for record in $(or $(RECORDS),reports/out/spec.json); do $(ETALON) report $$record --out reports/out/baseline || exit; done
	for folder in reports/out/baseline/*/; do cp $${folder}summary.json reports/baseline/$$(basename $$folder).json || exit; done

.PHONY: page
page: ## The pages of reports in Chromium without a window: widths, schemes, keyboard, names, print; needs node and Chromium
	$(CARGO) test --locked -p etalon-reports --test reports pages_for_the_browser
	node reports/tests/page/check.mjs target/tmp/pages

.PHONY: paused
paused: build ## All suites on the oracle with a pause before every instruction, and stores made of snapshots
	$(ETALON) spec --tier oracle,paused:1

.PHONY: fuzz
fuzz: build ## Generated modules on all tiers for FUZZ_TIME (10m) from SEED (1)
	$(ETALON) fuzz --time $(FUZZ_TIME) --seed $(SEED) --out target/findings

# Mostly small modules, so that there are many, and some of each generator.
LAW_PROFILES := single,wasm2,mvp,scripts,quiet,traps,chains,calls,memory,float,simd,gc,control,wasm3,smith,scripts,wasm2,traps,objects,calls,memory,mvp,quiet,gc,sequences,simd,scripts,smith,wasm3,float
LAW_MODULES ?= 100000
LAW_OUT ?= target/laws

.PHONY: cross
cross: ## Everything on another architecture: ARCH=aarch64, riscv64 or s390x; natively there, else under qemu; SHORT=1 is short; docs/architectures.md
	CARGO='$(CARGO)' FUZZ_TIME='$(FUZZ_TIME)' SEED='$(SEED)' SHORT='$(SHORT)' cross/run.sh '$(ARCH)'

# The processors whose features are shown, of x86_64: SSE4.2, AVX, AVX2, all that the emulator knows.
MODELS ?= Nehalem IvyBridge Haswell max

.PHONY: cells
cells: ## Features of the processor x optimiser x gas x bounds checks, each on the suites and generated modules; on models of qemu if it is there
	CARGO='$(CARGO)' FUZZ_TIME='$(FUZZ_TIME)' SEED='$(SEED)' SHORT='$(SHORT)' CELLS=1 cross/run.sh '$(ARCH)'
	for model in $(if $(filter x86_64,$(ARCH)),$(MODELS)); do \
	  CARGO='$(CARGO)' FUZZ_TIME='$(FUZZ_TIME)' SEED='$(SEED)' SHORT='$(SHORT)' QEMU_CPU=$$model cross/run.sh x86_64 || exit; \
	done

.PHONY: gas-laws
gas-laws: build ## The laws of gas-1 on LAW_MODULES (100000) generated modules; after an interruption it goes on where it was
	$(ETALON) fuzz --check deterministic --modules $(LAW_MODULES) --rounds 1 --gas 100000 --seed $(SEED) --profile $(LAW_PROFILES) \
	  --out $(LAW_OUT) $$(test ! -e $(LAW_OUT)/campaign.jsonl || echo --resume)

.PHONY: peers
peers: ## The command line with the crates wasmtime, wasmi and tinywasm as engines, at target/peers/release/etalon
	$(CARGO) build --release --locked --features peers --target-dir target/peers

.PHONY: bench
bench: peers ## Speed of interpreter and compiler beside tinywasm, wasmi and Wasmtime, which this builds; BENCH='--time 20ms --rounds 3' is short
	target/peers/release/etalon bench $(BENCH)

.PHONY: programs
programs: peers ## Real programs of more than 2 MB, from npm: time and memory of compiling beside Wasmtime, and runs compared; needs npm
	docs/examples/programs.sh target/peers/release/etalon

# Each level of the optimiser, features masked, checks instead of guards, collections before each allocation, and the tiers that mix.
comma := ,
SETTINGS := oracle jit?opt=none jit?opt=size jit?cpu=baseline jit?cpu=avx jit?bounds=explicit jit?gc=stress jit?pool=off \
	aot?opt=none aot?opt=size aot?cpu=baseline auto auto?opt=size auto?cpu=baseline auto?gc=stress mixed0 mixed1
WITH_SETTINGS := --engine '$(subst $(eval) ,$(comma),$(SETTINGS))'

.PHONY: settings
settings: build ## The official suites, ours, and generated modules on the compiled tiers with each setting, with gas and without
	$(ETALON) spec $(WITH_SETTINGS)
	$(ETALON) spec $(WITH_SETTINGS) --no-gas
	$(ETALON) fuzz $(WITH_SETTINGS) --modules 300 --seed $(SEED) --timeout 1m --out target/findings

# Engines that are not there are passed over with the reason.
PEER = cmd:target/peers/release/etalon serve --engine
WITNESSES ?= '$(PEER) wasmi' '$(PEER) wasmtime' node jsc 'cmd:python3 docs/examples/wabt.py'
WITNESS_MODULES ?= 100000

.PHONY: witness
witness: peers ## Do other engines accept and refuse the modules that ours do, and execute them alike? wasmi, Wasmtime, V8, JavaScriptCore, wabt
	$(CARGO) run --release --locked -p etalon-harness --example witness -- \
	  --modules $(WITNESS_MODULES) --seed $(SEED) $(WITNESSES); \
	status=$$?; \
	target/peers/release/etalon spec --engine oracle,jit,wasmi,wasmtime; \
	target/peers/release/etalon fuzz --engine oracle,jit,wasmi,wasmtime --modules 2000 --seed $(SEED) --out target/witness/findings && \
	exit $$status

# Modules that others are asked about, beside those of the corpus and the kernels: what they charge, and what copies consume on them.
FUEL_MODULES ?= 20000
GAS_MODULES ?= 2000
GAS_WITNESSES ?= interp jit '$(PEER) wasmi' '$(PEER) wasmtime' node

.PHONY: fuel-witness
fuel-witness: ## Do Wasmtime and wasmi charge what they must for what the oracle executed?
	$(CARGO) run --release --locked -p etalon-audit --example fuel_witness --features peers --target-dir target/peers -- \
	  --modules $(FUEL_MODULES) --seed $(SEED)

.PHONY: gas-witness
gas-witness: peers fuel-witness ## Is gas what others say? The fuel of Wasmtime and wasmi, and instrumented copies on them and V8, at every limit tried
	$(CARGO) run --release --locked -p etalon-harness --example gas_witness -- \
	  --modules $(GAS_MODULES) --seed $(SEED) $(GAS_WITNESSES)

.PHONY: deny
deny: ## Are the licences and the sources of all crates accepted? With cargo-deny; deny.toml says which are
	$(CARGO) deny --locked check bans licenses sources

.PHONY: growth
growth: ## How time and memory grow with a module, for each construct; fails above the bound
	$(CARGO) run --release --locked -p etalon --example growth

.PHONY: regions
regions: ## What checks of memory regions cost: ratios of speed with and without, on each tier
	$(CARGO) run --release --locked -p etalon --example regions

.PHONY: threads
threads: ## Scripts with threads on threads of the system, 2,000 times on each fast tier: nothing but what the oracle can come to
	ETALON_RUNS=2000 $(CARGO) test --release --locked -p etalon-cli --test real_threads

.PHONY: native-stack
native-stack: ## Every operation of the interpreter on a small stack of the host, in an optimised build, where they jump to each other
	$(CARGO) test --release --locked -p etalon-interp --test native_stack

.PHONY: mutants
mutants: ## Faults planted in a copy of the compiler: found by which generator, how fast, named how well; hours in full, goes on where it ended
	$(CARGO) run --release --locked -p etalon-harness --example mutants -- $(MUTANTS)

.PHONY: fuzz-targets
fuzz-targets: ## The coverage-guided targets as plain replay binaries
	cd fuzz && $(CARGO) build --release

# What cargo-fuzz asks of the compiler, as far as stable Rust has it; not for build scripts, hence the target.
GUIDED := --cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table

# The targets, as their manifest lists them: all programs but `seeds`.
TARGETS := $(shell awk '/^\[\[bin\]\]/ { bin = 1 } bin && /^name = / { gsub(/"/, "", $$3); if ($$3 != "seeds") print $$3; bin = 0 }' \
	fuzz/Cargo.toml)
TARGET ?= bytes

.PHONY: fuzz-guided
fuzz-guided: ## One target, guided by coverage, for BYTES_SECONDS (3600): TARGET=wast; needs a C++ compiler
	$(if $(filter $(TARGET),$(TARGETS)),,$(error there is no target $(TARGET); the targets are $(TARGETS)))
	cd fuzz && $(CARGO) run --release --locked --bin seeds -- target/seeds/$(TARGET) $(TARGET)
	cd fuzz && RUSTFLAGS="$(GUIDED)" $(CARGO) build --release --locked --bin $(TARGET) --target $(HOST) --target-dir target/guided
	mkdir -p fuzz/target/corpora/$(TARGET) target/findings
	fuzz/target/guided/$(HOST)/release/$(TARGET) fuzz/target/corpora/$(TARGET) fuzz/target/seeds/$(TARGET) -max_len=4096 -timeout=60 \
	  -rss_limit_mb=6000 -max_total_time=$(BYTES_SECONDS) -artifact_prefix=target/findings/ -print_final_stats=1

.PHONY: fuzz-bytes
fuzz-bytes: ## Arbitrary bytes on all tiers, guided by coverage, for BYTES_SECONDS (3600); needs a C++ compiler
	$(MAKE) fuzz-guided TARGET=bytes

.PHONY: faults
faults: ## Every request to the system and the allocator fails in turn, over scripts and programs, on all tiers
	ETALON_FAULTS=all $(CARGO) test --locked -p etalon-harness --test resources -- faults

# Compiled code traps by faults of the processor, so valgrind has to know the place of each instruction, and to keep a load
# that nobody uses. Such a fault is beyond a memory: in pages without rights, or from the last page that has some into them. Whatever
# else valgrind says is an error.
MEMCHECK := valgrind -q --smc-check=all-non-file --vex-iropt-register-updates=allregs-at-each-insn --num-callers=20 \
	--log-file=$(CURDIR)/target/memcheck/%p.log
# Mappings that valgrind has too, a stack that overflows, and what only counts or only takes long.
NOT_FOLLOWED := modules_that_are_dropped_leave_nothing an_overflow_of compile::growth compile::limits the_heap_has_a_cap

.PHONY: memcheck
memcheck: ## The tests of runtime, interp and jit under valgrind: wild accesses, bytes that nobody wrote; takes long
	rm -rf target/memcheck && mkdir -p target/memcheck
	$(CARGO) test --locked -p etalon-runtime -p etalon-interp -p etalon-jit --lib --tests --no-fail-fast \
	  --config 'target."cfg(all())".runner = "$(MEMCHECK)"' -- --test-threads=1 $(NOT_FOLLOWED:%=--skip %)
	cat target/memcheck/*.log | sed 's/^==[0-9]*== *//' | awk -v RS= \
	  '!/^Warning/ && !/is in a (---|rw-) anonymous segment/ { print; print ""; bad = 1 } END { exit bad }'

.PHONY: bless
bless: ## Accepts changed snapshots: gas, records, command line. Read the difference before you commit it
	INSTA_UPDATE=always ETALON_BLESS=1 $(CARGO) test --workspace --locked --no-fail-fast

.PHONY: lint
lint: ## Format and lints, as they must be
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: dist
dist: ## An archive to hand out at target/dist: one small binary, manual pages, completions; ARCH=aarch64, riscv64 or s390x for others
	CARGO='$(CARGO)' dist/make.sh $(ARCH)

.PHONY: doc
doc: ## API documentation
	$(CARGO) doc --workspace --no-deps --locked

.PHONY: ci
ci: ## What must pass before a change lands
	bash .ci/run
