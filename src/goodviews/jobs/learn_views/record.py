"""``learned.json``: everything that the page of learned views shows, and the tables beside it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.origin import run_origin, write_table
from goodviews.data import Images
from goodviews.data.size import SizeLike
from goodviews.jobs.learn_views.choice import Choice, Tried
from goodviews.jobs.learn_views.compare import fixed_spaces
from goodviews.jobs.learn_views.roles import Roles
from goodviews.jobs.learn_views.steps import joined
from goodviews.jobs.learn_views.words import findings, next_command
from goodviews.training.view_learning import Game, GameHistory, GameResult, Look

_POINTS = 400


@dataclass(frozen=True)
class Asked:
    """The arguments of a run, as the record has them.

    Attributes:
        data: Argument for the data; nothing for images from memory.
        labels: The CSV of labels.
        size: Height and width in pixels, where they were given.
        channels: Axis and number of channels, where they were given.
        value_range: Values of black and white, where they were given.
        before: Steps before the generator, at the size of the images.
        seed: Random seed of the run.
        judge_steps: Training steps of new encoders.
        command: The original command.
        rules: One sentence for each rule that set a number.
    """

    data: str | None
    labels: str | Path | None
    size: SizeLike
    channels: str | int | None
    value_range: tuple[float, float] | None
    before: str
    seed: int
    judge_steps: int
    command: str
    rules: Sequence[str]


def passport(
    game: Game, images: Images, roles: Roles, seed: int, choice: Choice
) -> dict[str, Any]:
    """What goes with the generator, wherever it goes."""
    return {
        "data": {"name": images.name, "hash": images.hash, "count": len(roles.learn)},
        "mode": game.mode,
        "seed": seed,
        "step": choice.step,
        "game": asdict(game),
        "task": roles.task if len(roles.labelled) else "",
        "versions": run_origin("")["versions"],
    }


def gathered(
    images: Images,
    roles: Roles,
    game: Game,
    learned: GameResult,
    *,
    asked: Asked,
    spec: str,
    spec_file: Path,
    tried: Sequence[Tried],
    choice: Choice,
    warning: str,
    rows: Sequence[dict[str, Any]],
    ran: dict[str, Any],
) -> dict[str, Any]:
    """Collect the content of ``learned.json``, except for pictures.

    Args:
        images: The data.
        roles: Which images and labels were used for what.
        game: The game as it was played.
        learned: Its result.
        asked: Arguments of the run.
        spec: Spec of the learned views.
        spec_file: File that holds it.
        tried: Generators that new encoders measured.
        choice: The selected one.
        warning: That the generator misled its encoders, or nothing.
        rows: Rows of the comparison; none without one.
        ran: Commit, versions and hardware.
    """
    history = learned.history
    at = next(one for one in tried if one.step == choice.step)
    fixed = {
        name: joined(asked.before, steps)
        for name, steps in fixed_spaces(images.channels, game.split)
    }
    ranked = sorted(rows, key=lambda row: (-row.get("accuracy", 0.0), row["nats"]))
    best = [fixed[row["name"]] for row in ranked if row["name"] in fixed] or [*fixed.values()]
    task = roles.task if len(roles.labelled) else ""
    words = findings(rows, task=task, verdict=learned.verdict, nats=at.nats)
    return {
        "format": 1,
        "data": {
            "name": images.name,
            "hash": images.hash,
            "count": len(images),
            "shape": [images.channels, images.height, images.width],
        },
        "mode": game.mode,
        "seed": asked.seed,
        "task": task,
        "spec": spec,
        "views": game.views,
        "roles": {
            name: len(getattr(roles, name)) for name in ("learn", "held_out", "labelled", "test")
        },
        "game": asdict(game),
        "said": [roles.summary, *asked.rules],
        "steps": history.steps,
        "stopped": history.stopped,
        "verdict": learned.verdict,
        "candidates": learned.candidates,
        "ceiling_nats": math.log(learned.candidates),
        "loss": _loss(history.losses, game, len(roles.learn)),
        "looks": [_look_record(look) for look in history.looks],
        "tried": [
            {
                "step": one.step,
                "in_game_nats": one.look.shared_nats,
                "keeps": one.keeps,
                "chosen": one is at,
                **one.bound,
            }
            for one in tried
        ],
        "reason": choice.reason,
        "dodged": warning,
        "judge_steps": asked.judge_steps,
        "rows": list(rows),
        **words,
        "advise": fixed.get(words["take"], spec),
        "short": _short(rows, asked.judge_steps),
        "command": asked.command,
        "next": next_command(
            asked.data,
            spec_file,
            best[:3],
            labels=asked.labels,
            size=asked.size,
            channels=asked.channels,
            value_range=asked.value_range,
        ),
        "origin": {key: ran[key] for key in ("commit", "started", "versions", "hardware")},
    }


def _loss(losses: Sequence[float], game: Game, learn: int) -> dict[str, Any]:
    """The encoders' loss, at most :data:`_POINTS` means of steps, and what chance comes to.

    InfoNCE's is made of its bound, so that 0 is its floor and log K what chance comes to; the
    losses of the other bounds are the bounds with their sign turned, of which chance is 0.
    """
    batch = min(game.batch, learn)
    chance = math.log(batch) if game.bound == "infonce" else 0.0
    bins = np.array_split(np.arange(len(losses)), min(len(losses), _POINTS))
    values = np.asarray(losses) + chance
    return {
        "batch": batch,
        "chance": chance,
        "steps": [float(one.mean()) + 1 for one in bins],
        "values": [float(values[one].mean()) for one in bins],
    }


def _look_record(look: Look) -> dict[str, Any]:
    """A look as JSON holds it, with null for what is not finite."""
    values = asdict(look)
    return {name: v if v is None or math.isfinite(v) else None for name, v in values.items()}


def _short(rows: Sequence[dict[str, Any]], steps: int) -> str:
    """Why the bounds cannot be compared, and what to do; empty where they can be."""
    blind = [row["name"] for row in rows if row.get("below_zero")]
    if blind:
        who = f"{', '.join(blind[:-1])} and {blind[-1]}" if len(blind) > 1 else blind[0]
        return (
            f"The bounds of new encoders for {who} are below 0 on held-out images, which counts "
            f"as 0 nats: these encoders overfitted, so their bounds are uninformative. "
            f"Type `--judge-steps {max(steps // 2, 1)}`, or crops before the generator "
            f"(`--views`)."
        )
    names = [row["name"] for row in rows if row["at_ceiling"]]
    if len(names) > 1:
        top = f"log {rows[0]['candidates']} = {rows[0]['ceiling_nats']:.1f} nats"
        return (
            f"The bounds of {', '.join(names[:-1])} and {names[-1]} are at their ceiling of "
            f"{top}: order these by accuracy only. Stronger steps before the generator "
            f"(`--views`) lower all of them."
        )
    if any(row.get("undertrained") for row in rows):
        return (
            f"New encoders were still improving after {steps:,} steps: with "
            f"`--judge-steps {4 * steps}` the bounds are nearer to what is shared."
        )
    return ""


def write_tables(
    folder: Path, ran: dict[str, Any], history: GameHistory, found: dict[str, Any]
) -> None:
    """Write ``looks.csv``, ``log.csv``, ``comparison.csv`` and ``run.json``."""
    write_table(folder, found["looks"], ran, name="looks")
    if found["rows"]:
        flat = [
            {key: value for key, value in row.items() if not isinstance(value, list)}
            for row in found["rows"]
        ]
        write_table(folder, flat, ran, name="comparison")
    losses = [{"step": step, "loss": one} for step, one in enumerate(history.losses, 1)]
    write_table(folder, losses, ran, name="log")
