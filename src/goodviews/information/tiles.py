r"""The row-sum engine: softmax denominators of any size in linear memory.

A contrastive loss needs from its matrix of logits one number per row. So the matrix
is made tile by tile, never kept, and made again for the gradient, which is written
out: with :math:`P` the row softmax and :math:`g` the gradient that arrives at the rows,

.. math:: \partial a = \tfrac1\tau (g P) c, \qquad \partial c = \tfrac1\tau (g P)^\top a

and, where both sides are the same pool, one exponential serves both: tiles i <= j only.
Small matrices are kept instead (*stored*), which is quicker and made of the same sums.
Rows of norm at most 1 bound every logit by 1/tau, so no maximum is taken off while
exp(2/tau) is representable; else each row keeps a running one.

Second derivatives are not offered: asking for them raises.
Letters: B anchors, K candidates, N embeddings in a pool (N/2 pairs), D dimensions.
"""

import torch
from torch import Tensor

from goodviews.core.errors import ShapeError, check_shapes
from goodviews.information.tile_sums import Plan, PoolSums, RowSums

STORED = 1 << 24
"""Up to this many logits the matrix is kept for the gradient: 64 MB in float32, half in a pool."""

WORTHWHILE = 1 << 17
"""From this many logits on, float32 losses use the engine."""


def worthwhile(rows: int, columns: int, like: Tensor) -> bool:
    """Whether a loss over so many logits should use the engine instead of plain operations.

    float64 keeps to the plain formula, which can be differentiated twice; so does code
    that is being compiled, where the compiler fuses the plain formula itself.

    Example:
        >>> worthwhile(1024, 1024, torch.zeros(1)), worthwhile(8, 8, torch.zeros(1))
        (True, False)
    """
    large = rows * columns >= WORTHWHILE
    return large and like.dtype == torch.float32 and not torch.compiler.is_compiling()


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

    With ``less_positive`` that is NT-Xent; with ``mask_pair`` as well, DCL.

    Args:
        z: (N, D), the first view's rows, then the second's; s is their product.
        temperature: tau > 0; a tensor gets its gradient.
        mask_pair: Leave the positive out of the sum too.
        less_positive: Take the positive's logit off, in value and gradient.
        bounded: Rows have norm at most 1; otherwise a running maximum is kept.
        bf16: Products in bfloat16, but for the positive's own: relative errors near 1e-2.
        tile: Rows per tile.
        stored: Keep the exponentials for the gradient; by default, up to 64 MB.

    Returns:
        (N,), in the dtype of ``z``.

    Raises:
        ShapeError: Not two axes, or no pairs.
        InputError: When differentiated twice.

    References:
        Chen et al., 2020, eq. 1, arXiv:2002.05709; the tiling is ours.

    Example:
        >>> pool_logsumexp(torch.ones(4, 1), temperature=1.0, less_positive=True)  # log 3
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    rows = check_shapes("z: N D", z)["N"]
    if rows % 2 or rows < (4 if mask_pair else 2):
        raise ShapeError(
            f"z has {rows} rows, but both views of at least one more pair are wanted."
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

    With ``less_positive`` that is InfoNCE. A million candidates are no matter: without
    gradient only one tile is in memory.

    Args:
        anchors: (B, D).
        candidates: (K, D); with ``mask_own`` or ``less_positive``, candidate i belongs to
            anchor i, and K >= B.
        temperature: tau > 0; a tensor gets its gradient.
        mask_own: Leave anchor i's own candidate out of its sum.
        less_positive: Take its logit off, in value and gradient.
        bounded: Rows have norm at most 1; otherwise a running maximum is kept.
        bf16: Products in bfloat16, but for the own one: relative errors near 1e-2.
        tile: Rows per tile.
        stored: Keep the exponentials for the gradient; by default, up to 64 MB.

    Returns:
        (B,), in the dtype of ``anchors``.

    Raises:
        ShapeError: The sizes of D disagree, or an anchor has no own candidate.
        InputError: When differentiated twice.

    References:
        van den Oord et al., 2018, eq. 4, arXiv:1807.03748; the tiling is ours.

    Example:
        >>> row_logsumexp(torch.zeros(2, 1), torch.zeros(8, 1))  # log 8
        tensor([2.0794, 2.0794])
    """
    sizes = check_shapes("anchors: B D, candidates: K D", anchors, candidates)
    if (mask_own or less_positive) and sizes["K"] < sizes["B"]:
        raise ShapeError(
            f"{sizes['K']} candidates cannot hold one for each of {sizes['B']} anchors."
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
        # On a CPU a tile should stay in the cache; elsewhere it should fill the device.
        tile = (256 if stored else 512) if like.device.type == "cpu" else 8192
    return Plan(mask, less, bounded, bf16, tile, stored)


def _scale(temperature: float | Tensor, like: Tensor) -> Tensor:
    if isinstance(temperature, Tensor):
        return 1 / temperature.to(like)
    return torch.tensor(1 / temperature, dtype=like.dtype)  # on the CPU: reading it is free
