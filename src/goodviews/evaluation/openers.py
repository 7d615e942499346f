"""Encoders of ours by what is typed: a spec, or the folder of a pretraining run."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, counted
from goodviews.encoders import PairEncoder, build_backbone, load_encoder
from goodviews.evaluation.encoders import Encoder, Opener, settle
from goodviews.evaluation.libraries import Normalised
from goodviews.evaluation.seen import read_seen
from goodviews.views import ViewPair, parse_view


def open_backbone(text: str, channels: int, size: int, seed: int) -> Encoder:
    """A backbone of ours with drawn weights, from its spec such as ``convnet(width=16)``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = build_backbone(text, channels=channels, size=size)
    module = Normalised(backbone, torch.tensor(0.5), torch.tensor(0.25)).eval()
    return Encoder(
        text,
        "random weights",
        lambda pixels, _: module(pixels),
        trained=False,
        settle=partial(settle, module, module),
        module=module,
    )


class _Represented(nn.Module):
    """What readouts of a run are given: each encoder reads images in its view's form."""

    def __init__(self, encoders: PairEncoder, pair: ViewPair) -> None:
        super().__init__()
        self.encoders, self.pair = encoders, pair

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] to (B, F)."""
        pair = self.pair
        return self.encoders.represent(pair.plain(0, pixels), pair.plain(1, pixels))


def open_saved(text: str, channels: int, size: int, seed: int) -> Encoder:  # noqa: ARG001
    """The encoder of a pretraining run: its folder, or its ``encoder.safetensors``."""
    path = Path(text)
    encoders, about = load_encoder(path)
    takes = about.get("channels", sum(encoders.made_of["channels"][: len(encoders.backbones)]))
    if channels != takes:
        raise InputError(
            f"{path.name} takes images of {counted(takes, 'channel')}, but these have {channels}: "
            f"evaluate it on data like its own."
        )
    pair = parse_view(about.get("views") or "identity()")
    module = _Represented(encoders, pair).eval()
    name = path.name if path.is_dir() else path.resolve().parent.name
    what = about.get("method") or encoders.made_of["encoder"]
    return Encoder(
        name,
        f"checkpoint, {what}",
        lambda pixels, _: module(pixels),
        trained=True,
        blank=encoders.made_of["encoder"],
        module=module,
        seen=read_seen(path, about),
    )


OURS = ("alexnet", "convnet", "halves", "mlp", "resnet", "timm(", "torchvision(")
OPENERS: dict[str, Opener] = {
    **dict.fromkeys(OURS, open_backbone), ".safetensors": open_saved, "/": open_saved
}  # fmt: skip
"""Kinds of encoder that the command line adds: a beginning, an ending with its dot, or / for
a folder."""
