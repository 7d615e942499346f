"""Generators elsewhere: a transform for torchvision's pipelines, and a graph for ONNX.

Letters: B examples, C channels, H and W pixels.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.core.files import write_bytes, write_json
from goodviews.views.generators.base import Generator
from goodviews.views.generators.linear import LinearGenerator
from goodviews.views.generators.saved import load_generator
from goodviews.views.interop import as_images


class LearnedTransform(nn.Module):
    """A frozen generator where a torchvision v2 transform is expected.

    Takes one image (C, H, W) or a batch (..., C, H, W), float in [0, 1] or uint8, or a PIL
    image. What follows the image (a label, a target) is handed through.

    Args:
        generator: Moved along by ``to``, and in the ``state_dict``.
        split: How many channels the first view takes; 0 gives all channels as one image.

    Raises:
        InputError: ``split`` leaves a view without a channel.

    Example:
        >>> from goodviews.views.generators import build_generator
        >>> transform = LearnedTransform(build_generator("vp()", 3), split=1)
        >>> (v1, v2), label = transform(torch.zeros(3, 8, 8, dtype=torch.uint8), 7)
        >>> v1.shape, v2.shape, label
        (torch.Size([1, 8, 8]), torch.Size([2, 8, 8]), 7)
    """

    def __init__(self, generator: Generator, *, split: int = 0) -> None:
        super().__init__()
        if not (type(split) is int and 0 <= split < generator.channels):
            raise InputError(
                f"split is {split!r}, but 0 for all channels, or 1 to {generator.channels - 1} "
                f"of {generator.channels} for the first view is wanted."
            )
        self.generator = generator.eval().requires_grad_(False)
        self.split = split

    def forward(self, image: Any, *others: Any) -> Any:
        """The mapped image, or a list of both views; with others, a tuple."""
        weight = next(self.generator.parameters())
        made = self.generator(as_images(image).to(weight))
        out = list(made.tensor_split([self.split], dim=-3)) if self.split else made
        return (out, *others) if others else out

    def extra_repr(self) -> str:
        """How many channels the first view takes."""
        return f"split={self.split}"


def export_transform(file: Path, hash: str = "", *, split: int = 0) -> LearnedTransform:
    """A generator's file as a transform.

    Args:
        file: What :func:`save_generator` wrote.
        hash: The hash it must have; any when empty.
        split: How many channels the first view takes; 0 gives all channels as one image.

    Returns:
        A plain module: put it into ``torchvision.transforms.v2.Compose``, after what expects
        an image.

    Raises:
        InputError: The file cannot be read, or ``split`` leaves a view without a channel.
    """
    return LearnedTransform(load_generator(file, hash)[0], split=split)


class _Matrix(nn.Module):
    """A linear generator with its matrix worked out; ONNX has no matrix exponential."""

    def __init__(self, generator: LinearGenerator) -> None:
        super().__init__()
        self.register_buffer("matrix", generator.matrix().detach())

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        return torch.einsum("dc,bchw->bdhw", self.matrix, images)


def export_generator(file: Path, *, to: str = "onnx", out: Path) -> Path:
    """Write a generator for other runtimes.

    Args:
        file: What :func:`save_generator` wrote.
        to: ``onnx``, the only one; the file itself is safetensors.
        out: The folder: ``generator.onnx``, ``export.json`` and ``passport.json``, its notes.

    Returns:
        The folder.

    Raises:
        InputError: The file cannot be read, the format is another, or a library is missing.
    """
    if to != "onnx":
        raise InputError(
            f"{Path(file).name} is a generator, which exports to onnx and not to {to}: type "
            f"--to onnx, or use goodviews.views.generators.export_transform."
        )
    generator, notes = load_generator(file)
    for name in ("onnx", "onnxscript"):
        need(name, "export")
    plain = _Matrix(generator) if isinstance(generator, LinearGenerator) else generator
    images = torch.rand(2, generator.channels, 8, 9)
    free = dict.fromkeys((0, 2, 3), torch.export.Dim.DYNAMIC)
    program = torch.onnx.export(
        plain.float().eval(), (images,), dynamo=True, verbose=False, optimize=True,
        input_names=["images"], output_names=["mapped"], dynamic_shapes=(free,),
    )  # fmt: skip
    assert program is not None
    told = {
        "format": to,
        "generator": generator.text,
        "channels": generator.channels,
        "files": ["generator.onnx"],
        "apply": "Pixels in [0, 1], (B, C, H, W) float32, of any size; split the mapped channels "
        "as the spec does.",
        "load": "onnxruntime.InferenceSession('generator.onnx').run(None, {'images': pixels})",
    }
    write_bytes(out / "generator.onnx", program.model_proto.SerializeToString())
    write_json(out / "export.json", told)
    write_json(out / "passport.json", notes)
    return out
