"""Which factors of the images each representation keeps: the leakage matrix of ``evaluate``."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.progress import Report
from goodviews.data import Images
from goodviews.data.strata import cut
from goodviews.data.tasks import class_columns, numbers_of
from goodviews.evaluation.advice import LABEL_ROW, leakage_board
from goodviews.evaluation.encoders import Embed
from goodviews.evaluation.factor_readout import FEWEST
from goodviews.evaluation.factors import Factor, drawn_factors, read_factors
from goodviews.evaluation.leakage import Leakage, leakage
from goodviews.evaluation.shortcuts import Shortcuts
from goodviews.jobs.evaluate.forecast import forecast
from goodviews.jobs.evaluate.represented import RANDOM, RAW, Represented
from goodviews.spec.lists import read_spec
from goodviews.views import Pictures, ViewPair, parse_view

FIT_MOST, TEST_MOST = 10_000, 5_000
"""Images of a leakage matrix; more would change little but the time."""


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of a leakage matrix.

    Attributes:
        given: Factors from a table.
        view: A view whose draws are factors as well.
        notes: Columns that were left out, and why.
    """

    given: list[Factor] = field(default_factory=list)
    view: ViewPair | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Board:
    """What a leakage matrix found.

    Attributes:
        content: What the page shows.
        shortcuts: In which order factors would be learned, where that could be measured.
        notes: Factors that were left out, and why.
    """

    content: dict[str, Any]
    shortcuts: Shortcuts | None
    notes: list[str]


def read_asked(
    images: Images, *, table: str | Path | None, view: str | None, seed: int
) -> Factors | None:
    """The factors that a command asks for, checked before anything long is computed.

    Args:
        images: The data.
        table: A CSV of factors, one column each.
        view: Spec of a view whose draws are factors as well, or a file that holds one.
        seed: Random seed of the draws.

    Returns:
        ``None`` where neither is given.

    Raises:
        InputError: The table cannot be read, or the view has no random parameters.
    """
    if table is None and view is None:
        return None
    given, notes = ([], []) if table is None else read_factors(Path(table), images)
    pair = None
    if view is not None:
        pair = parse_view(read_spec(view))
        pair.check(_shape(images), images.least_shape)
        if not _drawn(images, pair, seed)[0]:
            raise InputError(f"{view!r} has no random parameters; choose a random view.")
    return Factors(given, pair, notes)


def measure_leakage(
    found: Represented, factors: Factors, run: dict[str, Any], progress: Report
) -> Board:
    """Measure which factors each representation keeps.

    Args:
        found: The representations.
        factors: Their factors; the labels of the data are added.
        run: Versions, commit and hardware, for the page.
        progress: Called with what is counted, how many are done and how many there are.

    Raises:
        InputError: No factor is known for enough images.
    """
    images, notes = found.images, list(factors.notes)
    every = list(factors.given)
    named = [one for one in found.tasks if one in class_columns(images)]
    task = named[0] if named else None
    have = {factor.name for factor in every}
    for name, column in images.labels.items():
        if name not in have and name in images.kinds.numbers:
            every.append(Factor(name, numbers_of(column, images.classes[name])))
        elif name not in have:
            every.append(Factor(name, column, images.classes[name]))
    made = {one.name: one.features for one in reversed(found.all)}  # the first random weights
    made = {name: made[name] for name in dict.fromkeys(one.name for one in found.all)}
    varied: list[str] = []
    if factors.view is not None:
        drawn, more, made = _viewed(found, factors.view)
        varied = [factor.name for factor in drawn]
        every, notes = every + drawn, notes + more
    fit, test, every = _halves(found, every, notes)
    if task is not None and any(factor.name == task for factor in every):
        column = next(factor.values for factor in every if factor.name == task)
        made[LABEL_ROW] = np.eye(int(column.max()) + 2, dtype=np.float32)[column]
    else:
        task = None
    progress("sets of factors read", 0, 1)
    matrix = leakage(
        made,
        every,
        fit=fit,
        test=test,
        seed=found.seed,
        device=found.device,
        groups=images.groups,
    )
    still = [factor for factor in every if factor.name not in varied]
    names = (RANDOM, RAW)
    shortcuts = forecast(made, still, names=names, fit=fit, test=test, seed=found.seed)
    progress("sets of factors read", 1, 1)
    content = _board(found, matrix, task, varied, len(fit), len(test), run)
    if shortcuts is not None:
        content["more"] = [*content["more"], shortcuts.sentence]
    return Board(content, shortcuts, notes)


