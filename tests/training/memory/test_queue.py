"""The queue against a list from which the oldest leaves, and its failure paths."""

import collections

import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError, ShapeError
from goodviews.objectives import infonce
from goodviews.training.memory import Queue


def oldest_first(queue):
    """Rows from the oldest to the newest."""
    place = int(queue.pushed) % len(queue.keys)
    return queue.negatives().roll(-place, dims=0)


@pytest.mark.parametrize("size", [1, 5, 8])
@pytest.mark.parametrize("batches", [[3, 3, 3, 3], [8, 1], [1] * 9, [20, 3], [0, 4, 17, 5], [16]])
def test_it_holds_the_newest_keys_in_order_whatever_the_batches(size, batches, rng):
    queue = Queue(size, 4, seed=1)
    twin = collections.deque(queue.negatives().clone(), maxlen=size)
    for batch in batches:
        keys = torch.randn(batch, 4, generator=rng)
        queue.push(keys)
        twin.extend(F.normalize(keys, dim=1))
        assert torch.equal(oldest_first(queue), torch.stack(list(twin)))
        assert queue.filled == min(size, int(queue.pushed))
    assert int(queue.pushed) == sum(batches)


@pytest.mark.parametrize("batches", [[7], [2, 5], [1] * 7, [6, 1]])
def test_how_keys_are_cut_into_batches_does_not_matter(batches, rng):
    keys = torch.randn(7, 3, generator=rng)
    one, parts = Queue(5, 3), Queue(5, 3)
    for key in keys:
        one.push(key[None])
    for part in keys.split(batches):
        parts.push(part)
    assert torch.equal(one.negatives(), parts.negatives())


def test_rows_have_norm_one_at_the_start_and_after_a_push(rng):
    queue = Queue(6, 5)
    for _ in range(3):
        assert torch.allclose(queue.negatives().norm(dim=1), torch.ones(6))
        queue.push(7 * torch.randn(4, 5, generator=rng))


def test_the_start_depends_on_the_seed_alone():
    torch.manual_seed(1)
    one = Queue(6, 5, seed=3)
    torch.manual_seed(2)
    assert torch.equal(one.negatives(), Queue(6, 5, seed=3).negatives())
    assert not torch.equal(one.negatives(), Queue(6, 5, seed=4).negatives())


def test_negatives_are_the_storage_and_a_push_sends_no_gradient(rng):
    queue = Queue(6, 5)
    assert queue.negatives().data_ptr() == queue.keys.data_ptr()
    queue.push(torch.randn(2, 5, generator=rng, requires_grad=True) * 2)
    assert not queue.negatives().requires_grad


def test_a_push_before_backward_never_gives_a_wrong_gradient(rng):
    queue = Queue(4, 5)
    query = torch.randn(3, 5, generator=rng, requires_grad=True)
    loss = (query @ queue.negatives().T).exp().sum()
    queue.push(torch.randn(3, 5, generator=rng))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_it_goes_on_from_its_state(rng):
    one, two = Queue(5, 3, seed=1), Queue(5, 3, seed=2)
    keys = torch.randn(3, 4, 3, generator=rng)
    one.push(keys[0])
    two.load_state_dict(one.state_dict())
    for later in keys[1:]:
        one.push(later)
        two.push(later)
    assert torch.equal(one.negatives(), two.negatives())
    assert one.filled == two.filled == 5


def test_keys_of_low_precision_are_stored_in_full(rng):
    queue = Queue(4, 8)
    queue.push(torch.randn(2, 8, generator=rng).bfloat16())
    assert queue.negatives().dtype == torch.float32
    assert torch.allclose(queue.negatives().norm(dim=1), torch.ones(4))


def test_a_moco_step_counts_one_positive_and_the_queue(rng):
    queue = Queue(7, 4)
    queue.push(torch.ones(7, 4))
    same = torch.ones(3, 4, requires_grad=True)
    loss = infonce(same, torch.ones(3, 4), negatives=queue.negatives(), in_batch=False)
    assert torch.allclose(loss, torch.tensor(8.0).log())


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="D = 4"):
        Queue(3, 4).push(torch.ones(2, 5))
    with pytest.raises(InputError, match="at least one"):
        Queue(0, 4)
