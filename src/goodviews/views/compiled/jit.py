"""Compilation of kernels: two decorators, float32 constants, and a hash for the disk cache."""

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
from numba import njit
from numba.core.registry import cpu_target

_KERNELS = ("codes", "draws", "jit", "kernel", "resize", "values", "vectors")
_SAFE = {"contract", "reassoc", "nsz", "arcp", "nnan"}

exact = njit(nogil=True, error_model="numpy")
"""Decorator for resampling taps and draws: operations keep the order in the source."""

quick = njit(nogil=True, error_model="numpy", fastmath=_SAFE)
"""Decorator for values: operations can be fused or reordered, which changes them by 1e-7."""

ZERO, HALF, ONE, TWO, THREE, FOUR, SIX, SIXTH = (
    np.float32(number) for number in (0, 0.5, 1, 2, 3, 4, 6, 1 / 6)
)


def stamp() -> int:
    """Hash of the source files of the kernels.

    The disk cache of numba only checks the file of the cached function, but its key includes
    the closure of the function. With this hash in the closure, a change of any file recompiles.
    """
    digest = hashlib.sha256()
    for name in _KERNELS:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return int.from_bytes(digest.digest()[:7])


def compiled_apart(script: str, version: int) -> None:
    """Let another process fill the disk cache, if kernels of this version and processor are not.

    A kernel that was compiled in this process calls its parts where the same kernel from the
    cache has them inlined, and with fused operations their values differ by 1e-7. So the first
    process would draw views that no later one draws again.

    Args:
        script: Python that calls the kernels.
        version: A hash of their source.
    """
    if os.environ.get(_APART):
        return
    home, mark = _cache_home(), f"goodviews-{version}-{numba.__version__}-{_processor()}"
    if home is None or (home / mark).exists():
        return
    paths = os.pathsep.join(path for path in sys.path if path)
    child = {**os.environ, _APART: "1", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", script], env=child, capture_output=True)
    if done.returncode == 0:
        with contextlib.suppress(OSError):
            (home / mark).touch()


_APART = "GOODVIEWS_COMPILES"
"""Environment variable of the process that fills the cache."""


def _processor() -> str:
    """What numba compiles for here; machines that share a folder may differ in it."""
    made_for = cpu_target.target_context.codegen().magic_tuple()
    return hashlib.sha256(repr(made_for).encode()).hexdigest()[:12]


def _cache_home() -> Path | None:
    """Folder of numba's disk cache for our kernels; None where nothing can be kept."""

    def probe() -> None: ...

    try:
        kept = njit(cache=True)(probe)
        home = Path(kept.stats.cache_path)
        home.mkdir(parents=True, exist_ok=True)
    except (RuntimeError, OSError):
        return None
    return home if os.access(home, os.W_OK) else None
