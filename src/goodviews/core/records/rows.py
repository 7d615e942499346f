"""Rows of a study: one per view, seed and task.

Everything else is computed from ``rows.csv``. A column that does not apply is empty. Information
is in nats, accuracy is a share of 1.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from goodviews.core.errors import InputError
from goodviews.core.files import read_text, write_text

Measure = Literal["accuracy", "balanced accuracy", "macro AUROC", "R2", "mIoU", "link AUC"]
"""What decides in a task: accuracy, or balanced accuracy where classes are imbalanced; macro AUROC
of several labels; R2 of a number; mIoU of classes of pixels; the area under the ROC curve of links
of a graph."""

ROLES = ("candidate", "twin", "baseline", "screened", "searched")


@dataclass(frozen=True)
class Row:
    """One view (or baseline), one seed, one task.

    Attributes:
        view: The view spec; for a baseline its name.
        seed: Number of the run.
        task: Name of the label column; empty without labels.
        modality: ``image``, or of graphs ``nodes``, ``links`` or ``graphs``.
        role: ``candidate``, ``twin`` (the first candidate again, other initialisation and
            draws), ``baseline``, ``screened`` (a short run that only chooses), or ``searched`` (a
            trial of a search).
        estimate_nats: InfoNCE lower bound on I(v1; v2), held-out pairs; of nodes and links of one
            graph, whose pairs are not independent, an estimate and no bound.
        stderr_nats: Its standard error over pairs; of one graph over blocks of nodes.
        ceiling_nats: log K, the largest value the estimate can take.
        candidates: K.
        at_ceiling: Whether the estimate is within a tenth of its ceiling.
        measure: What decides, one of :data:`Measure`.
        readout_top1: Linear readout accuracy, mean over label draws; of several labels, or of
            pixels, the share that is right.
        readout_spread: Standard deviation of what decides over label draws.
        readout_balanced: Mean over classes of the accuracy within each class.
        readout_f1: F1, averaged over classes and label draws.
        readout_auroc: Area under the ROC curve, averaged over classes or labels, and label draws;
            of links the area against the pairs without a link.
        readout_map: Average precision, averaged over labels and label draws.
        readout_r2: Share of the variance of a number that is predicted.
        readout_miou: Intersection over union of the classes of pixels, averaged over classes.
        usable_nats: H(y) minus cross-entropy of the linear readout; where balanced accuracy
            decides, both as if all classes were equally common; of several labels the mean over
            labels, of pixels over those of an image.
        knn_top1: Nearest-neighbour accuracy, mean over label draws, or what decides in its place.
        view_nats: Lower bound on I(v; y), by a classifier trained on the view, in the row of one
            seed; the smaller of the two when the views differ.
        other_view_nats: The same for the other view, where it has its own spec.
        image_nats: Lower bound on I(x; y) by the same classifier, in the row of raw pixels.
        effective_rank: Exponential of the entropy of the singular values (RankMe).
        alignment: Mean squared distance of positive embeddings.
        uniformity: Log mean Gaussian potential of embedding pairs.
        spectrum_decay: Exponent of the eigenvalues of the representation's covariance (alpha-ReQ;
            close to 1 is best).
        lidar: Effective rank of the linear discriminant matrix of embeddings (LiDAR).
        learnability: How soon nearest neighbours predict the representation's clusters (CLID).
        intrinsic_dimension: Dimension by the two nearest neighbours (TwoNN, the other part of
            CLID).
        rotation_top1: Accuracy of a linear probe of four rotations (SelfAugment).
        clipped_share: Share of values the view pushed out of [0, 1].
        loss_first: Objective in the first epoch, nats.
        loss_last: Objective in the last epoch, nats.
        undertrained: Whether the loss or the held-out bound was still changing at the end.
        collapsed: Whether the representation collapsed to a point or a few directions.
        epochs: Number of passes over the pretraining images.
        steps: Number of optimiser steps.
        seconds: Wall time of the cell, in seconds.
    """

    view: str
    seed: int
    task: str
    modality: str = "image"
    role: str = "candidate"
    estimate_nats: float | None = None
    stderr_nats: float | None = None
    ceiling_nats: float | None = None
    candidates: int | None = None
    at_ceiling: bool | None = None
    measure: Measure = "accuracy"
    readout_top1: float | None = None
    readout_spread: float | None = None
    readout_balanced: float | None = None
    readout_f1: float | None = None
    readout_auroc: float | None = None
    readout_map: float | None = None
    readout_r2: float | None = None
    readout_miou: float | None = None
    usable_nats: float | None = None
    knn_top1: float | None = None
    view_nats: float | None = None
    other_view_nats: float | None = None
    image_nats: float | None = None
    effective_rank: float | None = None
    alignment: float | None = None
    uniformity: float | None = None
    spectrum_decay: float | None = None
    lidar: float | None = None
    learnability: float | None = None
    intrinsic_dimension: float | None = None
    rotation_top1: float | None = None
    clipped_share: float | None = None
    loss_first: float | None = None
    loss_last: float | None = None
    undertrained: bool | None = None
    collapsed: bool | None = None
    epochs: int | None = None
    steps: int | None = None
    seconds: float | None = None

    @property
    def readout(self) -> float | None:
        """The linear readout by what decides."""
        values = (self.readout_top1, self.readout_balanced, self.readout_auroc, self.readout_r2)
        every = (*values, self.readout_miou, self.readout_auroc)
        return every[get_args(Measure).index(self.measure)]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as CSV, whole or not at all."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for row in rows:
        writer.writerow("" if v is None else _text(v) for v in asdict(row).values())
    write_text(path, out.getvalue())


def read_rows(path: Path) -> list[Row]:
    """Read rows back.

    Raises:
        InputError: The file is missing, or has an unknown column or value.
    """
    text = read_text(path)
    if not text.endswith("\n"):
        raise InputError(
            f"{path} is cut short: its last line is not complete. Run the command of the study "
            f"again; it writes the table from the finished runs."
        )
    try:
        return [_row(record, path) for record in csv.DictReader(io.StringIO(text, newline=""))]
    except csv.Error as error:
        raise InputError(f"{path} is not a table of study rows: {error}.") from error


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _row(record: dict[str, str], path: Path) -> Row:
    known = {
        field.name: field.type.__name__ if isinstance(field.type, type) else str(field.type)
        for field in fields(Row)
    }
    odd = [str(name) for name in record if name not in known]
    lost = [name for name in ("view", "seed", "task") if record.get(name) is None]
    if odd or lost:
        raise InputError(
            f"{path} is not a table of study rows: "
            f"{f'it lacks {lost}' if lost else f'its columns {odd} are unknown'}."
        )
    values: dict[str, Any] = {}
    try:
        for name, text in record.items():
            kind = known[name]
            if not text and "None" in kind:
                values[name] = None
            elif kind.startswith("bool"):
                values[name] = {"True": True, "False": False}[text]
            elif kind.startswith("int"):
                values[name] = int(text)
            elif kind.startswith("float"):
                values[name] = float(text)
            else:
                values[name] = text
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path} has {text!r} in the column {name}.") from error
    return Row(**values)
