"""Loading of weights into a network, with the share that was found in one sentence."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.encoders.weights.matching import Match, match
from goodviews.encoders.weights.reading import Weights, read_weights

PARTIAL = 0.9
"""Share of a network's weights below which training does not start from a file."""
_NAMED = 3


def load_weights(
    module: nn.Module, path: Path | Weights, *, name: str, least: float = 1.0, copy: str = ""
) -> str:
    """Load the weights of a network from a file of any library.

    Prefixes, names of other libraries, nested dictionaries and several copies are recognised by
    comparing names and shapes with the network (:func:`match`). A first convolution is adapted to
    another number of channels (:func:`spread_channels`), and positions of patches to another
    grid.

    Args:
        module: Network without its classifier, changed in place.
        path: File, as for :func:`read_weights`, or what was read; ``FILE#WORD`` takes the copy
            with this word in its prefix.
        name: Name of the network in messages.
        least: Smallest share of the weights that must be found. At 1, only the first convolution
            and positions may have another shape.
        copy: Word in the prefix of the copy to take.

    Returns:
        A sentence: the share that was loaded, from where in the file, and what was left out.

    Raises:
        InputError: The file cannot be read, holds too few of the weights, or holds a deeper
            network.

    Example:
        >>> net = nn.Linear(2, 1)
        >>> held = {"module.weight": torch.ones(1, 2), "module.bias": torch.zeros(1)}
        >>> print(load_weights(net, Weights("w.pth", "", held), name="this network"))
        Loaded 100 % of the weights of this network from w.pth (prefix module.).
    """
    if isinstance(path, Path):
        path, copy = split_copy(path, copy)
        path = read_weights(path)
    found = match(module, path.tensors, copy=copy)
    if found.share < least or not found.found:
        raise _belongs_elsewhere(path, found, name, module)
    if found.further:
        raise InputError(
            f"{path.file} holds a deeper network than {name}: it also has {_some(found.further)}. "
            "Name that network."
        )
    bad = [key for key, value in found.found.items() if not bool(value.isfinite().all())]
    if bad:
        raise InputError(
            f"{path.file} holds weights that are not finite, such as {bad[0]}; use a checkpoint "
            "from before the training diverged."
        )
    own = module.state_dict()
    with torch.no_grad():
        for key, value in found.found.items():
            own[key].copy_(value)
    return _sentence(path, found, name)


def split_copy(path: Path, copy: str = "") -> tuple[Path, str]:
    """Split ``FILE#WORD`` into the file and the word.

    Example:
        >>> split_copy(Path("dino.pth#student"))
        (PosixPath('dino.pth'), 'student')
    """
    file, mark, word = str(path).rpartition("#")
    return (Path(file), word) if mark and not path.exists() else (path, copy)


def percent(share: float) -> str:
    """Share as a percentage that is 100 only if nothing is missing.

    Example:
        >>> percent(0.9996), percent(1.0), percent(0.123)
        ('99.9 %', '100 %', '12 %')
    """
    if 0.99 < share < 1:
        return f"{min(round(100 * share, 1), 99.9):.1f} %"
    return f"{100 * share:.0f} %"


def _sentence(weights: Weights, found: Match, name: str) -> str:
    notes = [f"prefix {found.prefix}"] if found.prefix else []
    if found.copies:
        notes.append(f"chosen before the copy {_some(found.copies)}")
    if found.adapted:
        notes.append(f"adapted in shape: {_some(found.adapted)}")
    if found.missing:
        notes.append(f"drawn at random: {_some(found.missing)}")
    if found.left:
        notes.append(f"left out: {_some(found.left)}")
    if weights.skipped:
        notes.append(f"objects skipped: {_some(weights.skipped)}")
    more = f" ({'; '.join(notes)})" if notes else ""
    loaded = percent(found.share)
    return f"Loaded {loaded} of the weights of {name} from {weights.file}{more}."


def _belongs_elsewhere(weights: Weights, found: Match, name: str, module: nn.Module) -> InputError:
    own = module.state_dict()
    missing = [f"{key} {tuple(own[key].shape)}" for key in found.missing]
    left = [
        f"{key} {tuple(value.shape)}"
        for key, value in weights.tensors.items()
        if not found.found or key in found.left
    ]
    has = f", and has {_some(left)} instead" if left else ""
    return InputError(
        f"{weights.file} holds {percent(found.share)} of the weights of {name}: it lacks "
        f"{_some(missing)}{has}. It belongs to another network: name that one."
    )


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {counted(more, 'other')}" if more > 0 else shown
