#!/bin/sh
# A campaign on this machine and others, by GNU parallel: 64 shards, as many at a time as there are cores.
# Give `--sshloginfile hosts` and a folder that all hosts see to use other machines too.
set -eu
here=$(dirname "$0")
parallel --jobs 100% --halt soon,fail=1 --joblog campaign/joblog \
  "$here/shard.sh" {} 64 campaign --modules 1000000 --seed nightly --jobs 1 ::: $(seq 64)
etalon report campaign/*.json --out campaign/report
