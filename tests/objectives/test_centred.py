import math

import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError, ShapeError
from goodviews.objectives import doubly_normalise, ntxent, simclr_centred


@pytest.fixture
def pair():
    rng = torch.Generator().manual_seed(0)
    shared = torch.randn(7, 5, generator=rng, dtype=torch.float64)
    return tuple(shared + torch.randn(2, 7, 5, generator=rng, dtype=torch.float64))


def written_out(first, second, temperature, variant):
    rows = [*first.tolist(), *second.tolist()]
    count, dims = len(rows), len(rows[0])
    means = [sum(row[j] for row in rows) / count for j in range(dims)]
    rows = [[row[j] - means[j] for j in range(dims)] for row in rows]
    if variant == "A":
        rows = [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in rows]
    else:
        norms = [math.sqrt(sum(row[j] ** 2 for row in rows)) for j in range(dims)]
        scale = math.sqrt(count / dims)
        rows = [[scale * row[j] / norms[j] for j in range(dims)] for row in rows]
    losses = []
    for i, row in enumerate(rows):
        dots = [sum(a * b for a, b in zip(row, other, strict=True)) for other in rows]
        others = [math.exp(dot / temperature) for k, dot in enumerate(dots) if k != i]
        losses.append(math.log(sum(others)) - dots[(i + count // 2) % count] / temperature)
    return torch.tensor(losses, dtype=torch.float64)


@pytest.mark.parametrize("variant", ["A", "B"])
def test_equals_the_written_out_formula(pair, variant):
    made = simclr_centred(*pair, temperature=0.3, variant=variant)
    torch.testing.assert_close(made, written_out(*pair, 0.3, variant))


@pytest.mark.parametrize("variant", ["A", "B"])
def test_what_all_embeddings_have_in_common_does_not_count(pair, variant):
    moved = [view + torch.arange(5.0, dtype=torch.float64) for view in pair]
    torch.testing.assert_close(
        simclr_centred(*moved, variant=variant), simclr_centred(*pair, variant=variant)
    )


def test_variant_a_of_centred_embeddings_is_ntxent(pair):
    mean = torch.cat(pair).mean(dim=0)
    centred = [view - mean for view in pair]
    torch.testing.assert_close(
        simclr_centred(*centred, temperature=0.2), ntxent(*centred, temperature=0.2)
    )


def test_variant_b_does_not_see_the_scale_of_a_dimension(pair):
    scales = torch.tensor([0.01, 1.0, 3.0, 10.0, 50.0], dtype=torch.float64)
    scaled = [view * scales for view in pair]
    torch.testing.assert_close(
        simclr_centred(*scaled, variant="B"), simclr_centred(*pair, variant="B")
    )


def test_both_variants_agree_where_embeddings_and_dimensions_have_equal_norms():
    rng = torch.Generator().manual_seed(1)
    half = doubly_normalise(torch.randn(20, 5, generator=rng, dtype=torch.float64))
    first, second = torch.cat([half, -half]).chunk(2)  # mean 0, and norms still equal
    a, b = (simclr_centred(first, second, variant=v) for v in ("A", "B"))
    torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(a, ntxent(F.normalize(first, dim=1), second), rtol=1e-6, atol=1e-6)


def test_says_what_it_cannot_use(pair):
    with pytest.raises(InputError, match="variant of SimCLR 'C'"):
        simclr_centred(*pair, variant="C")
    with pytest.raises(InputError, match="temperature"):
        simclr_centred(*pair, temperature=0.0)
    with pytest.raises(ShapeError):
        simclr_centred(pair[0], pair[1][:3])
