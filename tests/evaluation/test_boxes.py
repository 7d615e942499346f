"""Average precision equals that of pycocotools, 1 for an oracle and 0 without predictions."""

import contextlib
import io

import numpy as np
import pytest

pytest.importorskip("pycocotools", reason="needs pycocotools: pip install 'goodviews[transfer]'")

from goodviews.data import Target
from goodviews.evaluation import Detections, average_precision, match_boxes

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def random_set(rng, images=6, classes=3):
    """Objects, and predictions that are near some of them; scores have ties."""
    found, targets = [], []
    for _ in range(images):
        n = rng.integers(0, 5)
        corner, extent = rng.uniform(0, 60, (n, 2)), rng.uniform(5, 40, (n, 2))
        boxes = np.concatenate([corner, corner + extent], axis=1).astype(np.float32)
        labels, crowd = rng.integers(0, classes, n), rng.random(n) < 0.15
        targets.append(Target(boxes, labels, crowd))
        near = boxes[rng.integers(0, n, 8)] if n else np.array([[0, 0, 9, 9]] * 8, np.float32)
        guess = np.sort((near + rng.normal(0, 3, near.shape)).reshape(-1, 2, 2), axis=1)
        guess = guess.reshape(-1, 4) + np.array([0, 0, 1, 1])
        scores = np.round(rng.random(8), 1)
        found.append(Detections(guess, rng.integers(0, classes, 8), scores))
    return found, targets


def by_pycocotools(found, targets, classes=3):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def side(records):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": k} for k in range(len(targets))],
            "categories": [{"id": k} for k in range(classes)],
            "annotations": [{**one, "id": k + 1} for k, one in enumerate(records)],
        }
        coco.createIndex()
        return coco

    def record(place, box, label, **more):
        left, top, right, bottom = map(float, box)
        wide, tall = right - left, bottom - top
        about = {"image_id": place, "category_id": int(label), "area": wide * tall}
        return {**about, "bbox": [left, top, wide, tall], "iscrowd": 0, **more}

    with contextlib.redirect_stdout(io.StringIO()):
        truth = side(
            record(i, b, c, iscrowd=int(w))
            for i, t in enumerate(targets)
            for b, c, w in zip(t.boxes, t.classes, t.crowd, strict=True)
        )
        guess = side(
            record(i, b, c, score=float(s))
            for i, f in enumerate(found)
            for b, c, s in zip(f.boxes, f.classes, f.scores, strict=True)
        )
        judge = COCOeval(truth, guess, "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats[:3]


def test_average_precision_equals_pycocotools_on_fifty_random_sets():
    rng = np.random.default_rng(0)
    for _ in range(50):
        found, targets = random_set(rng)
        ours = average_precision(match_boxes(found, targets, classes=3))
        theirs = by_pycocotools(found, targets)
        assert list(ours.values()) == pytest.approx(theirs, abs=1e-9)


def test_an_oracle_has_one_and_no_prediction_has_zero():
    _, targets = random_set(np.random.default_rng(1))
    targets = [Target(t.boxes, t.classes, np.zeros(len(t.boxes), bool)) for t in targets]
    oracle = [Detections(t.boxes, t.classes, np.ones(len(t.boxes))) for t in targets]
    none = [Detections(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0)) for _ in targets]
    assert average_precision(match_boxes(oracle, targets, classes=3))["ap"] == pytest.approx(1)
    assert average_precision(match_boxes(none, targets, classes=3))["ap"] == 0


def test_an_image_that_counts_zero_times_is_as_if_it_were_not_there():
    found, targets = random_set(np.random.default_rng(2))
    weights = np.array([1, 1, 1, 1, 1, 0])
    left_out = average_precision(match_boxes(found[:5], targets[:5], classes=3))
    weighted = average_precision(match_boxes(found, targets, classes=3), weights)
    assert weighted == pytest.approx(left_out, abs=1e-12)


def test_masks_are_compared_where_there_are_masks():
    mask = np.zeros((1, 20, 20), bool)
    mask[0, 2:10, 2:10] = True
    box = np.array([[2, 2, 10, 10]], np.float32)
    target = Target(box, np.array([0]), np.array([False]), mask)
    right = Detections(np.array([[0, 0, 3, 3]]), np.array([0]), np.array([0.5]), mask)
    assert average_precision(match_boxes([right], [target], classes=1))["ap"] == pytest.approx(1)
