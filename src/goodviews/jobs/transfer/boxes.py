"""Fits of detectors: boxes and masks.

Letters: N images, T tested images, D predictions, n objects of one image, H W one image.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection import FasterRCNN

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.data.targets.scenes import Scenes, Target, image_size
from goodviews.encoders.maps import Maps
from goodviews.evaluation.boxes import Detections, Matches, average_precision, match_boxes
from goodviews.jobs.transfer.drawing import boxes_picture
from goodviews.jobs.transfer.matches import FIELDS, joined, stored_matches
from goodviews.jobs.transfer.plan import SHOWN, Fit, Parts, labelled, read_pixels
from goodviews.training.detection.build import DETECTORS, build_detector, freeze
from goodviews.training.detection.fit import Detector, Diverged, fit_detector, predict_boxes

LEAST_SIDE = 64
"""Pixels of the longer side that a detector needs."""

CONFIDENT = 0.5
"""Score from which a prediction is drawn on the page."""

AT_A_TIME = 8
"""Images that are predicted and matched together."""


@dataclass(eq=False)
class BoxTask:
    """What detectors are trained on, and how they are scored.

    Attributes:
        scenes: Images with boxes or masks.
        parts: Their roles.
        settings: Settings of the detector and its training.
        shape: Height and width that all images are brought to.
        device: Where it computes.
    """

    scenes: Scenes
    parts: Parts
    settings: Detector
    shape: tuple[int, int]
    device: torch.device
    images: dict[str, Tensor] = field(default_factory=dict)
    stored: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    metric = "ap"
    higher_is_better = True
    rates: ClassVar[dict[str, tuple[float, ...]]] = {
        "all": (5e-4, 2e-3),
        "stem": (3e-4, 2e-3),
        "none": (3e-4, 2e-3),  # the higher one for training from scratch
    }

    def __post_init__(self) -> None:
        if max(self.shape) < LEAST_SIDE:
            raise InputError(
                f"size must be at least {LEAST_SIDE} for {self.scenes.kind}, but got "
                f"{max(self.shape)}."
            )
        for name, places in (("training", self.parts.train), ("test", self.parts.test)):
            if all(self.scenes.objects(place).crowd.all() for place in places):
                raise InputError(
                    f"There is no object in the {len(places):,} images of the {name} part of "
                    f"{self.scenes.name}; name the parts by folders or lists of train and test."
                )
        need("pycocotools.coco", "transfer")  # before anything is trained
        for name in ("train", "choose", "test"):
            places = getattr(self.parts, name)
            self.images[name] = read_pixels(self.scenes, places, self.shape).to(self.device)

    @property
    def normalisation(self) -> str:
        """How activations are normalised, in words for rows."""
        encoder = (
            "batch-norm statistics of the encoder measured on training images, tuned from "
            "8 images per batch"
        )
        own = "group norm in neck and heads; " if self.settings.neck == "fpn" else ""
        return own + encoder

    def applied(self, how: str, drawn: bool) -> str:
        """What is frozen: nothing of an encoder with drawn weights."""
        return "none" if drawn else how

    def looks(self, tried: int) -> int:
        """How many groups of images are predicted, each of which takes about as long as a step."""
        choose, test = (
            -(-len(part) // AT_A_TIME) for part in (self.parts.choose, self.parts.test)
        )
        return test + (tried * choose if tried > 1 else 0)

    def prepare(self, maps: Maps) -> "Prepared":
        """An encoder, of which each fit takes a copy."""
        return Prepared(self, maps)

    def numbers(self, cell: dict[str, Any]) -> dict[str, float]:
        """``ap``, ``ap50`` and ``ap75`` of a fit."""
        return average_precision(stored_matches(cell))

    def score(self, cell: dict[str, Any], weights: np.ndarray | None = None) -> float:
        """AP of a fit, each tested image counted once or as often as ``weights`` (T,)."""
        return average_precision(stored_matches(cell), weights)["ap"]

    def described(self, cell: dict[str, Any]) -> dict[str, Any]:
        """Further columns of the row of a fit."""
        return {
            "detector": DETECTORS[self.settings.kind],
            "neck": self.settings.neck,
            "frozen": cell["frozen"],
        }

    def objects(self, place: int) -> dict[str, Tensor]:
        """The objects of an image at the common size, without crowds, for torchvision."""
        found = self.stored.get(place)
        if found is None:
            target = self.scenes.objects(place)
            used = ~target.crowd
            size = image_size(self.scenes.images[place])
            boxes = target.boxes[used] * self._factors(size)
            found = {
                "boxes": torch.from_numpy(boxes.astype(np.float32)),
                "labels": torch.from_numpy(target.classes[used] + 1),
            }
            if self.settings.kind == "masks":
                assert target.masks is not None
                found["masks"] = _resized(torch.from_numpy(target.masks[used]), self.shape)
            self.stored[place] = found
        return {name: value.to(self.device) for name, value in found.items()}

    def scored(
        self, model: FasterRCNN, part: str, step: Callable[[], None] = lambda: None
    ) -> tuple[Matches, list[np.ndarray]]:
        """Which predictions of a part are right, and pictures of the first ones.

        A few images are predicted and matched at a time, so that masks fit into memory.
        """
        places, images = getattr(self.parts, part), self.images[part]
        matches: list[Matches] = []
        shown: list[np.ndarray] = []
        for start in range(0, len(places), AT_A_TIME):
            rows = slice(start, start + AT_A_TIME)
            found = predict_boxes(model, images[rows])
            matches.append(self.matched(found, places[rows]))
            step()
            for image, one in zip(images[rows], found, strict=True):
                if len(shown) < SHOWN:
                    shown.append(boxes_picture(image, one, least=CONFIDENT))
        return joined(matches), shown

    def matched(self, found: Sequence[dict[str, Tensor]], places: np.ndarray) -> Matches:
        """Which predictions are right, at the size of the labels.

        Args:
            found: What was predicted of each image, at the common size.
            places: (T,) places of the images.
        """
        targets = [self._target(place) for place in places]
        made = [self._detections(one, p) for one, p in zip(found, places, strict=True)]
        return match_boxes(made, targets, classes=self.settings.outputs)

    def _detections(self, found: dict[str, Tensor], place: int) -> Detections:
        size, masks = image_size(self.scenes.images[place]), None
        if self.settings.kind == "masks":
            full = F.interpolate(found["masks"], size=size, mode="bilinear", align_corners=False)
            masks = (full[:, 0] > CONFIDENT).cpu().numpy()
        return Detections(
            found["boxes"].cpu().numpy() / self._factors(size),
            found["labels"].cpu().numpy() - 1,
            found["scores"].cpu().numpy(),
            masks,
        )

    def truth_picture(self, row: int) -> np.ndarray:
        """A tested image with its objects, (H, W, 3) uint8."""
        target = self.objects(self.parts.test[row])
        return boxes_picture(self.images["test"][row], target)

    def predicted_picture(self, row: int, cell: dict[str, Any]) -> np.ndarray:
        """A tested image with what was found with confidence."""
        made: np.ndarray = cell["shown"][row]
        return made

    def _target(self, place: int) -> Target:
        target = self.scenes.objects(place)
        if self.settings.kind == "boxes":
            return Target(target.boxes, target.classes, target.crowd)
        return target

    def _factors(self, size: tuple[int, int]) -> np.ndarray:
        tall, wide = self.shape[0] / size[0], self.shape[1] / size[1]
        return np.array([wide, tall, wide, tall])


@dataclass(eq=False)
class Prepared:
    """An encoder of a detector."""

    task: BoxTask
    maps: Maps

    def fit(self, fit: Fit, rates: tuple[float, ...], step: Callable[[], None]) -> dict[str, Any]:
        """Train with each rate, and keep the matches of the one that is best where it is chosen.

        Args:
            fit: What is fitted.
            rates: Learning rates to try.
            step: Called after each step, and after each group of images that is scored.

        Returns:
            The fields of :class:`~goodviews.evaluation.boxes.Matches` on the tested images,
            ``rate``, ``frozen``, ``trained_weights``, and ``shown``: pictures of predictions.

        Raises:
            InputError: The loss was not finite with any of the rates.
        """
        task, tried = self.task, []
        picked = labelled(task.parts, fit.count, fit.seed)
        rows = torch.from_numpy(np.searchsorted(task.parts.train, picked)).to(task.device)
        if not any(len(task.objects(place)["boxes"]) for place in picked):
            raise InputError(
                f"None of the {len(picked):,} labelled images of seed {fit.seed} has an object; "
                f"use a larger --label-counts."
            )
        images = task.images["train"][rows]
        for rate in rates:
            model = self._model(fit)
            try:
                fit_detector(
                    model,
                    images,
                    lambda row: task.objects(picked[row]),
                    settings=task.settings,
                    rate=rate,
                    seed=fit.seed,
                    step=step,
                )
            except Diverged:
                continue
            chosen = 0.0
            if len(rates) > 1:
                ap = average_precision(task.scored(model, "choose", step)[0])["ap"]
                chosen = ap if np.isfinite(ap) else 0.0
            tried.append((chosen, rate, model))
        if not tried:
            raise InputError(
                f"The loss of the detector was not finite with the learning rates "
                f"{', '.join(map(str, rates))}; use a larger --batch or more --steps."
            )
        _, rate, model = max(tried, key=lambda one: one[0])
        matches, shown = task.scored(model, "test", step)
        return {
            **{name: getattr(matches, name) for name in FIELDS},
            "rate": rate,
            "frozen": fit.freeze,
            "trained_weights": sum(p.numel() for p in model.parameters() if p.requires_grad),
            "shown": np.stack(shown),
        }

    def _model(self, fit: Fit) -> Any:
        task = self.task
        maps = copy.deepcopy(self.maps)
        freeze(maps, fit.freeze, (3, *task.shape))
        return build_detector(
            maps,
            task.settings.outputs,
            shape=task.shape,
            kind=task.settings.kind,
            neck=task.settings.neck,
            seed=fit.seed,
        )


def _resized(masks: Tensor, shape: tuple[int, int]) -> Tensor:
    """Masks (n, H, W) at another size, as uint8."""
    if not len(masks):
        return masks.new_zeros((0, *shape), dtype=torch.uint8)
    full = F.interpolate(masks[:, None].float(), size=shape, mode="area")
    return (full[:, 0] >= CONFIDENT).to(torch.uint8)
