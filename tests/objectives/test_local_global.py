import math

import pytest
import torch
from tests.objectives.slow import dot, mean, rows

from goodviews.objectives import local_global, summarise, total


@pytest.fixture
def graph(rng):
    nodes = torch.randn(6, 3, generator=rng, dtype=torch.float64)
    corrupted = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    return nodes, corrupted, summarise(nodes)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def test_equals_the_written_out_formula(graph, rng):
    weight = torch.randn(3, 3, generator=rng, dtype=torch.float64)
    nodes, corrupted, summary = (rows(part) for part in graph)
    direction = [dot(row, summary) for row in rows(weight)]
    real = [-0.5 * math.log(logistic(dot(h, direction))) for h in nodes]
    fake = [-0.5 * math.log(1 - logistic(dot(h, direction))) for h in corrupted]
    terms = local_global(*graph, weight=weight)
    torch.testing.assert_close(terms.real, torch.tensor(real).double())
    torch.testing.assert_close(terms.corrupted, torch.tensor(fake).double())


def test_the_sum_of_both_means_is_the_binary_cross_entropy(graph):
    nodes, _, summary = graph
    corrupted = nodes.flip(1)
    scores = torch.cat([nodes @ summary, corrupted @ summary])
    answers = torch.cat([torch.ones(6), torch.zeros(6)]).double()
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(scores, answers)
    torch.testing.assert_close(total(local_global(nodes, corrupted, summary)), wanted)


def test_no_weight_is_the_identity(graph):
    one = local_global(*graph)
    other = local_global(*graph, weight=torch.eye(3).double())
    torch.testing.assert_close(one.real, other.real)


def test_an_uninformed_discriminator_gives_log_two(graph):
    nodes, corrupted, summary = graph
    got = total(local_global(nodes, corrupted, torch.zeros_like(summary)))
    assert got.item() == pytest.approx(math.log(2))


def test_summarise_is_the_logistic_function_of_the_mean(graph):
    nodes = rows(graph[0])
    wanted = [logistic(mean([row[j] for row in nodes])) for j in range(3)]
    torch.testing.assert_close(graph[2], torch.tensor(wanted).double())
