"""The rival of pretraining without labels: the same network, pretrained on the labels of images.

It is trained for as long as the encoder that is asked about: as many images are shown, with the
same batch, optimiser and schedule, at the same size. So the two differ in what they learn from.
"""

import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.cells import hashed
from goodviews.core.errors import InputError
from goodviews.core.files import write_json
from goodviews.core.progress import Reporter
from goodviews.data import Images, load
from goodviews.data.splits import training_images
from goodviews.data.tasks import class_columns
from goodviews.encoders import load_encoder, save_encoder
from goodviews.evaluation.encoders import Encoder
from goodviews.methods import method
from goodviews.training import Settings, train
from goodviews.training.passport import PASSPORT, passport
from goodviews.views import parse_view

SUPERVISED = "supervised"
USUAL = "imagenette96"
"""Set of images whose labels are learned where none is named, in ``GOODVIEWS_DATA``."""
_ENCODER = "encoder.safetensors"


@dataclass(frozen=True)
class Supervised:
    """Pretraining on labels that is still to be done, or is done in :attr:`folder`.

    Attributes:
        data: Images with classes, as :func:`goodviews.load` takes them.
        settings: How the network is trained.
        shown: Number of images that are shown to it.
        size: Height and width of the images.
        seed: Random seed.
        folder: Where its encoder is.
    """

    data: str
    settings: Settings
    shown: int
    size: tuple[int, int]
    seed: int
    folder: Path = Path()

    @property
    def name(self) -> str:
        """Name in tables."""
        return f"supervised on {Path(self.data).name}"


def is_supervised(given: Any) -> bool:
    """Whether an arm is ``supervised`` or ``supervised:DATA``."""
    return isinstance(given, str) and given.partition(":")[0] == SUPERVISED


def read_supervised(given: str, encoder: Any, opened: Encoder) -> Supervised:
    """What ``supervised`` or ``supervised:DATA`` stands for, beside an encoder.

    Args:
        given: The text.
        encoder: What was given as the encoder that is asked about.
        opened: The same, opened.

    Raises:
        InputError: The length of the encoder's pretraining is not known, or there is no such data.
    """
    about = _passport(encoder)
    if not about or opened.blank is None:
        raise InputError(
            f"supervised is trained for as long as the encoder was, which is known of a folder of "
            f"goodviews pretrain only, but the encoder is {opened.name}. Use --against with a "
            f"folder of goodviews pretrain DATA --recipe supervised, or with weights such as "
            f"torchvision:resnet18."
        )
    known = {field.name for field in fields(Settings)}
    ran = Settings(**{name: one for name, one in about["settings"].items() if name in known})
    settings = replace(
        method(SUPERVISED),
        encoder=opened.blank,
        optimiser=ran.optimiser,
        schedule=ran.schedule,
        batch=ran.batch,
        precision=ran.precision,
        device=ran.device,
    )
    height, width = about["size"]
    shown = ran.epochs * int(about["data"]["count"])
    data = _found(given.partition(":")[2].strip())
    return Supervised(data, settings, shown, (height, width), int(about["seed"]))


def pretrain_supervised(asked: Supervised, home: Path, report: Reporter) -> Supervised:
    """Pretrain on the labels, unless that is done; a stopped run resumes.

    Args:
        asked: What to train.
        home: Folder of the transfer, in which the encoder gets one of its own.
        report: Receives the progress.

    Raises:
        InputError: The data have no complete classes, or cannot be read.
    """
    images = load(asked.data, size=asked.size)
    column = _classes(images)
    index = training_images(images)
    if asked.shown < len(index):  # less than one pass over them
        rng = np.random.default_rng(asked.seed)
        index = np.sort(rng.permutation(index)[: max(asked.shown, 64)])
    settings = replace(
        asked.settings,
        epochs=max(round(asked.shown / len(index)), 1),
        batch=min(asked.settings.batch, len(index)),
    )
    told = {**asdict(settings), "device": ""}
    folder = home / f"supervised-{hashed(images.hash, told, asked.seed, len(index))}"
    done = replace(asked, folder=folder, settings=settings)
    if (folder / _ENCODER).is_file():
        return done
    folder.mkdir(parents=True, exist_ok=True)
    passes = 0

    def passed() -> None:
        nonlocal passes
        passes += 1
        report(f"epochs on the labels of {images.name}", passes, settings.epochs)

    pair = parse_view(settings.views)
    made = train(
        images,
        index,
        pair,
        settings=settings,
        seed=asked.seed,
        labels=images.labels[column][index],
        folder=folder,
        tick=passed,
    )
    about = passport(
        settings, repr(pair), images, seed=asked.seed, split="", count=len(index), reading={}
    )
    save_encoder(folder / _ENCODER, made.encoders, about=about)
    write_json(folder / PASSPORT, about)
    return done


def _passport(encoder: Any) -> dict[str, Any]:
    """Passport of a goodviews encoder; empty for other encoders."""
    given = getattr(encoder, "folder", encoder)
    if not isinstance(given, str | Path) or not Path(given).exists():
        return {}
    about = load_encoder(Path(given))[1]
    whole = {"settings", "size", "data", "seed"} <= about.keys()
    return about if whole else {}


def _found(name: str) -> str:
    """Path of the dataset: in ``GOODVIEWS_DATA`` if it is there, otherwise the argument itself."""
    wanted = name or USUAL
    home = os.environ.get("GOODVIEWS_DATA", "")
    inside = Path(home) / wanted
    if home and inside.exists():
        return str(inside)
    if name:
        return name
    raise InputError(
        f"supervised needs images with classes, and there is no {USUAL} in GOODVIEWS_DATA; name "
        f"them, such as --against supervised:FOLDER, where each class has a folder."
    )


def _classes(images: Images) -> str:
    """The first column with a class for each image."""
    for column in class_columns(images):
        if bool((images.labels[column] >= 0).all()):
            return column
    raise InputError(
        f"supervised needs a class for each image, but {images.name} has none; name other data, "
        f"such as --against supervised:FOLDER, where each class has a folder."
    )
