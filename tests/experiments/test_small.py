import csv
import json

import pytest

from goodviews.core.errors import InputError
from goodviews_experiments import EXPERIMENTS, run


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_proposition_holds_in_every_row_of_its_recipe(tmp_path):
    rows = read(run("proposition", "test", tmp_path) / "rows.csv")
    assert {row["regime"] for row in rows} == {"missing", "sweet_spot", "excess"}
    for row in rows:
        if row["admissible"] == "True":
            assert float(row["shared_nats"]) >= float(row["task_nats"]) - 1e-6
            assert (row["minimal_is_optimal"] == "True") == (row["regime"] == "sweet_spot")
        else:
            assert float(row["minimal_task_nats"]) < float(row["task_nats"]) - 1e-6
    origin = json.loads((tmp_path / "run.json").read_text())
    assert origin["command"] == "goodviews reproduce proposition --scale test"
    assert {"commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)


def test_the_information_bench_writes_rows_grades_and_a_figure(tmp_path):
    run("mi_bench", "test", tmp_path)
    rows = read(tmp_path / "rows.csv")
    assert {row["world"] for row in rows} == {"identity", "cubic"}
    names = {row["estimator"] for row in rows}
    assert {"InfoNCE", "NWJ", "TUBA", "MINE", "SMILE-5", "CLUB", "KSG"} <= names
    assert read(tmp_path / "grades" / "rows.csv")
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")


def test_an_unknown_recipe_or_scale_is_refused(tmp_path):
    with pytest.raises(InputError, match="mi_bench"):
        run("mi_bensch", "test", tmp_path)
    with pytest.raises(InputError, match="cpu"):
        run(next(iter(EXPERIMENTS)), "cpuu", tmp_path)
