import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import conditional_mutual_information, mutual_information
from goodviews.worlds.discrete import DiscreteViews, encoders

SIZES = {"c": 3, "n1": 2, "n2": 2, "m": 2}


def world(v1, v2, task=("c",), sizes=SIZES):
    return DiscreteViews.from_factors(sizes, v1=v1, v2=v2, task=task)


@pytest.mark.parametrize(("values", "count"), [(1, 1), (2, 2), (3, 5), (4, 15), (6, 203)])
def test_there_is_one_encoder_per_partition(values, count):
    found = list(encoders(values))
    assert len(found) == len(set(found)) == count


def test_views_that_share_the_task_alone_meet_the_proposition_with_equality():
    views = world(("c", "n1"), ("c", "n2"))
    assert views.regime == "sweet_spot"
    assert views.admissible
    for value in (views.shared, views.task1, views.task2, views.task_information):
        assert value == pytest.approx(math.log(3), abs=1e-12)
    # v1 and v2 are independent once y is known.
    assert float(conditional_mutual_information(views.joint)) == pytest.approx(0, abs=1e-12)
    for side in (views, views.swapped()):
        minimal = [one for one in side.audit() if one.minimal]
        assert minimal
        assert all(one.optimal for one in minimal)
        assert all(one.kept_nats == pytest.approx(math.log(3)) for one in minimal)


def test_a_shared_nuisance_raises_the_shared_information_and_not_the_task():
    views = world(("c", "m"), ("c", "m"))
    assert views.regime == "excess"
    assert views.admissible
    assert views.shared == pytest.approx(math.log(3) + math.log(2))
    assert views.task1 == pytest.approx(math.log(3))
    minimal = [one for one in views.audit() if one.minimal]
    # Sufficient for the task, but it carries the nuisance as well.
    assert all(one.task_nats == pytest.approx(math.log(3)) for one in minimal)
    assert all(one.kept_nats == pytest.approx(math.log(6)) for one in minimal)
    assert not any(one.optimal for one in minimal)


def test_views_without_a_part_of_the_task_lose_it():
    sizes = {"a": 2, "b": 2, "n1": 2}
    views = world(("a", "n1"), ("a", "b"), task=("a", "b"), sizes=sizes)
    assert views.regime == "missing"
    assert not views.admissible
    minimal = [one for one in views.audit() if one.minimal]
    assert all(one.task_nats < views.task_information - 0.5 for one in minimal)


def test_no_admissible_pair_shares_less_than_the_task():
    shown = [("c",), ("c", "n1"), ("c", "m"), ("n1", "m"), ("m",)]
    pairs = [world(v1, v2) for v1 in shown for v2 in shown]
    admissible = [pair for pair in pairs if pair.admissible]
    assert 0 < len(admissible) < len(pairs)
    least = min(pair.shared for pair in admissible)
    assert least == pytest.approx(admissible[0].task_information, abs=1e-12)
    for pair in admissible:
        if pair.shared <= least + 1e-9:
            assert all(one.optimal for one in pair.audit() if one.minimal)


def test_equal_shared_information_does_not_mean_equal_worth():
    # Signal alone against nuisance alone, as many values: the envelope of the curve.
    sizes = {"c": 2, "m": 2}
    signal, noise = world(("c",), ("c",), sizes=sizes), world(("m",), ("m",), sizes=sizes)
    assert signal.shared == pytest.approx(noise.shared)
    assert (signal.regime, noise.regime) == ("sweet_spot", "missing")
    assert signal.task1 == pytest.approx(math.log(2))
    assert noise.task1 == pytest.approx(0, abs=1e-12)


def test_the_gap_is_never_negative_and_zero_for_the_identity(rng):
    joint = torch.rand(5, 4, 2, generator=rng, dtype=torch.float64)
    joint /= joint.sum()
    task = float(mutual_information(joint.reshape(20, 2)))
    views = DiscreteViews(joint, task)
    audit = views.audit()
    assert all(one.gap_nats >= -1e-12 for one in audit)
    # In general position only the identity is sufficient.
    assert [one.code for one in audit if one.sufficient] == [(0, 1, 2, 3, 4)]
    assert views.gap((0, 0, 0, 0, 0)) == pytest.approx(views.shared)
    # Data processing: the code knows no more of y than v1 does.
    assert all(one.task_nats <= views.task1 + 1e-12 for one in audit)


def test_an_unknown_factor_or_an_encoder_of_another_size_is_refused():
    with pytest.raises(InputError, match="Unknown factor"):
        world(("c",), ("q",))
    with pytest.raises(InputError, match="2 entries"):
        world(("c",), ("c",)).gap((0, 1))


def test_draws_follow_the_table_and_replay():
    views = world(("c", "n1"), ("c", "m"))
    count = 20_000
    drawn = views.sample(torch.arange(count), seed=0)
    place = (drawn[0] * 6 + drawn[1]) * 3 + drawn[2]
    share = torch.bincount(place, minlength=views.joint.numel()).double() / count
    want = views.joint.flatten()
    assert (share[want == 0] == 0).all()
    assert ((share - want).abs() <= 4.5 * (want * (1 - want) / count).sqrt()).all()
    again = views.sample(torch.tensor([7, 3]), seed=0)
    assert all(torch.equal(a, b[[7, 3]]) for a, b in zip(again, drawn, strict=True))
