"""An evaluation of links has every control in its table, and differences are paired."""

import csv
import json
from dataclasses import replace

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.evaluation import split_links
from goodviews.graphs import from_networkx
from goodviews.jobs.evaluate.links import evaluate_links

BLOCKS = from_networkx(nx.stochastic_block_model([40, 40], [[0.3, 0.02], [0.02, 0.3]], seed=0))
NOISE = torch.randn(80, 12, generator=torch.Generator().manual_seed(0))
DATA = make_graphs("blocks", [replace(BLOCKS, features=NOISE)])
SPLIT = split_links(DATA.graph, test=0.2, calibration=0.1)
MEMBER = torch.nn.functional.one_hot(torch.arange(80) // 40).float() - 0.5
SMALL = {"encoder": "gcn(width=4, last=False)", "split": SPLIT, "count": 20, "seeds": 2}


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links") / "out"
    return evaluate_links(lambda _: MEMBER, DATA, name="blocks", out=folder, **SMALL)


def test_every_control_is_in_the_table_for_every_kind_of_negatives(found):
    names = {"blocks", "features only", "common neighbours", "adamic adar", "degree product",
             "random encoder", "GAE"}  # fmt: skip
    for kind in ("uniform", "degree", "hard"):
        assert {r["predictor"] for r in found.rows if r["negatives"] == kind} == names
    assert len([row for row in found.rows if row["predictor"] == "random encoder"]) == 2 * 3
    assert names - {"blocks"} == {row["predictor"] for row in found.differences}


def test_the_encoder_that_knows_the_blocks_is_better_than_features_of_noise(found):
    gap = next(
        row
        for row in found.differences
        if (row["predictor"], row["negatives"]) == ("features only", "uniform")
    )
    assert gap["low"] > 0.1
    text = str(found)
    assert "AUC of blocks over features only, uniform negatives: +" in text
    assert "Brier score" in text
    assert "auc@1:20 uniform" in text


def test_the_folder_holds_rows_and_where_they_come_from(found):
    rows = read(found.folder / "rows.csv")
    assert float(rows[0]["auc@1:20"]) == pytest.approx(found.rows[0]["auc@1:20"], abs=1e-5)
    assert {"probability", "share", "pairs"} <= set(read(found.folder / "reliability.csv")[0])
    run = json.loads((found.folder / "run.json").read_text())
    assert run["split"]["hash"] == SPLIT.hash
    assert run["level"] == "links"


def test_the_page_shows_every_predictor_and_how_sure_it_is(found):
    page = (found.folder / "index.html").read_text()
    for kind in ("uniform", "degree-matched", "hard"):
        assert f"Against {kind} negatives" in page
    assert page.count('class="l-chart"') == 3
    assert page.count(">degree product<") == 3
    assert "blocks: AUC ." in page
    assert "It is not significantly better than" in page or "than every control" in page


def test_a_graph_without_features_is_compared_with_heuristics_alone(tmp_path):
    plain = make_graphs("plain", [BLOCKS])
    found = evaluate_links(
        lambda _: MEMBER, plain, negatives=["uniform"], count=20, out=tmp_path / "plain"
    )
    assert [row["predictor"] for row in found.rows] == [
        "encoder", "common neighbours", "adamic adar", "degree product"
    ]  # fmt: skip


def test_a_small_graph_has_a_table_without_probabilities(tmp_path):
    ring = make_graphs("ring", [from_networkx(nx.cycle_graph(60))])
    found = evaluate_links(
        lambda _: MEMBER[:60], ring, negatives=["uniform"], count=20, out=tmp_path / "ring"
    )
    assert "brier@1:1" not in found.rows[0]
    assert "There are no probabilities" in str(found)
    assert "How sure" not in (tmp_path / "ring" / "index.html").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"negatives": ["easy"]}, "Known: degree, hard, uniform"),
        ({"decoder": "mlp"}, "Known: cosine, dot, logistic"),
    ],
)
def test_what_cannot_be_evaluated_is_answered(options, sentence, tmp_path):
    with pytest.raises(InputError, match=sentence):
        evaluate_links(lambda _: MEMBER, DATA, out=tmp_path / "out", **options)
