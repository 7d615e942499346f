"""The largest values of long rows are those of topk."""

import pytest
import torch

from goodviews.evaluation.knn import largest


@pytest.mark.parametrize("columns", [1, 7, 100, 997, 1000])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_the_largest_are_those_of_topk_wherever_they_lie(columns, count):
    count = min(count, columns)
    values = torch.randn(9, columns, generator=torch.Generator().manual_seed(columns))
    values[0], values[1] = values[0].sort()[0], values[1].sort(descending=True)[0]
    values[2] = 1.0  # ties everywhere
    values[3] = (values[3] > 0.5).float()
    found, places = largest(values, count)
    exact = values.topk(count, dim=1)[0]
    assert torch.equal(found.sort(dim=1, descending=True)[0], exact)
    assert torch.equal(values.gather(1, places), found)
    assert all(len(set(row)) == count for row in places.tolist())
