"""The best views as files that other verbs read: ``best_view.txt``, and one for each task.

The first line of a view that is not recommended is the reason, a comment that every reader of view
files skips.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from goodviews.core.files import write_text
from goodviews.core.records.verdict import TaskVerdict, Verdict
from goodviews.spec.lists import NOT_RECOMMENDED

BEST = "best_view"
_LONGEST = 60
_NO_GAIN = "In no task is it measurably better than training from scratch."


@dataclass(frozen=True)
class Chosen:
    """A view that a study names.

    Attributes:
        name: Name of its files, without an ending.
        view: Its spec.
        doubt: Why it is not recommended; empty where it is.
    """

    name: str
    view: str
    doubt: str

    @property
    def text(self) -> str:
        """Content of its file."""
        remark = f"{NOT_RECOMMENDED}{' '.join(self.doubt.split())}\n" if self.doubt else ""
        return f"{remark}{self.view}\n"


def chosen_views(verdict: Verdict) -> list[Chosen]:
    """The views that a study names: one for everything, then one for each of several tasks.

    Args:
        verdict: What the study found; without labels a view is named only where a score may
            order views.
    """
    own = [task for task in verdict.tasks if task.advice.spec]
    if len(own) < 2:
        return [_of(task, BEST) for task in own]
    names = safe_names(task.task for task in own)
    each = [_of(task, f"{BEST}-{name}") for task, name in zip(own, names, strict=True)]
    shared = verdict.compromise
    if shared is None:
        return [_of(own[0], BEST), *each]
    doubt = "" if shared.recommended else f"{_NO_GAIN} {shared.lead}"
    return [Chosen(BEST, shared.view, doubt), *each]


def _of(task: TaskVerdict, name: str) -> Chosen:
    advice = task.advice
    head = advice.head.removesuffix("Best view:").removesuffix("Best view so far:").strip()
    doubt = "" if advice.recommended else f"{head} {advice.lead}"
    return Chosen(name, advice.spec or "", doubt)


def write_chosen(folder: Path, chosen: Iterable[Chosen]) -> None:
    """Write the files of a study's views, and remove those that are no longer named.

    Args:
        folder: The study folder.
        chosen: The views; none without labels.

    Raises:
        InputError: A file cannot be written.
    """
    kept = set()
    for one in chosen:
        path = folder / f"{one.name}.txt"
        write_text(path, one.text)
        kept.add(path)
    for old in {folder / f"{BEST}.txt", *folder.glob(f"{BEST}-*.txt")} - kept:
        old.unlink(missing_ok=True)


def safe_names(names: Iterable[str]) -> list[str]:
    """Names as parts of file names on any system, all different.

    Letters and digits stay; all else becomes ``_``. Names that would be the same file, also where
    capitals do not count, are numbered.

    Example:
        >>> safe_names(["digit", "a/b", "a b", "Digit", "../.."])
        ['digit', 'a_b', 'a_b-2', 'Digit-2', 'task']
    """
    taken: set[str] = set()
    found = []
    for name in names:
        plain = unicodedata.normalize("NFC", name)
        stem = re.sub(r"[^\w-]+", "_", plain)[:_LONGEST].strip("_-") or "task"
        one, count = stem, 1
        while one.casefold() in taken:
            count += 1
            one = f"{stem}-{count}"
        taken.add(one.casefold())
        found.append(one)
    return found
