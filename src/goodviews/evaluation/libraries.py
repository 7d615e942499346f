"""Models of timm and torchvision as they come, without their classifier.

Letters: B images, C H W one image, F representation.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.encoders import load_weights
from goodviews.encoders.adapt import Size, sides
from goodviews.encoders.libraries import fetched, set_channels

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
    size: Size,
    seed: int = 0,
    device: torch.device | None = None,
) -> tuple[nn.Module, int, str]:
    """A library's model without its classifier, normalisation in front.

    Args:
        library: ``timm`` or ``torchvision``.
        name: Name of the model.
        weights: Nothing for its own, ``random``, or a file of any library.
        channels: C of the images.
        size: Their side in pixels, or height and width.
        seed: Random seed of drawn weights.
        device: Where it computes.

    Returns:
        The model in evaluation mode, F, and a sentence on the weights of a file.

    Raises:
        InputError: There is no such model, no such weights, or it cannot take the images.
    """
    make = _timm if library == "timm" else _torchvision
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Normalised(*make(name, not weights, channels))
    told = ""
    if weights and weights != "random":
        told = load_weights(model.model, Path(weights), name=f"{library}:{name}")
    model = model.eval().to(device)
    height, width = sides(size)
    try:
        with torch.no_grad():
            made = model(torch.zeros(2, channels, height, width, device=device))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise InputError(
            f"{library}:{name} cannot take images of {height} x {width} pixels ({_first(error)}); "
            f"try --size 224."
        ) from error
    return model, int(made.shape[1]), told


def _timm(name: str, pretrained: bool, channels: int) -> tuple[nn.Module, Tensor, Tensor]:
    import timm

    plain = name.partition(".")[0]
    if not timm.is_model(plain):
        raise _no_model("timm", plain, timm.list_models())
    with fetched("timm", name):
        model = timm.create_model(name, pretrained=pretrained, num_classes=0, in_chans=channels)
    about: dict[str, Any] = model.pretrained_cfg
    return model, *_statistics(about["mean"], about["std"], channels)


def _torchvision(name: str, pretrained: bool, channels: int) -> tuple[nn.Module, Tensor, Tensor]:
    from torchvision import models

    if name not in models.list_models(module=models):
        raise _no_model("torchvision", name, models.list_models(module=models))
    with fetched("torchvision", name):
        model = models.get_model(name, weights="DEFAULT" if pretrained else None)
    set_channels(model, channels, keep=pretrained)
    for head in HEADS:
        if hasattr(model, head):
            setattr(model, head, nn.Identity())
            break
    return model, *_statistics(MEAN, STD, channels)


def _statistics(
    mean: Sequence[float], std: Sequence[float], channels: int
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (C, 1, 1): those of all channels where their number differs."""
    both = [torch.tensor(values, dtype=torch.float32) for values in (mean, std)]
    if len(mean) != channels:
        both = [values.mean().expand(channels) for values in both]
    return both[0][:, None, None], both[1][:, None, None]


def _no_model(library: str, name: str, known: Sequence[str]) -> InputError:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f" Near: {', '.join(near)}." if near else ""
    return InputError(f"{library} has no model {name!r} among its {len(known):,}.{hint}")


def _first(error: Exception) -> str:
    """The beginning of a library's message, on one line."""
    said = str(error).strip().splitlines()
    return (said[0][:120] if said else type(error).__name__).rstrip(". ")
