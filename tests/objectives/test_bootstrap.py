import pytest
import torch
from tests.objectives.slow import cosine, distance2, rows, unit

from goodviews.objectives import byol, regression, simsiam


@pytest.fixture
def four(rng):
    return tuple(torch.randn(4, 5, 3, generator=rng, dtype=torch.float64))


def slow_regression(prediction, target):
    losses = [
        distance2(unit(q), unit(t)) for q, t in zip(rows(prediction), rows(target), strict=True)
    ]
    return torch.tensor(losses, dtype=torch.float64)


def test_regression_equals_the_written_out_distance(four):
    torch.testing.assert_close(regression(*four[:2]), slow_regression(*four[:2]))


def test_byol_sums_both_crossed_directions(four):
    q1, q2, t1, t2 = four
    torch.testing.assert_close(
        byol(q1, q2, t1, t2), slow_regression(q1, t2) + slow_regression(q2, t1)
    )


def test_simsiam_is_the_mean_negative_cosine_of_both_directions(four):
    q1, q2, t1, t2 = (rows(view) for view in four)
    wanted = [-(cosine(q1[i], t2[i]) + cosine(q2[i], t1[i])) / 2 for i in range(5)]
    torch.testing.assert_close(simsiam(*four), torch.tensor(wanted).double())


@pytest.mark.parametrize("loss", [byol, simsiam])
def test_targets_get_no_gradient_and_predictions_do(loss, four):
    tensors = [view.requires_grad_() for view in four]
    loss(*tensors).sum().backward()
    assert all(view.grad is not None for view in tensors[:2])
    assert all(view.grad is None for view in tensors[2:])


def test_perfect_predictions_reach_the_floor():
    same = torch.ones(5, 3).double()
    assert byol(same, same, same, same).abs().max() < 1e-12
    torch.testing.assert_close(simsiam(same, same, same, same), -torch.ones(5).double())
