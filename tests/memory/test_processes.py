"""Several processes keep the queue, the bank and the keys of one process."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.memory.rank_worker import BATCHES, rows
from torch import nn

from goodviews.memory import Bank, Queue, forward_in_groups, shuffle_order

HERE = Path(__file__).parent


@pytest.mark.parametrize("processes", [3])
def test_ranks_hold_what_one_process_holds(processes, tmp_path):
    command = [sys.executable, str(HERE / "rank_worker.py"), str(tmp_path), str(processes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outcome = [torch.load(tmp_path / f"rank{rank}.pt") for rank in range(processes)]

    queue, bank = Queue(8, 3), Bank(10, 3)
    for step, batch in enumerate(BATCHES):
        queue.push(rows(step))
        bank.update(torch.arange(batch), rows(step))
    for rank in outcome:
        assert all(map(torch.equal, rank["queue"].values(), queue.state_dict().values()))
        assert torch.equal(rank["bank"], bank.entries)

    # Shuffling over ranks is what split BatchNorm in as many groups does in one process.
    norm = nn.BatchNorm1d(3, affine=False)
    order = shuffle_order(9, seed=0, step=1)
    alone = forward_in_groups(norm, rows(2), groups=processes, order=order)
    torch.testing.assert_close(torch.cat([rank["keys"] for rank in outcome]), alone)
