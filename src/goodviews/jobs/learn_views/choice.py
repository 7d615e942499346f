"""Which generator of a game is taken: new encoders say, and the label has a veto."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goodviews.core.intervals import NORMAL
from goodviews.training.view_learning import Game, GameHistory, Look
from goodviews.training.view_learning.looks import lost_too_much
from goodviews.views.generators import Generator

GAP_NATS = 1.0
"""More that new encoders find than the game's, from which the generator dodges the latter."""


@dataclass(frozen=True)
class Tried:
    """A generator of the game, judged.

    Attributes:
        step: When it stood.
        look: What the game saw of it.
        keeps: Whether no view had surely lost the label; ``None`` where nobody watched.
        bound: What new encoders found: ``nats``, ``stderr_nats``, ``ceiling_nats``,
            ``candidates``, ``at_ceiling``.
    """

    step: int
    look: Look
    keeps: bool | None
    bound: dict[str, Any]

    @property
    def nats(self) -> float:
        """Bound of new encoders."""
        return float(self.bound["nats"])

    @property
    def gap(self) -> float:
        """Nats that new encoders find and the game's do not."""
        return self.nats - self.look.shared_nats


@dataclass(frozen=True)
class Choice:
    """The generator that is taken.

    Attributes:
        step: When it stood.
        reason: Why it, in words.
    """

    step: int
    reason: str


def worth_trying(
    history: GameHistory, game: Game, *, looks: int = 3
) -> tuple[list[int], list[int]]:
    """Steps whose generators are judged, and steps of those left out since a label was lost.

    They stand evenly in the game, the last one at its end; looks during the warm-up are none.

    Args:
        history: Of the game.
        game: Its settings.
        looks: How many, at most.

    Returns:
        Both in order. In the place of one that had lost the label stands the nearest that had
        not; where all had, the last of the warm-up, which is the one of the start.
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
    """Take the generator whose views share least by new encoders; the last when supervised.

    Args:
        tried: Those judged, in order of their steps.
        mode: Of the game.
        lost: Steps left out since a view had lost the label.

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
        said = f"The last generator is taken (step {last.step}): only the label terms moved it."
        return Choice(last.step, said + out)
    best = min(tried, key=lambda one: one.nats)
    if len(tried) == 1:
        said = f"Step {best.step} is the only one that could be judged."
        return Choice(best.step, said + out)
    others = [one for one in tried if one is not best]
    said = (
        f"Of {len(tried)} generators of the game that of step {best.step} shares least by new "
        f"encoders: {best.nats:.2f} nats, against "
        f"{_list([f'{one.nats:.2f} at step {one.step}' for one in others])}."
    )
    near = [one for one in others if one.nats - best.nats < _error(best, one)]
    if near:
        steps = _list([f"step {one.step}" for one in near])
        said += f" It cannot be told apart from {steps}; the lower number is taken."
    return Choice(best.step, said + out)


def dodged(tried: Sequence[Tried], chosen: int, looks: Sequence[Look], game: Game) -> str:
    """What to do where new encoders find much more than the game's; else nothing.

    Where the game's bound had fallen, the generator dodged its encoders; where it had not, they
    had not learned yet what there is to find.

    Args:
        tried: Those judged.
        chosen: Step of the one that is taken.
        looks: Of the game.
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
        "the generator dodged them instead of sharing less."
        if fell
        else "these had not caught up, so that the generator had nobody to learn from."
    )
    if worst.step != chosen:
        own = next(one for one in tried if one.step == chosen)
        said += f" At step {chosen}, which is taken, the gap is {own.gap:.1f} nats."
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
