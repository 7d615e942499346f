"""Optional libraries: imported when they are used, and named in the error when missing."""

import importlib
from types import ModuleType

from goodviews.core.errors import InputError


def need(module: str, extra: str) -> ModuleType:
    """Import an optional library, or raise an error that says which extra installs it.

    Args:
        module: Import name, such as ``"onnx"``.
        extra: The extra of goodviews that installs it, such as ``"export"``.

    Returns:
        The module.

    Raises:
        InputError: The library is not installed; the message holds the command to type.

    Example:
        >>> need("json", "core").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise InputError(
            f"{module} is not installed: pip install 'goodviews[{extra}]' brings it."
        ) from error
