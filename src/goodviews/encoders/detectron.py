"""Weight names and settings of residual networks in detectron2, from its documented layout."""

import pickle
import re
from collections.abc import Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")


def detectron_names(weights: Mapping[str, Value]) -> dict[str, Value]:
    """Rename the weights of a residual network for detectron2; batch counters are dropped.

    Args:
        weights: Weights by the names of torchvision.

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
    """Settings of detectron2 that match the images and the network of pretraining.

    By default, detectron2 reads BGR images and puts the stride of a block in its first
    convolution; these weights need RGB images and the stride in the 3 x 3 convolution.

    Args:
        depth: Number of layers: 18, 34, 50, 101 or 152.
        mean: Mean of each channel, in the order R G B, for pixels in [0, 1].
        std: Standard deviation of each channel, in the same order.

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


def pickle_arrays(arrays: Mapping[str, Any]) -> bytes:
    """Serialise weights as a dictionary that makes detectron2 match names by their suffixes.

    Args:
        arrays: Numpy arrays of any shape by the names of detectron2.
    """
    content = {"model": dict(arrays), "__author__": "goodviews", "matching_heuristics": True}
    return pickle.dumps(content, protocol=4)
