import pytest

from goodviews.spec.grammar import expand
from goodviews.views import default_views, parse_view


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 13, 224])
@pytest.mark.parametrize("shape", [(8, 8), (6, 20)])
def test_the_default_views_take_images_of_any_number_of_channels(channels, shape) -> None:
    family = default_views(channels, min(shape))
    swept = expand(family)
    assert swept is not None
    for spec in swept.specs:
        parse_view(spec).check((channels, *shape))


def test_bands_are_not_taken_for_colours() -> None:
    assert "jitter" in default_views(3, 32)
    assert "jitter" not in default_views(4, 32) + default_views(13, 32)
    assert all("brightness" in default_views(channels, 32) for channels in (2, 4, 13))
