"""Chains of steps that make one view.

Letters: B examples, C channels, H and W pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views import compiled
from goodviews.views.base import Params, Shape, View
from goodviews.views.factors import as_factors
from goodviews.views.mixed import Mixed, Pictures, alike, is_mixed, sized, squares, unit
from goodviews.views.patches import Patch

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

    def some(self, rows: Tensor) -> "PairKey":
        """Key of some images of the batch, (n,) places in it."""
        seed = self.seed[rows] if isinstance(self.seed, Tensor) else self.seed
        return PairKey(self.words[rows], seed, self.samples[rows], self.epoch)


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

    def sample_each(self, shapes: Sequence[Shape], key: Key) -> Params:
        """Draw the parameters for images of several shapes (C, H, W), one for each."""
        if not self.common and (quick := compiled.draw(self.steps, shapes, key)) is not None:
            return quick
        params: Params = {}
        for shape in dict.fromkeys(shapes):
            rows = torch.tensor([b for b, other in enumerate(shapes) if other == shape])
            for name, value in self.sample(shape, key.some(rows)).items():
                room = params.setdefault(name, value.new_empty(len(shapes), *value.shape[1:]))
                room[rows] = value
        return params

    def draw(self, images: Pictures, key: Key) -> Params:
        """Draw the parameters of every step for images of one size or of several."""
        if not is_mixed(images):
            return self.sample(tuple(images.shape[1:]), key)
        channels = images.shapes[0][0]
        steps = sized(self.steps, channels, images.sides)
        if steps is None:
            return self.sample((channels, *images.sides), key)
        return Chain(steps, common=self.common).sample_each(images.shapes, key)

    def apply(self, images: Pictures, params: Params, *, begin: int = 0) -> Tensor:
        """Apply every step from place ``begin`` on; see :meth:`View.apply`.

        On a CPU, float32 and uint8 images (255 means 1) use compiled kernels where they exist.

        Args:
            images: (B, C, H, W), or images of several sizes, from whose whole area the first step
                that makes views of one size takes them. Without such a step, they are resized to
                one size first.
            params: Parameters from :meth:`draw`.
            begin: Place of the first step to apply.
        """
        if is_mixed(images):
            return self._from_mixed(images, params).to(images.device)
        place = begin
        while place < len(self.steps):
            if made := compiled.render(self.steps, place, images, params):
                images, place = made
            else:
                step = self.steps[place]
                images = step.apply(
                    images if step.moves else unit(images), self._own(place, params)
                )
                place += 1
        return unit(images)

    def _from_mixed(self, images: Mixed, params: Params) -> Tensor:
        """Views of images of several sizes."""
        steps = sized(self.steps, images.shapes[0][0], images.sides)
        if steps is None:
            return self.apply(images.fitted(), params)
        own = Chain(steps, common=self.common)
        if made := compiled.render(steps, 0, images, params):
            return own.apply(made[0], params, begin=made[1])
        if isinstance(steps[0], Patch):
            corner = steps[0].corner(own._own(0, params))
            return own.apply(squares(images, *corner, steps[0].size), params, begin=1)
        parts = [
            (part.rows, part.chain.apply(part.images, part.params))
            for part in self.parts(images, params)
        ]
        views = torch.cat([made for _, made in parts])
        return views[torch.argsort(torch.cat([rows for rows, _ in parts]))]

    def plain(self, images: Tensor) -> Tensor:
        """Prepare images for the evaluation of an encoder of these views.

        Args:
            images: (B, C, H, W) in [0, 1].

        Returns:
            (B, C', H', W'), images after the form steps in their order, without other steps.
        """
        images = unit(images)
        for step in self.steps:
            images = step.plain(images)
        return images

    def out_shape(self, shape: Shape) -> Shape:
        """Shape (C', H', W') of the views of images of a given shape."""
        for step in self.steps:
            shape = step.out_shape(shape)
        return shape

    def check(self, shape: Shape, least: Shape | None = None) -> None:
        """Check the shape of images and the order of the steps.

        Args:
            shape: (C, H, W) of the images, or of those that they are fitted to.
            least: Smallest height and width of images of several sizes, as (C, H, W).

        Raises:
            InputError: A step does not accept the images; the error names the step.
        """
        if least is not None and len(shape) == 3:
            steps = sized(self.steps, shape[0], (shape[1], shape[2]))
            return Chain(steps).check(least) if steps else self.check(shape)
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

    def clipped(self, images: Pictures, params: Params) -> float:
        """Share of the values of the images that are clipped, summed over the steps."""
        if is_mixed(images):
            shares = [
                len(part.images) * part.chain.clipped(part.images, part.params)
                for part in self.parts(images, params)
            ]
            return sum(shares) / len(images.shapes)
        total, images = 0.0, unit(images)
        for place, step in enumerate(self.steps):
            own = self._own(place, params)
            total += step.clipped(images, own)
            images = step.apply(images, own)
        return total

    def parts(self, images: Pictures, params: Params) -> Iterator["Part"]:
        """Images of one size together, with the steps and the parameters that they take."""
        steps = sized(self.steps, images.shapes[0][0], images.sides) if is_mixed(images) else None
        if not is_mixed(images) or steps is None:
            same = images.fitted() if is_mixed(images) else images
            yield Part(torch.arange(len(same)), self, same, params)
            return
        own = Chain(steps, common=self.common)
        for rows, same in alike(images):
            yield Part(rows, own, same, {name: value[rows] for name, value in params.items()})

    def stages(self, images: Tensor, params: Params) -> list[tuple[str, Tensor]]:
        """Images after each step, (B, C', H', W'), with the spec of the step."""
        seen, images = [], unit(images)
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


class Part(NamedTuple):
    """Images of a batch that have one size.

    Attributes:
        rows: (n,) their places in the batch.
        chain: Steps that take them.
        images: (n, C, H, W).
        params: Their parameters.
    """

    rows: Tensor
    chain: Chain
    images: Tensor
    params: Params


def _axes(count: int) -> str:
    return {3: "images (C, H, W)", 4: "stacks of images (T, C, H, W)"}.get(count, f"{count} axes")
