"""The training loop of view learning.

Letters: B examples of a batch, L labelled images, N images, C channels, H and W pixels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.data import Images
from goodviews.training.diagnostics.monitor import check_finite
from goodviews.training.machine import make_fabric
from goodviews.training.state import Checkpoints
from goodviews.training.view_learning.game import Game
from goodviews.training.view_learning.looks import (
    GameHistory,
    label_is_lost,
    look_at,
    lost_too_much,
    verdict,
)
from goodviews.training.view_learning.parts import Maker, hold_out, split_labelled
from goodviews.training.view_learning.players import Players, reverse_gradient
from goodviews.views import parse_view
from goodviews.views.generators import Generator

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class GameResult:
    """Result of view learning.

    Attributes:
        generator: The average of g at its last good look, in evaluation mode. Judge its views
            with new encoders, not with those trained against it.
        history: Record of the run.
        verdict: A key of :data:`goodviews.training.view_learning.looks.GAME_VERDICTS`.
        candidates: K of the looks.

    Example:
        >>> from goodviews.views.generators import build_generator
        >>> history = GameHistory(per_epoch=1, total=300)
        >>> GameResult(build_generator("linear()", 3), history, "fine", candidates=64).verdict
        'fine'
    """

    generator: Generator
    history: GameHistory
    verdict: str
    candidates: int


def learn_views(
    images: Images,
    index: np.ndarray,
    *,
    game: Game,
    seed: int,
    labelled: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    held_out: np.ndarray | None = None,
    folder: Path | None = None,
    watch: Callable[[Players, GameHistory], None] | None = None,
) -> GameResult:
    r"""Learn an invertible generator whose channels, split in two, make good views.

    .. math:: \min_{g, c_1, c_2} \max_{f_1, f_2} I^{f_1, f_2}(g(X)_1; g(X)_{2:n})
              + \lambda \sum_{i} \mathrm{CE}(c_i(g(X)_i), y)

    All networks are updated together: one forward and one backward pass, with the gradient of the
    information reversed where it enters g.

    Args:
        images: Dataset.
        index: (N,) indices of images without labels; those with labels may be among them.
        game: Settings of view learning.
        seed: Random seed of initialisation, batches and the views before g.
        labelled: (L,) indices of images with labels; without any, ``game.mode`` must be
            ``unsupervised``.
        labels: (L,) class numbers.
        held_out: Images for measurements only (default: a tenth of ``index``, at most K).
        folder: Folder for checkpoints; a run stored there is resumed with the same steps.
        watch: Called after every step.

    Returns:
        The generator and a record of the run.

    Raises:
        InputError: There are too few images, labels are missing, or a loss is not finite.
        Interrupted: The run was stopped by a signal; its state is in ``folder``.

    References:
        Tian et al., 2020, arXiv:2005.10243, section 3.5, for three channels; the extension to
        more channels is new here.

    Example:
        >>> from goodviews.data import load
        >>> images = load(np.random.default_rng(0).random((90, 8, 8, 3)))
        >>> small = {"generator": "linear()", "encoder": "convnet(width=4)", "steps": 2}
        >>> game = Game(mode="unsupervised", **small)
        >>> made = learn_views(images, np.arange(90), game=game, seed=0)
        >>> made.generator.channels, made.history.steps
        (3, 2)
    """
    chain = parse_view(game.views).first if game.views else None
    rest, seen = hold_out(index, held_out, game)
    teach, watching = split_labelled(labelled, labels, game)
    classes = 0 if labels is None or labelled is None else int(labels.max()) + 1
    fabric = make_fabric(game.device, game.precision, devices=1)
    make = Maker(images, chain, seed, fabric.device)
    seen_BCHW = make(seen, 0)
    players = Players(game, seen_BCHW, classes=classes, seed=seed)
    players.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    rate = game.generator_rate or players.generator.rate
    optimiser = torch.optim.Adam(
        [
            {"params": list(players.generator.parameters()), "lr": rate},
            {"params": list(players.encoder_parameters()), "lr": game.encoder_rate},
            {"params": list(players.classifiers.parameters()), "lr": game.classifier_rate},
        ]
    )
    fixed = make.labelled(*watching, 0) if len(watching[0]) else ()

    history = GameHistory(per_epoch=1, total=game.steps)
    checkpoints = Checkpoints(folder, settings=game, view=game.views, seed=seed, data=images.hash)
    checkpoints.attach(players, optimiser, history)
    if not history.looks:
        _look(players, history, seen_BCHW, *fixed)
    with checkpoints.stoppable() as saved:
        for step in range(history.steps, game.steps):
            if history.stopped:
                break
            if game.settle:
                optimiser.param_groups[0]["lr"] = rate * _rate_factor(step / game.steps)
            rng = np.random.default_rng((seed, step))
            for extra in range(1, game.encoder_steps):
                rows = rng.choice(rest, min(game.batch, len(rest)), replace=False)
                _encoder_step(players, optimiser, make(rows, step + 1, view=extra), fabric)
            rows = rng.choice(rest, min(game.batch, len(rest)), replace=False)
            few: tuple[Tensor, ...] = ()
            if len(teach[0]):
                size = min(game.labelled_batch, len(teach[0]))
                some = rng.choice(len(teach[0]), size, replace=False)
                few = make.labelled(teach[0][some], teach[1][some], step + 1)
            still = step < game.warm_up
            loss = _joint_step(players, optimiser, make(rows, step + 1), few, fabric, still=still)
            check_finite(loss, seed=seed, epoch=0, step=step, view=game.generator)
            players.after()
            if game.restart and (step + 1) % game.restart == 0:
                players.restart(step + 1)
                for parameter in players.encoder_parameters():
                    optimiser.state.pop(parameter, None)
            history.steps = step + 1
            history.losses.append(float(loss))
            if history.steps % game.look_every == 0 or history.steps == game.steps:
                _look(players, history, seen_BCHW, *fixed)
            if watch:
                watch(players, history)
            saved(due=history.steps % game.look_every == 0)
    return _result(players, history, game, len(seen))


def _joint_step(
    players: Players,
    optimiser: torch.optim.Optimizer,
    x_BCHW: Tensor,
    few: tuple[Tensor, ...],
    fabric: "Fabric",
    *,
    still: bool,
) -> Tensor:
    """Update all networks, or all but g in the warm-up; return the loss of the encoders."""
    game, count = players.game, len(x_BCHW)
    with fabric.autocast():
        images = torch.cat([x_BCHW, few[0]]) if few else x_BCHW
        made = players.generator(images)
        if still:
            made = made.detach()
        against = made[:count] if game.uses_information else made[:count].detach()
        same = game.bound != "smile"
        entered = reverse_gradient(against) if same else against.detach()
        raised, _ = players.shared(*players.split(entered))
        loss = -raised
        if not same and against.requires_grad:
            loss = loss + _generator_loss(players, against)
        if few:
            rest = made[count:] if game.uses_labels else made[count:].detach()
            terms = players.label_terms(few[0], *players.split(rest), few[1])
            loss = loss + game.label_weight * (terms[0] + terms[1]) + terms[2]
    optimiser.zero_grad()
    fabric.backward(loss)
    if game.clip and not still:
        nn.utils.clip_grad_norm_(players.generator.parameters(), game.clip)
    optimiser.step()
    return -raised.detach()


def _encoder_step(
    players: Players, optimiser: torch.optim.Optimizer, x_BCHW: Tensor, fabric: "Fabric"
) -> None:
    """Update the encoders only."""
    with fabric.autocast():
        with torch.no_grad():
            views = players.views(x_BCHW)
        raised, _ = players.shared(*views)
    optimiser.zero_grad()
    fabric.backward(-raised)
    optimiser.step()


def _generator_loss(players: Players, made: Tensor) -> Tensor:
    """Loss of g where it differs from that of the encoders; its gradient reaches only g."""
    encoder_parameters = list(players.encoder_parameters())
    for parameter in encoder_parameters:
        parameter.requires_grad_(False)
    _, lowered = players.shared(*players.split(made))
    for parameter in encoder_parameters:
        parameter.requires_grad_(True)
    return lowered


def _rate_factor(done: float) -> float:
    """Factor of the learning rate, from 1 at the start to 0 at the end."""
    return (1 + math.cos(math.pi * done)) / 2


def _look(
    players: Players,
    history: GameHistory,
    seen: Tensor,
    labelled: Tensor | None = None,
    labels: Tensor | None = None,
) -> None:
    """Measure, store the current generator, and stop the game when the label is lost."""
    look = look_at(players, history.steps, seen, labelled, labels)
    history.looks.append(look)
    history.bounds.append((look.step, look.shared_nats, look.shared_stderr))
    state = {name: value.detach().clone() for name, value in players.smooth.state_dict().items()}
    history.snapshots.append((look.step, state))
    if players.game.uses_labels and label_is_lost(history.looks, players.game.give):
        history.stopped = (
            f"In three measurements up to step {look.step} a view had lost more than "
            f"{players.game.give:.0%} of the information about the label and did not recover."
        )


def _result(players: Players, history: GameHistory, game: Game, candidates: int) -> GameResult:
    """Generator of the last look at which no view had lost the label."""
    good = [
        number
        for number, look in enumerate(history.looks)
        if not (game.uses_labels and lost_too_much(look, game.give))
    ]
    players.smooth.load_state_dict(history.snapshots[good[-1] if good else 0][1])
    found = verdict(history.looks, give=game.give, ceiling=math.log(candidates))
    return GameResult(players.smooth.eval().cpu(), history, found, candidates)
