"""Named specs stand for what they say, at every size and strength."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.names import PRESETS as ALL
from goodviews.spec.names import check_names
from goodviews.views import parse_view

PRESETS = {name: row for name, row in ALL.items() if row.group != "graphs"}
PLAIN = [name for name, row in PRESETS.items() if row.group != "colour spaces"]
SMALL = [name for name in PLAIN if name not in ("cpc", "pirl", "jigsaw_branch")]


def both(spec, images):
    return parse_view(spec)(images, seed=0, samples=torch.arange(len(images)), epoch=0)


def test_no_name_is_both_a_view_and_a_preset_and_each_line_is_filled_in():
    assert not set(ALL) & set(VIEWS)
    for row in ALL.values():
        assert row.source
        assert row.does
        assert row.group in ("papers", "data", "colour spaces", "graphs")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_spec_it_names(name):
    named, written = parse_view(f"{name}()"), parse_view(PRESETS[name].spec)
    assert (named.first.steps, named.second.steps) == (written.first.steps, written.second.steps)
    assert repr(named) == f"{name}()"
    assert repr(parse_view(repr(named))) == repr(named)


@pytest.mark.parametrize("name", SMALL)
def test_views_of_a_preset_have_its_size_and_are_images(name):
    images = torch.rand(2, 3, 24, 24)
    for view in both(f"{name}(size=17)", images):
        assert view.shape[0] == 2
        assert view.shape[2:] == (17, 17)
        assert view.isfinite().all()
    parse_view(f"{name}(size=17)").check((3, 24, 24))


@pytest.mark.parametrize("name", ["pirl", "cpc", "jigsaw_branch"])
def test_stacks_of_a_preset_are_of_the_papers_size(name):
    images = torch.rand(1, 3, 300, 300)
    stack = both(f"{name}()", images)[1]
    wanted = (1, 49, 3, 64, 64) if name == "cpc" else (1, 9, 3, 64, 64)
    assert stack.shape == wanted
    parse_view(f"{name}()").check((3, 300, 300))


def test_at_no_strength_only_steps_without_one_are_left():
    images = torch.rand(3, 3, 16, 16)
    still = ("crop", "flip", "vflip", "colour", "channels")
    for name in SMALL:
        pair = parse_view(f"{name}(strength=0)")
        left = [step for step in pair.first.steps if step.name not in still]
        for step in left:
            key = pair.key(0, images, 0, torch.arange(3), 0)
            same = step.apply(images, step.sample((3, 16, 16), key))
            assert torch.allclose(same, images, atol=1e-6), step
        crop = pair.first.steps[0]
        assert crop.scale[0] == crop.scale[1]


def test_strength_size_and_area_reach_the_steps():
    first = parse_view("infomin(size=64, strength=0.5, area=0.1)").first.steps
    assert first[0].scale[0] == pytest.approx(0.55)
    assert first[0].size == 64
    assert first[1].p == 0.5
    assert first[2].strength == 0.5
    assert first[2].p == 0.8
    assert parse_view("simclr(strength=1)").first.steps == parse_view("simclr()").first.steps


def test_a_strength_of_a_step_or_preset_sweeps_and_round_trips():
    assert check_names("crop(strength={0.25, 0.5, 1})") == (
        "crop(strength=0.25)",
        "crop(strength=0.5)",
        "crop(strength=1)",
    )
    assert check_names("simclr(strength={0.5, 1})|flip()")[0] == "simclr(strength=0.5)|flip()"
    pair = parse_view("crop(strength=0.5)|noise(std=0.2, strength=0.5)")
    assert repr(pair) == "crop(strength=0.5)|noise(std=0.2, strength=0.5)"
    assert pair.first.steps[0].scale == (0.54, 1)
    assert pair.first.steps[1].std == 0.1


@pytest.mark.parametrize("name", ["byol", "vicreg", "barlow"])
def test_asymmetric_methods_have_one_encoder_and_two_recipes(name):
    pair = parse_view(f"{name}()")
    assert pair.alike
    assert not pair.same
    blurs = [
        next(s for s in chain.steps if s.name == "blur") for chain in (pair.first, pair.second)
    ]
    assert [blur.p for blur in blurs] == [1, 0.1]
    assert [step.name for step in pair.second.steps][-1] == "solarise"


_DRAWN = (torch.rand(64, 3, 16, 16), 0, torch.arange(64), 0)
"""Images, seed, samples and epoch of a batch."""


def test_cmc_splits_one_image_and_each_encoder_reads_out_its_part():
    pair = parse_view("cmc(size=12)")
    images = torch.rand(4, 3, 16, 16)
    assert not pair.alike
    assert pair.plain(0, images).shape == (4, 1, 16, 16)
    luma = (images * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    assert torch.allclose(pair.plain(0, images), luma, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "draws"),
    [("cmc()", 1), ("pycontrast_c()", 1), ("cmc_v2()", 2), ("pycontrast_e()", 2)],
)
def test_cmc_takes_both_views_from_one_crop_and_cmc_v2_from_two(spec, draws):
    params = [
        chain.sample((3, 16, 16), parse_view(spec).key(side, *_DRAWN))
        for side, chain in enumerate((parse_view(spec).first, parse_view(spec).second))
    ]
    assert torch.equal(params[0]["0.crop.top"], params[1]["0.crop.top"]) == (draws == 1)
    assert torch.equal(params[0]["1.flip.flipped"], params[1]["1.flip.flipped"]) == (draws == 1)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("byol() // crop()", ["both views", "//"]),
        ("simclr(strength=-1)", ["strength"]),
        ("simclr(strength='a')", ["strength"]),
        ("simclr(size='a')", ["size"]),
        ("simclr(scale=3)", ["scale", "size, strength"]),
        ("simcrl()", ["simcrl", "Did you mean 'simclr'?"]),
        ("infomin(1, 2, 3, 4)", ["takes 3"]),
        ("lab(3)", ["lab"]),
        ("simclr({1, 2})", ["family"]),
    ],
)
def test_what_a_preset_cannot_be_is_said(spec, words):
    with pytest.raises(InputError) as error:
        parse_view(spec)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize("name", ["medical", "satellite", "documents", "textures"])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_views_for_kinds_of_data_take_any_channels(name, channels):
    images = torch.rand(2, channels, 20, 20)
    parse_view(f"{name}()").check((channels, 20, 20))
    for view in both(f"{name}()", images):
        assert view.shape == images.shape
        assert view.min() >= 0
        assert view.max() <= 1


@pytest.mark.parametrize(
    "spec", ["byol(size=13)", "moco_v1()", "vicreg()", "cmc(size=15)", "swav()", "split(1)|blur()"]
)
def test_both_precisions_and_so_both_paths_agree(spec):
    pair, images = parse_view(spec), torch.rand(6, 3, 21, 24)
    samples = torch.arange(6)
    single = pair(images, seed=0, samples=samples, epoch=0)
    double = pair(images.double(), seed=0, samples=samples, epoch=0)
    for one, other in zip(single, double, strict=True):
        near = (one.double() - other).abs() < 2e-5
        # A value at the border of solarise may fall on either side of it.
        assert near.double().mean() > (0.999 if "byol" in spec or "vicreg" in spec else 0.999999)
