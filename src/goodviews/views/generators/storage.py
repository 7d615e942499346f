"""Generators in one safetensors file, with their weights and the specs to rebuild them."""

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
from goodviews.views.graphs.generator import DropGenerator, build_drop_generator

_KEY = "goodviews_generator"


def save_generator(file: Path, generator: Generator | DropGenerator, notes: dict[str, Any]) -> str:
    """Write a generator.

    Args:
        file: Path of a ``.safetensors`` file, which is written atomically.
        generator: Generator of views of images, or of graphs.
        notes: JSON metadata, such as data hash, seed, mode and versions.

    Returns:
        Hash of the file, the first 16 hex digits of its SHA-256, which a spec can include.

    Raises:
        InputError: The file cannot be written, or a weight is not finite.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "g.safetensors"
        ...     name = save_generator(file, build_generator("linear()", 3), {"seed": 0})
        ...     len(name), holds_generator(file)
        (16, True)
    """
    state = {
        name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()
    }
    wrong = [name for name, value in state.items() if not value.isfinite().all()]
    if wrong:
        raise InputError(f"{generator.text} holds values in {wrong[0]} that are not finite.")
    graphs = isinstance(generator, DropGenerator)
    size = {"inputs": generator.inputs} if graphs else {"channels": generator.channels}
    metadata = {"format": 1, "text": generator.text, **size, "notes": notes}
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
    data = safetensors.torch.save(state, metadata={_KEY: text})
    write_bytes(Path(file), data)
    return hash_of(data)


def load_generator(file: Path, hash: str = "") -> tuple[Generator, dict[str, Any]]:
    """Load a generator that :func:`save_generator` wrote.

    Args:
        file: Path of the file.
        hash: Expected hash; if empty, it is not checked.

    Returns:
        The generator, frozen, in evaluation mode and on the CPU, and its metadata.

    Raises:
        InputError: The file does not exist, is damaged, was not written by goodviews, or has
            another hash.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "g.safetensors"
        >>> name = save_generator(file, build_generator("orthogonal()", 3), {"seed": 0})
        >>> generator, notes = load_generator(file, name)
        >>> generator.text, generator.channels, notes
        ('orthogonal()', 3, {'seed': 0})
    """
    made, notes = _load(file, hash)
    if isinstance(made, DropGenerator):
        raise InputError(
            f"{file} is a generator of views of graphs, but one of images is expected; for a "
            f"graph, write learned_drops('{Path(file).name}')."
        )
    return made, notes


def load_drop_generator(file: Path, hash: str = "") -> tuple[DropGenerator, dict[str, Any]]:
    """Load a generator of views of graphs; otherwise as :func:`load_generator`."""
    made, notes = _load(file, hash)
    if not isinstance(made, DropGenerator):
        raise InputError(
            f"{file} is a generator of views of images, but these are graphs; learn one with "
            "goodviews learn-views GRAPH."
        )
    return made, notes


def _load(file: Path, hash: str) -> tuple[Generator | DropGenerator, dict[str, Any]]:
    data = content_of(Path(file))
    if hash and hash_of(data) != hash:
        raise InputError(
            f"Expected {file} to have the hash {hash}, but got {hash_of(data)}: it was learned "
            f"again or is damaged. Use the file of that run, or type the new hash."
        )
    try:
        state = safetensors.torch.load(data)
        metadata = _metadata(data)
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{file} is damaged or not a safetensors file ({error}).") from error
    if metadata is None:
        raise InputError(f"{file} holds no generator; type goodviews learn-views to learn one.")
    try:
        known = json.loads(metadata)
        notes = known["notes"]
        generator: Generator | DropGenerator = (
            build_drop_generator(known["text"], inputs=known["inputs"])
            if "inputs" in known
            else build_generator(known["text"], known["channels"])
        )
        generator.to(next(iter(state.values())).dtype).load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError, StopIteration) as error:
        raise InputError(f"{file} is a generator that this version cannot build.") from error
    return generator.eval().requires_grad_(False), notes


def holds_generator(file: Path) -> bool:
    """Whether a file was written by :func:`save_generator`, even if its weights are damaged.

    Example:
        >>> holds_generator(Path("missing.safetensors"))
        False
    """
    try:
        return Path(file).is_file() and _metadata(content_of(Path(file))) is not None
    except (InputError, ValueError, AttributeError):
        return False


def _metadata(data: bytes) -> str | None:
    """Metadata of goodviews in the header of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    metadata: str | None = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get(_KEY)
    return metadata
