import math

import pytest
import torch
from tests.objectives.slow import cosine, rows

from goodviews.objectives import ntxent, supcon


def slow_supcon(view1, view2, labels, temperature):
    pool, names = rows(torch.cat([view1, view2])), 2 * labels.tolist()
    losses = []
    for i, a in enumerate(pool):
        scores = {k: math.exp(cosine(a, c) / temperature) for k, c in enumerate(pool) if k != i}
        positives = [k for k in scores if names[k] == names[i]]
        logs = [math.log(scores[p] / sum(scores.values())) for p in positives]
        losses.append(-sum(logs) / len(positives))
    return torch.tensor(losses, dtype=torch.float64)


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)
    return a, b


@pytest.mark.parametrize("labels", [[0, 1, 0, 2, 1, 0], [0] * 6, [5, 4, 3, 2, 1, 0]])
def test_equals_the_written_out_formula(pair, labels):
    labels = torch.tensor(labels)
    torch.testing.assert_close(
        supcon(*pair, labels, temperature=0.3), slow_supcon(*pair, labels, 0.3)
    )


def test_is_ntxent_when_all_labels_differ(pair):
    torch.testing.assert_close(supcon(*pair, torch.arange(6)), ntxent(*pair))


@pytest.mark.parametrize("missing", [-1, -2])
def test_examples_without_a_label_have_their_second_view_as_only_positive(pair, missing):
    some = torch.tensor([missing, 0, -1, 0, missing, 1])
    own = torch.tensor([7, 0, 8, 0, 9, 1])
    torch.testing.assert_close(supcon(*pair, some), supcon(*pair, own))
    torch.testing.assert_close(supcon(*pair, torch.full((6,), missing)), ntxent(*pair))


def test_names_of_the_labels_do_not_matter(pair):
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    torch.testing.assert_close(supcon(*pair, labels), supcon(*pair, 10 - labels))


def test_constant_embeddings_give_the_logarithm_of_the_candidates():
    same = torch.ones(6, 3, dtype=torch.float64)
    losses = supcon(same, same, torch.tensor([0, 0, 1, 1, 2, 3]))
    torch.testing.assert_close(losses, torch.full((12,), math.log(11), dtype=torch.float64))
