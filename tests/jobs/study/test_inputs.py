"""What a study was given: groups of two datasets."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.jobs.study.inputs import grouped

N = 40
PIXELS = np.random.default_rng(0).integers(0, 255, (N, 8, 8), dtype=np.uint8)


def test_groups_are_those_of_the_datasets_that_have_the_column():
    table = {"kind": ["a", "b"] * (N // 2), "patient": [f"p{i // 4}" for i in range(N)]}
    plain, described = load(PIXELS), load(PIXELS, labels=table)
    first, second = grouped(((plain, None, None), (described, None, table)), "patient")
    assert first.groups is None
    assert second.groups.tolist() == [i // 4 for i in range(N)]
    assert list(second.labels) == ["kind"]
    with pytest.raises(InputError, match="donor"):
        grouped(((plain, None, None), (described, None, table)), "donor")
