#!/bin/sh
# One shard of a campaign, begun or gone on with: shard.sh I N FOLDER [OPTION OF etalon fuzz]...
# It leaves FOLDER/I.json, the record, and FOLDER/I, the findings. A finding is no failure of the job.
set -eu
shard=$1 of=$2 folder=$3
shift 3
mkdir -p "$folder"
resume=
if [ -e "$folder/$shard/campaign.jsonl" ]; then resume=--resume; fi
status=0
etalon fuzz --shard "$shard/$of" --out "$folder/$shard" --record "$folder/$shard.json" $resume "$@" &
child=$!
# Whoever ends the job signals this shell; the campaign is to end in order.
trap 'kill -TERM "$child"' TERM INT
wait "$child" || status=$?
if [ "$status" -gt 128 ] && kill -0 "$child" 2>/dev/null; then
  # A signal ended the wait, and not yet the campaign.
  status=0
  wait "$child" || status=$?
fi
if [ "$status" -ne 1 ]; then exit "$status"; fi
