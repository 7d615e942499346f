import math

import pytest
import torch
from tests.objectives.slow import cosine, distance2, dot, mean, rows, unit
from tests.objectives.test_vicreg import slow_covariance

from goodviews.core.errors import InputError
from goodviews.objectives import coding_rate, mcr2, tcr, total, whiten, wmse


def slow_logdet(matrix):
    """By elimination, without exchange of rows: the matrix is positive definite."""
    m, logdet = [list(row) for row in matrix], 0.0
    for k in range(len(m)):
        logdet += math.log(m[k][k])
        for i in range(k + 1, len(m)):
            factor = m[i][k] / m[k][k]
            m[i] = [x - factor * y for x, y in zip(m[i], m[k], strict=True)]
    return logdet


def slow_rate(z, eps_squared):
    """Half log det(I + D / (B eps^2) sum_b z_b z_b^T) over unit rows."""
    z = [unit(row) for row in z]
    dims, scale = range(len(z[0])), len(z[0]) / (len(z) * eps_squared)
    return 0.5 * slow_logdet(
        [[(i == j) + scale * sum(row[i] * row[j] for row in z) for j in dims] for i in dims]
    )


def slow_whiten(z):
    """Forward substitution with the Cholesky factor of the covariance."""
    cov, dims = slow_covariance(z), range(len(z[0]))
    low = [[0.0 for _ in dims] for _ in dims]
    for i in dims:
        for j in range(i + 1):
            rest = cov[i][j] - dot(low[i][:j], low[j][:j])
            low[i][j] = math.sqrt(rest) if i == j else rest / low[j][j]
    centre = [mean([row[j] for row in z]) for j in dims]
    white = []
    for row in z:
        w = []
        for i in dims:
            w.append((row[i] - centre[i] - dot(low[i][:i], w)) / low[i][i])
        white.append(w)
    return white


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 8, 3, generator=rng, dtype=torch.float64)
    return a, b


@pytest.mark.parametrize("shape", [(8, 3), (3, 8), (4, 4), (1, 3)])
def test_coding_rate_equals_the_written_out_formula_on_both_sides(rng, shape):
    z = torch.randn(shape, generator=rng, dtype=torch.float64)
    assert coding_rate(z, eps_squared=0.3).item() == pytest.approx(slow_rate(rows(z), 0.3))


def test_coding_rate_is_greatest_for_orthogonal_directions(rng):
    spread = coding_rate(torch.eye(4).double().repeat(2, 1), eps_squared=0.5)
    assert spread.item() == pytest.approx(4 / 2 * math.log(1 + 1 / 0.5))
    assert coding_rate(torch.randn(8, 4, generator=rng).double()) < spread


def test_constant_embeddings_have_the_rate_of_one_direction():
    same = torch.ones(8, 4).double()
    assert coding_rate(same, eps_squared=0.5).item() == pytest.approx(0.5 * math.log(1 + 4 / 0.5))


def test_tcr_equals_the_written_out_formula(pair):
    a, b = rows(pair[0]), rows(pair[1])
    terms = tcr(*pair, eps_squared=0.3, gamma=2.0)
    assert terms.rate.item() == pytest.approx(-(slow_rate(a, 0.3) + slow_rate(b, 0.3)) / 2)
    wanted = [-2 * cosine(x, y) for x, y in zip(a, b, strict=True)]
    torch.testing.assert_close(terms.invariance, torch.tensor(wanted).double())


def test_mcr2_equals_the_written_out_formula(pair):
    z, labels = pair[0], torch.tensor([0, 1, 0, 3, 1, 0, 3, 0])  # class 2 is empty
    parts = [rows(z[labels == c]) for c in (0, 1, 3)]
    compression = sum(len(part) / 8 * slow_rate(part, 0.3) for part in parts)
    terms = mcr2(z, labels, classes=4, eps_squared=0.3)
    assert terms.expansion.item() == pytest.approx(-slow_rate(rows(z), 0.3))
    assert terms.compression.item() == pytest.approx(compression)


def test_mcr2_gains_nothing_from_one_class_or_equal_classes(pair):
    z = pair[0]
    assert total(mcr2(z, torch.zeros(8).long(), classes=1)).abs() < 1e-12
    twice = torch.cat([z, z])
    labels = torch.arange(2).repeat_interleave(8)
    assert total(mcr2(twice, labels, classes=2)).abs() < 1e-12


def test_mcr2_is_never_above_zero(rng):
    for seed in range(10):
        draw = torch.Generator().manual_seed(seed)
        z = torch.randn(12, 3, generator=draw, dtype=torch.float64)
        labels = torch.randint(4, (12,), generator=draw)
        assert total(mcr2(z, labels, classes=4)) <= 1e-12


def test_whiten_equals_the_written_out_formula(pair):
    wanted = torch.tensor(slow_whiten(rows(pair[0]))).double()
    torch.testing.assert_close(whiten(pair[0]), wanted)


def test_whiten_makes_the_covariance_the_identity_and_undoes_scales(pair):
    z = pair[0]
    torch.testing.assert_close(whiten(z).T.cov(), torch.eye(3).double())
    scaled = z * torch.tensor([3.0, 0.2, 1.0]).double() - 4
    torch.testing.assert_close(whiten(scaled), whiten(z))


def test_whiten_by_the_identity_only_centres(pair):
    z = pair[0]
    torch.testing.assert_close(whiten(z, eps=1.0), z - z.mean(dim=0))


@pytest.mark.parametrize("sub_batch", [None, 4, 8])
def test_wmse_equals_the_written_out_formula(pair, sub_batch):
    size, wanted = sub_batch or 8, []
    for start in range(0, 8, size):
        first, second = (slow_whiten(rows(view[start : start + size])) for view in pair)
        wanted += [distance2(unit(x), unit(y)) for x, y in zip(first, second, strict=True)]
    torch.testing.assert_close(wmse(*pair, sub_batch=sub_batch), torch.tensor(wanted).double())


def test_says_what_does_not_fit(pair):
    with pytest.raises(InputError, match="sub-batches of 3"):
        wmse(*pair, sub_batch=3)
    with pytest.raises(InputError, match="2 rows cannot be whitened in 3"):
        wmse(*pair, sub_batch=2)
    with pytest.raises(InputError, match="eps is 2"):
        whiten(pair[0], eps=2)
    with pytest.raises(InputError, match=r"eps_squared must be .* but got 0"):
        coding_rate(pair[0], eps_squared=0)
