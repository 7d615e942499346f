"""Commands as text: one to record, to copy or to type next, and the folder a verb writes to."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
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


def label_options(labels: object) -> dict[str, object]:
    """Options of a command for labels: a table, or none; nothing for labels in memory.

    Example:
        >>> command_line("study", {"data": "photos", **label_options("none")})
        'goodviews study photos --no-labels'
    """
    if str(labels) == "none":
        return {"no_labels": True}
    return {"labels": labels if isinstance(labels, str | Path) else None}


def changed_command(command: str, option: str, value: object, *, fresh: bool = False) -> str:
    """A command with one option changed.

    Args:
        command: The command.
        option: The option with its dashes; the flag ``--no-`` that contradicts it is removed.
        value: Its new value.
        fresh: Whether the result is another run, which needs a folder of its own.

    Example:
        >>> changed_command("goodviews study photos --seeds 3", "--seeds", 6)
        'goodviews study photos --seeds 6'
        >>> changed_command("goodviews study", "--epochs", 9, fresh=True)
        'goodviews study --epochs 9 --out study-2'
    """
    words = _without(shlex.split(command), option)[0]
    words = [word for word in words if word != f"--no-{option.removeprefix('--')}"]
    words += [option, str(value)]
    if fresh:
        words, out = _without(words, "--out")
        data = words[2] if len(words) > 2 and not words[2].startswith("-") else ""
        words += ["--out", f"{out or '-'.join(filter(None, ('study', PurePath(data).stem)))}-2"]
    return shlex.join(words)


def _without(words: list[str], option: str) -> tuple[list[str], str]:
    """The words without an option, wherever it is given, and the first value it had."""
    left, values, skipped = [], [], False
    for word, following in pairwise([*words, ""]):
        if skipped:
            skipped = False
        elif word == option:
            values.append(following)
            skipped = True
        elif word.startswith(f"{option}="):
            values.append(word.partition("=")[2])
        else:
            left.append(word)
    return left, "".join(values[:1])


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


def recorded(command: str) -> str:
    """A command as a file may keep it: of every path its last part, so that none is given away.

    Example:
        >>> recorded("goodviews evaluate timm:vit@~/w.pth /home/ann/photos --out ../runs/e")
        'goodviews evaluate timm:vit@w.pth photos --out e'
        >>> recorded("goodviews study photos --views 'crop() // flip()'")
        "goodviews study photos --views 'crop() // flip()'"
        >>> recorded("python benchmarks/views.py --out ~/rows")
        'python benchmarks/views.py --out rows'
    """
    if "/" not in command and os.sep not in command:
        return command
    words = _words(command)
    return shlex.join(
        _last_part(word, sure=before in _PATHS) for before, word in pairwise(["", *words])
    )


def restored(command: str, original: str) -> str:
    """A command made of a recorded one, with the paths of the command that was recorded.

    Example:
        >>> restored("goodviews study photos --seeds 6", "goodviews study ~/photos --seeds 3")
        'goodviews study ~/photos --seeds 6'
        >>> restored("goodviews study DATA", "goodviews study DATA --out /tmp/study")
        'goodviews study DATA'
    """
    paths = {recorded(word): word for word in _raw_words(original)}
    words = _raw_words(command)
    return " ".join([*words[:2], *(paths.get(word, word) for word in words[2:])])


_OWN = {"best_view.txt", "views.txt", "encoder.safetensors", "g.safetensors"}
"""Files that jobs write, which are named with their folder."""

_PATHS = {"--out", "--labels", "--leakage", "--root", "--cache"}
"""Options whose value is a path."""


def _last_part(word: str, *, sure: bool) -> str:
    """A word of a command without the folders of the paths in it."""
    if "(" in word:  # a spec: paths are in quotes
        return re.sub(r"(['\"])[^'\"]*/([^'\"/]+)\1", r"\1\2\1", word)
    head, at, tail = word.partition("@")
    if at:
        return f"{head}@{_last_part(tail, sure=True)}"
    path = PurePath(word)
    if path.suffix == ".py" and not path.is_absolute() and word[0] not in "~.":
        return word  # a script of the repository
    if sure or path.is_absolute() or word.startswith(("~", ".")) or _exists(word):
        own = (path.name in _OWN or path.match("best_view-*.txt")) and path.parent.name
        return f"{own}/{path.name}" if own else path.name or word.strip("./~") or "."
    return word


def _exists(word: str) -> bool:
    try:
        return "/" in word and Path(word).exists()
    except (OSError, ValueError):
        return False


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an open quote
        return command.split()


def _raw_words(command: str) -> list[str]:
    """Words with their quotes."""
    found = shlex.shlex(command, posix=False, punctuation_chars=False)
    found.whitespace_split, found.commenters = True, ""
    try:
        return list(found)
    except ValueError:
        return command.split()


def home() -> str:
    """The home folder, or nothing where there is none.

    Example:
        >>> home() == str(Path.home())
        True
    """
    try:
        return str(Path.home())
    except RuntimeError:  # HOME is not set, and the user has no entry
        return ""


def _quoted(value: Any) -> str:
    """A value as a shell takes it, seen from the working folder."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    home_, here = f"{home() or '~'}/", f"{_working_folder()}/"
    if (
        "learned(" in text or "learned_drops(" in text or text.startswith("@")
    ):  # a file within a spec, or a file of specs
        text = text.replace(here, "").replace(home_, "~/")
    if text.startswith(here):
        text = text.removeprefix(here)
    elif text.startswith(home_):
        return "~/" + shlex.quote(text.removeprefix(home_))
    return shlex.quote(text)


def _working_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return ""
