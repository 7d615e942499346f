"""The job ``embed``: an encoder and images in; a file of their representations out.

Letters: N images, F representation, h w places of a patch map.
"""

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.files import DAMAGED, write_bytes
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Data, Groups, Images, Labels
from goodviews.data.cache import row_names
from goodviews.data.size import SizeLike
from goodviews.evaluation.encoders import Encoder
from goodviews.evaluation.openers import load_like, open_encoder
from goodviews.jobs.embed.patches import patch_maps
from goodviews.training.machine import check_device

_BATCH = 256


@dataclass(frozen=True, eq=False)
class Embedding:
    """Representations of images in a file.

    Attributes:
        file: The ``.npz`` file.
        names: (N,) name of each image: its path below the data folder, or its number.
        representations: (N, F) float32.
        patches: (N, F', h, w) float16, or ``None``.

    Example:
        >>> made = Embedding(Path("z.npz"), np.array(["0"]), np.zeros((1, 8)), None)
        >>> print(made)
        1 image, 8 features each: z.npz
    """

    file: Path
    names: np.ndarray
    representations: np.ndarray
    patches: np.ndarray | None

    def __str__(self) -> str:
        count, features = self.representations.shape
        text = f"{count:,} image{'' if count == 1 else 's'}, {features:,} features each"
        if self.patches is not None:
            text += f", patch maps of {' x '.join(map(str, self.patches.shape[1:]))}"
        return f"{text}: {self.file}"


@draws_progress
def embed(
    encoder: Any,
    data: Data = None,
    *,
    out: str | Path = "z.npz",
    patches: bool = False,
    labels: Labels = None,
    groups: Groups = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    device: str = "auto",
    progress: bool | Report | None = None,
) -> Embedding:
    """Write the representations of images, with their names and labels, to a file.

    The file holds ``names`` (N,), ``representations`` (N, F) float32, for each task ``label_TASK``
    (N,) class numbers (-1 where there is none) and ``classes_TASK``, ``groups`` (N,) where images
    have groups, and ``patches`` (N, F', h, w) float16 where they were asked for. The page of
    ``goodviews report --embedding`` and ``goodviews evaluate`` read it.

    Args:
        encoder: An encoder in any form that :func:`goodviews.evaluate` accepts.
        data: Images in any form that :func:`goodviews.load` accepts.
        out: The file, or a folder for ``z.npz``.
        patches: Whether the output of the last layer with places is written too.
        labels: Labels in any form that :func:`goodviews.load` accepts.
        groups: Column of the labels that holds the group of each image, or (N,) groups.
        size: Height and width to resize the images to, in pixels.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or another that torch knows.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        The file and its content.

    Raises:
        InputError: The encoder cannot be opened, cannot take these images, or has no patch maps;
            or the file exists and is not that of an embedding.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     made = embed("pixels", "digits", out=folder)
        >>> made.representations.shape, made.names[:2].tolist()
        ((1797, 256), ['0', '1'])
    """
    check_device(device)
    found = "cuda" if torch.cuda.is_available() else "cpu"
    where = torch.device(found if device == "auto" else device)
    target = Path(out) if Path(out).suffix == ".npz" else Path(out) / "z.npz"
    if target.exists() and not _is_embedding(target):
        raise InputError(
            f"{target} already exists and was not written by goodviews embed; choose another file "
            "with --out."
        )
    images = load_like(
        encoder,
        data,
        labels=labels,
        groups=groups,
        size=size,
        channels=channels,
        value_range=value_range,
        root=root,
    )
    opened = open_encoder(
        encoder,
        channels=images.channels,
        size=(images.height, images.width),
        count=len(images),
        device=where,
    )
    if patches and opened.module is None:
        raise InputError(f"{opened.name} has no layers, so no patch maps; leave out --patches.")
    if opened.module is not None:
        opened.module.to(where)
    arrays = _arrays(images, opened, where, patches, as_report(progress))
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_bytes(target, content.getvalue())
    return Embedding(target, arrays["names"], arrays["representations"], arrays.get("patches"))


def _is_embedding(path: Path) -> bool:
    """Whether a file was written by this job, and may be written again."""
    with suppress(*DAMAGED), np.load(path, allow_pickle=False) as file:
        return {"names", "representations"} <= set(file.files)
    return False


def _arrays(
    images: Images, encoder: Encoder, device: torch.device, patches: bool, report: Report
) -> dict[str, Any]:
    """Everything that the file holds, by name."""
    made, maps = [], []
    for start in range(0, len(images), _BATCH):
        report("images embedded", start, len(images))
        rows = np.arange(start, min(start + _BATCH, len(images)))
        pixels = images.batch(rows, device)
        with torch.no_grad():
            made.append(encoder.embed(pixels, torch.from_numpy(rows)).float().cpu().numpy())
        if patches and encoder.module is not None:
            maps.append(patch_maps(encoder.module, pixels).cpu().numpy().astype(np.float16))
    report("images embedded", len(images), len(images))
    arrays: dict[str, Any] = {
        "names": np.array(row_names(images)),
        "representations": np.concatenate(made),
    }
    if not np.isfinite(arrays["representations"]).all():
        raise InputError(f"{encoder.name} gives values that are not finite: train it again.")
    for task, column in images.labels.items():
        arrays[f"label_{task}"] = column
        arrays[f"classes_{task}"] = np.array(images.classes[task])
    arrays |= {} if images.groups is None else {"groups": images.groups}
    return arrays | ({"patches": np.concatenate(maps)} if maps else {})
