"""Features of images by a dictionary of their own patches, which needs no labels and no training.

Small patches are drawn from the images, normalised and whitened; each image is described by how
strongly it answers to each of them, in nine regions. With few labels a linear classifier on top
is as accurate as a small convolutional network, at a fraction of its time.

Letters: B images, C H W their shape, P values of a patch, A patches in the dictionary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_SIDE, _GRID = 8, 3
"""Largest side of a patch in pixels, and regions along each side of the image."""
_THRESHOLD = 0.25
"""Answers below it count as none (soft threshold of Coates and Ng)."""
_CONTRAST = 0.05
"""Added to a patch's standard deviation, so that noise in flat regions is not blown up."""
_PIXELS = 256
"""Most averaged pixel values that are added to the answers."""
_LARGEST = 32
"""Side in pixels above which images are averaged down."""


class Patches:
    r"""Features (B, F) of images, from a dictionary drawn from some of them.

    A whitened patch :math:`d_a` of the dictionary answers to a patch u of an image with
    :math:`\max(0, \pm d_a^\top u - 1/4)`; answers are averaged over a grid of 3 x 3 regions, and
    the pixels themselves, averaged down, are added as further features.

    Args:
        images: (B, C, H, W) from which mean, whitening and dictionary are taken.
        atoms: A.
        seed: Random seed of the draw.

    References:
        Coates and Ng, The importance of encoding versus training with sparse coding and vector
        quantization, ICML 2011: a dictionary of random patches is about as good as a learned one.

    Example:
        >>> x = torch.rand(32, 1, 16, 16, generator=torch.Generator().manual_seed(0))
        >>> Patches(x, atoms=4)(x).shape  # 2 signs x 4 patches x 9 regions, and 16 x 16 pixels
        torch.Size([32, 328])
    """

    def __init__(self, images: Tensor, *, atoms: int = 32, seed: int = 0) -> None:
        rng = torch.Generator().manual_seed(seed)
        x = _small(images)
        channels, side = x.shape[1], min(x.shape[2:])
        self.side = min(_SIDE, (side + 2) // 3)
        while self.side > 1 and channels * self.side**2 > 1024:
            self.side -= 1
        self.stride = 2 if side >= 24 else 1
        u_RP = F.unfold(x, self.side).transpose(1, 2).flatten(0, 1)
        u_RP = u_RP[torch.randperm(len(u_RP), generator=rng)[:20_000]]
        u_RP = u_RP - u_RP.mean(dim=1, keepdim=True)
        u_RP = u_RP / (u_RP.std(dim=1, correction=0, keepdim=True) + _CONTRAST)
        mean = u_RP.mean(dim=0)
        u_RP -= mean
        values, vectors = torch.linalg.eigh(u_RP.T @ u_RP / len(u_RP))
        part = (values.clamp(min=0) + 0.05 * values.mean().clamp(min=1e-6)).rsqrt()
        white_PP = vectors * part @ vectors.T
        chosen_AP = u_RP[torch.randperm(len(u_RP), generator=rng)[:atoms]] @ white_PP
        filters_PA = white_PP @ F.normalize(chosen_AP, dim=1).T
        self.offset = mean @ filters_PA
        filters_PA = filters_PA - filters_PA.mean(dim=0)  # takes the patch's mean out
        self.filters = filters_PA.T.reshape(-1, channels, self.side, self.side).contiguous()

    def __call__(self, images: Tensor) -> Tensor:
        """Features (B, F) of images (B, C, H, W)."""
        return torch.cat([self._some(_small(part)) for part in images.split(256)])

    def _some(self, x: Tensor) -> Tensor:
        box = torch.ones_like(self.filters[:1]) / self.filters[0].numel()
        mean, square = (F.conv2d(v, box, stride=self.stride) for v in (x, x * x))
        spread = (square - mean * mean).clamp(min=0).sqrt() + _CONTRAST
        answers = F.conv2d(x, self.filters, stride=self.stride) / spread
        answers = answers - self.offset[:, None, None]
        both = torch.cat([answers, -answers], dim=1).sub_(_THRESHOLD).relu_()
        pooled = F.adaptive_avg_pool2d(both, _regions(both, _GRID)).sqrt()
        size = max(int((_PIXELS / x.shape[1]) ** 0.5), 1)
        pixels = F.adaptive_avg_pool2d(x, _regions(x, size))
        return torch.cat([pooled.flatten(1), pixels.flatten(1)], dim=1)


def _regions(x: Tensor, most: int) -> tuple[int, int]:
    """Rows and columns of regions, at most one for each pixel."""
    return min(most, x.shape[2]), min(most, x.shape[3])


def _small(x: Tensor) -> Tensor:
    """Images averaged down by a whole factor to at most 32 pixels."""
    factor = -(-max(x.shape[2:]) // _LARGEST)
    return F.avg_pool2d(x, factor) if factor > 1 and min(x.shape[2:]) >= factor else x
