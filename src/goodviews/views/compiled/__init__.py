"""Fast path of views on a CPU: one compiled kernel for consecutive steps.

:class:`goodviews.views.Chain` uses a kernel if there is one, and batched torch operations
otherwise: for other steps, on a device, under autograd or ``torch.compile``, in double precision,
or without numba. Both draw the same parameters and make the same views to 1e-5.
``GOODVIEWS_COMPILED=0`` disables the kernels.

Numba is imported at the first call, which compiles for some seconds and stores the result in
``NUMBA_CACHE_DIR`` (by default next to the source, or in the cache folder of the user). Call
:func:`goodviews.views.compiled.warm.warm_up` to compile in advance.
"""

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View
from goodviews.views.compiled.codes import CROP
from goodviews.views.compiled.plan import draw_plan, program, unpack
from goodviews.views.compiled.room import tensor_for
from goodviews.views.compiled.threads import shared_out
from goodviews.views.mixed import Pictures, is_mixed

__all__ = ["available", "draw", "key_of", "render"]

_GOLDEN = 0x9E3779B97F4A7C15
_NONE = np.zeros(0, np.float32)
_NO_BYTES = np.zeros(0, np.uint8)


def available() -> bool:
    """Whether kernels can be used: numba can be imported and they are not disabled.

    Example:
        >>> available()
        True
    """
    return _on() and kernels() is not None


def render(
    steps: tuple[View, ...], place: int, images: Pictures, params: Params
) -> tuple[Tensor, int] | None:
    """Apply consecutive steps from a place on, if there is a kernel for them.

    Args:
        steps: Steps of a chain.
        place: Index of the first step to apply.
        images: (B, C, H, W) in [0, 1] or uint8, or images of several sizes.
        params: Parameters that the chain drew.

    Returns:
        Views (B, C, H', W') float32 and the index of the first step that was not applied, or
        None if there is no kernel.

    Example:
        >>> from goodviews.views import parse_view
        >>> chain = parse_view("crop(size=4)|noise()").first
        >>> images = torch.rand(2, 3, 8, 8)
        >>> params = chain.sample((3, 8, 8), Key.of(seed=0, samples=torch.arange(2)))
        >>> views, place = render(chain.steps, 0, images, params)
        >>> views.shape, place
        (torch.Size([2, 3, 4, 4]), 1)
    """
    if torch.compiler.is_compiling() or not (is_mixed(images) or _taken(images)):
        return None
    run = program(steps, place)
    if run is None or not _on() or (loaded := kernels()) is None:
        return None
    if is_mixed(images) and (run.codes[0] != CROP or run.size is None):
        return None
    laid = _laid_out(images)
    count, channels = len(laid.strides), laid.channels
    ints, flags, floats = run.pack(params)
    if max(ints.shape[1], flags.shape[1], floats.shape[1]) != count:
        return None
    if not run.fits(ints, laid.extent):
        return None
    high, wide = run.size or (int(laid.extent[0, 0]), int(laid.extent[1, 0]))
    out = tensor_for((count, channels, high, wide))
    into = out.view(-1).numpy()
    bytes_ = laid.values.dtype == np.uint8
    data, values = (laid.values, _NONE) if bytes_ else (_NO_BYTES, laid.values)
    size = np.array([high, wide])
    boxes = np.zeros((4, count), np.float32)
    if run.codes[0] == CROP:
        boxes[2:] = ints[2:4]

    def work(first: int, last: int) -> None:
        loaded[0](
            *(data, values, laid.strides, channels, run.codes, run.reach),
            *(ints, boxes, flags, floats, size, into, first, last),
        )

    shared_out(work, count, channels * high * wide)
    return out, run.places[-1] + 1


class _Laid(NamedTuple):
    """Where the pixels of a batch are.

    Attributes:
        values: (M,), the pixels of all images.
        strides: (B, 4) int64, from one channel, row and column to the next; start of the image.
        channels: C.
        extent: (2, B) or (2, 1), height and width of each image.
    """

    values: np.ndarray
    strides: np.ndarray
    channels: int
    extent: np.ndarray


def _laid_out(images: Pictures) -> _Laid:
    if is_mixed(images):
        strides = np.empty((len(images.shapes), 4), np.int64)
        extent = np.array([shape[1:] for shape in images.shapes]).T
        strides[:, 0], strides[:, 1] = extent[0] * extent[1], extent[1]
        strides[:, 2], strides[:, 3] = 1, images.starts
        return _Laid(images.values, strides, images.shapes[0][0], extent)
    count, channels, height, width = images.shape
    strides = np.empty((count, 4), np.int64)
    strides[:, 3] = np.arange(count) * (channels * height * width)
    extent = np.array([[height], [width]])
    last = images.is_contiguous(memory_format=torch.channels_last) and channels > 1
    if last and not images.is_contiguous():
        strides[:, :3] = 1, width * channels, channels
        flat = images.permute(0, 2, 3, 1).reshape(-1).numpy()
    else:
        strides[:, :3] = height * width, width, 1
        flat = images.reshape(-1).numpy()
    return _Laid(flat, strides, channels, extent)


