"""Base classes of views, which draw parameters from a key and then apply them.

Letters: B examples, C channels, H and W pixels.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import signature
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS, Listing

Params = dict[str, Tensor]
Shape = tuple[int, ...]
"""Shape (C, H, W) of an image; steps that make several images of one put their number first."""


class Step(ABC):
    """Abstract base of one step of a view, of whatever kind of data.

    :func:`register` makes subclasses frozen dataclasses of literals, so that ``repr`` is the spec.

    Attributes:
        takes: What the step makes views of: ``images`` or ``graphs``.
        methods: Methods that a registered step has, each with its arguments.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    name: ClassVar[str]
    takes: ClassVar[str]
    methods: ClassVar[tuple[tuple[str, str], ...]]

    def at(self, strength: float) -> Self:
        """Return the step at a strength, where 0 changes nothing and 1 is the step itself.

        Raises:
            InputError: The step has no strength, or the strength is not valid.
        """
        raise InputError(f"{self.name} has no strength, but got strength={strength!r}.")

    def __repr__(self) -> str:
        """Return the spec of the step, without arguments that have their default."""
        given = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}({', '.join(given)})"


class View(Step):
    """Abstract base of one step of a view.

    :func:`register` makes subclasses frozen dataclasses of literals, so that ``repr`` is the spec.
    Images are (B, C, H, W) floats in [0, 1]; parameters are drawn for each image separately.

    Attributes:
        form: Whether the step changes the kind of image (colour space, channels, frequency
            band, scale of the values). Form steps are not random, and they are also applied
            to images for evaluation.
        unit: Whether the views are in [0, 1]; if not, only form steps can follow.
        axes: Number of axes of an example: 3 for images, 4 for clips (T, C, H, W).
        moves: Whether values are only moved, so that images of 8 bits can be applied to as well.

    Example:
        >>> import torch
        >>> from goodviews.views import parse_view
        >>> [step] = parse_view("flip(p=1)").first.steps
        >>> images = torch.tensor([[[[0.0, 1.0]]]])
        >>> params = step.sample((1, 1, 2), Key.of(seed=0, samples=torch.arange(1)))
        >>> isinstance(step, View), step.apply(images, params).tolist()
        (True, [[[[1.0, 0.0]]]])
    """

    takes: ClassVar[str] = "images"
    methods: ClassVar[tuple[tuple[str, str], ...]] = (
        ("sample", "shape, key"),
        ("apply", "images, params"),
    )
    form: ClassVar[bool] = False
    unit: ClassVar[bool] = True
    axes: ClassVar[int] = 3
    moves: ClassVar[bool] = False

    @abstractmethod
    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw parameters for a batch of images of one shape.

        Args:
            shape: Shape (C, H, W) of the images.
            key: Random key with one word per image; the same words give the same parameters.

        Returns:
            Tensors whose first axis is B; empty if nothing is random.
        """

    @abstractmethod
    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Make the views. It is deterministic: the same parameters give the same views.

        Args:
            images: (B, C, H, W) in [0, 1].
            params: Parameters from :meth:`sample` for images of this shape.

        Returns:
            (B, C', H', W') in [0, 1], unless ``unit`` is false.
        """

    def plain(self, images: Tensor) -> Tensor:
        """Prepare images for evaluation: apply the step if it is a form step."""
        return self.apply(images, {}) if self.form else images

    def out_shape(self, shape: Shape) -> Shape:
        """Shape (C', H', W') of the views of images of a given shape."""
        return shape

    def check(self, shape: Shape) -> None:
        """Check that images have a shape that this view accepts.

        Raises:
            InputError: The channels or the size do not fit; the error says which ones do.
        """

    def clipped(self, images: Tensor, params: Params) -> float:  # noqa: ARG002
        """Share of the values that :meth:`apply` clips to [0, 1]."""
        return 0.0


