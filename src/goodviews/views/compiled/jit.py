"""How kernels are compiled: two decorators, float32 constants, and a stamp for the disk cache."""

import hashlib
from pathlib import Path

import numpy as np
from numba import njit

__all__ = ["exact", "quick", "stamp"]

_KERNELS = ("codes", "draws", "jit", "kernel", "resize", "values", "vectors")
_SAFE = {"contract", "reassoc", "nsz", "arcp", "nnan"}

exact = njit(nogil=True, error_model="numpy")
"""For resampling taps and draws: operations in the order they are written."""

quick = njit(nogil=True, error_model="numpy", fastmath=_SAFE)
"""For values: a fused or reordered operation moves them by 1e-7."""

ZERO, HALF, ONE, TWO, THREE, FOUR, SIX, SIXTH = (
    np.float32(number) for number in (0, 0.5, 1, 2, 3, 4, 6, 1 / 6)
)


def stamp() -> int:
    """A hash of the kernels' files.

    Numba's disk cache looks at the file of the cached function only, but its key holds the
    function's closure: with this stamp there, a change in any of the files compiles anew.
    """
    digest = hashlib.sha256()
    for name in _KERNELS:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return int.from_bytes(digest.digest()[:7])
