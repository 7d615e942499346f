import math

import pytest
import torch
from tests.objectives.slow import cosine, rows

from goodviews.objectives import infonce, ntxent, pooled_cosines


def slow_ntxent(view1, view2, temperature):
    pool, batch = rows(torch.cat([view1, view2])), len(view1)
    losses = []
    for i, a in enumerate(pool):
        positive = (i + batch) % (2 * batch)
        scores = {k: math.exp(cosine(a, c) / temperature) for k, c in enumerate(pool) if k != i}
        losses.append(-math.log(scores[positive] / sum(scores.values())))
    return torch.tensor(losses, dtype=torch.float64)


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    return a, b


@pytest.mark.parametrize("temperature", [0.07, 0.5, 2.0])
def test_equals_the_written_out_formula(pair, temperature):
    torch.testing.assert_close(
        ntxent(*pair, temperature=temperature), slow_ntxent(*pair, temperature)
    )


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_constant_embeddings_give_the_logarithm_of_the_candidates(batch):
    same = torch.ones(batch, 4, dtype=torch.float64)
    wanted = torch.full((2 * batch,), math.log(2 * batch - 1), dtype=torch.float64)
    torch.testing.assert_close(ntxent(same, same), wanted, atol=1e-12, rtol=1e-12)


def test_is_infonce_whose_negatives_include_the_own_view(pair):
    a, b = pair
    for i in range(5):
        mine = torch.cat([a[:i], a[i + 1 :], b[:i], b[i + 1 :]])
        one = infonce(a[i : i + 1], b[i : i + 1], negatives=mine)
        torch.testing.assert_close(ntxent(a, b)[i : i + 1], one)


def test_is_above_infonce_for_it_has_more_candidates(pair):
    a, b = pair
    assert (ntxent(a, b)[:5] > infonce(a, b)).all()


def test_pooled_cosines_hold_each_pair_twice(pair):
    cosines, pairs = pooled_cosines(*pair)
    pool = rows(torch.cat(pair))
    wanted = torch.tensor([[cosine(a, b) for b in pool] for a in pool], dtype=torch.float64)
    torch.testing.assert_close(cosines, wanted)
    torch.testing.assert_close(pairs, torch.cat([wanted.diagonal(5), wanted.diagonal(5)]))
