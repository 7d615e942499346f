"""Views that remove the information in chosen channels.

Letters: B examples, C channels, R replaced channels, H and W pixels.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, check_probability, register


@register("replace", "uniform noise in place of some channels")
class Replace(View):
    """Replacement of some channels by uniform noise on [0, 1], with a probability per image.

    With ``p=1``, the view has no information about the content of these channels.
    """

    channels: tuple[int, ...] = (0,)
    p: float = 1.0

    def __post_init__(self) -> None:
        """Check the channels and the probability."""
        given = (self.channels,) if isinstance(self.channels, int) else self.channels
        if (
            not isinstance(given, tuple)
            or not all(isinstance(one, int) and one >= 0 for one in given)
            or len(set(given)) != len(given)
        ):
            raise InputError(
                f"replace has channels={self.channels!r}, but expected distinct indices of "
                f"channels, such as replace(channels=(0, 1))."
            )
        object.__setattr__(self, "channels", given)
        check_probability("replace", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``chosen``, (B,) bool, and ``word``, (B,) int64, which seeds the noise."""
        self.check(shape)
        return {"chosen": key.fold(0).uniform(1)[:, 0] < self.p, "word": key.fold(1).words}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Replace the channels of the chosen images."""
        count = len(self.channels) * images.shape[-2] * images.shape[-1]
        if not count:
            return images
        field_BR = Key(params["word"]).uniform(count).to(images.dtype)
        views = images.clone()
        shape = (len(images), len(self.channels), *images.shape[-2:])
        chosen = params["chosen"][:, None, None, None]
        old = images[:, list(self.channels)]
        views[:, list(self.channels)] = torch.where(chosen, field_BR.view(shape), old)
        return views

    def check(self, shape: Shape) -> None:
        """Check that images have these channels.

        Raises:
            InputError: The images do not have one of the channels.
        """
        if self.channels and max(self.channels) >= shape[0]:
            raise InputError(
                f"{self!r} needs channel {max(self.channels)}, but the images have {shape[0]}: "
                f"choose from 0 to {shape[0] - 1}."
            )
