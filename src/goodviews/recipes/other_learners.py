"""Other view learners, judged as learned colour spaces are: strengths of a chain, and masks.

Same images, same labels, same judges as :mod:`goodviews.recipes.learned_views`, so that rows of
both may be compared. What they are not better than is what a user would have taken anyway: the
same chain at one strength, random masks, crops alone.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from goodviews.core.origin import origin, write_table
from goodviews.recipes.arms import Right, Row, collected, gap, kept, mean
from goodviews.recipes.learned_arms import Parts
from goodviews.recipes.learned_judge import Judgement
from goodviews.recipes.learned_masks import learn_masks
from goodviews.recipes.learned_strengths import Graded, learn_strengths
from goodviews.recipes.other_settings import SCALE, OtherTable
from goodviews.views import ViewPair

__all__ = ["other_learners"]

ALONE, RANDOM = "crop and flip", "random masks"
MODES = ("semi", "unsupervised")


def other_learners(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv`` and ``orders.csv``.

    Args:
        scale: ``test``, ``cpu`` (about 25 minutes on one thread) or ``gpu``.
        out: The folder to write to; what stands in its ``cells`` is not run again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = Parts.read(settings.table)
    arms = [ALONE, RANDOM, *(f"chain at {one:g}" for one in settings.fixed)]
    arms += [f"{kind}, {mode}" for kind in ("strengths", "masks") for mode in MODES]
    rows, right, commits = collected([
        kept(out, arm, seed, partial(_made, data, settings, arm, seed))
        for seed in settings.table.seeds
        for arm in arms
    ])  # fmt: skip
    run = origin(
        f"goodviews reproduce other_learners --scale {scale}",
        seeds=settings.table.seeds,
        settings=asdict(settings),
        data={"name": data.images.name, "source": data.images.source, "hash": data.images.hash},
        cells=commits,
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(arms, right), run, name="orders")
    return out


def _views(
    data: Parts, settings: OtherTable, arm: str, seed: int
) -> tuple[str | ViewPair, dict[str, float]]:
    """The views of an arm, learned where it learns any, and what its game left."""
    if arm == ALONE:
        return settings.before, {}
    if arm == RANDOM:
        share = 1 / settings.masks
        return f"{settings.before}|blockmask(share={share:.3f}, grid=6) // {settings.before}", {}
    kind, _, mode = arm.partition(", ")
    if kind == "masks":
        return learn_masks(data, settings, mode, seed)
    if kind == "strengths":
        spec, path = learn_strengths(data, settings, mode, seed)
        return spec, path[-1]
    graded = Graded(settings.chain)
    return repr(graded.at([float(arm.split()[-1])] * len(graded.places))), {}


def _made(data: Parts, settings: OtherTable, arm: str, seed: int) -> tuple[Row, Judgement, Row]:
    """One arm with one seed: learn what there is to learn, freeze it, judge."""
    view, told = _views(data, settings, arm, seed)
    table = settings.table
    found = data.judged(view, table.pretraining, table.candidates, seed)
    text = view if isinstance(view, str) else ""
    return {"view": text}, found, {key: told.get(key) for key in ("largest_mask", "lost_nats")}


def _table(rows: Sequence[Row], right: Right) -> list[Row]:
    """Each arm's mean over seeds and the interval over seeds and tested images."""
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        shared = np.mean([row["shared_nats"] for row in rows if row["arm"] == arm])
        made.append({"arm": arm, **mean(arm, right), "shared_nats": shared})
    return made


def _orders(arms: Sequence[str], right: Right) -> list[Row]:
    """Each learner over what a user would have taken, paired by seed and image, in points."""
    chains = [arm for arm in arms if arm.startswith("chain at")]
    over = {"strengths": chains, "masks": [ALONE, RANDOM]}
    pairs = [(arm, other) for arm in arms for other in over.get(arm.partition(",")[0], [])]
    made = [gap(one, other, right) for one, other in pairs]
    return [row for row in made if row]
