#!/bin/sh
# Everything that is judged, on another architecture: the official suites and ours on all tiers, the corpus, the gas snapshots, and
# generated modules that are then run here too and compared case by case. Under an emulator of user programs (qemu), or natively where the
# machine is of that architecture.
#
#   cross/run.sh aarch64            `make cross ARCH=aarch64`; riscv64, s390x and x86_64 are the others
#
# FUZZ_TIME  how long generated modules run (10m)         SEED  what they are generated from (1)
# SHORT=1    one minute of them                           JOBS  how many run at a time
# QEMU_CPU   a model of processor that qemu shows, on the machine's own architecture too: Nehalem, Haswell, cortex-a72
# CELLS=1    in the place of the tiers, the compiler with each level of features, of optimisation, with gas and without, with either
#            style of checking bounds
# CROSS      the folder of `cross/sysroot.sh` (target/cross/sysroot)
# CARGO_TARGET_DIR  where it builds (target/cross)
#
# What it finds goes to target/cross/ARCH: spec.json and report/, artefacts/ and objects/ (the last that were made there and here), fuzz.json, outcomes.jsonl, findings/, steps.txt (each step and its
# exit status), cells.txt (each engine with its settings that was run). The exit status is 1 if a step failed, 2 if something is missing.
set -eu
cd "$(dirname "$0")/.."
arch=${1:-}
case $arch in
  x86_64) target=x86_64-unknown-linux-gnu debian=x86-64 libc=amd64 ;;
  aarch64) target=aarch64-unknown-linux-gnu debian=aarch64 libc=arm64 ;;
  riscv64) target=riscv64gc-unknown-linux-gnu debian=riscv64 libc=riscv64 ;;
  s390x) target=s390x-unknown-linux-gnu debian=s390x libc=s390x ;;
  *) echo "usage: cross/run.sh x86_64|aarch64|riscv64|s390x" >&2; exit 2 ;;
esac
cargo=${CARGO:-cargo}
seed=${SEED:-1}
time=${FUZZ_TIME:-10m}
[ -z "${SHORT:-}" ] || time=1m
jobs=${JOBS:+--jobs $JOBS}
sysroot=${CROSS:-target/cross/sysroot}
cell=$arch${QEMU_CPU:+-$QEMU_CPU}${CELLS:+-cells}
out=target/cross/$cell
mkdir -p "$out"
: > "$out/steps.txt"
: > "$out/cells.txt"
here=$(uname -m)
own=''
[ "$here" != "$arch" ] || own=1

