"""What is exported comes back from its own library with the same features."""

import json
import pickle

import numpy as np
import pytest
import safetensors
import torch

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.encoders import build_backbone, build_pair, export_encoders, save_encoder
from goodviews.encoders.detectron import detectron_names

RESNET = "resnet(depth=18, stem='imagenet')"
PASSPORT = {"views": "flip()", "seed": 0}


def images(channels=3, size=32):
    return torch.rand(4, channels, size, size, generator=torch.Generator().manual_seed(1))


def made(spec, channels=3, split=False):
    """An encoder whose statistics, running ones too, are not those of a fresh one."""
    first = second = images(channels)
    if split:
        first, second = first[:, :1], first[:, 1:]
    encoders = build_pair(spec, first, second, shared=not split, head="linear(dim=4)", seed=0)
    with torch.no_grad():
        encoders(first, second)
    return encoders.eval()


def normalised(told, x):
    mean, std = (torch.tensor(told[name])[:, None, None] for name in ("mean", "std"))
    return (x - mean) / std


def read(folder):
    assert json.loads((folder / "passport.json").read_text()) == PASSPORT
    return json.loads((folder / "export.json").read_text())


def same(features, encoders, x):
    with torch.no_grad():
        wanted = encoders.represent(x)
        found = torch.as_tensor(features)
    assert wanted.std() > 0.01
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "channels"), [(RESNET, 3), (RESNET, 2), ("timm('test_resnet')", 3)]
)
def test_timm_loads_its_folder(spec, channels, tmp_path):
    timm = pytest.importorskip("timm")
    encoders, x = made(spec, channels), images(channels)
    assert export_encoders(encoders, to="timm", out=tmp_path, passport=PASSPORT) == [tmp_path]
    net = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    told = read(tmp_path)
    config = timm.data.resolve_model_data_config(net)
    assert list(config["mean"]) == told["mean"]
    assert list(config["std"]) == told["std"]
    assert config["input_size"] == (channels, 32, 32)
    with torch.no_grad():
        same(net(normalised(config, x)), encoders, x)


@pytest.mark.parametrize(
    ("spec", "channels"),
    [
        (RESNET, 3),
        ("resnet18(stem='small')", 2),
        ("timm('resnet18')", 3),
        ("torchvision('squeezenet1_0')", 3),
        ("torchvision('shufflenet_v2_x0_5')", 3),
    ],
)
def test_torchvision_takes_the_state_dict_by_the_lines_that_go_with_it(spec, channels, tmp_path):
    torchvision = pytest.importorskip("torchvision")
    if "squeezenet" in spec:  # it ends in no linear layer, so there is no such backbone
        with pytest.raises(InputError, match="no linear layer"):
            made(spec)
        return
    encoders, x = made(spec, channels), images(channels)
    export_encoders(encoders, to="torchvision", out=tmp_path, passport=PASSPORT)
    told = read(tmp_path)
    names = {"torchvision": torchvision, "torch": torch}
    lines = "\n".join(told["load"]).replace("backbone.pth", str(tmp_path / "backbone.pth"))
    exec(lines, names)
    with torch.no_grad():
        same(names["net"].eval()(normalised(told, x)), encoders, x)


