"""Chains of steps that make one view.

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

_FRAMES = "frames() selects images from clips."


@dataclass(frozen=True)
class PairKey(Key):
    """Random key of one view of a pair, with the key of the steps drawn once for both views."""

    seed: int | Tensor
    samples: Tensor
    epoch: int

    @property
    def both(self) -> Key:
        """Key of the steps that are drawn once for both views."""
        return Key.of(seed=self.seed, samples=self.samples, epoch=self.epoch, view=-1)


class Chain:
    """Steps that are applied one after the other, each with its own random parameters.

    Parameters are named ``<place>.<step>.<parameter>``, such as ``0.crop.top``.

    Args:
        steps: Views to apply, in order.
        text: Spec as it was written; by default, made from the steps.
        common: Number of first steps that are drawn once for both views of a pair.

    Example:
        >>> from goodviews.views import parse_view
        >>> chain = parse_view("crop(size=4)|flip()").first
        >>> params = chain.sample((3, 8, 8), Key.of(seed=0, samples=torch.arange(2)))
        >>> chain.apply(torch.rand(2, 3, 8, 8), params).shape, chain
        (torch.Size([2, 3, 4, 4]), crop(size=4)|flip())
    """

    def __init__(self, steps: Sequence[View], *, text: str | None = None, common: int = 0) -> None:
        self.steps = tuple(steps)
        self.common = common
        self._text = text

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw the parameters of every step; see :meth:`View.sample`."""
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

        On a CPU, float32 and uint8 images (255 means 1) use compiled kernels where they exist.
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
        """Prepare images for the evaluation of an encoder of these views.

        Args:
            images: (B, C, H, W) in [0, 1].

        Returns:
            (B, C', H', W'), images after the form steps in their order, without other steps.
        """
        images = _unit(images)
        for step in self.steps:
            images = step.plain(images)
        return images

    def out_shape(self, shape: Shape) -> Shape:
        """Shape (C', H', W') of the views of images of a given shape."""
        for step in self.steps:
            shape = step.out_shape(shape)
        return shape

    def check(self, shape: Shape) -> None:
        """Check the shape of images and the order of the steps.

        Raises:
            InputError: A step does not accept the images; the error names the step.
        """
        left: View | None = None
        for place, step in enumerate(self.steps):
            if not step.form and len(shape) != step.axes:
                raise InputError(
                    f"{step!r} takes {_axes(step.axes)}, but got {_axes(len(shape))}; "
                    + (f"write it before {self.steps[place - 1]!r}." if place else _FRAMES)
                )
            if left is not None and not step.form:
                raise InputError(
                    f"{step!r} needs values in [0, 1], but {left!r} before it makes others; "
                    f"write {left!r} after it."
                )
            step.check(shape)
            shape = step.out_shape(shape)
            left = left if step.unit else step

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of the values of images (B, C, H, W) that are clipped, summed over the steps."""
        total, images = 0.0, _unit(images)
        for place, step in enumerate(self.steps):
            own = self._own(place, params)
            total += step.clipped(images, own)
            images = step.apply(images, own)
        return total

    def stages(self, images: Tensor, params: Params) -> list[tuple[str, Tensor]]:
        """Images after each step, (B, C', H', W'), with the spec of the step."""
        seen, images = [], _unit(images)
        for place, step in enumerate(self.steps):
            images = step.apply(images, self._own(place, params))
            seen.append((repr(step), images))
        return seen

    def factors(self, params: Params) -> dict[str, Tensor]:
        """Drawn parameters as numbers per image, (B,) float64 by name; see :func:`as_factors`."""
        return as_factors(params)

    def _own(self, place: int, params: Params) -> Params:
        prefix = f"{place}.{self.steps[place].name}."
        cut = len(prefix)
        return {name[cut:]: value for name, value in params.items() if name.startswith(prefix)}

    def __repr__(self) -> str:
        """Return the spec."""
        return self._text or "|".join(map(repr, self.steps))


def _axes(count: int) -> str:
    return {3: "images (C, H, W)", 4: "stacks of images (T, C, H, W)"}.get(count, f"{count} axes")


def _unit(images: Tensor) -> Tensor:
    """Convert uint8 images to floats in [0, 1]; return floats as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images
