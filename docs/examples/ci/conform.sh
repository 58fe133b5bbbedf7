#!/bin/sh
# Does an engine still conform? The official scripts on it and on the oracle, a report, and what changed since a baseline.
#
#   conform.sh ENGINE [BASELINE [FOLDER]]
#
# ENGINE    as `etalon engines` names it: 'cmd:./my-engine', 'wasm-c-api:./libmine.so', jit
# BASELINE  a folder with one summary for each architecture, in your own repository (conformance)
# FOLDER    where everything is written (conformance-report)
#
# Exit status 0: nothing is worse than the baseline. 1: something is, and card.md says what. 2: it could not be told.
# Without a baseline for this architecture, whatever fails counts, and what to commit is printed.
set -eu
engine=${1:?usage: conform.sh ENGINE [BASELINE [FOLDER]]}
baseline=${2:-conformance}
out=${3:-conformance-report}
mkdir -p "$out"

# What fails is judged below: here only what could not be run counts.
status=0
# shellcheck disable=SC2086
etalon spec --engine "oracle,$engine" --record "$out/spec.json" ${SPEC_OPTIONS:-} > "$out/spec.txt" 2> "$out/spec.err" || status=$?
if [ "$status" -gt 1 ]; then
  cat "$out/spec.err" >&2
  exit "$status"
fi
arch=$(uname -m)
if [ -e "$baseline/$arch.json" ]; then
  set -- --compare "$baseline/$arch.json"
else
  set --
  echo "there is no $baseline/$arch.json yet; to accept what is so today, commit it:" >&2
  echo "  mkdir -p $baseline && cp $out/$arch/summary.json $baseline/$arch.json" >&2
fi
judged=0
etalon report "$out/spec.json" --out "$out" "$@" --card > "$out/card.md" || judged=$?
cat "$out/card.md"
[ $# -gt 0 ] || exit "$status"
exit "$judged"
