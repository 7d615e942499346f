import json
import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.objectives import classify, dashboard, doubly_normalise, identity
from goodviews.objectives.catalogue import OBJECTIVES


@pytest.fixture
def z(rng):
    scales = torch.linspace(0.2, 2, 12).double()
    return torch.randn(50, 12, generator=rng, dtype=torch.float64) * scales


def test_is_plain_data(z):
    data = dashboard(z)
    assert json.loads(json.dumps(data)) == data


def test_blocks_change_nothing(z):
    one, other = dashboard(z, block=7), dashboard(z, block=1000)
    assert one.keys() == other.keys()
    for side in ("sample_cosines", "dimension_cosines"):
        assert one[side]["counts"] == other[side]["counts"]
        assert one[side]["std"] == pytest.approx(other[side]["std"], rel=1e-12)
    assert one["sample_criterion"] == pytest.approx(other["sample_criterion"], rel=1e-12)


def test_criteria_and_ratios_are_those_of_the_duality(z):
    data, parts = dashboard(z), identity(z)
    assert data["sample_criterion"] == pytest.approx(parts.sample.item())
    assert data["dimension_criterion"] == pytest.approx(parts.dimension.item())
    assert data["identity_residual"] < 1e-12
    assert data["dimension_ratio"] >= 1
    assert data["sample_ratio"] >= 1
    least = z.square().sum().item() ** 2 / 12
    assert data["dimension_ratio"] == pytest.approx(parts.dimension_fourth.item() / least)


def test_histograms_count_each_pair_of_directions_once(z):
    data = dashboard(z, bins=11)
    for side, vectors in (("sample_cosines", z), ("dimension_cosines", z.T)):
        unit = torch.nn.functional.normalize(vectors, dim=1)
        above = torch.ones(len(unit), len(unit)).bool().triu(1)
        cosines = (unit @ unit.T)[above]
        wanted = torch.histc(cosines, 11, -1, 1).long().tolist()
        assert data[side]["counts"] == wanted
        assert len(data[side]["edges"]) == 12
        assert data[side]["mean"] == pytest.approx(cosines.mean().item())
        assert data[side]["std"] == pytest.approx(cosines.std(correction=0).item())


def test_directions_drawn_at_random_have_the_expected_spread(rng):
    data = dashboard(torch.randn(400, 64, generator=rng))
    pairs = 400 * 399 / 2
    assert abs(data["sample_cosines"]["mean"]) < 3 * data["expected_std"] / math.sqrt(pairs)
    assert data["sample_cosines"]["std"] == pytest.approx(
        1 / 8, rel=3 / math.sqrt(2 * pairs) + 2e-2
    )


@pytest.mark.parametrize("shape", [(8, 4), (4, 8), (6, 6)])
def test_a_doubly_normalised_embedding_lies_on_both_sides_at_ratio_one(shape, rng):
    data = dashboard(doubly_normalise(torch.randn(shape, generator=rng).double()))
    assert data["side"] == "both"
    assert data["dimension_ratio"] == pytest.approx(1, rel=1e-9)
    assert data["sample_ratio"] == pytest.approx(1, rel=1e-9)
    assert data["sample_norms"]["spread"] < 1e-9
    assert data["dimension_norms"]["mean"] == pytest.approx((shape[0] / shape[1]) ** 0.5)


def test_a_collapsed_embedding_has_rank_one_and_the_greatest_ratio():
    z = torch.zeros(10, 5)
    z[:, 0] = 1
    data = dashboard(z)
    assert data["effective_rank"] == pytest.approx(1)
    assert data["dimension_ratio"] == pytest.approx(5)
    assert data["sample_cosines"]["mean"] == pytest.approx(1)


def test_long_inputs_are_thinned_and_say_so(rng):
    data = dashboard(torch.randn(300, 8, generator=rng), max_samples=100)
    assert (data["samples"], data["samples_used"]) == (300, 100)
    assert sum(data["sample_cosines"]["counts"]) == 100 * 99 // 2


def test_half_precision_and_gradients_are_welcome(rng):
    z = torch.randn(20, 4, generator=rng, requires_grad=True)
    assert dashboard(z.bfloat16())["identity_residual"] < 1e-12


def test_classify_tells_the_sides_by_the_norms(z):
    normalise = torch.nn.functional.normalize
    assert classify(z * torch.rand(50, 1, generator=torch.Generator().manual_seed(0))).side == (
        "neither"
    )
    assert classify(normalise(z, dim=1)).side == "sample"
    scaled = z * torch.linspace(0.1, 3, 50).double()[:, None]
    assert classify(normalise(scaled, dim=0)).side == "dimension"
    told = classify(doubly_normalise(z))
    assert told.side == "both"
    assert max(told.sample_spread, told.dimension_spread) < 1e-9


def test_classify_follows_the_papers_proposition():
    sample = {"simclr_sq", "simclr_abs", "dcl_sq", "dcl_abs", "spectral"}
    dimension = {"barlow", "vicreg", "tcr"}
    assert {classify(name).side for name in sample} == {"sample"}
    assert {classify(name).side for name in dimension} == {"dimension"}
    assert {classify(name).side for name in ("byol", "simsiam")} == {"outside"}
    assert all(record.reason.endswith(".") for record in OBJECTIVES.values())


def test_says_what_it_cannot_use():
    with pytest.raises(InputError, match="Did you mean 'vicreg'"):
        classify("vicregg")
    with pytest.raises(InputError, match="not finite"):
        dashboard(torch.full((3, 3), float("nan")))
    with pytest.raises(InputError, match="zero throughout"):
        classify(torch.zeros(3, 3))
    with pytest.raises(InputError, match="at least 2 samples"):
        dashboard(torch.ones(1, 3))
