import pytest
import torch
from tests.objectives.slow import dot, rows

from goodviews.core.errors import ShapeError
from goodviews.objectives import project_to_ball, sample_criterion, spectral, total


def slow_project(z, radius):
    norm = dot(z, z) ** 0.5
    return [x * min(1.0, radius / norm) for x in z]


@pytest.mark.parametrize("mu", [0.5, 1.0, 3.0])
def test_equals_the_written_out_formula(rng, mu):
    a, b = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    f, g = ([slow_project(z, mu**0.5) for z in rows(view)] for view in (a, b))
    attraction = sum(dot(f[i], g[i]) for i in range(5))
    repulsion = sum(dot(f[i], g[j]) ** 2 for i in range(5) for j in range(5) if i != j)
    wanted = -2 / 5 * attraction + repulsion / (5 * 4)
    assert total(spectral(a, b, mu=mu)).item() == pytest.approx(wanted, rel=1e-12)


def test_repulsion_of_a_view_with_itself_is_the_sample_criterion(rng):
    z = torch.nn.functional.normalize(torch.randn(6, 3, generator=rng).double(), dim=1)
    terms = spectral(z, z)
    torch.testing.assert_close(terms.repulsion.mean() * 6 * 5, sample_criterion(z))


def test_constant_unit_embeddings_give_minus_two_and_one():
    same = torch.full((4, 4), 0.5).double()
    terms = spectral(same, same)
    torch.testing.assert_close(terms.attraction, torch.full((4,), -2.0).double())
    torch.testing.assert_close(terms.repulsion, torch.ones(4).double())


def test_project_to_ball_shortens_long_rows_only(rng):
    z = torch.randn(20, 3, generator=rng, dtype=torch.float64)
    got = project_to_ball(z, radius=1.5)
    wanted = torch.tensor([slow_project(row, 1.5) for row in rows(z)], dtype=torch.float64)
    torch.testing.assert_close(got, wanted)
    inside = torch.linalg.vector_norm(z, dim=1) <= 1.5
    assert inside.any()
    assert (~inside).any()
    assert torch.equal(got[inside], z[inside])


def test_zero_embeddings_have_a_gradient():
    z = torch.zeros(3, 2, requires_grad=True)
    total(spectral(z, torch.ones(3, 2))).backward()
    assert z.grad.isfinite().all()


def test_one_pair_has_no_negative():
    with pytest.raises(ShapeError, match="batch size"):
        spectral(torch.ones(1, 2), torch.ones(1, 2))
