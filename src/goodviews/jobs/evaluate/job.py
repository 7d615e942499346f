"""The job ``evaluate``: an encoder and labelled images in; scores and a leakage matrix out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import MOST_SEED, InputError, check_whole, refuse_options, unknown
from goodviews.core.extras import need
from goodviews.core.origin import run_origin
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Data, Groups, Labels, splits
from goodviews.data.columns import Columns
from goodviews.data.size import SizeLike
from goodviews.data.tasks import with_task
from goodviews.evaluation.budgets import check_budgets
from goodviews.evaluation.openers import load_like, open_encoder
from goodviews.evaluation.plane import PLANES
from goodviews.evaluation.protocols import Score
from goodviews.jobs.evaluate.atlas import atlas
from goodviews.jobs.evaluate.files import check_same, is_evaluation, write
from goodviews.jobs.evaluate.finetune import FINETUNE
from goodviews.jobs.evaluate.graph_encoders import takes_graphs
from goodviews.jobs.evaluate.graphs import evaluate_graphs
from goodviews.jobs.evaluate.leakage import Board, measure_leakage, read_asked
from goodviews.jobs.evaluate.links import LinkEvaluation
from goodviews.jobs.evaluate.readouts import DEFAULT, Protocols, check_protocols, readouts
from goodviews.jobs.evaluate.represented import represent_all
from goodviews.jobs.evaluate.table import summary_lines
from goodviews.training import change, change_texts
from goodviews.training.machine import check_device


@dataclass(frozen=True)
class Evaluation:
    """What an encoder's representation is worth, beside its baselines.

    Attributes:
        folder: ``rows.csv``, ``run.json``, the page and, with factors, the page and tables of
            leakage.
        scores: One for each representation, task and protocol, and paired differences of the
            encoder and its baselines.
        leakage: Which factors the encoder keeps, where factors were given.
        notes: Whether the encoder was trained on images that are tested, and which share of its
            weights was loaded.
        files: The page, that of leakage and the rows; ``rows.csv`` is the last.
        links: Predictors of links beside their controls, where links were evaluated.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.data import load
        >>> images = load("digits")
        >>> with TemporaryDirectory() as folder:
        ...     found = evaluate("pixels", images, protocols=["knn"], seeds=0, out=folder)
        >>> [(score.protocol, round(score.top1, 2)) for score in found.scores]
        [('knn', 0.91)]
        >>> [file.name for file in found.files]
        ['index.html', 'rows.csv']
    """

    folder: Path
    scores: list[Score]
    leakage: Board | None
    notes: list[str]
    files: list[Path]
    links: LinkEvaluation | None = None

    def __str__(self) -> str:
        if self.links is not None:
            return str(self.links)
        return "\n".join(summary_lines(self.scores, self.leakage, self.notes, self.files))


@draws_progress
def evaluate(
    encoder: Any,
    data: Data = None,
    *,
    labels: Labels = None,
    groups: Groups = None,
    columns: Columns = (),
    task: str | None = None,
    leakage: str | Path | None = None,
    view: str | None = None,
    protocols: Sequence[str] = (),
    budgets: Sequence[str] = (),
    neighbours: int = 200,
    temperature: float = 0.1,
    bf16: bool = False,
    draws: int = 5,
    runs: int = 3,
    changes: Iterable[str] | Mapping[str, Any] = (),
    seed: int = 0,
    seeds: int = 3,
    map_by: str = "pca",
    out: str | Path | None = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    graphs: Mapping[str, Any] | None = None,
    device: str = "auto",
    command: str = "",
    progress: bool | Report | None = None,
) -> Evaluation:
    """Evaluate an encoder with readouts, beside raw pixels and encoders with random weights.

    Args:
        encoder: An array (N, F) or its file, ``"timm:NAME"``, ``"torchvision:NAME"``, the folder
            of a pretraining run or what :func:`goodviews.pretrain` returned, the spec of a
            backbone, ``"pixels"``, or a module from pixels (B, C, H, W) in [0, 1] to (B, F); see
            :func:`goodviews.evaluation.openers.open_encoder`.
        data: Images in any form that :func:`goodviews.load` accepts, or graphs in any form that
            :func:`goodviews.data.graphs.load_graphs` accepts (default for the run of an encoder of
            graphs: its own).
        labels: CSV of labels, or labels in any form that :func:`goodviews.load` accepts.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        columns: How columns of labels are read where the guess is wrong, such as
            ``{"age": "number"}``; as in :func:`goodviews.load`.
        task: Column of labels to use (default: all).
        leakage: CSV of factors: which of them does the encoder keep?
        view: Spec of a view: does the encoder keep what it draws?
        protocols: ``linear``, ``knn``, ``few``, ``geometry``; ``finetune`` and ``finetune-few``
            train the encoder; ``infomin``, ``cmc`` and ``moco`` are the schedules of those papers
            (default: the first four).
        budgets: Labels of ``few`` and ``finetune-few``: a share such as ``"1%"``, or a number
            per class (default: those of 1%, 10% and 10 that fit).
        neighbours: Number of nearest neighbours.
        temperature: Temperature of the votes of the neighbours.
        bf16: Whether the neighbours' cosines are computed in bfloat16.
        draws: Draws of few labels.
        runs: Trainings of ``finetune``; encoders with random weights get one.
        changes: Settings of fine-tuning to change: ``{"epochs": 50}``, or texts.
        seed: Random seed of the split and of the label draws.
        seeds: How many encoders with random weights to compare with.
        map_by: How the page draws the images on a plane: ``pca``, or ``umap`` with the extra
            ``map``.
        out: Folder for the page and the tables (default: ``evaluate-``, the encoder and the
            data).
        size: Height and width to resize the images to; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        graphs: For graphs: ``features`` and ``directed`` of
            :func:`goodviews.data.graphs.load_graphs`, ``level`` (``nodes``, ``graphs`` or
            ``links``), ``split`` (``public``, ``masks``, ``10/90`` or ``10/10/80``) and
            ``splits``, the number of random ones; for links ``negatives`` (``uniform``,
            ``degree``, ``hard``), ``decoder`` (``cosine``, ``dot``, ``logistic``) and ``count``,
            the number of negatives of each link.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or another that torch knows.
        command: The original command, for the record.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        The scores, what leaks, and the files; printed, a small table.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        Interrupted: A fine-tuning was asked to stop; the same call resumes it.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.data import load
        >>> images = load("digits")
        >>> features = np.eye(10)[images.labels["label"]]
        >>> with TemporaryDirectory() as folder:
        ...     found = evaluate(features, images, protocols=["knn"], seeds=0, out=folder)
        >>> [(score.encoder, round(score.top1, 2)) for score in found.scores[:2]]
        [('array', 1.0), ('raw pixels', 0.91)]
    """
    check_whole("seed", seed, 0, MOST_SEED)
    if takes_graphs(encoder, data):
        refuse_options(
            *("images", "these are graphs"),
            labels=labels,
            groups=groups,
            leakage=leakage,
            view=view,
            protocols=protocols or None,
            budgets=budgets or None,
            changes=changes or None,
            size=size,
            channels=channels,
            value_range=value_range,
            root=root,
        )
        folder, scores, notes, files, about_links = evaluate_graphs(
            encoder,
            data,
            task=task,
            graphs=graphs or {},
            seed=seed,
            seeds=seeds,
            out=out,
            command=command,
            progress=as_report(progress),
        )
        return Evaluation(folder, scores, None, notes, files, about_links)
    refuse_options("graphs", "these are images", **(graphs or {}))
    kinds, changed = protocols or DEFAULT, change_texts(changes)
    check_protocols(kinds, changed, temperature)
    check_budgets(budgets)
    if map_by not in PLANES:
        raise unknown("map", map_by, PLANES)
    if map_by == "umap":
        need("umap", "map")
    for name, value, least, most in (
        ("neighbours", neighbours, 1, 10**9), ("draws", draws, 2, 10_000),
        ("runs", runs, 1, 10_000), ("seeds", seeds, 0, 10_000),
    ):  # fmt: skip
        check_whole(name, value, least, most)
    check_device(device)
    check_owner(Path(out or "."), "evaluate", own=is_evaluation if out else lambda _: True)
    found_gpu = "cuda" if torch.cuda.is_available() else "cpu"
    where = torch.device(found_gpu if device == "auto" else device)
    tuning = change(FINETUNE, [f"device={where.type}", *changed])
    images = load_like(
        encoder,
        data,
        labels=labels,
        groups=groups,
        columns=columns,
        size=size,
        channels=channels,
        value_range=value_range,
        root=root,
    )
    images, tasks = with_task(images, task)
    asked = read_asked(images, table=leakage, view=view, seed=seed)
    opened = partial(
        open_encoder,
        channels=images.channels,
        size=(images.height, images.width),
        count=len(images),
        device=where,
    )
    one = opened(encoder)
    if view is not None and not one.takes_images:
        raise InputError("--view needs an encoder of images, but an array was given.")
    folder = Path(out) if out is not None else _default(one.name, images.name)
    chosen = Protocols(
        kinds=kinds,
        budgets=budgets,
        draws=draws,
        runs=runs,
        neighbours=neighbours,
        temperature=temperature,
        bf16=bf16,
        tuning=tuning,
        fixed=[text.partition("=")[0] for text in changed],
        folder=folder,
    )
    if one.module is None and chosen.tunes:
        raise InputError(
            f"finetune trains the encoder itself, but {encoder} has no weights: name the folder "
            f"of a pretraining run, timm:NAME or torchvision:NAME."
        )
    drawn = one.trained is False and one.module is not None
    run = run_origin(command, seeds=[seed])
    report = as_report(progress)
    with claimed(folder, "evaluate", own=is_evaluation, say=report.note):
        check_same(folder, one.name, images.hash, run["command"])
        found = represent_all(
            images,
            one,
            lambda text, number: opened(text, seed=number),
            blank=one.blank or (encoder if drawn else "convnet(width=16)"),
            seeds=seeds,
            tasks=tasks,
            splits=splits(images, seed=seed),
            seed=seed,
            device=where,
            progress=report,
        )
        scores = readouts(found, chosen, report)
        board = measure_leakage(found, asked, run, report) if asked else None
        content = atlas(found, scores, run, by=map_by)
        files = write(folder, found, scores, board, run, tuning if chosen.tunes else None, content)
        notes = [one.loaded, *found.notes] if one.loaded else found.notes
        return Evaluation(folder, scores, board, notes, files)


def _default(encoder: str, data: str) -> Path:
    """The folder of an evaluation, named after the encoder and the data."""
    ends = encoder.lower().endswith(data.lower())
    return default_folder("evaluate", encoder, None if ends else data)
