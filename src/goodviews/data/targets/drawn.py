"""Drawn scenes as a folder with all kinds of targets: boxes, masks, pixels and depth, all exact.

Letters: n objects of one image, H W one image.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from goodviews.core.files import write_json
from goodviews.worlds.scenes import ShapeScenes
from goodviews.worlds.shapes import FORMS

_BATCH = 64
_MILLI = 1000
"""Steps of depth in a unit."""


def write_drawn_scenes(
    folder: str | Path, *, train: int, test: int, side: int = 64, objects: int = 4, seed: int = 0
) -> Path:
    """Write scenes of :class:`goodviews.worlds.ShapeScenes`, unless the folder has them.

    ``train`` and ``test`` have ``images``, ``labels`` (classes of pixels, 0 for the background),
    ``depth`` (in thousandths) and ``instances_train.json`` or ``instances_test.json`` in the
    layout of COCO (boxes and masks of the visible parts); :func:`goodviews.data.read_scenes`
    reads them.

    Args:
        folder: Where they go.
        train: Number of scenes to train on.
        test: Number of scenes to test on.
        side: Side in pixels.
        objects: Objects of a scene.
        seed: Random seed of the world.

    Returns:
        The folder.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.data import read_scenes, write_drawn_scenes
        >>> with TemporaryDirectory() as place:
        ...     folder = write_drawn_scenes(place, train=2, test=1, side=16)
        ...     scenes = read_scenes(folder, target="depth")
        ...     scenes.parts, float(scenes.pixels(0).max())
        (('test', 'train', 'train'), 4000.0)
    """
    root, world, first = Path(folder), ShapeScenes(side=side, objects=objects), 0
    for part, count in (("train", train), ("test", test)):
        if not _list_of(root / part).is_file():
            _write_part(root / part, world, range(first, first + count), seed)
        first += count
    return root


def _write_part(folder: Path, world: ShapeScenes, numbers: range, seed: int) -> None:
    for name in ("images", "labels", "depth"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    pictures: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for some in torch.tensor(list(numbers)).split(_BATCH):
        made = world.sample(some, seed=seed)
        pixels = (made.images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        classes = made.classes.to(torch.uint8).numpy()
        depth = (made.depth * _MILLI).round().numpy().astype(np.uint16)
        for k, number in enumerate(some.tolist()):
            name = f"{number:06}.png"
            for where, values in (("images", pixels), ("labels", classes), ("depth", depth)):
                Image.fromarray(values[k]).save(folder / where / name)
            size = {"height": world.side, "width": world.side}
            pictures.append({"id": number, "file_name": f"images/{name}", **size})
            for form, box, mask in zip(made.forms[k], made.boxes[k], made.masks[k], strict=True):
                left, top, right, bottom = box.tolist()
                if right > left:
                    objects.append(
                        {
                            "id": len(objects) + 1,
                            "image_id": number,
                            "category_id": int(form) + 1,
                            "bbox": [left, top, right - left, bottom - top],
                            "area": int(mask.sum()),
                            "iscrowd": 0,
                            "segmentation": {
                                "size": [world.side, world.side],
                                "counts": _runs(mask.numpy()),
                            },
                        }
                    )
    names = [{"id": k + 1, "name": name} for k, name in enumerate(FORMS)]
    content = {"images": pictures, "annotations": objects, "categories": names}
    write_json(_list_of(folder), content)


def _list_of(folder: Path) -> Path:
    """File of the objects of a part; its name says which part, as that of COCO."""
    return folder / f"instances_{folder.name}.json"


def _runs(mask: np.ndarray) -> list[int]:
    """Lengths of runs of a mask (H, W), column by column, the first of them outside."""
    line = np.concatenate([[0], mask.T.ravel().astype(np.int8)])
    changes = np.flatnonzero(np.diff(line)) if len(line) > 1 else np.zeros(0, dtype=int)
    ends = np.concatenate([changes, [mask.size]])
    return [int(one) for one in np.diff(ends, prepend=0)]
