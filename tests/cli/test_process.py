"""Streams that are closed, full or not UTF-8, and signals, with real processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.encoders import build_pair, save_encoder

GOODVIEWS = [sys.executable, "-m", "goodviews"]
LINUX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
LONG = ["study", "digits", "--views", "noise(std={0.1, 0.2})", "--epochs", "500",
        "--encoder", "convnet(width=4)", "--jobs", "2", "--out", "run"]  # fmt: skip


def shell(command: str, **more: str) -> subprocess.CompletedProcess:
    words = command.replace("goodviews", " ".join(GOODVIEWS), 1)
    env = {**os.environ, **more}
    return subprocess.run(["bash", "-c", words], capture_output=True, text=True, env=env)


@LINUX
@pytest.mark.parametrize("words", ["views list", "--help", "study --help", "--version"])
def test_a_full_output_is_one_sentence(words):
    done = shell(f"goodviews {words} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == (
        "Cannot write the result to standard output: No space left on device.\n"
    )


def test_a_closed_stream_and_full_messages_keep_the_exit_code():
    for where in (">&-", "2>&-", "<&-", ">&- 2>&-", "2>/dev/full"):
        assert shell(f"goodviews views list {where}").returncode == 0
        assert shell(f"goodviews report nowhere {where}").returncode == 2


def test_a_closed_pipe_ends_like_other_programs():
    done = shell("goodviews views list | head -1; exit ${PIPESTATUS[0]}")
    assert done.returncode in (0, 141)
    assert done.stdout == "identity()\n"
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16", "cp1252"])
def test_output_that_is_not_utf_8_takes_any_text(encoding):
    place = "nowhere-\u03b1\u2603"
    done = subprocess.run(
        [*GOODVIEWS, "report", place], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 2
    assert b"should not happen" not in done.stderr


def test_a_name_that_is_not_text_is_printed_as_it_is():
    done = subprocess.run([*GOODVIEWS, "report", b"nowhere-\xff"], capture_output=True)
    assert done.returncode == 2
    assert b"nowhere-\xff" in done.stderr


FULL = 4 if sys.platform == "linux" else 3
"""Two workers and their tracker; on Linux also the process from which they are forked."""


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in found.splitlines()]
    below = {pid}
    for _ in range(3):  # workers are forked from a child
        below |= {child for child, parent in pairs if parent in below}
    return sorted(below - {pid})


def runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize(
    ("name", "code"), [("TERM", 143), ("HUP", 129), ("INT", 130), ("KILL", -9)]
)
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_study_that_is_stopped_takes_its_workers_along(name, code, whole_group, tmp_path):
    with subprocess.Popen(
        [*GOODVIEWS, *LONG], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as study:  # fmt: skip
        cells, workers = tmp_path / "run" / "cells", []
        for _ in range(600):
            time.sleep(0.2)
            workers = children(study.pid)
            if (
                cells.exists() and len(workers) >= FULL
            ):  # two workers, a tracker and the server that forks them
                break
        time.sleep(8)  # they import torch, or train
        workers = children(study.pid)
        number = getattr(signal, f"SIG{name}")
        (os.killpg if whole_group else os.kill)(study.pid, number)
        assert study.wait(30) == code
        said = study.stderr.read()
    for _ in range(50):
        if not any(map(runs, workers)):
            break
        time.sleep(0.2)
    assert len(workers) >= FULL
    assert not any(map(runs, workers))
    if name != "KILL":
        assert "Resume with: goodviews study digits" in said.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("TERM", 143), ("HUP", 129), ("INT", 130)])
@pytest.mark.parametrize("verb", ["pretrain", "evaluate", "learn-views"])
def test_the_other_long_verbs_end_with_the_command_to_resume(verb, name, code, tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (2000, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "photos.npz", images=images, labels=np.arange(2000) % 4)
    encoders = build_pair(
        "convnet(width=64)", *torch.rand(2, 4, 3, 32, 32), shared=True, head="8", seed=0
    )
    save_encoder(tmp_path / "encoder.safetensors", encoders.eval(), about={})
    words = {
        "pretrain": ["photos.npz", "--backbone", "convnet(width=8)", "--epochs", "5000"],
        "evaluate": ["encoder.safetensors", "photos.npz", "--protocol", "finetune"],
        "learn-views": ["photos.npz", "--mode", "unsupervised", "--steps", "5000"],
    }[verb]
    with subprocess.Popen(
        [*GOODVIEWS, verb, *words, "--out", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as job:
        mark = tmp_path / "run" / ".goodviews"  # there once the job writes to its folder
        while not mark.exists() and job.poll() is None:
            time.sleep(0.1)
        time.sleep(1)
        job.send_signal(getattr(signal, f"SIG{name}"))
        assert job.wait(60) == code
        assert f"Resume with: goodviews {verb}" in job.stderr.read().splitlines()[-1]
