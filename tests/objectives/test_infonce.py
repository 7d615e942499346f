import math

import pytest
import torch
from tests.objectives.slow import cosine, rows

from goodviews.core.errors import InputError, ShapeError
from goodviews.objectives import infonce, infonce_two_sided


def slow_infonce(anchor, positive, temperature, extra=()):
    anchor, positive = rows(anchor), rows(positive)
    losses = []
    for i, a in enumerate(anchor):
        candidates = list(positive) + (rows(extra[i]) if len(extra) else [])
        scores = [math.exp(cosine(a, c) / temperature) for c in candidates]
        losses.append(-math.log(scores[i] / sum(scores)))
    return torch.tensor(losses, dtype=torch.float64)


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    return a, b


@pytest.mark.parametrize("temperature", [0.07, 0.5, 2.0])
def test_equals_the_written_out_formula(pair, temperature):
    torch.testing.assert_close(
        infonce(*pair, temperature=temperature), slow_infonce(*pair, temperature)
    )


def test_stored_negatives_are_candidates_of_every_anchor(pair, rng):
    queue = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    torch.testing.assert_close(
        infonce(*pair, temperature=0.2, negatives=queue),
        slow_infonce(*pair, 0.2, queue.expand(5, 4, 3)),
    )


def test_own_draws_are_candidates_of_their_anchor_alone(pair, rng):
    bank = torch.randn(5, 4, 3, generator=rng, dtype=torch.float64)
    torch.testing.assert_close(
        infonce(*pair, temperature=0.2, negatives=bank), slow_infonce(*pair, 0.2, bank)
    )


def test_without_the_batch_only_stored_negatives_repel(pair, rng):
    a, b = pair
    queue = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    wanted = torch.cat(
        [slow_infonce(a[i : i + 1], b[i : i + 1], 0.2, queue[None]) for i in range(5)]
    )
    got = infonce(a, b, temperature=0.2, negatives=queue, in_batch=False)
    torch.testing.assert_close(got, wanted)


def test_a_queue_is_the_same_as_its_copies_for_each_anchor(pair, rng):
    queue = torch.randn(4, 3, generator=rng, dtype=torch.float64)
    torch.testing.assert_close(
        infonce(*pair, negatives=queue), infonce(*pair, negatives=queue.expand(5, 4, 3))
    )


@pytest.mark.parametrize(("stored", "in_batch", "count"), [(0, True, 6), (3, True, 9), (3, 0, 4)])
def test_constant_embeddings_give_the_logarithm_of_the_candidates(stored, in_batch, count):
    same = torch.ones(6, 4, dtype=torch.float64)
    losses = infonce(same, same, negatives=torch.ones(stored, 4).double(), in_batch=in_batch)
    torch.testing.assert_close(losses, torch.full((6,), math.log(count), dtype=torch.float64))


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_is_never_below_what_cosines_allow(temperature):
    # The floor log(1 + (K - 1) exp(-2 / tau)) is met by a positive at 1, negatives at -1.
    anchor = torch.tensor([[1.0, 0.0]]).double()
    loss = infonce(
        anchor, anchor, negatives=-anchor.expand(7, 2), temperature=temperature, in_batch=False
    )
    floor = math.log(1 + 7 * math.exp(-2 / temperature))
    torch.testing.assert_close(loss.item(), floor, rtol=1e-9, atol=1e-12)


def test_the_norm_of_an_embedding_does_not_matter(pair):
    a, b = pair
    torch.testing.assert_close(infonce(3 * a, 0.1 * b), infonce(a, b))


def test_gradient_reaches_stored_negatives(pair, rng):
    queue = torch.randn(4, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    infonce(*pair, negatives=queue).sum().backward()
    assert queue.grad.abs().sum() > 0


def test_two_sided_is_the_mean_of_both_directions(pair):
    a, b = pair
    torch.testing.assert_close(
        infonce_two_sided(a, b, temperature=0.3),
        (slow_infonce(a, b, 0.3) + slow_infonce(b, a, 0.3)) / 2,
    )


def test_two_sided_takes_stored_negatives_for_each_side(pair, rng):
    a, b = pair
    first, second = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)
    wanted = infonce(a, b, negatives=second) + infonce(b, a, negatives=first)
    torch.testing.assert_close(infonce_two_sided(a, b, negatives=(second, first)), wanted / 2)


def test_says_what_does_not_fit(pair):
    a, b = pair
    with pytest.raises(ShapeError, match="positive is"):
        infonce(a, b[:, :2])
    with pytest.raises(ShapeError, match="negatives is"):
        infonce(a, b, negatives=torch.ones(4, 2))
    with pytest.raises(ShapeError, match="negatives is"):
        infonce(a, b, negatives=torch.ones(4, 2, 3))
    with pytest.raises(InputError, match=r"temperature must be .* but got 0"):
        infonce(a, b, temperature=0)
