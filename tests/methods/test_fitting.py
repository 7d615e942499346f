"""Every method's views take images of any number of channels, and say what was changed."""

import pytest
import torch

from goodviews.methods import METHODS, method
from goodviews.methods.fitting import fitting_views
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view


@pytest.mark.parametrize("channels", [2, 4, 13])
@pytest.mark.parametrize("name", METHODS)
def test_the_views_of_every_method_can_be_made_of_any_number_of_channels(name, channels):
    spec = method(name).views
    if not spec or name == "cpc":  # its grid needs larger images
        return
    views, said = fitting_views(spec, channels)
    assert (f"The images have {channels} channels" in said) == (views != spec)
    pair = parse_view(views)
    images = torch.rand(4, channels, 64, 64)
    pair.check(tuple(images.shape[1:]))
    for view in pair(images, seed=0, samples=torch.arange(4), epoch=0):
        assert view.isfinite().all()


@pytest.mark.parametrize("name", METHODS)
def test_views_of_colour_images_stay_as_they_are(name):
    spec = method(name).views
    assert not spec or fitting_views(spec, 3) == (spec, "")


def test_a_jitter_keeps_its_amounts_and_both_views_their_difference():
    views, _ = fitting_views(
        "colourjitter(0.4, 0.3, 0.2, 0.1, p=0.7) // crop()|jitter(0.5, p=1)", 4
    )
    assert views == (
        "brightness(amount=0.4, p=0.7)|contrast(amount=0.3, p=0.7) // "
        "crop()|brightness(amount=0.4, p=1)|contrast(amount=0.4, p=1)"
    )


def test_steps_that_are_not_about_colour_are_never_left_out():
    assert fitting_views("crop()|split(1)", 1) == ("crop()|split(1)", "")
    assert VIEWS["split"].channels == "2 or more"
