"""The GPU script at tiny size on the CPU: order, forecast, the time it keeps to, and resuming."""

import csv
import json
import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def gpu():
    sys.path.insert(0, str(BENCHMARKS))
    yield runpy.run_path(str(BENCHMARKS / "gpu.py"), run_name="gpu")
    sys.path.remove(str(BENCHMARKS))


def test_it_stops_and_resumes_and_writes_a_row_of_each_kind(gpu, tmp_path, capsys):
    ours = ["--quick", "--out", str(tmp_path)]
    gpu["main"]([*ours, "--stop-after", "0"])
    said = capsys.readouterr().out
    assert "Forecast: 4 of 4 parts" in said
    assert "Stopped before views-32, 4 parts are left" in said
    assert not list(tmp_path.rglob("*.npz"))
    gpu["main"](ours)
    capsys.readouterr()
    items = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    gpu["main"](ours)
    assert "Forecast: 0 of 4 parts" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in items} == items
    with (tmp_path / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["what"] for row in rows] == ["views", "ntxent", "step", "side by side"]
    assert float(rows[0]["views_a_second"]) > 0
    assert float(rows[2]["share_of_views"]) > 0
    assert json.loads((tmp_path / "run.json").read_text())["device"] == "cpu"


def test_the_order_is_that_of_the_sizes_and_only_a_part_that_fits_is_begun(gpu, tmp_path):
    names = [part.name for part in gpu["parts_of"]("cuda", quick=False)]
    assert names[:2] == ["views-32", "views-224"]
    assert names[2:6] == [f"ntxent-{n}" for n in (8192, 32_768, 131_072, 1_048_576)]
    assert names[6:8] == ["step-32", "step-224"]
    assert len(names[8:]) == 8
    assert all(name.startswith("side-") for name in names[8:])
    done = []
    part, cells = gpu["Part"], gpu["Cells"](tmp_path)
    parts = [part(name, lambda: done.append(1) or [{"what": 1}], s)
             for name, s in (("a", 30.0), ("b", 1e9), ("c", 1.0))]  # fmt: skip
    rows, left = gpu["run_parts"](parts[:1], cells, 1.0)
    assert (len(done), len(rows), left) == (1, 1, [])
    _, left = gpu["run_parts"](parts, gpu["Cells"](tmp_path / "other"), 1.0)
    assert left == ["c"] or left == ["b", "c"]  # `a` taught it how fast the machine is
    assert left[-1] == "c"


def test_the_forecast_is_scaled_by_what_finished_parts_took(gpu):
    parts = [gpu["Part"]("a", list, 10.0), gpu["Part"]("b", list, 20.0)]
    assert gpu["forecast"](parts, []) == [10.0, 20.0]
    assert gpu["forecast"](parts, [(10.0, 30.0), (30.0, 90.0)]) == [30.0, 60.0]


def test_a_device_with_too_little_memory_leaves_a_row(gpu):
    import torch

    def fails():
        raise torch.OutOfMemoryError("too large")

    assert gpu["attempt"](gpu["Part"]("x", fails, 1.0)) == [
        {"what": "x", "error": "out of memory"}
    ]


def test_without_a_gpu_it_says_what_to_type(gpu):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(SystemExit, match="--quick"):
        gpu["main"]([])
