# Every command that the project has. `make help` lists them.
.DEFAULT_GOAL := help
CARGO ?= cargo
ETALON := target/release/etalon
FUZZ_TIME ?= 10m
SEED ?= 1

.PHONY: help
help: ## This list
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## The command line, optimised, at target/release/etalon
	$(CARGO) build --release --locked

.PHONY: test
test: ## All tests: units, official suites on all tiers, regressions, gas snapshots, command line
	$(CARGO) test --workspace --locked --no-fail-fast

.PHONY: spec
spec: build ## The official suites and our own on all tiers, with gas, then the report
	$(ETALON) spec --tier interp,jit,aot --record reports/out/spec.json; \
	status=$$?; $(ETALON) report reports/out/spec.json --out reports/out && exit $$status

.PHONY: paused
paused: build ## All suites with a pause before every instruction, and stores made of snapshots
	$(ETALON) spec --tier interp,paused:1

.PHONY: fuzz
fuzz: build ## Generated modules on interp, jit and aot for FUZZ_TIME (10m) from SEED (1)
	$(ETALON) fuzz --time $(FUZZ_TIME) --seed $(SEED) --engine interp,jit,aot --out target/findings

.PHONY: bench
bench: ## Speed of both tiers beside tinywasm, wasmi and Wasmtime, which this builds
	$(CARGO) build --release --locked --features peers --target-dir target/peers
	target/peers/release/etalon bench

.PHONY: fuzz-targets
fuzz-targets: ## The coverage-guided targets as plain replay binaries
	cd fuzz && $(CARGO) build --release

.PHONY: bless
bless: ## Accepts changed snapshots: gas, records, command line. Read the difference before you commit it
	INSTA_UPDATE=always ETALON_BLESS=1 $(CARGO) test --workspace --locked --no-fail-fast

.PHONY: lint
lint: ## Format and lints, as they must be
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: doc
doc: ## API documentation
	$(CARGO) doc --workspace --no-deps --locked

.PHONY: ci
ci: ## What must pass before a change lands
	bash .ci/run
