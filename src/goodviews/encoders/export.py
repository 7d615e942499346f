"""Export of backbones to other libraries.

An export is a folder with the weights, ``export.json`` (normalisation of pixels, and code that
loads the weights) and ``passport.json`` (settings and data of the training). Projectors are not
exported.
Letters: B images, C channels, H and W pixels, F representation.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.core.extras import need
from goodviews.core.files import write_bytes, write_json
from goodviews.core.onnx import onnx_bytes
from goodviews.encoders.adapt import Backbone, Size, sides
from goodviews.encoders.detectron import detectron_names, detectron_settings, pickle_arrays
from goodviews.encoders.libraries import LAYERS
from goodviews.encoders.pair import PairEncoder
from goodviews.spec.grammar import parse_spec

ANY = ("safetensors", "onnx")
"""Formats that can hold every backbone."""


class Side(NamedTuple):
    """One encoder of a pair, with its spec and the shape of its images."""

    whole: nn.Sequential
    """Normalisation and backbone."""
    spec: str
    channels: int
    size: Size

    @property
    def net(self) -> nn.Module:
        """Module of the library, without the wrapper of goodviews."""
        part = self.whole[1]
        return part.module if isinstance(part, Backbone) else part

    @property
    def features(self) -> int:
        """Number of features F of the backbone."""
        return int(self.whole[1].features)  # type: ignore[arg-type]

    @property
    def weights(self) -> dict[str, Tensor]:
        """Weights of the backbone, by their names in its library."""
        return {name: value.contiguous() for name, value in self.net.state_dict().items()}

    def statistics(self) -> dict[str, list[float]]:
        """Mean and standard deviation of each channel, for pixels in [0, 1]."""
        first = self.whole[0]
        return {name: getattr(first, name).flatten().tolist() for name in ("mean", "std")}


class Network(NamedTuple):
    """A network by its name in a library."""

    library: str
    name: str
    options: dict[str, Any]
    stem: str
    width: float


def export_encoders(
    encoders: PairEncoder, *, to: str, out: Path, passport: dict[str, Any]
) -> list[Path]:
    """Write the backbones of a run for another library.

    Args:
        encoders: Encoders in evaluation mode that were built from a spec.
        to: Format: ``timm``, ``torchvision``, ``safetensors``, ``onnx`` or ``detectron2``.
        out: Folder of the export; two encoders are stored in its subfolders ``first`` and
            ``second``.
        passport: JSON data on the training, stored with the weights.

    Returns:
        Folders that were written.

    Raises:
        InputError: The format is unknown or cannot hold this backbone, or a library that it
            needs is not installed.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.encoders import build_empty
        >>> made = build_empty(encoder="convnet()", head="linear(dim=5)", channels=[3], sizes=[8])
        >>> with TemporaryDirectory() as folder:
        ...     home = Path(folder)
        ...     [out] = export_encoders(made.eval(), to="safetensors", out=home, passport={})
        ...     sorted(file.name for file in out.iterdir())
        ['backbone.safetensors', 'export.json', 'passport.json']
    """
    if to not in FORMATS:
        raise unknown("format", to, FORMATS)
    made_of = encoders.made_of
    if not made_of:
        raise InputError(
            "Only encoders built from a spec can be exported; save the state_dict instead."
        )
    shapes = zip(encoders.backbones, made_of["channels"], made_of["sizes"], strict=True)
    sides = [Side(whole, made_of["encoder"], c, size) for whole, c, size in shapes]  # type: ignore[arg-type]
    names = [""] if len(sides) == 1 else ["first", "second"]
    made = []
    for name, side in zip(names, sides, strict=True):
        folder = out / name
        told = {
            "format": to,
            "encoder": side.spec,
            "view": name or "both",
            "views": passport.get("views") or "",
            "channels": side.channels,
            "size": side.size,
            "features": side.features,
            **side.statistics(),
            "apply": "Pixels in [0, 1], channels first, RGB where there are three; then subtract "
            "mean and divide by std of each channel.",
            **FORMATS[to](side, folder),
        }
        write_json(folder / "export.json", told)
        write_json(folder / "passport.json", passport)
        made.append(folder)
    return made


def _timm(side: Side, folder: Path) -> dict[str, Any]:
    """Write ``config.json`` and ``model.safetensors``, as on the hub of timm."""
    network = _network(side)
    fits = network.library == "timm" or (network.library == "resnet" and network.width == 1)
    if not fits:
        more = ("torchvision",) if network.library == "torchvision" else ()
        raise _cannot("timm", side, (*more, *ANY))
    if network.stem == "small":
        raise _cannot("timm", side, ("torchvision", *ANY), "whose resnets have no 3 x 3 stem")
    shape = [side.channels, *sides(side.size)]
    config = {
        "architecture": network.name,
        "num_classes": 0,
        "num_features": side.features,
        "model_args": {"in_chans": side.channels, "num_classes": 0, **network.options},
        "pretrained_cfg": {
            "tag": "goodviews", "custom_load": False, "input_size": shape,
            "fixed_input_size": False, "interpolation": "bicubic", "crop_pct": 1.0,
            "crop_mode": "center", **side.statistics(), "num_classes": 0,
        },
    }  # fmt: skip
    data = safetensors.torch.save(side.weights, metadata={"format": "pt"})
    write_bytes(folder / "model.safetensors", data)
    write_json(folder / "config.json", config)
    return {
        "files": ["config.json", "model.safetensors"],
        "load": "timm.create_model('local-dir:FOLDER', pretrained=True)",
    }


def _torchvision(side: Side, folder: Path) -> dict[str, Any]:
    """Write a state dict by the names of torchvision, without the last linear layer."""
    network = _network(side)
    ours = network.library in ("resnet", "timm") and _depth(network.name) is not None
    plain = network.width == 1 and set(network.options) <= {"pretrained", "weights"}
    if network.library != "torchvision" and not (ours and plain):
        more = ("timm",) if network.library == "timm" else ()
        raise _cannot("torchvision", side, (*more, *ANY))
    lines = [f"net = torchvision.models.get_model({network.name!r})"]
    first, last = _ends(network.name)
    if network.stem == "small":
        lines.append(f"net.conv1 = torch.nn.Conv2d({side.channels}, 64, 3, padding=1, bias=False)")
        lines.append("net.maxpool = torch.nn.Identity()")
    elif side.channels != 3:
        lines.append(f"net.set_submodule({first!r}, CONVOLUTION)  # of {side.channels} channels")
    lines.append(f"net.set_submodule({last!r}, torch.nn.Identity())")
    lines.append("net.load_state_dict(torch.load('backbone.pth', weights_only=True))")
    buffer = io.BytesIO()
    torch.save(side.weights, buffer)
    write_bytes(folder / "backbone.pth", buffer.getvalue())
    return {"files": ["backbone.pth"], "load": lines}


def _safetensors(side: Side, folder: Path) -> dict[str, Any]:
    """Write the weights of any backbone, with its spec in the metadata of the file."""
    told = {"encoder": side.spec, "channels": side.channels, "size": side.size}
    text = json.dumps({**told, **side.statistics()})
    data = safetensors.torch.save(side.weights, metadata={"format": "pt", "goodviews": text})
    write_bytes(folder / "backbone.safetensors", data)
    return {
        "files": ["backbone.safetensors"],
        "load": "safetensors.torch.load_file('backbone.safetensors')",
    }


def _onnx(side: Side, folder: Path) -> dict[str, Any]:
    """Write a graph from images in [0, 1] to representations, including the normalisation."""
    for name in ("onnx", "onnxscript"):
        need(name, "export")
    images = torch.rand(2, side.channels, *sides(side.size))
    program = torch.onnx.export(
        side.whole.eval(), (images,), dynamo=True, verbose=False, optimize=True,
        input_names=["images"], output_names=["representation"],
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    )  # fmt: skip
    assert program is not None
    write_bytes(folder / "backbone.onnx", onnx_bytes(program))
    return {
        "files": ["backbone.onnx"],
        "apply": "Pixels in [0, 1], (B, C, H, W) float32; the normalisation is in the graph.",
        "load": "onnxruntime.InferenceSession('backbone.onnx').run(None, {'images': pixels})",
    }


def _detectron2(side: Side, folder: Path) -> dict[str, Any]:
    """Write a pickle of arrays by the names of detectron2."""
    network = _network(side)
    depth = _depth(network.name)
    if depth is None or network.width != 1 or network.stem == "small" or side.channels != 3:
        raise _cannot(
            "detectron2", side, ANY, "which takes resnets of full width, stem and three channels"
        )
    arrays = {name: value.numpy() for name, value in detectron_names(side.weights).items()}
    write_bytes(folder / "backbone.pkl", pickle_arrays(arrays))
    return {
        "files": ["backbone.pkl"],
        "apply": "detectron2 does it: pixels from 0 to 255 in the order of INPUT.FORMAT.",
        "load": detectron_settings(depth, **side.statistics()),
        "loaded": False,
        "note": "Checked in C4 and FPN models of torchvision, not in detectron2.",
    }


FORMATS: dict[str, Callable[[Side, Path], dict[str, Any]]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "safetensors": _safetensors,
    "onnx": _onnx,
    "detectron2": _detectron2,
}
"""Formats of ``--to``: each function writes the files of one side and returns how to load them."""


def _network(side: Side) -> Network:
    call = parse_spec(side.spec)[0]
    options = dict(call.kwargs)
    if call.name in ("timm", "torchvision"):
        drop = ("pretrained", "weights")
        kept = {name: value for name, value in options.items() if name not in drop}
        return Network(call.name, str(call.args[0]), kept, "imagenet", 1)
    if not call.name.startswith("resnet"):
        return Network(call.name, call.name, options, "", 1)
    depth = options.get("depth", call.name.removeprefix("resnet") or 18)
    stem, width = options.get("stem", "small"), options.get("width", 1)
    return Network("resnet", f"resnet{depth}", {}, stem, width)


def _depth(name: str) -> int | None:
    """Depth of a plain residual network, or None for other networks."""
    known = {f"resnet{depth}": depth for depth in LAYERS}
    return known.get(name)


def _ends(name: str) -> tuple[str, str]:
    """Names of the first convolution and the last linear layer of a network in torchvision."""
    import torchvision

    with torch.device("meta"):
        net = torchvision.models.get_model(name)
    first = next(path for path, part in net.named_modules() if isinstance(part, nn.Conv2d))
    last = [path for path, part in net.named_modules() if isinstance(part, nn.Linear)][-1]
    return first, last


def _cannot(to: str, side: Side, instead: tuple[str, ...], why: str = "") -> InputError:
    why = f", {why}" if why else ""
    return InputError(
        f"{side.spec} is not a network of {to}{why}; "
        f"type --to {' or --to '.join(instead)} instead."
    )