# The emulator is Debian's, in the system or in the folder of packages.
emulator() {
  qemu=$sysroot/usr/bin/qemu-$arch
  [ -x "$qemu" ] || qemu=$(command -v "qemu-$arch") || { echo "error: as root: apt-get install qemu-user" >&2; exit 2; }
  case $qemu in /*) ;; *) qemu=$PWD/$qemu ;; esac
}

runner=''
if [ -n "$own" ]; then
  folder=${CARGO_TARGET_DIR:-target}
  if [ -n "${QEMU_CPU:-}" ]; then emulator; runner=$qemu; fi
  set --
else
  folder=${CARGO_TARGET_DIR:-target/cross}
  # The linker and the C library of the architecture.
  packages="gcc-$debian-linux-gnu libc6-dev-$libc-cross"
  if ! command -v "$debian-linux-gnu-gcc" > /dev/null; then
    echo "installing the Debian packages $packages" >&2
    # shellcheck disable=SC2086 # a list
    if [ "$(id -u)" = 0 ]; then apt-get update && apt-get install -y --no-install-recommends $packages
    else echo "error: as root: apt-get install --no-install-recommends $packages" >&2; exit 2; fi
  fi
  # The standard library: of rustup if it has it, or of Debian's packages.
  has() { rustup target list --installed 2> /dev/null | grep -qx "$target"; }
  if [ ! -e "$sysroot/bin/rustc" ] && { has || timeout 120 rustup target add "$target" 2> /dev/null; }; then
    echo "the standard library of $target is rustup's" >&2
  else
    cross/sysroot.sh "$sysroot"
    sysroot=$(cd "$sysroot" && pwd)
    RUSTC=$sysroot/bin/rustc RUSTDOC=$sysroot/bin/rustdoc
    export RUSTC RUSTDOC
  fi
  emulator
  runner="$qemu -L /usr/$debian-linux-gnu"
  set -- --target "$target"
  name=$(echo "$target" | tr 'a-z-' 'A-Z_')
  export "CARGO_TARGET_${name}_LINKER=$debian-linux-gnu-gcc" "CARGO_TARGET_${name}_RUNNER=$runner"
fi
export CARGO_TARGET_DIR="$folder"
etalon="$folder/${1:+$target/}release/etalon"

# The engines: all tiers, or all cells of the compiler.
engines=oracle,interp,jit,aot
profiles=''
if [ -n "${CELLS:-}" ]; then
  # Elsewhere there is nothing between the least and what is there.
  levels='baseline native'
  [ "$arch" != x86_64 ] || levels='baseline sse4.2 avx avx2 native'
  engines=oracle
  # Of these each call ends, where nothing is charged too.
  profiles='--profile single,chains,control,objects,sequences,nans'
  for level in $levels; do
    for opt in none size speed; do
      for more in '' '&bounds=explicit' '&metering=off' '&bounds=explicit&metering=off'; do
        engines="$engines,jit?cpu=$level&opt=$opt$more"
      done
    done
  done
fi
echo "$engines" | tr , '\n' | sed "s/^/$cell /" > "$out/cells.txt"

failed=0
# A step that fails does not keep the others from being made.
step() {
  name=$1
  shift
  echo "== $cell: $name" >&2
  status=0
  "$@" || status=$?
  echo "$status $name" >> "$out/steps.txt"
  [ "$status" = 0 ] || failed=1
}

# Artefacts for that architecture, made there and here: the bytes are the same. What was made here runs there and does what the module does here.
# `there` is how the program of that architecture is started.
# shellcheck disable=SC2086 # lists
artefacts() {
  made=$out/artefacts
  mkdir -p "$made"
  for file in corpus/programs/*.wat corpus/kernels/*.wat; do
    [ "${file##*/}" != "$without" ] || continue
    for gas in '' '--schedule etalon-1'; do
      $there compile "$file" -o "$made/there" --cpu baseline $gas 2> "$made/said" || { cat "$made/said" >&2; return 1; }
      "$etalon" compile "$file" -o "$made/here" --target "$target" $gas 2> "$made/said" || { cat "$made/said" >&2; return 1; }
      cmp "$made/there" "$made/here" || return 1
      case $file in corpus/kernels/*) ;; *) continue ;; esac
      $there run "$made/here" --allow-precompiled --invoke run 1 ${gas:+$gas --gas 100000000000} --no-cache > "$made/did.there" || return 1
      "$etalon" run "$file" --invoke run 1 --no-cache > "$made/did.here" || return 1
      cmp "$made/did.there" "$made/did.here" || return 1
    done
  done
}

# Object files for that architecture, linked with its compiler of C: the programs do what those of this machine do.
# shellcheck disable=SC2086 # lists
objects() {
  made=$out/objects
  mkdir -p "$made"
  command -v cc > /dev/null || { echo "no programs of C were compared: there is no cc" >&2; return 0; }
  sources='-O1 -I engine/object harness/cli/tests/fixtures/object_driver.c engine/object/etalon_object.c'
  for file in corpus/kernels/*.wat; do
    [ "${file##*/}" != "$without" ] || continue
    if ! "$etalon" compile "$file" -o "$made/there.o" --emit object --symbol the_module --target "$target" 2> "$made/said"; then
      grep -q 'object files do not have' "$made/said" || { cat "$made/said" >&2; return 1; }
      continue
    fi
    "$etalon" compile "$file" -o "$made/here.o" --emit object --symbol the_module 2> "$made/said" || { cat "$made/said" >&2; return 1; }
    "$debian-linux-gnu-gcc" $sources "$made/there.o" -o "$made/there" || return 1
    cc $sources "$made/here.o" -o "$made/here" || return 1
    echo '1 run 1' | $runner "$made/there" > "$made/did.there" || return 1
    echo '1 run 1' | "$made/here" > "$made/did.here" || return 1
    cmp "$made/did.there" "$made/did.here" || return 1
  done
}

# A processor of RISC-V without vectors takes no module that has some.
without=''
case $arch-${QEMU_CPU:-} in
  riscv64-*v=true* | riscv64-max*) ;;
  riscv64-*) without=vectors.wat ;;
esac

echo "== $cell: build" >&2
$cargo build --release --locked -p etalon-cli "$@"
# An emulator takes longer than what a call may take by default.
slow=${runner:+--timeout 2m}
# shellcheck disable=SC2086 # these are lists
{
  step spec $runner "$etalon" spec --engine "$engines" --record "$out/spec.json" $slow $jobs
  if [ -z "${CELLS:-}${QEMU_CPU:-}" ]; then
    step corpus env INSTA_UPDATE=no $cargo test --release --locked -p etalon-harness --test regressions --test gas_snapshots "$@"
    step nans $runner "$etalon" fuzz --check deterministic --profile nans,float,simd --modules 90 --seed "$seed" --rounds 2 \
      --out "$out/nans" --record "$out/nans.json" $slow $jobs
  fi
  step fuzz $runner "$etalon" fuzz --engine "$engines" --time "$time" --seed "$seed" --out "$out/findings" \
    --record "$out/fuzz.json" --outcomes "$out/outcomes.jsonl" $profiles $slow $jobs
}

# What follows runs on this machine: the same modules, and the report.
if [ -n "$runner" ]; then
  unset RUSTC RUSTDOC
  export CARGO_TARGET_DIR=target
  $cargo build --release --locked -p etalon-cli
  there="$runner $etalon"
  etalon=target/release/etalon
  if [ -z "${CELLS:-}" ]; then step artefacts artefacts; step objects objects; fi
  modules=$(($(wc -l < "$out/outcomes.jsonl") - 1))
  # shellcheck disable=SC2086 # a list
  step "the same on $here" "$etalon" fuzz --engine "$engines" --modules "$modules" --seed "$seed" --out "$out/here" \
    --same-as "$out/outcomes.jsonl" $profiles $jobs
fi
baseline=reports/baseline/$arch.json
set --
if [ -e "$baseline" ] && [ -z "${CELLS:-}" ]; then set -- --compare "$baseline"; fi
step report "$etalon" report "$out/spec.json" --out "$out/report" "$@"

echo "== $cell: each step and its exit status" >&2
cat "$out/steps.txt" >&2
exit "$failed"
