"""Views beside other libraries: their transforms in our chains, ours in their pipelines.

Letters: B examples, C channels, H and W pixels.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import default_collate

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View
from goodviews.views.chain import Chain
from goodviews.views.compose import ViewPair, parse_view

Part = str | View | Callable[[Tensor], Tensor]


@dataclass(frozen=True, repr=False, eq=False)
class Wrapped(View):
    """Any function of an image as a step; made by :func:`wrap`.

    Its randomness comes from the key: before each image, torch's, numpy's and Python's own
    generators are seeded with the image's word, and put back afterwards. So the same key gives
    the same view here too, one image at a time. No spec names it.
    """

    name: str  # type: ignore[misc]
    call: Callable[[Tensor], Tensor]

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Keep the ``word`` that the function is seeded with, (B,) int64."""
        return {"word": key.words}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Call the function on every image."""
        made = []
        for image, word in zip(images, params["word"].tolist(), strict=True):
            with _seeded(word):
                made.append(self._one(image))
        return torch.stack(made)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of what the function makes of a grey image."""
        with _seeded(0):
            return tuple(self._one(torch.full(shape, 0.5)).shape)

    def _one(self, image: Tensor) -> Tensor:
        made = self.call(image)
        if not (isinstance(made, Tensor) and made.ndim == 3 and made.is_floating_point()):
            got = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            kind = f" of {made.dtype}" if isinstance(made, Tensor) else ""
            raise InputError(
                f"{self!r} made {got}{kind}, but a float image (C, H, W) in [0, 1] is wanted."
            )
        return made.as_subclass(Tensor)

    def __repr__(self) -> str:
        """``wrap(<name>)``."""
        return f"wrap({self.name})"


def wrap(call: Callable[[Tensor], Tensor]) -> View:
    """Make a step of any function of an image, such as a torchvision v2 transform.

    Args:
        call: Takes a float image (C, H, W) in [0, 1], gives one.

    Returns:
        A step for :func:`chain` and :func:`pair`.

    Example:
        >>> step = wrap(lambda image: 1 - image)
        >>> step.apply(torch.zeros(2, 1, 2, 2), step.sample((1, 2, 2), Key(torch.arange(2)))).sum()
        tensor(8.)
    """
    name = getattr(call, "__name__", type(call).__name__)
    return Wrapped(name, call)


def chain(*parts: Part) -> Chain:
    """A chain of specs, steps and functions of an image.

    Args:
        *parts: Text such as ``"crop()|flip()"``, a :class:`View`, or what :func:`wrap` takes.

    Raises:
        InputError: A text is about two views.

    Example:
        >>> chain("crop(size=8)|flip()", torch.square)
        crop(size=8)|flip()|wrap(square)
    """
    steps: list[View] = []
    for part in parts:
        if isinstance(part, str):
            made = parse_view(part)
            if not made.same:
                raise InputError(f"A chain makes one view, but {part!r} is about two.")
            steps += made.first.steps
        else:
            steps.append(part if isinstance(part, View) else wrap(part))
    return Chain(steps)


def pair(first: Sequence[Part], second: Sequence[Part] | None = None) -> ViewPair:
    """Two views from parts that :func:`chain` takes: one list drawn twice, or two lists.

    Example:
        >>> pair(["crop()", torch.square])
        crop()|wrap(square)
    """
    one = chain(*first)
    return ViewPair(one, one, True) if second is None else ViewPair(one, chain(*second), False)


