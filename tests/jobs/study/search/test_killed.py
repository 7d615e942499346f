"""A search that is killed at any moment leaves the trials of an undisturbed one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from searching import run

pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")
pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("searching.py")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"), 0)


@pytest.mark.parametrize("finished", [0, 1, 4, 7, 9])
def test_killed_outright_and_resumed_it_has_the_same_trials(undisturbed, tmp_path, finished):
    command = [sys.executable, SCRIPT, tmp_path, "2"]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and len(_cells(tmp_path)) < finished:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        kept = {path: path.stat().st_mtime_ns for path in _cells(tmp_path)}
        assert run(tmp_path, 0) == undisturbed
        assert kept == {path: path.stat().st_mtime_ns for path in kept}  # none is run again
        assert len(_cells(tmp_path)) == 10
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _cells(folder):
    return sorted((folder / "search" / "cells").glob("*.npz"))
