"""Use of transforms of other libraries in chains, and of views in other pipelines.

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
from goodviews.views.files import Source, views_of_files

Part = str | View | Callable[[Tensor], Tensor]


@dataclass(frozen=True, repr=False, eq=False)
class Wrapped(View):
    """Any function of an image as a step; made by :func:`wrap`.

    It is applied to one image at a time. For each image, the random generators of torch, numpy
    and Python are seeded with the word of the image and restored afterwards, so that the same
    key gives the same view. It cannot be named in a spec.
    """

    name: str  # type: ignore[misc]
    call: Callable[[Tensor], Tensor]

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return the ``word`` that seeds the function for each image, (B,) int64."""
        return {"word": key.words}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Apply the function to every image."""
        made = []
        for image, word in zip(images, params["word"].tolist(), strict=True):
            with _seeded(word):
                made.append(self._one(image))
        return torch.stack(made)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the output of the function for a grey image."""
        with _seeded(0):
            return tuple(self._one(torch.full(shape, 0.5)).shape)

    def _one(self, image: Tensor) -> Tensor:
        made = self.call(image)
        if not (isinstance(made, Tensor) and made.ndim == 3 and made.is_floating_point()):
            got = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
            kind = f" of {made.dtype}" if isinstance(made, Tensor) else ""
            raise InputError(
                f"Expected {self!r} to return a float image (C, H, W) in [0, 1], but got "
                f"{got}{kind}."
            )
        return made.as_subclass(Tensor)

    def __repr__(self) -> str:
        """``wrap(<name>)``."""
        return f"wrap({self.name})"


def wrap(call: Callable[[Tensor], Tensor]) -> View:
    """Make a step from any function of an image, such as a torchvision v2 transform.

    Args:
        call: Function from a float image (C, H, W) in [0, 1] to another one.

    Returns:
        Step for :func:`chain` and :func:`pair`.

    Example:
        >>> step = wrap(lambda image: 1 - image)
        >>> step.apply(torch.zeros(2, 1, 2, 2), step.sample((1, 2, 2), Key(torch.arange(2)))).sum()
        tensor(8.)
    """
    name = getattr(call, "__name__", type(call).__name__)
    return Wrapped(name, call)


def chain(*parts: Part) -> Chain:
    """Make a chain of specs, steps and functions of an image.

    Args:
        *parts: Specs such as ``"crop()|flip()"``, instances of :class:`View`, or functions as
            for :func:`wrap`.

    Raises:
        InputError: A spec makes two views.

    Example:
        >>> chain("crop(size=8)|flip()", torch.square)
        crop(size=8)|flip()|wrap(square)
    """
    steps: list[View] = []
    for part in parts:
        if isinstance(part, str):
            made = parse_view(part)
            if not made.same:
                raise InputError(f"A chain makes one view, but {part!r} makes two.")
            steps += made.first.steps
        else:
            steps.append(part if isinstance(part, View) else wrap(part))
    return Chain(steps)


def pair(first: Sequence[Part], second: Sequence[Part] | None = None) -> ViewPair:
    """Make two views of parts as for :func:`chain`: one list drawn twice, or two lists.

    Example:
        >>> pair(["crop()", torch.square])
        crop()|wrap(square)
    """
    one = chain(*first)
    return ViewPair(one, one, True) if second is None else ViewPair(one, chain(*second), False)


class AsTransform(nn.Module):
    """Chain or pair of views as a torchvision v2 transform.

    It accepts an image (C, H, W) or a batch (B, C, H, W), float in [0, 1] or uint8, or a PIL
    image, and draws from the generator of torch, like torchvision. Further arguments (a label,
    a target) are returned unchanged.

    Args:
        views: :class:`Chain`, :class:`ViewPair` or spec of a pair; a pair returns a list of
            two views, like the transforms of lightly.

    Example:
        >>> transform = AsTransform(chain("crop(size=8)"))
        >>> transform(torch.zeros(3, 16, 16)).shape, transform(torch.zeros(3, 16, 16), 7)[1]
        (torch.Size([3, 8, 8]), 7)
    """

    def __init__(self, views: Chain | ViewPair | str) -> None:
        super().__init__()
        self.views = parse_view(views) if isinstance(views, str) else views

    def forward(self, image: Any, *others: Any) -> Any:
        """Return the view, or a list of both views; with further arguments, a tuple."""
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
        """Return the spec."""
        return repr(self.views)


class Collate:
    """Collate function of a DataLoader that makes the views of a whole batch at once.

    Items are ``(place, image, ...)``, where the place is the index of the image in its dataset.
    An image is a tensor, a PIL image or, fastest from JPEG files, a
    :class:`goodviews.data.ImageFile` (then all are).
    The views depend only on (seed, place, epoch), not on the workers or the order.

    Args:
        views: Pair of views, or its spec.
        seed: Random seed of the run.

    Attributes:
        epoch: Number of the epoch; set it before each one, and restart persistent workers.

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
        """Make ``((v1, v2), ...)`` from the items, with the rest collated by torch.

        Raises:
            InputError: An item has no place, or a step does not accept the images.
        """
        if not all(isinstance(item, tuple | list) and type(item[0]) is int for item in items):
            raise InputError(
                "Collate expects items (place, image, ...), where the place is an integer."
            )
        samples = torch.tensor([item[0] for item in items])
        given, key = [item[1] for item in items], {"seed": self.seed, "epoch": self.epoch}
        if all(isinstance(image, Source) for image in given):
            views = views_of_files(self.views, given, samples=samples, **key)
        else:
            images = torch.stack([as_images(image) for image in given])
            self.views.check(tuple(images.shape[1:]))
            views = self.views(images, samples=samples, **key)
        rest = [default_collate(list(column)) for column in [*zip(*items, strict=True)][2:]]
        return (views, *rest)


def as_images(image: Any) -> Tensor:
    """Convert an image of another library to a float tensor.

    Args:
        image: Tensor (C, H, W) or (B, C, H, W), or PIL image.

    Returns:
        Float tensor of the same axes; bytes are scaled to [0, 1].

    Raises:
        InputError: ``image`` is neither a tensor nor a PIL image, or has other axes.

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
    """Context manager that seeds all three generators with a word and restores them."""
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
