"""Checked boxes: inside their image and with an area, or left out and counted.

Letters: n objects of one image, H W one image.
"""

from dataclasses import dataclass, field

import numpy as np

from goodviews.data.targets.scenes import Target, listed


@dataclass
class Dropped:
    """What was changed or left out of the boxes of a set, for its notes."""

    empty: list[str] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """Sentences with the names of the images."""
        said = []
        for what, names in (
            ("without area were left out", self.empty),
            ("outside of their image were cut at its edges", self.clipped),
        ):
            if names:
                count = "1 box" if len(names) == 1 else f"{len(names):,} boxes"
                one = what.replace("were", "was") if len(names) == 1 else what
                one = one.replace("their", "its") if len(names) == 1 else one
                said.append(f"{count} {one}: {listed(list(dict.fromkeys(names)))}.")
        return said


def checked_boxes(
    boxes: np.ndarray,
    classes: np.ndarray,
    crowd: np.ndarray,
    *,
    size: tuple[int, int],
    name: str,
    dropped: Dropped,
) -> tuple[Target, np.ndarray]:
    """Cut boxes at the edges of their image and leave out those without area.

    Args:
        boxes: (n, 4), left, top, right and bottom.
        classes: (n,) class numbers.
        crowd: (n,) bool.
        size: H and W of the image.
        name: Name of the image.
        dropped: Collects what was changed.

    Returns:
        The boxes that are left, and (n,) bool, which of them.
    """
    height, width = size
    inside = boxes.reshape(-1, 4).astype(np.float32)
    cut = inside.clip(0, np.array([width, height, width, height], dtype=np.float32))
    fine = np.isfinite(inside).all(axis=1)
    fine &= (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    moved = fine & (np.abs(cut - inside).max(axis=1, initial=0) > 1)
    dropped.empty += [name] * int((~fine).sum())
    dropped.clipped += [name] * int(moved.sum())
    return Target(cut[fine], classes[fine], crowd[fine]), fine
