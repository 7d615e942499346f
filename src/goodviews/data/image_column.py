"""Which column of a table names the images, and which image each of its rows names.

A cell may name an image in five ways, the strongest first; a weaker way is used only where no
stronger one fits the column better, and never for an image that a stronger one names.
"""

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.decode import EXTENSIONS
from goodviews.data.folders import TEST, TRAIN
from goodviews.data.tables import Readings, Table

WAYS = (
    "by their paths",
    "by file names or ends of paths",
    "by the ends of paths that start with other folders",
    "by names without their endings",
    "by numbers",
)
"""How a cell names an image."""
PATH, END, MOVED, STEM, NUMBER = range(5)

HEADS = (
    *("path", "file", "filename", "filepath", "relpath", "fname", "fpath", "image", "images"),
    *("imagepath", "imagename", "imagefile", "imageid", "imgpath", "imgname", "imgid", "img"),
)
OTHER_HEADS = ("id", "idcode", "name", "key", "row", "index", "number", "uid", "uuid")
"""Names of columns that decide where two columns name images equally well."""

SAMPLE = 2_000
"""Rows with which the columns of a long table are compared first."""

_NUMBER = re.compile(r"\d+(\.0*)?")
_UNNAMED = re.compile(r"(Unnamed: \d+)?")
_MANY = -1


@dataclass(frozen=True)
class ImageColumn:
    """The column of a table that names images.

    Attributes:
        column: Its number.
        rows: (R,) index of the image that each row names, -1 for none.
        way: How, a place in :data:`WAYS`.
        header: Whether the first row is a header.
        score: How many images are named.
    """

    column: int
    rows: np.ndarray
    way: int
    header: bool
    score: int


class Finder:
    """Find images by their paths as tables write them.

    Args:
        names: Path of every image below the data folder, or its number.
        home: Name of the data folder.
        folder: Folder of the table; paths may be relative to it.
    """

    def __init__(self, names: Sequence[str], home: str = "", folder: Path | None = None) -> None:
        self.exact = {name: i for i, name in enumerate(names)}
        self.files = are_files(names)
        self.home = _fold(home)
        self.names = names
        folded = [_fold(name) for name in names]
        self.whole = _unique(folded)
        self.last = _unique(name.rpartition("/")[2] for name in folded)
        bare = [_bare(name) for name in folded]
        self.bare = _unique(bare)
        stems = [name.rpartition("/")[2] for name in bare]
        self.stem = _unique(stems)
        plain = [str(int(one)) if one.isascii() and one.isdecimal() else "" for one in stems]
        self.numbers = _unique(plain)
        self.inside = _inside(folder, home)
        self.folded = folded
        self.ends: dict[bool, dict[str, list[int]]] = {}

    def __call__(self, cell: str) -> tuple[int, int] | None:
        """The image that a cell names (-1: several) and the way; ``None`` for no image."""
        if not cell:
            return None
        if cell in self.exact:
            return self.exact[cell], PATH
        text = posixpath.normpath(cell.strip().replace("\\", "/")).lstrip("/")
        found = self._path(_fold(text), self.whole, self.last)
        if found is not None:
            return found
        found = self._path(_bare(_fold(text)), self.bare, self.stem)
        if found is not None and found[1] != MOVED:
            return found[0], STEM
        if _NUMBER.fullmatch(text):
            number = str(int(text.split(".")[0]))
            return (self.numbers[number], NUMBER) if number in self.numbers else None
        return None

    def _path(
        self, text: str, whole: dict[str, int], last: dict[str, int]
    ) -> tuple[int, int] | None:
        """The image of a path in lower case: below the table, below the data, or longer."""
        for start in (*self.inside, ""):
            if (at := whole.get(f"{start}/{text}" if start else text)) is not None:
                return at, PATH
        parts = text.split("/")
        moved: int | None = None
        for cut in range(1, len(parts)):
            at = whole.get("/".join(parts[cut:]))
            if at is None:
                continue
            if parts[cut - 1] == self.home:
                return at, PATH
            moved = at if moved is None and not self._other_part(parts[cut - 1]) else moved
        if moved is not None:
            return moved, MOVED
        at = self._end(text, last)
        return None if at is None else (at, END)

    def _other_part(self, folder: str) -> bool:
        """Whether a path is in the test part, but the data folder is the train part."""
        known = {*TRAIN, *TEST}
        return folder in known and self.home in known and folder != self.home

    def _end(self, text: str, last: dict[str, int]) -> int | None:
        """The only image whose path ends in a text."""
        tail = text.rpartition("/")[2]
        if tail == text or tail not in last:
            return last.get(text)
        bare = last is self.stem
        shape = _bare if bare else str
        ends = self._by_end(bare)[tail]
        fit = [i for i in ends if shape(self.folded[i]).endswith(f"/{text}")]
        return None if not fit else fit[0] if len(fit) == 1 else _MANY

    def _by_end(self, bare: bool) -> dict[str, list[int]]:
        if bare not in self.ends:
            ends: dict[str, list[int]] = {}
            for i, name in enumerate(self.folded):
                ends.setdefault((_bare(name) if bare else name).rpartition("/")[2], []).append(i)
            self.ends[bare] = ends
        return self.ends[bare]


