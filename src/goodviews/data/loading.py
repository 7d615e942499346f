"""``load``: from whatever the user names to one array of images."""

from collections.abc import Callable
from pathlib import Path

from goodviews.core.checks import InputError
from goodviews.data.digits import digits
from goodviews.data.images import Images

__all__ = ["load"]


def load(
    data: str | Path | None = None,
    *,
    labels: Path | None = None,
    size: int | None = None,
    root: Path | None = None,
    cache: Path | None = None,
    split: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Images:
    """Read images."""
    if data is None or str(data) == "digits":
        return digits(size)
    raise InputError(f"No data called {data!r}.")
