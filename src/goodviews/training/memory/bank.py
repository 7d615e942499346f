"""Memory bank: one embedding per training example.

Letters: N training examples, B examples of a step, K drawn negatives, D embedding dims.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.distributed import gather
from goodviews.core.errors import InputError, check_shapes
from goodviews.core.rng import Key


class Bank(nn.Module):
    r"""Moving average of the embedding of each training example, so that one view is enough.

    The positive of an anchor is its own entry, the negatives are other entries, drawn in each
    step. (The code of the papers draws from all entries, so that an anchor can be its own
    negative; of a million entries that is rare, of a thousand it is not.)
    After the loss,

    .. math:: m_i \leftarrow \frac{\mu m_i + (1 - \mu) z_i}{\|\mu m_i + (1 - \mu) z_i\|}

    With several processes every rank stores the rows of all ranks, so with one seed the banks are
    equal on all ranks; exclude the module from the broadcast of the wrapper.

    Args:
        items: N, the number of training examples.
        dim: D, the size of an embedding.
        momentum: mu, the weight of the old entry, in [0, 1).
        seed: Random seed of the initial unit rows.

    Raises:
        InputError: A size is not above zero, or the momentum is not in [0, 1).

    References:
        Wu et al., 2018 (InstDis), section 3.2, arXiv:1805.01978; mu = 0.5 as in the code of
        Tian et al., 2020 (CMC), arXiv:1906.05849.

    Example:
        >>> bank = Bank(10, 4)
        >>> mine = torch.tensor([3, 7])
        >>> key = Key.of(seed=0, samples=mine, epoch=1)
        >>> bank.entries[mine].shape, bank.negatives(key, 5, without=mine[:, None]).shape
        (torch.Size([2, 4]), torch.Size([2, 5, 4]))
    """

    entries: Tensor

    def __init__(self, items: int, dim: int, *, momentum: float = 0.5, seed: int = 0) -> None:
        super().__init__()
        if items < 1 or dim < 1:
            raise InputError(
                f"A bank needs at least one entry of one number, but got {items} "
                f"entries of {dim} numbers."
            )
        if not 0 <= momentum < 1:
            raise InputError(f"Bank: momentum must be in [0, 1), but got {momentum}.")
        self.momentum = momentum
        rows = torch.randn(items, dim, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("entries", F.normalize(rows, dim=1))

    def positives(self, index: Tensor) -> Tensor:
        """Copy of the entries of some examples.

        Args:
            index: (B,) indices in the training set.

        Returns:
            (B, D), unit rows.
        """
        return self.entries[index]

    def draw(self, key: Key, count: int, *, without: Tensor | None = None) -> Tensor:
        """Draw indices of negatives, uniform over all entries but some, with replacement.

        Args:
            key: Key of each set, which includes the epoch; the same key draws the same indices.
            count: K, the number of negatives.
            without: (B, S) indices that the set of each key must not hold, such as that of its
                anchor; different ones in each row. By default every entry can be drawn.

        Returns:
            (B, K) int64.

        Raises:
            InputError: No other entry is left.
        """
        if without is None:
            without = torch.empty(len(key.words), 0, dtype=torch.int64, device=key.words.device)
        rest = len(self.entries) - without.shape[1]
        if rest < 1:
            raise InputError(
                f"A bank of {len(self.entries)} entries has no negatives for a batch of "
                f"{without.shape[1]} anchors; use a smaller batch, or each=True."
            )
        halves = (key.uniform(2 * count) * 2**24).long()
        # 48 bits: 24 would favour some of a million entries by several per cent.
        drawn = ((halves[:, :count] << 24) + halves[:, count:]) % rest
        # Of the entries that are left, number n follows as many of those left out as have a
        # smaller index, less the number of these before them.
        least = without.sort(dim=1).values - torch.arange(without.shape[1], device=drawn.device)
        return drawn + torch.searchsorted(least, drawn, right=True)

    def negatives(self, key: Key, count: int, *, without: Tensor | None = None) -> Tensor:
        """Draw entries for each key: B K D numbers, which can take much memory.

        Args:
            key: Key of each anchor. A key of one word draws one set, which :func:`infonce
                <goodviews.objectives.infonce>` uses for all anchors after ``squeeze(0)``.
            count: K, the number of negatives.
            without: (B, S) indices that are not drawn, see :meth:`draw`.

        Returns:
            (B, K, D), unit rows.
        """
        return self.entries[self.draw(key, count, without=without)]

    @torch.no_grad()
    def update(self, index: Tensor, embeddings: Tensor) -> None:
        """Move the entries of the examples of a step towards their embeddings, after the loss.

        For an example that appears twice (in a padded last batch), the last row is used.

        Args:
            index: (B,) indices in the training set.
            embeddings: (B, D), any norm.

        Raises:
            ShapeError: B or D disagrees.
        """
        check_shapes("index: B, embeddings: B D, bank: N D", index, embeddings, self.entries)
        index = gather(index)
        z = F.normalize(gather(embeddings.detach().to(self.entries.dtype)), dim=1)
        rows = torch.arange(len(index), device=index.device)
        # Two writes to one index have no defined order, so both rows write the same.
        last = torch.where(index[:, None] == index, rows, -1).amax(dim=1)
        mixed = self.momentum * self.entries[index] + (1 - self.momentum) * z[last]
        self.entries[index] = F.normalize(mixed, dim=1)
