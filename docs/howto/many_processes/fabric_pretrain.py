"""Pretrain from Python over several processes of this machine.

Start it once, as ``python fabric_pretrain.py``: Fabric starts it again for each other process.
"""

import os
import sys
from pathlib import Path

from goodviews.jobs.pretrain import Trained, pretrain


def main(out: Path, *, devices: int, changes: list[str]) -> Trained:
    """MoCo v2 with one BatchNorm over all processes; every process returns the same weights."""
    return pretrain(
        os.environ.get("DATA", "digits"),
        method="mocov2",
        out=out,
        changes=["sync_batchnorm=true", *changes],
        devices=devices,
        log=print,
    )


if __name__ == "__main__":
    run = main(Path(sys.argv[1]), devices=int(sys.argv[2]), changes=sys.argv[3:])
    print(run.folder)
