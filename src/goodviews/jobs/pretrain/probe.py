"""How good the representation is so far: nearest neighbours and a linear readout.

Letters: N known and M tested images, F representation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goodviews.core.text import number
from goodviews.data import Images, splits
from goodviews.data.strata import cut
from goodviews.data.tasks import class_columns, task_of
from goodviews.encoders import PairEncoder
from goodviews.evaluation import represent
from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.linear import linear_logs
from goodviews.information import effective_rank
from goodviews.views import ViewPair

_MOST = 5000
"""Known and tested images of a readout, at most."""


class Probe:
    """Reads the first task out of an encoder, with labels that training does not use.

    Args:
        images: With labels; those of images that are not trained on will do.
        pair: The views; images are given to the encoders in their form.
        task: Column of classes (default: the first).

    Raises:
        InputError: There are too few labels.
    """

    def __init__(self, images: Images, pair: ViewPair, task: str | None = None) -> None:
        self.images, self.pair = images, pair
        self.task = task or class_columns(images)[0]
        parts, name = splits(images), task_of(images, self.task)
        known = images.labels[self.task] >= 0
        pool, test = (one[known[one]] for one in (parts.pool[name], parts.test[name]))
        if parts.cross_fitted(name):  # the same images: a fifth is tested
            if images.groups is not None:
                column = images.labels[self.task]
                pool, test = cut(pool, column, max(len(pool) // 5, 1), 0, images.groups)
            else:
                order = np.random.default_rng(0).permutation(pool)
                pool, test = order[len(order) // 5 :], order[: len(order) // 5]
        rng = np.random.default_rng(0)
        self.known, self.tested = (np.sort(rng.permutation(rows)[:_MOST]) for rows in (pool, test))

    def __call__(self, encoders: PairEncoder) -> dict[str, float]:
        """Held-out accuracy of nearest neighbours and of a linear probe, and the rank."""
        mode = encoders.training
        encoders.eval()
        device = next(encoders.parameters()).device
        known, tested = (
            represent(
                self.images,
                rows,
                lambda x, _: encoders.represent(self.pair.plain(0, x), self.pair.plain(1, x)),
                device=device,
                batch=256,
            )
            for rows in (self.known, self.tested)
        )
        encoders.train(mode)
        labels = self.images.labels[self.task]
        classes = len(self.images.classes[self.task])
        truth = labels[self.tested]
        near = knn_predict(
            known.numpy(), labels[self.known], tested.numpy(), classes=classes, neighbours=20
        )
        column = labels[self.known]
        logs, _ = linear_logs(known, column, np.arange(len(column)), tested, classes=classes)
        return {
            "knn_top1": float((near == truth).mean()),
            "linear_top1": float((logs.argmax(axis=1) == truth).mean()),
            "effective_rank": effective_rank(tested),
        }


def row_line(row: Mapping[str, Any]) -> str:
    """A row of the log as one line of text.

    Example:
        >>> row_line({"loss": 2.5, "knn_top1": 0.51})
        'loss 2.500, kNN .510'
    """
    names = {"loss": "loss", "knn_top1": "kNN", "linear_top1": "linear", "effective_rank": "rank"}
    parts = []
    for name, word in names.items():
        if name in row:
            parts.append(f"{word} {number(row[name], 3, bare='top1' in name)}")
    return ", ".join(parts)
