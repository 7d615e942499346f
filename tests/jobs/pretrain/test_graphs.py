"""Pretraining on graphs writes a run that resumes, opens again and is evaluated."""

import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch

from goodviews import evaluate, pretrain
from goodviews.core.errors import InputError
from goodviews.data.graphs.features import with_features
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.encoders import load_encoder
from goodviews.evaluation.links import split_links
from goodviews.evaluation.links.split import links_hash
from goodviews.evaluation.node_splits import node_splits
from goodviews.graphs import from_networkx
from goodviews.views.generators import save_generator
from goodviews.views.graphs.generator import build_drop_generator

BLOCKS = from_networkx(nx.stochastic_block_model([40, 40], [[0.3, 0.02], [0.02, 0.3]], seed=0))
CLASSES = np.arange(80) // 40
NOISE = torch.rand(80, 12, generator=torch.Generator().manual_seed(0))
SMALL = {"backbone": "gcn(width=8)", "epochs": 2}


def blocks(**more):
    graph = replace(BLOCKS, features=NOISE)
    return make_graphs("blocks", [graph], labels={"label": CLASSES}, **more)


def many():
    graphs = [nx.gnp_random_graph(8, 0.2 + 0.4 * (n % 2), seed=n) for n in range(30)]
    made = [from_networkx(graph) for graph in graphs]
    made = [with_features(graph, "degree") for graph in made]
    return make_graphs("many", made, labels={"label": np.arange(30) % 2}, level="graphs")


def test_a_run_of_nodes_is_written_resumed_and_evaluated(tmp_path):
    data, lines = blocks(), []
    run = pretrain(data, method="grace", out=tmp_path / "run", log=lines.append, **SMALL)
    assert run.history.steps == 2
    assert lines[0].startswith("grace on blocks, 1 graph, 80 nodes")
    encoders, about = load_encoder(tmp_path / "run")
    links = links_hash(data.graph)
    assert about["data"] == {"name": "blocks", "hash": data.hash, "level": "nodes", "links": links}
    with torch.no_grad():
        found = encoders.represent(data.graph)
        assert torch.equal(found, run.encoders.represent(data.graph))
    again = pretrain(data, method="grace", out=tmp_path / "run", **SMALL)
    assert again.history.losses == run.history.losses
    scores = evaluate(run, data, seeds=2, out=tmp_path / "ev", graphs={"splits": 3}).scores
    assert [s.encoder for s in scores if s.role != "difference"] == [
        *("run", "raw features", "random weights", "random weights")
    ]
    assert {s.protocol for s in scores} == {"nodes 10/10/80"}
    assert [s.draws for s in scores] == [3] * len(scores)
    over_raw, over_random = (s for s in scores if s.role == "difference")
    assert over_raw.encoder == "run minus raw features"
    assert over_raw.top1 == pytest.approx(scores[0].top1 - scores[1].top1)
    assert over_random.encoder == "run minus random weights"  # both seeds together
    mean = (scores[2].top1 + scores[3].top1) / 2
    assert over_random.top1 == pytest.approx(scores[0].top1 - mean)
    assert (tmp_path / "ev" / "rows.csv").is_file()


def test_a_run_of_graphs_pools_and_is_tested_by_nested_folds(tmp_path):
    run = pretrain(many(), epochs=1, changes={"batch": 8}, out=tmp_path / "run")
    assert run.settings.name == "graphcl"
    assert "pool='sum'" in run.settings.encoder
    found = evaluate(run, many(), seeds=1, out=tmp_path / "ev")
    assert found.scores[0].protocol == "graphs 10 folds"
    assert found.scores[0].tested == 30
    assert found.scores[1].top1 > 0.7  # the degrees are the label


def test_a_run_of_links_never_sees_the_links_that_are_kept(tmp_path, monkeypatch):
    seen = []
    from goodviews.jobs.pretrain import graphs as job

    monkeypatch.setattr(
        job, "train_graphs", lambda data, **more: seen.append(data) or made(data, **more)
    )
    from goodviews.training import train_graphs as made

    options = {"level": "links", "missing": 0.5}
    pretrain(blocks(), method="gae", out=tmp_path, epochs=2, graphs=options, seed=3)
    about = json.loads((tmp_path / "run.json").read_text())["split"]
    assert about.pop("level") == "links"
    told = about.pop("hash")
    split = split_links(blocks().graph, **about)
    assert split.hash == told
    assert torch.equal(seen[0].edges, split.graph.edges)
    assert split.graph.edges.shape[1] < 0.45 * BLOCKS.edges.shape[1]


