"""One run of the duality comparison: training, readout, off-diagonals."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.data import Images, splits
from goodviews.encoders import PairEncoder, build_pair
from goodviews.evaluation import knn_votes, linear_logs, represent, settle
from goodviews.information import effective_rank
from goodviews.objectives import dashboard
from goodviews.training import Learner, Settings, train
from goodviews.training.diagnostics import History, measure
from goodviews.views import ViewPair, parse_view

UNTRAINED = "untrained"
"""Name of settings that are not trained."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What all runs share.

    Attributes:
        images: The data.
        pair: The views.
        pretrain: Places of the images to pretrain on.
        fit: Places whose labels the readout is fitted on.
        choose: Places whose labels select settings and penalties.
        test: Places whose labels are used for the reported accuracy.
        labels: Class of each image.
        classes: How many there are.
        every: Steps between two looks at a batch's embeddings.
    """

    images: Images
    pair: ViewPair
    pretrain: np.ndarray
    fit: np.ndarray
    choose: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    classes: int
    every: int

    @classmethod
    def of(cls, images: Images, settings: Settings, *, train: int | None, every: int) -> "Trial":
        """Split the images of a set with labels of its own."""
        parts = splits(images)
        task = next(iter(images.labels))
        fit, choose, test = (part[task] for part in (parts.pool, parts.choose, parts.test))
        if not len(choose):
            fit, choose = np.array_split(
                np.random.default_rng(0).permutation(fit), [-len(fit) // 5]
            )
        own = np.random.default_rng(0).permutation(parts.pretrain)[:train]
        return cls(
            images,
            parse_view(settings.views),
            own if train else parts.pretrain,
            np.setdiff1d(fit, test),
            np.setdiff1d(choose, test),
            test,
            images.labels[task],
            len(images.classes[task]),
            every,
        )


Row = dict[str, Any]


def judged_run(
    trial: Trial, settings: Settings, *, seed: int, report: bool
) -> tuple[Row, list[Row], dict[str, Any]]:
    """Pretrain, fit a readout and measure.

    Args:
        trial: Data, views and splits.
        settings: The method; one named :data:`UNTRAINED` keeps its first weights.
        seed: Number of the run.
        report: Whether accuracy is measured on the test items or on those for selection.

    Returns:
        Its row; loss and root mean square off-diagonals on the way, each of a batch; and the
        dashboard of the embeddings of held-out images, each dimension less its mean: VICReg
        does not see that mean, so without it the methods are compared alike.
    """
    begin, way = time.process_time(), []

    def watch(learner: Learner, history: History) -> None:
        if history.steps == 1 or history.steps % trial.every == 0:
            assert learner.seen is not None
            seen = measure(*learner.seen)
            told = {"gram_rms": seen.gram, "correlation_rms": seen.correlation, "rank": seen.rank}
            way.append({"step": history.steps, "loss": history.losses[-1], **told})

    losses: list[float] = []
    if settings.name == UNTRAINED:
        encoders = _untrained(trial, settings, seed)
    else:
        trained = train(
            trial.images, trial.pretrain, trial.pair, settings=settings, seed=seed, watch=watch
        )
        encoders, losses = trained.encoders, trained.history.losses
    seconds = time.process_time() - begin
    tested = trial.test if report else trial.choose
    read = partial(_read, trial, encoders)
    fitted, x = read(trial.fit), read(tested)
    y, truth = trial.labels[trial.fit], trial.labels[tested]
    more: dict[str, Any] = {"classes": trial.classes}
    logs, penalty = linear_logs(fitted, y, np.arange(len(y)), x, **more)
    right = logs.argmax(axis=1) == truth
    near = knn_votes(fitted, torch.from_numpy(y), x, neighbours=min(20, len(y)), **more)
    embedded = _embed(trial, encoders, trial.test, seed)
    board = dashboard(_centred(embedded))
    row = {
        "objective": settings.objective,
        "head": settings.head,
        "seed": seed,
        "epochs": settings.epochs,
        "linear_top1": float(right.mean()),
        "knn_top1": float((near.argmax(dim=1).numpy() == truth).mean()),
        "penalty": penalty,
        "loss": float(np.mean(losses[-10:])) if losses else None,
        **_diagonals(board, "centred"),
        **_diagonals(dashboard(embedded), "embedding"),
        **_diagonals(dashboard(_centred(read(trial.test))), "representation"),
        "expected_std": board["expected_std"],
        "embedding_rank": board["effective_rank"],
        "representation_rank": effective_rank(x),
        "sample_ratio": board["sample_ratio"],
        "dimension_ratio": board["dimension_ratio"],
        "seconds": seconds,
        "items": len(tested),
        "right": np.packbits(right).tobytes().hex(),
    }
    return row, way, board


def _untrained(trial: Trial, settings: Settings, seed: int) -> PairEncoder:
    """Weights as a run begins with, and BatchNorm's statistics of some images."""
    some = trial.images.batch(trial.pretrain[:1024])
    encoders = build_pair(settings.encoder, some, some, shared=True, head=settings.head, seed=seed)
    settle(encoders, lambda x: encoders.embed(0, x), some)
    return encoders.eval()


def _diagonals(board: dict[str, Any], what: str) -> Row:
    """Mean and standard deviation of the cosines off both diagonals."""
    return {
        f"{what}_{name}_{part}": board[f"{side}_cosines"][part]
        for name, side in (("gram", "sample"), ("covariance", "dimension"))
        for part in ("mean", "std")
    }


def _read(trial: Trial, encoders: PairEncoder, places: np.ndarray) -> Tensor:
    return represent(trial.images, places, lambda x, _: encoders.represent(x))


def _embed(trial: Trial, encoders: PairEncoder, places: np.ndarray, seed: int) -> Tensor:
    """Embeddings of one view of some images."""

    def one(x: Tensor, samples: Tensor) -> Tensor:
        return encoders.embed(0, trial.pair.view(0, x, seed=seed, samples=samples, epoch=-1))

    return represent(trial.images, places, one)


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(dim=0)
