"""Encoders in one safetensors file, with their weights and the specs to rebuild them."""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.encoders.pair import PairEncoder, build_empty
from goodviews.spec.files import look_in

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
    if not encoders.made_of:
        raise InputError(
            "Only encoders built from a spec can be saved; save the state_dict instead."
        )
    told = json.dumps({"format": 1, "made_of": encoders.made_of, "about": about})
    state = {name: value.contiguous() for name, value in encoders.state_dict().items()}
    write_bytes(path, safetensors.torch.save(state, metadata={_KEY: told}))


def load_encoder(path: Path) -> tuple[PairEncoder, dict[str, Any]]:
    """Load encoders that :func:`save_encoder` wrote.

    Args:
        path: Path of the file, or folder of a run that contains ``encoder.safetensors``.

    Returns:
        The encoders in evaluation mode on the CPU, and their metadata. From now on, files that
        are named in their views are also searched for in the folder of the encoders.

    Raises:
        InputError: The file does not exist, is damaged or was not written by goodviews.

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
    try:
        with safe_open(file, framework="pt") as opened:
            told = (opened.metadata() or {}).get(_KEY)
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{file} is damaged or not a safetensors file ({error}).") from error
    if told is None:
        raise InputError(
            f"{file} holds weights, but not the spec of their encoder; name "
            f"their model, as in timm:resnet50@{file}."
        )
    known = json.loads(told)
    encoders = build_empty(**known["made_of"])
    with torch.no_grad():
        encoders.load_state_dict(state)
    look_in(file.parent, of=str(known["about"].get("views", "")))
    return encoders.eval(), known["about"]
