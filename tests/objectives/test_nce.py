import math

import pytest
import torch
from tests.objectives.slow import cosine, rows

from goodviews.objectives import nce, nce_log_normaliser


@pytest.fixture
def tensors(rng):
    a, b = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)
    return a, b, torch.randn(4, 5, 3, generator=rng, dtype=torch.float64)


def slow_nce(anchor, positive, negatives, bank_size, z, temperature):
    losses = []
    for a, p, noise in zip(rows(anchor), rows(positive), rows(negatives), strict=True):
        m, p_noise = len(noise), 1 / bank_size

        def posterior(score, m=m, p_noise=p_noise):
            model = math.exp(score / temperature) / z
            return model / (model + m * p_noise)

        loss = -math.log(posterior(cosine(a, p)))
        loss -= sum(math.log(1 - posterior(cosine(a, n))) for n in noise)
        losses.append(loss)
    return torch.tensor(losses, dtype=torch.float64)


def test_equals_the_written_out_formula(tensors):
    got = nce(*tensors, bank_size=20, log_normaliser=math.log(7.0), temperature=0.4)
    torch.testing.assert_close(got, slow_nce(*tensors, 20, 7.0, 0.4))


def test_shared_noise_is_the_same_as_its_copies(tensors):
    a, b, bank = tensors
    options = {"bank_size": 20, "log_normaliser": 1.0}
    torch.testing.assert_close(
        nce(a, b, bank[0], **options), nce(a, b, bank[0].expand(4, 5, 3), **options)
    )


def test_log_normaliser_is_the_bank_size_times_the_mean_score(tensors):
    a, _, bank = tensors
    scores = [
        math.exp(cosine(x, n) / 0.4)
        for x, noise in zip(rows(a), rows(bank), strict=True)
        for n in noise
    ]
    wanted = math.log(20 * sum(scores) / len(scores))
    got = nce_log_normaliser(a.requires_grad_(), bank, bank_size=20, temperature=0.4)
    assert got.item() == pytest.approx(wanted, rel=1e-12)
    assert not got.requires_grad


@pytest.mark.parametrize("noise", [1, 4, 64])
def test_constant_embeddings_give_the_entropy_of_an_uninformed_guess(noise):
    # The model's density is the noise's: the posterior is 1 / (1 + M) for every sample.
    same, bank = torch.ones(3, 2).double(), torch.ones(noise, 2).double()
    log_z = nce_log_normaliser(same, bank, bank_size=100)
    losses = nce(same, same, bank, bank_size=100, log_normaliser=log_z)
    wanted = math.log(1 + noise) + noise * math.log((1 + noise) / noise)
    torch.testing.assert_close(losses, torch.full((3,), wanted, dtype=torch.float64))


def test_the_bank_size_and_the_constant_matter_by_their_ratio_alone(tensors):
    one = nce(*tensors, bank_size=20, log_normaliser=1.0)
    other = nce(*tensors, bank_size=60, log_normaliser=1.0 + math.log(3))
    torch.testing.assert_close(one, other)