def are_files(names: Sequence[str]) -> bool:
    """Whether names of images are those of files, not the numbers of rows."""
    return not all(name.isdecimal() for name in names[:100])


def image_column(readings: Readings, find: Finder) -> tuple[Table, ImageColumn]:
    """Choose the reading of a table, and its column of images, that name most images.

    A column of picture files has priority over one of other texts, and that over bare numbers; a
    column without a name that holds numbers, the index of pandas, comes last.

    Args:
        readings: One file, from :func:`goodviews.data.tables.read_tables`.
        find: Finder of the images.

    Returns:
        The reading and its column.

    Raises:
        InputError: No column names an image, or two columns do so equally well.
    """
    best: tuple[tuple[bool, int], Table, ImageColumn] | None = None
    tables, problem = readings.tables, readings.problem
    for table in tables:
        some = _some(table, 1000) if len(tables) > 1 else table
        try:
            chosen = _chosen(some, find)
        except InputError as error:
            problem = problem or error
            continue
        key = (find.files and kind_of(_cells(some, chosen.column)) == 3, chosen.score)
        if best is None or key > best[0]:
            best = key, table, chosen
    if best is None:
        assert problem is not None
        raise problem
    table = best[1]
    return table, _chosen(table, find) if len(tables) > 1 else best[2]


def _some(table: Table, count: int) -> Table:
    """The first rows of a table and others evenly spaced."""
    rows = table.rows
    if len(rows) <= count:
        return table
    places = np.unique(np.linspace(0, len(rows) - 1, count).astype(int))
    return Table(table.name, [rows[i] for i in places], table.header, table.folder)


def _chosen(table: Table, find: Finder) -> ImageColumn:
    width = len(table.rows[0])
    some = _some(table, SAMPLE)
    every = [_match(_cells(some, k), find, table.name) for k in range(width)]
    if some is not table and not any(score for _, _, score in every):
        some, every = table, [_match(_cells(table, k), find, table.name) for k in range(width)]
    kinds = [kind_of(_cells(some, k)) if find.files else 1 for k in range(width)]
    names = [k for k in range(width) if kinds[k] == 3]
    good = [k for k in range(width) if _names_rows(every[k], kinds[k])]
    if names and not set(names) & set(good) and all(kinds[k] == 1 for k in good):
        raise _nothing(table, find, names)  # numbers do not replace file names that are not there
    index = [k for k in good if _is_index(table, k)]
    if rest := [k for k in good if k not in index]:
        good = rest
    elif index and find.files:
        raise InputError(
            f"The column of {table.name} that holds numbers has no name, as the index of pandas: "
            "it may count rows, not images; give a column of file names, or name this one 'file'."
        )
    if find.files and len(good) == 1 and kinds[good[0]] == 1:
        good = [k for k in good if _may_count(table, k, index)]
    if not good:
        raise _nothing(table, find, names)
    scores = {k: every[k][2] for k in good}

    def strength(k: int) -> tuple[bool, int, int]:
        return kinds[k] == 3, scores[k] * (2 if kinds[k] == 2 else 1), -k

    first = max(good, key=strength)
    rivals = [k for k in good if kinds[k] == kinds[first] and scores[k] * 2 >= scores[first]]
    rivals = [k for k in rivals if k == first or _differ(every[k][0], every[first][0])]
    if len(rivals) > 1:
        first = _by_head(table, rivals)
    full = every[first] if some is table else _match(_cells(table, first), find, table.name)
    rows, way, score = full
    header = table.header if table.header is not None else _has_header(table, first, rows)
    if header:
        rows = rows[1:]
    return ImageColumn(first, rows, way, header, score)


def _match(cells: list[str], find: Finder, name: str) -> tuple[np.ndarray, int, int]:
    """(R,) the image of each cell, the way that names most images, and their number."""
    found = [find(cell) for cell in cells]
    rows = np.array([-1 if one is None else one[0] for one in found])
    ways = np.array([len(WAYS) if one is None or one[0] < 0 else one[1] for one in found])
    counts = [len(np.unique(rows[ways == way])) for way in range(len(WAYS))]
    if counts[PATH] or counts[END]:
        rows[ways == MOVED], counts[MOVED] = -1, 0
    if counts[PATH] and find.inside:  # a file of the same name elsewhere is another
        rows[ways == END], counts[END] = -1, 0
    way = int(np.argmax(counts))
    rows = np.where(ways <= max(way, END), rows, -1)
    for weak in range(1, way + 1):  # a stronger way has priority
        taken = np.isin(rows, rows[(ways < weak) & (rows >= 0)]) & (ways == weak)
        rows[taken] = -1
    if way == MOVED:
        _refuse_doubles(cells, rows, find, name)
    return rows, way, len(np.unique(rows[rows >= 0]))


def _names_rows(match: tuple[np.ndarray, int, int], kind: int) -> bool:
    """Whether a column names images, not classes that are called like a few of them."""
    rows, _, score = match
    return score > 0 and score * {1: 3, 2: 20, 3: len(rows)}[kind] >= int((rows >= 0).sum())


