"""Memory for views, which is reused when the views in it are no longer referenced.

New memory takes longer than computing the views, because the system allocates it page by page
and clears each page first.
"""

import math
import sys
import threading

import numpy as np
import torch
from torch import Tensor

_MOST = 6
"""Number of blocks per thread: for two views being made, two in use and two in reserve."""
_WORTH = 1 << 16
_HELD = 2
"""Number of references to a block that is only in the list of this thread, when checked."""

_OWN = threading.local()


def tensor_for(shape: tuple[int, ...]) -> Tensor:
    """Return a float32 tensor on the CPU with uninitialised values."""
    count = math.prod(shape)
    if count < _WORTH:
        return torch.empty(shape)
    blocks: list[np.ndarray] = _OWN.__dict__.setdefault("blocks", [])
    for place in range(len(blocks)):
        if blocks[place].size == count and sys.getrefcount(blocks[place]) == _HELD:
            block = blocks.pop(place)
            break
    else:
        block = np.empty(count, np.float32)
    blocks.append(block)
    del blocks[:-_MOST]
    return torch.from_numpy(block.reshape(shape))
