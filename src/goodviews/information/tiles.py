r"""The row-sum engine: softmax denominators of any size in linear memory.

A contrastive loss needs only one number per row of its matrix of logits. The matrix is
therefore computed tile by tile, not stored, and computed again for the gradient, which has a
closed form: with :math:`P` the row softmax and :math:`g` the gradient with respect to the rows,

.. math:: \partial a = \tfrac1\tau (g P) c, \qquad \partial c = \tfrac1\tau (g P)^\top a

and, where both sides are the same pool, only tiles i <= j are computed and used for both sides.
Small matrices are stored instead, which is faster and computes the same sums. If rows have norm
at most 1, every logit is at most 1/tau, so no maximum is subtracted while exp(2/tau) is
representable; otherwise each row keeps a running maximum.

Second derivatives are not supported and raise an error.
Letters: B anchors, K candidates, N embeddings in a pool (N/2 pairs), D dimensions.
"""

import torch
from torch import Tensor

from goodviews.core.errors import ShapeError, check_tensors
from goodviews.information.tile_sums import Plan, PoolSums, RowSums

STORED = 1 << 24
"""Up to this many logits, the matrix is stored: 64 MB in float32, half of that for a pool."""

WORTHWHILE = 1 << 17
"""Number of logits from which float32 losses use the engine."""


def worthwhile(rows: int, columns: int, like: Tensor) -> bool:
    """Whether a loss over this many logits should use the engine instead of plain operations.

    float64 uses the plain formula, which can be differentiated twice. Code that is being
    compiled does too, because the compiler fuses the plain formula, and so does torch.vmap, which
    computes it for all of its batch at once.

    Example:
        >>> worthwhile(1024, 1024, torch.zeros(1)), worthwhile(8, 8, torch.zeros(1))
        (True, False)
    """
    large = rows * columns >= WORTHWHILE
    if torch.compiler.is_compiling() or torch._C._functorch.is_batchedtensor(like):
        return False
    return large and like.dtype == torch.float32


def pool_logsumexp(
    z: Tensor,
    *,
    temperature: float | Tensor,
    mask_pair: bool = False,
    less_positive: bool = False,
    bounded: bool = True,
    bf16: bool = False,
    tile: int | None = None,
    stored: bool | None = None,
) -> Tensor:
    r"""Log of each row's sum of exponentials within a pool of two views, in nats.

    .. math:: \log \sum_{k \ne i} e^{s_{ik}/\tau} \; [- s_{i p(i)} / \tau], \quad p(i) = i \pm N/2

    With ``less_positive``, this is NT-Xent; with ``mask_pair`` as well, it is DCL.

    Args:
        z: (N, D), rows of the first view, then those of the second; s is their inner product.
        temperature: Temperature tau > 0; a tensor receives its gradient.
        mask_pair: Whether to exclude the positive from the sum too.
        less_positive: Whether to subtract the logit of the positive.
        bounded: Whether rows have norm at most 1; otherwise a running maximum is used.
        bf16: Whether to compute products in bfloat16, except for the positive; relative errors
            are near 1e-2.
        tile: Rows per tile.
        stored: Whether to store the exponentials for the gradient; by default, up to 64 MB.

    Returns:
        (N,), in the dtype of ``z``.

    Raises:
        ShapeError: ``z`` does not have two axes, or has no pairs.
        InputError: The result is differentiated twice.

    References:
        Chen et al., 2020, eq. 1, arXiv:2002.05709; the tiling is added here.

    Example:
        >>> pool_logsumexp(torch.ones(4, 1), temperature=1.0, less_positive=True)  # log 3
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    rows = check_tensors("z: N D", z)["N"]
    if rows % 2 or rows < (4 if mask_pair else 2):
        raise ShapeError(
            f"Expected z to hold both views of at least two pairs, an even number of rows, but "
            f"got {rows} rows."
        )
    plan = _plan(z, rows * rows, mask_pair, less_positive, bounded, bf16, tile, stored)
    result: Tensor = PoolSums.apply(z, _scale(temperature, z), plan)
    return result


def row_logsumexp(
    anchors: Tensor,
    candidates: Tensor,
    *,
    temperature: float | Tensor = 1.0,
    mask_own: bool = False,
    less_positive: bool = False,
    bounded: bool = True,
    bf16: bool = False,
    tile: int | None = None,
    stored: bool | None = None,
) -> Tensor:
    r"""Log of each anchor's sum of exponentials over all candidates, in nats.

    .. math:: \log \sum_{k=1}^{K} e^{s_{ik}/\tau} \; [- s_{ii} / \tau]

    With ``less_positive``, this is InfoNCE. The number of candidates can be in the millions:
    without gradients, only one tile is in memory.

    Args:
        anchors: (B, D), embeddings of the anchors.
        candidates: (K, D), embeddings of the candidates; with ``mask_own`` or
            ``less_positive``, candidate i belongs to anchor i, and K >= B.
        temperature: Temperature tau > 0; a tensor receives its gradient.
        mask_own: Whether to exclude candidate i from the sum of anchor i.
        less_positive: Whether to subtract the logit of candidate i from the sum of anchor i.
        bounded: Whether rows have norm at most 1; otherwise a running maximum is used.
        bf16: Whether to compute products in bfloat16, except for the positive; relative errors
            are near 1e-2.
        tile: Rows per tile.
        stored: Whether to store the exponentials for the gradient; by default, up to 64 MB.

    Returns:
        (B,), in the dtype of ``anchors``.

    Raises:
        ShapeError: The sizes of D differ, or an anchor has no candidate of its own index.
        InputError: The result is differentiated twice.

    References:
        van den Oord et al., 2018, eq. 4, arXiv:1807.03748; the tiling is added here.

    Example:
        >>> row_logsumexp(torch.zeros(2, 1), torch.zeros(8, 1))  # log 8
        tensor([2.0794, 2.0794])
    """
    sizes = check_tensors("anchors: B D, candidates: K D", anchors, candidates)
    if (mask_own or less_positive) and sizes["K"] < sizes["B"]:
        raise ShapeError(
            f"candidates needs at least one row for each of {sizes['B']} anchors, but has "
            f"{sizes['K']}."
        )
    plan = _plan(
        anchors, sizes["B"] * sizes["K"], mask_own, less_positive, bounded, bf16, tile, stored
    )
    result: Tensor = RowSums.apply(anchors, candidates, _scale(temperature, anchors), plan)
    return result


def _plan(
    like: Tensor,
    logits: int,
    mask: bool,
    less: bool,
    bounded: bool,
    bf16: bool,
    tile: int | None,
    stored: bool | None,
) -> Plan:
    stored = logits <= STORED if stored is None else stored
    if tile is None:
        # On a CPU, a tile should fit in the cache; on other devices, it should be large.
        tile = (256 if stored else 512) if like.device.type == "cpu" else 8192
    return Plan(mask, less, bounded, bf16, tile, stored)


def _scale(temperature: float | Tensor, like: Tensor) -> Tensor:
    if isinstance(temperature, Tensor):
        return 1 / temperature.to(like)
    return torch.tensor(1 / temperature, dtype=like.dtype)  # on the CPU: no synchronisation
