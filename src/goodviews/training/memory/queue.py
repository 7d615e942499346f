"""First-in-first-out queue of past embeddings.

Letters: B keys of a step, M stored keys, D embedding dims.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.distributed import gather
from goodviews.core.errors import InputError, check_shapes


class Queue(nn.Module):
    """The newest M keys, as negatives for the next batches.

    It starts with random unit vectors, so the logits have their M columns from the first
    step on; ``filled`` says how many rows are keys by now. Key number n, counted from 0 over
    the whole run, lies in row n mod M, so a batch that runs past the end goes on at the top
    and of a batch larger than the queue the newest M remain: as if keys came one by one.

    Over several processes every rank pushes the keys of all ranks, in the order of the
    ranks. With one seed the queues are then equal everywhere and need not be exchanged;
    keep the module outside of what the training wrapper broadcasts.

    Args:
        size: M.
        dim: D.
        seed: Of the random rows at the start.

    Raises:
        InputError: ``size`` or ``dim`` is not a number above zero.

    References:
        He et al., 2020 (MoCo), section 3.2, arXiv:1911.05722.

    Example:
        >>> queue = Queue(4, 2)
        >>> queue.push(torch.tensor([[3.0, 0.0], [0.0, 2.0]]))
        >>> queue.negatives()[:2]
        tensor([[1., 0.],
                [0., 1.]])
        >>> queue.filled
        2
    """

    keys: Tensor
    pushed: Tensor

    def __init__(self, size: int, dim: int, *, seed: int = 0) -> None:
        super().__init__()
        if size < 1 or dim < 1:
            raise InputError(f"A queue of {size} keys of {dim} numbers holds nothing.")
        rows = torch.randn(size, dim, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("keys", F.normalize(rows, dim=1))
        self.register_buffer("pushed", torch.zeros((), dtype=torch.int64))

    @property
    def filled(self) -> int:
        """How many rows hold keys, not the random start; asking waits for the device."""
        return min(int(self.pushed), len(self.keys))

    def negatives(self) -> Tensor:
        """(M, D), unit rows without gradient: the storage itself, not a copy.

        Step backward before the next :meth:`push`; autograd refuses a graph whose saved
        negatives were written over.
        """
        return self.keys

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Take in a batch, over the oldest rows; call it after the loss went backward.

        Args:
            keys: (B, D), any norm; they are stored with norm 1. Over several processes
                this rank's, and B may differ between the ranks.

        Raises:
            ShapeError: D disagrees.
        """
        check_shapes("keys: B D, queue: M D", keys, self.keys)
        size = len(self.keys)
        rows = gather(keys.detach().to(self.keys.dtype))
        count = len(rows)
        rows = F.normalize(rows[-size:], dim=1)
        # The place stays on the device: reading it would wait for all that was queued there.
        first = self.pushed + (count - len(rows))
        places = (first + torch.arange(len(rows), device=rows.device)) % size
        self.keys.index_copy_(0, places, rows)
        self.pushed += count
