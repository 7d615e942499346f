"""Pairs of views, and parsing of specs into pairs."""

import math
from dataclasses import dataclass
from typing import cast

from torch import Tensor

from goodviews.core.errors import InputError, check_tensor
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.files import pin
from goodviews.spec.grammar import Call, expand, format_calls
from goodviews.spec.names import bind, spell
from goodviews.views import compiled
from goodviews.views.base import Joint, Shape, Step, View, step_class, view_class
from goodviews.views.chain import Chain, PairKey
from goodviews.views.mixed import Pictures, is_mixed


@dataclass(frozen=True)
class ViewPair:
    """Two views of an example: one spec drawn twice, two specs, or a spec of both views.

    Attributes:
        first: Chain that makes v1.
        second: Chain that makes v2.
        same: Whether both views have the same spec.
        text: Spec as it was written; if empty, made from the chains.
        once: Chain computed once for both views: the steps before the first joint step, unless
            they are drawn for each view.

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
    text: str = ""
    once: Chain | None = None

    @property
    def alike(self) -> bool:
        """Whether both views are of the same kind, so that they can share an encoder."""
        kinds = [
            [step for step in chain.steps if step.form] for chain in (self.first, self.second)
        ]
        return kinds[0] == kinds[1]

    def side(self, shape: Shape) -> int:
        """Smaller side in pixels of the views of images of a shape.

        Example:
            >>> parse_view("crop(size=24)").side((3, 32, 40))
            24
        """
        return min(
            side for chain in (self.first, self.second) for side in chain.out_shape(shape)[-2:]
        )

    def __call__(
        self, images: Pictures, *, seed: int | Tensor, samples: Tensor, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """Draw and apply both views.

        Args:
            images: (B, C, H, W) in [0, 1], or images of several sizes from
                :meth:`goodviews.data.Images.for_views`.
            seed: Random seed of the run, or (B,) integers, that of each image.
            samples: (B,) integers, index of each image in its dataset.
            epoch: Number of the epoch.

        Returns:
            v1 and v2, each (B, C', H', W').
        """
        if not is_mixed(images):
            check_tensor("images", images)
        check_tensor("samples", samples)
        params = [
            chain.draw(images, self.key(which, images, seed, samples, epoch))
            for which, chain in enumerate((self.first, self.second))
        ]
        begin = 0
        if self.once is not None and not is_mixed(images):
            images = self.once.apply(images, params[0])
            begin = len(self.once.steps)
        return (
            self.first.apply(images, params[0], begin=begin),
            self.second.apply(images, params[1], begin=begin),
        )

    def view(
        self, which: int, images: Pictures, *, seed: int, samples: Tensor, epoch: int
    ) -> Tensor:
        """Draw and apply one of the two views, 0 for v1 or 1 for v2."""
        if not is_mixed(images):
            check_tensor("images", images)
        chain = (self.first, self.second)[which]
        key = self.key(which, images, seed, samples, epoch)
        return chain.apply(images, chain.draw(images, key))

    def plain(self, which: int, images: Tensor) -> Tensor:
        """Prepare images to evaluate the encoder of one view; see :meth:`Chain.plain`."""
        return (self.first, self.second)[which].plain(images)

    @staticmethod
    def key(
        which: int, images: Pictures, seed: int | Tensor, samples: Tensor, epoch: int
    ) -> PairKey:
        """Random key of one view of a batch, on the device of the images.

        Views of images of several sizes are made on the CPU.
        """
        samples = samples.to("cpu" if is_mixed(images) else images.device)
        seed = seed.to(samples.device) if isinstance(seed, Tensor) else seed
        own = compiled.key_of(seed=seed, samples=samples, epoch=epoch, view=which)
        return PairKey(own.words, seed, samples, epoch)

    def check(self, shape: Shape, least: Shape | None = None) -> None:
        """Check that images have a shape that the steps of both views accept.

        Args:
            shape: See :meth:`Chain.check`.
            least: See :meth:`Chain.check`.

        Raises:
            InputError: A step does not accept the images; the error names the step.
        """
        for chain in (self.first, self.second):
            try:
                chain.check(shape, least)
            except InputError as error:
                if any(
                    f"{step!r} " in str(error) and repr(step) in repr(self) for step in chain.steps
                ):
                    raise
                raise InputError(f"In {self!r}: {error}") from error

    def __repr__(self) -> str:
        """Return the spec."""
        if self.text:
            return self.text
        return repr(self.first) if self.same else f"{self.first!r} // {self.second!r}"


def parse_view(text: str) -> ViewPair:
    """Make the two views that a spec describes.

    Args:
        text: One spec for both views, or two separated by ``//``.

    Returns:
        The pair, whose ``repr`` is the spec.

    Raises:
        InputError: The spec cannot be parsed, or a name or a value is not valid.

    Example:
        >>> parse_view("crop(scale=(0.2,1)) | jitter(.5)")
        crop(scale=(0.2, 1))|jitter(0.5)
    """
    if expand(text):
        raise InputError(f"{text!r} is a family of views; choose one of its values here.")
    written, (first, second) = spell(pin(text))
    if first != second:
        one, two = (
            Chain(_alone([_step(call) for call in calls], text), text=format_calls(calls))
            for calls in (first, second)
        )
        return ViewPair(one, two, False, written)
    steps = [_step(call) for call in first]
    joints = [place for place, step in enumerate(steps) if isinstance(step, Joint)]
    once = [place for place in joints if cast(Joint, steps[place]).draws == 1]
    if not joints:
        one = Chain(steps, text=format_calls(first))
        return ViewPair(one, one, True, written)
    one, two = (
        Chain(
            [step.sides()[side] if isinstance(step, Joint) else step for step in steps],
            common=once[-1] + 1 if once else 0,
        )
        for side in (0, 1)
    )
    return ViewPair(one, two, False, written, Chain(steps[: joints[0]]) if once else None)


def _alone(steps: list[View], text: str) -> list[View]:
    for step in steps:
        if isinstance(step, Joint):
            raise InputError(
                f"{step!r} makes both views, so {text!r} must not have '//'; "
                f"write {' // '.join(map(repr, step.sides()))} for the two sides."
            )
    return steps


def _step(call: Call) -> View:
    bind(call)
    view_class(call.name)  # refuses views of graphs
    return cast(View, make_step(call))


def make_step(call: Call) -> Step:
    """The step of a call, at the strength that the call gives.

    Raises:
        InputError: The name or an argument is not valid.
    """
    given = bind(call)
    listing = VIEWS[call.name]
    named = [name for name, _ in listing.arguments]
    strength = None if "strength" in named else given.pop("strength", None)
    try:
        step = step_class(call.name)(**given)
        if strength is not None:
            if not (math.isfinite(strength) and strength >= 0):
                raise InputError(f"The strength of {call} must be a number of at least 0.")
            step = step.at(strength)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        usual = ", ".join(f"{name}={value!r}" for name, value in listing.arguments)
        raise InputError(
            f"{call} has an argument of the wrong type; the default is {call.name}({usual})."
        ) from error
    return step
