"""Which generator is taken, what is compared, and what is said of it: no training here."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.information import Estimate
from goodviews.jobs.learn_views.choice import Tried, choose, dodged, worth_trying
from goodviews.jobs.learn_views.compare import bound_record, fixed_spaces, gaps, split_width
from goodviews.jobs.learn_views.folder import meanings
from goodviews.jobs.learn_views.record import _short
from goodviews.jobs.learn_views.roles import fit_game, share_out
from goodviews.jobs.learn_views.words import findings
from goodviews.training.view_learning import Game, GameHistory, Look
from goodviews.views import parse_view
from goodviews.views.generators import build_generator


def look(step, shared=3.0, *, lost=0.0, image=1.0):
    return Look(step, shared, 0.1, 1.0, 1.0, image, lost, 0.01, 0.5, 1e-7, 0.1)


def tried(step, nats, shared=None, *, error=0.03):
    bound = {"nats": nats, "stderr_nats": error, "at_ceiling": False, "ceiling_nats": 6.0}
    return Tried(step, look(step, nats if shared is None else shared), True, bound)


def history(looks, steps=300):
    made = GameHistory(per_epoch=1, total=steps)
    made.steps = steps
    made.looks.extend(looks)
    return made


def test_a_third_two_thirds_and_the_end_are_judged_and_no_warm_up():
    looks = [look(step) for step in range(0, 301, 25)]
    assert worth_trying(history(looks), Game(warm_up=20)) == ([100, 200, 300], [])
    assert worth_trying(history(looks), Game(warm_up=150)) == ([175, 200, 300], [])


def test_a_generator_that_lost_the_label_is_left_out_and_if_all_did_the_last_that_had_not():
    looks = [look(0), look(100), look(200, lost=0.9), look(300, lost=0.2)]
    assert worth_trying(history(looks), Game(warm_up=20)) == ([100, 300], [200])
    looks = [look(0), look(50), look(100, lost=0.9), look(200, lost=0.9), look(300, lost=0.9)]
    assert worth_trying(history(looks), Game(warm_up=60)) == ([50], [100, 200, 300])


@pytest.mark.parametrize("mode", ["unsupervised", "semi"])
def test_the_lowest_bound_of_new_encoders_is_taken(mode):
    found = choose([tried(100, 4.0), tried(200, 2.5), tried(300, 5.0)], mode, [150])
    assert found.step == 200
    assert "2.50 nats, against 4.00 at step 100 and 5.00 at step 300" in found.reason
    assert "step 150 is left out" in found.reason
    assert "differ significantly" not in found.reason
    assert (
        "differ significantly from step 300"
        in choose([tried(200, 2.5), tried(300, 2.51)], mode).reason
    )


def test_the_last_is_taken_where_labels_alone_moved_it():
    assert choose([tried(100, 2.0), tried(300, 5.0)], "supervised").step == 300


def test_a_generator_that_dodged_is_told_from_encoders_that_lag():
    looks = [look(0, 0.0), look(100, 4.0), look(200, 0.5)]
    said = dodged([tried(100, 4.2, 4.0), tried(200, 5.0, 0.5)], 100, looks, Game())
    assert "5.0 nats where those of the game find 0.5: the generator misled them" in said
    assert "At step 100, which is used, the gap is 0.2 nats" in said
    assert "encoder_rate=0.004`, lower generator_rate with `--set generator_rate=0.0001`" in said
    own = Game(generator_rate=5e-3, encoder_rate=1e-2, encoder_steps=2)
    said = dodged([tried(100, 4.2, 4.0), tried(200, 5.0, 0.5)], 100, looks, own)
    for change in ("encoder_rate=0.02", "generator_rate=0.0025", "encoder_steps=3"):
        assert f"`--set {change}`" in said
    looks = [look(0, 0.0), look(100, 0.5)]
    assert "had not caught up" in dodged([tried(100, 5.0, 0.5)], 100, looks, Game())
    assert not dodged([tried(100, 5.0, 4.1)], 100, looks, Game())


def row(name, nats, right, *, ceiling=False):
    share = sum(map(int, right)) / len(right)
    return {
        "name": name, "view": name, "nats": nats, "stderr_nats": 0.05, "at_ceiling": ceiling,
        "accuracy": share, "low": share - 0.05, "high": share + 0.05, "right": right,
    }  # fmt: skip


def answer(*rows):
    made = list(rows)
    gaps(made)
    return findings(made, task="kind", verdict="fine", nats=made[0]["nats"])


HALF, MORE, LESS = "10" * 100, "10" * 90 + "1" * 20, "10" * 60 + "0" * 80


def test_what_is_said_follows_the_intervals():
    kept = answer(row("learned", 3.0, HALF), row("raw channels", 5.0, HALF))
    assert kept["headline"] == (
        "The learned view shares 2.0 nats less than the raw channels and keeps kind"
    )
    assert kept["edge"] == "sweet"
    better = answer(row("learned", 3.0, MORE), row("raw channels", 5.0, HALF))
    assert "and its readout of kind is 5.0 points better" in better["headline"]
    lost = answer(row("learned", 3.0, LESS), row("raw channels", 5.0, HALF))
    assert lost["headline"].startswith(
        "Use raw channels instead: its readout of kind is 20.0 points"
    )
    assert (lost["take"], lost["edge"]) == ("raw channels", "missing")
    same = answer(row("learned", 5.0, HALF), row("raw channels", 5.0, HALF))
    assert same["edge"] == "undecided"
    top = answer(
        row("learned", 5.9, HALF, ceiling=True), row("raw channels", 6.1, HALF, ceiling=True)
    )
    assert "as much as can be measured" in top["headline"]


def test_a_fixed_view_that_is_surely_better_is_advised():
    found = answer(
        row("learned", 3.0, HALF), row("raw channels", 5.0, HALF), row("Lab", 2.0, "1" * 200)
    )
    assert found["take"] == "Lab"
    assert found["compare"] == "Lab shares less, Lab is more accurate"


def test_points_are_paired_by_image():
    rows = [row("learned", 3.0, "1100"), row("raw channels", 5.0, "1010")]
    gaps(rows)
    assert rows[1]["more_points"][0] == 0
    assert rows[1]["less_nats"][0] == pytest.approx(2.0)
    apart = np.array([0, 1, -1, 0])
    half = 100 * 3.182446 * (apart.var(ddof=1) / 4) ** 0.5
    assert rows[1]["more_points"][2] == pytest.approx(half, rel=1e-5)


def pictures(channels, labels, *, parts=None, side=12):
    count = len(labels)
    return Images(
        name="made", pixels=np.zeros((count, channels, side, side), np.uint8), scale=(0.0, 255.0),
        labels={"kind": labels} if (labels >= 0).any() else {}, classes={"kind": ("a", "b", "c")},
        skipped=(), source="", range_note="", hash="0" * 16,
        part=np.zeros(count, np.int8) if parts is None else parts,
    )  # fmt: skip


@pytest.mark.parametrize("known", [0, 9, 60, 600])
@pytest.mark.parametrize("tested", [0, 100])
def test_roles_never_overlap_where_they_must_not(known, tested):
    labels = np.where(np.arange(600) % (600 // max(known, 1)) == 0, np.arange(600) % 3, -1)
    labels = labels if known else np.full(600, -1)
    labels[:known] = np.arange(known) % 3
    parts = (np.arange(600) >= 600 - tested).astype(np.int8)
    found = share_out(pictures(3, labels, parts=parts), mode="unsupervised")
    for one, other in (("learn", "held_out"), ("learn", "test"), ("held_out", "test"),
                       ("labelled", "test"), ("labelled", "held_out")):  # fmt: skip
        assert not np.intersect1d(getattr(found, one), getattr(found, other)).size
    assert (labels[found.labelled] >= 0).all()
    assert (labels[found.test] >= 0).all()
    assert (parts[found.learn] == 0).all()


def test_defaults_follow_the_data_and_what_was_typed_stays():
    images = pictures(3, np.full(200, -1), side=48)
    roles = share_out(images, mode="unsupervised")
    game, said = fit_game(Game(mode="unsupervised"), images, roles)
    assert (game.batch, game.candidates) == (40, 40)
    assert "size=32" in game.views
    assert len(said) == 3
    typed = Game(mode="unsupervised", batch=128, views="flip()")
    game, said = fit_game(typed, images, roles, given=["batch", "views"])
    assert (game.batch, game.views) == (128, "flip()")


@pytest.mark.parametrize("channels", range(2, 14))
def test_fixed_views_take_the_images_and_show_every_channel_once(channels):
    for _, steps in fixed_spaces(channels, "split(1)"):
        pair = parse_view(steps)
        pair.check((channels, 8, 8))
        x = torch.arange(float(channels)).view(1, channels, 1, 1).expand(2, channels, 8, 8) / 20
        made = pair(x, seed=0, samples=torch.arange(2), epoch=0)
        assert sum(view.shape[1] for view in made) == channels
        if "channels" in steps:
            assert sorted(torch.cat(made, 1)[0, :, 0, 0].tolist()) == x[0, :, 0, 0].tolist()


@pytest.mark.parametrize("text", ["split(3)", "split(0)", "flip()", "split(1)|flip()"])
def test_a_split_that_leaves_a_view_empty_is_refused(text):
    with pytest.raises(InputError):
        split_width(text, 3)


def test_what_a_linear_generator_is_is_read_off_exactly():
    generator = build_generator("orthogonal()", 3)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.tensor([0.3, -0.2, 0.5]))
    rng = np.random.default_rng(0)
    images = pictures(3, np.full(80, -1))
    images.pixels[:] = rng.integers(0, 256, images.pixels.shape)
    found = meanings(images, generator, np.arange(80))
    weights = torch.tensor([one["weights"] for one in found])
    assert torch.allclose(weights, generator.matrix().detach(), atol=1e-5)
    assert all(one["explained"] > 1 - 1e-6 for one in found)


def test_a_bound_below_zero_counts_as_nothing_and_is_told():
    made = bound_record(Estimate(-9.0, 0.5, "lower", candidates=512, ceiling_nats=6.2))
    assert (made["nats"], made["below_zero"]) == (0.0, True)
    fine = bound_record(Estimate(-0.1, 0.5, "lower", candidates=512, ceiling_nats=6.2))
    assert (fine["nats"], fine["below_zero"]) == (0.0, False)
    rows = [{"name": name, **one} for name, one in (("learned", made), ("raw channels", fine))]
    assert "The bounds of new encoders for learned are below 0" in _short(rows, 264)
    assert "`--judge-steps 132`" in _short(rows, 264)
    assert "below 0" not in _short(rows[1:], 264)
