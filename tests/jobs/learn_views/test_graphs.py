"""Learning views of graphs: what is written, what resumes, and what is refused."""

import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch

from goodviews import learn_views, pretrain
from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.graphs import from_networkx
from goodviews.jobs.learn_views.graphs import fixed_drops, share_out_graphs
from goodviews.jobs.learn_views.graphs.judge import add_gaps
from goodviews.views.graphs import parse_graph_view

SMALL = {
    "steps": 4,
    "judge_steps": 2,
    "changes": {"encoder": "gcn(width=8)", "head": "mlp(dim=8)", "look_every": 2, "warm_up": 1},
}


def blocks(**more):
    net = nx.stochastic_block_model([60, 60], [[0.2, 0.01], [0.01, 0.2]], seed=0)
    noise = torch.rand(120, 12, generator=torch.Generator().manual_seed(0))
    graph = replace(from_networkx(net), features=noise)
    labels = more.pop("labels", {"label": np.arange(120) // 60})
    return make_graphs("blocks", [graph], labels=labels, **more)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("learned")
    return learn_views(blocks(), out=place / "run", **SMALL)


def test_a_run_leaves_a_generator_a_spec_tables_and_a_page(run, monkeypatch):
    names = {path.name for path in run.folder.iterdir()}
    assert {"g.safetensors", "views.txt", "looks.csv", "comparison.csv", "log.csv"} <= names
    found = json.loads((run.folder / "learned.json").read_text())
    assert [row["name"] for row in found["rows"]] == [
        *("learned", "fixed rates", "rates by degree", "raw features", "random weights")
    ]
    taken = next(one for one in found["tried"] if one["chosen"])
    assert taken["objective"] == min(one["objective"] for one in found["tried"])
    fixed = found["rows"][1]["view"]
    edges, features = 1 - taken["kept_edges"], 1 - taken["kept_features"]
    assert fixed == f"drop_edges({round(edges, 3)})|mask_features({round(features, 3)})"
    assert found["looks"][0]["kept_edges"] == pytest.approx(0.7, abs=1e-5)
    page = run.page.read_text()
    assert "Which edges and features of blocks should views drop?" in page
    assert "An estimate about this graph" in page
    [step] = parse_graph_view(run.spec).first.steps
    torch.testing.assert_close(step.generator.column_rates(), run.generator.column_rates())


def test_the_same_call_measures_nothing_twice(run):
    cells = sorted((run.folder / "judged").rglob("*.npz"))
    before = [path.stat().st_mtime_ns for path in cells]
    again = learn_views(blocks(), out=run.folder, **SMALL)
    assert [path.stat().st_mtime_ns for path in cells] == before
    assert again.spec == run.spec
    assert again.found["rows"] == run.found["rows"]


def test_pretraining_takes_the_views(run, tmp_path):
    made = pretrain(
        blocks(), views=run.folder / "views.txt", out=tmp_path / "p", epochs=1,
        backbone="gcn(width=8)",
    )  # fmt: skip
    assert made.settings.views == run.spec
    assert (tmp_path / "p" / "g.safetensors").is_file()


def test_links_are_set_apart_for_the_views_and_tested_links_are_others(tmp_path):
    data = blocks(labels={})
    roles = share_out_graphs(data, mode="semi", task=None, level=None, seed=0)
    sizes = [len(part[0]) for part in (roles.links.train, roles.links.val, roles.links.test)]
    known = {tuple(pair) for pair in roles.data.edges.T.tolist()}
    apart = {tuple(sorted(pair)) for pair in roles.aim.places.T.tolist()}
    tested = {tuple(sorted(pair)) for pair in roles.links.test.T.tolist()}
    assert not apart & known
    assert not tested & (known | apart)
    assert sizes[1] == pytest.approx(sum(sizes) / 10, abs=1)
    made = learn_views(data, out=tmp_path / "run", compare=False, **SMALL)
    assert made.found["metric"] == "AUC"
    assert 0 <= made.found["rows"][0]["score"] <= 1


def test_graphs_that_are_tested_teach_nothing(tmp_path):
    nets = [nx.gnp_random_graph(8, 0.3 + 0.3 * (n % 2), seed=n) for n in range(72)]
    graphs = [replace(from_networkx(net), features=torch.ones(8, 2)) for net in nets]
    data = make_graphs("many", graphs, labels={"label": np.arange(72) % 2}, level="graphs")
    roles = share_out_graphs(data, mode="semi", task=None, level=None, seed=0)
    parts = [set(part.tolist()) for part in (roles.learn, roles.held_out, roles.split.test)]
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]
    assert set(roles.aim.places.tolist()).isdisjoint(parts[2])
    few = {"steps": 2, "judge_steps": 1, "compare": False}
    made = learn_views(data, out=tmp_path / "run", **few)
    assert "pool='sum'" in made.found["settings"]["encoder"]
    assert not made.found["estimate"]


def test_one_side_of_a_pair_can_be_the_graph_itself():
    assert fixed_drops(0.6, 1.0, sides="one") == [
        ("fixed rates", "identity() // drop_edges(0.4)"),
        ("rates by degree", "identity() // drop_edges(0.4, by='degree')"),
    ]


def test_differences_are_paired_by_item():
    ours = {"nats": 2.0, "stderr_nats": 0.1, "items": np.array([1.0, 1.0, 0.0, 1.0])}
    same = {"nats": 2.5, "stderr_nats": 0.1, "items": ours["items"]}
    raw = {"items": np.array([1.0, 0.0, 0.0, 1.0])}
    add_gaps([ours, same, raw])
    assert same["more_points"] == [0.0, 0.0, 0.0]
    assert same["less_nats"][0] == pytest.approx(0.5)
    assert same["less_nats"][1] == pytest.approx(0.5 - 1.96 * 0.02**0.5, abs=1e-3)
    assert raw["more_points"][0] == pytest.approx(25)
    assert "less_nats" not in raw


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"split": "split(1)"}, "option split is for images"),
        ({"views": "drop_edges(0.1)"}, "option views is for images"),
        ({"graphs": {"level": "graphs"}}, "belong to nodes"),
        ({"graphs": {"level": "edges"}}, "level"),
        ({"task": "age"}, "task"),
        ({"changes": {"encoder": "gat(width=8)"}}, "gat does not use weights"),
        ({"changes": {"encoder": "gin(width=8, pool='sum')"}}, "pools nodes"),
        ({"mode": "labels"}, "mode"),
        ({"generator": "vp()"}, "generator of views of graphs"),
    ],
)
def test_what_cannot_be_used_is_named(given, said, tmp_path):
    with pytest.raises(InputError, match=said):
        learn_views(blocks(), out=tmp_path / "run", **given)


def test_options_of_graphs_are_refused_for_images(tmp_path):
    images = np.zeros((40, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="option level is for graphs"):
        learn_views(images, out=tmp_path / "run", graphs={"level": "nodes"})
