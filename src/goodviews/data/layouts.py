"""Well-known layouts of columns: one column per class, boxes, several labels in a cell."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

Texts = dict[str, np.ndarray]

UNKNOWN = "\0"
"""Before a label of which it is not known whether an image has it."""


def without_boxes(values: Mapping[str, np.ndarray]) -> tuple[Texts, str]:
    """Leave out the corners of a box, as the last four columns of a table without a header.

    Args:
        values: Column to (N,) texts, as ``label_1``, ``label_2``, ... where there is no header.

    Returns:
        The other columns, and a sentence; empty where there is no box.
    """
    corners = list(values)[-4:]
    if len(values) != 5 or not all(re.fullmatch(r"label_\d", name) for name in values):
        return dict(values), ""
    known = np.flatnonzero(values[corners[0]] != "")
    cells = np.array([[values[name][i] for name in corners] for i in known], dtype=object)
    if not cells.size or not all(re.fullmatch(r"\d+(\.\d+)?", cell) for cell in cells.flat):
        return dict(values), ""
    box = cells.astype(float)
    if (box[:, 2:] < box[:, :2]).any() or (box[:, 2:] <= 1).all():
        return dict(values), ""
    name = next(iter(values))
    return {"label": values[name]}, "The last four columns are corners of boxes and were ignored."


def one_hot(values: Mapping[str, np.ndarray]) -> tuple[Texts, str]:
    """Join columns of 0 and 1, one for each class, to one task.

    Args:
        values: Column to (N,) texts.

    Returns:
        The columns, with ``label`` instead of the longest run of neighbours that have one 1 in
        each row; and a sentence, empty where there is no such run.

    Example:
        >>> columns = {"cat": np.array(["1", "0", ""]), "dog": np.array(["0", "1", ""])}
        >>> {name: list(texts) for name, texts in one_hot(columns)[0].items()}
        {'label': ['cat', 'dog', '']}
    """
    names = list(values)
    known = np.array([values[name] != "" for name in names])
    binary = [set(column[column != ""]) in ({"0", "1"}, {"0"}) for column in values.values()]
    best: tuple[int, int] = (0, 0)
    for start in range(len(names)):
        if not binary[start]:
            continue
        total = np.zeros(known.shape[1], dtype=int)
        for stop in range(start, len(names)):
            if not binary[stop] or (known[stop] != known[start]).any():
                break
            total += values[names[stop]] == "1"
            if (total > 1).any():
                break
            whole = (total[known[start]] == 1).all()
            if stop > start and whole and stop - start >= best[1] - best[0]:
                best = start, stop + 1
    run = names[best[0] : best[1]]
    if not run:
        return dict(values), ""
    label = np.full(known.shape[1], "", dtype=object)
    for name in run:
        label[values[name] == "1"] = name
    task = "label" if "label" not in set(names) - set(run) else f"{run[0]} to {run[-1]}"
    out = {name: column for name, column in values.items() if name not in run}
    note = (
        f"The {len(run)} columns from {run[0]!r} to {run[-1]!r} have one 1 in each row; they were "
        f"joined to the classes of {task!r}."
    )
    return {task: label} | out, note


def several_labels(cells: Iterable[str]) -> tuple[int, str] | None:
    """How many cells hold several labels, such as ``Mass|Nodule``, and one of them.

    A bar always separates labels. Other separators do where each part also occurs in another
    cell and some part occurs alone; blanks only where some cell has three parts.

    Example:
        >>> several_labels(["a|b", "a", "b"])
        (1, 'a|b')
        >>> several_labels(["golden retriever", "golden eagle"])
    """
    counts = Counter(cell for cell in cells if cell)
    separator = _separator(counts)
    if not separator:
        return None
    joined = [text for text in counts if len(_parts(text, separator)) > 1 or text == "|"]
    return sum(counts[text] for text in joined), joined[0]


def split_labels(cells: np.ndarray) -> Texts:
    """One column of 0 and 1 for each label of cells that hold several.

    Args:
        cells: (N,) texts. A bar alone means that an image has none of the labels, an empty text
            that nothing is known of it, and a label after ``UNKNOWN`` that it is not known
            whether the image has it.

    Returns:
        Label to (N,) texts.

    Example:
        >>> made = split_labels(np.array(["a|b", "|", ""], dtype=object))
        >>> {name: list(column) for name, column in made.items()}
        {'a': ['1', '0', ''], 'b': ['1', '0', '']}
    """
    separator = _separator(Counter(cell for cell in cells if cell)) or "|"
    parts = [set(_parts(cell, separator)) for cell in cells]
    every = {part.removeprefix(UNKNOWN) for some in parts for part in some}
    names = sorted(every, key=lambda name: re.sub(r"\d+", lambda found: found[0].zfill(9), name))
    made = {}
    for name in names:
        column = np.where(cells == "", "", "0").astype(object)
        for row, some in enumerate(parts):
            column[row] = "1" if name in some else "" if UNKNOWN + name in some else column[row]
        made[name] = column
    return made


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _separator(counts: Mapping[str, int]) -> str:
    """What separates the labels of a cell; empty where each cell holds one."""
    for separator in "|;,+ ":
        split = {text: _parts(text, separator) for text in counts}
        joined = [text for text, parts in split.items() if len(parts) > 1]
        if separator == "|" and (joined or "|" in counts):
            return separator
        if not joined:
            continue
        parts = Counter(part for parts in split.values() for part in set(parts))
        alone = {text for text, parts in split.items() if len(parts) == 1}
        again = all(parts[part] > 1 for text in joined for part in split[text])
        most = max(len(parts) for parts in split.values())
        apart = any(part in alone for text in joined for part in split[text])
        if again and apart and (separator != " " or most > 2):
            return separator
    return ""
