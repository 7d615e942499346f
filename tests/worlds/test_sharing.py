import itertools
import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import mutual_information, mutual_information_from_counts
from goodviews.worlds.shapes import Shapes
from goodviews.worlds.sharing import Sharing
from goodviews.worlds.vectors import Vectors

TINY = Vectors((("a", 2), ("b", 2), ("n", 4)), width=2)
SUBSETS = [some for n in range(4) for some in itertools.combinations("abn", n)]


@pytest.mark.parametrize("first", [("a", "b", "n"), ("a", "n"), ()])
@pytest.mark.parametrize("second", SUBSETS)
def test_closed_forms_agree_with_going_through_every_draw(first, second):
    views = Sharing(TINY, first, second, ("a", "b"))
    joint = views.table()
    assert float(mutual_information(joint.sum(2))) == pytest.approx(views.shared_nats, abs=1e-9)
    assert float(mutual_information(joint.sum(1))) == pytest.approx(views.first_nats, abs=1e-9)
    assert float(mutual_information(joint.sum(0))) == pytest.approx(views.second_nats, abs=1e-9)
    assert views.task_nats == pytest.approx(math.log(4))


@pytest.mark.parametrize("shared", SUBSETS)
def test_rendered_views_decode_to_factors_with_that_information(shared):
    views = Sharing.of(TINY, shared, task=["a"])
    count = 6000
    v1, v2, datum = views.sample(torch.arange(count), seed=2)
    one, two = TINY.decode(v1), TINY.decode(v2)
    assert torch.equal(one, datum)
    columns = TINY.columns(shared)
    assert torch.equal(two[:, columns], datum[:, columns])
    # v1 and v2 are functions of decoded factors and of noise drawn for each alone.
    weights = torch.tensor([8, 4, 1])
    pair = (one * weights).sum(1) * 16 + (two * weights).sum(1)
    table = torch.bincount(pair, minlength=256).reshape(16, 16)
    found = mutual_information_from_counts(table)
    assert abs(found.nats - views.shared_nats) < 4 * found.stderr_nats + 0.01
    left = [(v[:, :, 0, 0] - _clean(values)).flatten() for v, values in ((v1, one), (v2, two))]
    assert abs(float(torch.corrcoef(torch.stack(left))[0, 1])) < 4 / math.sqrt(len(left[0]))


def _clean(values):
    exact = Vectors(TINY.sizes, width=TINY.width, noise=0)
    return exact.render(values, exact.flaw(values[:, 0], seed=0))[:, :, 0, 0]


def test_regimes_follow_from_the_shared_factors():
    def regime(*shared):
        return Sharing.of(TINY, shared, task=["a"]).regime

    assert regime("a") == "sweet_spot"
    assert regime("a", "n") == regime("a", "b", "n") == "excess"
    assert regime("b", "n") == regime() == "missing"
    # A part of the task is not the task.
    assert Sharing.of(TINY, ["a"], task=["a", "b"]).regime == "missing"


def test_shapes_share_what_is_asked_for_and_nothing_else():
    world = Shapes(side=16)
    views = Sharing.of(world, ["form", "place"], task=["form"])
    samples = torch.arange(500)
    _, one, two = views.values(samples, seed=0)
    alike = (one == two).double().mean(0)
    for name, share in zip(world.factors, alike, strict=True):
        if name in views.shared:
            assert share == 1
        else:
            chance = 1 / world.factors[name]
            assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / 500)
    assert views.shared_nats == pytest.approx(math.log(4 * 9))
    v1, v2, datum = views.sample(samples, seed=0)
    assert v1.shape == v2.shape == (500, 3, 16, 16)
    again, _, _ = views.sample(samples[7:9], seed=0)
    assert torch.equal(again, v1[7:9])
    assert torch.equal(views.label(datum), datum[:, 0])


def test_labels_of_several_factors_are_one_number():
    views = Sharing.of(TINY, [], task=["n", "a"])
    every = TINY.every()
    assert sorted(set(views.label(every).tolist())) == list(range(8))


def test_a_view_of_unknown_factors_or_without_a_task_is_refused():
    with pytest.raises(InputError, match="Unknown factor 'c'"):
        Sharing.of(TINY, ["c"], task=["a"])
    with pytest.raises(InputError, match="task is empty"):
        Sharing.of(TINY, ["a"], task=[])
    with pytest.raises(InputError, match="at most 16"):
        Sharing.of(Vectors(), ["task"], task=["task"]).table()
