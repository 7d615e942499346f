"""Names and settings of detectron2's residual networks, written from its documented layout."""

import pickle
import re
from collections.abc import Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")


def detectron_names(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Weights of a residual network by detectron2's names; counters of batches are left out.

    Args:
        weights: By torchvision's names.

    Example:
        >>> list(detectron_names({"bn1.bias": 0, "layer1.0.downsample.0.weight": 1}))
        ['stem.conv1.norm.bias', 'res2.0.shortcut.weight']
    """
    made = {}
    for name, value in weights.items():
        if name.endswith("num_batches_tracked"):
            continue
        name = re.sub(r"^layer(\d)", lambda stage: f"res{int(stage[1]) + 1}", name)
        name = name if name.startswith("res") else f"stem.{name}"
        name = re.sub(r"\bbn(\d)", r"conv\1.norm", name)
        name = name.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")
        made[name] = value
    return made


def detectron_settings(depth: int, *, mean: list[float], std: list[float]) -> dict[str, Any]:
    """Settings that feed the network what it was trained on.

    detectron2 reads BGR and strides in the first convolution of a block unless told otherwise;
    these weights want RGB and the stride in the 3 x 3 convolution.

    Args:
        depth: 18, 34, 50, 101 or 152.
        mean: Of each channel, R G B, of pixels in [0, 1].
        std: Likewise.

    Example:
        >>> detectron_settings(50, mean=[0.5] * 3, std=[0.2] * 3)["MODEL.PIXEL_MEAN"]
        [127.5, 127.5, 127.5]
    """
    return {
        "MODEL.WEIGHTS": "backbone.pkl",
        "INPUT.FORMAT": "RGB",
        "MODEL.PIXEL_MEAN": [255 * value for value in mean],
        "MODEL.PIXEL_STD": [255 * value for value in std],
        "MODEL.RESNETS.DEPTH": depth,
        "MODEL.RESNETS.STRIDE_IN_1X1": False,
        "MODEL.RESNETS.RES2_OUT_CHANNELS": 64 if depth < 50 else 256,
    }


def pickled(arrays: Mapping[str, Any]) -> bytes:
    """The file: a dictionary that asks detectron2 to match names by their endings.

    Args:
        arrays: Numpy arrays of any shape by detectron2's names.
    """
    told = {"model": dict(arrays), "__author__": "goodviews", "matching_heuristics": True}
    return pickle.dumps(told, protocol=4)
