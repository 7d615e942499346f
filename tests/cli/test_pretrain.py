"""``goodviews pretrain`` as it is typed: mistakes in one sentence, and runs that go on."""

import csv
import json
import os
import shlex
import signal

import numpy as np
import pytest
import torch

from goodviews.cli.main import main
from goodviews.encoders import load_encoder
from goodviews.training.diagnostics.health import Monitor

SMALL = ["--backbone", "convnet(width=4)", "--set", "head=projector(dim=8)", "--batch", "32"]
TINY = [*SMALL, "--views", "noise(std=0.1)", "--epochs", "2"]
STEPS = 10


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(160, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "few.npz", images=images, labels=np.arange(160) % 4)
    np.savez(tmp_path / "bare.npz", images=images)


def steps(folder):
    with (folder / "log.csv").open(newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def weights(folder):
    return load_encoder(folder)[0].state_dict()


def test_a_run_says_its_rules_and_ends_with_its_encoder(tmp_path, capsys):
    assert main(["pretrain", "few.npz", *TINY, "--out", "run"]) == 0
    said = capsys.readouterr()
    assert said.out == "run/encoder.safetensors\n"
    lines = said.err.splitlines()
    assert "160 images of few, 1 x 8 x 8: convnet(width=4), views noise(std=0.1)." in lines[0]
    assert "10 steps, 5 per epoch. lars: lr = 0.5 x 32 / 256" in said.err
    assert sum(line.startswith("epoch ") for line in lines) == 2
    assert len(lines) <= 6
    assert steps(tmp_path / "run") == list(range(1, STEPS + 1))


def test_the_passport_tells_views_data_seed_and_versions(tmp_path):
    words = ["pretrain", "few.npz", *TINY, "--out", "run", "--quiet", "--seed", "3"]
    assert main(words) == 0
    passport = json.loads((tmp_path / "run" / "passport.json").read_text())
    assert passport["views"] == passport["views_spelt"] == "noise(std=0.1)"
    assert passport["seed"] == 3
    assert passport["method"] == passport["settings"]["name"] == "simclr"
    assert passport["data"]["name"] == "few"
    assert len(passport["data"]["hash"]) == 16
    assert (passport["channels"], passport["size"]) == (1, [8, 8])
    assert {"goodviews", "torch"} <= set(passport["versions"])
    assert load_encoder(tmp_path / "run")[1] == passport
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert shlex.split(run["command"])[1:] == [word for word in words if word != "--quiet"]
    assert run["health"]["verdict"]
    assert str(tmp_path) not in json.dumps([passport, run])


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_stopped_run_names_the_command_that_goes_on_to_the_same_end(
    number, code, tmp_path, capsys, monkeypatch
):
    words = ["pretrain", "few.npz", *TINY, "--probe-every", "2", "--stop-on-collapse"]
    assert main([*words, "--out", "whole", "--quiet"]) == 0
    whole = Monitor.__call__

    def asked(self, learner, history):
        if history.steps == 7:
            os.kill(os.getpid(), number)
        return whole(self, learner, history)

    with monkeypatch.context() as patch:
        patch.setattr(Monitor, "__call__", asked)
        capsys.readouterr()
        assert main([*words, "--out", "my run"]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("Stopped after step 7. Resume with: goodviews pretrain few.npz ")
    assert not (tmp_path / "my run" / "encoder.safetensors").exists()
    again = shlex.split(last.partition("Resume with: ")[2])
    assert main(again[1:]) == 0
    assert "Resuming at step 7 of 10." in capsys.readouterr().err
    assert steps(tmp_path / "my run") == list(range(1, STEPS + 1))
    ours, theirs = weights(tmp_path / "my run"), weights(tmp_path / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_two_specs_in_a_file_are_refused_and_one_is_taken(tmp_path, capsys):
    (tmp_path / "two.txt").write_text("flip()\nnoise(std=0.1)\n")
    assert main(["pretrain", "few.npz", *SMALL, "--views", "two.txt"]) == 2
    assert "2 specs" in capsys.readouterr().err
    (tmp_path / "best_view.txt").write_text("noise(std=0.2)  # of a study\n")
    words = [*SMALL, "--views", "best_view.txt", "--epochs", "1", "--quiet"]
    assert main(["pretrain", "few.npz", *words]) == 0
    assert load_encoder(tmp_path / "pretrain-few")[1]["views"] == "noise(std=0.2)"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--recipe", "simclrr"], "simclr"),
        (["--set", "temprature=1"], "setting"),
        (["--set", "epochs=many"], "epochs"),
        (["--set", "batch"], "batch=64"),
        (["--backbone", "resnet19"], "resnet"),
        (["--backbone", "convnet(widht=4)"], "widht"),
        (["--views", "noize()"], "noise"),
        (["--recipe", "supcon"], "bare has none"),
        (["--recipe", "supervised"], "bare has none"),
        (["--strategy", "fast"], "strategy"),
        (["--out", "bare.npz"], "is a file"),
        (["--out", "bare.npz/run"], "Cannot create folder bare.npz/run: bare.npz is a file"),
        (["--set", "precision=bf17"], "precision auto, 32-true or bf16-mixed"),
        (["--set", "device=cda"], "use --device auto, cpu or cuda"),
        (["--labels", "nowhere.csv"], "nowhere.csv"),
        (["--stop-on-colapse"], "--stop-on-collapse"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value)[2:],
)
def test_a_mistake_is_one_sentence_and_code_2(words, named, capsys):
    base = [] if "--backbone" in words else SMALL[:2]
    assert main(["pretrain", "bare.npz", *base, "--epochs", "1", *words]) == 2
    said = capsys.readouterr()
    assert named in said.err.splitlines()[-1]
    assert not said.out


def test_a_folder_with_other_results_is_left_alone(tmp_path, capsys):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "rows.csv").write_text("view,seed\n")
    assert main(["pretrain", "few.npz", *TINY, "--out", "study"]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "study").iterdir()] == ["rows.csv"]


def test_another_run_or_a_broken_checkpoint_is_not_gone_on_with(tmp_path, capsys):
    assert main(["pretrain", "few.npz", *TINY, "--out", "run", "--quiet"]) == 0
    before = (tmp_path / "run" / "encoder.safetensors").read_bytes()
    assert main(["pretrain", "few.npz", *TINY, "--out", "run"]) == 0
    assert "The run was finished before" in capsys.readouterr().err
    for changed, named in (
        (["--seed", "1"], "seed 0"),
        (["--recipe", "dcl"], "the original --recipe"),
        (["--epochs", "3"], "the original --epochs"),
    ):
        assert main(["pretrain", "few.npz", *TINY, "--out", "run", *changed]) == 2
        assert named in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run" / "previous.pt").exists()  # a finished run has one state
    for name in ("last.pt",):
        path = tmp_path / "run" / name
        path.write_bytes(path.read_bytes()[:-100])
    assert main(["pretrain", "few.npz", *TINY, "--out", "run"]) == 2
    assert "damaged or cut short" in capsys.readouterr().err
    assert (tmp_path / "run" / "encoder.safetensors").read_bytes() == before


def test_a_full_disk_is_a_sentence_and_what_was_written_stands(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    assert main(["pretrain", "few.npz", *TINY, "--out", "run", "--quiet"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert main(["pretrain", "few.npz", *TINY, "--out", "other", "--quiet"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert main(["pretrain", "few.npz", *TINY, "--out", "other", "--quiet"]) == 0
    ours, theirs = weights(tmp_path / "other"), weights(tmp_path / "run")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
