"""The list of views and presets as text."""

from collections.abc import Iterable

from goodviews.core.plugins import load_plugins
from goodviews.spec.catalogue import VIEWS, Listing
from goodviews.spec.presets import PRESETS, Preset


def list_views() -> str:
    """Every view and preset with its arguments, channels, source, and what strength scales.

    Example:
        >>> "crop(scale=(" in list_views()
        True
    """
    load_plugins()
    lines = []
    for takes in ("images", "graphs"):
        lines += ["", "Views of graphs:"] if takes == "graphs" else []
        for name, view in VIEWS.items():
            if view.takes == takes:
                lines += [_call(name, view.arguments), f"    {view.does}", f"    {_facts(view)}"]
    group = ""
    for name, preset in PRESETS.items():
        if preset.group != group:
            group = preset.group
            lines += ["", f"Named specs, {group}:"]
        if preset.does == preset.spec:
            lines.append(f"{name}() = {preset.spec}; source: {preset.source}")
            continue
        lines += [_call(name, preset.arguments), f"    {preset.does}"]
        lines += [f"    = {preset.spec}", f"    {_facts(preset)}"]
    return "\n".join(lines)


def _call(name: str, arguments: Iterable[tuple[str, object]]) -> str:
    return f"{name}({', '.join(f'{key}={_short(value)}' for key, value in arguments)})"


def _facts(of: Listing | Preset) -> str:
    graphs = "graphs" in (getattr(of, "takes", ""), getattr(of, "group", ""))
    channels = "" if graphs else f"channels: {of.channels}; "
    return f"{channels}strength: {of.strength or 'none'}; source: {of.source}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
