"""What the page of a spec says about the draws of each image."""

import torch

from goodviews.cli.strip import captions
from goodviews.views import parse_view


def _captions(spec: str) -> list[list[str]]:
    pair = parse_view(spec)
    images = torch.rand(6, 3, 16, 16)
    key = pair.key(0, images, 0, torch.arange(6), 0)
    return captions(pair.first, pair.first.sample(tuple(images.shape), key))


def test_steps_that_draw_several_operations_have_captions() -> None:
    assert _captions("randaugment(p=0)") == [["left out"] * 6]
    assert "left out" not in _captions("randaugment(p=1)")[0]
    assert len(_captions("infomin()")[-2]) == 6
