"""Average precision of boxes and masks, matched by pycocotools.

Letters: n objects of one image, D predictions of a set, T images, K classes, V thresholds.
"""

import contextlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.data.targets import Target

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Intersections over union at which a prediction counts as right."""

_RECALLS = np.linspace(0, 1, 101)
_MOST = 100


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found in one image.

    Attributes:
        boxes: (n, 4), left, top, right and bottom in pixels.
        classes: (n,) class numbers from 0.
        scores: (n,) confidences.
        masks: (n, H, W) bool, where it predicts them.

    Example:
        >>> box, number = np.array([[0.0, 0.0, 4.0, 5.0]]), np.array([0])
        >>> len(Detections(box, number, np.array([0.9])).scores)
        1
    """

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    masks: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Matches:
    """Which predictions of a set are right, from which its average precision is computed.

    Attributes:
        image: (D,) place of the image.
        classes: (D,) class numbers.
        scores: (D,) confidences.
        right: (D, V) bool, whether it matches an object, for each threshold.
        ignored: (D, V) bool, whether it counts neither as right nor as wrong: on a crowd.
        positives: (K, T) objects of each class and image.

    Example:
        >>> none = np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0)
        >>> flags = np.zeros((0, 10), dtype=bool)
        >>> average_precision(Matches(*none, flags, flags, np.array([[2]])))["ap"]
        0.0
    """

    image: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    right: np.ndarray
    ignored: np.ndarray
    positives: np.ndarray


def match_boxes(
    found: Sequence[Detections], targets: Sequence[Target], *, classes: int
) -> Matches:
    """Match predictions with objects as COCO does: greedily, by falling confidence.

    Args:
        found: Predictions (T) of the images; with masks, masks are compared, otherwise boxes.
        targets: Objects (T) of the same images.
        classes: K.

    Raises:
        InputError: pycocotools is missing, or the numbers of images differ; the message says
            what to type.

    References:
        Lin et al., 2014, arXiv:1405.0312; the matching is that of pycocotools.

    Example:
        >>> match_boxes([], [Target(np.zeros((0, 4)), np.zeros(0), np.zeros(0))], classes=1)
        Traceback (most recent call last):
        goodviews.core.errors.InputError: found has 0 images, but targets has 1.
    """
    if len(found) != len(targets):
        raise InputError(f"found has {len(found)} images, but targets has {len(targets)}.")
    result = _evaluated(found, targets, classes)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in _COLUMNS}
    positives = np.zeros((classes, len(targets)), dtype=np.int64)
    areas = 4
    for number in range(classes):
        for place in range(len(targets)):
            one = result[(number * areas) * len(targets) + place]
            if one is None:
                continue
            positives[number, place] = int((np.asarray(one["gtIgnore"]) == 0).sum())
            scores = np.asarray(one["dtScores"], dtype=float)[:_MOST]
            count = len(scores)
            columns["image"].append(np.full(count, place))
            columns["classes"].append(np.full(count, number))
            columns["scores"].append(scores)
            columns["right"].append(
                np.asarray(one["dtMatches"])[:, :_MOST].T.reshape(count, len(THRESHOLDS)) > 0
            )
            columns["ignored"].append(
                np.asarray(one["dtIgnore"])[:, :_MOST].T.reshape(count, len(THRESHOLDS)) > 0
            )
    shapes = {"right": (0, len(THRESHOLDS)), "ignored": (0, len(THRESHOLDS))}
    joined = {
        name: np.concatenate(parts) if parts else np.zeros(shapes.get(name, (0,)))
        for name, parts in columns.items()
    }
    return Matches(
        image=joined["image"].astype(np.int64),
        classes=joined["classes"].astype(np.int64),
        scores=joined["scores"],
        right=joined["right"].astype(bool),
        ignored=joined["ignored"].astype(bool),
        positives=positives,
    )


_COLUMNS = ("image", "classes", "scores", "right", "ignored")


