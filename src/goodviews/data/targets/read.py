"""Which layout a folder has, and the targets in it.

Letters: H W one image, n objects of one image.
"""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from goodviews.core.errors import InputError, unknown
from goodviews.data.targets.coco import coco_content, read_coco
from goodviews.data.targets.label_images import (
    FOLDERS,
    IMAGE_FOLDERS,
    Pair,
    guess_kind,
    read_label_images,
)
from goodviews.data.targets.scenes import (
    KINDS,
    Scenes,
    listed,
    part_of,
    with_parts,
)
from goodviews.data.targets.voc import read_voc

_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".ppm", ".pgm")


def read_scenes(data: str | Path, *, target: str | None = None, ignore: int = 255) -> Scenes:
    """Read images with boxes, masks, a class for each pixel, or depth; the layout is found.

    * COCO: a ``.json`` file with ``images``, ``annotations`` and ``categories``;
    * PASCAL VOC: ``Annotations/*.xml`` beside the pictures, parts in ``ImageSets``;
    * label images of the same name as their image, in a folder named ``labels`` or ``masks``
      (classes), ``instances`` (a number for each object) or ``depth``, beside ``images``.

    Folders, files or lists named train, val and test are the parts.

    Args:
        data: The folder.
        target: ``boxes``, ``masks``, ``pixels`` or ``depth`` (default: what the layout holds).
            For ``pixels``, objects with masks become a map of their classes, 0 where there is
            none; for ``boxes``, the boxes around them.
        ignore: Value of a label image that does not count.

    Returns:
        The images, with at least a part to train on and a part to test.

    Raises:
        InputError: No targets were found, or they cannot be used; the message says which file
            and what to change.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from PIL import Image
        >>> with TemporaryDirectory() as place:
        ...     for folder in ("images", "labels"):
        ...         (Path(place) / folder).mkdir()
        ...         for name in "ab":
        ...             made = Image.fromarray(np.eye(4, dtype=np.uint8))
        ...             made.save(f"{place}/{folder}/{name}.png")
        ...     scenes = read_scenes(place)
        ...     scenes.kind, len(scenes), scenes.classes
        ('pixels', 2, ('0', '1'))
    """
    if target is not None and target not in KINDS:
        raise unknown("target", target, KINDS)
    root = Path(data)
    if not root.is_dir():
        raise InputError(
            f"Expected a folder of images with annotations beside them, but {root} is not a "
            f"folder."
        )
    found = sorted(file for file in root.rglob("*") if file.is_file() and _visible(file, root))
    pictures = [file for file in found if file.suffix.lower() in _PICTURES]
    scenes = _read(root, found, pictures, target, ignore)
    return with_parts(_as_kind(scenes, target))


def _read(
    root: Path, found: list[Path], pictures: list[Path], target: str | None, ignore: int
) -> Scenes:
    name = root.resolve().name
    kind, pairs = _pairs(root, found, target)
    if target in ("pixels", "depth") and pairs:
        return _of_pairs(pairs, kind, target, root, ignore)
    contents = {
        file: content
        for file in found
        if file.suffix == ".json" and (content := coco_content(file)) is not None
    }
    if contents:
        return read_coco(
            contents,
            _by_name(root, pictures),
            kind="masks" if target == "pixels" else target,
            name=name,
        )
    files = [file for file in found if file.suffix.lower() == ".xml"]
    if files and target != "masks":
        named = {file.stem: file for file in pictures if _image_of(root, file)}
        return read_voc(files, named or {f.stem: f for f in pictures}, root=root, name=name)
    if not pairs and target is not None:
        return _read(root, found, pictures, None, ignore)  # what there is cannot become the target
    if not pairs:
        raise InputError(
            f"No annotations were found below {root}: looked for a .json file of COCO, "
            f"Annotations/*.xml of PASCAL VOC, and folders images and labels (or masks, "
            f"instances, depth) with pictures of the same names."
        )
    return _of_pairs(pairs, kind, target, root, ignore)


def _of_pairs(pairs: list[Pair], kind: str, target: str | None, root: Path, ignore: int) -> Scenes:
    notes = []
    without = [image.name for _, image, label in pairs if label == image]
    if without:
        notes.append(
            f"{len(without):,} images have no label image and were left out ({listed(without)})."
        )
    kept = [pair for pair in pairs if pair[1] != pair[2]]
    if kind == "pixels":
        kind = target or guess_kind(kept)
    return read_label_images(kept, kind=kind, name=root.resolve().name, ignore=ignore, notes=notes)


