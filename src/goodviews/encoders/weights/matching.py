"""Which tensors of a file are the weights of a network: found by their names and shapes.

A file puts prefixes in front of names (wrappers, the parts of a method, nested dictionaries), and
may hold several copies of a network. The prefix and the dialect that load most are chosen.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from goodviews.encoders.weights.channels import spread_channels
from goodviews.encoders.weights.dialects import Dialect, dialects

_WRAPPERS = re.compile(r"\b(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
"""Parts of names that compiled, sharded and checkpointed modules add anywhere."""
_AVERAGED = {"ema", "teacher", "average", "averaged"}
_TARGETS = {"momentum", "target", "k", "key"}
_NUMBERED = re.compile(r"(?<=[._])\d+(?=\.)")
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Match:
    """Tensors of a file that fit a network.

    Attributes:
        found: Weights that fit, by the names of the network.
        prefix: What is before the names in the file.
        missing: Names of the network's weights that were not found.
        left: Names of tensors below the prefix that have no place in the network.
        adapted: Names of the weights that were adapted to the network's shape.
        copies: Prefixes of other copies that would load as much.
        further: Left names that continue a numbered sequence of the network, such as
            ``layer1.2`` after ``layer1.1``: the file holds a deeper network.
        share: Share of the network's weights that were found.
    """

    found: dict[str, Tensor]
    prefix: str
    missing: tuple[str, ...]
    left: tuple[str, ...]
    adapted: tuple[str, ...]
    copies: tuple[str, ...]
    further: tuple[str, ...]
    share: float


def match(module: nn.Module, tensors: Mapping[str, Tensor], *, copy: str = "") -> Match:
    """Find the weights of a network among the tensors of a file.

    Where several copies load equally much, an average of weights (``ema``, ``teacher``) is
    chosen before the trained weights (``encoder_q``, ``student``, ``online``), and these before
    targets (``encoder_k``, ``momentum``, ``target``).

    Args:
        module: Network without its classifier.
        tensors: Tensors by their names in the file.
        copy: Word in the prefix of the copy to take; empty for the rule above.

    Example:
        >>> net = nn.Linear(2, 1)
        >>> tensors = {f"module.net.{name}": w for name, w in net.state_dict().items()}
        >>> found = match(net, tensors)
        >>> found.prefix, found.share
        ('module.net.', 1.0)
    """
    own = module.state_dict()
    plain = {_WRAPPERS.sub("", name): value for name, value in tensors.items()}
    first = _first_convolution(module)
    places = defaultdict(list)
    for name in plain:
        for suffix, prefix in _splits(name):
            places[suffix].append(prefix)
    total = sum(value.numel() for name, value in own.items() if not name.endswith(_COUNTER)) or 1
    best: tuple[tuple[float, ...], str, Dialect] | None = None
    equal: dict[str, float] = {}
    for order, dialect in enumerate(dialects(module)):
        loaded: Counter[str] = Counter()
        exact: Counter[str] = Counter()
        for name, value in own.items():
            names = dialect(name)
            for prefix in places[names[0]] if not name.endswith(_COUNTER) else ():
                there = _joined(prefix, names, plain)
                if there is not None and _fitted(name, there, value, first) is not None:
                    loaded[prefix] += value.numel()
                    exact[prefix] += value.numel() * (there.shape == value.shape)
        for prefix, count in loaded.items():
            if copy and copy not in re.split(r"[._]", prefix) and copy not in prefix.split("."):
                continue
            equal[prefix] = max(count, equal.get(prefix, 0))
            score = (float(count), exact[prefix], _rank(prefix), -order, -len(prefix))
            if best is None or score > best[0]:
                best = (score, prefix, dialect)
    if best is None:
        return Match({}, "", tuple(own), tuple(plain), (), (), (), 0.0)
    (reached, *_), prefix, dialect = best
    found, used, adapted = {}, set(), []
    for name, value in own.items():
        names = dialect(name)
        there = _joined(prefix, names, plain)
        fitted = None if there is None else _fitted(name, there, value, first)
        if there is not None and fitted is not None:
            found[name] = fitted
            used |= {prefix + part for part in names}
            if there.shape != value.shape:
                adapted.append(name)
    left = tuple(n for n in plain if n.startswith(prefix) and n not in used
                 and not n.endswith(_COUNTER))  # fmt: skip
    return Match(
        found,
        prefix,
        tuple(name for name in own if name not in found and not name.endswith(_COUNTER)),
        left,
        tuple(adapted),
        tuple(p for p, loads in equal.items() if p != prefix and loads == reached),
        _further(used, left, len(prefix)),
        reached / total,
    )


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """Every suffix of a name at a dot, with the prefix before it."""
    yield name, ""
    for place, letter in enumerate(name):
        if letter == ".":
            yield name[place + 1 :], name[: place + 1]


def _further(used: Iterable[str], left: Iterable[str], start: int) -> tuple[str, ...]:
    """Names that were left and whose number is after the last of a sequence that was used."""
    last: dict[str, int] = {}
    for name in used:
        for front, number in _numbers(name[start:]):
            last[front] = max(number, last.get(front, -1))
    return tuple(
        name
        for name in left
        if any(number > last.get(front, number) for front, number in _numbers(name[start:]))
    )


def _numbers(name: str) -> Iterator[tuple[str, int]]:
    """Each number in a name, below its first part, with what is before it."""
    for found in _NUMBERED.finditer(name):
        yield name[: found.start()], int(found[0])


def _rank(prefix: str) -> int:
    """Preference of a copy by the words of its prefix."""
    words = set(re.split(r"[._]", prefix))
    return -1 if words & _TARGETS else int(bool(words & _AVERAGED))


def _joined(prefix: str, names: tuple[str, ...], plain: Mapping[str, Tensor]) -> Tensor | None:
    """The tensor of one name, or those of several, one after the other."""
    parts = [plain.get(prefix + name) for name in names]
    there = [part for part in parts if part is not None]
    if len(there) < len(names):
        return None
    if len(there) == 1:
        return there[0]
    return torch.cat(there) if len({part.shape[1:] for part in there}) == 1 else None


def _fitted(name: str, there: Tensor, own: Tensor, first: str) -> Tensor | None:
    """A tensor in the shape of the network's weight, if it can be adapted to it."""
    if there.shape == own.shape:
        return there
    if name == first and there.ndim == own.ndim == 4:
        same = there.shape[0] == own.shape[0] and there.shape[2:] == own.shape[2:]
        return spread_channels(there.float(), own.shape[1]) if same else None
    if name.endswith("pos_embed") and there.ndim == own.ndim == 3:
        return _resampled(there, own)
    return None


def _resampled(there: Tensor, own: Tensor) -> Tensor | None:
    """Positions (1, N, D) of a square grid of patches for a grid of another size."""
    from timm.layers import resample_abs_pos_embed

    sides = [int(value.shape[1] ** 0.5) for value in (there, own)]
    extra, needed = (v.shape[1] - side**2 for v, side in zip((there, own), sides, strict=True))
    if extra != needed or there.shape[2] != own.shape[2] or min(sides) < 1:
        return None
    made: Tensor = resample_abs_pos_embed(
        there.float(), [sides[1], sides[1]], old_size=[sides[0], sides[0]], num_prefix_tokens=extra
    )
    return made


def _first_convolution(module: nn.Module) -> str:
    """Name of the weight of the first convolution, if it sees all channels."""
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            front = f"{name}." if name else ""
            return f"{front}weight" if part.groups == 1 else ""
    return ""
