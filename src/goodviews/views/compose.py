"""Steps into a view, and two views into the pair that a study is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from torch import Tensor

from goodviews.core.checks import InputError
from goodviews.core.names import VIEWS, bind
from goodviews.core.rng import Key
from goodviews.core.spec import Call, expand, format_calls, parse_pair
from goodviews.views.base import Params, Shape, View

__all__ = ["Chain", "ViewPair", "parse_view"]


class Chain:
    """Steps applied one after the other, each with its own draws.

    Parameters are named ``<place>.<step>.<parameter>``, such as ``0.crop.top``.

    Args:
        steps: The views to apply, first to last.
        text: The spec as written; made from the steps when absent.
    """

    def __init__(self, steps: Sequence[View], *, text: str | None = None) -> None:
        self.steps = tuple(steps)
        self._text = text

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw every step's parameters; see :meth:`View.sample`."""
        params: Params = {}
        for place, step in enumerate(self.steps):
            for name, value in step.sample(shape, key.fold(place)).items():
                params[f"{place}.{step.name}.{name}"] = value
            shape = step.out_shape(shape)
        return params

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Apply every step; see :meth:`View.apply`."""
        for place, step in enumerate(self.steps):
            images = step.apply(images, self._own(place, params))
        return images

    def out_shape(self, shape: Shape) -> Shape:
        """(C', H', W') of the views of images of a shape."""
        for step in self.steps:
            shape = step.out_shape(shape)
        return shape

    def check(self, shape: Shape) -> None:
        """Refuse images that a step cannot take.

        Raises:
            InputError: Which step, what it was given and what it wants.
        """
        for step in self.steps:
            step.check(shape)
            shape = step.out_shape(shape)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of the values of images (B, C, H, W) cut off at 0 or 1, added over the steps."""
        total = 0.0
        for place, step in enumerate(self.steps):
            own = self._own(place, params)
            total += step.clipped(images, own)
            images = step.apply(images, own)
        return total

    def stages(self, images: Tensor, params: Params) -> list[tuple[str, Tensor]]:
        """The images after each step, (B, C', H', W'), with the step's text."""
        seen = []
        for place, step in enumerate(self.steps):
            images = step.apply(images, self._own(place, params))
            seen.append((repr(step), images))
        return seen

    def _own(self, place: int, params: Params) -> Params:
        prefix = f"{place}.{self.steps[place].name}."
        cut = len(prefix)
        return {name[cut:]: value for name, value in params.items() if name.startswith(prefix)}

    def __repr__(self) -> str:
        """The spec text."""
        return self._text or "|".join(map(repr, self.steps))


@dataclass(frozen=True)
class ViewPair:
    """The two views of an example: one spec drawn twice, or two specs.

    Attributes:
        first: Makes v1.
        second: Makes v2.
        same: Whether both come from one spec, so that one encoder serves both.

    Example:
        >>> import torch
        >>> pair = parse_view("crop(scale=(0.2, 1))|flip(p=0.5)")
        >>> images = torch.rand(4, 1, 16, 16)
        >>> v1, v2 = pair(images, seed=0, samples=torch.arange(4), epoch=0)
        >>> v1.shape, pair
        (torch.Size([4, 1, 16, 16]), crop(scale=(0.2, 1))|flip(p=0.5))
    """

    first: Chain
    second: Chain
    same: bool

    def __call__(
        self, images: Tensor, *, seed: int, samples: Tensor, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """Draw and apply both views.

        Args:
            images: (B, C, H, W) in [0, 1].
            seed: Number of the run.
            samples: (B,) integers, the place of each image in its data set.
            epoch: Number of the pass over the data.

        Returns:
            v1 and v2, each (B, C', H', W').
        """
        return self.view(0, images, seed=seed, samples=samples, epoch=epoch), self.view(
            1, images, seed=seed, samples=samples, epoch=epoch
        )

    def view(
        self, which: int, images: Tensor, *, seed: int, samples: Tensor, epoch: int
    ) -> Tensor:
        """Draw and apply one of the two views: 0 for v1, 1 for v2."""
        chain = (self.first, self.second)[which]
        params = chain.sample(_shape(images), self.key(which, images, seed, samples, epoch))
        return chain.apply(images, params)

    @staticmethod
    def key(which: int, images: Tensor, seed: int, samples: Tensor, epoch: int) -> Key:
        """The key of one view of a batch, on the device of the images."""
        return Key.of(seed=seed, samples=samples.to(images.device), epoch=epoch, view=which)

    def check(self, shape: Shape) -> None:
        """Refuse images that a step of either view cannot take.

        Raises:
            InputError: Which step, what it was given and what it wants.
        """
        self.first.check(shape)
        self.second.check(shape)

    def __repr__(self) -> str:
        """The spec text."""
        return repr(self.first) if self.same else f"{self.first!r} // {self.second!r}"


def parse_view(text: str) -> ViewPair:
    """Make the two views that a spec describes.

    Args:
        text: One spec for both views, or two with ``//`` between them.

    Returns:
        The pair; its ``repr`` is the spec again.

    Raises:
        InputError: The text does not parse, or names or values are not known.

    Example:
        >>> parse_view("crop(scale=(0.2,1)) | jitter(.5)")
        crop(scale=(0.2, 1))|jitter(0.5)
    """
    first, second = parse_pair(text)
    if expand(text):
        raise InputError(f"{text!r} is a family; pick one of its values here.")
    one = _chain(first)
    return ViewPair(one, one, True) if first == second else ViewPair(one, _chain(second), False)


def _chain(calls: tuple[Call, ...]) -> Chain:
    return Chain([_step(call) for call in calls], text=format_calls(calls))


def _step(call: Call) -> View:
    given = bind(call)
    module, _, name = VIEWS[call.name].home.partition(":")
    try:
        step = getattr(import_module(module), name)(**given)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        usual = ", ".join(f"{name}={value!r}" for name, value in VIEWS[call.name].arguments)
        raise InputError(
            f"{call} has an argument of the wrong kind; the usual is {call.name}({usual})."
        ) from error
    assert isinstance(step, View)
    return step


def _shape(images: Tensor) -> Shape:
    channels, height, width = images.shape[-3:]
    return channels, height, width