def _shape(images: Images) -> tuple[int, int, int]:
    return images.channels, images.height, images.width


def _drawn(images: Images, pair: ViewPair, seed: int) -> tuple[list[Factor], list[str]]:
    """What a view draws for each image, as factors."""
    rows = torch.arange(len(images))
    if images.originals is not None:
        batch = images.for_views(rows)
        return drawn_factors(pair.first.draw(batch, pair.key(0, batch, seed, rows, 0)))
    key = pair.key(0, torch.zeros(1), seed, rows, 0)
    return drawn_factors(pair.first.sample(_shape(images), key))


def _viewed(
    found: Represented, pair: ViewPair
) -> tuple[list[Factor], list[str], dict[str, np.ndarray]]:
    """Representations of one view of each image, and what the view drew."""
    factors, notes = _drawn(found.images, pair, found.seed)

    def through(embed: Embed) -> Embed:
        def both(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            whole: Pictures = x
            if found.images.originals is not None:
                whole = found.images.for_views(places, x.device)
            return embed(pair.view(0, whole, seed=found.seed, samples=places, epoch=0), places)

        return both

    index = np.arange(len(found.images))
    made: dict[str, np.ndarray] = {}
    for one in found.all:
        if one.name not in made:  # one of the encoders with random weights
            made[one.name] = found.features_of(through(one.encoder.embed), index, one.name)
    return factors, notes, made


def _halves(
    found: Represented, factors: list[Factor], notes: list[str]
) -> tuple[np.ndarray, np.ndarray, list[Factor]]:
    """Images to fit on and to test on: pretraining and held-out images where possible."""
    rng = np.random.default_rng([found.seed, 2])
    fit, test = found.splits.pretrain, found.splits.held_out
    if any(min(f.known[fit].sum(), f.known[test].sum()) < FEWEST for f in factors):
        order = rng.permutation(len(found.images))
        fit, test = order[: len(order) // 2], order[len(order) // 2 :]
        if found.images.groups is not None:
            fit, test = cut(np.sort(order), None, len(test), found.seed, found.images.groups)
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
    found: Represented,
    matrix: Leakage,
    task: str | None,
    varied: list[str],
    fit: int,
    test: int,
    run: dict[str, Any],
) -> dict[str, Any]:
    """What the page shows of a matrix."""
    images, encoder = found.images, found.encoder.encoder
    shape = f"{images.channels} × {images.height} × {images.width}"
    details = {found.encoder.name: encoder.detail, LABEL_ROW: "what the task itself says"}
    if found.random:
        details[RANDOM] = found.random[0].encoder.name.removesuffix("@random")
    return leakage_board(
        matrix,
        encoders=[found.encoder.name],
        task=task,
        varied=varied,
        reference=RANDOM if found.random and encoder.trained is not False else None,
        details=details,
        data=images.name,
        made=[
            ("Data", f"{images.name}, {len(images):,} images of {shape}, {images.hash}"),
            ("Items", f"{fit:,} fitted, {test:,} tested; split {found.splits.hash}"),
            *[("Seen before", note) for note in found.notes],
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
            ("Versions", ", ".join(f"{name} {one}" for name, one in run["versions"].items())),
            ("Commit", str(run["commit"])),
            ("Hardware", str(run["hardware"])),
            ("Date", str(run["started"])[:10]),
        ],
    )
