"""A run that was stopped anywhere and resumed has the log and the verdict of an unbroken run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from goodviews.data import Images
from goodviews.jobs.pretrain import pretrain
from goodviews.jobs.pretrain.follower import Follower
from goodviews.training import Interrupted

SMALL = ["encoder=convnet(width=4)", "head=projector(dim=8)", "batch=16", "epochs=9"]
RUNS = {
    "collapsed": [*SMALL, "objective=align_uniform(uniformity_weight=0.0)",
                  "optimiser=adamw(lr=0.05)"],
    "queue": [*SMALL, "objective=infonce(temperature=0.1)", "memory=queue(size=32)",
              "momentum=0.9"],
}  # fmt: skip


def images():
    rng = np.random.default_rng(0)
    return Images(
        name="planted",
        pixels=rng.integers(0, 256, (80, 1, 8, 8), dtype=np.uint8),
        scale=(0.0, 255.0),
        labels={"kind": np.arange(80, dtype=np.int64) % 2},
        classes={"kind": ("a", "b")},
        skipped=(),
        source="Random patterns.",
        range_note="",
        hash="0" * 16,
    )


def run(kind, folder, said):
    return pretrain(images(), out=folder, views="noise(std=0.05)", changes=RUNS[kind],
                    log=said.append)  # fmt: skip


def written(folder):
    told = json.loads((folder / "run.json").read_text())
    return (folder / "log.csv").read_text(), told["health"], told["rules"]


@pytest.fixture(scope="module", params=RUNS)
def unbroken(request, tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("whole"), []
    made = run(request.param, folder, said)
    return request.param, written(folder), made, [line for line in said if line.startswith("step")]


@pytest.mark.parametrize("stop", [1, 10, 20, 23, 30, 31, 44])
def test_a_resumed_run_writes_what_an_unbroken_one_writes(stop, unbroken, tmp_path, monkeypatch):
    kind, whole, made, verdicts = unbroken
    follow = Follower.__call__

    def stopping(self, learner, history):
        follow(self, learner, history)
        if history.steps == stop:
            os.kill(os.getpid(), signal.SIGTERM)

    said = []
    with monkeypatch.context() as patch:
        patch.setattr(Follower, "__call__", stopping)
        with pytest.raises(Interrupted):
            run(kind, tmp_path, said)
    log = tmp_path / "log.csv"
    log.write_text(log.read_text()[: -3 - stop])  # a crash of the machine took the end of it
    again = run(kind, tmp_path, said)
    assert written(tmp_path) == whole
    assert again.history.gradients == made.history.gradients
    assert str(again.health) == str(made.health)
    assert [line for line in said if line.startswith("step")] == verdicts


def test_a_finished_run_that_is_called_again_keeps_its_verdict(unbroken, tmp_path):
    kind, whole, made, _ = unbroken
    run(kind, tmp_path, [])
    again = run(kind, tmp_path, said := [])
    assert written(tmp_path)[:2] == whole[:2]
    assert str(again.health) == str(made.health)
    assert "The run was finished before; its encoder is written again." in said


def test_a_run_that_was_killed_outright_is_resumed_to_the_same_log(unbroken, tmp_path):
    kind, whole, *_ = unbroken
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from test_resume import Follower, run\n"
        "follow = Follower.__call__\n"
        "def stopping(self, learner, history):\n"
        "    follow(self, learner, history)\n"
        "    if history.steps == 27: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Follower.__call__ = stopping\n"
        "run(sys.argv[1], Path(sys.argv[2]), [])\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, kind, str(tmp_path)],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    run(kind, tmp_path, [])
    assert written(tmp_path) == whole
