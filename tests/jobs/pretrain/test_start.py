"""A run starts from given weights, says how much was loaded, and needs them no more afterwards."""

import json

import numpy as np
import pytest
import timm
import torch

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone, load_encoder
from goodviews.jobs.export import export
from goodviews.jobs.pretrain import pretrain
from goodviews.training import Settings

STILL = Settings(
    name="still", views="noise(std=0.1)", encoder="convnet(width=4)", head="projector(dim=4)",
    batch=16, epochs=1, encoder_rate=0.0, optimiser="sgd(lr=0.1)", device="cpu",
)  # fmt: skip
"""A method that does not change its backbones, so that a run ends with what it started from."""
REAL = timm.create_model


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def foreign(tmp_path):
    """A checkpoint of MoCo, and the weights in it."""
    state = REAL("test_resnet", num_classes=0).state_dict()
    held = {f"module.encoder_q.{name}": value for name, value in state.items()}
    torch.save({"epoch": 1, "state_dict": held}, tmp_path / "w.pth")
    return tmp_path / "w.pth", state


def parts(encoders):
    return {name: value for name, value in encoders.backbones[0][1].state_dict().items()
            if "num_batches" not in name and "running" not in name}  # fmt: skip


def test_a_run_ends_with_the_weights_it_started_from_if_nothing_moves_them(
    pixels, foreign, tmp_path
):
    file, state = foreign
    made, said = [], []
    for start in (file, f"timm:test_resnet@{file}"):
        run = pretrain(pixels, method=STILL, backbone="timm('test_resnet')", start=start,
                       out=tmp_path / f"run{len(made)}", log=said.append)  # fmt: skip
        made.append(parts(run.encoders))
    for name, value in made[0].items():
        assert torch.equal(value, state[name.removeprefix("module.")])
        assert torch.equal(value, made[1][name])
    loaded = "Loaded 100 % of the weights of timm('test_resnet') from w.pth (prefix state_dict."
    assert sum(line.startswith(loaded) for line in said) == 2
    assert json.loads((tmp_path / "run0" / "passport.json").read_text())["start"] == "w.pth"


def test_a_run_starts_from_another_run_as_the_function_it_was(pixels, tmp_path):
    first = pretrain(pixels, method=STILL, backbone="convnet(width=5)", out=tmp_path / "a")
    darker = pixels // 2  # other statistics: the weights keep those they were trained with
    for start in (tmp_path / "a", first.file, tmp_path / "a" / "last.pt"):
        named = {"backbone": "convnet(width=5)"} if str(start).endswith(".pt") else {}
        out = tmp_path / str(start).replace("/", "-")
        again = pretrain(darker, method=STILL, start=start, out=out, **named)
        assert again.settings.encoder == "convnet(width=5)"
        assert torch.equal(
            again.encoders.backbones[0][0].mean, first.encoders.backbones[0][0].mean
        )
        for name, value in parts(first.encoders).items():
            assert torch.equal(value, parts(again.encoders)[name])


def test_targets_start_from_the_given_weights_too(pixels, tmp_path):
    first = pretrain(pixels, method=STILL, out=tmp_path / "a")
    found = []

    def look(learner, history):
        found.append(learner.target.module)

    from goodviews.jobs.pretrain.follower import Follower

    follow, Follower.__call__ = Follower.__call__, lambda self, *a: (look(*a), follow(self, *a))[1]
    try:
        pretrain(pixels, method=STILL, start=tmp_path / "a", out=tmp_path / "b",
                 changes=["memory=queue(size=32)", "momentum=1.0"])  # fmt: skip
    finally:
        Follower.__call__ = follow
    for name, value in parts(first.encoders).items():
        assert torch.equal(value, parts(found[0])[name])


@pytest.mark.parametrize("way", ["start", "checkpoint_path"])
def test_a_run_is_opened_exported_and_resumed_when_the_file_is_gone(
    way, pixels, foreign, tmp_path, capsys
):
    file, _ = foreign
    np.savez(tmp_path / "n.npz", images=pixels)
    backbone = "timm('test_resnet')"
    words = ["--from", str(file)]
    if way == "checkpoint_path":
        backbone, words = f"timm('test_resnet', checkpoint_path='{file}')", []
    words += ["--backbone", backbone, "--batch", "16", "--out", str(tmp_path / "r"), "-q"]
    words += ["--set", "head=projector(dim=4)", "--set", "optimiser=sgd(lr=0.1)"]
    call = ["pretrain", str(tmp_path / "n.npz"), *words, "--epochs", "1"]
    assert main(call) == 0
    file.unlink()
    encoders, about = load_encoder(tmp_path / "r")
    assert about["settings"]["encoder"] == encoders.made_of["encoder"] == "timm('test_resnet')"
    for to in ("timm", "safetensors"):
        export(tmp_path / "r", to=to)
    for path in (tmp_path / "r").rglob("*.json"):
        assert str(file) not in path.read_text() or path.name == "run.json"  # its command
    before = (tmp_path / "r" / "encoder.safetensors").read_bytes()
    assert main(call) == 0, capsys.readouterr().err
    assert (tmp_path / "r" / "encoder.safetensors").read_bytes() == before
    other = [word if word != str(file) else str(tmp_path / "other.pth") for word in call]
    if way == "start":
        assert main(other) == 2
        assert "holds a run that started from w.pth" in capsys.readouterr().err


