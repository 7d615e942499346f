"""What one pretraining is: every choice of a method in one flat record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from goodviews.core.errors import InputError, unknown
from goodviews.spec.grammar import parse_spec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


@dataclass(frozen=True)
class Settings:
    """How an encoder is pretrained. The defaults are those of a study.

    Attributes:
        name: Of the method.
        source: Where its numbers come from.
        views: Spec of the two views; empty where they are given elsewhere.
        encoder: Backbone spec.
        head: Projector spec; what it ends in is D.
        objective: Objective spec.
        predictor: Head spec of the predictor (BYOL, SimSiam), D to D.
        prototypes: How many (SwAV).
        memory: Where negatives are kept: nothing, ``queue(size=65536)`` or
            ``bank(negatives=65536)``.
        momentum: Share of itself that the target encoder keeps at a step; without one, the
            encoder is its own target.
        momentum_rises: Whether that share rises to 1 as a cosine.
        shuffle: Groups in which keys pass the batch-norm, over all processes, in an order
            that is not the queries'; 1 for none. Processes times ``accumulate`` are the least.
        jigsaw: Spec of a third view of patches (PIRL, InfoMin).
        jigsaw_weight: Beta, the weight of its loss; the image's gets the rest.
        optimiser: Optimiser spec; its learning rate is for 256 images, and a rule scales it.
        schedule: Schedule spec.
        encoder_rate: Share of the learning rate that the backbones get; 0 keeps their weights.
        batch: Images per step over all processes; fewer when there are fewer.
        accumulate: Parts that a batch is worked off in, each with its own batch-norm and
            its own in-batch negatives.
        epochs: Passes over the pretraining images.
        average: Share that an average of the weights keeps at a step; 0 for none.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: As Lightning Fabric names it.
        compile: Whether torch compiles the step.
        sync_batchnorm: Whether batch-norm sees the batch of all processes.
    """

    name: str = "infonce"
    source: str = ""
    views: str = ""
    encoder: str = "convnet(width=16)"
    head: str = "projector(dim=64)"
    objective: str = "infonce(temperature=0.1)"
    predictor: str = ""
    prototypes: int = 0
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
                raise InputError(f"{name} is {value!r}, but a whole number above 0 is wanted.")
        for name in ("momentum", "average", "jigsaw_weight"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"{name} is {value!r}, but a share from 0 to 1 is wanted.")
        if not (isinstance(self.encoder_rate, int | float) and self.encoder_rate >= 0):
            raise InputError(
                f"encoder_rate is {self.encoder_rate!r}, but a factor of 0 or more is wanted."
            )
        if self.batch % self.accumulate:
            raise InputError(
                f"batch is {self.batch}, which {self.accumulate} parts do not divide; "
                f"choose accumulate so that they do."
            )


def change(settings: Record, changes: Iterable[str]) -> Record:
    """Settings with some fields changed, as typed behind ``--set``.

    Args:
        settings: To start from; any flat record of texts and numbers.
        changes: Such as ``batch=64`` or ``encoder=resnet(depth=18)``.

    Raises:
        InputError: A field is not known, or its value is of the wrong kind.

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
            raise InputError(f"{text!r} is no change of a setting; type it like batch=64.")
        if name not in kinds:
            raise unknown("setting", name, kinds)
        made[name] = _read(name, value.strip(), kinds[name])
    return replace(settings, **made)


_SPECS = ("encoder", "generator", "head", "objective", "optimiser", "schedule", "memory")


def as_typed(changes: Iterable[str] | Mapping[str, Any]) -> list[str]:
    """Changes as :func:`change` takes them, given as texts or as a mapping.

    Example:
        >>> as_typed({"batch": 64, "head": "projector(dim=8)"})
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
            raise InputError(f"{name} is {text!r}, but true or false is wanted.")
        return text.lower() == "true"
    if text.lower() == "none" and kind is not int:
        return None
    try:
        return int(text) if kind is int else float(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise InputError(f"{name} is {text!r}, but {wanted} is wanted.") from None
