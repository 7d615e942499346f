"""One line about a view, for lists and checks that must not import torch."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Listing:
    """What is known of a view before it is imported.

    Attributes:
        home: ``module:class`` that makes it.
        arguments: Name and default of each argument, in order.
        channels: Channel counts it takes: ``any``, or such as ``3``.
        strength: Name of what its strength scales; ``–`` when it has none.
        source: Where its defaults come from.
        does: One line for a list.
    """

    home: str
    arguments: tuple[tuple[str, Any], ...]
    channels: str
    strength: str
    source: str
    does: str
