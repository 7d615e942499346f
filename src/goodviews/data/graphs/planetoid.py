"""Raw folders of Planetoid (Yang et al., 2016): Cora, CiteSeer, PubMed.

Letters: N nodes.
"""

import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import Graphs, make_graphs
from goodviews.graphs import make_graph

_PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")
_VALIDATION = 500
_SPARSE = "scipy.sparse._csr"
_ARRAY = {"_reconstruct", "scalar"}
_ALLOWED = {
    "collections": {"defaultdict"},
    "__builtin__": {"list"},
    "builtins": {"list"},
    "_codecs": {"encode"},
    "copy_reg": {"_reconstructor"},
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": _ARRAY,
    "numpy._core.multiarray": _ARRAY,
    "scipy.sparse.csr": {"csr_matrix"},
    _SPARSE: {"csr_matrix"},
}
"""Classes that these files need; anything else in a file is refused, never run."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _ALLOWED.get(module, ()):
            raise InputError(f"it needs {module}.{name}, which files of Planetoid do not")
        now = {"numpy.core.multiarray": "numpy._core.multiarray", "scipy.sparse.csr": _SPARSE}
        return super().find_class(now.get(module, module), name)


def planetoid_name(folder: Path) -> str | None:
    """Name in the files ``ind.<name>.x`` of a folder, or ``None``."""
    for place in (folder, folder / "raw"):
        for file in sorted(place.glob("ind.*.allx")) if place.is_dir() else []:
            return file.name.split(".")[1]
    return None


def read_planetoid(folder: Path) -> Graphs:
    """Read a raw folder; nodes without features in the files (CiteSeer) have zeros.

    Raises:
        InputError: A file is missing or damaged.
    """
    name = planetoid_name(folder)
    raw = folder if (folder / f"ind.{name}.allx").is_file() else folder / "raw"
    found = {part: _read(raw / f"ind.{name}.{part}") for part in _PARTS}
    test = found["test.index"]
    count, width = len(found["graph"]), found["allx"].shape[1]
    first = found["allx"].shape[0]
    features = np.zeros((count, width), np.float32)
    labels = np.full(count, -1)
    features[:first], labels[:first] = found["allx"].toarray(), _classes(found["ally"])
    features[test], labels[test] = found["tx"].toarray(), _classes(found["ty"])
    ends = [(node, other) for node, others in found["graph"].items() for other in others]
    lacking = int((features == 0).all(1).sum())
    graph = make_graph(np.array(ends).reshape(-1, 2).T, features)
    train = len(found["y"])
    parts = {"train": range(train), "val": range(train, train + _VALIDATION), "test": test}
    masks = {part: np.zeros(count, bool) for part in parts}
    for part, places in parts.items():
        masks[part][list(places)] = True
    return make_graphs(
        name or "planetoid",
        [graph],
        labels={"label": labels},
        masks=masks,
        source=f"Raw files of Planetoid; the public split has {train}, {_VALIDATION} and "
        f"{len(test)} nodes.",
        notes=[f"{lacking:,} nodes have no features other than 0."] if lacking else (),
    )


def _classes(hot: np.ndarray) -> np.ndarray:
    """Class numbers of one-hot rows, -1 for rows of zeros."""
    return np.where(hot.any(1), hot.argmax(1), -1)


def _read(file: Path) -> Any:
    try:
        if file.suffix == ".index":
            return np.loadtxt(file, dtype=np.int64)
        with file.open("rb") as opened:
            return _load(opened)
    except FileNotFoundError as error:
        raise InputError(f"{file.name} is missing in {file.parent}.") from error
    except Exception as error:  # a damaged file can raise any exception
        raise InputError(f"Cannot read {file}: {error}.") from error


def _load(opened: IO[bytes]) -> Any:
    return _Unpickler(opened, encoding="latin1").load()
