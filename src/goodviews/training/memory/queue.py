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

    It starts with random unit vectors, so the logits have M columns from the first step;
    ``filled`` is the number of rows that are keys. Key n, counted from 0 over the whole run, is
    stored in row n mod M, as if keys were pushed one by one: a batch that reaches the end
    continues at row 0, and of a batch larger than the queue the newest M keys remain.

    With several processes every rank pushes the keys of all ranks, in the order of the ranks.
    With one seed the queues are then equal on all ranks; exclude the module from the broadcast of
    the training wrapper.

    Args:
        size: M, the number of stored keys.
        dim: D, the size of an embedding.
        seed: Random seed of the initial rows.

    Raises:
        InputError: ``size`` or ``dim`` is not above zero.

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
            raise InputError(
                f"A queue needs at least one key of one number, but got {size} keys "
                f"of {dim} numbers."
            )
        rows = torch.randn(size, dim, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("keys", F.normalize(rows, dim=1))
        self.register_buffer("pushed", torch.zeros((), dtype=torch.int64))

    @property
    def filled(self) -> int:
        """Number of rows that hold keys; reading it synchronises the device."""
        return min(int(self.pushed), len(self.keys))

    def negatives(self) -> Tensor:
        """(M, D), unit rows without gradient; the storage itself, not a copy.

        Run backward before the next :meth:`push`; autograd rejects a graph whose saved negatives
        were overwritten.
        """
        return self.keys

    @torch.no_grad()
    def push(self, keys: Tensor) -> None:
        """Store a batch in place of the oldest rows; call it after the backward pass.

        Args:
            keys: (B, D), any norm, stored with norm 1; keys of this rank, and B may differ
                between ranks.

        Raises:
            ShapeError: D disagrees.
        """
        check_shapes("keys: B D, queue: M D", keys, self.keys)
        size = len(self.keys)
        rows = gather(keys.detach().to(self.keys.dtype))
        count = len(rows)
        rows = F.normalize(rows[-size:], dim=1)
        # The position stays on the device, because reading it would synchronise the device.
        first = self.pushed + (count - len(rows))
        places = (first + torch.arange(len(rows), device=rows.device)) % size
        self.keys.index_copy_(0, places, rows)
        self.pushed += count
