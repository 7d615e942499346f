"""What ``evaluate`` does with its options: representations, readouts, factors, files."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.cli.judged import score_table, written
from goodviews.core.checks import InputError, unknown
from goodviews.core.files import write_text
from goodviews.core.origin import origin, write_table
from goodviews.data import load, splits
from goodviews.encoders import build_backbone, load_encoder
from goodviews.evaluation import represent
from goodviews.evaluation.advice import LABEL_ROW, leakage_board
from goodviews.evaluation.encoders import ARRAYS, Encoder, Opener, open_encoder, raw_pixels, settle
from goodviews.evaluation.evaluate import BUDGETS, Score, evaluate, over
from goodviews.evaluation.factors import Factor, drawn_factors, read_factors
from goodviews.evaluation.leakage import Leakage, leakage
from goodviews.evaluation.readings import FEWEST
from goodviews.evaluation.scores import Parts, usable_budgets
from goodviews.report.leakage_page import leakage_page
from goodviews.views import ViewPair, parse_view

__all__ = ["OPENERS", "Judge", "open_backbone", "open_saved"]

RAW, RANDOM = "raw pixels", "random weights"
FIT_MOST, TEST_MOST = 10_000, 5_000
"""Items of a leakage matrix; more would change little but the time."""

SOME = 512
"""Images on which the normalisation of drawn weights is measured."""


def open_backbone(text: str, channels: int, size: int, seed: int) -> Encoder:
    """A backbone of ours with drawn weights, from its spec such as ``convnet(width=16)``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = build_backbone(text, channels=channels, size=size).eval()

    def embed(pixels: torch.Tensor, places: torch.Tensor | None = None) -> torch.Tensor:  # noqa: ARG001
        return backbone((pixels - 0.5) / 0.25)

    return Encoder(text, "random weights", embed, False, partial(settle, backbone, embed))


def open_saved(text: str, channels: int, size: int, seed: int) -> Encoder:  # noqa: ARG001
    """The encoder of a pretraining run: its folder, or its ``encoder.safetensors``."""
    path = Path(text)
    encoders, about = load_encoder(path)
    wanted = sum(encoders.made_of["channels"][: len(encoders.backbones)])
    if channels not in (wanted, encoders.made_of["channels"][0]):
        raise InputError(
            f"{path.name} takes images of {wanted} channels, but these have {channels}: evaluate "
            f"it on data like its own."
        )
    name = path.name if path.is_dir() else path.resolve().parent.name
    what = about.get("method") or encoders.made_of["encoder"]
    return Encoder(
        name,
        f"checkpoint, {what}",
        lambda pixels, _: encoders.represent(pixels),
        True,
        None,
        encoders.made_of["encoder"],
    )


OURS = ("convnet", "resnet", "alexnet", "halves", "mlp", "timm(", "torchvision(")
OPENERS: dict[str, Opener] = {
    **dict.fromkeys(OURS, open_backbone), ".safetensors": open_saved, "/": open_saved
}  # fmt: skip
"""Kinds of encoder that the command line adds: a beginning, an ending with its dot, or / for
a folder."""


