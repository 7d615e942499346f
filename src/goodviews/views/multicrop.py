"""More than two views of an image: a few large crops and several small ones.

Letters: B examples, V views, C channels, H and W pixels.
"""

from dataclasses import dataclass

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.views.base import Shape
from goodviews.views.chain import Chain
from goodviews.views.compose import ViewPair, parse_view


@dataclass(frozen=True)
class MultiCrop:
    """Large views, then small ones, each with draws of its own (Caron et al., 2020; SwAV).

    The first two are to the bit the two views of ``parse_view(large)``.

    Attributes:
        large: Spec of the large views.
        small: Spec of the small views.
        counts: How many of each; the paper's own are 2 and 6.

    Example:
        >>> import torch
        >>> crops = MultiCrop("swav(size=16)", "swav_small(size=8)")
        >>> views = crops(torch.rand(4, 3, 24, 24), seed=0, samples=torch.arange(4), epoch=0)
        >>> [tuple(view.shape[2:]) for view in views]
        [(16, 16), (16, 16), (8, 8), (8, 8), (8, 8), (8, 8), (8, 8), (8, 8)]
    """

    large: str = "swav(size=224)"
    small: str = "swav_small(size=96)"
    counts: tuple[int, int] = (2, 6)

    def __post_init__(self) -> None:
        """Refuse specs about two views, and impossible counts."""
        for spec in (self.large, self.small):
            if not parse_view(spec).same:
                raise InputError(
                    f"A multi-crop wants one spec for its large and one for its small views, "
                    f"but {spec!r} is about two."
                )
        if len(self.counts) != 2 or min(self.counts) < 0 or sum(self.counts) < 2:
            raise InputError(
                f"A multi-crop has counts={self.counts}, but how many large and how many small "
                f"views is wanted, such as (2, 6)."
            )

    def __call__(self, images: Tensor, *, seed: int, samples: Tensor, epoch: int) -> list[Tensor]:
        """Draw and apply all views.

        Args:
            images: (B, C, H, W) in [0, 1].
            seed: Number of the run.
            samples: (B,) integers, the place of each image in its data set.
            epoch: Number of the pass over the data.

        Returns:
            V views, each (B, C', H', W'), the large ones first.
        """
        made = []
        for number, chain in enumerate(self._chains()):
            key = ViewPair.key(number, images, seed, samples, epoch)
            made.append(chain.apply(images, chain.sample(tuple(images.shape[1:]), key)))
        return made

    def check(self, shape: Shape) -> None:
        """Refuse images that a step cannot take.

        Raises:
            InputError: Which step, what it was given and what it wants.
        """
        for chain in self._chains():
            chain.check(shape)

    def _chains(self) -> list[Chain]:
        one, other = parse_view(self.large).first, parse_view(self.small).first
        return [one] * self.counts[0] + [other] * self.counts[1]