def _pairs(root: Path, found: list[Path], target: str | None) -> tuple[str, list[Pair]]:
    """The kind of label images by the name of their folder, and each image with its own.

    An image that has no label image comes with itself.
    """
    wanted = {
        "boxes": ["masks"],
        None: ["masks", "depth", "pixels"],
        "pixels": ["pixels", "masks"],
    }
    for kind in wanted.get(target, [str(target), "pixels"]):
        pairs = []
        for folder in sorted({file.parent for file in found}):
            home = _images_beside(root, folder, kind)
            if home is None:
                continue
            labels = {f.stem: f for f in found if f.parent == folder and _label(f)}
            part = part_of(str(folder.relative_to(root)))
            pictures = [f for f in found if f.parent == home and f.suffix.lower() in _PICTURES]
            ends = _common_end([one.stem for one in pictures], labels)
            pairs += [(part, f, labels.get(f.stem + ends, f)) for f in pictures]
        if any(image != label for _, image, label in pairs):
            return kind, pairs
    return "", []


def _images_beside(root: Path, folder: Path, kind: str) -> Path | None:
    """The folder of images that belongs to a folder of label images."""
    words = list(folder.relative_to(root).parts)
    for k, word in enumerate(words):
        if word.lower() in FOLDERS[kind]:
            for name in sorted(p.name for p in (root.joinpath(*words[:k])).iterdir()):
                if name.lower() in IMAGE_FOLDERS:
                    there = root.joinpath(*words[:k], name, *words[k + 1 :])
                    if there.is_dir():
                        return there
    return None


def _common_end(stems: list[str], labels: dict[str, Path]) -> str:
    """What the names of label images add to those of their images, such as ``_mask``."""
    if any(stem in labels for stem in stems) or not stems:
        return ""
    ends = {name[len(stems[0]) :] for name in labels if name.startswith(stems[0])}
    return min(ends, key=len, default="")


def _label(file: Path) -> bool:
    return file.suffix.lower() in (*_PICTURES, ".npy")


def _visible(file: Path, root: Path) -> bool:
    return not any(
        word.startswith(".") or word == "__MACOSX" for word in file.relative_to(root).parts
    )


def _image_of(root: Path, file: Path) -> bool:
    return any(word.lower() in IMAGE_FOLDERS for word in file.relative_to(root).parts[:-1])


def _by_name(root: Path, pictures: list[Path]) -> dict[str, Path]:
    """Pictures by their name and by their path below the folder."""
    images = {file.name: file for file in reversed(pictures)}
    for file in pictures:
        parts = PurePosixPath(file.relative_to(root).as_posix()).parts
        images |= {"/".join(parts[k:]): file for k in range(len(parts) - 1)}
    return images


def _as_kind(scenes: Scenes, target: str | None) -> Scenes:
    """The scenes as a kind: boxes of masks, or a map of the classes of masks."""
    if target in (None, scenes.kind):
        return scenes
    if scenes.kind == "masks" and target == "boxes":
        return replace(scenes, kind="boxes")
    if scenes.kind == "masks" and target == "pixels":
        note = "Objects became a map of their classes; 0 is where there is none."
        return replace(
            scenes,
            kind="pixels",
            classes=("background", *scenes.classes),
            read=lambda place: class_map(scenes, place),
            notes=(*scenes.notes, note),
        )
    raise InputError(
        f"{scenes.name} holds {scenes.kind}, from which {target} cannot be made; leave --target "
        f"out or use --target {scenes.kind}."
    )


def class_map(scenes: Scenes, place: int) -> np.ndarray:
    """Masks as a map (H, W) of class numbers from 1, small ones on top; crowds do not count."""
    target = scenes.objects(place)
    assert target.masks is not None
    made = np.zeros(target.masks.shape[1:], dtype=np.int64)
    for k in np.argsort(-target.masks.sum(axis=(1, 2)), kind="stable"):
        made[target.masks[k]] = -1 if target.crowd[k] else target.classes[k] + 1
    return made