class Joint(View):
    """Abstract base of a step that makes both views of an example, such as a split.

    The steps before it are drawn once for both views, so that both come from the same image,
    unless ``draws`` is 2; the steps after it are drawn for each view. A pair applies its sides.
    """

    draws: ClassVar[int] = 1
    """How often the steps before it are drawn: 1, once for both views, or 2, for each of them."""

    @abstractmethod
    def sides(self) -> tuple[View, View]:
        """Steps of v1 and of v2, which draw the same parameters from the same key."""

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw the parameters of both sides."""
        return self.sides()[0].sample(shape, key)

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Make the view of the first side."""
        return self.sides()[0].apply(images, params)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape (C', H', W') of the views of the first side."""
        return self.sides()[0].out_shape(shape)

    def check(self, shape: Shape) -> None:
        """Check that images have a shape that both sides accept.

        Raises:
            InputError: A side does not accept the images; the error names it.
        """
        for side in self.sides():
            side.check(shape)


_CLASSES: dict[str, type[Step]] = {}
Kind = TypeVar("Kind", bound=Step)


@dataclass_transform(frozen_default=True)
def register(
    name: str, does: str, *, channels: str = "any", strength: str = "", source: str = "ours"
) -> Callable[[type[Kind]], type[Kind]]:
    """Make a class a view that specs can name, here and on the command line.

    The class becomes a frozen dataclass; each field is an argument of the spec, with its default.

    Args:
        name: Name of the view in specs.
        does: Description for the list of views, one line.
        channels: Numbers of channels that it accepts, such as ``1 or 3``.
        strength: Description of what its strength scales; empty if it has no :meth:`View.at`.
        source: Source of its defaults.

    Returns:
        A decorator for subclasses of :class:`View`, and of ``GraphView``.

    Raises:
        InputError: The name is taken, or the class lacks a method that every view has.

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

    def made(cls: type[Kind]) -> type[Kind]:
        home = f"{getattr(cls, '__module__', '')}:{getattr(cls, '__qualname__', cls)}"
        _check_class(name, cls, strength)
        try:
            kind = dataclass(frozen=True, repr=False)(cls)
        except (TypeError, ValueError) as error:
            raise InputError(f"View {name} cannot be a dataclass: {error}.") from error
        for field in fields(kind):
            if not isinstance(field.default, int | float | str | tuple | None):
                raise InputError(
                    f"Argument {field.name} of view {name} has no default that can be written in "
                    f"a spec; use a number, a string, True, False, None or a tuple of them."
                )
        kind.name = name
        arguments = tuple((field.name, field.default) for field in fields(kind))
        listing = Listing(home, arguments, does, channels, strength, source, kind.takes)
        VIEWS.add(name, listing, home=home)
        _CLASSES[name] = kind
        return kind

    return made


def _check_class(name: str, cls: Any, strength: str) -> None:
    """Check that a class can be registered as a view."""
    if not (isinstance(cls, type) and issubclass(cls, Step)):
        raise InputError(
            f"Expected a subclass of goodviews.views.View for {name!r}, but got {cls!r}."
        )
    if "__dataclass_fields__" in vars(cls):
        raise InputError(f"View {name} is a dataclass; remove @dataclass, register makes it one.")
    if lacking := sorted(cls.__abstractmethods__):
        raise InputError(f"View {name} lacks {' and '.join(lacking)}, which every view has.")
    for method, taken in cls.methods:
        if len(signature(getattr(cls, method)).parameters) != taken.count(",") + 2:
            raise InputError(f"View {name} has {method}() that does not take (self, {taken}).")
    if strength and cls.at is Step.at:
        raise InputError(f"View {name} has a strength, but no method at(self, strength).")


def step_class(name: str) -> type[Step]:
    """Return the class of a view of images or graphs, after importing its module if needed.

    Raises:
        InputError: There is no view of this name.

    Example:
        >>> from goodviews.views.base import step_class
        >>> step_class("drop_nodes")()
        drop_nodes()
    """
    listing = VIEWS.find(name)
    if name not in _CLASSES:
        import_module(listing.home.partition(":")[0])
    return _CLASSES[name]


def view_class(name: str) -> type[View]:
    """Return the class of a view of images, after importing its module if needed.

    Raises:
        InputError: There is no view of this name, or it is a view of graphs.

    Example:
        >>> from goodviews.views.base import view_class
        >>> view_class("flip")()
        flip()
    """
    found = step_class(name)
    if not issubclass(found, View):
        raise InputError(
            f"{name} is a view of {found.takes}, but a view of images is expected here, such as "
            "crop(); goodviews.views.graphs.parse_graph_view makes views of graphs."
        )
    return found


def check_probability(step: str, p: float) -> None:
    """Check that a number is a probability.

    Raises:
        InputError: ``p`` is outside [0, 1].
    """
    if not (isinstance(p, int | float) and 0 <= p <= 1):
        raise InputError(f"{step} has p={p!r}, but a probability must be from 0 to 1.")
