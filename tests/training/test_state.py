"""A run that is killed and resumed takes the steps it would have taken, whatever the method."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.training import Interrupted, Settings, change, load_state, save_state, train
from goodviews.training.state import LAST, PREVIOUS
from goodviews.views import parse_view

BASE = Settings(
    encoder="convnet(width=4)", head="projector(dim=8)", epochs=2, batch=16, device="cpu"
)
METHODS = {
    "infonce": [],
    "accumulated": ["accumulate=2"],
    "queue": ["memory=queue(size=24)", "momentum=0.9", "shuffle=2"],
    "jigsaw": [
        "memory=queue(size=24)",
        "momentum=0.9",
        "jigsaw=jigsaw(grid=3, crop=4)",
        "head=linear(dim=8)",
    ],
    "bank": ["memory=bank(negatives=20)"],
    "nce": ["memory=bank(negatives=20)", "objective=nce()"],
    "byol": [
        "objective=byol()",
        "predictor=predictor(hidden=8)",
        "momentum=0.9",
        "momentum_rises=true",
    ],
    "swav": [
        "objective=swav()",
        "prototypes=10",
        "prototypes_frozen=1.5",
        "memory=queue(size=40, start=0.5)",
    ],
    "lars": ["optimiser=lars()"],
    "averaged": ["average=0.9"],
    "dropout": ["encoder=timm('test_resnet', drop_rate=0.5)"],
}


def run(settings, *, folder=None, stop=None, images=None):
    images = images or load("digits")

    def watch(learner, history):
        if history.steps == stop:
            os.kill(os.getpid(), signal.SIGTERM)

    return train(
        images,
        np.arange(48),
        parse_view("crop(scale=(0.5, 1))"),
        settings=settings,
        seed=3,
        folder=folder,
        watch=watch,
    )


@pytest.mark.parametrize("name", METHODS)
def test_resumed_steps_are_bitwise_those_of_an_unkilled_run(name, tmp_path):
    settings = change(BASE, METHODS[name])
    whole = run(settings)
    for stop in (1, 4):  # within an epoch, and in the next one
        folder = tmp_path / str(stop)
        with pytest.raises(Interrupted, match=f"after step {stop}; run the same command"):
            run(settings, folder=folder, stop=stop)
        again = run(settings, folder=folder)
        assert again.history.losses == whole.history.losses
        ours, theirs = again.encoders.state_dict(), whole.encoders.state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_a_killed_process_resumes_from_its_last_checkpoint(tmp_path):
    code = textwrap.dedent(
        f"""
        import numpy as np, time
        from goodviews.data import load
        from goodviews.training import Settings, train
        from goodviews.views import parse_view
        from pathlib import Path
        settings = Settings(encoder="convnet(width=4)", head="projector(dim=8)", epochs=50,
                            batch=16, device="cpu")
        train(load("digits"), np.arange(48), parse_view("crop(scale=(0.5, 1))"),
                 settings=settings, seed=3, folder=Path({str(tmp_path)!r}), save_every=1,
                 watch=lambda _, history: time.sleep(300 if history.steps == 99 else 0.02))
        """
    )
    worker = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / PREVIOUS).exists():
        time.sleep(0.05)
        assert worker.poll() is None
    worker.kill()
    worker.wait()
    step = load_state(tmp_path)["step"]
    assert 0 < step < 99
    settings = replace(BASE, epochs=50)
    assert run(settings, folder=tmp_path).history.losses == run(settings).history.losses


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path):
    for number in (1, 2):
        save_state(tmp_path, {"number": torch.tensor(number)})
    assert int(load_state(tmp_path)["number"]) == 2
    raw = bytearray((tmp_path / LAST).read_bytes())
    raw[-40] ^= 1
    (tmp_path / LAST).write_bytes(raw)
    assert int(load_state(tmp_path)["number"]) == 1
    (tmp_path / PREVIOUS).write_bytes(raw[:60])
    with pytest.raises(InputError, match=r"damaged or cut short.*Start again in another folder"):
        load_state(tmp_path)
    (tmp_path / PREVIOUS).write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="not written by goodviews"):
        load_state(tmp_path / PREVIOUS)
    with pytest.raises(InputError, match="There is no checkpoint"):
        load_state(tmp_path / "nowhere")


def test_what_cannot_be_written_leaves_what_stood_there(tmp_path, monkeypatch):
    save_state(tmp_path, {"number": torch.tensor(1)})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        save_state(tmp_path, {"number": torch.tensor(2)})
    monkeypatch.undo()
    assert int(load_state(tmp_path)["number"]) == 1
    assert [file.name for file in tmp_path.iterdir()] == [LAST]


@pytest.mark.parametrize(
    ("what", "changed"),
    [("view", {}), ("batch", {"batch": 8}), ("objective", {"objective": "dcl()"})],
)
def test_another_run_is_not_gone_on_with(what, changed, tmp_path):
    with pytest.raises(Interrupted):
        run(BASE, folder=tmp_path, stop=1)
    view = "flip()" if what == "view" else "crop(scale=(0.5, 1))"
    with pytest.raises(InputError, match=rf"holds a run with {what}.*choose another folder"):
        train(
            load("digits"),
            np.arange(48),
            parse_view(view),
            settings=replace(BASE, **changed),
            seed=3,
            folder=tmp_path,
        )
