"""The language of views: specs as text, the names they can use, the files they refer to."""

from goodviews.spec.grammar import Call, expand, format_calls
from goodviews.spec.names import spell
from goodviews.spec.space import Space, read_space

__all__ = [
    "Call",
    "Space",
    "expand",
    "format_calls",
    "read_space",
    "spell",
]
