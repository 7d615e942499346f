"""Several processes keep the queue, the bank and the keys of one process."""

import pytest
import torch
from tests.ranks import outcomes
from tests.training.memory.rank_worker import BATCHES, rows
from torch import nn

from goodviews.training.memory import Bank, Queue, forward_in_groups, shuffle_order


@pytest.mark.parametrize("processes", [3])
def test_ranks_hold_what_one_process_holds(processes, tmp_path):
    outcome = outcomes("tests.training.memory.rank_worker", tmp_path, processes)

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
