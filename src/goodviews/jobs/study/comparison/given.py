"""Weights that the user gives: as they are, and as a start for pretraining with the best view."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from goodviews.core.cells import hashed
from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.core.progress import Reporter
from goodviews.data import Images
from goodviews.encoders import Backbone, PairEncoder
from goodviews.encoders.storage import encoder_bytes
from goodviews.evaluation.openers import open_encoder
from goodviews.jobs.study.cells import cell_passport
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.training import train
from goodviews.views import parse_view

LIBRARIES = ("timm", "torchvision")
START = "start "
"""Before the name of weights from which the best view was pretrained."""
_OFFERED = 5


def check_given(against: Sequence[str], images: Images, report: Reporter) -> None:
    """Open the weights once, before anything is trained.

    Args:
        against: Names such as ``timm:resnet18`` or ``timm:resnet18@FILE``.
        images: What they are to read.
        report: Receives a note on weights that are downloaded.

    Raises:
        InputError: One is not such a name, cannot be read, or cannot take the images.
    """
    if len(set(against)) != len(against):
        raise InputError("--against names the same weights twice; remove one.")
    for text in against:
        library, _, name = text.partition(":")
        if library not in LIBRARIES or not name or name.endswith("@random"):
            raise InputError(
                f"--against takes weights such as timm:resnet18 or timm:resnet18@FILE, but got "
                f"{text!r}."
            )
        if library == "timm" and "@" not in name and text not in cached_weights():
            report.note(f"The weights of {text} are not in timm's cache: they are downloaded.")
        size = (images.height, images.width)
        open_encoder(text, channels=images.channels, size=size, count=len(images))


def cached_weights() -> list[str]:
    """Names of timm's models whose weights are in the cache of Hugging Face.

    Returns:
        Names that ``--against`` takes, sorted.
    """
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    files = ("model.safetensors", "pytorch_model.bin")
    return sorted(
        f"timm:{folder.name.removeprefix('models--timm--')}"
        for folder in hub.glob("models--timm--*")
        if any(next(folder.glob(f"snapshots/*/{file}"), None) for file in files)
    )


def offer() -> str:
    """One line on weights in the cache that could be compared; empty where there are none."""
    found = cached_weights()
    if not found:
        return ""
    named = ", ".join(found[:_OFFERED]) + (", ..." if len(found) > _OFFERED else "")
    return f"Pretrained weights in timm's cache: {named}. --against {found[0]} compares them."


def short_name(text: str) -> str:
    """Weights without the folder of their file.

    Example:
        >>> short_name("timm:resnet18@~/weights/w.pth"), short_name("timm:resnet18")
        ('timm:resnet18@w.pth', 'timm:resnet18')
    """
    head, at, file = text.partition("@")
    return f"{head}{at}{Path(file).name}"


def weights_file(text: str) -> Path | None:
    """The file of weights such as ``timm:resnet18@FILE``; nothing where none is named.

    Example:
        >>> weights_file("timm:resnet18@w.pth"), weights_file("timm:resnet18")
        (PosixPath('w.pth'), None)
    """
    file = text.partition("@")[2]
    return Path(file).expanduser() if file and file != "random" else None


def start_file(folder: Path, plan: Plan, text: str, view: str, seed: int) -> Path:
    """Where an encoder that was pretrained from given weights is kept."""
    return folder / f"start-{hashed(plan.fingerprint, short_name(text), view, seed)}.safetensors"


def pretrain_from(plan: Plan, text: str, view: str, seed: int, file: Path) -> None:
    """Pretrain with a view as the study does, from given weights, and keep the encoder.

    Args:
        plan: The study.
        text: Weights such as ``timm:resnet18@FILE``.
        view: Spec of the view.
        seed: Seed of the run.
        file: Where the encoder goes.

    Raises:
        InputError: The view makes images that the network cannot take, or the loss is not finite.
    """
    library, name = text.partition("@")[0].split(":")
    # In bfloat16 the first gradient of a small ResNet was not finite for 3 of 6 sets of weights.
    settings = replace(plan.settings, encoder=f"{library}({name!r})", precision="32-true")
    images, pair = plan.images, parse_view(view)
    made = train(
        images, plan.splits.pretrain, pair, settings=settings, seed=seed, start=_Start(text)
    )
    about = cell_passport(replace(plan, settings=settings), Cell("candidate", view, seed))
    write_bytes(file, encoder_bytes(made.encoders, about=about))


@dataclass
class _Start:
    """Loads given weights into new encoders."""

    name: str

    @property
    def identity(self) -> str:
        return short_name(self.name)

    def __call__(self, encoders: PairEncoder) -> None:
        for number, backbone in enumerate(encoders.backbones):
            channels, size = (encoders.made_of[key][number] for key in ("channels", "sizes"))
            opened: Any = open_encoder(self.name, channels=channels, size=size, count=1)
            whole: Any = backbone  # normalisation, then the network
            net = whole[1].module if isinstance(whole[1], Backbone) else whole[1]
            net.load_state_dict(opened.module.model.state_dict())
