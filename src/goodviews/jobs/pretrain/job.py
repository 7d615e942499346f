"""The job ``pretrain``: images, a method and views in; a run folder with an encoder out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import MOST_SEED, InputError, check_whole, refuse_options, unknown
from goodviews.core.files import write_json
from goodviews.core.origin import run_origin
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Data, Groups, Images, Labels, load, splits
from goodviews.data.graphs import is_graph_data
from goodviews.data.size import SizeLike
from goodviews.data.splits import training_images
from goodviews.data.tasks import class_columns
from goodviews.encoders import PairEncoder, save_encoder
from goodviews.encoders.sources import without_sources
from goodviews.evaluation.seen import write_seen
from goodviews.jobs.pretrain.files import ENCODER, doubt_of, is_run, view_of
from goodviews.jobs.pretrain.follower import Follower
from goodviews.jobs.pretrain.graphs import pretrain_graphs
from goodviews.jobs.pretrain.probe import Probe
from goodviews.jobs.pretrain.start import Start, fitting_backbone, read_start
from goodviews.methods import GRAPH_METHODS
from goodviews.methods import method as named
from goodviews.methods.adapt import adapted_settings
from goodviews.methods.fitting import fitting_views
from goodviews.spec.files import keep_beside, pin
from goodviews.training import Settings, change, change_texts, launch, train
from goodviews.training.diagnostics.health import CollapseError, Health
from goodviews.training.diagnostics.monitor import History
from goodviews.training.machine import check_machine, first_process
from goodviews.training.passport import PASSPORT, passport
from goodviews.training.state import PREVIOUS
from goodviews.training.track import check_tracker
from goodviews.views import ViewPair, parse_view

_SMALL = 64
"""Largest side of images for which the default method is ``small``."""


@dataclass(frozen=True)
class Trained:
    """A pretrained encoder and the run that made it.

    Attributes:
        folder: ``encoder.safetensors``, ``log.csv``, ``run.json`` and checkpoints.
        encoders: The encoders of the two views, in evaluation mode.
        settings: As they were used.
        history: Loss and gradient norm of every step.
        health: The monitor's verdict on the run: healthy, or what went wrong.
        rules: One sentence for each rule that set a number.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> small = {"backbone": "convnet(width=2)", "changes": {"head": "projector(dim=4)"}}
        >>> with TemporaryDirectory() as folder:
        ...     trained = pretrain("digits", epochs=1, out=folder, views="noise(std=0.1)", **small)
        >>> trained.file.name, trained.encoders.training, trained.settings.name
        ('encoder.safetensors', False, 'simclr')
    """

    folder: Path
    encoders: PairEncoder
    settings: Settings
    history: History
    health: Health
    rules: list[str]

    @property
    def file(self) -> Path:
        """The encoder on disk."""
        return self.folder / ENCODER


@draws_progress
def pretrain(
    data: Data = None,
    *,
    method: str | Settings | None = None,
    backbone: str | None = None,
    views: str | Path | None = None,
    start: str | Path | None = None,
    out: str | Path | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    changes: Iterable[str] | Mapping[str, Any] = (),
    labels: Labels = None,
    groups: Groups = None,
    task: str | None = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    graphs: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str | None = None,
    precision: str | None = None,
    devices: int = 1,
    nodes: int = 1,
    strategy: str = "auto",
    track: str = "",
    probe_every: int = 0,
    hold_out: bool = False,
    stop_on_collapse: bool = False,
    command: str = "",
    log: Callable[[str], None] | None = None,
    progress: bool | Report | None = None,
) -> Trained:
    """Pretrain an encoder with any method, backbone and views; a stopped run is resumed.

    Args:
        data: Images in any form that :func:`goodviews.load` accepts, or graphs in any form that
            :func:`goodviews.data.graphs.load_graphs` accepts.
        method: Name of a method, such as ``"simclr"`` or, for graphs, ``"grace"``, or settings of
            your own (default: ``"small"`` for images of at most 64 pixels, if neither
            ``backbone`` nor ``start`` is given; otherwise ``"simclr"``; for graphs ``"grace"``,
            or ``"graphcl"`` where labels are of graphs).
        backbone: Spec of the backbone, such as ``"resnet18"`` (default: the method's).
        views: Spec of the two views, or a file that holds one, such as the ``best_view.txt`` of
            a study (default: the method's views).
        start: Weights that the backbone starts from (default: drawn): a run or its encoder, a
            file of any library, ``"timm:NAME"`` or ``"torchvision:NAME"``, either with
            ``@FILE``. ``FILE#student`` takes the copy with this word in its prefix. Without
            ``backbone``, the network is that of the weights, as far as it is known.
        out: Folder of the run (default: ``pretrain-`` and the name of the data).
        epochs: Passes over the images (default: the method's).
        batch: Images per step (default: the method's, fewer for small datasets).
        changes: Other settings to change: ``{"head": "projector(dim=8)"}``, or texts such as
            ``"head=projector(dim=8)"``. Names are those of :class:`goodviews.training.Settings`.
        labels: Labels for the readouts on the way; most methods do not learn from them.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        task: Column of labels for the readouts on the way, from which ``supcon`` and
            ``supervised`` learn (default: the first).
        size: Height and width to resize the images to; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        graphs: For graphs: ``features`` and ``directed`` of
            :func:`goodviews.data.graphs.load_graphs`, ``level`` (``nodes``, ``graphs`` or
            ``links``), ``missing``, the share of training links to remove, and ``neighbours``,
            the most neighbours of a node that are sampled for each layer, such as ``(10, 10)``
            (default: all, of more than 50,000 nodes 10), or ``all``.
        seed: Random seed of the run.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"`` (default: that of the settings).
        precision: ``"32-true"`` or ``"bf16-mixed"`` (default: that of the settings).
        devices: Processes on this machine.
        nodes: Number of machines.
        strategy: ``"auto"`` or ``"ddp"``.
        track: ``"tensorboard"``, ``"wandb"`` or ``"mlflow"``, besides ``log.csv``.
        probe_every: Epochs between two readouts of the labels (default: a tenth of the run).
        hold_out: Whether the images that an evaluation would test are left out.
        stop_on_collapse: Whether the run ends when its monitor reports a collapse.
        command: The original command, for the record.
        log: Called with each line of the log, such as ``print``.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        The encoders, the settings as they were used, what happened, and the folder of it all.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        CollapseError: The run collapsed, and ``stop_on_collapse`` was set.
        Interrupted: The run was asked to stop; the same call resumes it.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> small = {"backbone": "convnet(width=2)", "changes": {"head": "projector(dim=4)"}}
        >>> with TemporaryDirectory() as folder:
        ...     trained = pretrain("digits", epochs=1, out=folder, views="noise(std=0.1)", **small)
        >>> trained.history.steps, trained.health.verdict
        (8, 'healthy')
    """
    asked = _change_texts(device=device, precision=precision) + change_texts(changes)
    asked += _change_texts(encoder=backbone, epochs=epochs, batch=batch)
    check_whole("seed", seed, 0, MOST_SEED)
    if is_graph_data(data):
        refuse_options(
            *("images", "these are graphs"),
            labels=labels,
            groups=groups,
            size=size,
            channels=channels,
            value_range=value_range,
            root=root,
            probe_every=probe_every or None,
            strategy=None if strategy == "auto" else strategy,
            devices=None if devices == 1 else devices,
            nodes=None if nodes == 1 else nodes,
        )
        check_tracker(track)
        folder, result, settings, follower, rules = pretrain_graphs(
            data,
            method=method,
            changes=asked,
            views=views,
            start=start,
            out=out,
            task=task,
            seed=seed,
            graphs=graphs or {},
            track=track,
            hold_out=hold_out,
            stop_on_collapse=stop_on_collapse,
            command=command,
            say=log or _silent,
            progress=progress,
        )
        health = follower.monitor.health
        return Trained(folder, result.encoders, settings, result.history, health, rules)
    refuse_options("graphs", "these are images", **(graphs or {}))
    if method in GRAPH_METHODS:
        raise InputError(f"{method} is for graphs, but these are images; choose simclr, say.")
    spec = view_of(views)
    settings = named(method or "simclr") if isinstance(method, str | None) else method
    typed = [text.partition("=")[0].strip() for text in asked]
    settings = change(settings, asked)
    _check(settings, devices, nodes, strategy, probe_every, track, out)

    images = load(
        data,
        labels=labels,
        groups=groups,
        size=size,
        channels=channels,
        value_range=value_range,
        root=root,
    )
    if method is None and start is None and "encoder" not in typed and _is_small(images):
        settings = change(named("small"), asked)
    if task is not None and task not in class_columns(images):
        raise unknown("task of classes", task, class_columns(images))
    index = splits(images).pretrain if hold_out else training_images(images)
    if spec:
        settings, typed = replace(settings, views=spec), [*typed, "views"]
    if not settings.views:
        raise InputError(f"{settings.name} has no views of its own; name some with --views.")
    settings = replace(settings, views=pin(settings.views))
    folder = Path(out or default_folder("pretrain", images.name))
    settings, begins = _started(settings, start, folder, images, typed)
    settings, rules = adapted_settings(settings, images, len(index), given=typed)
    if "views" not in typed:
        fitting, told = fitting_views(settings.views, images.channels)
        settings, rules = replace(settings, views=fitting), [*rules, told] if told else rules
    pair = parse_view(settings.views)
    pair.check((images.channels, images.height, images.width), images.least_shape)
    with claimed(folder, "pretrain", own=is_run, mine=first_process(), say=log or _silent):
        fabric = launch(settings, devices=devices, nodes=nodes, strategy=strategy)
        zero = fabric.is_global_zero
        if zero:
            keep_beside(settings.views, folder)
        say = log if log and zero else _silent  # one of several processes speaks
        probe, split, note = _probe(images, pair, task)
        say(
            f"{settings.name} on {len(index):,} images of {images.name}, {images.channels} x "
            f"{images.height} x {images.width}: {settings.encoder}, views {settings.views}."
        )
        for sentence in [*rules, doubt_of(views), note]:
            if sentence:
                say(sentence)
        ran = run_origin(command, seeds=[seed], settings=asdict(settings), rules=rules)
        if begins:
            ran["start"], begins.say = begins.name, say
        follower = Follower(
            folder,
            settings,
            fabric=fabric,
            every=probe_every or max(settings.epochs // 10, 1),
            probe=probe if zero else None,
            track=track,
            stop=stop_on_collapse,
            say=say,
            progress=as_report(progress if zero else None),
        )
        try:
            trained = train(
                images,
                index,
                pair,
                settings=settings,
                seed=seed,
                labels=_labels(images, index, settings, task),
                start=begins,
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
        rules.append(trained.rule)
        if not follower.called:
            follower.resume(trained.history)
            say("The run was finished before; its encoder is written again.")
        if zero:
            write_seen(folder, images, index)
            about = passport(
                settings,
                repr(pair),
                images,
                seed=seed,
                split=split,
                count=len(index),
                reading={"channels": channels, "value_range": value_range},
                start=begins.name if begins else None,
            )
            save_encoder(folder / ENCODER, trained.encoders, about=about)
            write_json(folder / PASSPORT, about)
            write_json(folder / "run.json", ran | {"health": follower.verdict})
            (folder / PREVIOUS).unlink(missing_ok=True)  # the run is finished
        health = follower.monitor.health
        return Trained(folder, trained.encoders, settings, trained.history, health, rules)


def _check(
    settings: Settings,
    devices: int,
    nodes: int,
    strategy: str,
    probe_every: int,
    track: str,
    out: str | Path | None,
) -> None:
    """Check what can be checked before images are read."""
    for name, value, least in (
        ("devices", devices, 1), ("nodes", nodes, 1), ("probe_every", probe_every, 0)
    ):  # fmt: skip
        check_whole(name, value, least, 1_000_000)
    check_machine(settings, strategy=strategy)
    check_tracker(track)
    check_owner(Path(out or "."), "pretrain", own=is_run if out else lambda _: True)


def _is_small(images: Images) -> bool:
    """Whether the default is the small encoder of a study."""
    return min(images.height, images.width) <= _SMALL


def _started(
    settings: Settings, given: str | Path | None, folder: Path, images: Images, typed: list[str]
) -> tuple[Settings, Start | None]:
    """What the run starts from, and settings with the backbone of these weights."""
    start = read_start(given, settings.encoder, folder)
    if start is None:
        return settings, None
    encoder = without_sources(settings.encoder)
    if "encoder" not in typed:
        side = min(images.height, images.width)
        encoder = start.encoder or fitting_backbone(
            start, encoder, channels=images.channels, size=side
        )
        typed.append("encoder")  # the weights decide its form, not the size of the images
    return replace(settings, encoder=encoder), start


def _change_texts(**given: Any) -> list[str]:
    """Changes of settings for the values that were given."""
    return change_texts({name: value for name, value in given.items() if value is not None})


def _silent(line: str) -> None:
    """Show nothing."""


def _labels(
    images: Images, index: np.ndarray, settings: Settings, task: str | None
) -> np.ndarray | None:
    """Labels of the task, for methods that learn from them."""
    if not settings.objective.startswith(("supcon", "cross_entropy")):
        return None
    named = class_columns(images)
    if not named:
        raise InputError(f"{settings.name} learns from classes, but {images.name} has none.")
    task = task or named[0]
    found: np.ndarray = images.labels[task][index]
    if (found >= 0).all():
        return found
    whole = [name for name in named if (images.labels[name][index] >= 0).all()]
    other = f"choose a complete column with --task {whole[0]}" if whole else "leave those out"
    raise InputError(
        f"{settings.name} learns from labels, but {int((found < 0).sum())} images have none "
        f"for task {task}; {other}, or choose a method without labels."
    )


def _probe(images: Images, pair: ViewPair, task: str | None) -> tuple[Probe | None, str, str]:
    """The readouts on the way, the hash of their split, and a sentence where there are none."""
    named = class_columns(images)
    if not named:
        return None, "", ""
    try:
        return Probe(images, pair, task or named[0]), splits(images).hash, ""
    except InputError as error:
        return None, "", f"No readouts on the way: {error}"