class Judge:
    """One encoder and its baselines on one set.

    Args:
        text: The encoder, as :func:`goodviews.evaluation.encoders.open_encoder` takes it.
        data: The set.
        labels: A table of labels.
        task: The label column that is the task; all of them when left out.
        table: Factors, for the leakage matrix.
        view: A spec whose draws are factors, too.
        seed: Of the split and of draws.
        seeds: Encoders with random weights.
        size: Pixels to resize to.
        root: Where torchvision's sets lie.
        device: Where to compute.
        progress: Called with a stage, how much is done, and of how much.
    """

    def __init__(
        self,
        text: str,
        data: str | None,
        *,
        labels: Path | None,
        task: str | None,
        table: Path | None,
        view: str | None,
        seed: int,
        seeds: int,
        size: int | None,
        root: Path | None,
        device: str,
        progress: Callable[[str, int, int], None],
    ) -> None:
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(device)
        self.images = load(data, labels=labels, size=size, root=root)
        self.seed, self.progress = seed, progress
        if task is not None and task not in self.images.labels:
            raise unknown("task", task, self.images.labels)
        self.given: tuple[list[Factor], list[str]] = ([], [])
        if table is not None:
            self.given = read_factors(table, self.images)
        self.view = None if view is None else self._drawing(view, text)
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
        blank = self.encoder.blank or (text if self._untrained(text) else "convnet(width=16)")
        self.random = [(k, opened(blank, k)) for k in range(seeds)]
        self.run: dict[str, Any] = origin("", seeds=[seed])
        self._begin()

    def _untrained(self, text: str) -> bool:
        return self.encoder.trained is False and text != "pixels"

    def _begin(self) -> None:
        """Represent every image by the encoder and its baselines."""
        every = np.arange(len(self.images))
        some = every[:: max(1, len(every) // SOME)][:SOME]
        for one in (self.encoder, *(one for _, one in self.random)):
            if one.settle is not None:
                one.settle(self.images.batch(some, self.device))
        wanted = [(self.encoder.name, self.encoder.embed)]
        wanted += [(f"{RANDOM} {k}", one.embed) for k, one in self.random]
        self.made: dict[str, np.ndarray] = {}
        for number, (name, embed) in enumerate(wanted):
            self.progress("representing", number, len(wanted) + 1)
            self.made[name] = self._represent(embed, every)
        if self.encoder.name != RAW:
            self.made[RAW] = self._represent(raw_pixels, every)
        self.progress("representing", len(wanted) + 1, len(wanted) + 1)

    def _represent(self, embed: Any, index: np.ndarray) -> np.ndarray:
        found = represent(self.images, index, embed, device=self.device, batch=256).numpy()
        if not np.isfinite(found).all():
            raise InputError(
                f"{self.encoder.name} gives values that are not finite: train it again."
            )
        return found

    def readouts(
        self, kinds: Sequence[str], *, budgets: Sequence[str] | None, **options: Any
    ) -> list[Score]:
        """Every representation judged on every task; see :func:`evaluate`."""
        scores: list[Score] = []
        jobs = [(task, name) for task in self.tasks for name in self.made]
        right: dict[tuple[str, str], dict[str, np.ndarray]] = {}
        for number, (task, name) in enumerate(jobs):
            self.progress("reading out", number, len(jobs))
            column = self.images.labels[task]
            crossed = self.splits.cross_fitted(task)
            test = self.splits.test[task]
            parts = (
                Parts(self.splits.pool[task], self.splits.choose[task], test)
                if not crossed
                else test
            )
            pool = self.splits.pool[task]
            asked = budgets or usable_budgets(BUDGETS, column, pool)
            seeded = name.startswith(RANDOM)
            about: dict[str, str | int | None] = {
                "encoder": RANDOM if seeded else name,
                "role": "encoder" if name == self.encoder.name else "baseline",
                "task": task,
                "split": self.splits.hash,
                "encoder_seed": int(name.split()[-1]) if seeded else None,
            }
            found, right[task, name] = evaluate(
                self.made[name],
                column,
                parts,
                classes=len(self.images.classes[task]),
                kinds=kinds,
                budgets=asked,
                seed=self.seed,
                about=about,
                **options,
            )
            scores += found
        self.progress("reading out", len(jobs), len(jobs))
        return scores + self._differences(scores, right)

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
            if self.encoder.name != RAW:
                others[RAW] = right[score.task, RAW][score.protocol]
            for other, items in others.items():
                out.append(over(mine, items, name=f"{score.encoder} minus {other}", like=score))
        return out

    def factors(self) -> dict[str, Any]:
        """The leakage matrix as the page takes it."""
        found, notes = list(self.given[0]), list(self.given[1])
        task = self.tasks[0] if self.tasks else None
        have = {factor.name for factor in found}
        for name, column in self.images.labels.items():
            if name not in have:
                found.append(Factor(name, column, self.images.classes[name]))
        made = {
            (RANDOM if name == f"{RANDOM} 0" else name): x
            for name, x in self.made.items()
            if not name.startswith(RANDOM) or name == f"{RANDOM} 0"
        }
        varied: list[str] = []
        if self.view is not None:
            drawn, more, made = self._viewed(self.view)
            varied = [factor.name for factor in drawn]
            found, notes = found + drawn, notes + more
        fit, test, found = self._halves(found, notes)
        if task is not None and any(factor.name == task for factor in found):
            column = next(factor.values for factor in found if factor.name == task)
            made[LABEL_ROW] = np.eye(int(column.max()) + 2, dtype=np.float32)[column]
        else:
            task = None
        self.progress("reading factors", 0, 1)
        matrix = leakage(made, found, fit=fit, test=test, seed=self.seed, device=self.device)
        self.progress("reading factors", 1, 1)
        self.notes = notes
        return self._board(matrix, task, varied, len(fit), len(test))

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

    def _viewed(self, pair: ViewPair) -> tuple[list[Factor], list[str], dict[str, np.ndarray]]:
        """Representations of one view of each image, and what the view drew."""
        factors, notes = self._drawn(pair)

        def through(embed: Any) -> Any:
            def both(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
                return embed(pair.view(0, x, seed=self.seed, samples=places, epoch=0), places)

            return both

        index = np.arange(len(self.images))
        made = {self.encoder.name: self._represent(through(self.encoder.embed), index)}
        if self.random:
            made[RANDOM] = self._represent(through(self.random[0][1].embed), index)
        if self.encoder.name != RAW:
            made[RAW] = self._represent(through(raw_pixels), index)
        return factors, notes, made

    def _halves(
        self, factors: list[Factor], notes: list[str]
    ) -> tuple[np.ndarray, np.ndarray, list[Factor]]:
        """Who is fitted and who is tested: pretraining and held-out images where that can be."""
        rng = np.random.default_rng([self.seed, 2])
        fit, test = self.splits.pretrain, self.splits.held_out
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
        self, matrix: Leakage, task: str | None, varied: list[str], fit: int, test: int
    ) -> dict[str, Any]:
        images = self.images
        shape = f"{images.channels} × {images.height} × {images.width}"
        details = {self.encoder.name: self.encoder.detail, LABEL_ROW: "what the task itself says"}
        if self.random:
            details[RANDOM] = self.random[0][1].name.removesuffix("@random")
        return leakage_board(
            matrix,
            encoders=[self.encoder.name],
            task=task,
            varied=varied,
            reference=RANDOM if self.random and self.encoder.trained is not False else None,
            details=details,
            data=images.name,
            made=[
                ("Data", f"{images.name}, {len(images):,} images of {shape}, {images.hash}"),
                ("Items", f"{fit:,} fitted, {test:,} tested; split {self.splits.hash}"),
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
                ("Versions", _versions(self.run)),
                ("Commit", str(self.run["commit"])),
                ("Hardware", str(self.run["hardware"])),
                ("Date", str(self.run["started"])[:10]),
            ],
        )

    def write(
        self, out: Path, scores: list[Score], board: dict[str, Any] | None, params: dict[str, Any]
    ) -> list[str]:
        """Write rows, run and page, and say what is on them."""
        command = written(params)
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
        }
        lines = score_table(scores)
        if board is not None:
            cells = [cell for row in board["cells"] for cell in row]
            run["leakage"] = {key: board[key] for key in ("advice", "finding", "kept", "level")}
            run["notes"] = self.notes
            write_table(out, cells, run, name="leakage")
            write_text(out / "leakage.html", leakage_page({**board, "command": command}))
        write_table(out, [asdict(score) for score in scores], run)
        lines += [f"note: {note}" for note in self.notes] if board is not None else []
        if board is not None:
            lines += ["", board["advice"], *board["more"], str(out / "leakage.html")]
        if not scores and board is None:
            lines.append("No labels: give --labels FILE, or --leakage FILE.")
        return [*lines, str(out / "rows.csv")]


def _versions(run: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in run["versions"].items())
