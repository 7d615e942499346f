"""Commands as text: one to record, to copy or to type next, and the folder a verb writes to."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any


def command_line(
    verb: str,
    given: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    options: Mapping[str, str] | None = None,
    positional: Sequence[str] = ("data",),
) -> str:
    """A command for a shell, without options at their default and without the home folder.

    A list gives the option several times; a tuple of floats gives it once, with all of them.

    Args:
        verb: The verb, such as ``study``.
        given: Name of each parameter and its value, in the order to write; ``None`` is left out.
        defaults: Values that need not be written.
        options: How a parameter is spelled, where that is not its name with dashes.
        positional: Parameters that come first, without a name.

    Example:
        >>> command_line("study", {"data": "mnist", "views": ["flip(p=0.5)"], "seeds": 5})
        "goodviews study mnist --views 'flip(p=0.5)' --seeds 5"
    """
    words = ["goodviews", verb]
    words += [_quoted(given[name]) for name in positional if given.get(name) is not None]
    defaults, options = defaults or {}, options or {}
    for name, value in given.items():
        default = defaults.get(name)
        if name in positional or value is None or value is False or str(value) == str(default):
            continue
        option = options.get(name, f"--{name.replace('_', '-')}")
        if value is True:
            words.append(option)
            continue
        if value and isinstance(value, tuple) and all(isinstance(item, float) for item in value):
            words += [option, *(f"{item:.10g}" for item in value)]
            continue
        for item in value if isinstance(value, list | tuple) else [value]:
            words += [option, _quoted(item)]
    return " ".join(words)


def changed_command(command: str, option: str, value: object, *, fresh: bool = False) -> str:
    """A command with one option changed.

    Args:
        command: The command.
        option: The option with its dashes.
        value: Its new value.
        fresh: Whether the result is another run, which needs a folder of its own.

    Example:
        >>> changed_command("goodviews study photos --seeds 3", "--seeds", 6)
        'goodviews study photos --seeds 6'
        >>> changed_command("goodviews study", "--epochs", 9, fresh=True)
        'goodviews study --epochs 9 --out study-2'
    """
    words = _without(shlex.split(command), option)[0] + [option, str(value)]
    if fresh:
        words, out = _without(words, "--out")
        data = words[2] if len(words) > 2 and not words[2].startswith("-") else ""
        words += ["--out", f"{out or '-'.join(filter(None, ('study', PurePath(data).stem)))}-2"]
    return shlex.join(words)


def _without(words: list[str], option: str) -> tuple[list[str], str]:
    """The words without an option, and the value it had."""
    for place, word in enumerate(words):
        if word == option:
            return words[:place] + words[place + 2 :], "".join(words[place + 1 : place + 2])
        if word.startswith(f"{option}="):
            return words[:place] + words[place + 1 :], word.partition("=")[2]
    return words, ""


def default_folder(verb: str, *parts: object) -> Path:
    """The folder that a verb writes to when none is named: the verb and the data.

    Args:
        verb: The verb, such as ``pretrain``.
        *parts: Paths or names of what it works on; ``None`` and the built-in digits add nothing.

    Example:
        >>> for data in (None, "mnist", "scans/Lung CT.npz"):
        ...     print(default_folder("study", data))
        study
        study-mnist
        study-lung-ct
    """
    names = [verb]
    for part in parts:
        if part is not None and str(part).lower() != "digits":
            stem = Path(str(part)).stem or Path(str(part)).resolve().name
            names.append(re.sub(r"[^\w.]+", "-", stem.lower()).strip("-.") or "data")
    return Path("-".join(names))


def _quoted(value: Any) -> str:
    """A value as a shell takes it, seen from the working folder."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    home, here = f"{Path.home()}/", f"{Path.cwd()}/"
    if "learned(" in text or text.startswith("@"):  # a file within a spec, or a file of specs
        text = text.replace(here, "").replace(home, "~/")
    if text.startswith(here):
        text = text.removeprefix(here)
    elif text.startswith(home):
        return "~/" + shlex.quote(text.removeprefix(home))
    return shlex.quote(text)
