"""Steps that change what kind of image it is, and steps about both views."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view

SAMPLES = torch.arange(6)


def pictures(channels=3, size=12, count=6):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, channels, size, size, generator=generator, dtype=torch.float64)


def both(spec, images, **other):
    return parse_view(spec)(images, **{"seed": 0, "samples": SAMPLES, "epoch": 1} | other)


def test_a_split_is_of_one_crop_and_two_specs_are_of_two():
    images = pictures()
    luma, rest = both("crop()|split(1)", images)
    whole = parse_view("crop()|split(1)").first
    assert luma.shape[1:] == (1, 12, 12)
    assert rest.shape[1:] == (2, 12, 12)
    grey = images[:, :1].expand(-1, 3, -1, -1).contiguous()
    luma, rest = both("crop()|split(1)", grey)
    assert torch.equal(luma, rest[:, :1])
    apart = both("crop()|channels(0) // crop()|channels((1, 2))", grey)
    assert not torch.allclose(apart[0], apart[1][:, :1])
    assert whole.common == 2


@pytest.mark.parametrize("before", ["crop(size=5)|flip()", "noise()", "crop()|randaugment()"])
def test_a_split_of_two_draws_takes_its_channels_from_two_images(before):
    images = pictures().float()
    seen = both(f"{before}|split(1, draws=2)|blur()", images)
    written = both(f"{before}|channels(':1')|blur() // {before}|channels('1:')|blur()", images)
    whole = both(before, images)
    unblurred = both(f"{before}|split(1, draws=2)", images)
    for which, kept in enumerate((slice(0, 1), slice(1, 3))):
        assert torch.equal(seen[which], written[which])
        assert torch.allclose(unblurred[which], whole[which][:, kept], atol=1e-6)
    assert not torch.allclose(whole[0], whole[1], atol=0.01)


def test_a_clip_split_into_two_draws_still_shows_the_frames_of_one_moment():
    clips = torch.arange(9.0).view(1, 9, 1, 1, 1).expand(6, 9, 2, 4, 4) / 10
    first, second = both("frames(2)|noise(std=0.01)|split(1, draws=2)", clips)
    assert torch.allclose((second - first).mean(dim=(1, 2, 3)), torch.tensor(0.2), atol=0.02)
    assert parse_view("frames(2)|split(1, draws=2)").first.common == 1


def test_what_follows_a_split_is_drawn_for_each_view():
    grey = pictures(1).expand(-1, 2, -1, -1).contiguous()
    first, second = both("split(1)|noise(std=0.1)", grey)
    assert (first - second).abs().amax(dim=(1, 2, 3)).min() > 0.01


@pytest.mark.parametrize("spec", ["crop()|flip()|split(1)|noise()", "crop()|flip()"])
def test_one_view_alone_is_the_view_of_the_pair_in_any_batch(spec):
    images, pair = pictures(), parse_view(spec)
    views = pair(images, seed=2, samples=SAMPLES, epoch=3)
    some = torch.tensor([4, 1])
    for which in (0, 1):
        alone = pair.view(which, images[some], seed=2, samples=SAMPLES[some], epoch=3)
        assert torch.allclose(alone, views[which][some], atol=1e-12)


def test_the_image_before_a_split_is_made_once(monkeypatch):
    pair, images = parse_view("crop()|split(1)|noise()"), pictures()
    made = []
    step = type(pair.first.steps[0])
    apply = step.apply
    monkeypatch.setattr(step, "apply", lambda *given: made.append(1) or apply(*given))
    pair(images, seed=0, samples=SAMPLES, epoch=0)
    assert len(made) == 1


def test_readout_sees_the_form_of_the_view_and_nothing_drawn():
    images = pictures()
    pair = parse_view("crop()|noise(std=0.5)|split(1)|noise(std=0.5)")
    assert torch.equal(pair.plain(0, images), images[:, :1])
    assert torch.equal(pair.plain(1, images), images[:, 1:])
    plain = parse_view("crop(size=4)|flip(p=1)|noise()")
    assert torch.equal(plain.plain(0, images), images)


def test_one_encoder_serves_views_of_one_kind():
    assert parse_view("crop()|noise()").alike
    assert parse_view("crop()|noise(std=0.2) // crop()|noise(std=0.1)").alike
    assert not parse_view("crop()|split(1)").alike
    assert not parse_view("channels(0) // channels(1)").alike
    assert parse_view("channels(0)|flip() // channels(0)").alike


@pytest.mark.parametrize(
    "spec", ["split(1)", "crop()|split()|noise(std=0.1)", "channels((2, 0))", "channels('1:')"]
)
def test_the_text_is_kept_as_it_was_written(spec):
    assert repr(parse_view(spec)) == spec
    assert repr(parse_view(repr(parse_view(spec)))) == spec


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("split(1) // flip()", ["makes both views", "channels(keep=':1')"]),
        ("split(0)", ["split", "0"]),
        ("split(True)", ["split"]),
        ("split(1, draws=3)", ["draws=3", "1", "2"]),
        ("split(1, draws=True)", ["draws=True"]),
        ("channels(-1)", ["channels", "-1"]),
        ("channels(())", ["channels"]),
        ("channels('a')", ["channels"]),
        ("channels(0.5)", ["channels"]),
        ("flip(strength=0.5)", ["strength", "flip"]),
        ("noise(strength=-1)", ["strength"]),
        ("noise(strength='a')", ["noise"]),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(spec, words):
    with pytest.raises(InputError) as error:
        parse_view(spec)
    assert all(word in str(error.value) for word in words)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        ("split(1)", (1, 8, 8)),
        ("split(3)", (3, 8, 8)),
        ("channels(3)", (3, 8, 8)),
        ("channels('3:')", (3, 8, 8)),
        ("split(1)|jitter()", (3, 8, 8)),
    ],
)
def test_images_without_these_channels_are_refused(spec, shape):
    with pytest.raises(InputError, match="channels"):
        parse_view(spec).check(shape)


def test_a_step_says_that_it_is_a_form():
    for spec in ("channels(0)", "split(1)"):
        assert all(step.form for step in parse_view(spec).first.steps)
