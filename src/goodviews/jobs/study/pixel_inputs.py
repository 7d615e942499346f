"""The images and label images of a study that is judged by the class of each pixel."""

from collections import Counter
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError, unknown
from goodviews.data import Images, Scenes
from goodviews.data.reading import Progress
from goodviews.data.size import Size, SizeLike
from goodviews.data.targets.maps import PixelMaps, pixel_images, read_maps_of, with_maps

TARGETS = ("pixels",)


def read_target(target: str | None, data: Any, task_data: Any, ignore: int) -> Scenes | None:
    """The label images that a study is judged by; nothing without ``target``.

    Args:
        target: ``pixels`` or nothing.
        data: Images to pretrain on, or images with label images.
        task_data: Label images, with images or for those of ``data``.
        ignore: Value of pixels that do not count.

    Raises:
        InputError: There is no such target, or no label image.
    """
    if target is None:
        return None
    if target not in TARGETS:
        raise unknown("target of a study", target, TARGETS)
    given = data if task_data is None else task_data
    if not isinstance(given, str | Path):
        raise InputError(
            "target='pixels' needs a folder of images and label images: task_data='FOLDER'."
        )
    home = data if isinstance(data, str | Path) and task_data is not None else None
    return read_maps_of(given, home, ignore=ignore)


def holds_both(scenes: Scenes | None, data: Any, task_data: Any) -> bool:
    """Whether the images to pretrain on are those that have label images, in one folder."""
    if scenes is None:
        return False
    if task_data is None:
        return True
    known = all(isinstance(one, str | Path) for one in (data, task_data))
    return known and Path(data).resolve() == Path(task_data).resolve()


def image_folder(scenes: Scenes) -> Path:
    """Folder of most training images of a set: what to pretrain on, without label images."""
    pairs = zip(scenes.images, scenes.parts, strict=True)
    parents = Counter(file.parent for file, part in pairs if part == "train")
    return parents.most_common(1)[0][0]


def join_maps(
    images: Images, scenes: Scenes, *, size: SizeLike, own: bool, progress: Progress
) -> tuple[Images, Images, PixelMaps]:
    """Images to pretrain on, images of the task of pixels, and their label images.

    They are the same where every label image has an image of its name among the first; their
    labels are then tasks beside it.

    Args:
        images: Images to pretrain on.
        scenes: The label images.
        size: How the images were fitted.
        own: Whether the images are those of ``scenes``, in their order.
        progress: Called with the images read and all of them.
    """
    found = with_maps(images, scenes, size=size, own=own)
    if found is not None:
        return found[0], found[0], found[1]
    sides = f"{images.height}x{images.width},{Size.of(size).resize}"
    other = pixel_images(scenes, size=sides, channels=images.channels, progress=progress)
    joined = with_maps(other, scenes, size=sides, own=True)
    assert joined is not None
    return images, *joined
