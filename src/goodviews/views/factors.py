"""Drawn parameters as numbers per image, used as labels to measure leakage.

Letters: B examples.
"""

import torch
from torch import Tensor

from goodviews.views.base import Params

_HIDDEN = ("word",)
"""Parameters that are seeds of noise, without meaning as numbers."""


def as_factors(params: Params) -> dict[str, Tensor]:
    """Convert drawn parameters to columns of numbers.

    Args:
        params: Parameters from :meth:`goodviews.views.Chain.sample`.

    Returns:
        Columns by name, (B,) float64: Booleans are 0 or 1, and a parameter of several numbers
        becomes ``<name>[0]``, ``<name>[1]`` and so on. Seeds of noise are excluded.

    Example:
        >>> as_factors({"0.jigsaw.top": torch.tensor([[3, 5]]), "1.noise.word": torch.ones(1)})
        {'0.jigsaw.top[0]': tensor([3.], dtype=torch.float64), \
'0.jigsaw.top[1]': tensor([5.], dtype=torch.float64)}
    """
    found: dict[str, Tensor] = {}
    for name, value in params.items():
        if name.rpartition(".")[2] in _HIDDEN:
            continue
        flat = value.reshape(len(value), -1).to(torch.float64)
        if value.ndim == 1:
            found[name] = flat[:, 0]
        else:
            found |= {f"{name}[{place}]": flat[:, place] for place in range(flat.shape[1])}
    return found
