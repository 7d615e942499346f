"""Which generator of a game is selected: by new encoders, if it has not lost the label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goodviews.core.intervals import NORMAL
from goodviews.training.view_learning import Game, GameHistory, Look
from goodviews.training.view_learning.looks import lost_too_much
from goodviews.views.generators import Generator

GAP_NATS = 1.0
"""Nats that new encoders find beyond the game's, from which the generator misled the latter."""


@dataclass(frozen=True)
class Tried:
    """A generator of the game that new encoders measured.

    Attributes:
        step: Step of the game that it is from.
        look: Measurement of it in the game.
        keeps: Whether no view had significantly lost the label; ``None`` where that was not
            watched.
        bound: Result of new encoders: ``nats``, ``stderr_nats``, ``ceiling_nats``,
            ``candidates``, ``at_ceiling``.
    """

    step: int
    look: Look
    keeps: bool | None
    bound: dict[str, Any]

    @property
    def nats(self) -> float:
        """The bound of new encoders."""
        return float(self.bound["nats"])

    @property
    def gap(self) -> float:
        """Nats that new encoders find beyond those of the game."""
        return self.nats - self.look.shared_nats


@dataclass(frozen=True)
class Choice:
    """The generator that is selected.

    Attributes:
        step: Step of the game that it is from.
        reason: Why, in words.
    """

    step: int
    reason: str


def worth_trying(
    history: GameHistory, game: Game, *, looks: int = 3
) -> tuple[list[int], list[int]]:
    """Steps whose generators are measured, and steps left out because a label was lost.

    They are spread evenly over the game, the last one at its end, and skip the warm-up.

    Args:
        history: History of the game.
        game: Its settings.
        looks: Maximum number of steps.

    Returns:
        Both in order. One that had lost the label is replaced by the nearest that had not; where
        all had, by the last of the warm-up, which is the one of the start.
    """
    known = {look.step: look for look in history.looks}
    late = [step for step in known if step > game.warm_up] or [max(known)]
    wanted = [round(history.steps * (place + 1) / looks) for place in range(looks)]
    steps = sorted({min(late, key=lambda step: abs(step - one)) for one in wanted})
    lost = [step for step in steps if lost_too_much(known[step], game.give)]
    fine = [step for step, look in known.items() if not lost_too_much(look, game.give)]
    moved = [step for step in late if step in fine]
    kept = (
        {min(moved, key=lambda step: abs(step - one)) for one in wanted}
        if moved
        else {max(fine, default=min(known))}
    )
    return sorted(kept), lost


def choose(tried: Sequence[Tried], mode: str, lost: Sequence[int] = ()) -> Choice:
    """Select the generator whose views share least by new encoders; the last when supervised.

    Args:
        tried: Measured generators, in order of their steps.
        mode: Mode of the game.
        lost: Steps left out because a view had lost the label.

    Returns:
        The step and the reason.
    """
    out = ""
    if lost:
        which = f"step {lost[0]} is" if len(lost) == 1 else f"steps {_list(lost)} are"
        out = f" The generator{'s' if len(lost) > 1 else ''} of {which} left out: a view had lost "
        out += "more of the label than give allows."
    if mode == "supervised":
        last = tried[-1]
        said = f"The last generator is used (step {last.step}): only the label terms trained it."
        return Choice(last.step, said + out)
    best = min(tried, key=lambda one: one.nats)
    if len(tried) == 1:
        said = f"Step {best.step} is the only one that could be measured."
        return Choice(best.step, said + out)
    others = [one for one in tried if one is not best]
    said = (
        f"Of {len(tried)} generators of the game, the one at step {best.step} shares least by new "
        f"encoders: {best.nats:.2f} nats, against "
        f"{_list([f'{one.nats:.2f} at step {one.step}' for one in others])}."
    )
    near = [one for one in others if one.nats - best.nats < _error(best, one)]
    if near:
        steps = _list([f"step {one.step}" for one in near])
        said += f" It does not differ significantly from {steps}; the lower number is used."
    return Choice(best.step, said + out)


def dodged(tried: Sequence[Tried], chosen: int, looks: Sequence[Look], game: Game) -> str:
    """What to do where new encoders find much more than the game's; empty where they do not.

    Where the game's bound had fallen, the generator misled its encoders; where it had not, they
    had not yet learned what there is to find.

    Args:
        tried: Measured generators.
        chosen: Step of the one that is selected.
        looks: Measurements in the game.
        game: Its settings, every rate a number.
    """
    worst = max(tried, key=lambda one: one.gap)
    if worst.gap <= GAP_NATS:
        return ""
    before = max(look.shared_nats for look in looks if look.step <= worst.step)
    fell = worst.look.shared_nats < before - GAP_NATS / 2
    said = (
        f"At step {worst.step} new encoders find {worst.nats:.1f} nats where those of the game "
        f"find {max(worst.look.shared_nats, 0.0):.1f}: "
    )
    said += (
        "the generator misled them instead of sharing less."
        if fell
        else "these had not caught up, so the generator had nothing to learn from."
    )
    if worst.step != chosen:
        own = next(one for one in tried if one.step == chosen)
        said += f" At step {chosen}, which is used, the gap is {own.gap:.1f} nats."
    return (
        f"{said} In a new folder, raise encoder_rate with `--set encoder_rate="
        f"{2 * game.encoder_rate:g}`, lower generator_rate with `--set generator_rate="
        f"{(game.generator_rate or Generator.rate) / 2:g}`, or give the encoders more steps with "
        f"`--set encoder_steps={game.encoder_steps + 1}`"
        f"{'' if fell else ' and the game more with `--steps`'}."
    )


def _error(one: Tried, other: Tried) -> float:
    both = (one.bound["stderr_nats"] ** 2 + other.bound["stderr_nats"] ** 2) ** 0.5
    return NORMAL * float(both)


def _list(words: Sequence[object]) -> str:
    texts = [str(word) for word in words]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
