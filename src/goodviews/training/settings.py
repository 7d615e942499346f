"""Settings of pretraining: all choices of a method in one flat record."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from goodviews.core.errors import InputError, unknown
from goodviews.spec.grammar import parse_spec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


_MOST = 1_000_000
"""Epochs of the longest run, and images of the largest batch."""


@dataclass(frozen=True)
class Settings:
    """Settings of pretraining; a study takes :func:`goodviews.training.small.small_settings`.

    Attributes:
        name: Name of the method.
        source: Source of its numbers.
        views: Spec of the two views; empty if they are given separately.
        encoder: Backbone spec.
        head: Projector spec; the size of its output is D.
        objective: Objective spec.
        predictor: Head spec of the predictor (BYOL, SimSiam), D to D.
        predictor_constant: Whether the learning rate of the predictor does not follow the
            schedule (SimSiam).
        prototypes: Number of prototypes (SwAV).
        prototypes_frozen: Epochs at the start in which the prototypes are not trained.
        memory: Storage of embeddings: empty, ``queue(size=65536)`` or ``bank(negatives=65536)``;
            with prototypes ``queue(size=3840, start=15)``, filled from epoch 15 on.
        momentum: Weight of the old weights of the target encoder in a step; without it, the
            encoder is its own target.
        momentum_rises: Whether the momentum rises to 1 as a cosine.
        shuffle: Number of batch-norm groups of the keys over all processes, in another order than
            the queries; 1 for no groups. The minimum is the number of processes times
            ``accumulate``.
        jigsaw: Spec of a third view of patches (PIRL, InfoMin).
        jigsaw_weight: Beta, the weight of the jigsaw loss; the loss of the image gets the rest.
        optimiser: Optimiser spec; its learning rate is for 256 images and scaled by a rule.
        schedule: Schedule spec.
        encoder_rate: Factor of the learning rate for the backbones; 0 freezes them.
        batch: Images per step over all processes; at most the number of images.
        accumulate: Number of parts of a batch, each with its own batch-norm and its own in-batch
            negatives.
        epochs: Number of passes over the pretraining images.
        average: Momentum of an average of the weights; 0 for no average.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: Precision by its name in Lightning Fabric, or ``auto`` for bfloat16 where the
            hardware has it.
        compile: Whether to compile the step with torch.
        sync_batchnorm: Whether batch-norm uses the batch of all processes.

    Example:
        >>> Settings(batch=64, epochs=10).objective
        'infonce(temperature=0.1)'
        >>> Settings(batch=0)
        Traceback (most recent call last):
        goodviews.core.errors.InputError: batch must be a whole number above 0, but got 0.
    """

    name: str = "infonce"
    source: str = ""
    views: str = ""
    encoder: str = "convnet(width=16)"
    head: str = "projector(dim=64)"
    objective: str = "infonce(temperature=0.1)"
    predictor: str = ""
    predictor_constant: bool = False
    prototypes: int = 0
    prototypes_frozen: float = 0.0
    memory: str = ""
    momentum: float | None = None
    momentum_rises: bool = False
    shuffle: int = 1
    jigsaw: str = ""
    jigsaw_weight: float = 0.5
    optimiser: str = "adamw(lr=0.006, weight_decay=0.001)"
    schedule: str = "trapezoid(rise=0.1, steady=0.7)"
    encoder_rate: float = 1.0
    batch: int = 250
    accumulate: int = 1
    epochs: int = 80
    average: float = 0.0
    device: str = "auto"
    precision: str = "32-true"
    compile: bool = False
    sync_batchnorm: bool = False

    def __post_init__(self) -> None:
        for name in ("batch", "accumulate", "epochs", "shuffle"):
            value = getattr(self, name)
            if not (isinstance(value, int) and value > 0):
                raise InputError(f"{name} must be a whole number above 0, but got {value!r}.")
            if value > _MOST:
                raise InputError(f"{name} must be at most {_MOST:,}, but got {value}.")
        for name in ("momentum", "average", "jigsaw_weight"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"{name} must be a number from 0 to 1, but got {value!r}.")
        for name in ("encoder_rate", "prototypes_frozen"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and value >= 0):
                raise InputError(f"{name} must be at least 0, but got {value!r}.")
        if self.batch % self.accumulate:
            raise InputError(
                f"batch must be a multiple of accumulate, but got batch={self.batch} and "
                f"accumulate={self.accumulate}."
            )

    @property
    def stored(self) -> int:
        """Number of stored negatives: of a queue, or drawn from a bank; 0 without a memory."""
        if not self.memory:
            return 0
        memory = parse_spec(self.memory)[0]
        size = dict(memory.kwargs).get("size" if memory.name == "queue" else "negatives", 65536)
        return int(size)

    @property
    def queue_steps(self) -> float:
        """Age of the oldest key of a queue in steps; 0 without a queue."""
        queued = self.memory.lstrip().startswith("queue")
        return self.stored / self.batch if queued else 0.0


def change(settings: Record, changes: Iterable[str]) -> Record:
    """Change some fields of settings, given as for ``--set``.

    Args:
        settings: Settings to change: any flat record of texts and numbers.
        changes: Changes, for example ``batch=64`` or ``encoder=resnet(depth=18)``.

    Raises:
        InputError: A field is unknown, or its value has the wrong type.

    Example:
        >>> change(Settings(), ["batch=64", "views=crop()|flip()"]).batch
        64
    """
    kinds = {field.name: field.type for field in fields(settings)}
    made: dict[str, Any] = {}
    for text in changes:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise InputError(f"Expected NAME=VALUE, such as batch=64, but got {text!r}.")
        if name not in kinds:
            raise unknown("setting", name, kinds)
        made[name] = _read(name, value.strip(), kinds[name])
    return replace(settings, **made)


_SPECS = ("encoder", "generator", "head", "objective", "optimiser", "schedule", "memory")


def change_texts(changes: Iterable[str] | Mapping[str, Any]) -> list[str]:
    """List of ``NAME=VALUE`` texts for :func:`change`, from texts or from a mapping.

    Example:
        >>> change_texts({"batch": 64, "head": "projector(dim=8)"})
        ['batch=64', 'head=projector(dim=8)']
    """
    if isinstance(changes, Mapping):
        return [f"{name}={value}" for name, value in changes.items()]
    return list(changes)


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is str:
        widths = name == "head" and text.replace("-", "").isdigit()  # 2048-128
        if text and name in _SPECS and not widths:
            parse_spec(text)
        return text
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise InputError(f"{name} must be true or false, but got {text!r}.")
        return text.lower() == "true"
    if text.lower() == "none" and kind is not int:
        return None
    try:
        number = int(text) if kind is int else float(text)
        if not math.isfinite(number):
            raise ValueError
        return number
    except (ValueError, OverflowError):
        wanted = "a whole number" if kind is int else "a number"
        raise InputError(f"{name} must be {wanted}, but got {text!r}.") from None
