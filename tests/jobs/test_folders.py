"""No job overwrites what it did not write, and two processes never write to one folder."""

import hashlib
import os
import shutil

import pytest
from tests.jobs.tiny import COMMANDS, DATA, call

from goodviews.core.claim import MARK, claimed


def state(folder):
    """Every file below a folder with its content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def with_out(words, out):
    at = words.index("--out")
    return [*words[: at + 1], out, *words[at + 2 :]]


@pytest.fixture
def copy(written, tmp_path, monkeypatch):
    shutil.copytree(written, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("job", COMMANDS)
def test_a_job_refuses_the_folder_of_every_other(job, copy):
    (copy / "photos").mkdir()
    (copy / "photos" / "holiday.png").write_text("mine")
    (copy / "site").mkdir()
    (copy / "site" / "index.html").write_text("<p>mine</p>")
    for other in [*COMMANDS, "photos", "site", DATA, f"{DATA}/below", "."]:
        if other == job or (job, other) == ("report", "learn-views"):
            continue
        before = state(copy)
        code, _, said = call(with_out(COMMANDS[job], other))
        if (job, other) in {("report", "study"), ("report", "learn-views")}:
            continue  # its own page, which is made again
        assert code == 2, (job, other, said)
        assert "--out" in said
        assert said.count("\n") == 1
        assert state(copy) == before, (job, other)


@pytest.mark.parametrize("job", [job for job in COMMANDS if job != "report"])
def test_a_second_writer_gets_one_sentence(job, copy):
    out = copy / COMMANDS[job][-1]
    before = state(out)
    names = {"reproduce": "reproduce proposition --scale test"}
    with claimed(out, names.get(job, job), own=lambda _: True):
        code, _, said = call(COMMANDS[job])
    assert code == 2
    assert f"process {os.getpid()}" in said
    assert said.splitlines()[-1].endswith("--out.")
    assert state(out) == before


@pytest.mark.parametrize("job", COMMANDS)
def test_the_same_command_writes_its_own_folder_again(job, copy):
    code, _, said = call(COMMANDS[job])
    assert code == 0, said
    assert MARK not in os.listdir(copy / COMMANDS[job][-1])


def test_another_command_of_the_same_verb_overwrites_nothing(copy):
    for job, change in {
        "study": ["--epochs", "2"],
        "pretrain": ["--seed", "1"],
        "evaluate": ["--seed", "1"],
        "learn-views": ["--seed", "1"],
    }.items():
        before = state(copy / job)
        code, _, said = call([*COMMANDS[job], *change])
        assert code == 2, job
        assert "--out" in said
        assert state(copy / job) == before
