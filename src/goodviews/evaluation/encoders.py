"""From a text to a function of images: whose encoder it is makes no difference afterwards.

Letters: B images, N of them in the set, C H W one image, F representation.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.core.checks import InputError, unknown

__all__ = ["ARRAYS", "Embed", "Encoder", "Opener", "open_encoder", "raw_pixels", "settle"]

Embed = Callable[[Tensor, Tensor], Tensor]
"""Pixels (B, C, H, W) in [0, 1] and places (B,) in the set to representations (B, F)."""

ARRAYS = (".npy", ".npz")
HEADS = ("fc", "classifier", "heads", "head")
"""Where torchvision's models keep their classifier."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, for torchvision's weights."""

RAW_MOST = 3072
"""Raw values above which pixels are averaged, two by two, for the baseline."""


@dataclass(frozen=True)
class Encoder:
    """An encoder that no longer learns.

    Attributes:
        name: What rows call it; never a path.
        detail: What it is, in a few words.
        embed: Pixels and places to representations.
        trained: Whether it learned anything; ``None`` where that is not known.
        settle: For drawn weights: measures the normalisation's statistics on images
            (B, C, H, W), as a trained encoder's were; without it random weights say too little.
        blank: Text that opens the same kind of encoder with drawn weights, where there is one.
    """

    name: str
    detail: str
    embed: Embed
    trained: bool | None = None
    settle: Callable[[Tensor], None] | None = None
    blank: str | None = None


Opener = Callable[[str, int, int, int], Encoder]
"""Text, channels, size and seed to an encoder."""


def open_encoder(
    text: str,
    *,
    channels: int,
    size: int,
    count: int,
    seed: int = 0,
    device: torch.device | None = None,
    openers: Mapping[str, Opener] | None = None,
) -> Encoder:
    """Find the encoder that a text names.

    * ``z.npy`` or ``z.npz``: an array (N, F), row i for image i of the set;
    * ``timm:NAME`` and ``torchvision:NAME``: that library's model with its weights, from its
      cache or downloaded; ``NAME@random`` draws them instead, ``NAME@FILE`` loads a state
      dict (``.pth``, ``.safetensors``);
    * ``pixels``: the images themselves, averaged down where they are large;
    * what ``openers`` adds, by the beginning (``convnet``) or the ending (``.pt``) of the
      text, or ``/`` for a folder that exists.

    Args:
        text: What the user wrote.
        channels: C of the images.
        size: Their smaller side in pixels.
        count: N, images of the set.
        seed: Of drawn weights.
        device: Where it computes.
        openers: More kinds: a beginning or an ending (with its dot) to a function.

    Returns:
        The encoder.

    Raises:
        InputError: Nothing of the kind is known or can be read, or it cannot take the images.

    Example:
        >>> encoder = open_encoder("pixels", channels=1, size=4, count=2)
        >>> encoder.embed(torch.zeros(2, 1, 4, 4), torch.arange(2)).shape
        torch.Size([2, 16])
    """
    text = text.strip()
    library, _, rest = text.partition(":")
    if text == "pixels":
        return Encoder("raw pixels", "averaged down where large", raw_pixels, False)
    if library in ("timm", "torchvision") and rest:
        make = _timm if library == "timm" else _torchvision
        return _module(make, library, rest, channels, size, seed, device)
    if Path(text).suffix.lower() in ARRAYS:
        return _array(Path(text), count)
    for mark, opener in (openers or {}).items():
        if mark == "/":
            fits = Path(text).is_dir()
        else:
            fits = text.endswith(mark) if mark.startswith(".") else text.startswith(mark)
        if fits:
            return opener(text, channels, size, seed)
    known = ["timm:NAME", "torchvision:NAME", "FILE.npy", "FILE.npz", "pixels"]
    marks = [mark for mark in openers or {} if mark != "/"]
    known += [f"FILE{mark}" if mark.startswith(".") else mark for mark in marks]
    known += ["FOLDER"] if "/" in (openers or {}) else []
    raise unknown("encoder", text, known)


def raw_pixels(pixels: Tensor, places: Tensor | None = None) -> Tensor:  # noqa: ARG001
    """Images (B, C, H, W) as vectors (B, F), halved until F is at most 3,072."""
    while pixels[0].numel() > RAW_MOST and min(pixels.shape[-2:]) > 1:
        pixels = nn.functional.avg_pool2d(pixels, 2)
    return pixels.flatten(1)


def _array(path: Path, count: int) -> Encoder:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not an array of numbers"
        raise InputError(f"Cannot read the representations {path}: {reason}.") from error
    if not isinstance(found, np.ndarray):
        tables = [name for name in found.files if found[name].ndim == 2]
        if len(tables) != 1:
            raise InputError(
                f"{path} holds {len(tables)} tables ({', '.join(found.files)}), but exactly "
                f"one array (N, F) is wanted: save it alone, as .npy."
            )
        found = found[tables[0]]
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise InputError(
            f"{path} has shape {found.shape} of {found.dtype}, but numbers (N, F) are wanted: one "
            f"row per image."
        )
    if len(found) != count:
        raise InputError(
            f"{path} has {len(found):,} rows, but the set has {count:,} images: give one row per "
            f"image, in the set's order."
        )
    table = torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32))
    if not bool(table.isfinite().all()):
        raise InputError(f"{path} holds values that are not finite: train again, or leave out.")
    return Encoder(
        path.stem, f"array of {found.shape[1]:,} features", lambda _, at: table[at.cpu()]
    )


def _module(
    make: Callable[[str, bool, int], tuple[nn.Module, Tensor, Tensor]],
    library: str,
    rest: str,
    channels: int,
    size: int,
    seed: int,
    device: torch.device | None,
) -> Encoder:
    """A library's model without its classifier, normalisation in front."""
    name, _, weights = rest.partition("@")
    random = weights == "random"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, mean, std = make(name, not weights, channels)
    if weights and not random:
        _load(model, Path(weights))
    model = model.eval().to(device)
    mean, std = mean.to(device), std.to(device)

    def embed(pixels: Tensor, places: Tensor) -> Tensor:  # noqa: ARG001
        out = model((pixels - mean) / std)
        return out.flatten(1)

    try:
        with torch.no_grad():
            shape = embed(
                torch.zeros(2, channels, size, size, device=device), torch.arange(2)
            ).shape
    except (RuntimeError, AssertionError, ValueError) as error:
        raise InputError(
            f"{library}:{name} cannot take images of {size} pixels ({_first(error)}); try "
            f"--size 224."
        ) from error
    what = (
        "random weights"
        if random
        else f"weights of {Path(weights).name}"
        if weights
        else "its own weights"
    )
    return Encoder(
        f"{library}:{name}" + ("@random" if random else ""),
        f"{what}, {shape[1]:,} features",
        embed,
        not random,
        partial(settle, model, lambda x: embed(x, x)) if random else None,
        f"{library}:{name}@random",
    )


