"""Which values mean that an image has no label: the same in tables and in arrays."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from goodviews.data.kinds import are_numbers

SPELLINGS = frozenset(
    (
        *("", "nan", "-nan", "inf", "-inf", "na", "n/a", "#n/a", "#na", "<na>", "nat"),
        *("none", "null", "?"),
    )
)
"""Texts, in lower case, that spreadsheets and libraries write for a missing value."""

_WHOLE = re.compile(r"[+-]?\d+(\.0*)?")


def known_texts(
    texts: Sequence[str], *, negative: bool = True, pair: bool = True
) -> tuple[list[str], dict[str, int], str]:
    """Separate labels from the spellings of a missing one.

    A negative whole number is a missing label, as in STL-10; a column of -1 and 1 alone has these
    two classes. Where all labels are whole numbers, 3 and 3.0 are the same label.

    Numbers with decimals (:func:`goodviews.data.kinds.are_numbers`) may be negative.

    Args:
        texts: (N,) cells of one column.
        negative: Whether negative whole numbers mean that there is no label.
        pair: Whether -1 and 1 may be classes.

    Returns:
        (N,) texts, empty where there is no label; how often each spelling of a missing label
        occurs; and a sentence about -1, where it is a class.

    Example:
        >>> known_texts(["2.0", "NaN", "-1", "2", "0"])
        (['2', '', '', '2', '0'], {'NaN': 1, '-1': 1}, '')
    """
    counts = Counter(text.strip() for text in texts)
    kept = {text: text for text in counts if text.casefold() not in SPELLINGS}
    if all(map(_WHOLE.fullmatch, kept)):
        kept = {text: str(int(text.split(".")[0])) if "." in text else text for text in kept}
    note = ""
    if negative and not are_numbers(kept.values()):
        below = {text for text in kept if _WHOLE.fullmatch(text) and float(text) < 0}
        if pair and set(kept.values()) == {"-1", "1"}:
            note = "has only the values -1 and 1, which are its two classes"
        else:
            kept = {text: value for text, value in kept.items() if text not in below}
    left = {text: count for text, count in counts.items() if text not in kept}
    return [kept.get(text.strip(), "") for text in texts], left, note


def missing_note(column: str, counts: Mapping[str, int]) -> str:
    """A sentence that counts each spelling of a missing label.

    Example:
        >>> missing_note("grade", {"": 3, "NA": 20})
        "Column 'grade': 20 cells 'NA' and 3 empty cells mean that there is no label."
    """
    order = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    parts = [
        f"{count:,} {'cell' if count == 1 else 'cells'} {text!r}"
        if text
        else f"{count:,} empty {'cell' if count == 1 else 'cells'}"
        for text, count in order
    ]
    return f"Column {column!r}: {_listed(parts)} mean that there is no label."


def _listed(parts: Iterable[str]) -> str:
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last
