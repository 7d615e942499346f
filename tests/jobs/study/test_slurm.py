"""The SLURM file of a study, run as it is, with the launchers' own words recorded."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import typer.main

from goodviews.cli.study import app

FILE = Path(__file__).parents[3] / "docs" / "howto" / "cluster" / "slurm.sbatch"


def shim(folder, name, body):
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "$*" >> {file}.said\n{body}\n')
    file.chmod(0o755)


def begun(folder, *, study, nodes="3"):
    shim(folder, "srun", "exec sleep 60")
    shim(folder, "scontrol", 'if [ "$1" = show ]; then printf "n1\\nn2\\nn3\\n"; fi')
    shim(folder, "python", study)
    slurm = {
        "SLURM_NNODES": nodes,
        "SLURM_JOB_NODELIST": "n[1-3]",
        "SLURM_JOB_ID": "7",
        "SLURM_CPUS_PER_TASK": "16",
    }
    path = f"{folder}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "RAY_WAIT": "0", "DATA": "d", "OUT": "o", **slurm}
    return subprocess.Popen(["bash", FILE, "--minutes", "30"], env=environment)


def said(folder, name):
    file = folder / f"{name}.said"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def test_ray_starts_on_every_node_and_the_study_is_sent_to_it(tmp_path):
    both = f"until [ $(wc -l < {tmp_path}/srun.said) = 2 ]; do sleep 0.05; done"
    job = begun(tmp_path, study=f"echo $RAY_ADDRESS > {tmp_path}/address\n{both}\nexit 3")
    assert job.wait(30) == 3
    head, rest = sorted(said(tmp_path, "srun"), key=lambda words: "--head" not in words)
    assert "--nodelist=n1" in head
    assert "--head" in head
    assert {"--nodes=2", "--exclude=n1", "--address=n1:6379"} <= set(rest)
    assert "--num-cpus=16" in head
    assert "--num-cpus=16" in rest
    assert (tmp_path / "address").read_text() == "n1:6379\n"
    (words,) = said(tmp_path, "python")
    assert words[:3] == ["-m", "goodviews", "study"]
    params = typer.main.get_command(app).make_context("study", words[3:]).params
    assert (params["data"], str(params["out"]), params["on"]) == ("d", "o", "ray")
    assert params["minutes"] == 30
    assert not any(line[0] == "requeue" for line in said(tmp_path, "scontrol"))


def test_one_node_starts_one_ray(tmp_path):
    there = f"until [ -e {tmp_path}/srun.said ]; do sleep 0.05; done"
    assert begun(tmp_path, study=f"{there}\nexit 0", nodes="1").wait(30) == 0
    assert len(said(tmp_path, "srun")) == 1


def test_a_job_that_is_stopped_stops_the_study_and_queues_itself_again(tmp_path):
    stop = f"trap 'touch {tmp_path}/stopped; exit 143' TERM\nwhile true; do sleep 0.1; done"
    job = begun(tmp_path, study=stop)
    while not said(tmp_path, "python"):
        time.sleep(0.05)
    time.sleep(0.3)  # the trap of the job is set after the study has begun
    job.send_signal(signal.SIGTERM)
    assert job.wait(30) == 143
    assert (tmp_path / "stopped").exists()
    assert ["requeue", "7"] in said(tmp_path, "scontrol")


def test_the_directives_agree():
    text = FILE.read_text("utf8")
    head = text[: text.index("\nset ")]
    found = dict(re.findall(r"^#SBATCH --([\w-]+)=?(\S*)$", head, re.MULTILINE))
    assert len(found) == text.count("#SBATCH")
    assert found["ntasks-per-node"] == "1"  # one Ray a node
    assert re.fullmatch(r"B:TERM@\d+", found["signal"])  # to the script, which stops the study
    assert found["requeue"] == ""
    assert found["open-mode"] == "append"
