"""Clusters far apart cost one mistake each; what has no clusters is learned late."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation.label_free import cluster_learnability


@pytest.mark.parametrize("clusters", [2, 5, 9])
def test_only_the_first_of_each_cluster_is_wrong(clusters, rng):
    z = torch.eye(clusters).repeat(20, 1) + 1e-3 * torch.randn(
        20 * clusters, clusters, generator=rng
    )
    want = 1 - (clusters - 1) / (20 * clusters - 1)
    assert cluster_learnability(z, clusters=clusters) == pytest.approx(want)


def test_it_agrees_with_a_loop(rng):
    from sklearn.cluster import KMeans

    z = torch.randn(60, 5, generator=rng).double()
    z = (z / z.norm(dim=1, keepdim=True))[
        torch.from_numpy(np.random.default_rng(3).permutation(60))
    ]
    labels = KMeans(7, n_init=1, random_state=3).fit_predict(z.numpy())
    right = 0
    for one in range(1, 60):
        nearest = max(range(one), key=lambda other: float(z[one] @ z[other]))
        right += labels[nearest] == labels[one]
    inverse = torch.from_numpy(np.argsort(np.random.default_rng(3).permutation(60)))
    assert cluster_learnability(z[inverse], seed=3) == pytest.approx(right / 59)


def test_scale_and_rotation_change_nothing(rng):
    z = torch.randn(200, 6, generator=rng).double()
    turn = torch.linalg.qr(torch.randn(6, 6, generator=rng, dtype=torch.float64)).Q
    scales = torch.rand(200, 1, generator=rng) + 0.5
    assert cluster_learnability(scales * z) == cluster_learnability(z)
    assert cluster_learnability(z @ turn) == pytest.approx(cluster_learnability(z), abs=0.02)


def test_groups_are_learned_sooner_than_a_cloud(rng):
    cloud = torch.randn(400, 16, generator=rng)
    groups = cloud + 4 * torch.randn(20, 16, generator=rng).repeat(20, 1)
    assert cluster_learnability(groups) > cluster_learnability(cloud) + 0.1


def test_too_little_is_refused():
    for given, clusters in ((torch.ones(3, 2), None), (torch.ones(9, 2), 10)):
        with pytest.raises(InputError, match="clusters"):
            cluster_learnability(given, clusters=clusters)
