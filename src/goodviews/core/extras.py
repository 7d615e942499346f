"""Optional libraries: imported when they are used, and named in the error when missing."""

import importlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from types import ModuleType

from goodviews.core.errors import InputError


class MissingExtra(InputError):
    """An optional library is not installed; the message holds the command to type."""


def need(module: str, extra: str) -> ModuleType:
    """Import an optional library, or raise an error that says which extra installs it.

    Args:
        module: Import name, such as ``"onnx"``.
        extra: The extra of goodviews that installs it, such as ``"export"``.

    Returns:
        The module.

    Raises:
        MissingExtra: The library is not installed; the message holds the command to type.

    Example:
        >>> need("json", "core").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingExtra(f"{module} is not installed: type {install_command(extra)}.") from error


def install_command(extra: str) -> str:
    """What to type to install an extra of goodviews.

    Args:
        extra: Its name, such as ``"export"``.

    Returns:
        A command for the package index where goodviews came from there; otherwise one that works
        in the folder of its source code.
    """
    if _from_source():
        return f"pip install -e '.[{extra}]' in your clone of goodviews"
    return f"pip install 'goodviews[{extra}]'"


def _from_source() -> bool:
    """Whether goodviews was installed from a folder, or is imported without an installation."""
    try:
        record = distribution("goodviews").read_text("direct_url.json")
    except PackageNotFoundError:
        return True
    return "dir_info" in json.loads(record or "{}")
