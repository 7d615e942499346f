import numpy as np
import pytest

from goodviews.jobs.study.statistics.sweet_spot import fit_curve

X = np.linspace(2, 6.5, 7)
NOISE = np.full(7, 0.004)


def drawn(truth, seed):
    return truth(X) + np.random.default_rng(seed).normal(0, NOISE)


def hill(x):
    return 0.9 - 0.015 * (x - 4) ** 2


def lopsided(x):
    return np.where(x < 5, 0.8 + 0.04 * (x - 2), 0.92 - 0.08 * (x - 5))


@pytest.mark.parametrize(("truth", "place"), [(hill, 4.0), (lopsided, 5.0)])
def test_the_peaks_interval_holds_the_true_peak_nearly_always(truth, place):
    inside = 0
    for seed in range(40):
        peak = fit_curve(X, drawn(truth, seed), NOISE).peak
        inside += peak.low <= place <= peak.high
    assert inside >= 34  # 38 expected; 34 is three standard errors below


@pytest.mark.parametrize(("slope", "kind"), [(0.03, "right"), (-0.03, "left")])
def test_a_one_sided_curve_is_called_one_sided(slope, kind):
    kinds = [fit_curve(X, drawn(lambda x: 0.8 + slope * x, s), NOISE).peak.kind for s in range(10)]
    assert kinds.count(kind) >= 9


def test_noise_has_no_peak():
    kinds = [fit_curve(X, drawn(lambda x: 0.9 + 0 * x, s), NOISE).peak.kind for s in range(20)]
    assert kinds.count("none") >= 17


def test_the_band_covers_the_truth_and_narrows_with_the_noise():
    wide = fit_curve(X, drawn(hill, 1), NOISE)
    thin = fit_curve(X, hill(X), NOISE / 10)
    assert ((wide.low <= hill(wide.nats)) & (hill(wide.nats) <= wide.high)).mean() > 0.8
    assert (thin.high - thin.low).mean() < (wide.high - wide.low).mean()


def test_it_is_the_same_in_other_units():
    a = fit_curve(X, drawn(hill, 2), NOISE).peak
    b = fit_curve(10 * X + 3, 5 * drawn(hill, 2) - 1, 5 * NOISE).peak
    assert b.nats == pytest.approx(10 * a.nats + 3)
    assert (a.kind, b.low) == (b.kind, pytest.approx(10 * a.low + 3))


def test_equal_nats_do_not_break_it():
    curve = fit_curve(np.array([3.0, 3.0, 3.0, 3.0]), np.array([0.8, 0.9, 0.8, 0.9]), NOISE[:4])
    assert np.isfinite(curve.median).all()
