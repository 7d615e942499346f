"""Basics without a domain, used by every other package: errors, files, randomness, records.

Every name is imported when it is first used: most of the package needs the standard library only.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodviews.core import intervals
    from goodviews.core.cells import Cells, read_values
    from goodviews.core.claim import claimed
    from goodviews.core.errors import InputError, unknown
    from goodviews.core.files import read_json, write_bytes, write_json, write_text
    from goodviews.core.interval import Interval
    from goodviews.core.origin import hardware, run_origin, write_table
    from goodviews.core.progress import Progress
    from goodviews.core.records.codec import to_json
    from goodviews.core.records.rows import Row, read_rows
    from goodviews.core.records.verdict import Verdict
    from goodviews.core.rng import Key
    from goodviews.core.text import duration, number
    from goodviews.core.tokens import TOKENS

_HOMES = {
    "claim": "claimed",
    "cells": "Cells read_values",
    "errors": "InputError unknown",
    "files": "read_json write_bytes write_json write_text",
    "interval": "Interval",
    "origin": "hardware run_origin write_table",
    "progress": "Progress",
    "records.codec": "to_json",
    "records.rows": "Row read_rows",
    "rng": "Key",
    "text": "duration number",
    "tokens": "TOKENS",
    "records.verdict": "Verdict",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Cells",
    "InputError",
    "Interval",
    "Key",
    "Progress",
    "Row",
    "TOKENS",
    "Verdict",
    "claimed",
    "duration",
    "hardware",
    "intervals",
    "number",
    "read_json",
    "read_rows",
    "read_values",
    "run_origin",
    "to_json",
    "unknown",
    "write_bytes",
    "write_json",
    "write_table",
    "write_text",
]


def __getattr__(name: str) -> Any:
    """Import a name, or the module ``intervals``, when it is first used."""
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
