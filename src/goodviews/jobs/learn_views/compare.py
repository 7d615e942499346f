"""Learned views beside fixed ones: raw channels, and colour spaces where there are three.

Letters: M tested images.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.intervals import NORMAL, half_width, wilson
from goodviews.data import Images
from goodviews.information import Estimate
from goodviews.jobs.learn_views.judge import DRAWS, judge
from goodviews.jobs.learn_views.roles import Roles
from goodviews.measurement import shared_nats
from goodviews.spec.grammar import parse_spec
from goodviews.training import Settings

LEARNED, RAW = "learned", "raw channels"
_SINGLES = 6


def fixed_spaces(channels: int, split: str) -> list[tuple[str, str]]:
    """Name and steps of the fixed views that a learned one is compared with.

    Args:
        channels: C of the images.
        split: How the learned channels are split: the same for the raw ones.

    Example:
        >>> [name for name, _ in fixed_spaces(3, "split(1)")]
        ['raw channels', 'YDbDr', 'Lab']
        >>> fixed_spaces(4, "split(1)")[2]
        ('channel 2 alone', 'channels((2, 0, 1, 3))|split(1)')
    """
    raw = (RAW, split)
    if channels == 3:
        return [raw, ("YDbDr", f"ydbdr()|{split}"), ("Lab", f"lab()|{split}")]
    first = parse_spec(split) == parse_spec("split(1)")
    spread = np.linspace(0, channels - 1, min(channels, _SINGLES)).round().astype(int)
    made = [raw]
    for one in spread[1 if first else 0 :]:
        order = (int(one), *(k for k in range(channels) if k != one))
        made.append((f"channel {one} alone", f"channels({order})|split(1)"))
    return made


@dataclass(frozen=True)
class Judges:
    """Everything that is the same for all views that are judged.

    Attributes:
        images: The data.
        roles: Who does what.
        settings: Settings of the new encoders.
        candidates: K of the bound.
        seed: Number of the run.
    """

    images: Images
    roles: Roles
    settings: Settings
    candidates: int
    seed: int

    def bound(self, view: str) -> dict[str, Any]:
        """What new encoders find that the two views of a spec share."""
        found = shared_nats(
            view,
            self.images,
            settings=self.settings,
            seed=self.seed,
            candidates=self.candidates,
            pretrain_on=self.roles.learn,
            held_out=self.roles.held_out,
            draws=replace(DRAWS, looks=0),
        )
        return bound_record(found.estimate)

    def row(self, view: str) -> dict[str, Any]:
        """The bound, and the linear readout where there are labels."""
        if not self.readable:
            return self.bound(view)
        found = judge(
            self.images,
            view,
            pretrain_on=self.roles.learn,
            held_out=self.roles.held_out,
            labelled=self.roles.labelled,
            test=self.roles.test,
            labels=self.roles.labels,
            settings=self.settings,
            candidates=self.candidates,
            seed=self.seed,
        )
        right = found.right.round().astype(int)
        low, high = wilson(int(right.sum()), len(right))
        return {
            **bound_record(found.bound),
            "accuracy": float(right.mean()),
            "low": low,
            "high": high,
            "knn": float(found.knn.mean()),
            "undertrained": found.undertrained,
            "right": "".join(map(str, right)),
        }

    @property
    def readable(self) -> bool:
        """Whether there are labels to fit a readout and to test it; one test has no interval."""
        return len(self.roles.test) > 1 and len(self.roles.labelled) > 0


def bound_record(bound: Estimate) -> dict[str, Any]:
    """A bound as JSON holds it; below 0 it says no more than 0, which holds of any views."""
    return {
        "nats": max(bound.nats, 0.0),
        "below_zero": bound.nats < -2 * bound.stderr_nats,
        "stderr_nats": bound.stderr_nats,
        "ceiling_nats": bound.ceiling_nats,
        "candidates": bound.candidates,
        "at_ceiling": bound.at_ceiling,
    }


def gaps(rows: list[dict[str, Any]]) -> None:
    """Add to every fixed view how much the learned one differs: nats and points, 95 %.

    Points are paired by tested image; one run each, so that the interval holds for these runs.

    Args:
        rows: One per view, of which one is named ``learned``.
    """
    ours = next(row for row in rows if row["name"] == LEARNED)
    for row in rows:
        if row is ours:
            continue
        half = NORMAL * (ours["stderr_nats"] ** 2 + row["stderr_nats"] ** 2) ** 0.5
        row["less_nats"] = _ends(row["nats"] - ours["nats"], half)
        if "right" in row:
            apart = np.array(
                [int(a) - int(b) for a, b in zip(ours["right"], row["right"], strict=True)]
            )
            half = half_width((float(apart.var(ddof=1)) / len(apart), len(apart) - 1))
            row["more_points"] = _ends(100 * float(apart.mean()), 100 * half)


def _ends(middle: float, half: float) -> list[float]:
    return [middle, middle - half, middle + half]


def split_width(split: str, channels: int) -> int:
    """How many channels the first view takes.

    Raises:
        InputError: The text is not ``split(n)``, or leaves a view without a channel.

    Example:
        >>> split_width("split(2)", 5)
        2
    """
    calls = parse_spec(split)
    if len(calls) != 1 or calls[0].name != "split":
        raise InputError(f"Expected split(1) or another number for --split, but got {split!r}.")
    given = dict(calls[0].kwargs)
    if len(calls[0].args) > 1 or given.get("draws", 1) != 1:
        raise InputError(
            f"Learned views are channels of one image, but {split} makes them of two draws; take "
            f"split(1)."
        )
    first = calls[0].args[0] if calls[0].args else given.get("first", 1)
    if not (type(first) is int and 0 < first < channels):
        raise InputError(
            f"{split} of {channels} channels leaves one view without any; take split(1) to "
            f"split({channels - 1})."
        )
    return first
