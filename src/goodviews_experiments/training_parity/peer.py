"""The losses of lightly, with the numbers of our settings.

Letters: B images of a batch, M stored keys, D embedding.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from torch import Tensor

from goodviews.core import InputError

PairLoss = Callable[[Tensor, Tensor], Tensor]
"""Two embeddings (B, D) to a scalar; in BYOL a prediction and a target, in MoCo query and key."""

MakeLoss = Callable[[str, Mapping[str, Any], tuple[int, int]], PairLoss]
"""Name of a method, numbers of its objective and (M, D) of its queue to the loss of a run."""

_MISSING = (
    "training_parity compares with the losses of lightly, which is not installed; type "
    "pip install lightly."
)


def lightly_loss(name: str, options: Mapping[str, Any], queue: tuple[int, int]) -> PairLoss:
    """The loss of a method as lightly has it.

    Args:
        name: One of the methods of this experiment.
        options: Numbers of our objective, such as ``temperature``.
        queue: (M, D) of MoCo's queue, which the loss holds.

    Raises:
        InputError: lightly is not installed.
    """
    try:
        loss = import_module("lightly.loss")
    except ImportError as error:
        raise InputError(_MISSING) from error
    makers: dict[str, Callable[[], PairLoss]] = {
        "simclr": lambda: loss.NTXentLoss(options["temperature"]),
        "mocov2": lambda: loss.NTXentLoss(options["temperature"], memory_bank_size=queue),
        "byol": loss.NegativeCosineSimilarity,
        "barlow": lambda: loss.BarlowTwinsLoss(options["redundancy"]),
        "vicreg": lambda: loss.VICRegLoss(
            options["invariance"], options["variance"], options["covariance"]
        ),
    }
    return makers[name]()


def peer_version() -> str:
    """Name and version of the other library.

    Raises:
        InputError: lightly is not installed.
    """
    try:
        lightly = import_module("lightly")
    except ImportError as error:
        raise InputError(_MISSING) from error
    return f"lightly {lightly.__version__}"
