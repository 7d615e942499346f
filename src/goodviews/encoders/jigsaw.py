"""The jigsaw branch: an image known by its patches, whatever their order.

Letters: B images, P patches of each, F representation of a patch, D embedding.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class JigsawHead(nn.Module):
    """Embedding of an image cut in patches whose places are forgotten (PIRL, InfoMin).

    ``fc1`` makes a code of each patch, the codes are put in an order drawn for each image,
    joined, and ``fc2`` makes the embedding of them.

    Args:
        fc1: A head (N, F) to (N, D).
        dim: D, of each code and of the embedding.
        patches: P.

    References:
        Misra and van der Maaten, 2020 (PIRL), section 3.3, arXiv:1912.01991; sizes as in the
        code of Tian et al., 2020, arXiv:2005.10243.

    Example:
        >>> import torch
        >>> head = JigsawHead(nn.Linear(16, 4), dim=4)
        >>> order = torch.stack([torch.randperm(9) for _ in range(2)])
        >>> head(torch.zeros(2, 9, 16), order).shape
        torch.Size([2, 4])
    """

    def __init__(self, fc1: nn.Module, *, dim: int = 128, patches: int = 9) -> None:
        super().__init__()
        self.fc1 = fc1
        self.fc2 = nn.Linear(patches * dim, dim)
        self.patches = patches

    def forward(self, patches: Tensor, order: Tensor | None = None) -> Tensor:
        """Codes of the patches, reordered and joined, to an embedding.

        Args:
            patches: (B, P, F), or (B P, F) with the patches of an image together.
            order: (B, P), for each place the patch that goes there
                (:meth:`goodviews.core.rng.Key.permutation`); ``None`` leaves them as they lie.

        Returns:
            (B, D).

        Raises:
            InputError: The rows are not P for each image, or the order does not fit.
        """
        rows = patches.flatten(0, -2)
        if len(rows) % self.patches or (patches.ndim == 3 and patches.shape[1] != self.patches):
            raise InputError(
                f"Patches are {tuple(patches.shape)}, but {self.patches} for each image are "
                f"wanted."
            )
        codes = self.fc1(rows).unflatten(0, (-1, self.patches))
        if order is not None:
            if order.shape != codes.shape[:2]:
                raise InputError(
                    f"The order of patches is {tuple(order.shape)}, but "
                    f"{tuple(codes.shape[:2])} is wanted: one permutation per image."
                )
            codes = codes.gather(1, order[:, :, None].expand_as(codes))
        return self.fc2(codes.flatten(1))
