"""What ``evaluate`` does with its options: representations, readouts, files."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError, unknown
from goodviews.core.files import check_folder, write_text
from goodviews.core.origin import origin, write_table
from goodviews.data import load, splits
from goodviews.evaluation import represent
from goodviews.evaluation.budgets import usable_budgets
from goodviews.evaluation.encoders import Embed, Encoder, open_encoder, raw_pixels
from goodviews.evaluation.openers import OPENERS
from goodviews.evaluation.protocols import BUDGETS, KINDS, Score, evaluate_representation, over
from goodviews.evaluation.scores import Judged, Parts
from goodviews.evaluation.seen import share_seen, told_seen
from goodviews.jobs.evaluate.finetune import FINETUNE
from goodviews.jobs.evaluate.leakage import RANDOM, RAW, Factors
from goodviews.jobs.evaluate.table import score_table
from goodviews.jobs.evaluate.tuning import RATES, STEPS, Tuner
from goodviews.pages.leakage.page import leakage_page
from goodviews.training import change

USUAL = ("linear", "knn", "few", "geometry")
"""Protocols where none are named."""

TUNED = ("finetune", "finetune-few")
"""Protocols that train the encoder: with all labels, and with few."""

SOME = 512
"""Images on which the normalisation of drawn weights is measured."""


class Judge:
    """One encoder and its baselines on one set.

    Args:
        text: The encoder, as :func:`goodviews.evaluation.encoders.open_encoder` takes it.
        data: The set.
        kinds: Protocols, of :data:`goodviews.evaluation.protocols.KINDS` and :data:`TUNED`.
        labels: A table of labels.
        task: The label column that is the task; all of them when left out.
        table: Factors, for the leakage matrix.
        view: A spec whose draws are factors, too.
        seed: Of the split and of draws.
        seeds: Encoders with random weights.
        size: Pixels to resize to.
        root: Where torchvision's sets lie.
        device: Where to compute.
        changes: Settings of fine-tuning, such as ``epochs=50``.
        out: Where trainings keep their state.
        progress: Called with a stage, how much is done, and of how much.
    """

    def __init__(
        self,
        text: str,
        data: str | None,
        *,
        kinds: Sequence[str] = USUAL,
        labels: Path | None,
        task: str | None,
        table: Path | None,
        view: str | None,
        seed: int,
        seeds: int,
        size: int | None,
        root: Path | None,
        device: str,
        changes: Sequence[str] = (),
        out: Path,
        progress: Callable[[str, int, int], None],
    ) -> None:
        for kind in kinds:
            if kind not in (*KINDS, *TUNED):
                raise unknown("protocol", kind, (*KINDS, *TUNED))
        if changes and not set(kinds) & set(TUNED):
            raise InputError("--set changes fine-tuning: add --protocol finetune.")
        check_folder(out)
        self.device = _device(device)
        self.kinds, self.out, self.typed = kinds, out, [t.partition("=")[0] for t in changes]
        self.tuning = change(FINETUNE, [f"device={self.device.type}", *changes])
        self.images = load(data, labels=labels, size=size, root=root)
        self.seed, self.progress = seed, progress
        if task is not None and task not in self.images.labels:
            raise unknown("task", task, self.images.labels)
        self.factors = Factors(self.images, text, table=table, view=view, seed=seed)
        self.tasks = [task] if task is not None else list(self.images.labels)
        self.splits = splits(self.images, seed=seed)
        images = self.images
        smaller = min(images.height, images.width)

        def opened(what: str, number: int = 0) -> Encoder:
            return open_encoder(
                what,
                channels=images.channels,
                size=smaller,
                count=len(images),
                seed=number,
                device=self.device,
                openers=OPENERS,
            )

        self.encoder = opened(text)
        if self.encoder.module is None and set(kinds) & set(TUNED):
            raise InputError(
                f"finetune trains the encoder itself, but {text} has no weights: name the folder "
                f"of a pretraining run, timm:NAME or torchvision:NAME."
            )
        untrained = self.encoder.trained is False and text != "pixels"
        blank = self.encoder.blank or (text if untrained else "convnet(width=16)")
        self.random = [(k, opened(blank, k)) for k in range(seeds)]
        self.run: dict[str, Any] = origin("", seeds=[seed])
        self._begin()

    def _begin(self) -> None:
        """Represent every image by the encoder and its baselines."""
        every = np.arange(len(self.images))
        some = every[:: max(1, len(every) // SOME)][:SOME]
        for one in (self.encoder, *(one for _, one in self.random)):
            if one.module is not None:
                one.module.to(self.device)
            if one.settle is not None:
                one.settle(self.images.batch(some, self.device))
        wanted = [(self.encoder.name, self.encoder.embed)]
        wanted += [(f"{RANDOM} {k}", one.embed) for k, one in self.random]
        self.modules = {self.encoder.name: self.encoder.module}
        self.modules |= {f"{RANDOM} {k}": one.module for k, one in self.random}
        self.made: dict[str, np.ndarray] = {}
        for number, (name, embed) in enumerate(wanted):
            self.progress("representing", number, len(wanted) + 1)
            self.made[name] = self.represent(embed, every)
        if self.encoder.name != RAW:
            self.made[RAW] = self.represent(raw_pixels, every)
        self.progress("representing", len(wanted) + 1, len(wanted) + 1)
        self.seen: dict[str, float | None] = {}
        self.said: list[str] = []
        for task in self.tasks:
            self._look_for_tested(task, self.splits.test[task])

    def _look_for_tested(self, task: str, tested: np.ndarray) -> None:
        """Whether the encoder was trained on images that report."""
        if self.encoder.trained is False:
            self.seen[task] = 0.0
            return
        share = self.seen[task] = share_seen(self.encoder.seen, self.images, tested)
        name, seen = self.encoder.name, self.encoder.seen
        said = told_seen(name, seen, self.images, share, len(tested))
        self.said += [said] if said not in self.said else []

    def represent(self, embed: Embed, index: np.ndarray) -> np.ndarray:
        """What a function makes of some images, (n, F)."""
        found = represent(self.images, index, embed, device=self.device, batch=256).numpy()
        if not np.isfinite(found).all():
            raise InputError(
                f"{self.encoder.name} gives values that are not finite: train it again."
            )
        return found

    def readouts(
        self, *, budgets: Sequence[str] | None, draws: int, runs: int, **options: Any
    ) -> list[Score]:
        """Every representation judged on every task; see :func:`evaluate`."""
        scores: list[Score] = []
        jobs = [(task, name) for task in self.tasks for name in self.made]
        right: dict[tuple[str, str], dict[str, np.ndarray]] = {}
        for number, (task, name) in enumerate(jobs):
            self.progress("reading out", number, len(jobs))
            column = self.images.labels[task]
            crossed = self.splits.cross_fitted(task)
            test, pool = self.splits.test[task], self.splits.pool[task]
            parts = Parts(pool, self.splits.choose[task], test) if not crossed else test
            asked = budgets or usable_budgets(BUDGETS, column, pool)
            seeded, mine = name.startswith(RANDOM), name == self.encoder.name
            about: dict[str, str | float | None] = {
                "encoder": RANDOM if seeded else name,
                "role": "encoder" if mine else "baseline",
                "task": task,
                "split": self.splits.hash,
                "encoder_seed": int(name.split()[-1]) if seeded else None,
                "seen": self.seen[task] if mine else 0.0,
            }
            found, right[task, name] = evaluate_representation(
                self.made[name],
                column,
                parts,
                classes=len(self.images.classes[task]),
                kinds=[kind for kind in self.kinds if kind not in TUNED],
                budgets=asked,
                draws=draws,
                seed=self.seed,
                about=about,
                more=self._tuned(task, name, asked, draws, 1 if seeded else runs),
                **options,
            )
            scores += found
        self.progress("reading out", len(jobs), len(jobs))
        return scores + self._differences(scores, right)

    def _tuned(
        self, task: str, name: str, budgets: Sequence[str], draws: int, runs: int
    ) -> dict[str, Callable[[Parts], Judged]]:
        """The protocols that train the encoder, where it can be trained."""
        module = self.modules.get(name)
        if module is None or not set(self.kinds) & set(TUNED):
            return {}
        tuner = Tuner(
            self.images,
            self.images.labels[task],
            module,
            self.made[name],
            classes=len(self.images.classes[task]),
            settings=self.tuning,
            rates=RATES if "encoder_rate" not in self.typed else (self.tuning.encoder_rate,),
            runs=runs,
            steps=STEPS if "epochs" not in self.typed else 0,
            seed=self.seed,
            folder=self.out / "finetune",
            progress=self.progress,
            name=name,
        )
        jobs: dict[str, Callable[[Parts], Judged]] = {}
        if "finetune" in self.kinds:
            jobs["finetune"] = tuner.full
        if "finetune-few" in self.kinds:
            for budget in budgets:
                jobs[f"finetune {budget}"] = partial(tuner.few, budget=budget, draws=draws)
        return jobs

    def _differences(
        self, scores: list[Score], right: dict[tuple[str, str], dict[str, np.ndarray]]
    ) -> list[Score]:
        out = []
        for score in scores:
            mine = right[score.task, self.encoder.name].get(score.protocol)
            if score.role != "encoder" or mine is None:
                continue
            blank = [right[score.task, f"{RANDOM} {k}"][score.protocol] for k, _ in self.random]
            others = {RANDOM: np.mean(blank, axis=0)} if blank else {}
            raw = right[score.task, RAW].get(score.protocol)
            if self.encoder.name != RAW and raw is not None:
                others[RAW] = raw
            trained = score.protocol.startswith("finetune")
            runs = _of_runs(score, [items.mean() for items in blank]) if trained else []
            for other, items in others.items():
                name = f"{score.encoder} minus {other}"
                out.append(over(mine, items, name=name, like=score, runs=runs))
        return out

    def write(
        self, out: Path, scores: list[Score], board: dict[str, Any] | None, command: str
    ) -> list[str]:
        """Write rows, run and page, and say what is on them."""
        run = {
            **self.run,
            "command": command,
            "encoder": self.encoder.name,
            "detail": self.encoder.detail,
            "data": {
                "name": self.images.name,
                "hash": self.images.hash,
                "count": len(self.images),
            },
            "split": {"hash": self.splits.hash, "protocol": self.splits.protocol},
            "seen": self.said,
        }
        if set(self.kinds) & set(TUNED):
            run["finetune"] = asdict(self.tuning)
        lines = [*score_table(scores), *([""] if self.said else []), *self.said]
        if board is not None:
            cells = [cell for row in board["cells"] for cell in row]
            run["leakage"] = {key: board[key] for key in ("advice", "finding", "kept", "level")}
            run["notes"] = self.factors.notes
            write_table(out, cells, run, name="leakage")
            if self.factors.shortcuts is not None:
                write_table(out, self.factors.shortcuts.rows(), run, name="shortcuts")
            write_text(out / "leakage.html", leakage_page({**board, "command": command}))
        write_table(out, [asdict(score) for score in scores], run)
        if board is not None:
            lines += [f"note: {note}" for note in self.factors.notes]
            lines += ["", board["advice"], *board["more"], str(out / "leakage.html")]
        if not scores and board is None:
            lines.append("No labels: give --labels FILE, or --leakage FILE.")
        return [*lines, str(out / "rows.csv")]


def _device(name: str) -> torch.device:
    """A device by its name, tried before it is needed."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError, ImportError, NotImplementedError) as error:
        reason = str(error).split(".")[0][:60].rstrip()
        raise InputError(
            f"Cannot compute on device {name!r} ({reason}); take auto, cpu or cuda."
        ) from error


def _of_runs(score: Score, blank: Sequence[float]) -> list[tuple[float, int]]:
    """Variance that trainings add to the two means of a difference, and degrees of freedom."""
    found = []
    if score.spread is not None and score.draws:
        found.append((score.spread**2 / score.draws, score.draws - 1))
    if len(blank) > 1:
        found.append((float(np.var(blank, ddof=1)) / len(blank), len(blank) - 1))
    return found
