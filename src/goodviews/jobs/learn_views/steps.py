"""The steps of learning views: the game, the measurement by new encoders, the comparison."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from goodviews.core.cells import Cells
from goodviews.core.progress import Report
from goodviews.data import Images
from goodviews.jobs.learn_views.choice import Choice, Tried, choose, dodged, worth_trying
from goodviews.jobs.learn_views.compare import LEARNED, Judges, fixed_spaces, gaps
from goodviews.jobs.learn_views.roles import Roles
from goodviews.spec.files import look_in
from goodviews.training import Settings
from goodviews.training.view_learning import Game, GameHistory, GameResult, learn_views
from goodviews.training.view_learning.looks import lost_too_much
from goodviews.views.generators import save_generator

Say = Callable[[str], None]


def joined(*parts: str) -> str:
    """Join specs into one; empty ones are left out.

    Example:
        >>> joined("", "lab()", "split(1)")
        'lab()|split(1)'
    """
    return "|".join(part for part in parts if part)


def play(
    images: Images,
    roles: Roles,
    game: Game,
    seed: int,
    folder: Path,
    say: Say,
    progress: Report,
) -> GameResult:
    """Play the game, and show its progress.

    Args:
        images: The data.
        roles: Which images and labels are used for what.
        game: Its settings.
        seed: Random seed of the run.
        folder: Where checkpoints go; a game that is stored there is resumed.
        say: Called with each line of the log.
        progress: Called with what is counted, how many are done and how many there are.
    """
    begun = False

    def watch(_: Any, history: GameHistory) -> None:
        nonlocal begun
        if not begun and history.steps > 1:
            say(f"Resuming at step {history.steps - 1} of {game.steps}.")
        begun = True
        progress("steps trained", history.steps, game.steps)

    taught = len(roles.labelled) > 0
    learned = learn_views(
        images,
        roles.learn,
        game=game,
        seed=seed,
        labelled=roles.labelled if taught else None,
        labels=roles.labels[roles.labelled] if taught else None,
        held_out=roles.held_out,
        folder=folder,
        watch=watch,
    )
    if not begun:
        say("The game was finished before; its generators are measured again where necessary.")
    return learned


def judging(game: Game, count: int, steps: int) -> Settings:
    """Settings of new encoders like those of the game, for about a number of steps."""
    usual = Settings()
    batch = min(usual.batch, max(count // 4 // 2 * 2, 32), count)
    epochs = max(round(steps / max(count // batch, 1)), 1)
    return replace(
        usual,
        encoder=game.encoder,
        head=game.head,
        batch=batch,
        epochs=epochs,
        device=game.device,
        precision=game.precision,
    )


def chosen(
    learned: GameResult,
    game: Game,
    judges: Judges,
    folder: Path,
    cells: Cells,
    progress: Report,
) -> tuple[list[Tried], Choice, str]:
    """Some generators of the game, measured by new encoders; the selected one; a warning."""
    history = learned.history
    steps, lost = worth_trying(history, game)
    known = {look.step: look for look in history.looks}
    place = folder / "candidates"
    look_in(place)
    tried = []
    for number, step in enumerate(steps):
        progress("generators judged", number, len(steps))
        learned.generator.load_state_dict(dict(history.snapshots)[step])
        name = f"g{step:06d}.safetensors"
        hash = save_generator(place / name, learned.generator, {"step": step})
        own = f"learned('{name}', hash='{hash}')"
        view = joined(game.views, own, game.split)
        bound = cells(f"bound {view}", judges.bound, view)
        error = known[step].lost_stderr  # undefined for a single image
        watched = error is not None and math.isfinite(error)
        keeps = not lost_too_much(known[step], game.give) if watched else None
        tried.append(Tried(step, known[step], keeps, bound))
    progress("generators judged", len(steps), len(steps))
    choice = choose(tried, game.mode, lost)
    return tried, choice, dodged(tried, choice.step, history.looks, game)


def compared(
    judges: Judges, game: Game, learned: str, cells: Cells, progress: Report
) -> list[dict[str, Any]]:
    """One run of new encoders for the learned view and for each fixed one."""
    wanted = [(LEARNED, learned)]
    for name, steps in fixed_spaces(judges.images.channels, game.split):
        wanted.append((name, joined(game.views, steps)))
    rows = []
    for number, (name, view) in enumerate(wanted):
        progress("views compared", number, len(wanted))
        found = cells(f"row {view}", judges.row, view)
        rows.append({"name": name, "view": view, **found})
    progress("views compared", len(wanted), len(wanted))
    gaps(rows)
    return [{key: value for key, value in row.items() if key != "right"} for row in rows]
