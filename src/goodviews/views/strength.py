"""One number that turns a view up: 0 does nothing, 1 is the view as it is written."""

import math

from goodviews.core.errors import InputError


def check_strength(step: str, strength: float) -> float:
    """Refuse what is no strength.

    Returns:
        The strength.

    Raises:
        InputError: It is not a finite number from 0 up.

    Example:
        >>> check_strength("noise", 0.5)
        0.5
    """
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not (number and math.isfinite(strength) and strength >= 0):
        raise InputError(
            f"{step} has strength={strength!r}, but a number is wanted: 0 does nothing, "
            f"1 is {step} as written."
        )
    return strength


def from_still(still: float, value: float, strength: float) -> float:
    """The value at a strength, on the line from the one that does nothing; exact at 0 and 1.

    Example:
        >>> from_still(1.0, 0.2, 0.5)
        0.6
    """
    return value if strength == 1 else still + (value - still) * strength
