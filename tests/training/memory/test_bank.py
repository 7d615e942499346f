"""The bank against its formula row by row, and the law of its draws."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError, ShapeError
from goodviews.core.rng import Key
from goodviews.training.memory import Bank


def key(count, epoch=0):
    return Key.of(seed=0, samples=torch.arange(count), epoch=epoch)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_an_update_moves_only_the_rows_of_the_step(momentum, rng):
    bank = Bank(9, 4, momentum=momentum)
    before = bank.entries.clone()
    index, z = torch.tensor([7, 0, 3]), 5 * torch.randn(3, 4, generator=rng)
    bank.update(index, z)
    for item in range(9):
        if item not in index:
            assert torch.equal(bank.entries[item], before[item])
            continue
        unit = z[index.tolist().index(item)]
        mixed = momentum * before[item] + (1 - momentum) * unit / unit.norm()
        torch.testing.assert_close(bank.positives(torch.tensor([item]))[0], mixed / mixed.norm())


def test_the_same_embedding_again_and_again_is_what_the_entry_becomes(rng):
    bank, z = Bank(3, 6), torch.randn(1, 6, generator=rng)
    gaps = []
    for _ in range(12):
        bank.update(torch.tensor([1]), z)
        gaps.append(float((bank.entries[1] - F.normalize(z[0], dim=0)).norm()))
    assert all(late <= early for early, late in itertools.pairwise(gaps))
    assert gaps[-1] < 1e-3  # each update about halves the gap


def test_an_example_twice_in_a_batch_counts_with_its_last_row(rng):
    one, two = Bank(5, 4), Bank(5, 4)
    z = torch.randn(3, 4, generator=rng)
    one.update(torch.tensor([2, 4, 2]), z)
    two.update(torch.tensor([4, 2]), z[1:])
    assert torch.equal(one.entries, two.entries)


def chi2(row, allowed):
    """Of draws against a uniform law over the allowed entries."""
    counts = torch.bincount(row, minlength=int(allowed.max()) + 1)
    assert counts.sum() == counts[allowed].sum()
    expected = len(row) / len(allowed)
    return ((counts[allowed] - expected) ** 2 / expected).sum()


def test_draws_are_uniform_over_all_entries():
    places = Bank(7, 2).draw(key(7), 3000)
    assert places.shape == (7, 3000)
    for row in places:
        assert chi2(row, torch.arange(7)) < 22.5  # 6 degrees of freedom: one in 1000


def test_an_anchor_never_draws_its_own_entry_and_all_others_equally():
    own = torch.arange(7)[:, None]
    places = Bank(7, 2).draw(key(7), 3000, without=own)
    for anchor, row in enumerate(places):
        others = torch.tensor([i for i in range(7) if i != anchor])
        assert chi2(row, others) < 20.5  # 5 degrees of freedom: one in 1000


def test_one_set_for_a_batch_holds_none_of_its_entries_and_all_others_equally():
    batch = torch.tensor([[8, 0, 3, 4]])
    (row,) = Bank(9, 2).draw(key(1), 3000, without=batch)
    assert chi2(row, torch.tensor([1, 2, 5, 6, 7])) < 18.5  # 4 degrees of freedom


def test_a_batch_of_the_whole_bank_leaves_no_negatives():
    bank = Bank(4, 2)
    with pytest.raises(InputError, match="has no negatives for a batch of 4"):
        bank.draw(key(1), 5, without=torch.arange(4)[None])
    assert bank.draw(key(4), 5, without=torch.arange(4)[:, None]).shape == (4, 5)


def test_more_entries_than_one_float_can_tell_apart_are_all_reached():
    bank = Bank(1, 1)
    bank.entries = torch.empty(3 * 2**24, 0)
    places = bank.draw(key(4), 20000)
    assert places.min() >= 0
    assert places.max() < len(bank.entries)
    for part in (2, 3):  # floats of 24 bits times N would leave some residues out
        share = (places % part == 1).double().mean()
        assert abs(share - 1 / part) < 4 * (1 / part / 80000) ** 0.5


def test_draws_replay_by_key_in_any_batch_and_change_with_the_epoch():
    bank = Bank(100, 2)
    places = bank.draw(key(6), 50)
    alone = bank.draw(Key.of(seed=0, samples=torch.tensor([4])), 50)
    assert torch.equal(alone[0], places[4])
    assert not torch.equal(places, bank.draw(key(6, epoch=1), 50))
    assert torch.equal(bank.negatives(key(6), 50), bank.entries[places])


def test_entries_start_as_random_unit_rows_of_the_seed():
    bank = Bank(50, 8, seed=3)
    assert torch.allclose(bank.entries.norm(dim=1), torch.ones(50))
    assert torch.equal(bank.entries, Bank(50, 8, seed=3).entries)
    assert not torch.equal(bank.entries, Bank(50, 8, seed=4).entries)


def test_it_goes_on_from_its_state_and_no_gradient_comes_in(rng):
    one, two = Bank(5, 3, seed=1), Bank(5, 3, seed=2)
    z = torch.randn(4, 3, generator=rng, requires_grad=True) * 2
    one.update(torch.arange(4), z)
    two.load_state_dict(one.state_dict())
    one.update(torch.arange(4), -z)
    two.update(torch.arange(4), -z)
    assert torch.equal(one.entries, two.entries)
    assert not one.entries.requires_grad


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Bank(0, 3), "at least one"),
        (lambda: Bank(3, 3, momentum=1.0), "momentum"),
        (lambda: Bank(3, 3).update(torch.tensor([0]), torch.ones(2, 3)), "B ="),
        (lambda: Bank(3, 3).update(torch.tensor([0]), torch.ones(1, 4)), "D ="),
    ],
)
def test_what_does_not_fit_is_refused(make, word):
    with pytest.raises((InputError, ShapeError), match=word):
        make()
