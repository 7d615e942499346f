"""Every backbone, its file and its exports take images that are not square."""

import json

import numpy as np
import pytest
import torch

from goodviews.cli.main import main
from goodviews.encoders import build_pair, load_encoder, save_encoder
from goodviews.encoders.maps import Maps
from goodviews.encoders.pair import BACKBONES
from goodviews.evaluation import open_encoder
from goodviews.jobs.embed import embed
from goodviews.jobs.pretrain import pretrain

SIZES = [(32, 64), (64, 32)]
SPECS = {
    "alexnet": "alexnet(width=0.1)",
    "convnet": "convnet(width=4)",
    "halves": "halves(backbone='convnet(width=4)', groups=(1, 2))",
    "mlp": "mlp(width=8)",
    "resnet": "resnet(depth=18, width=0.1)",
    "resnet18": "resnet18(width=0.1)",
    "resnet50": "resnet50(width=0.1)",
    "timm": "timm('test_resnet')",
    "torchvision": "torchvision('mobilenet_v3_small')",
}


def test_every_backbone_is_tried():
    assert set(SPECS) == set(BACKBONES)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_every_backbone_takes_rectangles_and_its_file_gives_the_same(name, size, tmp_path):
    views = torch.rand(2, 4, 3, *size)
    encoders = build_pair(SPECS[name], *views, shared=True, head="linear(dim=3)", seed=0).eval()
    found = encoders.represent(views[0])
    assert found.shape == (4, encoders.features)
    assert found.isfinite().all()
    save_encoder(tmp_path / "encoder.safetensors", encoders, about={})
    again, _ = load_encoder(tmp_path / "encoder.safetensors")
    assert torch.equal(again.represent(views[0]), found)


@pytest.mark.parametrize("size", SIZES)
def test_a_transformer_of_one_size_takes_the_rectangle_that_it_is_made_for(size):
    spec = f"timm('test_vit', img_size={size})"
    views = torch.rand(2, 4, 3, *size)
    encoders = build_pair(spec, *views, shared=True, head="linear(dim=3)", seed=0).eval()
    assert encoders.represent(views[0]).isfinite().all()
    opened = open_encoder(spec, channels=3, size=size, count=4)
    assert opened.embed(views[0], torch.arange(4)).shape == (4, encoders.features)


@pytest.mark.parametrize("size", SIZES)
def test_maps_have_the_shape_of_the_image(size):
    views = torch.rand(2, 4, 3, *size)
    encoders = build_pair("convnet(width=4)", *views, shared=True, head="identity()", seed=0)
    coarsest = Maps(encoders.backbones[0][1], (3, *size))(views[0])[-1]
    height, width = coarsest.shape[-2:]
    assert height * size[1] == width * size[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on images of 24 x 40 pixels."""
    place = tmp_path_factory.mktemp("rectangles")
    images = np.random.default_rng(0).integers(0, 255, (80, 24, 40, 3), dtype=np.uint8)
    np.savez(place / "few.npz", images=images, labels=np.arange(80) % 2)
    options = {
        "backbone": "resnet18(stem='imagenet')",
        "epochs": 1,
        "batch": 40,
        "changes": {"head": "8"},
    }
    pretrain(place / "few.npz", out=place / "run", **options)
    return place


@pytest.mark.parametrize("to", ["timm", "torchvision", "safetensors"])
def test_a_run_on_rectangles_is_exported(run, to, tmp_path):
    assert main(["export", str(run / "run"), "--to", to, "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "export.json").read_text())
    assert told["size"] == [24, 40]


def test_a_run_on_rectangles_is_exported_to_onnx(run, tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    assert main(["export", str(run / "run"), "--to", "onnx", "--out", str(tmp_path / "out")]) == 0
    session = runtime.InferenceSession(tmp_path / "out" / "backbone.onnx")
    x = np.random.default_rng(0).random((3, 3, 24, 40), dtype=np.float32)
    encoders, _ = load_encoder(run / "run")
    with torch.no_grad():
        true = encoders.represent(torch.from_numpy(x)).numpy()
    assert session.run(None, {"images": x})[0] == pytest.approx(true, abs=1e-4)


def test_a_run_on_rectangles_is_embedded_with_patch_maps(run, tmp_path):
    made = embed(run / "run", run / "few.npz", out=tmp_path / "z.npz", patches=True)
    height, width = made.patches.shape[-2:]
    assert made.representations.shape[0] == 80
    assert height < width
