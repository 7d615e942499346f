"""The game: who feels which gradient, what stands still, and that it does what it is for."""

import os
import signal
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.information import infonce_bound
from goodviews.training import Interrupted
from goodviews.training.view_learning import Game, Players, learn_views
from goodviews.training.view_learning.learn import _joint_step
from goodviews.training.view_learning.looks import look_at

TINY = Game(
    generator="nvp(blocks=2, width=4)",
    views="",
    encoder="convnet(width=4)",
    head="projector(dim=8)",
    steps=4,
    batch=32,
    labelled_batch=16,
    warm_up=0,
    average=0.5,
    look_every=2,
    candidates=16,
    device="cpu",
)


def fields(count: int, channels: int, seed: int = 0) -> np.ndarray:
    """Independent fields of 8 x 8 pixels in [0, 1], one number and a little noise each."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.2, 0.8, (count, channels, 2, 2)).repeat(4, 2).repeat(4, 3)
    return level + rng.normal(0, 0.02, (count, channels, 8, 8))


def made(pixels: np.ndarray, labels: np.ndarray) -> Images:
    return Images(
        name="fields",
        pixels=np.clip(pixels, 0, 1).astype(np.float32),
        scale=(0.0, 1.0),
        labels={"label": labels},
        classes={"label": tuple(map(str, range(int(labels.max()) + 1)))},
        skipped=(),
        source="Made up.",
        range_note="",
        hash="fields",
    )


@pytest.fixture(scope="module")
def images() -> Images:
    pixels = fields(200, 3)
    return made(pixels, (pixels[:, 0].mean((1, 2)) > 0.5).astype(np.int64))


def play(images: Images, game: Game = TINY, **more):
    few = np.arange(80)
    labels = images.labels["label"][few]
    given = {"labelled": few, "labels": labels} if game.uses_labels else {}
    return learn_views(images, np.arange(len(images)), game=game, seed=0, **given, **more)


def weights(module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def grads(players: Players) -> dict[str, torch.Tensor]:
    return {n: p.grad.clone() for n, p in players.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("mode", ["unsupervised", "semi", "supervised"])
def test_each_player_feels_its_own_objective(images, mode):
    """One pass with the turned gradient against the definition, player by player."""
    game = replace(TINY, mode=mode, clip=0.0, label_weight=0.7)
    x = images.batch(np.arange(32))
    few, labels = images.batch(np.arange(50, 66)).double(), torch.arange(16) % 2
    players, twin = (Players(game, x, classes=2, seed=0).double() for _ in range(2))
    x = x.double()
    for p in players.generator.parameters():  # away from the identity
        p.data += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
    twin.load_state_dict(players.state_dict())
    still = torch.optim.SGD(players.parameters(), lr=0.0)
    _joint_step(
        players, still, x, (few, labels), Fabric(accelerator="cpu", devices=1), still=False
    )
    found = grads(players)

    made_BCHW = twin.generator(torch.cat([x, few]))
    raised, _ = twin.shared(*twin.split(made_BCHW[:32]))
    terms = twin.label_terms(few, *twin.split(made_BCHW[32:]), labels)
    views = 0.7 * (terms[0] + terms[1])
    lowered = {"unsupervised": raised, "supervised": views, "semi": raised + views}[mode]
    for wanted, names in (
        (lowered, "generator"),
        (-raised, "encoders"),
        (views + terms[2], "classifiers"),
    ):
        own = [(n, p) for n, p in twin.named_parameters() if n.startswith(names)]
        right = torch.autograd.grad(wanted, [p for _, p in own], retain_graph=True)
        for (name, _), grad in zip(own, right, strict=True):
            torch.testing.assert_close(found[name], grad, rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize("bound", ["nwj", "js", "smile"])
def test_other_bounds_move_everyone(images, bound):
    game = replace(TINY, mode="unsupervised", bound=bound, critic="separable", steps=3)
    start = Players(game, images.batch(np.arange(16)), classes=0, seed=0)
    seen = []
    play(images, game, watch=lambda players, _: seen.append(weights(players.encoders)))
    assert not torch.equal(seen[0], weights(start.encoders))
    assert not torch.equal(seen[-1], seen[0])


def test_smile_is_felt_by_the_generator_alone(images):
    """The encoders rise by Jensen-Shannon, so their gradient is that without SMILE."""
    x = images.batch(np.arange(32))
    found = {}
    for bound in ("js", "smile"):
        game = replace(TINY, mode="unsupervised", bound=bound, critic="separable", clip=0.0)
        players = Players(game, x, classes=0, seed=0).double()
        still = torch.optim.SGD(players.parameters(), lr=0.0)
        _joint_step(
            players, still, x.double(), (), Fabric(accelerator="cpu", devices=1), still=False
        )
        found[bound] = grads(players)
    for name, grad in found["js"].items():
        if name.startswith(("encoders", "critic")):
            torch.testing.assert_close(found["smile"][name], grad)
    apart = [n for n, g in found["js"].items() if not torch.equal(g, found["smile"][n])]
    assert any(name.startswith("generator") for name in apart)


def test_the_generator_stands_still_while_the_others_warm_up(images):
    seen = []

    def watch(players, _):
        seen.append((weights(players.generator), weights(players.encoders)))

    play(images, replace(TINY, warm_up=2, steps=3), watch=watch)
    assert torch.equal(seen[0][0], seen[1][0])
    assert not torch.equal(seen[1][0], seen[2][0])
    assert not torch.equal(seen[0][1], seen[1][1])


def test_the_average_is_the_running_mean_of_the_generator(images):
    seen = []

    def watch(players, _):
        seen.append((weights(players.generator), weights(players.smooth)))

    play(images, replace(TINY, mode="unsupervised"), watch=watch)
    kept = weights(Players(TINY, images.batch(np.arange(16)), classes=0, seed=0).generator)
    for now, smooth in seen:
        kept = 0.5 * kept + 0.5 * now
        torch.testing.assert_close(smooth, kept, atol=1e-6, rtol=1e-5)


def test_a_rate_that_settles_ends_at_rest_and_spares_the_others(images):
    moves = {}
    for settle in (False, True):
        seen = []
        game = replace(TINY, mode="unsupervised", generator="linear()", steps=8, settle=settle)
        play(images, game, watch=lambda p, _, seen=seen: seen.append(deepcopy(p)))
        moves[settle] = [
            [float((weights(getattr(b, part)) - weights(getattr(a, part))).norm())
             for a, b in pairwise(seen)]
            for part in ("generator", "encoders")
        ]  # fmt: skip
    share = [(1 + np.cos(np.pi * step / 8)) / 2 for step in range(1, 8)]
    own, plain = (np.array(moves[settle][0]) for settle in (True, False))
    # Adam's steps are about the rate in size: far smaller at the end than without.
    assert own[-1] < 3 * share[-1] * plain[-1]
    assert own[0] == pytest.approx(share[0] * plain[0], rel=0.2)
    assert moves[True][1][-1] > 0.3 * moves[False][1][-1]


def test_each_kind_of_generator_has_its_own_rate(images):
    for text, rate in (("nvp(blocks=2, width=4)", 2e-4), ("linear()", 5e-3)):
        game = replace(TINY, mode="unsupervised", generator=text, steps=3)
        own, given = (play(images, one, watch=None).generator
                      for one in (game, replace(game, generator_rate=rate)))  # fmt: skip
        assert torch.equal(weights(own), weights(given))


def test_a_look_sees_the_encoders_as_they_play(images):
    """By the statistics of the batch and the generator of the moment, and leaves no trace."""
    x = images.batch(np.arange(40))
    players = Players(replace(TINY, mode="unsupervised"), x, classes=0, seed=0)
    for p in players.generator.parameters():  # far from its average
        p.data += 0.3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
    players.train()
    before = deepcopy(players.state_dict())
    look = look_at(players, 0, x)
    for name, value in players.state_dict().items():
        assert torch.equal(value, before[name]), name
    with torch.no_grad():
        wanted = infonce_bound(players.scores(*players.views(x)))
    assert look.shared_nats == pytest.approx(wanted.nats, abs=1e-5)


def test_restarted_encoders_are_new_ones(images):
    seen = []
    game = replace(TINY, mode="unsupervised", restart=2)
    play(images, game, watch=lambda players, _: seen.append(weights(players.encoders)))
    steps = [float((a - b).norm()) for a, b in pairwise(seen)]
    assert steps[0] > 5 * steps[1]  # into step 2 they are drawn anew


@pytest.mark.parametrize("mode", ["unsupervised", "semi"])
def test_a_stopped_game_goes_on_to_the_bit(images, tmp_path, mode):
    game = replace(TINY, mode=mode, encoder_steps=2, restart=3)
    whole = play(images, game)

    def stop(_players, history):
        if history.steps == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match="after step 3"):
        play(images, game, folder=tmp_path, watch=stop)
    again = play(images, game, folder=tmp_path)
    assert torch.equal(weights(whole.generator), weights(again.generator))
    assert whole.history.losses == again.history.losses
    assert whole.history.looks == again.history.looks
    other = replace(game, generator_rate=1e-3)
    with pytest.raises(InputError, match="generator_rate"):
        play(images, other, folder=tmp_path)


def test_what_two_channels_share_is_taken_apart():
    """Two mixtures of two independent fields: a turn by 45 degrees shares nothing."""
    a, b = fields(400, 2).transpose(1, 0, 2, 3) - 0.5
    mixed = np.stack([a + 0.5 * b, a - 0.5 * b], axis=1) / 1.5 + 0.5
    game = replace(
        TINY, mode="unsupervised", generator="orthogonal()", steps=100, warm_up=20, batch=128,
        generator_rate=0.01, encoder_rate=6e-3, average=0.8, look_every=100, candidates=40,
    )  # fmt: skip
    found = play(made(mixed, np.arange(400) % 2), game)
    before, after = found.history.looks[0], found.history.looks[-1]
    assert before.redundancy > 0.3
    assert after.redundancy < 0.1 * before.redundancy  # .01 or less with seeds 0 to 2


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"mode": "semy"}, "semi"),
        ({"bound": "nwj"}, "separable"),
        ({"steps": 0}, "steps"),
        ({"generator_rate": -1.0}, "generator_rate"),
        ({"held_labels": 0.0}, "give=0"),
        ({"average": 1.0}, "average"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, wanted):
    with pytest.raises(InputError, match=wanted):
        replace(TINY, **change)


def test_missing_labels_and_images_are_refused(images):
    index = np.arange(len(images))
    with pytest.raises(InputError, match="unsupervised"):
        learn_views(images, index, game=TINY, seed=0)
    one = {"labelled": np.arange(20), "labels": np.zeros(20, np.int64)}
    with pytest.raises(InputError, match="one class"):
        learn_views(images, index, game=TINY, seed=0, **one)
    with pytest.raises(InputError, match="at least 32"):
        play(images, replace(TINY, mode="unsupervised"), held_out=index[:190])
    with pytest.raises(InputError, match="Expected a step that makes two views"):
        play(images, replace(TINY, split="crop()"))
