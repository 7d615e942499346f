"""What a run starts from: weights of a run, of a file of any library, or of a library's model.

The weights of a run are in its own folder from the first checkpoint on, so a resumed or finished
run needs the original file no more.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import torch

from goodviews.core.errors import InputError
from goodviews.encoders import Backbone, PairEncoder, build_backbone, load_encoder, load_weights
from goodviews.encoders.adapt import Size
from goodviews.encoders.graphs.pair import check_of_images
from goodviews.encoders.libraries import LAYERS, STEMS
from goodviews.encoders.sources import checkpoint_of, fetches, without_sources
from goodviews.encoders.weights.loading import PARTIAL, split_copy
from goodviews.encoders.weights.matching import match
from goodviews.encoders.weights.reading import Weights, read_weights, weights_file
from goodviews.training.state import load_state

_LIBRARY = re.compile(r"(timm|torchvision):([^@:]+)(?:@(.+))?", re.DOTALL)
_PRETRAINED = {"timm": "pretrained=True", "torchvision": "weights='DEFAULT'"}


@dataclass
class Start:
    """Weights from which the backbones of a run start.

    Attributes:
        name: Name for records: of a file without its folder, or a spec of a backbone.
        encoder: Spec of the network that the weights belong to; empty where it is not known.
        file: File of the weights, if they are in one.
        copy: Word in the prefix of the copy to take.
        spec: Spec that fetches the weights, if there is no file.
        say: Called with a sentence for each backbone.
    """

    name: str
    encoder: str = ""
    file: Path | None = None
    copy: str = ""
    spec: str = ""
    say: Callable[[str], None] = field(default=lambda _: None)

    @property
    def identity(self) -> str:
        """Name and hash of a file, or name only if it no longer exists."""
        mark = ""
        if self.file is not None:
            with suppress(InputError):
                mark = f" {self.read().hash}"
        return self.name + mark

    def read(self) -> Weights:
        """Tensors of the file."""
        assert self.file is not None
        return read_weights(self.file)

    def __call__(self, encoders: PairEncoder) -> None:
        """Load the weights into the backbones.

        Raises:
            InputError: They belong to another network.
        """
        made_of, held = encoders.made_of, None if self.file is None else self.read()
        for side, whole in enumerate(encoders.backbones):
            channels, size = made_of["channels"][side], made_of["sizes"][side]
            weights = self._fetched(channels, size) if held is None else _side(held, side)
            normalise, net = whole[0], whole[1]  # type: ignore[index]
            net = net.module if isinstance(net, Backbone) else net
            said = load_weights(
                net, weights, name=made_of["encoder"], least=PARTIAL, copy=self.copy
            )
            statistics = {
                name: value
                for name, value in weights.tensors.items()
                if re.search(r"(^|\.)backbones\.\d\.0\.(mean|std)$", name)
                and value.shape == normalise.mean.shape
            }
            for name, value in statistics.items():  # the weights were trained on such inputs
                getattr(normalise, name.rpartition(".")[2]).copy_(value)
            self.say(said)

    def _fetched(self, channels: int, size: Size) -> Weights:
        net: Any = build_backbone(self.spec, channels=channels, size=size)
        net = net.module if isinstance(net, Backbone) else net
        return Weights(self.name, "", net.state_dict())


def read_start(given: str | Path | None, encoder: str, folder: Path) -> Start | None:
    """What a run starts from, as the user typed it.

    Args:
        given: A run or its encoder, a file of weights, ``timm:NAME``, ``torchvision:NAME``,
            either with ``@FILE``; ``FILE#WORD`` takes one of several copies.
        encoder: Backbone spec, which may fetch weights as well.
        folder: Folder of the run, which may hold a checkpoint to resume from.

    Raises:
        InputError: Two sources are given, or there is no such file.
    """
    if given is not None and fetches(encoder):
        raise InputError(
            f"Both --from {given} and the backbone {without_sources(encoder)} name weights to "
            "start from; give one of them."
        )
    if given is None and not fetches(encoder):
        return None
    if given is None and not checkpoint_of(encoder):
        return Start(f"{without_sources(encoder)} pretrained", "", spec=encoder)
    text = checkpoint_of(encoder) if given is None else str(given)
    library = _LIBRARY.fullmatch(text)
    named = f"{library[1]}({library[2]!r})" if library else ""
    if library and not library[3]:
        spec = f"{library[1]}({library[2]!r}, {_PRETRAINED[library[1]]})"
        return Start(f"{named} pretrained", named, spec=spec)
    path, copy = split_copy(Path(library[3] if library else text).expanduser())
    resumed = (folder / "last.pt").exists()
    try:
        file = weights_file(path)
    except InputError:
        if not resumed:
            raise
        return Start(path.name, str(load_state(folder)["run"]["settings"]["encoder"]), path, copy)
    if not named and file.suffix == ".safetensors":
        found = None
        with suppress(InputError):  # weights without the spec of their encoder
            found, _ = load_encoder(file)
        if found is not None:
            check_of_images(found, file)
            named = found.made_of["encoder"]
    return Start(file.name, named, file, copy)


def fitting_backbone(start: Start, encoder: str, *, channels: int, size: int) -> str:
    """The residual network that a file fits best, if the backbone was not chosen.

    Args:
        start: A start from a file.
        encoder: Backbone spec of the method.
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels.

    Returns:
        The spec of that network; ``encoder`` if no other one fits better.
    """
    if start.file is None or not start.file.is_file() or not encoder.startswith("resnet"):
        return encoder
    tensors = start.read().tensors
    texts = [encoder]
    texts += [f"resnet(depth={d}, stem={s!r})" for d, s in product(LAYERS, STEMS)]
    fits = {}
    for text in texts:
        with torch.device("meta"):
            net: Any = build_backbone(text, channels=channels, size=size)
        found = match(net.module, tensors, copy=start.copy)
        fits[text] = (found.share, -len(found.left))  # a deeper network holds a shallower one
    best = max(texts, key=lambda text: fits[text])  # the first of equal ones
    return best if fits[best][0] >= PARTIAL else encoder


def _side(weights: Weights, side: int) -> Weights:
    """The weights of one side, where the file has two encoders."""
    mine = {n: v for n, v in weights.tensors.items() if f"backbones.{side}." in n}
    both = any(f"backbones.{1 - side}." in name for name in weights.tensors)
    return Weights(weights.file, weights.hash, mine, weights.skipped) if mine and both else weights
