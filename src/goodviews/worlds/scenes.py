"""Drawn scenes of several shapes, with exact boxes, masks, classes of pixels and depth.

Letters: B scenes, n objects of one scene, S side in pixels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.worlds.shapes import BACKGROUNDS, COLOURS, FORMS

NEAREST, FARTHEST, BEHIND = 1.0, 3.0, 4.0
"""Distances of the nearest and the farthest object, and of the background."""
_RADIUS = 0.28
"""Radius of an object at distance 1, as a share of the side; it shrinks with the distance."""
_NOISE = 0.08
_NUMBERS = 6
_DRAW = 21
"""Part of a scene's random key."""


@dataclass(frozen=True, eq=False)
class DrawnScenes:
    """Scenes and all that is known of them.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        forms: (B, n) int64, place of the form in :data:`goodviews.worlds.shapes.FORMS`.
        centres: (B, n, 2) float32, across and down, in pixels.
        radii: (B, n) float32, in pixels.
        distances: (B, n) float32, rising: the first object is the nearest.
        masks: (B, n, S, S) bool, pixels whose centre is inside the form and inside no nearer one.
        boxes: (B, n, 4) float32, left, top, right and bottom of each mask; 0 where it is hidden.
        classes: (B, S, S) int64, 0 for the background, otherwise the form's place and 1.
        depth: (B, S, S) float32, distance of what a pixel shows.

    Example:
        >>> found = ShapeScenes(side=32).sample(torch.arange(2), seed=0)
        >>> found.masks.shape, bool((found.classes > 0).equal(found.masks.any(dim=1)))
        (torch.Size([2, 4, 32, 32]), True)
    """

    images: Tensor
    forms: Tensor
    centres: Tensor
    radii: Tensor
    distances: Tensor
    masks: Tensor
    boxes: Tensor
    classes: Tensor
    depth: Tensor


@dataclass(frozen=True)
class ShapeScenes:
    """Several shapes at different distances before a background, in perspective.

    All objects have one size, so that the apparent radius is in inverse proportion to the
    distance, and nearer ones hide others. Form, colour, place and distance are uniform and
    independent; the background is one of four, and pixels have Gaussian noise.

    Attributes:
        side: S, at least 16.
        objects: n.

    Example:
        >>> world = ShapeScenes(side=32, objects=2)
        >>> some, alone = (world.sample(torch.tensor(k), seed=0) for k in ([3, 5], [5]))
        >>> bool(torch.equal(some.images[1], alone.images[0]))
        True
    """

    side: int = 64
    objects: int = 4

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("side", self.side, 16, 4096), ("objects", self.objects, 1, 100)
        ):  # fmt: skip
            if not least <= value <= most:
                raise InputError(f"{name} must be from {least} to {most}, but got {value}.")

    def sample(self, samples: Tensor, *, seed: int) -> DrawnScenes:
        """Draw scenes; the same sample and seed give the same scene in any batch.

        Args:
            samples: (B,) integers, numbers of the scenes.
            seed: Random seed of the world.
        """
        key = Key.of(seed=seed, samples=samples).fold(_DRAW)
        drawn = key.uniform(self.objects * _NUMBERS + 1)
        parts = drawn[:, 1:].reshape(len(samples), self.objects, _NUMBERS)
        distances = NEAREST + (FARTHEST - NEAREST) * parts[..., 0]
        order = distances.argsort(dim=1, stable=True)
        parts = parts.gather(1, order[..., None].expand_as(parts))
        distances = distances.gather(1, order)
        radii = _RADIUS * self.side / distances
        forms = (parts[..., 1] * len(FORMS)).long()
        colours = (parts[..., 2] * len(COLOURS)).long()
        centres = parts[..., 3:5] * self.side
        inside, cover = self._outlines(forms, centres, radii)
        hidden = torch.zeros_like(inside[:, 0])
        masks = torch.zeros_like(inside)
        for k in range(self.objects):
            masks[:, k] = inside[:, k] & ~hidden
            hidden = hidden | inside[:, k]
        table = torch.tensor(list(BACKGROUNDS.values()), device=samples.device)
        images = table[(drawn[:, 0] * len(BACKGROUNDS)).long()][:, :, None, None]
        images = images.expand(-1, -1, self.side, self.side)
        paint = torch.tensor(list(COLOURS.values()), device=samples.device)[colours]
        for k in reversed(range(self.objects)):
            share = cover[:, k, None]
            images = share * paint[:, k, :, None, None] + (1 - share) * images
        noise = key.fold(1).normal(3 * self.side**2).reshape(-1, 3, self.side, self.side)
        classes = (masks * (forms + 1)[..., None, None]).sum(dim=1)
        seen = (masks * distances[..., None, None]).sum(dim=1)
        return DrawnScenes(
            images=(images + _NOISE * noise).clamp(0, 1),
            forms=forms,
            centres=centres,
            radii=radii,
            distances=distances,
            masks=masks,
            boxes=mask_boxes(masks),
            classes=classes,
            depth=torch.where(hidden, seen, torch.full_like(seen, BEHIND)),
        )

    def _outlines(self, forms: Tensor, centres: Tensor, radii: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n, S, S) whether the centre of a pixel is inside, and the share that is covered."""
        grid = torch.arange(self.side, device=forms.device) + 0.5
        x = (grid[None, None, None, :] - centres[..., 0, None, None]) / radii[..., None, None]
        y = (grid[None, None, :, None] - centres[..., 1, None, None]) / radii[..., None, None]
        x, y = torch.broadcast_tensors(x, y)
        each = torch.stack([outline(x, y) for outline in FORMS.values()])
        which = forms[None, ..., None, None].expand(1, *x.shape)
        distance = each.gather(0, which)[0]
        cover = (0.5 - distance * radii[..., None, None]).clamp(0, 1)
        return distance <= 0, cover


def mask_boxes(masks: Tensor) -> Tensor:
    """Boxes around masks, from the edge of the first pixel to that of the last.

    Args:
        masks: (B, n, S, S) bool.

    Returns:
        (B, n, 4) float32, left, top, right and bottom in pixels; 0 for empty masks.

    Example:
        >>> mask_boxes(torch.eye(3).bool()[None, None, :, 1:]).tolist()
        [[[0.0, 1.0, 2.0, 3.0]]]
    """
    there = masks.flatten(2).any(dim=2)
    ends = []
    for axis in (2, 3):  # across: any over rows; down: any over columns
        line = masks.any(dim=axis)
        first = line.int().argmax(dim=2)
        last = line.shape[2] - line.flip(2).int().argmax(dim=2)
        ends.append((first, last))
    (left, right), (top, bottom) = ends
    found = torch.stack([left, top, right, bottom], dim=2).float()
    return found * there[..., None]
