"""Boxes and masks in the layout of COCO: a JSON file with images, categories and annotations.

Letters: n objects of one image, H W one image, N images.
"""

import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.cells import hashed
from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.core.files import read_json
from goodviews.data.targets.objects import Dropped, checked_boxes
from goodviews.data.targets.scenes import Scenes, Target, image_size, listed, part_of

_NEEDED = ("images", "annotations", "categories")


def coco_content(file: Path) -> dict[str, Any] | None:
    """The content of a JSON file of instances; nothing where it holds something else.

    Raises:
        InputError: It holds images, but lacks annotations or categories.
    """
    found = read_json(file)
    if not isinstance(found, dict) or not isinstance(found.get("images"), list):
        return None
    lacks = [key for key in _NEEDED if not isinstance(found.get(key), list)]
    if lacks:
        raise InputError(
            f"{file} lists images, but has no {' and no '.join(lacks)}; a COCO file needs "
            f"images, annotations and categories."
        )
    some = found["annotations"]
    return found if not some or "bbox" in some[0] else None


def read_coco(
    contents: dict[Path, dict[str, Any]], images: dict[str, Path], *, kind: str | None, name: str
) -> Scenes:
    """Read the instances of one or several JSON files, one for each part.

    Class ids may have gaps; classes are in the order of their ids.

    Args:
        contents: File to its content.
        images: Name of a picture, with and without its folder, to its file.
        kind: ``boxes`` or ``masks`` (default: masks where all instances have one).
        name: Name of the set.

    Raises:
        InputError: A picture is missing, an annotation is damaged, or there are no masks for
            ``kind="masks"``.
    """
    try:
        merged = _merge(contents, images)
        outlines = [one.get("segmentation") for _, found in merged for one in found[1]]
        if kind == "masks" and not all(outlines):
            raise InputError(
                f"{sum(not one for one in outlines):,} annotations of {name} have no mask "
                f"(segmentation); use --target boxes."
            )
        kind = kind or ("masks" if outlines and all(outlines) else "boxes")
        return _scenes(merged, contents, images, kind, name)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(
            f"The annotations of {name} are damaged ({type(error).__name__}: {error}); each needs "
            f"image_id, category_id and bbox, and each image id and file_name."
        ) from error


def _merge(
    contents: dict[Path, dict[str, Any]], images: dict[str, Path]
) -> list[tuple[str, tuple[dict[str, Any], list[dict[str, Any]]]]]:
    """The part of each image, the image, and its annotations."""
    merged = []
    missing = []
    for file, content in contents.items():
        part = part_of(file.stem.replace("_", "/").replace("-", "/"))
        of: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for one in content["annotations"]:
            of[one["image_id"]].append(one)
        for image in content["images"]:
            if image["file_name"] not in images:
                missing.append(str(image["file_name"]))
            merged.append((part, (image, of[image["id"]])))
    if missing:
        raise InputError(
            f"{len(missing):,} images that {', '.join(one.name for one in contents)} names are "
            f"missing ({listed(missing)}); put them below the same folder."
        )
    return merged


def _scenes(
    merged: list[tuple[str, tuple[dict[str, Any], list[dict[str, Any]]]]],
    contents: dict[Path, dict[str, Any]],
    images: dict[str, Path],
    kind: str,
    name: str,
) -> Scenes:
    names = {
        c["id"]: str(c["name"]) for content in contents.values() for c in content["categories"]
    }
    used = {one["category_id"] for _, (_, found) in merged for one in found}
    if unknown := sorted(used - set(names)):
        raise InputError(f"The category {unknown[0]} of an annotation of {name} is not listed.")
    order = sorted(names)
    if not used:
        raise InputError(f"There is no box in the annotations of {name}.")
    number = {one: place for place, one in enumerate(order)}
    dropped, targets, outlines = Dropped(), [], []
    for _, (image, found) in merged:
        file = images[image["file_name"]]
        size = image_size(file)
        if kind == "masks" and (image.get("height", size[0]), image.get("width", size[1])) != size:
            raise InputError(
                f"{file.name} has {size[0]} x {size[1]} pixels, but its masks have "
                f"{image['height']} x {image['width']}."
            )
        boxes = np.array([one["bbox"] for one in found], dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        target, kept = checked_boxes(
            boxes,
            np.array([number[one["category_id"]] for one in found], dtype=np.int64),
            np.array([bool(one.get("iscrowd")) for one in found], dtype=bool),
            size=size,
            name=file.stem,
            dropped=dropped,
        )
        targets.append(target)
        outlines.append((size, [found[k].get("segmentation") for k in np.flatnonzero(kept)]))
    notes = dropped.notes()
    if order != list(range(order[0], order[0] + len(order))):
        notes.append("Class ids have gaps; classes are numbered in the order of their ids.")

    def read(place: int) -> Target:
        target = targets[place]
        if kind == "boxes":
            return target
        size, lines = outlines[place]
        masks = [_mask(one, size, merged[place][1][0]["file_name"]) for one in lines]
        stacked = np.stack(masks) if masks else np.zeros((0, *size), dtype=bool)
        return Target(target.boxes, target.classes, target.crowd, stacked)

    files = tuple(images[image["file_name"]] for _, (image, _) in merged)
    return Scenes(
        name,
        kind,
        tuple(names[one] for one in order),
        files,
        tuple(part for part, _ in merged),
        read,
        tuple(notes),
        hashed(kind, [found for _, found in merged]),
    )


def _mask(outline: Any, size: tuple[int, int], name: str) -> np.ndarray:
    """A polygon or run-length code as (H, W) bool."""
    counts = outline.get("counts") if isinstance(outline, dict) else None
    if isinstance(counts, list):
        runs = np.asarray(counts, dtype=np.int64)
        if runs.sum() == size[0] * size[1] and (runs >= 0).all():
            flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
            return flat.reshape(size[1], size[0]).T
        raise InputError(
            f"A mask of {name} is broken: its run lengths add up to {int(runs.sum()):,}, but the "
            f"image has {size[0]} x {size[1]} pixels."
        )
    codes = need("pycocotools.mask", "transfer")
    try:
        coded = codes.merge(codes.frPyObjects(outline, *size)) if counts is None else outline
        with warnings.catch_warnings():  # of its array type, from NumPy 2 on
            warnings.simplefilter("ignore", DeprecationWarning)
            made: np.ndarray = codes.decode(coded).astype(bool)
    except (ValueError, TypeError, RuntimeError, IndexError, AssertionError) as error:
        raise InputError(f"A mask of {name} is broken: {error}.") from error
    if made.shape != size:
        raise InputError(
            f"A mask of {name} has {made.shape[0]} x {made.shape[1]} pixels, but the image has "
            f"{size[0]} x {size[1]}."
        )
    return made
