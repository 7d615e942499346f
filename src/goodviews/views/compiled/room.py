"""Memory for views, used again once nobody holds the views that were in it.

Fresh memory costs more than the views themselves: the system hands it out page by page, and
empties each page first.
"""

import math
import sys
import threading

import numpy as np
import torch
from torch import Tensor

_MOST = 6
"""Blocks kept per thread: two views being made, two in use, two to spare."""
_WORTH = 1 << 16
_HELD = 2
"""References to a block that is only in the list of this thread, and in the question."""

_OWN = threading.local()


def tensor_for(shape: tuple[int, ...]) -> Tensor:
    """A float32 tensor on the CPU whose values are not set."""
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