def draw(steps: tuple[View, ...], shape: Shape | Sequence[Shape], key: Key) -> Params | None:
    """Draw the parameters of all steps, if there is a kernel for each.

    Args:
        steps: Steps of a chain.
        shape: Shape (C, H, W) of the images, or one for each.
        key: Random key with one word per image.

    Returns:
        Exactly the parameters from the ``sample`` methods of the steps, or None.

    Example:
        >>> from goodviews.views import parse_view
        >>> steps = parse_view("flip()").first.steps
        >>> key = Key.of(seed=0, samples=torch.arange(3))
        >>> bool((draw(steps, (3, 8, 8), key)["0.flip.flipped"]
        ...       == steps[0].sample((3, 8, 8), key.fold(0))["flipped"]).all())
        True
    """
    words = key.words
    if torch.compiler.is_compiling() or words.device.type != "cpu" or type(words) is not Tensor:
        return None
    shapes = [tuple(one) for one in ([shape] if isinstance(shape[0], int) else shape)]  # type: ignore[arg-type]
    numbers = {one: number for number, one in enumerate(dict.fromkeys(shapes))}
    plans = [plan for one in numbers if (plan := draw_plan(steps, one)) is not None]
    if len(plans) < len(numbers) or not _on() or (loaded := kernels()) is None:
        return None
    codes, _, rows = plans[0]
    constants = np.stack([plan[1] for plan in plans])
    which = np.zeros(len(words), np.int64)
    if len(numbers) > 1:
        which[:] = [numbers[one] for one in shapes]
    ints = torch.empty(rows[0], len(words), dtype=torch.int64)
    flags = torch.empty(rows[1], len(words), dtype=torch.bool)
    floats = torch.empty(rows[2], len(words))
    loaded[1](
        words.contiguous().numpy().view(np.uint64),
        *(codes, constants, which, ints.numpy(), flags.numpy(), floats.numpy()),
    )
    return unpack(steps, ints, flags, floats)


def key_of(*, seed: int | Tensor, samples: Tensor, epoch: int, view: int) -> Key:
    """Make the same key as :meth:`goodviews.core.rng.Key.of`, with a kernel if there is one.

    Args:
        seed: Random seed of the run, or (B,) integers, that of each image.
        samples: (B,) integers, index of each image in its dataset.
        epoch: Number of the epoch.
        view: Number of the view, 0 for v1 or 1 for v2.

    Example:
        >>> numbers = {"seed": 3, "samples": torch.arange(4), "epoch": -1, "view": 1}
        >>> bool((key_of(**numbers).words == Key.of(**numbers).words).all())
        True
    """
    usual = torch.compiler.is_compiling() or samples.device.type != "cpu" or samples.ndim != 1
    if usual or isinstance(seed, Tensor) or not _on() or (loaded := kernels()) is None:
        return Key.of(seed=seed, samples=samples, epoch=epoch, view=view)
    steps = [(number + 1) * _GOLDEN % (1 << 64) for number in (seed, epoch, view)]
    words = torch.empty(len(samples), dtype=torch.int64)
    places = samples.to(torch.int64).contiguous().numpy().view(np.uint64)
    loaded[2](places, np.array(steps, np.uint64), words.numpy().view(np.uint64))
    return Key(words)


def _taken(images: Tensor) -> bool:
    return (
        type(images) is Tensor
        and images.dtype in (torch.float32, torch.uint8)
        and images.device.type == "cpu"
        and images.ndim == 4
        and images.numel() > 0
        and not (images.requires_grad and torch.is_grad_enabled())
    )


def _on() -> bool:
    return os.environ.get("GOODVIEWS_COMPILED", "1") != "0"


@lru_cache(maxsize=1)
def kernels() -> tuple[Callable[..., None], ...] | None:
    """Kernels that render, draw and hash; None, with a warning, if numba is not installed."""
    try:
        with _uncollected():
            from goodviews.views.compiled.jit import compiled_apart, stamp

        compiled_apart("from goodviews.views.compiled.warm import warm_up; warm_up()", stamp())
        with _uncollected():
            from goodviews.views.compiled.draws import draw as drawing
            from goodviews.views.compiled.draws import hash_words
            from goodviews.views.compiled.kernel import render as rendering

            few = np.zeros(0, np.uint64)
            hash_words(few, np.zeros(3, np.uint64), few)  # numba loads most of itself here
    except ImportError as error:
        warnings.warn(
            f"Views run without compiled kernels, several times slower ({error}); "
            f"type pip install numba to get them.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return rendering, drawing, hash_words


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection while numba is imported: passes over torch's objects take a fifth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
