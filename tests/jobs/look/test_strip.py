"""What the page of a spec says about the draws of each image."""

import torch

from goodviews.jobs.look.strip import captions
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


def test_stacks_are_offered_the_method_that_reads_them(tmp_path):
    from goodviews.cli.main import main

    spec = "grid(patch=8, overlap=4)"
    assert main(["views", "show", spec, "--out", str(tmp_path / "v.html")]) == 0
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    assert "goodviews pretrain" in page
    assert "--recipe cpc" in page
    assert "goodviews study" not in page
    assert main(["study", "--views", spec, "--out", str(tmp_path / "s"), "-q"]) == 2