@pytest.mark.parametrize("spec", ["convnet(width=4)", "alexnet(width=0.1)", "mlp()"])
def test_safetensors_hold_any_backbone(spec, tmp_path):
    encoders, x = made(spec), images()
    export_encoders(encoders, to="safetensors", out=tmp_path, passport=PASSPORT)
    with safetensors.safe_open(tmp_path / "backbone.safetensors", "pt") as file:
        told = json.loads(file.metadata()["goodviews"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert {name: read(tmp_path)[name] for name in told} == told
    net = build_backbone(told["encoder"], channels=told["channels"], size=told["size"])
    getattr(net, "module", net).load_state_dict(weights)
    with torch.no_grad():
        same(net.eval()(normalised(told, x)), encoders, x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_onnx_runs_at_any_batch_with_the_normalisation_inside(tmp_path):
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=f"{name} is not installed: the extra export brings it")
    runtime = pytest.importorskip("onnxruntime", reason="the extra export brings onnxruntime")
    encoders = made("convnet(width=4)")
    export_encoders(encoders, to="onnx", out=tmp_path, passport=PASSPORT)
    assert read(tmp_path)["files"] == ["backbone.onnx"]
    session = runtime.InferenceSession(str(tmp_path / "backbone.onnx"))
    for count in (1, 4):
        x = images()[:count]
        (features,) = session.run(None, {"images": x.numpy()})
        same(features, encoders, x)


def listed(depth):
    """detectron2's names and shapes of a bottleneck network, from its documented layout."""
    norm = ("weight", "bias", "running_mean", "running_var")
    found = {"stem.conv1.weight": (64, 3, 7, 7)} | {f"stem.conv1.norm.{n}": (64,) for n in norm}
    inputs = 64
    for stage, blocks in enumerate({50: (3, 4, 6, 3)}[depth]):
        middle, out = 64 * 2**stage, 256 * 2**stage
        for block in range(blocks):
            at = f"res{stage + 2}.{block}"
            shapes = {"conv1": (middle, inputs, 1, 1), "conv2": (middle, middle, 3, 3),
                      "conv3": (out, middle, 1, 1)}  # fmt: skip
            if block == 0:
                shapes["shortcut"] = (out, inputs, 1, 1)
            for name, shape in shapes.items():
                found[f"{at}.{name}.weight"] = shape
                found |= {f"{at}.{name}.norm.{n}": shape[:1] for n in norm}
            inputs = out
    return found


def test_detectron2s_pickle_has_the_listed_names_shapes_and_colour_order(tmp_path):
    encoders = made("resnet(depth=50, stem='imagenet')")
    export_encoders(encoders, to="detectron2", out=tmp_path, passport=PASSPORT)
    file = pickle.loads((tmp_path / "backbone.pkl").read_bytes())
    assert file.keys() == {"model", "__author__", "matching_heuristics"}
    assert file["matching_heuristics"] is True
    arrays = file["model"]
    assert {name: array.shape for name, array in arrays.items()} == listed(50)
    assert all(type(array) is np.ndarray for array in arrays.values())
    told = read(tmp_path)
    assert told["loaded"] is False
    settings = told["load"]
    assert (settings["INPUT.FORMAT"], settings["MODEL.RESNETS.STRIDE_IN_1X1"]) == ("RGB", False)
    assert settings["MODEL.PIXEL_MEAN"] == pytest.approx([255 * value for value in told["mean"]])
    weights = encoders.backbones[0][1].module.state_dict()
    moved = detectron_names(weights)
    assert len(moved) == len(arrays)
    assert np.array_equal(
        arrays["res3.0.shortcut.weight"], weights["layer2.0.downsample.0.weight"]
    )
    assert np.array_equal(arrays["res5.2.conv3.norm.bias"], weights["layer4.2.bn3.bias"])


@pytest.mark.parametrize(
    ("spec", "to", "instead"),
    [
        ("convnet(width=4)", "timm", "type --to safetensors or --to onnx instead"),
        ("convnet(width=4)", "torchvision", "type --to safetensors or --to onnx instead"),
        ("convnet(width=4)", "detectron2", "takes resnets of full width"),
        ("resnet18(stem='small')", "timm", "no 3 x 3 stem; type --to torchvision or"),
        (
            "resnet18(width=0.125, stem='imagenet')",
            "torchvision",
            "type --to safetensors or --to onnx instead",
        ),
        ("timm('test_resnet')", "torchvision", "type --to timm or --to safetensors or"),
        ("convnet(width=4)", "tim", "Did you mean 'timm'"),
    ],
)
def test_a_format_that_cannot_hold_a_backbone_names_one_that_can(spec, to, instead, tmp_path):
    with pytest.raises(InputError, match=instead) as error:
        export_encoders(made(spec), to=to, out=tmp_path, passport={})
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_run_with_two_encoders_gives_two_folders(tmp_path, capsys):
    encoders = made("convnet(width=4)", split=True)
    save_encoder(tmp_path / "run" / "encoder.safetensors", encoders, about=PASSPORT)
    assert main(["export", str(tmp_path / "run"), "--to", "safetensors"]) == 0
    home = tmp_path / "run" / "export" / "safetensors"
    assert capsys.readouterr().out.split() == [str(home / "first"), str(home / "second")]
    assert [read(home / side)["channels"] for side in ("first", "second")] == [1, 2]


def test_the_verb_says_what_is_wrong(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--to", "onx"]) == 2
    assert "Did you mean 'onnx'" in capsys.readouterr().err
    assert main(["export", str(tmp_path), "--to", "onnx"]) == 2
    assert "There is no encoder" in capsys.readouterr().err