@torch.no_grad()
def settle(model: nn.Module, embed: Callable[[Tensor], Tensor], images: Tensor) -> None:
    """Make drawn weights a fair baseline: batch-norms as after a first step of training.

    Running statistics are those of one batch; a scale that starts at 0, which would leave
    out the block behind it, becomes 1.

    Args:
        model: With drawn weights.
        embed: Its forward pass.
        images: (B, C, H, W) in [0, 1].
    """
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        if norm.weight is not None and not bool(norm.weight.any()):
            norm.weight.fill_(1.0)
        norm.momentum = None  # the plain mean of what is seen
        norm.train()
    embed(images)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
        norm.eval()


def _timm(name: str, pretrained: bool, channels: int) -> tuple[nn.Module, Tensor, Tensor]:
    import timm

    plain = name.partition(".")[0]
    if not timm.is_model(plain):
        raise _no_model("timm", plain, timm.list_models())
    try:
        with _no_vain_waiting():
            model = timm.create_model(
                name, pretrained=pretrained, num_classes=0, in_chans=channels
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise _no_weights("timm", name, error) from error
    about: dict[str, Any] = model.pretrained_cfg
    mean, std = (torch.tensor(about[key], dtype=torch.float32) for key in ("mean", "std"))
    if len(mean) != channels:
        mean, std = mean.mean().expand(channels), std.mean().expand(channels)
    return model, mean[:, None, None], std[:, None, None]


def _torchvision(name: str, pretrained: bool, channels: int) -> tuple[nn.Module, Tensor, Tensor]:
    from torchvision import models

    if name not in models.list_models(module=models):
        raise _no_model("torchvision", name, models.list_models(module=models))
    if channels not in (1, 3):
        raise InputError(
            f"torchvision:{name} takes 3 channels, but the images have {channels}: try "
            f"timm:{name}."
        )
    try:
        model = models.get_model(name, weights="DEFAULT" if pretrained else None)
    except (OSError, RuntimeError, ValueError) as error:
        raise _no_weights("torchvision", name, error) from error
    for head in HEADS:
        if hasattr(model, head):
            setattr(model, head, nn.Identity())
            break
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    return model, mean, std  # one channel is spread over three here


def _no_model(library: str, name: str, known: Sequence[str]) -> InputError:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f" Near: {', '.join(near)}." if near else ""
    return InputError(f"{library} has no model {name!r} among its {len(known):,}.{hint}")


def _load(model: nn.Module, path: Path) -> None:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each format fails in its own way
        raise InputError(f"Cannot read the weights {path}: {_first(error)}.") from error
    state = state.get("state_dict", state)
    missing, _ = model.load_state_dict(state, strict=False)
    if missing:
        raise InputError(
            f"{path} lacks {len(missing)} weights of the model, such as {missing[0]}: it belongs "
            f"to another one."
        )


def _no_weights(library: str, name: str, error: Exception) -> InputError:
    return InputError(
        f"The weights of {library}:{name} are neither here nor can they be fetched "
        f"({_first(error)}); give a file, {library}:{name}@FILE, or {library}:{name}@random."
    )


def _first(error: Exception) -> str:
    """The beginning of what a library said, on one line."""
    said = str(error).strip().splitlines()
    return (said[0][:120] if said else type(error).__name__).rstrip(". ")


@contextmanager
def _no_vain_waiting() -> Iterator[None]:
    """Use only what is cached when the hub's name cannot be found: it would retry for a minute."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    host = constants.ENDPOINT.partition("://")[2].partition("/")[0].partition(":")[0]
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        try:
            socket.getaddrinfo(host, 443)
        except OSError:
            constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
