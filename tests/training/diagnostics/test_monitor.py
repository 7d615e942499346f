"""The monitor: numbers by slow twins and closed forms, verdicts by what would make them."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.data import Images
from goodviews.information import effective_rank
from goodviews.objectives import dcl, infonce, infonce_two_sided, ntxent, simsiam, uniformity
from goodviews.training import Settings, train
from goodviews.training.diagnostics.health import (
    FATAL,
    HEALTHY,
    VERDICTS,
    Look,
    Monitor,
    judge,
)
from goodviews.training.diagnostics.monitor import (
    History,
    NonFiniteError,
    check_finite,
    gradient_norm,
)
from goodviews.training.diagnostics.vitals import Vitals, loss_range, measure
from goodviews.views import parse_view
from goodviews_experiments.failure_zoo.run import EXPECTED, failure_zoo, specimens

TINY = Settings(
    encoder="convnet(width=4)", epochs=12, batch=32, head="projector(dim=16)", device="cpu"
)
FINE = Vitals(0.95, 1.0, 20.0, 0.3, 0.3, -3.0, 0.4, 0.2, 0.5)


def planted():
    """64 random patterns."""
    rng = np.random.default_rng(0)
    return Images(
        name="planted",
        pixels=rng.integers(0, 256, (64, 1, 8, 8), dtype=np.uint8),
        scale=(0.0, 255.0),
        labels={},
        classes={},
        skipped=(),
        source="Random patterns.",
        range_note="Counts were divided by 255.",
        hash="0" * 16,
    )


def spread(count=64, dims=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z_BD = torch.randn(count, dims, generator=generator, dtype=torch.float64)
    noise = torch.randn(count, dims, generator=generator, dtype=torch.float64)
    return z_BD @ torch.diag(torch.linspace(0.2, 2, dims).double()) + 0.5, z_BD + 0.3 * noise


def looks(vitals, *, count=3, **more):
    return [Look(10 * (n + 1), vitals, pairs=64, loss=1.0, **more) for n in range(count)]


def test_the_numbers_agree_with_slow_twins():
    z1, z2 = spread()
    seen = measure(z1, z2)
    u1, u2 = F.normalize(z1, dim=1), F.normalize(z2, dim=1)
    others = ~np.eye(64, dtype=bool)
    cosines = (u1 @ u1.T).numpy()
    correlations = np.corrcoef(z1.numpy(), rowvar=False)
    distances = torch.cdist(u1, u1).square().numpy()
    wanted = Vitals(
        spread=math.sqrt(u1.var(dim=0, correction=0).sum()),
        deviation=float(z1.std(dim=0).mean()),
        rank=effective_rank(u1, centre=True),
        gram=math.sqrt((cosines[others] ** 2).mean()),
        correlation=math.sqrt((correlations[~np.eye(16, dtype=bool)] ** 2).mean()),
        uniformity=float(uniformity(z1)),
        alignment=float((u1 - u2).square().sum(dim=1).mean()),
        apart=float((u1 - u2).square().sum(dim=1).mean() / distances[others].mean()),
        found=float(((u1 @ u2.T).argmax(dim=1) == torch.arange(64)).double().mean()),
    )
    for name, value in vars(wanted).items():
        assert getattr(seen, name) == pytest.approx(value, rel=1e-6), name


def test_order_and_rotation_change_nothing_and_scale_only_the_deviation():
    z1, z2 = spread()
    seen = vars(measure(z1, z2))
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    turn = torch.linalg.qr(spread(16, 16, seed=2)[0])[0]
    for name, value in vars(measure(z1[order], z2[order])).items():
        assert value == pytest.approx(seen[name], rel=1e-6), name
    for name, value in vars(measure(3 * z1, 3 * z2)).items():
        factor = 3 if name == "deviation" else 1
        assert value == pytest.approx(factor * seen[name], rel=1e-6), name
    for name, value in vars(measure(z1 @ turn, z2 @ turn)).items():
        if name not in ("deviation", "correlation"):  # these are of the axes
            assert value == pytest.approx(seen[name], rel=1e-6), name


def test_closed_forms_of_a_point_a_line_copies_and_the_corners_of_a_cube():
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4)
    cube = measure(corners, corners)
    assert cube.spread == pytest.approx(1)
    assert cube.rank == pytest.approx(4)
    assert cube.correlation == pytest.approx(0, abs=1e-9)
    assert cube.found == 1
    assert cube.apart == 0
    point = measure(torch.ones(8, 4), torch.ones(8, 4))
    assert point.spread == point.uniformity == 0
    assert point.gram == pytest.approx(1)
    line = measure(torch.arange(-4.0, 4)[:, None] + torch.ones(8, 3) / 2, torch.ones(8, 3))
    assert line.rank == pytest.approx(1)
    assert line.correlation == pytest.approx(1)
    apart = measure(corners, -corners)
    assert apart.alignment == pytest.approx(4)


def test_values_that_are_not_finite_are_all_nan_and_announced():
    z1, z2 = spread()
    z2[3, 4] = torch.inf
    seen = measure(z1, z2)
    assert all(math.isnan(value) for value in vars(seen).values())
    assert judge([Look(1, seen, pairs=64, loss=1.0)]).verdict == "NaN ahead"


def simplex(count):
    """(B, B) unit vectors at cosine -1 / (B - 1) from each other."""
    z = torch.eye(count, dtype=torch.float64)
    return F.normalize(z - z.mean(dim=0), dim=1)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 1.0])
@pytest.mark.parametrize(
    ("name", "loss"), [("infonce", infonce_two_sided), ("ntxent", ntxent), ("dcl", dcl)]
)
def test_floor_and_chance_are_reached_by_a_simplex_and_a_point(name, loss, temperature):
    settings = Settings(objective=f"{name}(temperature={temperature})")
    floor, chance = loss_range(settings, 8)
    best = simplex(8)
    assert float(loss(best, best, temperature=temperature).mean()) == pytest.approx(
        floor, rel=1e-9
    )
    same = torch.ones_like(best)
    assert float(loss(same, same, temperature=temperature).mean()) == pytest.approx(chance)
    other = spread(8, 8)
    assert float(loss(*other, temperature=temperature).mean()) > floor


def test_stored_negatives_may_all_lie_opposite():
    settings = Settings(
        objective="infonce(temperature=0.5)", memory="queue(size=32)", momentum=0.9
    )
    floor, chance = loss_range(settings, 4)
    query = torch.zeros(4, 3, dtype=torch.float64)
    query[:, 0] = 1
    for sign, wanted in ((-1, floor), (1, chance)):
        stored = sign * query[:1].expand(32, 3)
        loss = infonce(query, query, negatives=stored, in_batch=False, temperature=0.5)
        assert float(loss.mean()) == pytest.approx(wanted)
    assert loss_range(Settings(objective="vicreg()"), 8) is None
    same = torch.ones(4, 3)
    assert float(simsiam(same, same, same, same).mean()) == pytest.approx(
        loss_range(Settings(objective="simsiam()"), 8)[0]
    )


@pytest.mark.parametrize(
    ("changed", "more", "verdict"),
    [
        ({}, {}, HEALTHY),
        ({"spread": 0.01}, {}, "complete collapse"),
        ({"spread": 0.2}, {}, "complete collapse"),
        ({"spread": 0.2}, {"share": 0.5, "ceiling": 4.8}, "shortcut or saturation"),
        ({"correlation": 0.9, "rank": 3.0}, {}, "dimensional collapse"),
        ({"apart": 0.01, "found": 0.99}, {}, "shortcut or saturation"),
        ({"apart": 0.01, "found": 0.5}, {}, HEALTHY),
        ({}, {"ceiling": math.log(15)}, "shortcut or saturation"),
        ({"apart": 1.0}, {}, "not learning"),
        ({"deviation": 0.01, "apart": 1.0}, {"unit": True}, "complete collapse"),
        ({"deviation": 0.01}, {}, HEALTHY),
        ({}, {"climb": 2.0, "ceiling": 6.0}, "stale queue"),
        ({}, {"rise": 50.0}, "NaN ahead"),
    ],
)
def test_each_verdict_has_its_sign_and_says_what_to_do(changed, more, verdict):
    seen = judge(looks(replace(FINE, **changed), **more))
    assert seen.verdict == verdict
    assert str(seen).endswith(VERDICTS[verdict])
    assert len(str(seen)) < 400


def test_an_alarm_needs_three_looks_that_agree_and_divergence_one():
    fallen = replace(FINE, spread=0.01)
    for count in (1, 2):
        assert judge(looks(fallen, count=count)).verdict == HEALTHY
    one, two, three = looks(fallen)
    between = replace(two, vitals=FINE)
    assert judge([one, between, three]).verdict == HEALTHY
    assert judge([one, two, replace(three, rise=50.0)]).verdict == "NaN ahead"
    widening = [replace(one, vitals=replace(FINE, spread=s)) for s in (0.12, 0.2, 0.3)]
    assert judge(widening).verdict == HEALTHY
    assert judge(widening[::-1]).verdict == "complete collapse"
    assert set(FATAL) < set(VERDICTS)


def test_the_gradient_norm_is_that_of_all_together():
    layers = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    assert gradient_norm(layers.parameters()) == 0
    layers(torch.ones(5, 3)).square().sum().backward()
    flat = torch.cat([p.grad.flatten() for p in layers.parameters()])
    torch.testing.assert_close(gradient_norm(layers.parameters()), flat.norm())
    with pytest.raises(NonFiniteError, match="gradient is nan at step 3"):
        check_finite(torch.tensor(torch.nan), seed=0, epoch=1, step=3, view="v", what="gradient")


def test_a_gradient_that_is_not_finite_stops_before_the_weights_take_it(monkeypatch):
    def broken(parameters):
        norm = gradient_norm(parameters)
        taken.append(norm)
        return norm if len(taken) < 4 else norm * torch.nan

    taken, weights = [], []
    monkeypatch.setattr("goodviews.training.loop.gradient_norm", broken)

    def watch(learner, history):
        weights[:] = [torch.cat([p.detach().flatten().clone() for p in learner.parameters()])]
        assert history.gradients == [float(norm) for norm in taken]

    options = {"settings": TINY, "seed": 0, "watch": watch}
    with pytest.raises(NonFiniteError, match="gradient is nan at step 3"):
        train(planted(), np.arange(64), parse_view("noise(std=0.05)"), **options)
    assert weights[0].isfinite().all()


def test_the_monitor_looks_every_few_steps_and_changes_nothing():
    monitor, kept = Monitor(TINY, every=5), []

    def watch(learner, history):
        assert (monitor(learner, history) is not None) == (history.steps % 5 == 0)

    options = {"settings": TINY, "seed": 0}
    for more in ({}, {"watch": watch}):
        view = parse_view("noise(std=0.05)")
        made = train(planted(), np.arange(64), view, **options, **more)
        kept.append(torch.cat([p.detach().flatten() for p in made.encoders.parameters()]))
    assert torch.equal(*kept)
    assert [look.step for look in monitor.looks] == [5, 10, 15, 20]
    last = monitor.looks[-1]
    assert 0 < last.share < 1
    assert last.ceiling == pytest.approx(math.log(32))
    assert {"z_spread", "loss_share", "gradient_rise"} <= set(last.row())


def test_a_run_without_embeddings_yet_or_a_batch_of_one_is_not_looked_at():
    class Learner:
        seen = None

    monitor, history = Monitor(Settings(), every=1), History([1.0], steps=1, total=10)
    assert monitor(Learner(), history) is None
    Learner.seen = (torch.ones(1, 4), torch.ones(1, 4))
    assert monitor(Learner(), history) is None
    assert monitor.health.verdict == HEALTHY


MOCO = {
    2496: "6.13 4.92 4.58 4.81 5.05 5.11 5.07 5.15 5.3 5.48 5.58 5.64 5.71 5.89 6.09 6.29 6.48",
    256: "5.26 4.67 4.1 4.22 4.35 4.34 4.32 4.35 4.3 4.26 4.25 4.24 4.16 4.21 4.18 4.17 4.15",
}
"""Losses of MoCo at the small scale of ``methods_learn``, means of 31 steps, by size of queue."""


def looked_at(memory, *, losses, begin=0):
    """Monitor of a run of 31 steps a loss that is watched from a step on."""
    monitor = Monitor(Settings(memory=memory, momentum=0.97, batch=64), every=31)
    steps = np.repeat([float(loss) for loss in losses.split()], 31).tolist()

    class Learner:
        seen = spread()

    for step in range(begin + 1, len(steps) + 1):
        monitor(Learner(), History(steps[:step], steps=step, total=len(steps)))
    return monitor


@pytest.mark.parametrize(("size", "stale"), [(2496, True), (256, False)])
def test_a_loss_that_rises_over_stale_keys_is_told(size, stale):
    monitor = looked_at(f"queue(size={size})", losses=MOCO[size])
    assert (monitor.health.verdict == "stale queue") is stale
    first = -(-size // 64 // 31)  # index of the first look that begins with a full queue
    means = [float(loss) for loss in MOCO[size].split()]
    for number, look in enumerate(monitor.looks[1:], start=1):
        wanted = means[number] - min(means[first : number + 1]) if number >= first else 0
        assert look.climb == pytest.approx(wanted)
    again = looked_at(f"queue(size={size})", losses=MOCO[size], begin=12 * 31)
    assert again.looks == monitor.looks[-len(again.looks) :]


def test_the_loss_of_another_method_may_rise():
    assert looked_at("", losses=MOCO[2496]).health.verdict == HEALTHY
    assert looked_at("bank(negatives=64)", losses=MOCO[2496]).looks[-1].climb == 0


def test_a_small_zoo_is_told_apart_and_its_twins_are_left_alone(tmp_path):
    failure_zoo(scale="test", out=tmp_path)
    rows = {row["failure"]: row for row in _table(tmp_path / "rows.csv")}
    assert rows[HEALTHY]["verdict"] == HEALTHY
    for failure in ("no augmentation", "no variance term"):
        assert rows[failure]["verdict"] in EXPECTED[failure]
    rates = _table(tmp_path / "rates" / "rows.csv")
    shares = [int(row["count"]) / int(row["of"]) for row in rates]
    for row, share in zip(rates, shares, strict=True):
        assert float(row["low"]) <= share <= float(row["high"])
    assert {row["what"]: share for row, share in zip(rates, shares, strict=True)} == {
        "alarm": 1,
        "alarm of the right name": 1,
        "false alarm": 0,
    }
    assert {row["half"] for row in _table(tmp_path / "looks" / "rows.csv")} == {"tuning"}


def test_the_halves_of_the_zoo_share_no_method_view_or_seed():
    halves = {}
    for one in specimens():
        halves.setdefault(one.half, []).append(one)
    tuning, held = halves["tuning"], halves["held out"]
    assert not {one.method for one in tuning} & {one.method for one in held}
    assert not {one.seed for one in tuning} & {one.seed for one in held}
    views = {one.views for one in tuning if one.failure == HEALTHY}
    assert not views & {one.views for one in held if one.failure == HEALTHY}
    assert {one.failure for one in tuning} >= set(EXPECTED) - {"no variance term"}


def _table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
