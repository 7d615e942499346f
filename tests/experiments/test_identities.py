"""Statements of the duality paper hold to rounding error, and false ones are seen to fail."""

import csv

import pytest
import torch

from goodviews.objectives import Bounds, dcl, ntxent, sample_criterion
from goodviews_experiments import run
from goodviews_experiments.identities.run import apart, outside, residuals, slope, spread_points


def test_every_statement_holds_to_rounding_error(tmp_path):
    run("identities", "test", tmp_path)
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["statement"] for row in rows}) == 12
    assert max(float(row["residual"]) for row in rows) < 1e-9


def test_residuals_are_not_zero_whatever_is_compared():
    one, other = torch.randn(2, 5, 3, dtype=torch.float64).unbind()
    assert apart(one, other) > 0.1
    assert apart(slope(sample_criterion, one), slope(sample_criterion, other)) > 0.1
    assert outside(0.5, Bounds(1.0, 2.0)) == 0.25
    assert len(dict(residuals(one))) == 12


@pytest.mark.parametrize("loss", [ntxent, dcl])
def test_points_spread_to_the_least_variance_that_a_frame_can_have(loss):
    points, dims = 48, 6
    found = spread_points(loss, points, dims, 0, steps=150)
    mean = -1 / (points - 1)  # the points sum to zero
    least = (points / dims - 1) / (points - 1) - mean**2  # Welch's bound on the mean square
    assert found["mean_cosine"] == pytest.approx(mean, abs=1e-4)
    assert found["variance_times_dims"] == pytest.approx(least * dims, rel=0.01)
