"""Optimisers by name, and the rule that scales the learning rate with the batch size."""

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from goodviews.core.errors import InputError, check_positive, unknown
from goodviews.spec.grammar import parse_spec
from goodviews.training.lars import Lars
from goodviews.training.muon import Muon

RULES = ("linear", "sqrt", "none")
"""Rules that scale a base learning rate, given for 256 images, with the batch size."""

Groups = list[dict[str, Any]]


def learning_rate(base: float, batch: int, *, rule: str, per: int = 256) -> tuple[float, str]:
    """Learning rate for a batch size, and the rule as a phrase to print.

    Args:
        base: Learning rate at a batch size of ``per``.
        batch: Images per optimiser step, over all processes and accumulated parts.
        rule: ``linear`` (Goyal et al., 2017), ``sqrt`` (for Adam and similar optimisers) or
            ``none``.
        per: Batch size for which ``base`` is given.

    Raises:
        InputError: A number is not above zero, or the rule is unknown.

    Example:
        >>> learning_rate(0.03, 512, rule="linear")
        (0.06, 'lr = 0.03 x 512 / 256 = 0.06 (linear rule)')
        >>> learning_rate(0.006, 1024, rule="sqrt")
        (0.012, 'lr = 0.006 x sqrt(1024 / 256) = 0.012 (square-root rule)')
    """
    for name, value in (("lr", base), ("batch", batch), ("per", per)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{name} must be a number above 0, but got {value!r}.")
        check_positive(name, value)
    if rule == "linear":
        rate = base * batch / per
        return rate, f"lr = {base:g} x {batch} / {per} = {rate:g} (linear rule)"
    if rule == "sqrt":
        rate = base * math.sqrt(batch / per)
        return rate, f"lr = {base:g} x sqrt({batch} / {per}) = {rate:g} (square-root rule)"
    if rule == "none":
        return base, f"lr = {base:g} for any batch size"
    raise unknown("learning-rate rule", str(rule), RULES)


def _sgd(groups: Groups, *, lr: float, momentum: float = 0.9, **more: Any) -> Optimizer:
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, **more)


def _adam(groups: Groups, *, lr: float, betas: Sequence[float] = (0.9, 0.999), **more: Any) -> Any:
    return torch.optim.Adam(groups, lr=lr, betas=_two(betas), **more)


def _adamw(
    groups: Groups, *, lr: float, betas: Sequence[float] = (0.9, 0.999), **more: Any
) -> Any:
    return torch.optim.AdamW(groups, lr=lr, betas=_two(betas), **more)


def _two(betas: Sequence[float]) -> tuple[float, float]:
    if not isinstance(betas, tuple) or len(betas) != 2:
        raise InputError(f"betas must be two numbers, such as (0.9, 0.999), but got {betas!r}.")
    return betas


MAKERS: dict[str, tuple[Callable[..., Optimizer], dict[str, Any]]] = {
    "adam": (_adam, {"lr": 0.001, "weight_decay": 0.0, "rule": "none", "exclude": False}),
    "adamw": (_adamw, {"lr": 0.006, "weight_decay": 0.001, "rule": "sqrt", "exclude": False}),
    "lars": (Lars, {"lr": 0.3, "weight_decay": 1e-6, "rule": "linear", "exclude": True}),
    "muon": (Muon, {"lr": 0.05, "weight_decay": 0.1, "rule": "none", "exclude": True}),
    "sgd": (_sgd, {"lr": 0.03, "weight_decay": 1e-4, "rule": "linear", "exclude": False}),
}


