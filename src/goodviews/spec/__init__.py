"""The language of views: specs as text, the names they can use, the files they refer to."""

from goodviews.spec.grammar import Call, expand, format_calls
from goodviews.spec.names import spell

__all__ = [
    "Call",
    "expand",
    "format_calls",
    "spell",
]
