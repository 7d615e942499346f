"""Heads in proportion to the backbone: papers give theirs for ResNet-50 and its 2,048 features.

Letters: F representation, D embedding.
"""

import re
from dataclasses import replace
from typing import Any

import torch

from goodviews.encoders import build_backbone
from goodviews.encoders.sources import without_sources
from goodviews.spec.grammar import parse_spec
from goodviews.training.settings import Settings

WIDEST = 4
"""Widest layer of a head, in multiples of F: 8,192 for ResNet-50."""

LEAST = 128
"""Width that any head may have, which costs little."""


def features_of(encoder: str, *, channels: int, size: int) -> int:
    """F of a backbone, without memory for its weights.

    Args:
        encoder: Backbone spec.
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels.

    Example:
        >>> features_of("resnet(depth=50)", channels=3, size=224)
        2048
    """
    with torch.device("meta"):
        net: Any = build_backbone(without_sources(encoder), channels=channels, size=size)
    return int(net.features)


def fitting_heads(settings: Settings, features: int) -> tuple[Settings, str]:
    """Limit the widths of the projector and the predictor to four times those of the backbone.

    A predictor that is narrower than the embedding (SimSiam) keeps its share of it. Behind 64
    features, the head 8192-8192-512 has more than a thousand times the weights of the backbone.

    Args:
        settings: Settings of a method.
        features: F of the backbone.

    Returns:
        The settings, and a sentence if they were changed.

    Example:
        >>> usual = Settings(head="8192-8192-512")
        >>> fitting_heads(usual, 2048)[0].head, fitting_heads(usual, 64)[0].head
        ('8192-8192-512', '256-256-256')
    """
    most = max(WIDEST * features, LEAST)
    head, predictor = settings.head, settings.predictor
    if head[:1].isdigit():
        widths = [int(width) for width in head.split("-")]
        head = "-".join(str(min(width, most)) for width in widths)
        before, after = widths[-1], min(widths[-1], most)
    elif (found := re.search(r"\bdim=(\d+)", head)) is not None:
        before, after = int(found[1]), min(int(found[1]), most)
        head = head.replace(found[0], f"dim={after}")
    else:
        before = after = 1
    if predictor and parse_spec(predictor)[0].name == "predictor":
        hidden = int(dict(parse_spec(predictor)[0].kwargs).get("hidden", 512))
        fits = min(hidden * after // before, most)
        predictor = f"predictor(hidden={fits})" if fits < hidden else predictor
    if (head, predictor) == (settings.head, settings.predictor):
        return settings, ""
    more = f" and {predictor}" if predictor != settings.predictor else ""
    return replace(settings, head=head, predictor=predictor), (
        f"The backbone has {features} features, so the head is {head}{more}."
    )
