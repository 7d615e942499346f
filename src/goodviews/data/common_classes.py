"""One list of classes for several parts of a dataset, matched by name."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.selection import is_whole

Texts = np.ndarray | None


def common_classes(
    labels: Sequence[Texts],
    lists: Sequence[Sequence[str] | None],
    files: Sequence[str | Path],
) -> tuple[list[Texts], list[str] | None]:
    """Bring the labels of several parts to one list of classes.

    Classes are matched by name, whatever their order. A part without a list takes that of the
    others where these agree; without any list, labels are matched by their own texts.

    Args:
        labels: Texts of each part, as :func:`goodviews.data.labels.texts_of` gives them: class
            numbers where the part has a list; ``None`` where there are no labels.
        lists: Names of the classes of each part, in the order of their numbers.
        files: Name of each part, for messages.

    Returns:
        The texts of each part, class numbers in the common list where there is one; and that
        list.

    Raises:
        InputError: The classes of the parts cannot be matched.

    Example:
        >>> train, test = np.array(["0", "1"], object), np.array(["0"], object)
        >>> common_classes([train, test], [["cat", "dog"], ["dog"]], ["train", "test"])[0]
        [array(['0', '1'], dtype=object), array(['1'], dtype=object)]
    """
    known = list(dict.fromkeys(tuple(map(str, one)) for one in lists if one is not None))
    if not known:
        _check_alike(labels, files)
        return list(labels), None
    order = list(dict.fromkeys(name for names in known for name in names))
    if len(known) == 1:
        order = list(known[0])  # two classes may have one name
    elif any(len(set(names)) < len(names) for names in known):
        raise InputError(
            f"{files[0]} and {files[-1]} list their classes differently, and one list holds a "
            "name twice; give every class its own name."
        )
    made: list[Texts] = []
    for texts, own, file in zip(labels, lists, files, strict=True):
        if texts is None or (own is not None and list(map(str, own)) == order):
            made.append(texts)
            continue
        place = {name: str(i) for i, name in enumerate(order)}
        if own is not None:
            place = {str(i): place[str(name)] for i, name in enumerate(own)}
        elif len(known) == 1 and not {text for text in texts if text} <= set(place):
            place = {str(i): str(i) for i in range(len(order))}
        if unknown := sorted({text for text in texts if text} - set(place)):
            raise InputError(
                f"Label {unknown[0]!r} in {file} is not one of the classes of the other parts "
                f"({', '.join(order[:5])}); give it a list of its own under 'classes'."
            )
        made.append(np.array([place[text] if text else "" for text in texts], dtype=object))
    return made, order


def _check_alike(labels: Sequence[Texts], files: Sequence[str | Path]) -> None:
    """Raise InputError where some parts have numbers and others names."""
    kinds: dict[bool, str | Path] = {}
    for texts, file in zip(labels, files, strict=True):
        seen = set() if texts is None else {text for text in texts if text}
        if seen:
            kinds.setdefault(all(map(is_whole, seen)), file)
    if len(kinds) > 1:
        raise InputError(
            f"Labels in {kinds[True]} are numbers and those in {kinds[False]} are names; give "
            "both the same form, or list the names of the classes under 'classes'."
        )
