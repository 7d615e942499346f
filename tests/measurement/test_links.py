"""Training on links stops by validation links and sees no other links than those for training."""

from dataclasses import replace

import networkx as nx
import torch

from goodviews.evaluation import split_links
from goodviews.graphs import from_networkx
from goodviews.measurement.links import train_on_links, validation_auc
from goodviews.methods import method
from goodviews.training import train_graphs

BLOCKS = from_networkx(nx.stochastic_block_model([40, 40], [[0.25, 0.02], [0.02, 0.25]], seed=0))
GRAPH = replace(BLOCKS, features=torch.eye(80))
SPLIT = split_links(GRAPH, val=0.15, test=0.2)
GAE = replace(method("gae"), encoder="gcn(width=8, last=False)", epochs=40, device="cpu")


def test_the_best_weights_are_at_least_as_good_on_validation_links_as_the_last():
    best = train_on_links(SPLIT, settings=GAE, seed=0)
    last = train_graphs(SPLIT.graph, settings=GAE, seed=0).encoders
    assert validation_auc(best.represent, SPLIT) >= validation_auc(last.represent, SPLIT)
    assert validation_auc(best.represent, SPLIT) > 0.7


def test_without_validation_links_the_last_weights_are_kept():
    split = split_links(GRAPH, val=0.0, test=0.2)
    best = train_on_links(split, settings=replace(GAE, epochs=3), seed=0)
    last = train_graphs(split.graph, settings=replace(GAE, epochs=3), seed=0).encoders
    with torch.no_grad():
        assert torch.equal(best.represent(GRAPH), last.represent(GRAPH))


def test_test_links_change_nothing_that_is_trained():
    other = replace(SPLIT, test=SPLIT.test_negatives, test_negatives=SPLIT.test)
    short = replace(GAE, epochs=3)
    one, two = (train_on_links(split, settings=short, seed=0) for split in (SPLIT, other))
    with torch.no_grad():
        assert torch.equal(one.represent(SPLIT.graph), two.represent(SPLIT.graph))
