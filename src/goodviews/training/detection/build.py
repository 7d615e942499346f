"""Faster R-CNN and Mask R-CNN of torchvision on any backbone.

Letters: B images, C H W one image, K classes.
"""

from typing import Any

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from goodviews.core.errors import InputError, unknown
from goodviews.encoders.maps import Maps
from goodviews.training.detection.necks import WIDTH, Cut, LastStage, Pyramid, group_norm

DETECTORS = {"boxes": "faster-rcnn", "masks": "mask-rcnn"}
"""The detector of each kind of target."""
NECKS = ("fpn", "c4")
SMALL = 320
"""Longer side in pixels up to which a detector is small: anchors of half the size, half as many
features in the neck and the head, fewer regions."""

_RATIOS = (0.5, 1.0, 2.0)


def build_detector(
    maps: Maps,
    classes: int,
    *,
    shape: tuple[int, int],
    kind: str = "boxes",
    neck: str = "fpn",
    seed: int = 0,
) -> FasterRCNN:
    """A detector of torchvision whose features are those of a backbone.

    The feature pyramid and its heads have group normalisation, so that they train from scratch
    with few images per step. Pixels are in [0, 1] and are normalised by the backbone
    alone. Anchors have 8 times the stride of their level and the neck 256 features; 4 times and
    128 for images of at most 320 pixels.

    Args:
        maps: The backbone, which becomes part of the detector.
        classes: K.
        shape: H and W of the images, to which others are resized.
        kind: ``boxes`` for Faster R-CNN, ``masks`` for Mask R-CNN.
        neck: ``fpn``: a feature pyramid; ``c4``: the last stage of a residual network is the
            head of boxes, and the stages before it give the only map.
        seed: Random seed of all weights that are not the backbone's.

    Returns:
        The detector; class 0 is the background, and the classes of targets start at 1.

    Raises:
        InputError: The neck is unknown, or does not fit the backbone.

    References:
        Ren et al., 2015, arXiv:1506.01497; He et al., 2017, arXiv:1703.06870.

    Example:
        >>> from goodviews.encoders import build_backbone
        >>> net = build_backbone("convnet(width=4)", channels=3, size=64)
        >>> model = build_detector(Maps(net, (3, 64, 64)), 2, shape=(64, 64)).eval()
        >>> sorted(model([torch.zeros(3, 64, 64)])[0])
        ['boxes', 'labels', 'scores']
    """
    if kind not in DETECTORS:
        raise unknown("kind of target", kind, tuple(DETECTORS))
    if neck not in NECKS:
        raise unknown("neck", neck, NECKS)
    device = next(maps.parameters()).device
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        small = max(shape) <= SMALL
        if neck == "fpn":
            body_width = WIDTH // 2 if small else WIDTH
            parts = _of_pyramid(Pyramid(maps, width=body_width), classes, 4 * body_width)
        else:
            parts = _of_cut(Cut(maps, (3, *shape)), classes)
        body = parts["backbone"]
        scale = 4 if small else 8
        sizes: tuple[tuple[int, ...], ...] = tuple((scale * one,) for one in body.strides)
        if neck == "c4":
            sizes = (tuple(scale * one for one in (4, 8, 16, 32, 64)),)
        options: dict[str, Any] = {
            "rpn_anchor_generator": AnchorGenerator(sizes, (_RATIOS,) * len(sizes)),
            "box_batch_size_per_image": 64 if small else 512,
            "rpn_post_nms_top_n_test": 300 if small else 1000,
            "min_size": min(shape),
            "max_size": max(shape),
            "image_mean": [0.0] * 3,
            "image_std": [1.0] * 3,
        }
        masks = {name: parts.pop(name) for name in list(parts) if name.startswith("mask")}
        model = MaskRCNN if kind == "masks" else FasterRCNN
        made: FasterRCNN = model(**parts, **options, **(masks if kind == "masks" else {}))
    return made.to(device)


def freeze(maps: Maps, how: str, image: tuple[int, int, int]) -> None:
    """Stop weights of a backbone from being trained.

    Args:
        maps: The backbone.
        how: ``all`` of its weights, ``none``, or those of its ``stem``: all that its finest map
            depends on.
        image: (C, H, W) of the images.

    Raises:
        InputError: ``stem`` is given for a backbone with a single map.

    Example:
        >>> from goodviews.encoders import build_backbone
        >>> maps = Maps(build_backbone("convnet(width=4)", channels=3, size=32), (3, 32, 32))
        >>> freeze(maps, "stem", (3, 32, 32))
        >>> 0 < sum(p.requires_grad for p in maps.parameters()) < len(list(maps.parameters()))
        True
    """
    weights = [one for one in maps.parameters() if one.requires_grad]
    if how == "stem":
        if len(maps.strides) == 1:
            raise InputError(
                "freeze stem needs an encoder with maps of several sizes, such as a residual "
                "network; use --freeze all or --freeze none."
            )
        like = weights[0]
        finest = maps(torch.zeros(2, *image, device=like.device))[0].sum()
        grads = torch.autograd.grad(finest, weights, allow_unused=True)
        weights = [w for w, grad in zip(weights, grads, strict=True) if grad is not None]
    for weight in weights if how != "none" else []:
        weight.requires_grad_(False)


def _of_pyramid(body: Pyramid, classes: int, features: int) -> dict[str, Any]:
    width = body.out_channels
    names = [str(k) for k in range(body.pooled)]
    return {
        "backbone": body,
        "box_roi_pool": MultiScaleRoIAlign(names, 7, 2),
        "box_head": nn.Sequential(
            nn.Flatten(), *_dense(width * 49, features), *_dense(features, features)
        ),
        "box_predictor": FastRCNNPredictor(features, classes + 1),
        "mask_roi_pool": MultiScaleRoIAlign(names, 14, 2),
        "mask_head": MaskRCNNHeads(width, (width,) * 2, 1, group_norm),
        "mask_predictor": MaskRCNNPredictor(width, width, classes + 1),
    }


def _of_cut(body: Cut, classes: int) -> dict[str, Any]:
    last: LastStage = body.last
    return {
        "backbone": body,
        "box_roi_pool": MultiScaleRoIAlign(["0"], 14, 2),
        "box_head": last,
        "box_predictor": FastRCNNPredictor(last.channels, classes + 1),
        "mask_roi_pool": MultiScaleRoIAlign(["0"], 14, 2),
        "mask_head": nn.Sequential(last.stage),
        "mask_predictor": MaskRCNNPredictor(last.channels, WIDTH, classes + 1),
    }


def _dense(inputs: int, features: int) -> list[nn.Module]:
    return [nn.Linear(inputs, features), group_norm(features), nn.ReLU(inplace=True)]
