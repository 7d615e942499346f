"""Frames of clips: as far apart as they say, and inside the clip."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view


def clips(count=6, frames=24):
    """Clips whose values are their frame's number."""
    return torch.arange(frames).double().view(1, -1, 1, 1, 1).expand(count, frames, 2, 3, 4)


def both(spec, made):
    return parse_view(spec)(made, seed=0, samples=torch.arange(len(made)), epoch=0)


@pytest.mark.parametrize("apart", [0, 1, 23])
def test_frames_are_as_far_apart_as_they_say(apart):
    first, second = both(f"frames({apart})", clips(400))
    assert first.shape == (400, 2, 3, 4)
    assert torch.equal(second - first, torch.full_like(first, apart))
    seen = set(first[:, 0, 0, 0].tolist())
    assert seen == set(range(24 - apart))
    assert parse_view("frames(1)").alike


def test_past_frames_lead_up_to_the_later_one():
    past, later = both("pastframes(count=5, ahead=3)", clips(200))
    assert past.shape == (200, 5, 2, 3, 4)
    steps = past[:, 1:] - past[:, :-1]
    assert torch.equal(steps, torch.ones_like(steps))
    assert torch.equal(later - past[:, -1], torch.full_like(later, 3))
    assert set(past[:, 0, 0, 0, 0].tolist()) == set(range(24 - 5 - 3 + 1))
    assert not parse_view("pastframes()").alike


def test_readout_takes_the_first_frames_and_the_middle_one():
    pair = parse_view("pastframes(count=5, ahead=3)")
    assert pair.plain(0, clips())[0, :, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert (pair.plain(1, clips()) == 12).all()
    image = torch.rand(2, 3, 4, 4)
    assert torch.equal(parse_view("frames(2)").plain(0, image), image)


def test_steps_of_images_come_after_the_frame():
    pair = parse_view("frames(2)|crop(size=3)|flip()")
    pair.check((24, 2, 3, 4))
    first, _ = both("frames(2)|crop(size=3)|flip()", clips() / 24)
    assert first.shape == (6, 2, 3, 3)


@pytest.mark.parametrize(
    ("spec", "shape", "word"),
    [
        ("frames(24)", (24, 2, 3, 4), "25 frames"),
        ("pastframes()", (19, 2, 3, 4), "20 frames"),
        ("frames(2)", (3, 8, 8), "images"),
        ("past()", (3, 8, 8), "clips"),
        ("crop()", (24, 2, 3, 4), "frames()"),
        ("past(count=2)|crop()", (24, 2, 3, 4), "before past"),
    ],
)
def test_clips_that_do_not_fit_are_refused(spec, shape, word):
    with pytest.raises(InputError, match=word):
        parse_view(spec).check(shape)


@pytest.mark.parametrize("spec", ["frames(-1)", "frames(0.5)", "past(0)", "pastframes(2, -1)"])
def test_impossible_frames_are_refused(spec):
    with pytest.raises(InputError, match=r"\.$"):
        parse_view(spec)
