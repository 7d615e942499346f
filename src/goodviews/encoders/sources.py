"""Backbone specs that fetch weights, such as ``timm('resnet18', pretrained=True)``.

What is stored of a network never names the place of its weights: a stored spec builds the network
only, and its weights are beside it. So a run needs nothing but its own folder, and the spec in a
file of a stranger can neither open files nor download anything.
"""

import re
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.spec.grammar import Call, format_calls, parse_spec

FETCHING = (
    *("pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "pretrained_strict"),
    *("checkpoint_path", "cache_dir", "weights", "weights_backbone", "progress"),
)
"""Arguments of timm and torchvision that say where weights come from."""
_PLAIN = re.compile(r"[\w.,()='\" +*-]*")


def without_sources(text: str) -> str:
    """A backbone spec without the arguments that fetch weights.

    Example:
        >>> without_sources("timm('resnet18', pretrained=True, drop_rate=0.1)")
        "timm('resnet18', drop_rate=0.1)"
    """
    if not fetches(text):
        return text
    (call,) = parse_spec(text)
    kept = tuple(
        (name, without_sources(value) if _nested(name, value) else value)
        for name, value in call.kwargs
        if name not in FETCHING
    )
    return format_calls((Call(call.name, call.args, kept),))


def fetches(text: str) -> bool:
    """Whether a backbone spec fetches weights.

    Example:
        >>> fetches("timm('resnet18', pretrained=True)"), fetches("convnet(width=8)")
        (True, False)
    """
    if not any(name in text for name in FETCHING):
        return False
    (call,) = parse_spec(text)
    return any(
        name in FETCHING or (_nested(name, value) and fetches(value))
        for name, value in call.kwargs
    )


def checkpoint_of(text: str) -> str:
    """The file that a spec of timm names in ``checkpoint_path``, or nothing."""
    if "checkpoint_path" not in text:
        return ""
    return str(dict(parse_spec(text)[0].kwargs).get("checkpoint_path") or "")


def check_stored(text: Any, file: Path) -> str:
    """Check a backbone spec that a file holds: it may build a network, and nothing else.

    Args:
        text: The spec.
        file: Where it was stored.

    Returns:
        The spec.

    Raises:
        InputError: It names files, weights or addresses, or is not a spec.

    Example:
        >>> check_stored("timm('resnet18', checkpoint_path='/tmp/w.pth')", Path("e.safetensors"))
        Traceback (most recent call last):
        goodviews.core.errors.InputError: e.safetensors was not opened: the spec of its encoder ...
    """
    if not isinstance(text, str):
        raise InputError(f"{file} has no spec of its encoder; its metadata are damaged.")
    calls = parse_spec(text)
    for call in calls:
        values = [*call.args, *(value for _, value in call.kwargs)]
        texts = [one for value in values for one in _texts(value)]
        if any(name in FETCHING for name, _ in call.kwargs) or not all(map(_harmless, texts)):
            raise InputError(
                f"{file} was not opened: the spec of its encoder names weights or files "
                f"({text[:100]}). An encoder that someone else made could read your files in "
                "this way; ask its author for one without."
            )
        for name, value in call.kwargs:
            if _nested(name, value):
                check_stored(value, file)
    return text


def _texts(value: Any) -> list[str]:
    """All texts in a literal."""
    if isinstance(value, str):
        return [value]
    return [text for one in value for text in _texts(one)] if isinstance(value, tuple) else []


def _harmless(text: str) -> bool:
    return len(text) < 300 and bool(_PLAIN.fullmatch(text)) and ".." not in text


def _nested(name: str, value: Any) -> bool:
    """Whether an argument is the spec of another backbone."""
    return name == "backbone" and isinstance(value, str)
