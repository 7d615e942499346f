"""Weights in files of any origin, read as data: nothing in a file is executed.

A checkpoint often holds more than weights: options, numpy numbers, whole modules. Classes that
PyTorch does not allow with ``weights_only=True`` are replaced by stand-ins that only keep what
the file says, and their names are reported.
"""

import io
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.spec.files import hash_of

HELD = (
    *("encoder.safetensors", "last.pt", "model.safetensors", "backbone.safetensors"),
    *("backbone.pth", "pytorch_model.bin"),
)
"""Files with weights in a folder, in the order in which they are looked for: those of our runs
and exports, and of Hugging Face."""

_MARK = b"goodviews "
"""First bytes of the line before our own checkpoints."""
_UNKNOWN = re.compile(r"Unsupported global: GLOBAL (\S+) was not an allowed global")
_MOST_CLASSES = 200
_DEEPEST = 12
_PARTS = ("_parameters", "_buffers", "_modules")
"""Where a module that was stored whole keeps its weights."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a file.

    Attributes:
        file: Name of the file, without its folder.
        hash: Hash of its content.
        tensors: Tensors by their names: keys of nested containers, joined by dots.
        skipped: Names of the classes of objects that were not loaded.
    """

    file: str
    hash: str
    tensors: dict[str, Tensor]
    skipped: tuple[str, ...] = ()


class _StandIn:
    """In the place of an object of an unknown class: it keeps its attributes and does nothing."""

    held: Any = None  # of an object without attributes, whose state is not in the file

    def __new__(cls, *_: Any, **__: Any) -> "_StandIn":
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        self.held = state


class _Mapping:
    """In the place of a mapping of an unknown class: an ordered dictionary."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return OrderedDict()


def weights_file(path: Path) -> Path:
    """The file of weights that a path names: itself, or one in its folder.

    Raises:
        InputError: There is no such file.
    """
    if not path.is_dir():
        if path.is_file():
            return path
        raise InputError(f"Cannot read the weights {path}: No such file or directory.")
    for name in HELD:
        if (path / name).is_file():
            return path / name
    raise InputError(
        f"There are no weights in the folder {path}; expected one of {', '.join(HELD)}."
    )


def read_weights(path: Path) -> Weights:
    """Read all tensors of a file without executing anything in it.

    Args:
        path: A ``.safetensors`` file, a file of ``torch.save`` (a state dict, a checkpoint that
            holds one, or a whole module), or a folder with such a file.

    Returns:
        Its tensors on the CPU, and what was skipped.

    Raises:
        InputError: It cannot be read, or holds no tensors.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "w.pth"
        ...     torch.save({"state_dict": {"fc.bias": torch.zeros(2)}, "epoch": 3}, file)
        ...     list(read_weights(file).tensors)
        ['state_dict.fc.bias']
    """
    file = weights_file(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read the weights {file}: {error.strerror}.") from error
    mark = hash_of(data)
    skipped: tuple[str, ...] = ()
    if file.suffix == ".safetensors":
        try:
            content: Any = load_safetensors(data)
        except (SafetensorError, ValueError, KeyError) as error:
            raise InputError(
                f"Cannot read the weights {file}: damaged or not a safetensors file."
            ) from error
    else:
        if data.startswith(_MARK):
            data = data.partition(b"\n")[2]
        content, skipped = _unpickled(data, file)
    tensors = dict(_tensors(content))
    if not tensors:
        held = sorted(map(str, content)) if isinstance(content, Mapping) else []
        what = f"; it holds {', '.join(held[:8])}" if held else ""
        raise InputError(f"{file} holds no weights{what}. Save the state_dict of a model.")
    return Weights(file.name, mark, tensors, skipped)


def _unpickled(data: bytes, file: Path) -> tuple[Any, tuple[str, ...]]:
    """Content of a file of ``torch.save``, and the classes that were replaced."""
    inert: dict[str, type] = {}
    base: type = _StandIn
    while True:
        known = [(made, name) for name, made in inert.items()]
        try:
            with torch.serialization.safe_globals(known):  # type: ignore[arg-type]
                content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            return content, tuple(sorted(inert))
        except UnpicklingError as error:
            if "SETITEM" in str(error) and base is _StandIn:  # one of the classes is a mapping
                inert, base = {}, _Mapping
                continue
            found = _UNKNOWN.search(str(error))
            name = found[1] if found else ""
            name = name if "." in name else f"builtins.{name}"
            if not found or name in inert or len(inert) >= _MOST_CLASSES:
                raise _unreadable(file, error) from error
            inert[name] = type(name.rpartition(".")[2], (base,), {})
        except Exception as error:  # a damaged file fails in many ways
            raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> InputError:
    said = str(error)
    blocked = re.search(r"unsupported GLOBAL (\S+) whose module", said)
    if blocked:
        return InputError(
            f"{file} was not loaded: it calls {blocked[1]}, which has no place in a file of "
            "weights and may be an attack. Ask its author for a safetensors file."
        )
    why = "it is damaged, or not a file of torch.save (with its usual pickle protocol)"
    if "TorchScript" in said:
        why = "it is a TorchScript archive; save the state_dict of its model instead"
    elif "Can only" in said or "Unsupported global" in said or "reduce" in said:
        why = (
            "it holds objects that cannot be skipped; save the state_dict of its model alone, "
            "or as safetensors"
        )
    return InputError(f"Cannot read the weights {file}: {why}.")


def _tensors(node: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Tensors in nested containers, by their names."""
    if isinstance(node, Tensor):
        if node.layout is torch.strided and not node.is_quantized:
            yield name, node.detach()
        return
    if depth > _DEEPEST:
        return
    front = f"{name}." if name else ""
    if isinstance(node, _StandIn):
        node = node.held
        if isinstance(node, Mapping) and all(part in node for part in _PARTS):
            for part in _PARTS:
                yield from _tensors(node[part], name, depth)
            return
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _tensors(value, f"{front}{key}", depth + 1)
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _tensors(value, f"{front}{place}", depth + 1)
