#!/bin/bash -eu
# Builds every target of fuzz/Cargo.toml for OSS-Fuzz and ClusterFuzzLite, with its options and what it begins from.
cd "$SRC/etalon"

# The list of targets is that of fuzz/Cargo.toml: all programs but `seeds`.
targets=$(awk '/^\[\[bin\]\]/ { bin = 1 } bin && /^name = / { gsub(/"/, "", $3); if ($3 != "seeds") print $3; bin = 0 }' fuzz/Cargo.toml)

cargo fuzz build -O
built=fuzz/target/x86_64-unknown-linux-gnu/release

for target in $targets; do
  cp "$built/$target" "$OUT/$target"
  cp "$SRC/TARGET.options" "$OUT/$target.options"
  seeds=$(mktemp -d)
  "$built/seeds" "$seeds" "$target"
  if [ -n "$(ls -A "$seeds")" ]; then
    # By a list, for there are more than fit on a command line.
    (cd "$seeds" && find . -type f | sort | zip -q -@ "$OUT/${target}_seed_corpus.zip")
  fi
  rm -r "$seeds"
done
