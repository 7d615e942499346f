"""Generators elsewhere: the same views from a transform and from an ONNX graph."""

import json
import pickle
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone
from goodviews.evaluation.openers import open_encoder
from goodviews.jobs.pretrain import pretrain
from goodviews.spec.files import SEARCHED
from goodviews.views.generators import (
    LearnedTransform,
    export_generator,
    export_transform,
    holds_generator,
    save_generator,
)


@pytest.fixture
def file(shaken, tmp_path):
    """A generator of three channels."""
    save_generator(tmp_path / "g.safetensors", shaken("nvp(blocks=3, width=8)", 3), {"seed": 4})
    return tmp_path / "g.safetensors"


def test_a_transform_maps_what_torchvision_hands_over(file, shaken, rng):
    generator = shaken("nvp(blocks=3, width=8)", 3)
    bytes_ = torch.randint(256, (3, 10, 12), generator=rng, dtype=torch.uint8)
    wanted = generator(bytes_[None].float() / 255)[0].detach()
    pipeline = v2.Compose([v2.Identity(), export_transform(file)])
    picture = Image.fromarray(bytes_.permute(1, 2, 0).numpy())
    for image in (bytes_, bytes_.float() / 255, tv_tensors.Image(bytes_), picture):
        torch.testing.assert_close(pipeline(image), wanted)
    torch.testing.assert_close(pipeline(bytes_.expand(2, 3, 10, 12))[1], wanted)
    made, label = pipeline(bytes_, 5)
    assert label == 5
    v1, v2_ = export_transform(file, split=2)(bytes_)
    assert torch.equal(torch.cat([v1, v2_]), made)


def test_a_transform_is_frozen_and_moves_as_a_module(file, rng):
    transform = export_transform(file, split=1)
    assert not any(one.requires_grad for one in transform.parameters())
    images = torch.rand(2, 3, 4, 4, generator=rng)
    again = pickle.loads(pickle.dumps(transform))
    again.load_state_dict(transform.state_dict())
    assert torch.equal(again(images)[1], transform(images)[1])
    assert again.double()(images)[0].dtype == torch.float64
    assert repr(transform).count("split=1") == 1


@pytest.mark.parametrize("split", [-1, 3, True, "1"])
def test_a_split_that_leaves_a_view_empty_is_refused(split, file):
    with pytest.raises(InputError, match="for the first view"):
        export_transform(file, split=split)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    ("text", "channels"),
    [("nvp(blocks=2, width=4)", 6), ("linear()", 3)],
)
def test_onnx_gives_the_same_features_at_any_size(text, channels, shaken, tmp_path, capsys, rng):
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=f"{name} is not installed: the extra export brings it")
    runtime = pytest.importorskip("onnxruntime", reason="the extra export brings onnxruntime")
    generator = shaken(text, channels)
    file = tmp_path / "g.safetensors"
    save_generator(file, generator, {"seed": 4})
    assert main(["export", str(file), "--to", "onnx"]) == 0
    folder = tmp_path / "export" / "onnx"
    assert capsys.readouterr().out.split() == [str(folder)]
    told = json.loads((folder / "export.json").read_text())
    assert (told["generator"], told["channels"]) == (text, channels)
    assert json.loads((folder / "passport.json").read_text()) == {"seed": 4}
    session = runtime.InferenceSession(str(folder / "generator.onnx"))
    torch.manual_seed(0)
    backbone = build_backbone("convnet(width=4)", channels=channels - 1, size=16).eval()
    for count, height, width in ((1, 16, 16), (3, 20, 17)):
        x = torch.rand(count, channels, height, width, generator=rng)
        (made,) = session.run(None, {"images": x.numpy()})
        wanted = generator(x).detach()
        np.testing.assert_allclose(made, wanted.numpy(), atol=1e-5)
        with torch.no_grad():
            found = backbone(torch.from_numpy(made)[:, 1:])
            torch.testing.assert_close(found, backbone(wanted[:, 1:]), atol=1e-5, rtol=0)


def test_what_cannot_be_exported_is_told_in_a_sentence(file, tmp_path, capsys):
    assert holds_generator(file)
    assert not holds_generator(tmp_path)
    for content in (b"", b"\xff" * 40, b"\2\0\0\0\0\0\0\0[]"):
        (tmp_path / "other").write_bytes(content)
        assert not holds_generator(tmp_path / "other")
    with pytest.raises(InputError, match="exports to onnx and not to timm"):
        export_generator(file, to="timm", out=tmp_path / "out")
    assert main(["export", str(file), "--to", "timm"]) == 2
    assert "type --to onnx" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_run_takes_its_generator_along_and_is_read_wherever_it_lies(
    shaken, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv(SEARCHED, "")
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    save_generator(tmp_path / "game" / "g.safetensors", shaken("orthogonal()", 3), {})
    pixels = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), np.uint8)
    np.savez("set.npz", images=pixels, labels=np.arange(64) % 4)
    run = pretrain(
        "set.npz",
        views="learned('game/g.safetensors')|split(1)",
        changes=("epochs=1", "batch=32", "encoder=convnet(width=4)"),
        out="run",
    )
    assert "game" not in (run.folder / "passport.json").read_text()
    shutil.rmtree("game")
    shutil.move("run", "elsewhere")
    monkeypatch.setenv(SEARCHED, "")
    images = torch.from_numpy(pixels[:5]).permute(0, 3, 1, 2).float() / 255
    mapped = shaken("orthogonal()", 3)(images).detach()
    found = open_encoder("elsewhere", channels=3, size=16, count=5).embed(images, torch.arange(5))
    with torch.no_grad():
        wanted = run.encoders.represent(mapped[:, :1], mapped[:, 1:])
    torch.testing.assert_close(found.detach(), wanted, atol=1e-5, rtol=0)
    assert main(["export", "elsewhere", "--to", "safetensors"]) == 0
    for folder in capsys.readouterr().out.split():
        assert holds_generator(tmp_path / folder / "g.safetensors")


def test_the_transform_refuses_what_is_no_image(shaken):
    with pytest.raises(InputError, match="A transform takes"):
        LearnedTransform(shaken("linear()", 3))("image")
