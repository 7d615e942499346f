"""Views learned from six mixed bands, against every way to split the bands in two.

No colour space is known for such data, and here the right answer is: unmix, then split. The
generator has only unlabelled examples and a few labels.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Cells, run_origin, write_table
from goodviews.jobs.learn_views import Judgement, Tried, choose, worth_trying
from goodviews.training.view_learning import learn_views
from goodviews.views.generators import LinearGenerator, save_generator
from goodviews_experiments.learned_bands.arms import (
    BANDS,
    SCALE,
    BandsTable,
    bands_parts,
    crosstalk,
    every_split,
    sides_of,
)
from goodviews_experiments.learned_views.arms import Parts
from goodviews_experiments.shared.arms import Right, Row, collected, gap, judged_cell, mean, slug

PLAIN, KNOWN = "raw", "unmixed by the known matrix"
"""Mode of an arm that learns nothing, and the arm that knows the answer."""

_TOLD = (
    "first_nats", "second_nats", "image_nats", "step", "tried", "lost", "game_steps", "verdict"
)  # fmt: skip


def learned_bands(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv``, ``orders.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 25 minutes on one thread) or ``gpu``.
        out: The folder to write to; results in its ``cells`` are not computed again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    parts = bands_parts(settings)
    cells = Cells(out / "cells", asdict(settings))
    rows, right, commits = collected([
        judged_cell(cells, arm, seed, _made, settings, parts, arm, mode, seed, out)
        for arm, mode, seed in _plan(settings)
    ])  # fmt: skip
    bands = parts[0].images
    run = run_origin(
        f"goodviews reproduce learned_bands --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data={"name": bands.name, "source": bands.source, "hash": bands.hash},
        cells=commits,
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(rows, right), run, name="orders")
    from goodviews_experiments.learned_views.figure import learned_figure

    learned_figure(out, "Six mixed bands: readout against what the views share")
    return out


def _plan(settings: BandsTable) -> list[tuple[str, str, int]]:
    """Name, mode and seed of every arm, seed by seed."""
    fixed = every_split(BANDS)[: settings.fixed]
    arms = [(name, {**asdict(settings.game), **more}["mode"]) for name, more in settings.games]
    arms = [(KNOWN, PLAIN), *arms, *((text, PLAIN) for text in fixed)]
    return [(arm, mode, seed) for seed in settings.seeds for arm, mode in arms]


def _made(
    settings: BandsTable, both: tuple[Parts, Parts], arm: str, mode: str, seed: int, out: Path
) -> tuple[Row, Judgement, Row]:
    """One arm with one seed: play, choose, freeze, judge."""
    parts, planes = both
    view, mixed = arm, None
    told: Row = {}
    if arm == KNOWN:
        view, parts, mixed = "split(3)", planes, 0.0
    elif mode == PLAIN:
        mixed = crosstalk(*sides_of(arm))
    else:
        file = out / "generators" / f"{slug(arm, seed)}.safetensors"
        view, told, mixed = _learned(settings, parts, arm, seed, file)
    found = parts.judged(view, settings.pretraining, settings.candidates, seed)
    about = {"mode": mode, "space": parts.images.name, "group": "table"}
    return about, found, {"crosstalk": mixed, **{key: told.get(key) for key in _TOLD}}


def _learned(
    settings: BandsTable, parts: Parts, arm: str, seed: int, file: Path
) -> tuple[str, dict[str, Any], float | None]:
    """Play, let new encoders choose a generator of the game, and save it."""
    game = replace(settings.game, **dict(settings.games)[arm])
    few = parts.labelled if game.uses_labels else None
    learned = learn_views(
        parts.images, parts.pretrain_on, game=game, seed=seed, held_out=parts.held_out,
        labelled=few, labels=None if few is None else parts.labels[few],
    )  # fmt: skip
    history, generator = learned.history, learned.generator
    looks, weights = {look.step: look for look in history.looks}, dict(history.snapshots)
    file.parent.mkdir(parents=True, exist_ok=True)
    view = f"learned('{file.resolve()}')|{game.split}"
    steps, lost = worth_trying(history, game, looks=settings.looks)
    tried = []
    for step in steps:
        generator.load_state_dict(weights[step])
        save_generator(file, generator, {"arm": arm, "seed": seed, "step": step})
        bound = parts.bound(view, settings.pretraining, settings.candidates, seed)
        tried.append(Tried(step, looks[step], None, asdict(bound)))
    step = choose(tried, game.mode, lost).step
    generator.load_state_dict(weights[step])
    save_generator(file, generator, {"arm": arm, "seed": seed, "step": step})
    look = looks[step]
    told = {
        "first_nats": look.first_nats, "second_nats": look.second_nats,
        "image_nats": look.image_nats, "step": step, "tried": len(tried), "lost": len(lost),
        "game_steps": history.steps, "verdict": learned.verdict,
    }  # fmt: skip
    mixed = None
    if isinstance(generator, LinearGenerator):
        order, first = sides_of(game.split)
        mixed = crosstalk(order @ generator.matrix().detach(), first)
    return view, told, mixed


def _table(rows: Sequence[Row], right: Right) -> list[Row]:
    """Each arm's mean over seeds and the interval over seeds and examples."""
    known = np.mean([row["shared_nats"] for row in rows if row["arm"] == KNOWN])
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        nats = np.array([row["shared_nats"] for row in own])
        mixed = None if own[0]["crosstalk"] is None else np.mean([r["crosstalk"] for r in own])
        made.append({
            "arm": arm, "mode": own[0]["mode"], **mean(arm, right), "shared_nats": nats.mean(),
            "shared_least": nats.min(), "shared_most": nats.max(),
            "from_known_nats": np.abs(nats - known).mean(), "crosstalk": mixed,
        })  # fmt: skip
    return made


def _orders(rows: Sequence[Row], right: Right) -> list[Row]:
    """Learned views over each fixed split and over each other, paired by seed and example."""
    arms = dict.fromkeys(row["arm"] for row in rows)
    games = dict.fromkeys(row["arm"] for row in rows if row["mode"] != PLAIN)
    made = [gap(one, other, right) for one in games for other in arms if other != one]
    return [row for row in made if row]