def test_a_library_s_own_weights_are_fetched_once_and_never_again(pixels, tmp_path, monkeypatch):
    asked = []

    def fake(name, pretrained=False, **options):
        asked.append(pretrained)
        torch.manual_seed(5)
        return REAL(name, **options)

    monkeypatch.setattr(timm, "create_model", fake)
    made = []
    for options in (
        {"start": "timm:test_resnet"},
        {"start": "timm:test_resnet", "backbone": "timm('test_resnet')"},
        {"backbone": "timm('test_resnet', pretrained=True)"},
    ):
        out = tmp_path / str(len(made))
        run = pretrain(pixels, method=STILL, out=out, **options)
        assert asked.count(True) == 1
        assert run.settings.encoder == "timm('test_resnet')"
        made.append(parts(run.encoders))
        asked.clear()
        pretrain(pixels, method=STILL, out=out, **options)
        load_encoder(out)
        assert not any(asked)
    assert all(torch.equal(value, one[name]) for one in made for name, value in made[0].items())


def test_weights_that_cannot_be_fetched_get_a_sentence(pixels, tmp_path, monkeypatch):
    def offline(name, **options):
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(InputError, match=r"give a file of them, timm:test_resnet@FILE"):
        pretrain(pixels, method=STILL, out=tmp_path / "r", start="timm:test_resnet")


def test_the_file_decides_which_residual_network_it_is(pixels, tmp_path):
    from goodviews.jobs.pretrain.start import fitting_backbone, read_start

    net = build_backbone("resnet(depth=34, stem='small')", channels=3, size=16).module
    torch.save({f"backbone.{k}": v for k, v in net.state_dict().items()}, tmp_path / "w.pth")
    start = read_start(tmp_path / "w.pth", "resnet50", tmp_path)
    fits = [fitting_backbone(start, spec, channels=c, size=16)
            for spec in ("resnet50", "resnet(depth=34)", "convnet()") for c in (1, 3)]  # fmt: skip
    assert fits[:2] == ["resnet(depth=34, stem='small')"] * 2
    assert fits[2:] == ["resnet(depth=34)"] * 2 + ["convnet()"] * 2


def test_two_encoders_start_from_both_of_a_run(pixels, tmp_path):
    halves = {"method": STILL, "views": "split(1)"}
    first = pretrain(pixels, out=tmp_path / "a", **halves)
    again = pretrain(pixels[::-1].copy(), out=tmp_path / "b", start=tmp_path / "a", **halves)
    for side in (0, 1):
        ours, theirs = (dict(run.encoders.backbones[side][1].named_parameters())
                        for run in (first, again))  # fmt: skip
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(
    ("start", "backbone", "said"),
    [
        ("none.pth", "convnet()", "No such file"),
        ("w.pth", "convnet(width=8)", r"holds 0 % of the weights of convnet\(width=8\)"),
        ("w.pth", "timm('resnet18', pretrained=True)", "give one of them"),
        ("timm:resnt18", None, "Unknown timm backbone 'resnt18'"),
    ],
)
def test_starts_that_cannot_be_get_a_sentence(start, backbone, said, pixels, foreign, tmp_path):
    start = str(tmp_path / start) if start.endswith("pth") else start
    with pytest.raises(InputError, match=said):
        pretrain(pixels, method=STILL, backbone=backbone, start=start, out=tmp_path / "r")


def test_four_bands_get_views_that_fit_and_are_told(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 4), dtype=np.uint8)
    said = []
    small = {"backbone": "convnet(width=4)", "epochs": 1, "batch": 16, "log": said.append,
             "changes": {"head": "projector(dim=4)"}}  # fmt: skip
    run = pretrain(pixels, out=tmp_path / "r", **small)
    assert "jitter" not in run.settings.views
    assert any("which jitter cannot take" in line for line in run.rules)
    assert any("satellite()" in line for line in said)
    with pytest.raises(InputError, match="jitter"):  # views that were chosen are not changed
        pretrain(pixels, out=tmp_path / "s", views="crop()|jitter()", **small)
