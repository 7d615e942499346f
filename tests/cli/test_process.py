"""Streams that are closed, full or not UTF-8, and signals, with real processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in found.splitlines()]
    return [child for child, parent in pairs if parent == pid]


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
            if cells.exists() and len(workers) >= 3:  # two workers and their tracker
                break
        time.sleep(8)  # the workers import torch
        workers = children(study.pid)
        number = getattr(signal, f"SIG{name}")
        (os.killpg if whole_group else os.kill)(study.pid, number)
        assert study.wait(30) == code
        said = study.stderr.read()
    for _ in range(50):
        if not any(map(runs, workers)):
            break
        time.sleep(0.2)
    assert len(workers) >= 3
    assert not any(map(runs, workers))
    if name != "KILL":
        assert "Resume with: goodviews study digits" in said.splitlines()[-1]
