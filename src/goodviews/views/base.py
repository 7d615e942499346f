"""What a view is: parameters are drawn from a key, then applied with no randomness left.

Letters: B examples, C channels, H and W pixels.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import signature
from typing import Any, ClassVar, TypeVar, dataclass_transform

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS, Listing

Params = dict[str, Tensor]
Shape = tuple[int, ...]
"""(C, H, W) of an image; a step that makes several of one puts their number in front."""


class View(ABC):
    """One step of a view: abstract here, final in each file of this room.

    :func:`register` makes subclasses frozen dataclasses of literals, so that ``repr`` is the spec.
    Images are (B, C, H, W) floats in [0, 1]; each image gets its own draw.

    Attributes:
        form: Whether the step changes what kind of image it is (colour space, channels,
            frequency band, scale of the values) and not what is seen of it. Form steps draw
            nothing, and are applied again when a representation is read out.
        unit: Whether the views are in [0, 1] again; after a step whose views are not, only
            form steps may follow.
        axes: Axes of an example that the step takes: 3 for images, 4 for clips (T, C, H, W).
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: ClassVar[str]
    form: ClassVar[bool] = False
    unit: ClassVar[bool] = True
    axes: ClassVar[int] = 3

    @abstractmethod
    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw parameters for a batch of images of one shape.

        Args:
            shape: (C, H, W) of the images.
            key: One word per image; the same words draw the same parameters.

        Returns:
            Tensors whose first axis is B; empty when nothing is random.
        """

    @abstractmethod
    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Make the views. Same parameters, same views: nothing random happens here.

        Args:
            images: (B, C, H, W) in [0, 1].
            params: What :meth:`sample` drew for images of this shape.

        Returns:
            (B, C', H', W') in [0, 1], unless ``unit`` is false.
        """

    def plain(self, images: Tensor) -> Tensor:
        """What the step does where a representation is read out: its form, and nothing drawn."""
        return self.apply(images, {}) if self.form else images

    def at(self, strength: float) -> "View":
        """The step at a strength: 0 does nothing, 1 is the step as it is.

        Raises:
            InputError: The step has no strength, or not this one.
        """
        raise InputError(f"{self.name} has no strength, but got strength={strength!r}.")

    def out_shape(self, shape: Shape) -> Shape:
        """(C', H', W') of the views of images of a shape."""
        return shape

    def check(self, shape: Shape) -> None:  # noqa: B027
        """Refuse images that this view cannot take.

        Raises:
            InputError: Channels or size do not fit, and what would.
        """

    def clipped(self, images: Tensor, params: Params) -> float:  # noqa: ARG002
        """Share of the values that :meth:`apply` pushed out of [0, 1] and cut off."""
        return 0.0

    def __repr__(self) -> str:
        """The step as spec text; arguments at their default are left out."""
        given = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}({', '.join(given)})"


class Joint(View):
    """A step about both views of an example, written once: a split, a pair of patches.

    Everything up to it is drawn once for both views, so that both come from the same image;
    everything after it is drawn for each. A pair applies its sides.
    """

    @abstractmethod
    def sides(self) -> tuple[View, View]:
        """The step of v1 and the step of v2; from one key both draw the same."""

    def sample(self, shape: Shape, key: Key) -> Params:
        """What either side draws."""
        return self.sides()[0].sample(shape, key)

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """The view of the first side."""
        return self.sides()[0].apply(images, params)

    def out_shape(self, shape: Shape) -> Shape:
        """(C', H', W') of the first side's views."""
        return self.sides()[0].out_shape(shape)

    def check(self, shape: Shape) -> None:
        """Refuse images that either side cannot take.

        Raises:
            InputError: Which side, what it was given and what it wants.
        """
        for side in self.sides():
            side.check(shape)


_CLASSES: dict[str, type[View]] = {}
Step = TypeVar("Step", bound=View)


@dataclass_transform(frozen_default=True)
def register(
    name: str, does: str, *, channels: str = "any", strength: str = "", source: str = "ours"
) -> Callable[[type[Step]], type[Step]]:
    """Make a class a view that specs can name, here and on the command line.

    The class becomes a frozen dataclass; each field is an argument of the spec, with its default.

    Args:
        name: As it is typed in a spec.
        does: One line for a list of views.
        channels: Channel counts that it takes, such as ``1 or 3``.
        strength: What its strength scales; empty where it has no :meth:`View.at`.
        source: Where its defaults come from.

    Returns:
        A decorator of a class below :class:`View`.

    Raises:
        InputError: The name is taken, or the class lacks what a view must have.

    Example:
        >>> import torch
        >>> from goodviews.views import View, parse_view, register
        >>> @register("dim", "values times a random factor up to 1")
        ... class Dim(View):
        ...     least: float = 0.5
        ...     def sample(self, shape, key):
        ...         return {"factor": self.least + (1 - self.least) * key.uniform(1)[:, 0]}
        ...     def apply(self, images, params):
        ...         return images * params["factor"][:, None, None, None]
        >>> parse_view("dim(0.9)|flip()")
        dim(0.9)|flip()
    """

    def made(cls: type[Step]) -> type[Step]:
        home = f"{getattr(cls, '__module__', '')}:{getattr(cls, '__qualname__', cls)}"
        _check_class(name, cls, strength)
        try:
            kind = dataclass(frozen=True, repr=False)(cls)
        except (TypeError, ValueError) as error:
            raise InputError(f"View {name} cannot be a dataclass: {error}.") from error
        for field in fields(kind):
            if not isinstance(field.default, int | float | str | tuple | None):
                raise InputError(
                    f"Argument {field.name} of view {name} has no default that can be typed in a "
                    f"spec; give it a number, a text, True, False, None or a tuple of them."
                )
        kind.name = name
        arguments = tuple((field.name, field.default) for field in fields(kind))
        listing = Listing(home, arguments, does, channels, strength, source)
        VIEWS.add(name, listing, home=home)
        _CLASSES[name] = kind
        return kind

    return made


def _check_class(name: str, cls: Any, strength: str) -> None:
    """Refuse what cannot serve as a view, before it is one."""
    if not (isinstance(cls, type) and issubclass(cls, View)):
        raise InputError(
            f"Expected a subclass of goodviews.views.View for {name!r}, but got {cls!r}."
        )
    if "__dataclass_fields__" in vars(cls):
        raise InputError(
            f"View {name} is a dataclass; leave @dataclass out, register makes it one."
        )
    if lacking := sorted(cls.__abstractmethods__):
        raise InputError(f"View {name} lacks {' and '.join(lacking)}, which every view has.")
    for method, taken in (("sample", "shape, key"), ("apply", "images, params")):
        if len(signature(getattr(cls, method)).parameters) != 3:
            raise InputError(f"View {name} has {method}() that does not take (self, {taken}).")
    if strength and cls.at is View.at:
        raise InputError(f"View {name} has a strength, but no method at(self, strength).")


def view_class(name: str) -> type[View]:
    """The class of a view; its file is imported when it was not yet.

    Raises:
        InputError: No view has this name.

    Example:
        >>> from goodviews.views.base import view_class
        >>> view_class("flip")()
        flip()
    """
    listing = VIEWS.find(name)
    if name not in _CLASSES:
        import_module(listing.home.partition(":")[0])
    return _CLASSES[name]


def check_probability(step: str, p: float) -> None:
    """Refuse what is no probability.

    Raises:
        InputError: ``p`` is outside [0, 1].
    """
    if not (isinstance(p, int | float) and 0 <= p <= 1):
        raise InputError(f"{step} has p={p!r}, but a probability from 0 to 1 is wanted.")
