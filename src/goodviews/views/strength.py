"""Strength of a view: 0 changes nothing, 1 is the view as it is written."""

import math

from goodviews.core.errors import InputError


def check_strength(step: str, strength: float) -> float:
    """Check the strength of a step.

    Returns:
        The strength.

    Raises:
        InputError: The strength is not a finite number of at least 0.

    Example:
        >>> check_strength("noise", 0.5)
        0.5
    """
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    if not (number and math.isfinite(strength) and strength >= 0):
        raise InputError(
            f"{step} has strength={strength!r}, but it must be a number of at least 0: 0 changes "
            f"nothing, 1 is {step} as written."
        )
    return strength


def from_still(still: float, value: float, strength: float) -> float:
    """Interpolate between the value that changes nothing and the given one; exact at 0 and 1.

    Example:
        >>> from_still(1.0, 0.2, 0.5)
        0.6
    """
    return value if strength == 1 else still + (value - still) * strength
