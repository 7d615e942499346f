"""Two processes train what one trains on the joint batch, stop together and go on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.process_worker import BASE, CASES, RECIPE, STOP, Recorder, images, train_case

from goodviews.core.errors import InputError
from goodviews.encoders import load_encoder
from goodviews.training import launch, load_state
from goodviews.training.machine import processes
from goodviews.training.sources import ImageSource

HERE = Path(__file__).parent
RECIPES = HERE.parents[1] / "docs" / "howto" / "many_processes"
ENVIRONMENT = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
TOLERANCE = 1e-10
"""Four orders of magnitude above what rounding makes of ten steps in double precision."""
TINY = [
    "--set", "encoder=convnet(width=4)", "--set", "head=projector(dim=8)",
    "--set", "optimiser=sgd(lr=0.1)",
    "--set", "objective=infonce(temperature=0.5)", "--set", "sync_batchnorm=true",
    "--set", "precision=64-true",
    "--views", "crop(scale=(0.5, 1))", "--epochs", "2", "--batch", "16", "--device", "cpu",
]  # fmt: skip


def call(*command, folder, **more):
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False,
        cwd=folder, env={**ENVIRONMENT, **more},
    )  # fmt: skip


@pytest.fixture
def noise(tmp_path):
    """A file of images without labels, so that no probe is fitted."""
    np.savez(tmp_path / "noise.npz", images=images().pixels[:, 0])


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What both ranks wrote, and the folder of their runs."""
    folder = tmp_path_factory.mktemp("two")
    file = folder / "noise.npz"
    np.savez(file, images=images().pixels[:, 0])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = call(sys.executable, HERE / "process_worker.py", folder, port, folder=folder,
                DATA=str(file), GOODVIEWS_CACHE=str(folder / "cache"),
                PYTHONPATH=os.pathsep.join([str(HERE.parents[1]), *sys.path]))  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, [torch.load(folder / f"rank{rank}.pt") for rank in range(2)]


def agree(one, other, tolerance=TOLERANCE):
    """Weights, and what is made of them: statistics, stored keys."""
    assert one.keys() == other.keys()
    for name in other:
        apart = float((one[name] - other[name]).abs().nan_to_num().max())
        assert apart <= tolerance, f"{name} differs by {apart:.1e}"


@pytest.mark.parametrize("name", CASES)
def test_ten_steps_of_two_processes_are_those_of_one_with_the_joint_batch(name, two, tmp_path):
    folder, ranks = two
    alone = train_case(name, folder=tmp_path)
    assert alone.history.steps == 10
    for rank in ranks:
        assert rank["world"] == 2
        found = rank[name]
        # From the first step on: a gradient of the wrong size shows before anything has moved.
        assert found["gradients"] == pytest.approx(alone.history.gradients, rel=TOLERANCE)
        assert found["losses"] == pytest.approx(alone.history.losses, rel=TOLERANCE)
        agree(found["weights"], alone.encoders.state_dict())
    # The whole state: memories, slow encoders, jigsaw heads.
    joint = load_state(tmp_path)["learner"]
    agree(load_state(folder / name)["learner"], joint)
    if name == "jigsaw":
        assert int(joint["queues.0.pushed"]) == 160


def test_each_example_gets_the_views_it_gets_in_one_process(two, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(ImageSource, "batch", lambda *args, **options: recorder(*args, **options))
    train_case("pairs")
    first, second = (rank["views"] for rank in two[1])
    assert not first.keys() & second.keys()
    both = {**first, **second}
    assert both.keys() == recorder.seen.keys()
    assert all(torch.equal(both[key], recorder.seen[key]) for key in both)


def test_one_rank_that_is_asked_to_stop_stops_all_and_the_run_goes_on(two):
    for rank in two[1]:
        assert rank["saved"] == STOP
        assert f"after step {STOP}" in rank["said"]
        resumed, whole = rank["resumed"], rank["jigsaw"]
        assert resumed["losses"] == whole["losses"]
        one, other = resumed["weights"], whole["weights"]
        assert all(torch.equal(one[key], other[key]) for key in other)


def test_one_process_goes_on_where_two_stopped(two):
    folder, ranks = two
    resumed = train_case("jigsaw", folder=folder / "halfway")
    assert resumed.history.losses[:STOP] == ranks[0]["jigsaw"]["losses"][:STOP]
    agree(resumed.encoders.state_dict(), ranks[0]["jigsaw"]["weights"])


def test_the_torchrun_recipe_trains_the_encoder_of_one_process(noise, tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    bin_folder = Path(sys.executable).parent
    done = call("bash", RECIPES / "torchrun.sh", *TINY, folder=tmp_path, OUT="two",
                DATA="noise.npz", PATH=f"{bin_folder}:{os.environ['PATH']}")  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().splitlines() == ["two/encoder.safetensors"]

    from goodviews.cli.main import main

    monkeypatch.chdir(tmp_path)
    assert main(["pretrain", "noise.npz", "--out", "one", *TINY, "--quiet"]) == 0
    one, two = (load_encoder(tmp_path / name)[0].state_dict() for name in ("one", "two"))
    agree(two, one, tolerance=1e-6)  # the files keep single precision


def test_the_recipe_in_python_trains_the_same_weights_in_each_process(two):
    folder, (first, second) = two
    agree(first["recipe"], second["recipe"])
    saved, passport = load_encoder(folder / "recipe")
    assert passport["method"] == "mocov2"
    assert all(
        torch.equal(saved.state_dict()[name], first["recipe"][name]) for name in saved.state_dict()
    )


@pytest.mark.slow
def test_the_recipe_in_python_starts_its_own_processes(noise, tmp_path):
    done = call(sys.executable, RECIPES / "fabric_pretrain.py", tmp_path / "run", 2, *RECIPE,
                DATA="noise.npz", GOODVIEWS_CACHE=str(tmp_path / "cache"),
                folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert load_encoder(tmp_path / "run")[1]["method"] == "mocov2"


def test_processes_are_torchruns_under_torchrun_and_a_contradiction_is_refused():
    torchrun = {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}
    assert processes(1, 1, torchrun) == processes(2, 2, torchrun) == (2, 2)
    assert processes(3, 1, {"WORLD_SIZE": "4"}) == (3, 1)
    with pytest.raises(InputError, match="leave out both options under torchrun"):
        processes(3, 1, torchrun)
    assert launch(BASE).world_size == 1


@pytest.mark.parametrize("killed", ["first", "second"])
def test_a_process_that_is_killed_outright_is_reported_by_the_other(killed, noise, tmp_path):
    command = [sys.executable, "-m", "goodviews", "pretrain", "noise.npz", *TINY, "--devices", "2",
               "--out", "run", "-q"]  # fmt: skip
    command[command.index("--epochs") + 1] = "2000"
    main = subprocess.Popen(
        command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**ENVIRONMENT, "GOODVIEWS_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while not (tmp_path / "run" / "last.pt").exists() and time.monotonic() < end:
            time.sleep(0.1)
        children = Path(f"/proc/{main.pid}/task/{main.pid}/children").read_text().split()
        os.kill(main.pid if killed == "first" else int(children[0]), signal.SIGKILL)
        said = main.communicate(timeout=60)[1].strip()  # also waits for the other's end of it
    finally:
        main.kill()
    assert main.returncode == (-signal.SIGKILL if killed == "first" else 1)
    assert said.startswith("Another process of this run ended or does not answer")
    assert "Resume with: goodviews pretrain noise.npz" in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1
