"""``evaluate`` on links uses the split of the run, and refuses runs that saw the test links."""

import networkx as nx
import numpy as np
import pytest
import torch

import goodviews
from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.data.graphs import load_graphs
from goodviews.encoders import load_encoder
from goodviews.evaluation import split_links
from goodviews.jobs.evaluate.links import evaluate_links

SMALL = {"negatives": ["uniform"], "count": 20}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A graph in a file, a run on its training links and a run on all of them."""
    folder = tmp_path_factory.mktemp("links")
    blocks = nx.stochastic_block_model([40, 40], [[0.3, 0.02], [0.02, 0.3]], seed=0)
    features = torch.randn(80, 12, generator=torch.Generator().manual_seed(0)).numpy()
    np.savez(folder / "blocks.npz", edges=np.array(list(blocks.edges)), features=features)
    for name, level in (("run", "links"), ("whole", None)):
        goodviews.pretrain(
            folder / "blocks.npz", method="gae", backbone="gcn(width=4, last=False)", epochs=2,
            out=folder / name, graphs={"level": level} if level else None,
        )  # fmt: skip
    return folder


def test_a_run_is_evaluated_on_the_split_that_it_was_trained_with(place):
    found = goodviews.evaluate(
        place / "run", place / "blocks.npz", seeds=1, out=place / "evaluated",
        graphs={"level": "links", **SMALL},
    )  # fmt: skip
    rows = found.links.rows
    assert rows[0]["predictor"] == "run"
    assert rows[0]["decoder"] == "dot"  # a graph autoencoder's own
    graph = load_graphs(place / "blocks.npz").graph
    split = split_links(graph, calibration=0.05, seed=0)
    assert rows[0]["links"] == split.test.shape[1]
    assert str(found).startswith("blocks: ")
    assert found.files[-1].name == "rows.csv"


def test_the_command_prints_the_table(place, capsys):
    words = [str(place / "run"), str(place / "blocks.npz"), "--level", "links", "--seeds", "0",
             "--negatives", "degree", "--decoder", "cosine", "--count", "10", "-q",
             "--out", str(place / "command")]  # fmt: skip
    assert main(["evaluate", *words]) == 0
    printed = capsys.readouterr().out
    assert "auc@1:10 degree" in printed
    assert "index.html" in printed


@pytest.mark.parametrize(
    ("encoder", "graphs", "sentence"),
    [
        ("whole", {"level": "links"}, "so its test links are not new to it; pretrain with"),
        ("run", {"level": "links", "split": "10/90"}, "option split is for nodes"),
        ("gcn(width=4, pool='sum')", {"level": "links"}, "has pool; leave it out"),
        ("whole", {"level": "links", "features": "rows"}, "so its test links are not new to it"),
        (
            "run",
            {"level": "links", "features": "one"},
            "trained on 12 features, but the nodes have",
        ),
        (np.ones((80, 4)), {"level": "links"}, "which links they were made from"),
    ],
)
def test_what_would_leak_or_does_not_fit_is_answered(place, encoder, graphs, sentence):
    if str(encoder) in ("whole", "run"):
        encoder = place / encoder
    with pytest.raises(InputError, match=sentence):
        goodviews.evaluate(encoder, place / "blocks.npz", out=place / "refused", graphs=graphs)


def test_encoders_without_their_run_are_not_evaluated_on_links(place):
    encoders, _ = load_encoder(place / "whole")
    with pytest.raises(InputError, match="do not show which links they were trained on"):
        goodviews.evaluate(
            encoders, place / "blocks.npz", out=place / "alone", graphs={"level": "links"}
        )


def test_other_features_of_the_same_graph_do_not_change_the_split(place):
    given = {"level": "links", "features": "rows", **SMALL}
    found = goodviews.evaluate(
        place / "run", place / "blocks.npz", seeds=0, seed=7, out=place / "rows", graphs=given
    )
    assert found.links.split.endswith("seed 0.")  # that of the run


def test_links_of_another_graph_are_evaluated_with_a_sentence(place):
    pairs = np.load(place / "blocks.npz")
    np.savez(place / "grown.npz", edges=pairs["edges"][:-1], features=pairs["features"])
    found = goodviews.evaluate(
        place / "run", place / "grown.npz", seeds=0, out=place / "grown",
        graphs={"level": "links", **SMALL},
    )  # fmt: skip
    assert "run was trained on another graph, blocks: links that both have" in str(found)


def test_random_weights_are_evaluated_without_dropout(place):
    spec = "gcn(width=4, dropout=0.9, norm=True)"
    graph = load_graphs(place / "blocks.npz")
    first, again = (
        evaluate_links(
            spec, graph, gae=False, seeds=0, negatives=["uniform"], count=20, out=place / name
        )
        for name in ("one", "two")
    )
    assert first.rows == again.rows
