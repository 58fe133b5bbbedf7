#!/bin/bash
# A campaign as a SLURM array: sbatch docs/examples/campaigns/slurm.sh; then etalon report campaign/*.json --out campaign/report
#SBATCH --job-name=etalon
#SBATCH --array=1-64
#SBATCH --cpus-per-task=2
#SBATCH --mem=6G
#SBATCH --time=04:00:00
# Whoever is preempted goes on where it was: SIGTERM ends a campaign in order, and shard.sh resumes it.
#SBATCH --requeue
#SBATCH --signal=B:TERM@60
# The seed is a number, or a day that is written out: elements of an array may begin on different days.
exec docs/examples/campaigns/shard.sh "$SLURM_ARRAY_TASK_ID" "$SLURM_ARRAY_TASK_COUNT" campaign \
  --modules 10000000 --seed "${SEED:-1}" --jobs "$SLURM_CPUS_PER_TASK"
