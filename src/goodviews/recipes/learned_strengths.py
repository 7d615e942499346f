"""Strengths of a chain, learned: how hard each step should change an image.

Letters: B examples, S graded steps.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.checks import InputError
from goodviews.core.rng import Key
from goodviews.information.functionals import infonce_value
from goodviews.recipes.learned_arms import Parts
from goodviews.recipes.other_settings import OtherTable, classifier, encoder
from goodviews.views import Chain, View, parse_view

__all__ = ["Graded", "learn_strengths"]


class Graded:
    """A chain whose graded steps each stand at a strength of their own.

    Args:
        text: Spec of one view; every step as written is strength 1.

    Attributes:
        places: Of the S steps that have a strength.

    Example:
        >>> Graded("crop(scale=(0.2, 1))|flip()|noise(0.1)").at([0.5, 0.0])
        crop(scale=(0.6, 1.0))|flip()|noise(std=0.0)
    """

    def __init__(self, text: str) -> None:
        self.steps = parse_view(text).first.steps
        self.places = [place for place, step in enumerate(self.steps) if _has_strength(step)]

    def at(self, strengths: list[float]) -> Chain:
        """The chain at S strengths."""
        steps = list(self.steps)
        for place, strength in zip(self.places, strengths, strict=True):
            steps[place] = steps[place].at(strength)
        return Chain(steps)


@dataclass
class _Players:
    """Who plays against the strengths: one encoder for both views, and two classifiers."""

    data: Parts
    settings: OtherTable
    graded: Graded
    seed: int

    def __post_init__(self) -> None:
        some = self.made(self.data.pretrain_on[:2], 0, 0, [0.0] * len(self.graded.places))
        classes = int(self.data.labels.max()) + 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.encoder = encoder(self.settings, some)
            self.of_view = classifier(self.settings, some, classes)
            self.of_image = classifier(self.settings, some, classes)

    def made(self, rows: np.ndarray, step: int, view: int, strengths: list[float]) -> Tensor:
        """Views of some images; the draws are the same whatever the strengths."""
        chain, raw = self.graded.at(strengths), self.data.images.raw(rows)
        key = Key.of(seed=self.seed, samples=torch.from_numpy(rows), epoch=step, view=view)
        return chain.apply(raw, chain.sample(tuple(raw.shape[1:]), key))

    def terms(
        self, rows: np.ndarray, few: np.ndarray, step: int, strengths: list[float]
    ) -> tuple[Tensor, Tensor]:
        """What both views share and the cross-entropy of one, nats."""
        first, second = (
            F.normalize(self.encoder(self.made(rows, step, view, strengths)), dim=1)
            for view in (0, 1)
        )
        scores = first @ second.T / self.settings.temperature
        shared = (infonce_value(scores) + infonce_value(scores.T)) / 2
        return shared, self.unknown(self.of_view, few, step, strengths)

    def unknown(
        self, net: nn.Module, few: np.ndarray, step: int, strengths: list[float]
    ) -> Tensor:
        """Cross-entropy of a classifier on labelled images at some strengths, nats."""
        logits = net(self.made(few, step, 99, strengths))
        return F.cross_entropy(logits, torch.from_numpy(self.data.labels[few]))

    @torch.no_grad()
    def lost(self, few: np.ndarray, step: int, strengths: list[float]) -> tuple[float, float]:
        """Nats about the label that a view lacks, and those in the image, where none trained."""
        still = [0.0] * len(strengths)
        view = float(self.unknown(self.of_view, few, step, strengths))
        image = float(self.unknown(self.of_image, few, step, still))
        return view - image, math.log(len(np.unique(self.data.labels[few]))) - image


def learn_strengths(
    data: Parts, settings: OtherTable, mode: str, seed: int
) -> tuple[str, list[dict[str, float]]]:
    r"""Lower what the views share by turning each step up or down, while the label is kept.

    The slope at a strength is the difference of the objective a little above and a little below,
    at the same draws: it needs no derivative of a step, and holds for probabilities too. One
    step of the chain is measured at a time. The weight of the label term rises while a view has
    lost more than ``give`` of the nats about the label in the image, by labelled images that
    train nobody, and falls while it has not.

    Args:
        data: Images and who does what with them.
        settings: Of the run.
        mode: ``semi``, or ``unsupervised`` for no label term.
        seed: Number of the run.

    Returns:
        The spec, and the strengths on the way.

    References:
        The objective is that of Tian et al., 2020, 3.5; its use on strengths is ours.
    """
    graded = Graded(settings.chain)
    players = _Players(data, settings, graded, seed)
    parts = [players.encoder, players.of_view, players.of_image]
    learned = [p for part in parts for p in part.parameters()]
    optimiser = torch.optim.Adam(learned, lr=settings.encoder_rate)
    start = math.log(settings.start / (1 - settings.start))
    logits = torch.full((len(graded.places),), start)
    mover = torch.optim.Adam([logits], lr=settings.strength_rate)
    still = [0.0] * len(graded.places)
    order = np.random.default_rng(0).permutation(data.labelled)
    watch, teach = np.split(order, [round(settings.held_labels * len(order))])
    weight, lost, known, path = 1.0, 0.0, 0.0, list[dict[str, float]]()
    for step in range(settings.steps):
        rng = np.random.default_rng((seed, step))
        rows = rng.choice(data.pretrain_on, settings.batch, replace=False)
        few = rng.choice(teach, settings.labelled_batch, replace=False)
        now = logits.sigmoid().tolist()
        shared, loss = players.terms(rows, few, step, now)
        plain = players.unknown(players.of_image, few, step, still)
        optimiser.zero_grad()
        (loss + plain - shared).backward()
        optimiser.step()
        if mode == "semi":
            here = players.lost(watch, step, now)
            lost, known = 0.9 * lost + 0.1 * here[0], 0.9 * known + 0.1 * here[1]
            broken = lost > settings.give * max(known, 0.0)
            weight = min(max(weight * math.exp(0.1 if broken else -0.1), 0.1), 100.0)
        path.append({"step": step, "shared_nats": float(shared.detach()), "lost_nats": lost})
        path[-1] |= {f"strength_{place}": one for place, one in enumerate(now)}
        if step < settings.warm_up:
            continue
        place = step % len(now)
        ends = [min(now[place] + settings.reach, 1.0), max(now[place] - settings.reach, 0.0)]
        found = []
        for end in ends:
            with torch.no_grad():
                shared, loss = players.terms(
                    rows, few, step, [*now[:place], end, *now[place + 1 :]]
                )
            found.append(float(shared) + (weight * float(loss) if mode == "semi" else 0.0))
        slope = (found[0] - found[1]) / (ends[0] - ends[1])
        logits.grad = torch.zeros_like(logits)
        logits.grad[place] = slope * now[place] * (1 - now[place])
        mover.step()
    return repr(graded.at([round(one, 3) for one in logits.sigmoid().tolist()])), path


def _has_strength(step: View) -> bool:
    try:
        step.at(0.5)
    except InputError:
        return False
    return True
