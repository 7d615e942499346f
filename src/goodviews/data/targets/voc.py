"""Boxes in the layout of PASCAL VOC: one XML file for each image, and lists of the parts.

Letters: n objects of one image, N images.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from goodviews.core.cells import hashed
from goodviews.core.errors import InputError
from goodviews.core.files import read_text
from goodviews.data.targets.objects import Dropped, checked_boxes
from goodviews.data.targets.scenes import Scenes, Target, image_size, listed, part_of


def read_voc(files: list[Path], images: dict[str, Path], *, root: Path, name: str) -> Scenes:
    """Read the boxes of XML files; coordinates are taken as they are written.

    Args:
        files: XML files, one for each image.
        images: Stem of a picture to its file.
        root: Folder of the set; ``ImageSets`` below it names the parts.
        name: Name of the set.

    Returns:
        The images that have a picture, in order of the files.

    Raises:
        InputError: A file is not such an annotation, or its picture is missing.
    """
    dropped = Dropped()
    raw = [(file, *_read(file)) for file in files]
    missing = [file.name for file, *_ in raw if file.stem not in images]
    if missing:
        raise InputError(
            f"{len(missing):,} annotations in {name} have no picture of the same name "
            f"({listed(missing)}); put the pictures in JPEGImages, beside Annotations."
        )
    classes = tuple(sorted({label for _, labels, _ in raw for label in labels}))
    if not classes:
        raise InputError(f"There is no box in the {len(files):,} annotations of {name}.")
    targets: list[Target] = []
    for file, labels, boxes in raw:
        number = np.array([classes.index(one) for one in labels], dtype=np.int64)
        size = image_size(images[file.stem])
        target, _ = checked_boxes(
            boxes,
            number,
            np.zeros(len(number), dtype=bool),
            size=size,
            name=file.stem,
            dropped=dropped,
        )
        targets.append(target)
    parts = _parts(root)
    pictures = tuple(images[file.stem] for file, *_ in raw)
    return Scenes(
        name,
        "boxes",
        classes,
        pictures,
        tuple(parts.get(one.stem) or part_of(str(one.relative_to(root))) for one in pictures),
        targets.__getitem__,
        tuple(dropped.notes()),
        hashed([(file.stem, labels, boxes.tolist()) for file, labels, boxes in raw]),
    )


def _read(file: Path) -> tuple[list[str], np.ndarray]:
    """Class names and boxes (n, 4) of one file."""
    try:
        objects = ElementTree.fromstring(read_text(file)).findall("object")
        labels = [str(one.findtext("name", "")).strip() for one in objects]
        boxes = [[float(one.findtext(f"bndbox/{end}", "nan")) for end in _ENDS] for one in objects]
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{file} is not an annotation of PASCAL VOC: {error}.") from error
    if not all(labels):
        raise InputError(f"{file} holds an object without a name.")
    return labels, np.array(boxes, dtype=np.float64).reshape(-1, 4)


_ENDS = ("xmin", "ymin", "xmax", "ymax")


def _parts(root: Path) -> dict[str, str]:
    """Stem of an image to its part, by the lists of ImageSets; test before val before train."""
    found: dict[str, str] = {}
    lists = [file for file in root.rglob("*.txt") if "ImageSets" in file.parts]
    for stems in (("trainval", "train"), ("val",), ("test",)):
        for file in lists:
            if file.stem in stems:
                for line in read_text(file).splitlines():
                    if words := line.split():
                        found[words[0]] = "train" if file.stem == "trainval" else file.stem
    return found
