"""What ``evaluate --leakage`` and ``--view`` ask: which factors does each representation keep?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.data import Images, Splits
from goodviews.evaluation.advice import LABEL_ROW, leakage_board
from goodviews.evaluation.encoders import ARRAYS, Embed, Encoder, raw_pixels
from goodviews.evaluation.factors import Factor, drawn_factors, read_factors
from goodviews.evaluation.leakage import Leakage, leakage
from goodviews.evaluation.readings import FEWEST
from goodviews.evaluation.shortcuts import Shortcuts
from goodviews.jobs.evaluate.forecast import forecast
from goodviews.views import ViewPair, parse_view

RAW, RANDOM = "raw pixels", "random weights"
"""Names of the baselines."""

FIT_MOST, TEST_MOST = 10_000, 5_000
"""Items of a leakage matrix; more would change little but the time."""


class Represented(Protocol):
    """What a leakage matrix is made of: an encoder and its baselines, on one set."""

    images: Images
    encoder: Encoder
    random: list[tuple[int, Encoder]]
    made: dict[str, np.ndarray]
    tasks: list[str]
    splits: Splits
    device: torch.device
    said: list[str]
    run: dict[str, Any]
    progress: Callable[[str, int, int], None]

    def represent(self, embed: Embed, index: np.ndarray) -> np.ndarray:
        """Representations (n, F) of some images, ``index`` (n,)."""


class Factors:
    """The factors that were asked for, refused before anything long is done.

    Args:
        images: The data.
        text: The encoder as typed.
        table: Factors, one column each.
        view: A spec whose draws are factors, too.
        seed: Of draws.

    Attributes:
        notes: What was left out, and why.
        shortcuts: In which order factors would be learned, once :meth:`board` was made.
    """

    def __init__(
        self, images: Images, text: str, *, table: Path | None, view: str | None, seed: int
    ) -> None:
        self.images, self.seed = images, seed
        self.given: list[Factor] = []
        self.notes: list[str] = []
        if table is not None:
            self.given, self.notes = read_factors(table, images)
        self.view = None if view is None else self._drawing(view, text)
        self.asked = table is not None or view is not None
        self.shortcuts: Shortcuts | None = None

    def board(self, judge: Represented) -> dict[str, Any]:
        """The leakage matrix of a judge's representations, as the page takes it."""
        found, notes = list(self.given), list(self.notes)
        task = judge.tasks[0] if judge.tasks else None
        have = {factor.name for factor in found}
        for name, column in self.images.labels.items():
            if name not in have:
                found.append(Factor(name, column, self.images.classes[name]))
        made = {
            (RANDOM if name == f"{RANDOM} 0" else name): x
            for name, x in judge.made.items()
            if not name.startswith(RANDOM) or name == f"{RANDOM} 0"
        }
        varied: list[str] = []
        if self.view is not None:
            drawn, more, made = self._viewed(judge, self.view)
            varied = [factor.name for factor in drawn]
            found, notes = found + drawn, notes + more
        fit, test, found = self._halves(judge, found, notes)
        if task is not None and any(factor.name == task for factor in found):
            column = next(factor.values for factor in found if factor.name == task)
            made[LABEL_ROW] = np.eye(int(column.max()) + 2, dtype=np.float32)[column]
        else:
            task = None
        judge.progress("reading factors", 0, 1)
        matrix = leakage(made, found, fit=fit, test=test, seed=self.seed, device=judge.device)
        still = [factor for factor in found if factor.name not in varied]
        blank = (RANDOM, RAW)
        self.shortcuts = forecast(made, still, names=blank, fit=fit, test=test, seed=self.seed)
        judge.progress("reading factors", 1, 1)
        self.notes = notes
        board = _board(judge, matrix, task, varied, len(fit), len(test))
        if self.shortcuts is not None:
            board["more"] = [*board["more"], self.shortcuts.sentence]
        return board

    def _drawing(self, spec: str, text: str) -> ViewPair:
        """The view of ``--view``, refused before anything long is done."""
        pair = parse_view(spec)
        pair.check(self._shape())
        if text.lower().endswith(ARRAYS):
            raise InputError("--view needs an encoder of images, but an array was given.")
        if not self._drawn(pair)[0]:
            raise InputError(f"{spec!r} draws nothing that could be told: name a random view.")
        return pair

    def _shape(self) -> tuple[int, int, int]:
        return self.images.channels, self.images.height, self.images.width

    def _drawn(self, pair: ViewPair) -> tuple[list[Factor], list[str]]:
        key = pair.key(0, torch.zeros(1), self.seed, torch.arange(len(self.images)), 0)
        return drawn_factors(pair.first.sample(self._shape(), key))

    def _viewed(
        self, judge: Represented, pair: ViewPair
    ) -> tuple[list[Factor], list[str], dict[str, np.ndarray]]:
        """Representations of one view of each image, and what the view drew."""
        factors, notes = self._drawn(pair)

        def through(embed: Any) -> Any:
            def both(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
                return embed(pair.view(0, x, seed=self.seed, samples=places, epoch=0), places)

            return both

        index = np.arange(len(self.images))
        made = {judge.encoder.name: judge.represent(through(judge.encoder.embed), index)}
        if judge.random:
            made[RANDOM] = judge.represent(through(judge.random[0][1].embed), index)
        if judge.encoder.name != RAW:
            made[RAW] = judge.represent(through(raw_pixels), index)
        return factors, notes, made

    def _halves(
        self, judge: Represented, factors: list[Factor], notes: list[str]
    ) -> tuple[np.ndarray, np.ndarray, list[Factor]]:
        """Who is fitted and who is tested: pretraining and held-out images where that can be."""
        rng = np.random.default_rng([self.seed, 2])
        fit, test = judge.splits.pretrain, judge.splits.held_out
        if any(min(f.known[fit].sum(), f.known[test].sum()) < FEWEST for f in factors):
            order = rng.permutation(len(self.images))
            fit, test = order[: len(order) // 2], order[len(order) // 2 :]
        fit = np.sort(rng.permutation(fit)[:FIT_MOST])
        test = np.sort(rng.permutation(test)[:TEST_MOST])
        keep = []
        for factor in factors:
            known = min(int(factor.known[part].sum()) for part in (fit, test))
            if known >= FEWEST:
                keep.append(factor)
            else:
                notes.append(f"{factor.name!r} is known for too few items ({known}).")
        if not keep:
            raise InputError(f"No factor is known for {FEWEST} items or more: {' '.join(notes)}")
        return fit, test, keep


def _board(
    judge: Represented, matrix: Leakage, task: str | None, varied: list[str], fit: int, test: int
) -> dict[str, Any]:
    images = judge.images
    shape = f"{images.channels} × {images.height} × {images.width}"
    details = {judge.encoder.name: judge.encoder.detail, LABEL_ROW: "what the task itself says"}
    if judge.random:
        details[RANDOM] = judge.random[0][1].name.removesuffix("@random")
    return leakage_board(
        matrix,
        encoders=[judge.encoder.name],
        task=task,
        varied=varied,
        reference=RANDOM if judge.random and judge.encoder.trained is not False else None,
        details=details,
        data=images.name,
        made=[
            ("Data", f"{images.name}, {len(images):,} images of {shape}, {images.hash}"),
            ("Items", f"{fit:,} fitted, {test:,} tested; split {judge.splits.hash}"),
            *[("Seen before", said) for said in judge.said],
            (
                "Readout",
                "multinomial logistic regression, ridge for numbers; penalties chosen on a "
                "quarter of the fitted items",
            ),
            (
                "Test",
                f"{matrix.permutations:,} shuffles of the tested values, step-down maximum "
                f"over {len(matrix.cells)} cells",
            ),
            ("Versions", _versions(judge.run)),
            ("Commit", str(judge.run["commit"])),
            ("Hardware", str(judge.run["hardware"])),
            ("Date", str(judge.run["started"])[:10]),
        ],
    )


def _versions(run: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in run["versions"].items())
