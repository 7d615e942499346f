"""Readouts of nodes and graphs: parts of splits, folds, and intervals."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs
from goodviews.evaluation.graph_readout import (
    accuracy_interval,
    gap_interval,
    graph_readout,
    node_readout,
)
from goodviews.evaluation.node_splits import NodeSplit, default_split, node_splits
from goodviews.graphs import make_graph


def ring(nodes=100, labels=None, masks=None):
    ends = torch.arange(nodes)
    column = ends % 2 if labels is None else torch.as_tensor(labels)
    graph = make_graph(torch.stack([ends, ends.roll(1)]), nodes=nodes)
    rows = {part: torch.as_tensor(mask).bool() for part, mask in (masks or {}).items()}
    return Graphs("ring", (graph,), {"label": column}, {}, "nodes", rows)


@pytest.mark.parametrize(("kind", "sizes"), [("10/90", (9, 0, 81)), ("10/10/80", (9, 9, 72))])
def test_random_splits_have_their_shares_and_leave_out_what_has_no_label(kind, sizes):
    labels = np.arange(100) % 2
    labels[:10] = -1
    splits = node_splits(ring(labels=labels), kind, count=3, seed=1)
    for split in splits:
        assert tuple(map(len, (split.train, split.val, split.test))) == sizes
        every = np.concatenate([split.train, split.val, split.test])
        assert sorted(every) == list(range(10, 100))
    assert len({split.hash for split in splits}) == 3
    again = node_splits(ring(labels=labels), kind, count=3, seed=1)
    assert [s.hash for s in again] == [s.hash for s in splits]


def test_given_masks_are_used_as_they_are():
    train, val, test = np.zeros((3, 2, 100), dtype=bool)
    train[0, :10], train[1, 10:20], test[:, 50:] = True, True, True
    val[:, 30:40] = True
    data = ring(masks={"train": train, "val": val, "test": test})
    assert default_split(data) == "masks"
    splits = node_splits(data, "masks")
    assert [s.train.tolist() for s in splits] == [list(range(10)), list(range(10, 20))]
    assert len(node_splits(data, "public")) == 1
    assert splits[0].test.tolist() == list(range(50, 100))
    assert default_split(ring()) == "10/10/80"


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (ring(), "public", "has no given split; choose --split 10/90"),
        (ring(), "80/20", "Unknown split '80/20'"),
        (ring(labels=np.zeros(100, int)), "10/90", "needs at least two classes"),
        (ring(labels=np.arange(100) == 3), "10/90", "2 classes, and 1 of them"),
    ],
)
def test_what_cannot_be_split_is_answered(data, kind, message):
    with pytest.raises(InputError, match=message):
        node_splits(data, kind)


def test_labels_of_graphs_are_not_those_of_nodes():
    graph = ring().graph
    data = Graphs("two", (graph, graph), {"label": torch.tensor([0, 1])}, {}, "graphs")
    with pytest.raises(InputError, match="Labels of nodes are expected, but two has labels of"):
        node_splits(data, "10/90")


@pytest.mark.parametrize("val", [0, 20])
def test_test_labels_choose_nothing(val):
    rng = np.random.default_rng(0)
    labels, table = rng.integers(0, 3, 100), rng.normal(size=(100, 5))
    split = NodeSplit(np.arange(20), np.arange(20, 20 + val), np.arange(50, 100))
    [right] = node_readout(table, labels, [split])
    other = labels.copy()
    other[50:] = (labels[50:] + 1) % 3
    [moved] = node_readout(table, other, [split])
    assert not (right & moved).any()  # the same guesses, so never right for both labels
    assert right.sum() + moved.sum() <= 50


def test_nested_folds_test_every_graph_once_and_read_noise_at_chance():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    labels[:20] = -1
    places, right = graph_readout(rng.normal(size=(200, 8)), labels)
    assert places.tolist() == list(range(20, 200))
    assert abs(right.mean() - 0.5) < 4 * 0.5 / 180**0.5
    _, right = graph_readout(np.eye(3)[labels], labels)
    assert right.all()


def test_folds_need_two_graphs_of_a_class():
    with pytest.raises(InputError, match="two classes with 2 graphs or more"):
        graph_readout(np.zeros((5, 2)), np.array([0, 0, 0, 0, 1]))


def test_intervals_are_over_items_of_one_split_and_over_several_splits():
    one = np.array([True] * 80 + [False] * 20)
    alone = accuracy_interval([one])
    assert (round(alone.low, 3), round(alone.high, 3)) == (0.711, 0.867)  # Wilson
    several = accuracy_interval([one, one[:50], one[20:]])
    means = np.array([0.8, 1.0, 0.75])
    half = 4.302653 * means.std(ddof=1) / 3**0.5  # Student's t with 2 degrees of freedom
    assert several.half == pytest.approx(half, rel=1e-5)


def test_a_paired_gap_is_narrower_than_its_parts():
    rng = np.random.default_rng(0)
    right = rng.random(400) < 0.8
    other = right & (rng.random(400) < 0.97)
    gap = gap_interval([right], [other])
    assert gap.value == pytest.approx(right.mean() - other.mean())
    assert gap.half < accuracy_interval([right]).half
    assert gap.above
