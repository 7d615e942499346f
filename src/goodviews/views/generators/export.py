"""Export of generators: as a transform for torchvision, and as an ONNX graph.

Letters: B examples, C channels, H and W pixels.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.core.files import write_bytes, write_json
from goodviews.core.onnx import onnx_bytes
from goodviews.views.generators.base import Generator
from goodviews.views.generators.linear import LinearGenerator
from goodviews.views.generators.storage import load_generator
from goodviews.views.interop import as_images


class LearnedTransform(nn.Module):
    """Frozen generator as a torchvision v2 transform.

    It accepts an image (C, H, W) or a batch (..., C, H, W), float in [0, 1] or uint8, or a PIL
    image. Further arguments (a label, a target) are returned unchanged.

    Args:
        generator: Generator, which is a submodule of the transform.
        split: Number of channels of the first view; 0 returns all channels as one image.

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
                f"split is {split!r}, but must be 0 for all channels, or from 1 to "
                f"{generator.channels - 1} of {generator.channels} for the first view."
            )
        self.generator = generator.eval().requires_grad_(False)
        self.split = split

    def forward(self, image: Any, *others: Any) -> Any:
        """Return the mapped image, or a list of both views; with further arguments, a tuple."""
        weight = next(self.generator.parameters())
        made = self.generator(as_images(image).to(weight))
        out = list(made.tensor_split([self.split], dim=-3)) if self.split else made
        return (out, *others) if others else out

    def extra_repr(self) -> str:
        """Return the number of channels of the first view."""
        return f"split={self.split}"


def export_transform(file: Path, hash: str = "", *, split: int = 0) -> LearnedTransform:
    """Load the file of a generator as a transform.

    Args:
        file: File written by :func:`save_generator`.
        hash: Expected hash; if empty, it is not checked.
        split: Number of channels of the first view; 0 returns all channels as one image.

    Returns:
        Module for ``torchvision.transforms.v2.Compose``, to use after the transforms that
        expect an image.

    Raises:
        InputError: The file cannot be read, or ``split`` leaves a view without a channel.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.views.generators import build_generator, save_generator
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "g.safetensors"
        ...     name = save_generator(file, build_generator("vp()", 3), {})
        ...     transform = export_transform(file, name, split=1)
        >>> [view.shape for view in transform(torch.zeros(3, 8, 8))]
        [torch.Size([1, 8, 8]), torch.Size([2, 8, 8])]
    """
    return LearnedTransform(load_generator(file, hash)[0], split=split)


class _Matrix(nn.Module):
    """Linear generator with a constant matrix, because ONNX has no matrix exponential."""

    def __init__(self, generator: LinearGenerator) -> None:
        super().__init__()
        self.register_buffer("matrix", generator.matrix().detach())

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W)."""
        return torch.einsum("dc,bchw->bdhw", self.matrix, images)


def export_generator(file: Path, *, to: str = "onnx", out: Path) -> Path:
    """Export a generator for other runtimes.

    Args:
        file: File written by :func:`save_generator`.
        to: Format, only ``onnx``; the file itself is in the safetensors format.
        out: Folder for ``generator.onnx``, ``export.json`` and ``passport.json`` (the notes).

    Returns:
        Folder of the export.

    Raises:
        InputError: The file cannot be read, the format is unknown, or a library is missing.

    Example:
        >>> export_generator(Path("g.safetensors"), to="timm", out=Path("export"))
        Traceback (most recent call last):
        goodviews.core.errors.InputError: g.safetensors is a generator, which ...
    """
    if to != "onnx":
        raise InputError(
            f"{Path(file).name} is a generator, which exports to onnx and not to {to}; type "
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
    write_bytes(out / "generator.onnx", onnx_bytes(program))
    write_json(out / "export.json", told)
    write_json(out / "passport.json", notes)
    return out
