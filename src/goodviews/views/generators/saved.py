"""A generator in one file: weights as safetensors, and what it takes to build it again."""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError

from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.spec.files import content_of, hash_of
from goodviews.views.generators.base import Generator
from goodviews.views.generators.build import build_generator

_KEY = "goodviews_generator"


def save_generator(file: Path, generator: Generator, notes: dict[str, Any]) -> str:
    """Write a generator.

    Args:
        file: A ``.safetensors`` file; it appears whole or not at all.
        generator: Made by :func:`build_generator`.
        notes: What goes with it, JSON: data hash, seed, mode, versions.

    Returns:
        Its hash: the first 16 hex digits of the SHA-256 of the file. A spec may name it.

    Raises:
        InputError: It cannot be written, or a weight is no number.
    """
    state = {
        name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()
    }
    wrong = [name for name, value in state.items() if not value.isfinite().all()]
    if wrong:
        raise InputError(f"{generator.text} holds values in {wrong[0]} that are no numbers.")
    told = {"format": 1, "text": generator.text, "channels": generator.channels, "notes": notes}
    text = json.dumps(told, sort_keys=True, allow_nan=False)
    data = safetensors.torch.save(state, metadata={_KEY: text})
    write_bytes(Path(file), data)
    return hash_of(data)


def load_generator(file: Path, hash: str = "") -> tuple[Generator, dict[str, Any]]:
    """Read what :func:`save_generator` wrote.

    Args:
        file: The file.
        hash: The hash it must have; any when empty.

    Returns:
        The generator, frozen, in evaluation mode and on the CPU, and what went with it.

    Raises:
        InputError: There is no such file, it is damaged, not ours, or another than the hash says.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "g.safetensors"
        >>> name = save_generator(file, build_generator("orthogonal()", 3), {"seed": 0})
        >>> generator, notes = load_generator(file, name)
        >>> generator.text, generator.channels, notes
        ('orthogonal()', 3, {'seed': 0})
    """
    data = content_of(Path(file))
    if hash and hash_of(data) != hash:
        raise InputError(
            f"{file} has the hash {hash_of(data)}, but {hash} is wanted: it was learned again or "
            f"is damaged. Take the file of that run, or write the new hash."
        )
    try:
        state = safetensors.torch.load(data)
        told = _told(data)
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{file} is damaged or not a safetensors file ({error}).") from error
    if told is None:
        raise InputError(f"{file} holds no generator; goodviews learn-views writes one.")
    try:
        known = json.loads(told)
        notes = known["notes"]
        generator = build_generator(known["text"], known["channels"])
        generator.to(next(iter(state.values())).dtype).load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError, StopIteration) as error:
        raise InputError(f"{file} is a generator that this version cannot build.") from error
    return generator.eval().requires_grad_(False), notes


def holds_generator(file: Path) -> bool:
    """Whether a file is one of :func:`save_generator`, damaged weights and all."""
    try:
        return Path(file).is_file() and _told(content_of(Path(file))) is not None
    except (InputError, ValueError, AttributeError):
        return False


def _told(data: bytes) -> str | None:
    """Our part of a safetensors file's head."""
    length = int.from_bytes(data[:8], "little")
    told: str | None = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get(_KEY)
    return told
