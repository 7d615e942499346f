"""The study of graphs from end to end, on small planted graphs."""

import json

import numpy as np
import pytest
from tests.jobs.study.graphs.planted import planted, rings_and_stars

from goodviews.core.errors import InputError
from goodviews.core.records.rows import read_rows
from goodviews.encoders import GraphEncoders, load_encoder
from goodviews.evaluation.links import link_auc, link_predictor, link_scores, split_links
from goodviews.jobs.study import study
from goodviews.jobs.study.graphs.tasks import node_tasks
from goodviews.views.graphs import parse_graph_view

VIEWS = ["drop_edges(0.2)", "drop_edges(1.0)|mask_features(1.0)"]
FEW = {"epochs": 40, "jobs": 0, "encoder": "gcn(width=16)"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study") / "nodes"
    return study(planted(), views=VIEWS, seeds=2, out=folder, **FEW)


def test_the_folder_is_that_of_a_study(finished):
    names = {path.name for path in finished.folder.iterdir()}
    assert {"rows.csv", "items.npz", "run.json", "verdict.json", "index.html"} <= names
    assert len(list((finished.folder / "pairs").glob("*.webp"))) == 12
    rows = read_rows(finished.folder / "rows.csv")
    assert {row.modality for row in rows} == {"nodes"}
    baselines = {row.view for row in rows if row.role == "baseline"}
    assert baselines == {"raw features", "random weights", "supervised GCN"}


def test_views_that_erase_everything_share_nothing_and_lose_the_label(finished):
    kept, gone = ([row for row in finished.rows if row.view == view] for view in VIEWS)
    assert all(abs(row.estimate_nats) < 0.05 for row in gone)
    assert all(row.estimate_nats > 0.3 for row in kept if row.role == "candidate")
    told = {row.view: row.view_nats for row in finished.rows if row.view_nats is not None}
    assert told[VIEWS[0]] > told[VIEWS[1]] + 0.1
    assert abs(told[VIEWS[1]]) < 0.05


def test_one_graph_has_an_estimate_and_no_bound(finished):
    assert finished.verdict.ceiling.estimate
    page = (finished.folder / "index.html").read_text()
    assert "is an estimate about this graph" in page
    assert "(lower bound)" not in page
    assert "sampling error of the estimate, over blocks of nodes" in page
    assert "from scratch" not in finished.advice


def test_a_finished_study_resumes_with_the_same_numbers(finished):
    before = (finished.folder / "rows.csv").read_bytes()
    told = []
    again = study(
        planted(), views=VIEWS, seeds=2, out=finished.folder,
        progress=lambda *counted: told.append(counted), **FEW,
    )  # fmt: skip
    assert (again.folder / "rows.csv").read_bytes() == before
    assert json.loads((again.folder / "run.json").read_text())["cells"]["resumed"] == 11


def test_the_best_view_and_its_encoder_can_be_used(finished):
    lines = (finished.folder / "best_view.txt").read_text().splitlines()
    parse_graph_view(lines[-1])
    encoders, about = load_encoder(finished.encoders[0])
    assert isinstance(encoders, GraphEncoders)
    assert encoders.represent(planted().graph).shape == (120, 16)
    assert about["data"]["hash"] == planted().hash


def test_another_graph_is_refused_in_the_same_folder(finished):
    with pytest.raises(InputError, match="holds another study"):
        study(planted(seed=1), views=VIEWS, seeds=2, out=finished.folder, **FEW)


def test_validation_nodes_select_and_test_nodes_report():
    data = planted()
    (task,), _ = node_tasks(data, np.arange(120), split=None, draws=5)
    masks = {name: np.flatnonzero(mask[0]) for name, mask in data.masks.items()}
    assert np.array_equal(task.items[task.choose], np.sort(masks["val"]))
    assert np.array_equal(task.items[~task.choose], np.sort(masks["test"]))
    assert np.array_equal(task.draws[0].fit, np.sort(masks["train"]))


def test_drawn_splits_test_every_labelled_node():
    (task,), _ = node_tasks(planted(given=False), np.arange(120), split=None, draws=5)
    assert len(task.draws) == 5
    assert not task.choose.any()
    assert len(task.items) == 120
    assert all(len(draw.fit) == 12 for draw in task.draws)


def test_links_without_labels_are_studied_and_their_mean_is_the_auc(tmp_path):
    found = study(
        planted(), views=VIEWS[:1], seeds=1, out=tmp_path / "links", graphs={"level": "links"},
        page=False, **FEW,
    )  # fmt: skip
    rows = {row.view: row for row in found.rows if row.role == "baseline"}
    split = split_links(planted().graph, val=0.05, test=0.1, calibration=0.05)
    own = link_scores(link_predictor(lambda graph: graph.features, split), count=100)
    assert rows["features only"].readout_auroc == pytest.approx(
        link_auc(own.links, own.others).value, abs=1e-6
    )
    assert {row.measure for row in found.rows} == {"link AUC"}
    assert "--level links" in found.command


def test_many_graphs_have_a_bound(tmp_path):
    found = study(
        rings_and_stars(), views=["drop_edges(0.1)"], seeds=1, out=tmp_path / "graphs",
        epochs=2, jobs=0, label_draws=5, encoder="gin(width=4, layers=2, pool='sum')",
    )  # fmt: skip
    assert not found.verdict.ceiling.estimate
    levels = {row.view: row.readout_top1 for row in found.rows if row.role == "baseline"}
    assert set(levels) == {"raw features", "random weights", "supervised GIN"}
    assert levels["random weights"] > 0.9  # degrees tell rings from stars


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 32}, "The option size is for images"),
        ({"views": "crop()"}, "crop\\(\\) is a view of images"),
        ({"graphs": {"level": "graphs"}}, "level is graphs, but planted has labels of nodes"),
        ({"graphs": {"missing": 0.3}}, "missing .* needs level='links'"),
        ({"graphs": {"split": "half"}}, "Unknown split 'half'"),
        ({"encoder": "gcn(pool='sum')"}, "leave pool out"),
        ({"candidates": 500}, "24 nodes are held out"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        study(planted(), out=tmp_path / "none", **{"jobs": 0, **options})
    assert not (tmp_path / "none" / "rows.csv").exists()


def test_a_graph_that_is_too_small_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least 32 nodes"):
        study(planted(20), out=tmp_path / "none", jobs=0)


def test_graph_options_are_refused_for_images(tmp_path):
    images = np.random.default_rng(0).random((80, 8, 8))
    with pytest.raises(InputError, match="The option split is for graphs"):
        study(images, out=tmp_path / "none", graphs={"split": "public"})


@pytest.mark.slow
def test_workers_give_the_numbers_of_one_process(finished, tmp_path):
    made = study(planted(), views=VIEWS, seeds=2, out=tmp_path / "two", **{**FEW, "jobs": 2})
    names = ("estimate_nats", "readout_top1", "view_nats")
    for one, other in zip(finished.rows, made.rows, strict=True):
        assert [getattr(one, name) for name in names] == pytest.approx(
            [getattr(other, name) for name in names]
        )
