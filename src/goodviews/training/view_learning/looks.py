"""What is seen of the game at held-out images, and what that says in words.

Letters: B held-out images, C channels, H and W pixels.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from goodviews.information import infonce_bound
from goodviews.training.diagnostics.monitor import History
from goodviews.training.view_learning.players import Players, label_nats, redundancy

FINE = "fine"
SAID = {
    FINE: "Nothing to do.",
    "the encoders lost": "The encoders of the game find nothing any more, which says nothing of "
    "new ones: raise encoder_rate, or lower generator_rate, to a ratio of at least 3.",
    "the label is lost": "A view lost what it knew of the label: raise label_weight, take more "
    "labelled images, or stop earlier with steps.",
    "running away": "The generator can hardly be inverted: lower generator_rate, or take "
    "generator=vp(), whose volume stands still.",
    "nothing moved": "The generator stayed where it began: more steps, or a higher "
    "generator_rate.",
}
"""Every verdict, and what to do next."""


@dataclass(frozen=True)
class Look:
    """One look at the game, at held-out images and by its own players.

    Attributes:
        step: Steps taken.
        shared_nats: InfoNCE bound between the views of g as it stands (all else here is of its
            average). Not a result: g plays against these very
            encoders, and new ones may find more.
        shared_stderr: Its standard error.
        first_nats: What the classifier of view 1 knows of the label, nats.
        second_nats: That of view 2.
        image_nats: That of the image: the constraint I(v1;y) = I(v2;y) = I(x;y) wants all three
            the same (Tian et al., 2020, proposition 3.1).
        lost_nats: Image less the worse view; above 0 the constraint is broken by so much.
        lost_stderr: Its standard error over images, the same ones for both.
        redundancy: Share of view 1 that is linear in view 2, pixel by pixel.
        inverse_error: Largest difference between an image and g's inverse of what g made.
        moved: Mean absolute change of a value by g.
    """

    step: int
    shared_nats: float
    shared_stderr: float
    first_nats: float | None
    second_nats: float | None
    image_nats: float | None
    lost_nats: float | None
    lost_stderr: float | None
    redundancy: float
    inverse_error: float
    moved: float


@dataclass
class GameHistory(History):
    """What happened in the game.

    Attributes:
        looks: At held-out images.
        kept: Step and weights of g (its average) at each look.
        stopped: Why the game ended before its last step; empty where it did not.
    """

    looks: list[Look] = field(default_factory=list, kw_only=True)
    kept: list[tuple[int, dict[str, Tensor]]] = field(default_factory=list, kw_only=True)
    stopped: str = field(default="", kw_only=True)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        more = {"looks": [asdict(look) for look in self.looks], "stopped": self.stopped}
        return {**super().state_dict(), **more, "kept": [list(one) for one in self.kept]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        super().load_state_dict(state)
        self.looks[:] = [Look(**look) for look in state["looks"]]
        self.kept[:] = [(int(step), weights) for step, weights in state["kept"]]
        self.stopped = state["stopped"]


@torch.no_grad()
def look_at(
    players: Players,
    step: int,
    images: Tensor,
    labelled: Tensor | None = None,
    labels: Tensor | None = None,
) -> Look:
    """Look at the game.

    Args:
        players: All of them.
        step: Steps taken.
        images: (B, C, H, W) held out, as g is given them; B is K of the bound.
        labelled: (B', C, H, W) held out as well.
        labels: (B',) their classes.
    """
    bound = infonce_bound(_scores(players, images))
    training = players.training
    players.eval()
    made = players.smooth(images)
    v1, v2 = players.split(made)
    few = images[:32].double()
    exact = players.smooth.double()
    error = float((exact.inverse(exact(few)) - few).abs().max())
    players.smooth.to(images.dtype)
    known: dict[str, float | None] = dict.fromkeys(
        ("first_nats", "second_nats", "image_nats", "lost_nats", "lost_stderr")
    )
    if labelled is not None and labels is not None and len(players.classifiers):
        parts = (*players.split(players.smooth(labelled)), labelled)
        entropy = _entropy(labels)
        found = [
            label_nats(net(part), labels, entropy)
            for net, part in zip(players.classifiers, parts, strict=True)
        ]
        worse = min(found[:2], key=lambda one: one[0])
        apart = worse[1] - found[2][1]
        known = {
            "first_nats": found[0][0],
            "second_nats": found[1][0],
            "image_nats": found[2][0],
            "lost_nats": float(apart.mean()),
            # One image alone says nothing of an error: no loss is sure then.
            "lost_stderr": float(apart.std() / math.sqrt(len(apart)))
            if len(apart) > 1
            else math.inf,
        }
    players.train(training)
    return Look(
        step=step,
        shared_nats=bound.nats,
        shared_stderr=bound.stderr_nats,
        **known,
        redundancy=redundancy(v1[:64], v2[:64]),
        inverse_error=error,
        moved=float((made - images).abs().mean()),
    )


def _scores(players: Players, images: Tensor) -> Tensor:
    """Scores (B, B) of the views by g as it stands, by the encoders as they are in a step.

    Neither the average of g nor running statistics will do: the encoders know g of the moment,
    and statistics of the last steps are those of other views.
    """
    first, second = (deepcopy(net).train() for net in players.encoders)
    v1, v2 = players.views(images)
    scores: Tensor = players.critic(first(v1), second(v2))
    return scores


def lost_too_much(look: Look, give: float) -> bool:
    """Whether a view surely lost more than a share of the nats about the label."""
    if not give or look.lost_nats is None or look.image_nats is None or look.lost_stderr is None:
        return False
    return look.lost_nats - 2 * look.lost_stderr > give * max(look.image_nats, 0.0)


def label_is_gone(looks: Sequence[Look], give: float) -> bool:
    """Whether the last three looks say that a view lost too much and is not winning it back.

    Early in a game the classifiers of the views are behind that of the image, which stands
    still; while they catch up nothing is lost.
    """
    last = looks[-3:]
    if len(last) < 3 or not all(lost_too_much(look, give) for look in last):
        return False
    worse = [min(look.first_nats or 0.0, look.second_nats or 0.0) for look in last]
    return worse[-1] <= worse[0]


def verdict(looks: Sequence[Look], *, give: float, ceiling: float) -> str:
    """Which of :data:`SAID` the looks show; the gravest first.

    Args:
        looks: First to last; the first with a generator that stands still.
        give: See :class:`Game`.
        ceiling: Log K of the looks, nats.

    Returns:
        A key of :data:`SAID`.

    Example:
        >>> known = dict.fromkeys(("first_nats", "second_nats", "image_nats"), None)
        >>> less = dict(lost_nats=None, lost_stderr=None, redundancy=0.4, inverse_error=0, moved=1)
        >>> looks = [Look(0, 5.0, 0.1, **known, **less), Look(50, 0.1, 0.1, **known, **less)]
        >>> verdict(looks, give=0.5, ceiling=6.0)
        'the encoders lost'
    """
    last = looks[-1]
    if last.inverse_error > 1e-3 or not math.isfinite(last.inverse_error):
        return "running away"
    if lost_too_much(last, give):
        return "the label is lost"
    best = max(look.shared_nats for look in looks)
    if last.shared_nats < 0.1 * ceiling < best:
        return "the encoders lost"
    if last.moved < 1e-4:
        return "nothing moved"
    return FINE


def _entropy(labels: Tensor) -> float:
    share = torch.bincount(labels).double() / len(labels)
    share = share[share > 0]
    return float(-(share * share.log()).sum())