def average_precision(matches: Matches, weights: np.ndarray | None = None) -> dict[str, float]:
    """Average precision: over thresholds and classes, and at thresholds of .5 and .75.

    Precision is interpolated at 101 recalls, as pycocotools does, with equal results.

    Args:
        matches: As :func:`match_boxes` gives them.
        weights: (T,) how often each image counts (default: once).

    Returns:
        ``ap``, ``ap50`` and ``ap75``; NaN where there is no object.

    References:
        Lin et al., 2014, arXiv:1405.0312.

    Example:
        >>> one = Matches(
        ...     np.array([0]), np.array([0]), np.array([0.9]),
        ...     np.ones((1, 10), bool), np.zeros((1, 10), bool), np.array([[2]]),
        ... )
        >>> round(average_precision(one)["ap50"], 3)
        0.505
    """
    count = np.ones(matches.positives.shape[1]) if weights is None else np.asarray(weights, float)
    precisions = []
    for number in range(len(matches.positives)):
        objects = float(matches.positives[number] @ count)
        if objects == 0:
            continue
        rows = np.flatnonzero(matches.classes == number)
        rows = rows[np.argsort(-matches.scores[rows], kind="mergesort")]
        often = count[matches.image[rows]][:, None]
        counts = ~matches.ignored[rows]
        true = np.cumsum(often * (matches.right[rows] & counts), axis=0)
        false = np.cumsum(often * (~matches.right[rows] & counts), axis=0)
        recall = true / objects
        precision = true / (true + false + np.spacing(1))
        best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
        at = np.zeros((len(THRESHOLDS), len(_RECALLS)))
        for k in range(len(THRESHOLDS)):
            places = np.searchsorted(recall[:, k], _RECALLS, side="left")
            inside = places < len(rows)
            at[k, inside] = best[places[inside], k]
        precisions.append(at.mean(axis=1))
    if not precisions:
        return dict.fromkeys(("ap", "ap50", "ap75"), float("nan"))
    mean = np.mean(precisions, axis=0)
    return {"ap": float(mean.mean()), "ap50": float(mean[0]), "ap75": float(mean[5])}


def _evaluated(found: Sequence[Detections], targets: Sequence[Target], classes: int) -> list[Any]:
    """The records of pycocotools, by class, area and image."""
    of_coco, of_eval = (
        need("pycocotools.coco", "transfer"),
        need("pycocotools.cocoeval", "transfer"),
    )
    masks = any(one.masks is not None for one in found)
    objects: list[dict[str, Any]] = []
    predictions: list[dict[str, Any]] = []
    for place, (one, target) in enumerate(zip(found, targets, strict=True)):
        for k, box in enumerate(target.boxes):
            record = _record(place, box, target.classes[k], target.masks, k)
            record |= {"id": len(objects) + 1, "iscrowd": int(target.crowd[k])}
            objects.append(record)
        for k, box in enumerate(one.boxes):
            record = _record(place, box, one.classes[k], one.masks, k)
            predictions.append({**record, "score": float(one.scores[k]), "iscrowd": 0})
            predictions[-1]["id"] = len(predictions)
    listed = {
        "images": [_image(place, target) for place, target in enumerate(targets)],
        "categories": [{"id": number} for number in range(classes)],
    }
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        sides = []
        for records in (objects, predictions):
            side = of_coco.COCO()
            side.dataset = {**listed, "annotations": records}
            side.createIndex()
            sides.append(side)
        judge = of_eval.COCOeval(*sides, "segm" if masks else "bbox")
        judge.evaluate()
    records_of: list[Any] = judge.evalImgs
    return records_of


def _image(place: int, target: Target) -> dict[str, int]:
    height, width = (0, 0) if target.masks is None else target.masks.shape[1:]
    return {"id": place, "height": height, "width": width}


def _record(
    place: int, box: np.ndarray, number: int, masks: np.ndarray | None, k: int
) -> dict[str, Any]:
    left, top, right, bottom = (float(end) for end in box)
    wide, tall = right - left, bottom - top
    record: dict[str, Any] = {
        "image_id": place,
        "category_id": int(number),
        "bbox": [left, top, wide, tall],
        "area": wide * tall,
    }
    if masks is not None:
        codes = need("pycocotools.mask", "transfer")
        record["segmentation"] = codes.encode(np.asfortranarray(masks[k], dtype=np.uint8))
        record["area"] = int(masks[k].sum())
    return record