def _refuse_doubles(cells: list[str], rows: np.ndarray, find: Finder, name: str) -> None:
    first: dict[int, str] = {}
    for cell, row in zip(cells, rows.tolist(), strict=True):
        if row >= 0 and _fold(first.setdefault(row, cell)) != _fold(cell):
            raise InputError(
                f"{name} holds {first[row]!r} and {cell!r}, and the image {find.names[row]!r} "
                "could be either; name the folder that holds both as DATA, or keep the rows of "
                "one."
            )


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    both = (one >= 0) & (other >= 0)
    return bool((one[both] != other[both]).any()) or not both.any()


def _by_head(table: Table, rivals: list[int]) -> int:
    """The only one of several columns whose name says that it names images."""
    heads = {k: is_named(table.rows[0][k]) for k in rivals}
    most = max(heads.values())
    if most and len(named := [k for k, head in heads.items() if head == most]) == 1:
        return named[0]
    cells = [table.rows[0][k] for k in rivals]
    if all(_NUMBER.fullmatch(cell) or _ending(cell) in EXTENSIONS for cell in cells):
        return rivals[0]  # there is no header, and in lists the path comes first
    listed = " and ".join(repr(table.rows[0][k]) for k in rivals)
    raise InputError(
        f"Columns {listed} of {table.name} both name images, but not the same ones; call the "
        "right one 'path', or remove the other."
    )


def _has_header(table: Table, column: int, rows: np.ndarray) -> bool:
    """Whether the first row is a header: it names no image, and nothing in it comes again."""
    if rows[0] >= 0:
        return False
    cell, others = table.rows[0][column], table.rows[1:]
    if _ending(cell) in EXTENSIONS or (_NUMBER.fullmatch(cell) and others):
        return False
    for k, head in enumerate(table.rows[0]):
        if k != column and head and any(row[k] == head for row in others):
            return False
    return True


def is_named(head: str) -> int:
    """2 for a head such as ``file`` or ``image_id``, 1 for one such as ``id``, otherwise 0."""
    plain = re.sub(r"[^a-z]", "", head.casefold())
    return 2 if plain in HEADS else int(plain in OTHER_HEADS)


def _may_count(table: Table, k: int, index: list[int]) -> bool:
    """Whether bare numbers may name files: by their head, or because they come first."""
    return is_named(table.rows[0][k]) > 0 or k == (1 if 0 in index else 0)


def _is_index(table: Table, k: int) -> bool:
    """Whether a column has no name and holds numbers, as pandas writes its index."""
    if not _UNNAMED.fullmatch(table.rows[0][k]):
        return False
    return all(_NUMBER.fullmatch(row[k]) for row in table.rows[1:])


def _cells(table: Table, k: int) -> list[str]:
    return [row[k] for row in table.rows]


def kind_of(cells: list[str]) -> int:
    """3 for names of picture files, 1 for bare numbers, 2 for other texts."""
    known = [cell for cell in cells if cell]
    if sum(_ending(cell) in EXTENSIONS for cell in known) * 2 >= max(len(known), 1):
        return 3
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in known)
    return 1 if numbers >= len(known) - 1 else 2


def _nothing(table: Table, find: Finder, names: list[int]) -> InputError:
    k = names[0] if names else 0
    cells = _cells(table, k)
    if table.header or (len(cells) > 1 and not _alike(cells[0], cells[1])):
        cells = cells[1:]
    few = ", ".join(cells[:3]) + (", ..." if len(cells) > 3 else "")
    several = sum((find(cell) or (0, 0))[0] < 0 for cell in cells)
    why = "name several images each" if several * 2 > len(cells) else "do not name an image"
    return InputError(
        f"{len(cells):,} of {len(cells):,} rows of {table.name} {why} ({few}); one column must "
        f"hold paths like {find.names[0]!r}, relative to the data folder."
    )


def _alike(one: str, other: str) -> bool:
    """Whether two cells are both numbers, or both have the ending of a file or none."""
    both = [(bool(_NUMBER.fullmatch(cell)), bool(_ending(cell))) for cell in (one, other)]
    return both[0] == both[1]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _ending(text: str) -> str:
    return PurePosixPath(text.replace("\\", "/")).suffix.lower()


def _bare(text: str) -> str:
    """A path without the ending of a picture file."""
    ending = PurePosixPath(text).suffix
    return text[: -len(ending)] if ending.lower() in EXTENSIONS else text


def _unique(texts: Iterable[str]) -> dict[str, int]:
    """Text to its place; -1 where it comes several times."""
    texts = list(texts)
    counts = Counter(texts)
    return {text: i if counts[text] == 1 else _MANY for i, text in enumerate(texts)}


def _inside(folder: Path | None, home: str) -> list[str]:
    """Path of the table's folder below the data folder, in lower case, if it is there."""
    if folder is None or not home:
        return []
    parts = folder.resolve().parts
    return [
        _fold("/".join(parts[i + 1 :]))
        for i, part in enumerate(parts[:-1])
        if part == home and i + 1 < len(parts)
    ]
