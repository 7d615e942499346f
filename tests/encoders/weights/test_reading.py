"""Files of weights are data: whatever else is in them is skipped and named, and nothing runs."""

import argparse
import collections
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from goodviews.core.errors import InputError
from goodviews.encoders import load_weights
from goodviews.encoders.weights.reading import read_weights
from goodviews.training import save_state

WEIGHTS = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}


class Settings:
    """A class of someone's training script."""

    def __init__(self):
        self.rate = 0.1


class Options(dict):
    """A dictionary of options of someone's training script."""

    def rate(self):
        return self["rate"]


class Places(list):
    """A list of someone's training script."""


class Attack:
    """An object that writes a file when it is unpickled as usual."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (argparse.Namespace(lr=1), "argparse.Namespace"),
        (argparse.Namespace(), "argparse.Namespace"),
        (np.float64(0.3), "numpy.dtype"),
        (np.arange(3), "numpy.ndarray"),
        (Path("w.pth"), "pathlib"),
        (Settings(), "Settings"),
        (collections.Counter(a=1), ""),
        (collections.defaultdict(list, a=[1]), "collections.defaultdict"),
        (Options(a=1), "Options"),
        (torch.optim.SGD(nn.Linear(2, 1).parameters(), 0.1), "torch.optim.sgd.SGD"),
    ],
)
def test_other_objects_are_skipped_and_named(extra, named, zipped, tmp_path):
    file = tmp_path / "w.pth"
    content = {"opt": extra, "state_dict": WEIGHTS, "epoch": 3}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    found = read_weights(file)
    assert torch.equal(found.tensors["state_dict.weight"], WEIGHTS["weight"])
    assert any(named in name for name in found.skipped) == bool(named)
    said = load_weights(nn.Linear(2, 1), file, name="net")
    assert said.startswith("Loaded 100 % of the weights of net from w.pth (prefix state_dict.")
    assert ("objects skipped" in said) == bool(named)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "__import__('pathlib').Path({!r}).touch()"),
        (exec, "__import__('pathlib').Path({!r}).touch()"),
    ],
)
def test_a_file_that_would_run_a_command_does_not(call, zipped, tmp_path):
    victim, file = tmp_path / "written", tmp_path / "w.pth"
    function, text = call
    attack = Attack(function, text.format(str(victim)))
    torch.save({"state_dict": WEIGHTS, "x": attack}, file, _use_new_zipfile_serialization=zipped)
    pickled = io.BytesIO(pickle.dumps(attack, protocol=2))
    pickle.load(pickled)
    assert victim.exists()  # the attack works where a file is unpickled as usual
    victim.unlink()
    if function is os.system:
        with pytest.raises(InputError, match="may be an attack"):
            read_weights(file)
    else:
        assert read_weights(file).skipped == (f"builtins.{function.__name__}",)
    assert not victim.exists()


def test_modules_that_were_stored_whole_give_their_weights(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    torch.save(nn.Sequential(nn.DataParallel(net), nn.Linear(2, 2)), tmp_path / "whole.pt")
    fresh = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    said = load_weights(fresh, tmp_path / "whole.pt", name="net")
    assert "100 %" in said
    assert "Conv2d" in said
    assert torch.equal(fresh[0].weight, net[0].weight)


def test_files_and_folders_of_our_own_and_of_hugging_face_are_found(tmp_path):
    save_state(tmp_path, {"learner": {"encoders.weight": torch.ones(1)}})
    assert list(read_weights(tmp_path).tensors) == ["learner.encoders.weight"]
    save_file(WEIGHTS, tmp_path / "model.safetensors")
    (tmp_path / "last.pt").unlink()
    assert set(read_weights(tmp_path).tensors) == {"weight", "bias"}


def scripted(file):
    torch.jit.save(torch.jit.trace(nn.Linear(2, 1), torch.zeros(1, 2)), file)


def zipped_text(file):
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", "no")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda f: f.write_bytes(b"no weights"), "damaged, or not a file of torch.save"),
        (lambda f: f.write_bytes(b""), "damaged"),
        (zipped_text, "damaged"),
        (scripted, "TorchScript"),
        (lambda f: f.write_bytes(pickle.dumps(WEIGHTS, protocol=4)), "Cannot read the weights"),
        (lambda f: torch.save({"epoch": 3, "lr": 0.1}, f), "holds no weights; it holds epoch, lr"),
        (lambda f: torch.save(WEIGHTS, f) or f.write_bytes(f.read_bytes()[:-300]), "damaged"),
        (lambda f: None, "No such file"),
        (lambda f: f.mkdir(), "no weights in the folder"),
    ],
)
def test_what_cannot_be_read_gets_one_sentence(make, said, tmp_path):
    make(tmp_path / "w.pth")
    with pytest.raises(InputError, match=said) as error:
        read_weights(tmp_path / "w.pth")
    assert "\x1b" not in str(error.value)
    assert "\n" not in str(error.value)


def test_objects_that_no_stand_in_can_replace_get_a_sentence(tmp_path):
    torch.save({"w": WEIGHTS, "log": Places([1])}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="cannot be skipped; save the state_dict"):
        read_weights(tmp_path / "w.pth")
