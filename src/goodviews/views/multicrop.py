"""More than two views of an image: a few large crops and several small ones.

Letters: B examples, V views, C channels, H and W pixels.
"""

from dataclasses import dataclass

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.views.base import Shape
from goodviews.views.chain import Chain
from goodviews.views.compose import ViewPair, parse_view
from goodviews.views.mixed import Pictures


@dataclass(frozen=True)
class MultiCrop:
    """Several large and small views, drawn independently (Caron et al., 2020; SwAV).

    The first two are exactly the two views of ``parse_view(large)``.

    Attributes:
        large: Spec of the large views.
        small: Spec of the small views.
        counts: Numbers of large and small views; 2 and 6 in the paper.

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
        """Check the specs and the counts."""
        for spec in (self.large, self.small):
            if not parse_view(spec).same:
                raise InputError(
                    f"A multi-crop needs one spec for its large and one for its small views, "
                    f"but {spec!r} makes two views."
                )
        if len(self.counts) != 2 or min(self.counts) < 0 or sum(self.counts) < 2:
            raise InputError(
                f"A multi-crop has counts={self.counts}, but expected the numbers of large and "
                f"of small views, such as (2, 6)."
            )

    def __call__(
        self, images: Pictures, *, seed: int, samples: Tensor, epoch: int
    ) -> list[Tensor]:
        """Draw and apply all views.

        Args:
            images: (B, C, H, W) in [0, 1], or images of several sizes.
            seed: Random seed of the run.
            samples: (B,) integers, index of each image in its dataset.
            epoch: Number of the epoch.

        Returns:
            V views, each (B, C', H', W'), the large ones first.
        """
        made = []
        for number, chain in enumerate(self._chains()):
            key = ViewPair.key(number, images, seed, samples, epoch)
            made.append(chain.apply(images, chain.draw(images, key)))
        return made

    def check(self, shape: Shape) -> None:
        """Check that images have a shape that all steps accept.

        Raises:
            InputError: A step does not accept the images; the error names the step.
        """
        for chain in self._chains():
            chain.check(shape)

    def _chains(self) -> list[Chain]:
        one, other = parse_view(self.large).first, parse_view(self.small).first
        return [one] * self.counts[0] + [other] * self.counts[1]
