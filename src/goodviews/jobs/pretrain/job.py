"""Pretraining for real: data, a method and views in; a run folder with an encoder out."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.files import check_folder, write_json
from goodviews.core.origin import origin
from goodviews.data import Images, load, splits
from goodviews.encoders import PairEncoder, save_encoder
from goodviews.evaluation.seen_file import write_seen
from goodviews.jobs.pretrain.follower import Follower
from goodviews.jobs.pretrain.probe import Probe
from goodviews.methods import method as named
from goodviews.methods.fitting import fitted
from goodviews.spec.files import keep_beside, pin
from goodviews.training import Settings, change, launch, train
from goodviews.training.diagnostics.health import CollapseError
from goodviews.training.state import LAST, PREVIOUS
from goodviews.views import ViewPair, parse_view


@dataclass(frozen=True)
class Run:
    """What a pretraining run left.

    Attributes:
        folder: ``encoder.safetensors``, ``log.csv``, ``run.json`` and checkpoints.
        encoders: In evaluation mode.
        settings: As they were used.
        said: One sentence for each rule that set a number.
    """

    folder: Path
    encoders: PairEncoder
    settings: Settings
    said: list[str]


def pretraining(
    data: str | Path | Images | None,
    *,
    method: str | Settings = "simclr",
    out: str | Path,
    views: str | None = None,
    changes: Iterable[str] = (),
    labels: Path | None = None,
    size: int | None = None,
    root: Path | None = None,
    seed: int = 0,
    devices: int = 1,
    nodes: int = 1,
    strategy: str = "auto",
    track: str = "",
    probe_every: int = 0,
    hold_out: bool = False,
    stop_on_collapse: bool = False,
    command: str = "",
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Run:
    """Pretrain with a method on images; a run that was stopped goes on.

    Args:
        data: A folder, an array file, a known name, or images that are loaded already.
        method: Name of a method, or settings of one's own.
        out: The run folder.
        views: Spec of the two views, instead of the method's.
        changes: Fields to change, such as ``batch=64``.
        labels: A CSV of labels for the probe; training does not need them.
        size: Side of the images in pixels.
        root: Where torchvision's sets lie.
        seed: Number of the run.
        devices: Processes on this machine.
        nodes: Machines.
        strategy: ``auto``, ``ddp`` or ``fsdp``.
        track: ``tensorboard``, ``wandb`` or ``mlflow``, besides ``log.csv``.
        probe_every: Epochs between two looks with nearest neighbours and a linear readout;
            a tenth of the run by default.
        hold_out: Whether images that an evaluation of this set tests are left out.
        stop_on_collapse: Whether the run ends when its monitor says that it collapsed.
        command: What was typed, for the record.
        say: Takes sentences to show.
        progress: Called with a stage, what is done and what there is.

    Returns:
        The encoders and where they lie.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        CollapseError: The run collapsed, and was told to stop then.
    """
    changes = list(changes)
    settings = named(method) if isinstance(method, str) else method
    images = data if isinstance(data, Images) else load(data, labels=labels, size=size, root=root)
    index = splits(images).pretrain if hold_out else np.flatnonzero(images.part == 0)
    typed = [text.partition("=")[0].strip() for text in changes]
    settings = change(settings, changes)
    if views:
        settings, typed = replace(settings, views=views), [*typed, "views"]
    if not settings.views:
        raise InputError(f"{settings.name} has no views of its own; name some with --views.")
    settings = replace(settings, views=pin(settings.views))
    settings, said = fitted(settings, images, len(index), given=typed)
    pair = parse_view(settings.views)
    pair.check((images.channels, images.height, images.width))
    folder = _folder(Path(out))
    fabric = launch(settings, devices=devices, nodes=nodes, strategy=strategy)
    zero = fabric.is_global_zero
    if not zero:  # one of several processes speaks
        say, progress = (lambda _: None), None
    if zero:
        keep_beside(settings.views, folder)
    every = probe_every or max(settings.epochs // 10, 1)
    probe, split, note = _probe(images, pair)
    say(
        f"{settings.name} on {len(index):,} images of {images.name}, {images.channels} x "
        f"{images.height} x {images.width}: {settings.encoder}, views {settings.views}."
    )
    for sentence in [*said, note]:
        if sentence:
            say(sentence)
    follower = Follower(
        folder,
        settings,
        fabric=fabric,
        every=every,
        probe=probe if zero else None,
        track=track,
        stop=stop_on_collapse,
        say=say,
        progress=progress,
    )
    ran = origin(command, seeds=[seed], settings=asdict(settings), rules=said)
    try:
        trained = train(
            images,
            index,
            pair,
            settings=settings,
            seed=seed,
            labels=_labels(images, index, settings),
            folder=folder,
            watch=follower,
            fabric=fabric,
        )
    except CollapseError:
        if zero:
            write_json(folder / "run.json", ran | {"health": follower.verdict})
        raise
    finally:
        follower.close()
    said.append(trained.rule)
    if not follower.called:
        say("The run was finished before; its encoder is written again.")
    if zero:
        write_seen(folder, images, index)
        about = _passport(settings, repr(pair), images, seed, split, len(index))
        save_encoder(folder / "encoder.safetensors", trained.encoders, about=about)
        write_json(folder / "passport.json", about)
        write_json(folder / "run.json", ran | {"health": follower.verdict})
    return Run(folder, trained.encoders, settings, said)


def _labels(images: Images, index: np.ndarray, settings: Settings) -> np.ndarray | None:
    """Labels of the first task, for methods that learn from them."""
    if not settings.objective.startswith(("supcon", "cross_entropy")):
        return None
    for task in images.labels:
        found = images.labels[task][index]
        if (found >= 0).all():
            return found
        raise InputError(
            f"{settings.name} learns from labels, but {int((found < 0).sum())} images have none "
            f"for task {task}; leave those out, or choose a method without labels."
        )
    raise InputError(f"{settings.name} learns from labels, but {images.name} has none.")


def _folder(out: Path) -> Path:
    """The run folder: a new one, an empty one, or that of a run.

    Raises:
        InputError: It holds something else, which a run might write over.
    """
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    check_folder(out)
    if there & {LAST, PREVIOUS} or not there & {"run.json", "rows.csv", "encoder.safetensors"}:
        return out
    raise InputError(
        f"{out} holds results, but no checkpoint of a pretraining run to go on with; choose "
        f"another --out."
    )


def _probe(images: Images, pair: ViewPair) -> tuple[Probe | None, str, str]:
    """What reads out on the way, the hash of its split, and a sentence where there is none."""
    if not images.labels:
        return None, "", ""
    try:
        return Probe(images, pair), splits(images).hash, ""
    except InputError as error:
        return None, "", f"No readouts on the way: {error}"


def _passport(
    settings: Settings, spelt: str, images: Images, seed: int, split: str, count: int
) -> dict[str, Any]:
    """What goes with the weights, wherever they go."""
    return {
        "views": settings.views,
        "views_spelt": spelt,
        "method": settings.name,
        "source": settings.source,
        "settings": asdict(settings),
        "data": {"name": images.name, "hash": images.hash, "split": split, "count": count},
        "channels": images.channels,
        "size": [images.height, images.width],
        "seed": seed,
        "versions": origin("")["versions"],
        "measured_invariances": None,
    }
