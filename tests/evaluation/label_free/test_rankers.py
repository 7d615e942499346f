"""Ranks: the best by every score is 1, whichever way a score points."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.evaluation.label_free import RANKERS, rank_views
from goodviews.evaluation.label_free.rankers import SCORES

GOOD = {
    "effective_rank": [1.0, 2.0, 3.0],
    "spectrum_decay": [3.0, 0.5, 1.1],
    "lidar": [1.0, 2.0, 3.0],
    "learnability": [0.1, 0.2, 0.3],
    "intrinsic_dimension": [1.0, 2.0, 3.0],
    "alignment": [3.0, 2.0, 1.0],
    "uniformity": [-1.0, -2.0, -3.0],
    "rotation_top1": [0.3, 0.4, 0.5],
    "estimate_nats": [1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("ranker", RANKERS)
def test_what_is_best_by_every_score_is_best(ranker):
    scores = {name: np.array(values) for name, values in GOOD.items()}
    assert rank_views(ranker, scores).tolist() == [0.0, 0.5, 1.0]


def test_every_score_is_used_and_known():
    assert {name for names in RANKERS.values() for name in names} == set(SCORES) == set(GOOD)


def test_ranks_are_averaged_and_ties_shared():
    scores = {
        "learnability": np.array([1.0, 2.0, 3.0]),
        "intrinsic_dimension": np.array([9.0, 5.0, 5.0]),
    }
    assert rank_views("CLID", scores).tolist() == [0.5, 0.375, 0.625]


def test_a_missing_score_is_refused():
    with pytest.raises(InputError, match="lidar"):
        rank_views("LiDAR", {})
    with pytest.raises(InputError, match="finite"):
        rank_views("RankMe", {"effective_rank": np.array([1.0, np.nan])})
    with pytest.raises(InputError, match="RankMe"):
        rank_views("RankMee", {})
