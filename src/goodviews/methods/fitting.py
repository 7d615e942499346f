"""Views of a method for images that its colour steps cannot take, such as four bands."""

import re
from collections.abc import Iterator

from goodviews.core.text import counted
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.grammar import Call, format_calls
from goodviews.spec.names import bind, spell

SIMCLR = "simclr()"
_COLOUR = ("jitter", "colourjitter", "saturation", "hue", "randaugment", "colour", "normalise")
"""Steps that change colours; all other steps are kept, whether they fit or not."""


def fitting_views(text: str, channels: int) -> tuple[str, str]:
    """Replace the colour steps of views that do not take these images.

    A jitter becomes its brightness and contrast, which multiply all channels by one factor and
    take any number of them; the other steps of :data:`_COLOUR` are left out.

    Args:
        text: Spec of the views of a method.
        channels: Number of channels C of the images.

    Returns:
        The views, and a sentence if they were changed.

    Example:
        >>> fitting_views("crop()|jitter(1, p=0.8)|grey(p=0.2)", 4)[0]
        'crop()|brightness(amount=0.8, p=0.8)|contrast(amount=0.8, p=0.8)|grey(p=0.2)'
    """
    sides = spell(text)[1]
    if all(_takes(call, channels) for side in sides for call in side):
        return text, ""
    made = [
        format_calls(tuple(s for call in side for s in _steps(call, channels))) for side in sides
    ]
    views = made[0] if made[0] == made[1] else " // ".join(made)
    if not all(made):
        return text, ""
    lost = dict.fromkeys(
        call.name for side in sides for call in side if not _takes(call, channels)
    )
    return views, (
        f"The images have {counted(channels, 'channel')}, which {', '.join(lost)} cannot take, so "
        f"the views are {views}. Others that fit: --views 'satellite()' or 'medical()'."
    )


def simclr_views(channels: int) -> str:
    """The views of SimCLR, with which a study without given views compares its best ones.

    Args:
        channels: Number of channels C of the images.

    Example:
        >>> simclr_views(3), simclr_views(4)[:28]
        ('simclr()', 'crop(scale=(0.08, 1))|flip()')
    """
    return fitting_views(SIMCLR, channels)[0]


def _steps(call: Call, channels: int) -> Iterator[Call]:
    """The steps in the place of one step."""
    if _takes(call, channels):
        yield call
        return
    given = bind(call)
    if call.name == "jitter":
        amounts = [0.8 * given["strength"]] * 2
    elif call.name == "colourjitter":
        amounts = [given["brightness"], given["contrast"]]
    else:
        return
    for name, amount in zip(("brightness", "contrast"), amounts, strict=True):
        yield Call(name, (), (("amount", amount), ("p", given["p"])))


def _takes(call: Call, channels: int) -> bool:
    """Whether a step takes images of so many channels, or is not about colour."""
    listed = VIEWS.get(call.name)
    if call.name not in _COLOUR or listed is None or listed.channels == "any":
        return True
    return channels in map(int, re.findall(r"\d+", listed.channels))