def build_optimiser(
    text: str,
    parameters: Iterable[Tensor],
    *,
    batch: int,
    slow: Iterable[Tensor] = (),
    share: float = 1.0,
    constant: Iterable[Tensor] = (),
) -> tuple[Optimizer, str]:
    """Build an optimiser from its spec.

    ===========  ===============================================================
    ``sgd()``    lr 0.03, momentum 0.9, weight decay 1e-4, linear rule (the code
                 of Tian et al., 2020, arXiv:2005.10243)
    ``lars()``   lr 0.3, momentum 0.9, weight decay 1e-6, eta 0.001, linear rule,
                 ``exclude=True`` (Bardes et al., 2022, arXiv:2105.04906)
    ``muon()``   lr 0.05 for matrices, 0.12 of it for biases and norms (Adam), momentum
                 0.95, weight decay 0.1, no rule, ``exclude=True`` (Jordan et al., 2024)
    ``adam()``   lr 0.001, no rule
    ``adamw()``  lr 0.006, weight decay 0.001, square-root rule, chosen for studies ===========
    ===============================================================

    All accept ``lr``, ``weight_decay``, ``rule``, ``per`` (the batch size for which lr is given)
    and ``exclude``: whether tensors of at most one axis (biases, norms, a temperature) have no
    decay and, in LARS, no adaptation. These tensors can have a learning rate of their own,
    ``bias_lr``, scaled by the same rule (not in Muon, which has a share for them). Adam and AdamW
    accept ``betas``, SGD and LARS ``momentum``, and the optimisers of torch ``fused=True``.

    Args:
        text: An optimiser of the table, with named arguments.
        parameters: Tensors to train, each once; those without gradient are ignored.
        batch: Images per optimiser step, over all processes and accumulated parts.
        slow: Parameters with a lower learning rate.
        share: Their share of the learning rate.
        constant: Parameters whose learning rate does not follow the schedule; their groups have
            ``constant=True``.

    Returns:
        The optimiser, and one sentence that describes it.

    Raises:
        InputError: A name or value is unknown, or no parameter needs a gradient.

    Example:
        >>> layer = torch.nn.Linear(2, 2)
        >>> build_optimiser("sgd()", layer.parameters(), batch=512)[1]
        'sgd: lr = 0.03 x 512 / 256 = 0.06 (linear rule), weight decay 0.0001.'
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            "Expected an optimiser such as adamw(lr=0.006), one name with named "
            f"arguments, but got {text!r}."
        )
    name = calls[0].name
    if name not in MAKERS:
        raise unknown("optimiser", name, MAKERS)
    make, defaults = MAKERS[name]
    own = [key for key in inspect.signature(make).parameters if key not in _COMMON]
    known = [*defaults, "per", *own, *([] if name in ("lars", "muon") else ["fused"])]
    known += ["bias_lr"] if name != "muon" else []
    for key, _ in calls[0].kwargs:
        if key not in known:
            raise unknown(f"argument of {name}", key, known)
    options: dict[str, Any] = {"per": 256, **defaults, **dict(calls[0].kwargs)}
    scaling = {"rule": options.pop("rule"), "per": options.pop("per")}
    rate, phrase = learning_rate(options.pop("lr"), batch, **scaling)
    exclude, small = options.pop("exclude"), options.pop("bias_lr", None)
    decay = options["weight_decay"]
    groups = _groups(parameters, exclude=exclude, adapt=name == "lars")
    if small is not None:
        if not exclude:
            raise InputError(
                f"Optimiser {text!r} has bias_lr, so biases and norms need a group of their own; "
                "add exclude=True."
            )
        small, _ = learning_rate(small, batch, **scaling)
        groups = [g | {"lr": small} if g["params"][0].ndim <= 1 else g for g in groups]
        phrase += f", {small:g} for biases and norms"
    if share != 1:
        groups = _split(groups, slow, lambda group: {"lr": group.get("lr", rate) * share})
        phrase += f", times {share:g} for the backbone"
    groups = _split(groups, constant, lambda _: {"constant": True})
    try:
        optimiser = make(groups, lr=rate, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"Optimiser {text!r}: {str(error).rstrip('.')}.") from error
    without = ", none on biases and norms" if exclude else ""
    return optimiser, f"{name}: {phrase}, weight decay {decay:g}{without}."


def _split(groups: Groups, some: Iterable[Tensor], change: Callable[..., Any]) -> Groups:
    """Split each group, and change the options of the part with some parameters."""
    chosen, made = {id(one) for one in some}, []
    for group in groups:
        rest = [p for p in group["params"] if id(p) not in chosen]
        part = [p for p in group["params"] if id(p) in chosen]
        made += [{**group, "params": rest}, {**group, "params": part} | change(group)]
    return [group for group in made if group["params"]]


_COMMON = ("groups", "parameters", "lr", "weight_decay", "more")


def _groups(parameters: Iterable[Tensor], *, exclude: bool, adapt: bool) -> Groups:
    trained = [p for p in parameters if p.requires_grad]
    if not trained:
        raise InputError("There is nothing to train: no parameter needs a gradient.")
    if not exclude:
        return [{"params": trained}]
    small: dict[str, Any] = {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0}
    if adapt:
        small["adapt"] = False
    groups = [{"params": [p for p in trained if p.ndim > 1]}, small]
    return [group for group in groups if group["params"]]
