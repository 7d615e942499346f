"""Steps into one view.

Letters: B examples, C channels, H and W pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views import compiled
from goodviews.views.base import Params, Shape, View
from goodviews.views.factors import as_factors

_FRAMES = "frames() takes images out of clips."


@dataclass(frozen=True)
class PairKey(Key):
    """The key of one view of a pair, which knows that of what is drawn once for both."""

    seed: int
    samples: Tensor
    epoch: int

    @property
    def both(self) -> Key:
        """The key of what is drawn once for both views."""
        return Key.of(seed=self.seed, samples=self.samples, epoch=self.epoch, view=-1)


class Chain:
    """Steps applied one after the other, each with its own draws.

    Parameters are named ``<place>.<step>.<parameter>``, such as ``0.crop.top``.

    Args:
        steps: The views to apply, first to last.
        text: The spec as written; made from the steps when absent.
        common: How many of the first steps are drawn once for both views of a pair.
    """

    def __init__(self, steps: Sequence[View], *, text: str | None = None, common: int = 0) -> None:
        self.steps = tuple(steps)
        self.common = common
        self._text = text

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw every step's parameters; see :meth:`View.sample`."""
        if not self.common and (drawn := compiled.draw(self.steps, shape, key)) is not None:
            return drawn
        params: Params = {}
        for place, step in enumerate(self.steps):
            own = key.both if isinstance(key, PairKey) and place < self.common else key
            for name, value in step.sample(shape, own.fold(place)).items():
                params[f"{place}.{step.name}.{name}"] = value
            shape = step.out_shape(shape)
        return params

    def apply(self, images: Tensor, params: Params, *, begin: int = 0) -> Tensor:
        """Apply every step from place ``begin`` on; see :meth:`View.apply`.

        On a CPU, float32 and uint8 images (255 means 1) take the compiled path where it can go.
        """
        place = begin
        while place < len(self.steps):
            if made := compiled.render(self.steps, place, images, params):
                images, place = made
            else:
                images = self.steps[place].apply(_unit(images), self._own(place, params))
                place += 1
        return _unit(images)

    def plain(self, images: Tensor) -> Tensor:
        """What an encoder of these views is given when its representation is read out.

        Args:
            images: (B, C, H, W) in [0, 1].

        Returns:
            (B, C', H, W): the form steps applied in their order, and no other step.
        """
        images = _unit(images)
        for step in self.steps:
            images = step.plain(images)
        return images

    def out_shape(self, shape: Shape) -> Shape:
        """(C', H', W') of the views of images of a shape."""
        for step in self.steps:
            shape = step.out_shape(shape)
        return shape

    def check(self, shape: Shape) -> None:
        """Refuse images that a step cannot take, and steps in an order that cannot be right.

        Raises:
            InputError: Which step, what it was given and what it wants.
        """
        left: View | None = None
        for place, step in enumerate(self.steps):
            if not step.form and len(shape) != step.axes:
                raise InputError(
                    f"{step!r} takes {_axes(step.axes)}, but it is given {_axes(len(shape))}; "
                    + (f"write it before {self.steps[place - 1]!r}." if place else _FRAMES)
                )
            if left is not None and not step.form:
                raise InputError(
                    f"{step!r} wants values in [0, 1], but {left!r} before it makes others; "
                    f"write {left!r} after it."
                )
            step.check(shape)
            shape = step.out_shape(shape)
            left = left if step.unit else step

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of the values of images (B, C, H, W) cut off at 0 or 1, added over the steps."""
        total, images = 0.0, _unit(images)
        for place, step in enumerate(self.steps):
            own = self._own(place, params)
            total += step.clipped(images, own)
            images = step.apply(images, own)
        return total

    def stages(self, images: Tensor, params: Params) -> list[tuple[str, Tensor]]:
        """The images after each step, (B, C', H', W'), with the step's text."""
        seen, images = [], _unit(images)
        for place, step in enumerate(self.steps):
            images = step.apply(images, self._own(place, params))
            seen.append((repr(step), images))
        return seen

    def factors(self, params: Params) -> dict[str, Tensor]:
        """What was drawn as one number per image: name to (B,) float64; see :func:`as_factors`."""
        return as_factors(params)

    def _own(self, place: int, params: Params) -> Params:
        prefix = f"{place}.{self.steps[place].name}."
        cut = len(prefix)
        return {name[cut:]: value for name, value in params.items() if name.startswith(prefix)}

    def __repr__(self) -> str:
        """The spec text."""
        return self._text or "|".join(map(repr, self.steps))


def _axes(count: int) -> str:
    return {3: "images (C, H, W)", 4: "stacks of images (T, C, H, W)"}.get(count, f"{count} axes")


def _unit(images: Tensor) -> Tensor:
    """Floats as they are, uint8 as floats in [0, 1]."""
    return images.float() / 255 if images.dtype == torch.uint8 else images
