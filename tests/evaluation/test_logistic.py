"""The fast probe reaches the optimum that others reach, from anywhere, and says no less."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from goodviews.core.errors import InputError
from goodviews.evaluation.logistic import fit_logistic, standardised
from goodviews.evaluation.ridge import fit_ridge


def made(count, dims, classes, *, seed=0, scale=1.5):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(count) % classes)
    mix = rng.standard_normal((dims, dims)) * (np.arange(1, dims + 1) ** -0.7)[:, None]
    h = rng.standard_normal((count, dims))
    h[:, :classes] += scale * np.eye(classes)[y]
    return (np.maximum(h @ mix, -1) + 3).astype(np.float32), y


def objective(probe, x, y, penalty):
    logs = probe.log_probs(x).double().numpy()
    loss = -logs[np.arange(len(y)), y].mean()
    return loss + penalty / 2 * float(probe.weight.double().square().sum())


@pytest.mark.parametrize("penalty", [1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize(("count", "dims"), [(3000, 24), (60, 100)])
def test_it_reaches_the_optimum_of_scikit_learn(count, dims, penalty):
    x, y = made(count, dims, 4)
    probe = fit_logistic(x, y, classes=4, penalty=penalty, tolerance=1e-6, most=2000)
    z = standardised(x)[0].double().numpy()
    ref = LogisticRegression(C=1 / (penalty * count), max_iter=20_000, tol=1e-10).fit(z, y)
    logs = ref.predict_log_proba(z)
    best = -logs[np.arange(count), y].mean() + penalty / 2 * np.square(ref.coef_).sum()
    mine = objective(probe, x, y, penalty)
    assert mine == pytest.approx(best, rel=1e-4, abs=2e-6)
    assert probe.loss == pytest.approx(
        mine - penalty / 2 * float(probe.weight.square().sum()), abs=1e-5
    )
    if count > dims:  # the optimum is one point; predictions agree, too
        assert np.abs(probe.log_probs(x).numpy() - logs).max() < 0.02


def test_where_it_starts_does_not_matter():
    x, y = made(2000, 16, 5)
    cold = fit_logistic(x, y, classes=5, penalty=1e-3)
    far = fit_logistic(x, y, classes=5, penalty=1.0)
    warm = fit_logistic(x, y, classes=5, penalty=1e-3, start=far)
    assert warm.loss == pytest.approx(cold.loss, abs=1e-5)
    again = fit_logistic(x, y, classes=5, penalty=1e-3, start=cold)
    assert again.steps <= 3 < cold.steps


def test_shifting_and_scaling_features_changes_no_prediction():
    x, y = made(800, 10, 3)
    one = fit_logistic(x, y, classes=3, penalty=1e-2).log_probs(x)
    factor = np.linspace(0.1, 30, 10, dtype=np.float32)
    two = fit_logistic(x * factor + 5, y, classes=3, penalty=1e-2).log_probs(x * factor + 5)
    assert torch.allclose(one, two, atol=2e-3)


def test_constant_features_and_missing_classes_are_harmless():
    x, y = made(200, 6, 2)
    dead = np.concatenate([x, np.full((200, 2), 7.0, np.float32)], axis=1)
    one = fit_logistic(dead, y, classes=4, penalty=1e-2)
    logs = one.log_probs(dead)
    assert logs.isfinite().all()
    assert (logs[:, 2:].exp() < 0.01).all()
    assert (logs.argmax(1).numpy() == y).mean() > 0.8
    single = fit_logistic(x, np.zeros(200, int), classes=2, penalty=1e-2)
    assert (single.log_probs(x).argmax(1) == 0).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": np.array([0, 3])}, "0..1"),
        ({"features": np.array([[0.0], [np.nan]])}, "not finite"),
        ({"features": np.zeros((3, 1))}, "N = 2"),
        ({"penalty": 0.0}, "above 0"),
    ],
)
def test_bad_input_is_refused(change, said):
    given = {"features": np.zeros((2, 1)), "labels": np.array([0, 1]), "penalty": 1.0, **change}
    with pytest.raises(InputError, match=said):
        fit_logistic(given["features"], given["labels"], classes=2, penalty=given["penalty"])


@pytest.mark.parametrize("dims", [5, 80])
def test_ridge_solves_the_normal_equations_on_either_side(dims):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, dims)), rng.standard_normal(50)
    for penalty, probe in zip((1.0, 1e-2), fit_ridge(x, y, penalties=(1.0, 1e-2)), strict=True):
        z = standardised(x)[0].double().numpy()
        w = np.linalg.solve(z.T @ z / 50 + penalty * np.eye(dims), z.T @ (y - y.mean()) / 50)
        assert np.allclose(probe.weight.numpy(), w, atol=1e-8)
        assert np.allclose(probe.predict(x), z @ w + y.mean(), atol=1e-5)