class AsTransform(nn.Module):
    """A chain or pair of ours where a torchvision v2 transform is expected.

    Takes one image (C, H, W) or a batch (B, C, H, W), float in [0, 1] or uint8, or a PIL image;
    draws from torch's generator, as torchvision does. What follows the image (a label, a
    target) is handed through.

    Args:
        views: A :class:`Chain`, a :class:`ViewPair`, or text; a pair gives a list of two views,
            as lightly's transforms do. Text gives a pair.

    Example:
        >>> transform = AsTransform(chain("crop(size=8)"))
        >>> transform(torch.zeros(3, 16, 16)).shape, transform(torch.zeros(3, 16, 16), 7)[1]
        (torch.Size([3, 8, 8]), 7)
    """

    def __init__(self, views: Chain | ViewPair | str) -> None:
        super().__init__()
        self.views = parse_view(views) if isinstance(views, str) else views

    def forward(self, image: Any, *others: Any) -> Any:
        """The view, a list of two views for a pair; with others, a tuple."""
        images = as_images(image)
        single = images.ndim == 3
        batch = images[None] if single else images
        seed = int(torch.randint(2**31, (1,)))
        places = torch.arange(len(batch))
        self.views.check(tuple(batch.shape[1:]))
        if isinstance(self.views, Chain):
            key = ViewPair.key(0, batch, seed, places, 0)
            made = [self.views.apply(batch, self.views.sample(tuple(batch.shape[1:]), key))]
        else:
            made = list(self.views(batch, seed=seed, samples=places, epoch=0))
        if single:
            made = [one[0] for one in made]
        out = made[0] if isinstance(self.views, Chain) else made
        return (out, *others) if others else out

    def extra_repr(self) -> str:
        """The spec."""
        return repr(self.views)


class Collate:
    """Views of a whole batch at once, where a DataLoader puts its items together.

    Items are ``(place, image, ...)``, the place being the image's number in its data set: the
    views then depend on (seed, place, epoch) alone, whatever the workers or the order.

    Args:
        views: A pair, or its text.
        seed: Number of the run.

    Attributes:
        epoch: Number of the pass; set it before each, with workers that start anew.

    Example:
        >>> items = [(place, torch.rand(3, 8, 8), "label") for place in range(4)]
        >>> (v1, v2), labels = Collate("crop()|flip()")(items)
        >>> v1.shape, labels
        (torch.Size([4, 3, 8, 8]), ['label', 'label', 'label', 'label'])
    """

    def __init__(self, views: ViewPair | str, *, seed: int = 0) -> None:
        self.views = parse_view(views) if isinstance(views, str) else views
        self.seed = seed
        self.epoch = 0

    def __call__(self, items: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """``((v1, v2), ...)`` of the items, the rest as torch collates it.

        Raises:
            InputError: An item has no place, or a step cannot take the images.
        """
        if not all(isinstance(item, tuple | list) and type(item[0]) is int for item in items):
            raise InputError("Collate wants items (place, image, ...), the place a whole number.")
        samples = torch.tensor([item[0] for item in items])
        images = torch.stack([as_images(item[1]) for item in items])
        self.views.check(tuple(images.shape[1:]))
        views = self.views(images, seed=self.seed, samples=samples, epoch=self.epoch)
        rest = [default_collate(list(column)) for column in zip(*items, strict=True)][2:]
        return (views, *rest)


def as_images(image: Any) -> Tensor:
    """What a pipeline hands over as our images.

    Args:
        image: A tensor (C, H, W) or (B, C, H, W), or a PIL image.

    Returns:
        Of the same axes, float; bytes become [0, 1].

    Raises:
        InputError: It is something else.

    Example:
        >>> as_images(torch.full((1, 2, 2), 255, dtype=torch.uint8)).unique()
        tensor([1.])
    """
    if not isinstance(image, Tensor):
        values = np.array(image)
        if values.ndim not in (2, 3):
            raise InputError(
                f"A transform takes a tensor (C, H, W) or a PIL image, but got "
                f"{type(image).__name__}."
            )
        image = torch.from_numpy(values if values.ndim == 3 else values[:, :, None])
        image = image.permute(2, 0, 1)
    if image.ndim not in (3, 4):
        raise InputError(
            f"A transform takes (C, H, W) or (B, C, H, W), but got {tuple(image.shape)}."
        )
    image = image.as_subclass(Tensor)
    return image.float() / 255 if image.dtype == torch.uint8 else image


@contextmanager
def _seeded(word: int) -> Iterator[None]:
    """All three generators seeded with a word, and put back."""
    state, there = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(word)
        random.seed(word)
        np.random.seed(word % 2**32)
        try:
            yield
        finally:
            random.setstate(state)
            np.random.set_state(there)
