"""Training on graphs: what is learned, which nodes are anchors, what repeats to the bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs import load_graphs
from goodviews.encoders import build_graph_encoders
from goodviews.graphs import draw_non_links, make_graph, part_of
from goodviews.methods import GRAPH_METHODS, method
from goodviews.training import Settings, train_graphs
from goodviews.training.graph_source import GraphSource, NodeSource
from goodviews.views.graphs import parse_graph_view

SMALL = {"encoder": "gcn(width=8)", "epochs": 2, "schedule": "constant()", "device": "cpu"}


def blocks(nodes=60, seed=0):
    """Two communities with more links inside than between, features of no use, and classes."""
    rng = np.random.default_rng(seed)
    classes = np.arange(nodes) % 2
    u, v = np.triu_indices(nodes, 1)
    inside = classes[u] == classes[v]
    there = rng.random(len(u)) < np.where(inside, 0.3, 0.01)
    features = torch.from_numpy(rng.random((nodes, 4), dtype=np.float32))
    return make_graph(np.stack([u[there], v[there]]), features, nodes=nodes), classes


def many(count=12):
    return load_graphs([blocks(nodes=10 + place % 3, seed=place)[0] for place in range(count)])


def small(name):
    settings = replace(method(name), **SMALL)
    if name == "graphcl":
        return replace(settings, encoder="gin(width=4, layers=2, pool='sum', norm=True)", batch=4)
    if name == "vgae":
        return replace(settings, encoder="gcn(width=4, last=False, spread=True)")
    return settings


@pytest.mark.parametrize("name", GRAPH_METHODS)
def test_every_method_takes_steps_that_repeat_to_the_bit(name):
    graph, classes = blocks()
    data = many() if name == "graphcl" else graph
    labels = classes if name == "gcn" else None
    found = [train_graphs(data, settings=small(name), seed=1, labels=labels) for _ in range(2)]
    assert found[0].history.steps == 2 * (3 if name == "graphcl" else 1)
    assert np.isfinite(found[0].history.losses).all()
    for one, other in zip(*(run.encoders.state_dict().values() for run in found), strict=True):
        assert torch.equal(one, other)


def test_links_are_learned():
    graph = replace(blocks()[0], features=torch.eye(60))
    settings = replace(method("gae"), encoder="gcn(width=8, last=False)", epochs=60)
    encoders = train_graphs(graph, settings=settings, seed=0).encoders
    with torch.no_grad():
        z = encoders.represent(graph)
    others = draw_non_links(graph, 200, generator=torch.Generator().manual_seed(5))
    links, rest = ((z[p[0]] * z[p[1]]).sum(1) for p in (graph.edges, others))
    auc = (links[:, None] > rest).double().mean()
    random = build_graph_encoders(settings.encoder, graph, head="identity()", seed=0)
    with torch.no_grad():
        z = random.represent(graph)
    links, rest = ((z[p[0]] * z[p[1]]).sum(1) for p in (graph.edges, others))
    assert auc > 0.75
    assert auc > (links[:, None] > rest).double().mean() + 0.05


def test_classes_are_learned_from_the_labelled_nodes_alone():
    graph, classes = blocks()
    known = np.where(np.arange(60) < 20, classes, -1)
    settings = replace(method("gcn"), encoder="gcn(width=8)", epochs=60)
    encoders = train_graphs(graph, settings=settings, seed=0, labels=known).encoders
    with torch.no_grad():
        guess = encoders.embed(0, graph).argmax(1).numpy()
    assert (guess == classes)[20:].mean() > 0.9
    other = np.where(known >= 0, known, -1)
    other[30:] = -1
    again = train_graphs(graph, settings=settings, seed=0, labels=other).encoders
    assert torch.equal(again.represent(graph), encoders.represent(graph))


def test_a_run_that_is_stopped_resumes_to_the_bit(tmp_path):
    graph, _ = blocks()
    settings = replace(small("grace"), epochs=6)

    class Stop(Exception):
        pass

    def stop(_, history):
        if history.steps == 4:
            raise Stop

    with pytest.raises(Stop):
        train_graphs(graph, settings=settings, seed=0, folder=tmp_path, save_every=3, watch=stop)
    resumed = train_graphs(graph, settings=settings, seed=0, folder=tmp_path)
    whole = train_graphs(graph, settings=settings, seed=0)
    assert resumed.history.losses == whole.history.losses
    for one, other in zip(
        resumed.encoders.state_dict().values(), whole.encoders.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)
    with pytest.raises(InputError, match="holds a run with data"):
        train_graphs(blocks(seed=1)[0], settings=settings, seed=0, folder=tmp_path)


def test_a_run_starts_from_given_weights():
    graph, _ = blocks()
    first = train_graphs(graph, settings=small("grace"), seed=0).encoders
    still = replace(small("gae"), optimiser="adam(lr=1e-30)")
    second = train_graphs(
        graph, settings=still, seed=5, start=lambda new: new.load_backbone(first)
    )
    assert torch.equal(second.encoders.represent(graph), first.represent(graph))


def test_anchors_are_the_same_node_in_both_views_though_nodes_are_dropped():
    graph, _ = blocks()
    source = NodeSource(graph, parse_graph_view("drop_nodes(0.4)"), index=np.arange(5, 50))
    batch = source.batch(np.arange(40), seed=0, epoch=1, step=0, device=torch.device("cpu"))
    names = [view.graph.node_names[view.rows] for view in (batch.v1, batch.v2)]
    assert torch.equal(*names)
    assert torch.equal(names[0], source.index[batch.places])
    kept = set.intersection(*(set(v.graph.node_names.tolist()) for v in (batch.v1, batch.v2)))
    assert set(names[0].tolist()) == kept & set(range(5, 45))


def test_every_graph_is_an_example_of_one_batch():
    graphs = many()
    source = GraphSource(graphs, parse_graph_view("drop_edges(0.2)"))
    batch = source.batch(np.array([3, 7]), seed=0, epoch=1, step=0, device=torch.device("cpu"))
    assert source.steps(5) == 2
    assert batch.v1.whole.graph_numbers.tolist() == [3, 7]
    assert batch.v1.graph.graphs == 2


def test_a_part_keeps_its_names():
    graph, _ = blocks()
    part = part_of(graph, torch.arange(20, 50))
    made = train_graphs(part, settings=replace(small("grace"), views="drop_nodes(0.2)"), seed=0)
    assert made.history.steps == 2


@pytest.mark.parametrize(
    ("change", "data", "labels", "message"),
    [
        ({"encoder": "gin(pool='sum')"}, "one", None, "there is only one graph"),
        ({"views": "crop()"}, "one", None, "view of images"),
        ({"views": ""}, "one", None, "name some with --views"),
        ({"memory": "queue(size=8)"}, "one", None, "queue is for images"),
        ({"objective": "cross_entropy()"}, "one", None, "learns from labels"),
        ({"objective": "cross_entropy()"}, "one", [0, 1], "2 labels for 60 nodes"),
        ({"objective": "cross_entropy()"}, "one", [-1] * 60, "None of the nodes has a label"),
        ({"objective": "infonce()", "views": "drop_nodes(0.99)"}, "one", None, "Both views keep"),
    ],
)
def test_what_does_not_fit_is_answered(change, data, labels, message):
    settings = replace(Settings(views="drop_edges(0.2)"), **{**SMALL, **change})
    with pytest.raises(InputError, match=message):
        train_graphs(blocks()[0], settings=settings, seed=0, labels=labels)


def test_too_few_nodes_are_answered():
    graph = make_graph([[0], [1]], torch.eye(2))
    with pytest.raises(InputError, match="at least 8 nodes, but got 2"):
        train_graphs(graph, settings=small("grace"), seed=0)


@pytest.mark.parametrize("layer", ["gcn", "sage", "gin"])
def test_with_enough_neighbours_a_sampled_part_gives_the_embeddings_of_the_whole(layer):
    rng = torch.Generator().manual_seed(0)
    ends = torch.randint(200, (2, 240), generator=rng)
    graph = make_graph(ends, torch.rand(200, 6, generator=rng))
    pair = parse_graph_view("drop_edges(0.3)|mask_features(0.3)")
    encoders = build_graph_encoders(f"{layer}(width=8)", graph, head="identity()", seed=0)
    found = []
    # A third step: the degrees of the nodes two steps away.
    for counts in ((), (200, 200, 200), (1, 1)):
        source = NodeSource(graph, pair, neighbours=counts)
        step = {"seed": 0, "epoch": 1, "step": 1, "device": torch.device("cpu")}
        batch = source.batch(np.arange(0, 12), **step)
        assert (batch.v1.graph.nodes == 200) == (not counts)
        found.append(encoders(batch.v1, batch.v2))
    for one, other, few in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
        assert float((one - few).abs().max().detach()) > 1e-3


def test_sampled_runs_do_not_resume_runs_of_the_whole_graph(tmp_path):
    graph = make_graph([list(range(40)), [*range(1, 40), 0]], torch.eye(40))
    settings = Settings(
        encoder="gcn(width=4)", views="drop_edges(0.3)", objective="ntxent()", epochs=2, batch=16
    )
    train_graphs(graph, settings=settings, seed=0, folder=tmp_path)
    with pytest.raises(InputError):
        train_graphs(graph, settings=settings, seed=0, folder=tmp_path, neighbours=(2, 2))
