"""Fits of dense heads: pixels and depth.

Letters: N images, T tested images, K classes, M sums of an image.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.data.targets.scenes import Scenes
from goodviews.encoders.maps import Maps
from goodviews.evaluation.pixels import class_counts, depth_errors, depth_sums, mean_iou
from goodviews.jobs.transfer.drawing import map_picture
from goodviews.jobs.transfer.plan import SHOWN, Fit, Parts, labelled, read_pixels, read_truth
from goodviews.training.dense import RATES, Dense, Levels, Readable, at_size, fit_best, read_maps

MOST_STORED = 1 << 30
"""Bytes of labels that are kept in memory."""


@dataclass(eq=False)
class DenseTask:
    """What dense heads are fitted to, and how they are scored.

    Attributes:
        scenes: Images and maps.
        parts: Their roles.
        settings: Settings of the training.
        shape: Height and width of the images.
        device: Where it computes.
    """

    scenes: Scenes
    parts: Parts
    settings: Dense
    shape: tuple[int, int]
    device: torch.device
    images: dict[str, Tensor] = field(default_factory=dict)
    truth: Tensor | None = None
    stored: dict[int, np.ndarray] = field(default_factory=dict)

    normalisation = "batch-norm statistics measured on training images"
    rates = RATES
    metric = property(lambda self: "miou" if self.settings.kind == "pixels" else "abs_rel")
    higher_is_better = property(lambda self: self.settings.kind == "pixels")

    def __post_init__(self) -> None:
        for name in ("train", "choose", "test"):
            places = getattr(self.parts, name)
            self.images[name] = read_pixels(self.scenes, places, self.shape).to(self.device)
        self.truth = read_truth(self.scenes, self.parts.train, self.shape).to(self.device)

    def applied(self, how: str, drawn: bool) -> str:  # noqa: ARG002 - of all tasks
        """What is frozen: what was asked for, of any weights."""
        return how

    def looks(self, tried: int) -> int:  # noqa: ARG002 - of all tasks
        """Scoring a linear head takes no time worth counting."""
        return 0

    def prepare(self, maps: Maps) -> "Prepared":
        """An encoder whose maps are computed when they are first needed."""
        return Prepared(self, Readable(maps, self.images["train"]).to(self.device))

    def numbers(self, cell: dict[str, Any]) -> dict[str, float]:
        """The scores of a fit."""
        return self._of_sums(cell["sums"].sum(axis=0))

    def described(self, cell: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - of all tasks
        """No further columns."""
        return {}

    def truth_picture(self, row: int) -> np.ndarray:
        """The labels of a tested image in colours, or its depth in grey."""
        (truth,) = read_truth(self.scenes, self.parts.test[row : row + 1], self.shape).numpy()
        return map_picture(truth, self._deepest(truth))

    def predicted_picture(self, row: int, cell: dict[str, Any]) -> np.ndarray:
        """What was predicted of a tested image, in the same colours."""
        (truth,) = read_truth(self.scenes, self.parts.test[row : row + 1], self.shape).numpy()
        return map_picture(np.asarray(cell["shown"][row]), self._deepest(truth))

    def _deepest(self, truth: np.ndarray) -> float:
        return float(truth.max()) if self.settings.kind == "depth" else 0.0

    def _of_sums(self, sums: np.ndarray) -> dict[str, float]:
        """The scores of sums (M,) over images."""
        if self.settings.kind == "depth":
            return depth_errors(sums)
        return {"miou": mean_iou(sums.reshape(self.settings.outputs, -1))}

    def score(self, cell: dict[str, Any], weights: np.ndarray | None = None) -> float:
        """The score of a fit, each tested image counted once or as often as ``weights`` (T,)."""
        sums = cell["sums"]
        total = sums.sum(axis=0) if weights is None else weights @ sums
        return self._of_sums(total)[self.metric]

    def labels(self, place: int) -> np.ndarray:
        """Labels (H, W) of a tested image at their own size, kept while there is room."""
        found = self.stored.get(place)
        if found is None:
            kind = np.float32 if self.settings.kind == "depth" else np.int32
            found = self.scenes.pixels(place).astype(kind)
            if sum(one.nbytes for one in self.stored.values()) < MOST_STORED:
                self.stored[place] = found
        return found

    def sums(
        self, predict: Callable[[Tensor | Levels], Tensor], inputs: Tensor | Levels, part: str
    ) -> np.ndarray:
        """Sums (T, M) of the images of a part, at the size of their labels."""
        places, made = getattr(self.parts, part), []
        for k, place in enumerate(places):
            one = (
                inputs[k : k + 1] if isinstance(inputs, Tensor) else [x[k : k + 1] for x in inputs]
            )
            truth = self.labels(place)
            found = at_size(predict(one)[0], truth.shape, self.settings.kind)
            if self.settings.kind == "depth":
                made.append(depth_sums(found, truth))
            else:
                made.append(class_counts(found, truth, classes=self.settings.outputs).ravel())
        return np.stack(made)


@dataclass(eq=False)
class Prepared:
    """An encoder of a dense task."""

    task: DenseTask
    encoder: Readable
    levels: dict[str, Levels] = field(default_factory=dict)

    def inputs(self, part: str, freeze: str) -> Tensor | Levels:
        """Images, or their maps where the encoder is frozen."""
        if freeze == "none":
            return self.task.images[part]
        if part not in self.levels:
            self.levels[part] = read_maps(self.encoder, self.task.images[part])
        return self.levels[part]

    def fit(self, fit: Fit, rates: tuple[float, ...], step: Callable[[], None]) -> dict[str, Any]:
        """Fit with each rate, and keep the sums of the one that is best where it is chosen.

        Args:
            fit: What is fitted.
            rates: Learning rates to try.
            step: Called after each step.

        Returns:
            ``sums`` (T, M), ``rate``, ``trained_weights``, and ``shown``: predictions of the
            first tested images at the size of the images, for the page.
        """
        task = self.task
        picked = labelled(task.parts, fit.count, fit.seed)
        rows = torch.from_numpy(np.searchsorted(task.parts.train, picked)).to(task.device)
        assert task.truth is not None
        given = self.inputs("train", fit.freeze)
        inputs = given[rows] if isinstance(given, Tensor) else [level[rows] for level in given]

        def score(predict: Callable[[Tensor | Levels], Tensor]) -> float:
            sums = task.sums(predict, self.inputs("choose", fit.freeze), "choose")
            return task.score({"sums": sums}) * (1 if task.higher_is_better else -1)

        made_head = fit_best(
            self.encoder,
            inputs,
            task.truth[rows],
            settings=task.settings,
            rates=rates,
            score=score,
            seed=fit.seed,
            step=step,
        )
        predict = made_head.predict
        sums = task.sums(predict, self.inputs("test", fit.freeze), "test")
        shown = self.inputs("test", fit.freeze)
        few = shown[:SHOWN] if isinstance(shown, Tensor) else [level[:SHOWN] for level in shown]
        made = predict(few)
        pictures = np.stack([at_size(one, task.shape, task.settings.kind) for one in made])
        head = sum(one + 1 for one in self.encoder.maps.channels) * task.settings.outputs
        return {
            "sums": sums,
            "rate": made_head.rate,
            "trained_weights": made_head.trained_weights + head,
            "shown": pictures,
        }
