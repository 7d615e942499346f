#!/usr/bin/env bash
# Pretrain with all GPUs of one machine, or of several:
#     DATA=images OUT=run PROCESSES=8 bash torchrun.sh --recipe mocov2 --backbone resnet50
# Words behind the file go to goodviews pretrain. The same command again resumes.
set -euo pipefail

# NODES machines each run this file, with HEAD the name of one of them.
exec torchrun \
    --nnodes "${NODES:-1}" \
    --nproc-per-node "${PROCESSES:-2}" \
    --rdzv-backend c10d \
    --rdzv-endpoint "${HEAD:-localhost:0}" \
    -m goodviews pretrain "${DATA:-digits}" --out "${OUT:-run}" "$@"
