"""Measurements of view learning on held-out images, and their verdict in words.

Letters: B held-out images, C channels, H and W pixels.
"""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from goodviews.information import infonce_bound
from goodviews.training.diagnostics.monitor import History
from goodviews.training.view_learning.players import Players, label_nats, redundancy

FINE = "fine"
GAME_VERDICTS = {
    FINE: "Nothing to do.",
    "the encoders lost": "The encoders no longer find shared information, but new encoders "
    "might: raise encoder_rate, or lower generator_rate, to a ratio of at "
    "least 3.",
    "the label is lost": "A view lost information about the label: raise label_weight, use more "
    "labelled images, or stop earlier with steps.",
    "running away": "The generator can hardly be inverted: lower generator_rate, or use "
    "generator=vp(), which preserves volume.",
    "nothing moved": "The generator hardly changed: use more steps, or a higher generator_rate.",
}
"""Verdict: what to do next."""


@dataclass(frozen=True)
class Look:
    """Measurements of view learning at one step, on held-out images with its own networks.

    Attributes:
        step: Number of steps taken.
        shared_nats: InfoNCE bound between the views of the current g (all other numbers are for
            its average). It is not a result, because g is trained against these encoders and new
            ones may find more.
        shared_stderr: Its standard error.
        first_nats: Information about the label that the classifier finds in view 1, in nats.
        second_nats: The same for view 2.
        image_nats: The same for the image; by the constraint I(v1;y) = I(v2;y) = I(x;y) all three
            should be equal (Tian et al., 2020, proposition 3.1).
        lost_nats: Difference between the image and the worse view; above 0 the constraint is
            violated by this amount.
        lost_stderr: Its standard error over images, the same for both.
        redundancy: Share of view 1 that is linear in view 2, pixel by pixel.
        inverse_error: Largest difference between an image and the inverse of g applied to its
            output.
        moved: Mean absolute change of a value by g.

    Example:
        >>> look = Look(50, 3.2, 0.1, 0.9, 0.8, 1.0, 0.2, 0.05, 0.4, 1e-7, 0.3)
        >>> look.step, lost_too_much(look, give=0.05)
        (50, True)
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
    """Record of view learning.

    Attributes:
        looks: Measurements on held-out images.
        snapshots: Step and weights of g (its average) at each look.
        stopped: Reason why the run ended before its last step; empty if it did not.

    Example:
        >>> history = GameHistory(per_epoch=1, total=300)
        >>> history.looks, history.stopped
        ([], '')
    """

    look: ClassVar[Callable[..., Any]] = Look
    looks: list[Any] = field(default_factory=list, kw_only=True)
    snapshots: list[tuple[int, dict[str, Tensor]]] = field(default_factory=list, kw_only=True)
    stopped: str = field(default="", kw_only=True)

    def state_dict(self) -> dict[str, Any]:
        """Content for a checkpoint."""
        more = {"looks": [asdict(look) for look in self.looks], "stopped": self.stopped}
        return {**super().state_dict(), **more, "kept": [list(one) for one in self.snapshots]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the content of a checkpoint."""
        super().load_state_dict(state)
        self.looks[:] = [self.look(**look) for look in state["looks"]]
        self.snapshots[:] = [(int(step), weights) for step, weights in state["kept"]]
        self.stopped = state["stopped"]


@torch.no_grad()
def look_at(
    players: Players,
    step: int,
    images: Tensor,
    labelled: Tensor | None = None,
    labels: Tensor | None = None,
) -> Look:
    """Measure view learning on held-out images.

    Args:
        players: All networks.
        step: Number of steps taken.
        images: (B, C, H, W) held-out images, as inputs of g; B is K of the bound.
        labelled: (B', C, H, W) held-out images with labels.
        labels: (B',) class numbers of those.
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
        logits = [net(part) for net, part in zip(players.classifiers, parts, strict=True)]
        known = label_known(logits, labels)
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


def label_known(logits: Sequence[Tensor], labels: Tensor) -> dict[str, float | None]:
    """What is known of the label, in the names of :class:`Look`.

    Args:
        logits: (B, Y) of view 1, of view 2, and of the example itself.
        labels: (B,) class numbers.
    """
    entropy = _entropy(labels)
    found = [label_nats(one, labels, entropy) for one in logits]
    worse = min(found[:2], key=lambda one: one[0])
    apart = worse[1] - found[2][1]
    # A single example has no standard error, so no loss can be significant.
    stderr = float(apart.std() / math.sqrt(len(apart))) if len(apart) > 1 else math.inf
    return {
        "first_nats": found[0][0],
        "second_nats": found[1][0],
        "image_nats": found[2][0],
        "lost_nats": float(apart.mean()),
        "lost_stderr": stderr,
    }


def _scores(players: Players, images: Tensor) -> Tensor:
    """Scores (B, B) of the views of the current g, with the encoders in training mode.

    The average of g and running statistics cannot be used: the encoders fit the current g, and
    running statistics come from the views of earlier steps.
    """
    first, second = (deepcopy(net).train() for net in players.encoders)
    v1, v2 = players.views(images)
    scores: Tensor = players.critic(first(v1), second(v2))
    return scores


class _OfLabel(Protocol):
    """What is known of the label at a look."""

    @property
    def image_nats(self) -> float | None: ...
    @property
    def lost_nats(self) -> float | None: ...
    @property
    def lost_stderr(self) -> float | None: ...


def lost_too_much(look: _OfLabel, give: float) -> bool:
    """Whether a view significantly lost more than a share of the information about the label."""
    if not give or look.lost_nats is None or look.image_nats is None or look.lost_stderr is None:
        return False
    return look.lost_nats - 2 * look.lost_stderr > give * max(look.image_nats, 0.0)


def label_is_lost(looks: Sequence[Look], give: float) -> bool:
    """Whether in the last three looks a view had lost too much and did not recover.

    Early in training, the classifiers of the views are behind that of the image, whose input does
    not change; while they catch up, nothing is lost.
    """
    last = looks[-3:]
    if len(last) < 3 or not all(lost_too_much(look, give) for look in last):
        return False
    worse = [min(look.first_nats or 0.0, look.second_nats or 0.0) for look in last]
    return worse[-1] <= worse[0]


def verdict(looks: Sequence[Look], *, give: float, ceiling: float) -> str:
    """Verdict about the looks, one of :data:`GAME_VERDICTS`; the most serious one that applies.

    Args:
        looks: Looks in the order of their steps; the first is before any change of the generator.
        give: Same as in :class:`Game`.
        ceiling: Log K of the looks, nats.

    Returns:
        A key of :data:`GAME_VERDICTS`.

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
