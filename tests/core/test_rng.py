"""Keyed randomness: uniform, independent, and the same in any batch."""

import math

import pytest
import torch

from goodviews.core.rng import Key

COUNT = 200_000


def of(samples, **more):
    return Key.of(**{"seed": 0, **more}, samples=torch.as_tensor(samples))


def chi_square(values, bins):
    counts = torch.histc(values.double(), bins=bins, min=0, max=1)
    expected = values.numel() / bins
    return float(((counts - expected) ** 2 / expected).sum())


STREAMS = {
    "over samples": lambda: of(torch.arange(COUNT)).uniform(1).flatten(),
    "within a sample": lambda: of([0]).uniform(COUNT).flatten(),
    "both": lambda: of(torch.arange(400)).uniform(500).flatten(),
    "over seeds": lambda: torch.cat([of([5], seed=s).uniform(20) for s in range(4000)]).flatten(),
    "over epochs": lambda: torch.cat(
        [of([5], epoch=e).uniform(20) for e in range(4000)]
    ).flatten(),
    "over folds": lambda: torch.cat([of([5]).fold(n).uniform(20) for n in range(4000)]).flatten(),
    "far samples": lambda: of(torch.arange(COUNT) * (1 << 40)).uniform(1).flatten(),
}


@pytest.mark.parametrize("name", STREAMS)
def test_numbers_are_uniform_whichever_way_they_are_read(name):
    values = STREAMS[name]().double()
    n = len(values)
    assert values.min() >= 0
    assert values.max() < 1
    # 255 degrees of freedom; four standard deviations either side.
    assert abs(chi_square(values, 256) - 255) < 4 * math.sqrt(2 * 255)
    assert abs(values.mean() - 0.5) < 4 / math.sqrt(12 * n)
    assert abs(values.var() - 1 / 12) < 4 / math.sqrt(180 * n)
    # Neighbours in the stream do not know of each other.
    centred = values - 0.5
    for lag in (1, 2, 7):
        correlation = (centred[:-lag] * centred[lag:]).mean() * 12
        assert abs(correlation) < 4 / math.sqrt(n - lag)
    # Low bits too: the last of the 24 is a fair coin.
    low = (values * 2**24).long() & 1
    assert abs(low.double().mean() - 0.5) < 4 * 0.5 / math.sqrt(n)


PAIRS = {
    "two seeds": ({"seed": 0}, {"seed": 1}),
    "two epochs": ({"epoch": 0}, {"epoch": 1}),
    "two views": ({"view": 0}, {"view": 1}),
    "seed for epoch": ({"seed": 1, "epoch": 2}, {"seed": 2, "epoch": 1}),
    "epoch for view": ({"epoch": 0, "view": 1}, {"epoch": 1, "view": 0}),
    "large seeds": ({"seed": 2**63 - 1}, {"seed": 2**63 - 2}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_keys_share_nothing(name):
    n = 50_000
    one, two = (
        of(torch.arange(n), **words).uniform(1).flatten().double() for words in PAIRS[name]
    )
    correlation = torch.corrcoef(torch.stack([one, two]))[0, 1]
    assert abs(correlation) < 4 / math.sqrt(n)
    grid = (one * 16).long() * 16 + (two * 16).long()
    counts = torch.bincount(grid, minlength=256).double()
    assert abs(((counts - n / 256) ** 2 / (n / 256)).sum() - 255) < 4 * math.sqrt(2 * 255)


def test_folds_differ_from_each_other_and_from_their_key():
    key = of(torch.arange(20_000))
    draws = [key, key.fold(0), key.fold(1), key.fold(0).fold(1), key.fold(1).fold(0)]
    values = torch.stack([k.uniform(1).flatten().double() for k in draws])
    off = torch.corrcoef(values) - torch.eye(len(draws))
    assert off.abs().max() < 4.5 / math.sqrt(20_000)


@pytest.mark.parametrize("method", ["uniform", "normal", "permutation"])
def test_the_same_numbers_in_any_batch(method):
    key = of(torch.arange(50), seed=7, epoch=3, view=1)
    whole = getattr(key, method)(9)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    for rows in (order, order[:7], order[:1], torch.tensor([3, 3, 3])):
        again = of(rows, seed=7, epoch=3, view=1)
        assert torch.equal(getattr(again, method)(9), whole[rows])


def test_the_kind_of_integer_does_not_matter():
    rows = [0, 1, 200]
    for dtype in (torch.int32, torch.int16, torch.uint8):
        assert torch.equal(of(torch.tensor(rows, dtype=dtype)).words, of(rows).words)


def test_drawing_more_does_not_change_the_first():
    key = of(torch.arange(5))
    assert torch.equal(key.uniform(10)[:, :4], key.uniform(4))


def test_the_global_generator_is_neither_read_nor_moved():
    state = torch.random.get_rng_state()
    first = of(torch.arange(5)).normal(3)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(1)
    assert torch.equal(of(torch.arange(5)).normal(3), first)
    torch.random.set_rng_state(state)


def test_normal_numbers_have_the_moments_and_tails_of_a_normal():
    x = of(torch.arange(400)).normal(501).flatten().double()
    n = len(x)
    assert x.isfinite().all()
    for power, (mean, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
        assert abs((x**power).mean() - mean) < 4 * math.sqrt(variance / n)
    for cut, tail in ((1.0, 0.31731), (2.0, 0.0455), (3.0, 0.0027)):
        share = (x.abs() > cut).double().mean()
        assert abs(share - tail) < 4 * math.sqrt(tail / n)
    rows = of(torch.arange(2000)).normal(4).double()
    off = torch.corrcoef(rows.T) - torch.eye(4)
    assert off.abs().max() < 4 / math.sqrt(2000)


def test_permutations_are_all_equally_likely():
    n = 24_000
    order = of(torch.arange(n)).permutation(4)
    assert torch.equal(order.sort(dim=1).values, torch.arange(4).expand(n, 4))
    code = (order * torch.tensor([64, 16, 4, 1])).sum(dim=1)
    counts = code.unique(return_counts=True)[1].double()
    assert len(counts) == 24
    assert abs(((counts - n / 24) ** 2 / (n / 24)).sum() - 23) < 4 * math.sqrt(2 * 23)


def test_no_two_of_many_samples_share_a_word():
    words = torch.cat([of(torch.arange(100_000), view=view).words for view in (0, 1)])
    assert len(words.unique()) == 200_000


def test_the_numbers_are_those_of_splitmix64():
    # Reference in plain integers (Steele et al., 2014).
    mask, golden = (1 << 64) - 1, 0x9E3779B97F4A7C15

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        return z ^ (z >> 31)

    word = 123456789
    wanted = [(mix((word + i * golden) & mask) >> 40) / 2**24 for i in (1, 2, 3)]
    assert Key(torch.tensor([word])).uniform(3)[0].tolist() == wanted
