"""Jigsaw head: the embedding of an image from its patches in any order.

Letters: B images, P patches of each, F representation of a patch, D embedding.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class JigsawHead(nn.Module):
    """Embedding of an image that is divided into patches in random order (PIRL, InfoMin).

    ``fc1`` computes a code of each patch. The codes are permuted with a random order for each
    image and concatenated, and ``fc2`` maps them to the embedding.

    Args:
        fc1: Head from (N, F) to (N, D).
        dim: Dimensions D of each code and of the embedding.
        patches: Number of patches P of an image.

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
        """Compute the embedding of images from the representations of their patches.

        Args:
            patches: (B, P, F), or (B P, F) with the patches of an image in adjacent rows.
            order: (B, P), index of the patch for each position
                (:meth:`goodviews.core.rng.Key.permutation`); ``None`` keeps the given order.

        Returns:
            (B, D), embeddings.

        Raises:
            InputError: There are not P rows for each image, or ``order`` has another shape.
        """
        rows = patches.flatten(0, -2)
        if len(rows) % self.patches or (patches.ndim == 3 and patches.shape[1] != self.patches):
            raise InputError(
                f"Expected patches with {self.patches} for each image, but got "
                f"{tuple(patches.shape)}."
            )
        codes = self.fc1(rows).unflatten(0, (-1, self.patches))
        if order is not None:
            if order.shape != codes.shape[:2]:
                raise InputError(
                    f"Expected order of shape {tuple(codes.shape[:2])}, one permutation per "
                    f"image, but got {tuple(order.shape)}."
                )
            codes = codes.gather(1, order[:, :, None].expand_as(codes))
        return self.fc2(codes.flatten(1))
