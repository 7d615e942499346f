"""Pictures of tested images, their labels and what was predicted, for the page.

Letters: C H W one image, K classes.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from goodviews.jobs.transfer.arms import Arm
from goodviews.jobs.transfer.dense import SHOWN, DenseTask
from goodviews.jobs.transfer.plan import Fit, read_truth

_COLOURS = np.array(
    [
        *((24, 24, 28), (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66)),
        *((0, 114, 178), (213, 94, 0), (204, 121, 167), (150, 150, 150), (120, 80, 40)),
        *((160, 220, 160), (255, 180, 180)),
    ],
    dtype=np.uint8,
)
"""Of classes, repeated where there are more; the first eight are those of Okabe and Ito (2008)."""


def pictures(
    task: DenseTask, arms: Sequence[Arm], cells: Mapping[Fit, dict[str, Any]]
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
    places = task.parts.test[:SHOWN]
    truth = read_truth(task.scenes, places, task.shape).numpy()
    made = []
    for k, place in enumerate(places):
        image = task.images["test"][k].permute(1, 2, 0).cpu().numpy()
        maps = [truth[k], *[np.asarray(cells[fit]["shown"][k]) for fit in chosen]]
        names = ["labels", *[arms[fit.arm].name for fit in chosen]]
        high = float(truth[k].max()) if task.settings.kind == "depth" else 0.0
        tiles = [{"caption": "image", "url": _url(image)}]
        tiles += [
            {"caption": name, "url": _url(_coloured(one, high))}
            for name, one in zip(names, maps, strict=True)
        ]
        made.append({"name": task.scenes.images[place].stem, "tiles": tiles})
    return made


def _coloured(values: np.ndarray, high: float) -> np.ndarray:
    """Classes in colours, or depth up to ``high`` in grey, as (H, W, 3) uint8."""
    if high:
        grey = (255 * (values / high).clip(0, 1)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    drawn = _COLOURS[values.clip(0) % len(_COLOURS)]
    return np.where((values < 0)[..., None], np.uint8(255), drawn)


def _url(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
