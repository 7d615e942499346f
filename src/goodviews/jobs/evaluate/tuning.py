"""How well an encoder can be fine-tuned: a readout that trains the encoder as well.

The predictions of a training are stored in a file under the hash of all that they depend on, so
that the same command resumes where it was stopped.

Letters: N images, n of them predicted, F representation, C classes, R trainings.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

from goodviews.core.cells import Cells, hashed
from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.data.folds import folds
from goodviews.evaluation import represent
from goodviews.evaluation.budgets import drawn_sets
from goodviews.evaluation.imbalance import macro_auroc
from goodviews.evaluation.linear import choose_penalty
from goodviews.evaluation.logistic import LinearProbe, fit_logistic
from goodviews.evaluation.scores import Judged, Parts
from goodviews.jobs.evaluate.finetune import FINETUNE, finetune, fitted_views
from goodviews.training import Settings

RATES = (0.1, 1.0)
"""Shares of the learning rate for the encoder; one is selected on labels set aside for it."""

STEPS = 200
"""Minimum number of optimiser steps of a training."""

_FREE = ("device", "precision", "compile")
"""Settings that stored predictions do not depend on."""


class Tuner:
    """Fine-tunes one encoder on one task, as often as a protocol asks for.

    Args:
        images: The data.
        labels: (N,) class numbers, -1 where there is none.
        encoder: Pixels (B, C, H, W) in [0, 1] to (B, F), in evaluation mode.
        features: (N, F), its representations of the images.
        classes: C.
        settings: Settings of the training; without views those of :func:`fitted_views`.
        rates: Shares of the learning rate for the encoder. One is selected on labels that are
            not tested; the first where a class has too few labels for that.
        runs: R, trainings with all labels.
        steps: Minimum number of optimiser steps; epochs are added where labels are few.
        seed: Random seed of label draws and trainings.
        folder: Where predictions and checkpoints are stored.
        progress: Called with a stage, epochs done and all epochs of a training.
        name: Name of the encoder in the stage.
        groups: (N,) group of each image, which no fold divides.
    """

    def __init__(
        self,
        images: Images,
        labels: np.ndarray,
        encoder: nn.Module,
        features: np.ndarray,
        *,
        classes: int,
        settings: Settings = FINETUNE,
        rates: Sequence[float] = RATES,
        runs: int = 3,
        steps: int = STEPS,
        seed: int = 0,
        folder: Path | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        name: str = "the encoder",
        groups: np.ndarray | None = None,
    ) -> None:
        self.images, self.labels, self.encoder = images, labels, encoder
        self.features = torch.as_tensor(features).float()
        self.classes, self.rates, self.runs = classes, tuple(rates), runs
        self.settings = replace(settings, views=settings.views or fitted_views(images))
        self.steps, self.seed, self.folder = steps, seed, folder
        self.progress, self.name, self.groups = progress, name, groups

    def full(self, parts: Parts) -> Judged:
        """Fine-tune with all labels of the pool, several times; see :class:`Judged`.

        The encoder's rate has the lowest cross-entropy on ``parts.choose``, in one training;
        without such labels, over two folds of the pool.
        """
        pool, cut = parts.pool, len(parts.choose)
        judged = np.concatenate([parts.choose, parts.test])
        start = self._probe(pool, self._penalty(pool))
        rates = self.rates if cut else (self._rate(pool),)
        first = {rate: self._predict(pool, judged, start, rate, 0) for rate in rates}
        truth = self.labels[parts.choose]
        if cut:
            rate = min(rates, key=lambda one: -first[one][np.arange(cut), truth].mean())
        else:
            rate = rates[0]
        logs = [first[rate]]
        logs += [self._predict(pool, judged, start, rate, run) for run in range(1, self.runs)]
        return self._judge([one[cut:] for one in logs], parts.test, rate, "run", len(pool))

    def few(self, parts: Parts, *, budget: str, draws: int) -> Judged:
        """Fine-tune with few labels, a training for each draw of them; see :class:`Judged`.

        The encoder's rate has the lowest cross-entropy over two folds of the first draw.

        Args:
            parts: Images whose labels are drawn, and images that are tested.
            budget: Labels per draw, as :func:`goodviews.evaluation.budgets.drawn_sets` takes it.
            draws: Number of draws.
        """
        sets = drawn_sets(
            self.labels,
            parts.pool,
            budget=budget,
            draws=draws,
            seed=self.seed,
            groups=self.groups,
        )
        rate, logs = self._rate(sets[0]), []
        for number, index in enumerate(sets):
            start = self._probe(index, self._penalty(index))
            logs.append(self._predict(index, parts.test, start, rate, number))
        return self._judge(logs, parts.test, rate, "draw", len(sets[0]))

    def _rate(self, index: np.ndarray) -> float:
        """The encoder's rate with the lowest cross-entropy over two folds of some labels."""
        y = self.labels[index]
        if len(self.rates) == 1 or np.unique(y, return_counts=True)[1].min() < 2:
            return self.rates[0]
        losses = np.zeros(len(self.rates))
        halves = folds(index, self.labels, 2, seed=self.seed, groups=self.groups)
        for inner, outer in halves:
            start = self._probe(index[inner], self._penalty(index[inner]))
            for number, rate in enumerate(self.rates):
                logs = self._predict(index[inner], index[outer], start, rate, 0)
                losses[number] -= logs[np.arange(len(outer)), y[outer]].sum()
        return self.rates[int(losses.argmin())]

    def _penalty(self, index: np.ndarray) -> float:
        return choose_penalty(
            self.features, self.labels, [index], classes=self.classes, groups=self.groups
        )

    def _probe(self, index: np.ndarray, penalty: float) -> LinearProbe:
        x, y = self.features[index], self.labels[index]
        return fit_logistic(x, y, classes=self.classes, penalty=penalty)

    def _judge(
        self, logs: Sequence[np.ndarray], test: np.ndarray, rate: float, what: str, fitted: int
    ) -> Judged:
        truth = self.labels[test]
        guesses = np.array([one.argmax(axis=1) for one in logs])
        right = (guesses == truth).astype(float)
        areas = [area for one in logs if (area := macro_auroc(one, truth)) is not None]
        auroc = float(np.mean(areas)) if areas else None
        picked = np.mean([one[np.arange(len(truth)), truth] for one in logs], axis=0)
        many = f"{len(logs)} {what}{'' if len(logs) == 1 else 's'}"
        used = self.settings
        setting = (
            f"{many}, encoder at {rate:g} of {used.optimiser}, {used.schedule}, "
            f"{self._epochs(fitted)} epochs of {used.batch}, head from {used.head}, {used.views}"
        )
        means = right.mean(axis=0), right.mean(axis=1)
        return Judged(means[0], picked, means[1], setting, fitted, guesses, auroc)

    def _epochs(self, fitted: int) -> int:
        """Epochs of a training on so many labels."""
        per = max(fitted // min(self.settings.batch, fitted), 1)
        return max(self.settings.epochs, -(-self.steps // per))

    @cached_property
    def _weights(self) -> str:
        total = hashlib.sha256()
        for name, value in self.encoder.state_dict().items():
            total.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
        return total.hexdigest()

    def _predict(
        self, fit: np.ndarray, judged: np.ndarray, start: LinearProbe, rate: float, run: int
    ) -> np.ndarray:
        """Log probabilities (n, C) of one training, computed or read from its file."""
        settings = replace(self.settings, encoder_rate=rate, epochs=self._epochs(len(fit)))
        if self.folder is None:
            return self._trained(fit, judged, start, settings, run, None)
        told = {k: v for k, v in asdict(settings).items() if k not in _FREE}
        key = hashed(
            *(told, self.images.hash, self._weights, self.seed, run),
            *(fit, self.labels[fit], judged, start.weight.numpy()),
        )
        place = self.folder / key
        cells = Cells(self.folder)
        logs: np.ndarray = cells(key, self._trained, fit, judged, start, settings, run, place)
        shutil.rmtree(place, ignore_errors=True)
        return logs

    def _trained(
        self,
        fit: np.ndarray,
        judged: np.ndarray,
        start: LinearProbe,
        settings: Settings,
        run: int,
        place: Path | None,
    ) -> np.ndarray:
        """Log probabilities (n, C) of one training, its checkpoints in a folder."""
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            if self.progress is not None:
                self.progress(f"epochs of fine-tuning {self.name}", done, settings.epochs)

        model = finetune(
            self.images,
            fit,
            self.labels[fit],
            self.encoder,
            start=start,
            settings=settings,
            seed=self.seed + run,
            folder=place,
            tick=tick,
        )
        device = next(model.parameters()).device
        made = represent(self.images, judged, lambda x, _: model(x), device=device, batch=256)
        logs = made.double().log_softmax(dim=1).numpy()
        if not np.isfinite(logs).all():
            raise InputError(
                f"Fine-tuning {self.name} ended in values that are not finite: lower the rate, "
                f"such as --set 'optimiser=adamw(lr=0.0005)'."
            )
        return logs
