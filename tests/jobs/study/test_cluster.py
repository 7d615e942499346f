"""Cells on a Ray cluster give what one process gives, whatever is lost on the way."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.jobs.study.cluster import ADDRESS, Answer, Cluster, Sent, Versions, _run
from goodviews.jobs.study.plan import Cell, make_plan
from goodviews.jobs.study.run import run_cells, spread, workers_of, workers_on
from goodviews.jobs.study.store import Store
from goodviews.training import Settings

VIEWS = ("noise(std=0.1)", "identity()")


@pytest.fixture
def plan():
    rng = np.random.default_rng(0)
    images = load((rng.random((96, 8, 8)).astype(np.float32), np.arange(96) % 2))
    settings = Settings(
        device="cpu", epochs=2, batch=32, encoder="convnet(width=4)", optimiser="adamw(lr=0.006)"
    )
    return make_plan(
        images,
        images,
        views=VIEWS,
        seeds=(0,),
        settings=settings,
        candidates=None,
        per_class=3,
        draws=2,
    )


def sent(**changes):
    here = Sent((), str(Path.cwd()), "", Versions.here())
    return replace(here, **changes)


def mean(plan, power):
    return float((plan.images.pixels.astype(np.float64) ** power).mean())


def refuse(plan):
    raise InputError(f"{len(plan.images)} images are too few.")


def copy(plan, source, target):
    del plan
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes()[::-1])


def values(done):
    """Everything that cells found, less how long it took."""
    return {
        cell: ([replace(row, seconds=0.0) for row in one.rows], one.arrays)
        for cell, one in done.results.items()
    }


def same(first, second):
    assert first.keys() == second.keys()
    for cell, (rows, arrays) in first.items():
        assert rows == second[cell][0]
        assert arrays.keys() == second[cell][1].keys()
        assert all(np.array_equal(arrays[name], second[cell][1][name]) for name in arrays)


@pytest.mark.parametrize("name", ["goodviews", "torch", "python"])
def test_a_worker_with_another_version_is_not_used(plan, name):
    other = replace(Versions.here(), **{name: "0.0"})
    answer = _run(plan, sent(versions=other), mean, (1,), (), (), None)
    assert answer.value is None
    assert "0.0" in answer.stopped
    assert "same versions" in answer.stopped


def test_what_the_input_does_not_allow_comes_back_as_a_sentence(plan):
    assert _run(plan, sent(), refuse, (), (), (), None) == Answer(refused="96 images are too few.")


def test_files_are_put_where_they_are_missing_and_come_back(plan, tmp_path):
    source, target = tmp_path / "there" / "a.bin", tmp_path / "other" / "b.bin"
    answer = _run(plan, sent(), copy, (source, target), ((source, b"abc"),), (target,), None)
    assert answer.files == ((target, b"cba"),)
    assert not target.exists()  # the study's own process writes it
    source.write_bytes(b"older")
    _run(plan, sent(), copy, (source, target), ((source, b"abc"),), (target,), None)
    assert source.read_bytes() == b"abc"


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="needs /proc")
def test_a_folder_that_a_machine_cannot_make_is_said(plan):
    answer = _run(plan, sent(folder="/proc/none/here"), mean, (1,), (), (), None)
    assert "cannot make the folder /proc/none/here" in answer.refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on": "slurm", "jobs": 1}, "--on takes ray"),
        ({"on": None, "jobs": 1, "gpus_per_cell": 0.5}, "add --on ray"),
        ({"on": "ray", "jobs": 1, "gpus_per_cell": -1}, "from 0 to"),
    ],
)
def test_a_place_that_is_not_there_gets_one_sentence(options, words):
    with pytest.raises(InputError, match=words), workers_on(options.pop("on"), **options):
        pass


def test_processes_of_this_machine_are_counted():
    with workers_on(None, 3) as workers:
        assert workers_of(workers) == 3
    assert workers_of(0) == 1


def test_ray_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(InputError, match=r"cluster"):
        Cluster(1)


@pytest.mark.timeout(300)
def test_a_cluster_gives_what_one_process_gives(plan, tmp_path):
    pytest.importorskip("ray", reason="ray is not installed: the extra cluster")
    steady = tmp_path / "steady"
    cells = tuple(Cell("candidate", view, 0) for view in VIEWS)
    short = replace(plan, screened=cells, steady=steady)
    alone = values(run_cells(short, Store(tmp_path / "a", short), jobs=0))
    before = {path.name: path.read_bytes() for path in steady.iterdir()}
    for path in steady.iterdir():
        path.unlink()
    told = []
    with workers_on("ray", 1) as cluster:
        found = run_cells(
            short,
            Store(tmp_path / "b", short),
            jobs=cluster,
            progress=lambda *values, **_: told.append(values),
        )
        same(values(found), alone)
        assert {path.name for path in steady.iterdir()} == before.keys()
        assert dict(spread(plan, [(1,), (2,)], mean, jobs=cluster)) == {
            0: mean(plan, 1),
            1: mean(plan, 2),
        }
        with pytest.raises(InputError, match="too few"):
            list(spread(plan, [()], refuse, jobs=cluster))
    assert told[-1][1:] == (2, 2)


def slow_mean(plan, marks, number):
    """Leave a mark, then take a second, so that a machine can be lost meanwhile."""
    (Path(marks) / f"{number}-{os.getpid()}-{time.time_ns()}").touch()
    time.sleep(1)
    return mean(plan, number)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("lost", ["worker", "node"])
def test_what_a_lost_worker_or_node_was_doing_is_done_elsewhere(plan, tmp_path, lost, monkeypatch):
    ray = pytest.importorskip("ray", reason="ray is not installed: the extra cluster")
    from ray.cluster_utils import Cluster as Machines

    machines = Machines(initialize_head=True, head_node_args={"num_cpus": 1})
    second = machines.add_node(num_cpus=1)
    monkeypatch.setenv(ADDRESS, machines.address)

    def lose():
        while len({path.name.split("-")[1] for path in tmp_path.iterdir()}) < 2:
            time.sleep(0.05)  # until both have begun
        if lost == "node":
            machines.remove_node(second, allow_graceful=False)
        else:
            newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
            os.kill(int(newest.name.split("-")[1]), signal.SIGKILL)

    try:
        with workers_on("ray", None) as cluster:
            assert workers_of(cluster) == 2
            thief = threading.Thread(target=lose)
            thief.start()
            items = [(str(tmp_path), number) for number in range(1, 9)]
            found = dict(spread(plan, items, slow_mean, jobs=cluster))
            thief.join()
    finally:
        ray.shutdown()
        machines.shutdown()
    assert found == {n: mean(plan, n + 1) for n in range(8)}
    assert len(list(tmp_path.iterdir())) > len(items)  # something was begun twice


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_address_where_nothing_answers_is_said(monkeypatch):
    pytest.importorskip("ray", reason="ray is not installed: the extra cluster")
    monkeypatch.setenv(ADDRESS, "127.0.0.1:1")
    with pytest.raises(InputError, match="No Ray cluster answers"), workers_on("ray", None):
        pass
