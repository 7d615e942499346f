"""Encoders in one safetensors file, with their weights and the specs to rebuild them."""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from goodviews.core.errors import InputError
from goodviews.core.files import DAMAGED, read_bytes, write_bytes
from goodviews.encoders.adapt import sides
from goodviews.encoders.graphs.pair import build_empty_graph
from goodviews.encoders.pair import PairEncoder, build_empty
from goodviews.encoders.sources import check_stored
from goodviews.spec.files import check_stored_views, look_in

_KEY = "goodviews"


def save_encoder(path: Path, encoders: PairEncoder, *, about: dict[str, Any]) -> None:
    """Write the encoders of a pair of views.

    Args:
        path: Path of a ``.safetensors`` file, which is written atomically.
        encoders: Encoders made by :func:`build_pair`.
        about: JSON metadata, such as views, data hash, seed and versions.

    Raises:
        InputError: The file cannot be written, or the encoders were not built from a spec.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> made = build_empty(encoder="convnet()", head="linear(dim=5)", channels=[3], sizes=[8])
        >>> with TemporaryDirectory() as folder:
        ...     save_encoder(Path(folder) / "encoder.safetensors", made, about={"seed": 3})
        ...     encoders, about = load_encoder(Path(folder))
        >>> encoders.embedding, about
        (5, {'seed': 3})
    """
    write_bytes(path, encoder_bytes(encoders, about=about))


def encoder_bytes(encoders: PairEncoder, *, about: dict[str, Any]) -> bytes:
    """What :func:`save_encoder` writes.

    Args:
        encoders: Encoders made by :func:`build_pair`.
        about: JSON metadata.

    Raises:
        InputError: The encoders were not built from a spec.
    """
    if not encoders.made_of:
        raise InputError(
            "Only encoders built from a spec can be saved; save the state_dict instead."
        )
    told = json.dumps({"format": 1, "made_of": encoders.made_of, "about": about})
    state = {name: value.contiguous() for name, value in encoders.state_dict().items()}
    found: bytes = safetensors.torch.save(state, metadata={_KEY: told})
    return found


def load_encoder(path: Path) -> tuple[PairEncoder, dict[str, Any]]:
    """Load encoders that :func:`save_encoder` wrote.

    Args:
        path: Path of the file, or folder of a run that contains ``encoder.safetensors``.

    Returns:
        The encoders in evaluation mode on the CPU, and their metadata. From now on, files that
        are named in their views are also searched for in the folder of the encoders.

    Raises:
        InputError: The file does not exist, is damaged, was not written by goodviews, or names
            other files or weights in its specs: what someone else made is data.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> made = build_empty(encoder="convnet()", head="linear(dim=5)", channels=[3], sizes=[8])
        >>> with TemporaryDirectory() as folder:
        ...     save_encoder(Path(folder) / "encoder.safetensors", made, about={"seed": 3})
        ...     encoders, about = load_encoder(Path(folder))
        >>> encoders.embedding, about
        (5, {'seed': 3})
    """
    file = path / "encoder.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"There is no encoder {file}; give the folder of a finished run.")
    data = read_bytes(file, what="the encoder")
    try:
        state = safetensors.torch.load(data)
        length = int.from_bytes(data[:8], "little")
        told = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get(_KEY)
    except (SafetensorError, *DAMAGED) as error:
        raise InputError(f"{file} is damaged or not a safetensors file ({error}).") from error
    if told is None:
        raise InputError(
            f"{file} holds weights, but not the spec of their encoder; name "
            f"their model, as in timm:resnet50@{file}."
        )
    made_of, about = _stored(told, file)
    try:
        encoders = (build_empty_graph if "inputs" in made_of else build_empty)(**made_of)
        with torch.no_grad():
            encoders.load_state_dict(state)
    except (TypeError, RuntimeError, AttributeError, IndexError) as error:
        raise InputError(
            f"{file} cannot be opened: its weights and the spec of its encoder disagree."
        ) from error
    look_in(file.parent, of=about.get("views") or "")
    return encoders.eval(), about


def _stored(text: str, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an encoder is made of, and what is known about it, checked."""
    try:
        known = json.loads(text)
        made_of, about = dict(known["made_of"]), dict(known["about"])
        fits = isinstance(made_of["head"], str) and isinstance(about.get("views") or "", str)
        if "inputs" in made_of:  # an encoder of graphs
            fits &= made_of.keys() == {"encoder", "head", "inputs"}
            fits &= type(made_of["inputs"]) is int and 0 < made_of["inputs"] < 2**24
        else:
            shapes = [made_of["channels"], [n for size in made_of["sizes"] for n in sides(size)]]
            fits &= made_of.keys() == {"encoder", "head", "channels", "sizes"}
            fits &= all(type(one) is int and 0 < one < 2**16 for shape in shapes for one in shape)
            fits &= len(made_of["channels"]) == len(made_of["sizes"]) in (1, 2)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"The metadata of {file} are damaged; use another copy.") from error
    if not fits:
        raise InputError(f"The metadata of {file} are damaged; use another copy.")
    check_stored(made_of["encoder"], file)
    check_stored_views(about.get("views") or "", file)
    return made_of, about