def test_the_supervised_method_learns_from_the_training_part_alone(tmp_path):
    train, test = np.zeros((2, 80), dtype=bool)
    train[::8], test[1::2] = True, True
    run, lines = blocks(masks={"train": train, "test": test}), []
    trained = pretrain(run, method="gcn", out=tmp_path, log=lines.append, **SMALL)
    assert "It learns from 10 labels: split public, part train." in lines
    wrong = np.where(train, CLASSES, 1 - CLASSES)  # other labels of all other nodes
    other = make_graphs(
        "blocks", run.graphs, labels={"label": wrong}, masks={"train": train, "test": test}
    )
    same = pretrain(other, method="gcn", out=tmp_path / "other", **SMALL)
    assert same.history.losses == trained.history.losses


def test_a_run_starts_from_another(tmp_path):
    first = pretrain(blocks(), method="grace", out=tmp_path / "a", **SMALL)
    still = {"optimiser": "adam(lr=1e-30)", "schedule": "constant()"}
    second = pretrain(
        blocks(), method="gae", start=tmp_path / "a", out=tmp_path / "b", epochs=1, changes=still
    )
    assert second.settings.encoder == first.settings.encoder
    graph = blocks().graph
    assert torch.equal(second.encoders.represent(graph), first.encoders.represent(graph))


def test_links_are_not_predicted_from_weights_that_were_trained_on_them(tmp_path):
    kept = {"level": "links", "missing": 0.3}
    begun = {"all": {}, "other": {"graphs": kept, "seed": 1}, "same": {"graphs": kept}}
    for name, options in begun.items():
        pretrain(blocks(), out=tmp_path / name, **options, **SMALL)
    more = {"graphs": kept, "out": tmp_path / "run", **SMALL}
    for name in ("all", "other"):
        with pytest.raises(InputError, match=f"{name} was trained on links that this run keeps"):
            pretrain(blocks(), start=tmp_path / name, **more)
    fewer = {"level": "links", "missing": 0.6}
    with pytest.raises(InputError, match="or removes; start from a run with --level links"):
        pretrain(blocks(), start=tmp_path / "same", **{**more, "graphs": fewer})
    assert pretrain(blocks(), start=tmp_path / "same", **more).history.steps == 2


