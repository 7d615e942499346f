"""Pictures of tested images, their labels and what was predicted, for the page."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from goodviews.jobs.transfer.arms import Arm
from goodviews.jobs.transfer.plan import SHOWN, Fit, Task


def pictures(
    task: Task, arms: Sequence[Arm], cells: Mapping[Fit, dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the page shows: image, labels, and predictions of the encoder and the first other.

    Those of the most labels and the first seed are shown.

    Args:
        task: Images and labels.
        arms: The encoders.
        cells: Results, each with its predictions in ``shown``.
    """
    fits = [fit for fit in cells if fit.first]
    most = max(fit.count for fit in fits)
    chosen = [
        next(fit for fit in fits if (fit.arm, fit.count) == (arm, most))
        for arm in range(min(len(arms), 2))
    ]
    made = []
    for row, place in enumerate(task.parts.test[:SHOWN]):
        image = task.images["test"][row].permute(1, 2, 0).cpu().numpy()
        tiles = [("image", image), ("labels", task.truth_picture(row))]
        tiles += [(arms[fit.arm].name, task.predicted_picture(row, cells[fit])) for fit in chosen]
        made.append(
            {
                "name": task.scenes.images[place].stem,
                "tiles": [{"caption": name, "url": _url(one)} for name, one in tiles],
            }
        )
    return made


def _url(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
