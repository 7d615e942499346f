"""Models of timm and torchvision as they come, without their classifier.

Letters: B images, C H W one image, F representation.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError

HEADS = ("fc", "classifier", "heads", "head")
"""Where torchvision's models keep their classifier."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, for torchvision's weights."""


class Normalised(nn.Module):
    """A model that is given images in [0, 1], and gives one vector for each.

    Args:
        model: Normalised images to features of any shape.
        mean: (C, 1, 1), taken off.
        std: (C, 1, 1), divided by.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] to (B, F)."""
        out: Tensor = self.model((pixels - self.mean) / self.std)
        return out.flatten(1)


def library_model(
    library: str,
    name: str,
    weights: str,
    *,
    channels: int,
    size: int,
    seed: int = 0,
    device: torch.device | None = None,
) -> tuple[nn.Module, int]:
    """A library's model without its classifier, normalisation in front.

    Args:
        library: ``timm`` or ``torchvision``.
        name: Name of the model.
        weights: Nothing for its own, ``random``, or a file of a state dict.
        channels: C of the images.
        size: Their smaller side in pixels.
        seed: Random seed of drawn weights.
        device: Where it computes.

    Returns:
        The model in evaluation mode, and F.

    Raises:
        InputError: There is no such model, no such weights, or it cannot take the images.
    """
    make = _timm if library == "timm" else _torchvision
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Normalised(*make(name, not weights, channels))
    if weights and weights != "random":
        _load(model.model, Path(weights))
    model = model.eval().to(device)
    try:
        with torch.no_grad():
            made = model(torch.zeros(2, channels, size, size, device=device))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise InputError(
            f"{library}:{name} cannot take images of {size} pixels ({_first(error)}); try "
            f"--size 224."
        ) from error
    return model, int(made.shape[1])


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
        reason = getattr(error, "strerror", None) or _first(error)
        raise InputError(f"Cannot read the weights {path}: {reason}.") from error
    state = state.get("state_dict", state)
    missing, _ = model.load_state_dict(state, strict=False)
    if missing:
        raise InputError(
            f"{path} lacks {len(missing)} weights of the model, such as {missing[0]}: it belongs "
            f"to another one."
        )


def _no_weights(library: str, name: str, error: Exception) -> InputError:
    return InputError(
        f"The weights of {library}:{name} are not in the cache and cannot be downloaded "
        f"({_first(error)}); give a file, {library}:{name}@FILE, or {library}:{name}@random."
    )


def _first(error: Exception) -> str:
    """The beginning of a library's message, on one line."""
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