@pytest.mark.parametrize("given", [True, False])
def test_a_supervised_run_is_tested_on_the_split_whose_labels_it_learned(given, tmp_path):
    masks = {part: np.zeros((2, 80), dtype=bool) for part in ("train", "test")}
    for row in range(2):
        masks["train"][row, row::8], masks["test"][row, 1 - row :: 2] = True, True
    data = blocks(masks=masks) if given else blocks()
    run = pretrain(data, method="gcn", out=tmp_path / "run", seed=4, **SMALL)
    found = evaluate(run, data, seeds=0, out=tmp_path / "own")
    kind = "public" if given else "10/10/80"
    assert found.scores[0].protocol == f"nodes {kind}"
    assert found.scores[0].split == node_splits(data, kind, count=1, seed=4)[0].hash
    assert found.notes == ["The encoder learned from the labels of the training nodes of this "
                           "split."]  # fmt: skip
    wider = evaluate(run, data, seeds=0, out=tmp_path / "all", graphs={"split": "10/90"})
    assert "some of these nodes are tested here: leave --split" in wider.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "simclr"}, "simclr is for images, but these are graphs; choose grace"),
        ({"method": "grcae"}, "Unknown method of graphs 'grcae'"),
        ({"size": 32}, "The option size is for images"),
        ({"hold_out": True}, "hold_out .* is for images"),
        ({"graphs": {"level": "edges"}}, "Unknown level 'edges'"),
        ({"graphs": {"missing": 0.5}}, "missing .* needs level='links'"),
        ({"graphs": {"level": "graphs"}}, "does not pool nodes; add pool='sum'"),
        ({"graphs": {"features": "degrees"}}, "Unknown choice of features 'degrees'"),
        ({"views": "crop()"}, "crop.* is a view of images"),
        ({"task": "age", "method": "gcn"}, "Unknown task 'age'"),
        ({"start": "nowhere"}, "no encoder nowhere"),
    ],
)
def test_what_does_not_fit_is_answered(options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        pretrain(blocks(), out=tmp_path / "run", **{**SMALL, **options})


def test_images_refuse_what_is_of_graphs(tmp_path):
    with pytest.raises(InputError, match="The option level is for graphs"):
        pretrain("digits", graphs={"level": "nodes"}, out=tmp_path / "a")
    with pytest.raises(InputError, match="grace is for graphs, but these are images"):
        pretrain("digits", method="grace", out=tmp_path / "a")
    run = pretrain(blocks(), out=tmp_path / "run", **SMALL)
    with pytest.raises(InputError, match="encoder of graphs, but images are expected"):
        pretrain("digits", start=run.folder, out=tmp_path / "b")


@pytest.mark.parametrize(
    ("encoder", "options", "message"),
    [
        ("nowhere", {}, "nowhere is not an encoder of graphs"),
        ("gcn(widht=3)", {}, "Unknown argument of gcn 'widht'"),
        ("gin(pool='sum')", {}, "represents graphs; leave pool out"),
        (np.zeros((3, 2)), {}, "3 representations for 80 nodes"),
        ("features", {"graphs": {"level": "graphs"}}, "level is graphs, but blocks has labels of"),
        ("features", {"graphs": {"split": "public"}}, "blocks has no given split"),
        ("features", {"task": "age"}, "Unknown task 'age'"),
        ("features", {"protocols": ["linear"]}, "The option protocols is for images"),
    ],
)
def test_an_evaluation_that_does_not_fit_is_answered(encoder, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        evaluate(encoder, blocks(), out=tmp_path / "ev", **options)


def test_a_graph_without_features_is_answered_before_a_folder_is_made(tmp_path):
    with pytest.raises(InputError, match=r"features='degree' .* \(--features degree\)"):
        pretrain(make_graphs("bare", [BLOCKS]), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_learned_view_goes_with_the_run_that_it_trained(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_GENERATORS", "")
    generator = build_drop_generator("drops(width=4)", inputs=12)
    (tmp_path / "learned").mkdir()
    hash = save_generator(tmp_path / "learned" / "g.safetensors", generator, {})
    spec = f"learned_drops('{tmp_path}/learned/g.safetensors', strength=0.5)"
    run = pretrain(blocks(), views=spec, out=tmp_path / "run", **SMALL)
    assert run.settings.views == f"learned_drops('g.safetensors', hash='{hash}', strength=0.5)"
    assert (tmp_path / "run" / "g.safetensors").is_file()
    assert load_encoder(tmp_path / "run")[1]["views"] == run.settings.views


def test_neighbours_are_sampled_where_asked_for_and_recorded(tmp_path):
    run = pretrain(blocks(), out=tmp_path / "run", graphs={"neighbours": "3,2"}, **SMALL)
    assert json.loads((run.folder / "run.json").read_text())["neighbours"] == [3, 2]
    assert load_encoder(run.folder)[1]["neighbours"] == [3, 2]
    for wrong in ("3", "0,3", "a,b", (1, 2, 3)):
        with pytest.raises(InputError, match=r"for each of the 2 layers .* --neighbours 10,10"):
            pretrain(blocks(), out=tmp_path / "x", graphs={"neighbours": wrong}, **SMALL)
    with pytest.raises(InputError, match="the encoder pools"):
        pretrain(many(), out=tmp_path / "y", epochs=1, graphs={"neighbours": "3,3"})


def test_large_graphs_are_sampled_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr("goodviews.jobs.pretrain.graphs.WHOLE_MOST", 50)
    run = pretrain(blocks(), out=tmp_path / "run", **SMALL)
    assert any("10 neighbours of a node are sampled" in rule for rule in run.rules)
    whole = pretrain(blocks(), out=tmp_path / "all", graphs={"neighbours": "all"}, **SMALL)
    assert not any("sampled" in rule for rule in whole.rules)
