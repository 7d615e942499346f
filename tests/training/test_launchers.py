"""The files for torchrun and SLURM, run as they are, with the launchers' own words recorded."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from goodviews.cli.pretrain import app

RECIPES = Path(__file__).parents[2] / "docs" / "howto" / "many_processes"
SBATCH = {
    "job-name", "nodes", "ntasks-per-node", "gpus-per-node", "cpus-per-task", "time", "signal",
    "requeue", "open-mode",
}  # fmt: skip
"""Options of the file that sbatch's manual has."""


def shim(folder: Path, name: str) -> None:
    """A launcher that writes its words down, one in a line, and ends as it is told."""
    file = folder / name
    file.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/{name}.said\nexit ${{CODE:-0}}\n')
    file.chmod(0o755)


def call(recipe: str, folder: Path, *words: str, **environment: str) -> int:
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", RECIPES / recipe, *words],
        env={**os.environ, "PATH": path, **environment},
        check=False,
        capture_output=True,
    )
    return done.returncode


def parsed(words: list[str]) -> dict[str, Any]:
    """What ``goodviews pretrain`` understands; it says what it does not."""
    return typer.main.get_command(app).make_context("pretrain", words).params


@pytest.mark.parametrize("code", [0, 1, 2, 130, 143])
def test_the_slurm_job_queues_itself_again_just_when_it_was_stopped(code, tmp_path):
    shim(tmp_path, "srun")
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/queued\n')
    (tmp_path / "scontrol").chmod(0o755)
    slurm = {"SLURM_NNODES": "2", "SLURM_NTASKS_PER_NODE": "8", "SLURM_JOB_ID": "7"}
    found = call("slurm.sbatch", tmp_path, "--recipe", "mocov2", CODE=str(code), OUT="r", **slurm)
    assert found == code
    stopped = code in (130, 143)  # SIGINT, and SIGTERM, which SLURM sends
    assert (tmp_path / "queued").exists() == stopped
    if stopped:
        assert (tmp_path / "queued").read_text() == "requeue 7\n"
    said = (tmp_path / "srun.said").read_text().splitlines()
    start = said.index("pretrain")
    assert said[:start] == ["--kill-on-bad-exit=0", "python", "-m", "goodviews"]
    params = parsed(said[start + 1 :])
    assert (params["nodes"], params["devices"], params["recipe"]) == (2, 8, "mocov2")
    assert (params["data"], str(params["out"])) == ("images", "r")


def test_the_slurm_jobs_directives_are_sbatchs_and_agree():
    text = (RECIPES / "slurm.sbatch").read_text("utf8")
    head = text[: text.index("\nset ")]  # sbatch reads none below the first command
    found = dict(re.findall(r"^#SBATCH --([\w-]+)=?(\S*)$", head, re.MULTILINE))
    assert len(found) == text.count("#SBATCH") == len(re.findall("#SBATCH --", text))
    assert set(found) <= SBATCH
    assert found["ntasks-per-node"] == found["gpus-per-node"]  # a process holds one device
    assert re.fullmatch(r"TERM@\d+", found["signal"])  # without B: to the processes, not the shell
    assert found["requeue"] == ""
    assert found["open-mode"] == "append"


def test_the_torchrun_files_words_are_torchruns_and_ours(tmp_path):
    from torch.distributed.run import get_args_parser

    shim(tmp_path, "torchrun")
    assert call("torchrun.sh", tmp_path, "--epochs", "3", NODES="4", PROCESSES="8", DATA="d") == 0
    said = get_args_parser().parse_args((tmp_path / "torchrun.said").read_text().splitlines())
    assert (said.nnodes, said.nproc_per_node, said.rdzv_backend) == ("4", "8", "c10d")
    assert (said.module, said.training_script) == (True, "goodviews")
    verb, *words = said.training_script_args
    assert verb == "pretrain"
    params = parsed(words)
    assert (params["data"], params["epochs"]) == ("d", 3)
    assert (params["nodes"], params["devices"]) == (1, 1)  # torchrun's count
