"""Without a process group; ``tests/objectives/test_ranks.py`` runs it over several."""

import torch

from goodviews.core.distributed import gather, gather_others, mean, rank, ranks


def test_one_process_is_alone():
    assert (rank(), ranks()) == (0, 1)


def test_gather_is_the_identity_with_its_gradient(rng):
    rows = torch.randn(3, 2, generator=rng, requires_grad=True)
    assert gather(rows) is rows
    (gather(rows, dim=1) ** 2).sum().backward()
    torch.testing.assert_close(rows.grad, 2 * rows.detach())


def test_there_are_no_other_rows():
    assert gather_others(torch.ones(3, 2)).shape == (0, 2)
    assert gather_others(torch.ones(3, 2), dim=1).shape == (3, 0)


def test_mean_is_the_plain_mean_whatever_the_wrapper(rng):
    losses = torch.randn(5, generator=rng, requires_grad=True)
    for gradients in ("averaged", "summed"):
        assert torch.equal(mean(losses, gradients=gradients), losses.mean())


def test_traces_in_one_graph(rng):
    rows = torch.randn(3, 2, generator=rng)
    compiled = torch.compile(lambda z: mean(gather(z)), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(rows), rows.mean())
