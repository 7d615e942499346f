"""goodviews: find, measure and learn the views that make representations good."""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "infonce": "goodviews.objectives",
    "infonce_bound": "goodviews.information",
    "load": "goodviews.data",
    "parse_view": "goodviews.views",
    "report": "goodviews.pages",
    "study": "goodviews.jobs.study",
}

__all__ = ["infonce", "infonce_bound", "load", "parse_view", "report", "study"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import goodviews`` is instant."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'goodviews' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
