"""Given weights: frozen, fine-tuned and as a start, and what cannot be given."""

import pytest
import timm
import torch
from tests.jobs.study.comparison.test_compare import SMALL, generous, rows_of  # noqa: F401
from tests.jobs.study.test_study import few, quick

from goodviews.core.errors import InputError
from goodviews.core.progress import as_report
from goodviews.encoders import load_encoder
from goodviews.jobs.study.comparison import given, networks


def test_given_weights_are_compared_and_start_a_pretraining(tmp_path, generous):  # noqa: F811
    torch.manual_seed(1)  # weights whose first gradient is not finite in bfloat16
    net = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    text = f"timm:test_resnet@{tmp_path / 'w.pth'}"
    result = quick(tmp_path / "s", few(128), **{**SMALL, "seeds": 1}, against=[text])
    arms = {row["arm"] for row in rows_of(tmp_path / "s")}
    name = "timm:test_resnet@w.pth"
    assert {f"{use} {kind}{name}" for use in ("probe", "tuned") for kind in ("", "start ")} <= arms
    found = result.verdict.tasks[0].comparison
    shown = [arm.name for arm in found.counts[-1].arms]
    assert f"{name}, pretrained further, fine-tuned" in shown
    assert found.given in result.advice
    assert found.given.startswith("Of the given weights")
    assert str(tmp_path) not in (tmp_path / "s" / "comparison.csv").read_text()
    (file,) = (tmp_path / "s" / "cells" / "comparison").glob("start-*.safetensors")
    encoders, about = load_encoder(file)
    assert about["views"] in result.verdict.tasks[0].advice.spec + " " + " ".join(
        view.view for view in result.verdict.tasks[0].views
    )
    before, after = net.conv1[0].weight, encoders.backbones[0][1].module.conv1[0].weight
    fresh = timm.create_model("test_resnet", in_chans=1, num_classes=0).conv1[0].weight
    assert (before - after).norm() < (before - fresh).norm() / 2  # it went on from there


def test_weights_that_cannot_be_trained_further_are_still_compared(
    tmp_path,
    generous,  # noqa: F811
    monkeypatch,
):
    def breaks(*_):
        raise InputError("The loss is not finite.")

    monkeypatch.setattr(networks, "pretrain_from", breaks)
    net = timm.create_model("test_resnet", in_chans=1, num_classes=0)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    text = f"timm:test_resnet@{tmp_path / 'w.pth'}"
    result = quick(tmp_path / "s", few(128), **{**SMALL, "seeds": 1}, against=[text])
    arms = {row["arm"] for row in rows_of(tmp_path / "s")}
    assert "tuned timm:test_resnet@w.pth" in arms
    assert not any("start" in arm for arm in arms)
    assert "given weights" in result.advice


@pytest.mark.parametrize(
    ("against", "words"),
    [
        (["resnet18"], "timm:resnet18"),
        (["timm:resnet18@random"], "timm:resnet18"),
        (["timm:resnot18@w.pth"], "no model"),
        (["timm:test_resnet@missing.pth"], "missing.pth"),
        (["timm:test_resnet@w.pth"] * 2, "twice"),
    ],
)
def test_what_cannot_be_given_is_said_before_anything_is_trained(tmp_path, against, words):
    with pytest.raises(InputError, match=words):
        quick(tmp_path / "s", few(100), **SMALL, against=against)
    assert not (tmp_path / "s").exists()


def test_what_lies_in_the_cache_is_offered_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert given.offer() == ""
    for name, file in (
        ("b", "model.safetensors"),
        ("a", "pytorch_model.bin"),
        ("c", "config.json"),
    ):
        folder = tmp_path / f"models--timm--{name}" / "snapshots" / "x"
        folder.mkdir(parents=True)
        (folder / file).touch()
    assert given.cached_weights() == ["timm:a", "timm:b"]
    assert given.offer().count("\n") == 0
    assert "--against timm:a" in given.offer()


def test_a_download_is_never_silent(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    notes = []
    report = as_report(None)
    monkeypatch.setattr(report, "note", notes.append)
    monkeypatch.setattr(given, "open_encoder", lambda *_, **__: None)
    given.check_given(["timm:test_resnet"], few(64), report)
    assert "downloaded" in notes[0]
