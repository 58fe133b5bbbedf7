#!/bin/sh
# Does an engine do what the oracle does, on modules that nobody wrote? For a pull request: some minutes, with a seed of its own.
#
#   fuzz.sh ENGINE TIME [FOLDER]        fuzz.sh 'cmd:./my-engine' 5m
#
# FUZZ_OPTIONS  more for `etalon fuzz`: --profile mvp,simd  --policy nan-bits  --seed 7
#
# Exit status 1 with a finding: a folder for each in FOLDER/findings, with a small module and a script that repeats it.
set -eu
engine=${1:?usage: fuzz.sh ENGINE TIME [FOLDER]}
time=${2:?usage: fuzz.sh ENGINE TIME [FOLDER]}
out=${3:-fuzz-report}
mkdir -p "$out"
status=0
# shellcheck disable=SC2086
etalon fuzz --engine "oracle,$engine" --time "$time" --timeout 5s --seed "${SEED:-nightly}" --out "$out/findings" \
  --record "$out/fuzz.json" ${FUZZ_OPTIONS:-} || status=$?
[ ! -e "$out/fuzz.json" ] || etalon report "$out/fuzz.json" --out "$out"
exit "$status"
