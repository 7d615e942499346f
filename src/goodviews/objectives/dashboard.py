"""Classification of losses and embeddings by the two families of the duality, as plain data.

Letters: N samples, M embedding dims. Rows are samples.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_tensors
from goodviews.information.spectrum import effective_rank
from goodviews.objectives.catalogue import OBJECTIVES
from goodviews.objectives.precision import lift


class Classification(NamedTuple):
    """Side of the duality of a loss or an embedding.

    Example:
        >>> Classification("both", "", None, None).side
        'both'
    """

    side: str
    """"sample", "dimension", "both" (doubly normalised), "neither" or "outside"."""
    reason: str
    """Reason for the side, one sentence."""
    sample_spread: float | None
    """Relative spread (std / mean) of the sample norms; None for a loss."""
    dimension_spread: float | None
    """Relative spread (std / mean) of the dimension norms; None for a loss."""


def classify(what: Tensor | str, *, tolerance: float = 0.05) -> Classification:
    r"""Classify a loss or an embedding as sample-contrastive or dimension-contrastive.

    .. math::
        \mathrm{spread} = \frac{\mathrm{std}_i \|z_i\|}{\mathrm{mean}_i \|z_i\|}, \quad
        \frac{\mathrm{std}_j \|z_{\cdot j}\|}{\mathrm{mean}_j \|z_{\cdot j}\|}

    A loss is classified by what it contrasts. An embedding is classified by its norms, because
    the difference of the two criteria depends only on them: with equal sample norms it is on
    the side of the samples, with equal dimension norms on the side of the dimensions, and if
    both are equal the criteria differ by a constant.

    Args:
        what: (N, M) embedding, one row per sample; or the name of an objective.
        tolerance: Largest relative spread of norms that counts as equal.

    Returns:
        The side, the reason and, for an embedding, the relative spread of both norms.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: The loss is unknown, or the embedding is zero or not finite.

    References:
        Garrido et al., 2023, proposition and table of methods, arXiv:2206.02574.

    Example:
        >>> classify("vicreg").side, classify("ntxent").side
        ('dimension', 'sample')
        >>> classify(torch.eye(3)).side
        'both'
        >>> classify(torch.tensor([[1.0, 0.0], [1.0, 0.0]])).side
        'sample'
    """
    if isinstance(what, str):
        record = OBJECTIVES.find(what)
        if not record.side:
            raise InputError(f"{what} is registered without a side: register(..., side='sample').")
        return Classification(record.side, record.reason, None, None)
    z = _checked(what)
    sample, dimension = (_norms(z, dim)["spread"] for dim in (1, 0))
    side, reason = {
        (True, True): ("both", "Samples and dims have equal norms: the criteria differ by a "),
        (True, False): ("sample", "Samples have equal norms, but dimensions do not."),
        (False, True): ("dimension", "Dimensions have equal norms, but samples do not."),
        (False, False): ("neither", "Neither samples nor dimensions have equal norms."),
    }[sample <= tolerance, dimension <= tolerance]
    return Classification(
        side, reason + "constant." if side == "both" else reason, sample, dimension
    )


def dashboard(
    embeddings: Tensor, *, bins: int = 101, max_samples: int = 10_000, block: int = 512
) -> dict[str, Any]:
    r"""Diagnostics of an embedding for a report page, as plain numbers and lists.

    .. math::
        \frac{|(L_{nc} + \sum_j \|K_{j\cdot}\|^4) - (L_c + \sum_i \|K_{\cdot i}\|^4)|}
             {L_c + \sum_i \|K_{\cdot i}\|^4}, \quad
        \frac{\sum_j \|K_{j\cdot}\|^4}{\|K\|_F^4 / M}, \quad
        \exp H\left(\frac{\sigma}{\sum \sigma}\right)

    are the relative residual of the identity, the ratio to the lower bound of the lemma (at
    least 1, for samples of any norm) and the effective rank from the singular values. Both
    histograms are of cosines, so they share an axis. All computations are in float64, and Gram
    matrices are computed in blocks.

    Args:
        embeddings: (N, M), one row per sample, not normalised; N and M at least 2.
        bins: Number of bins of each histogram over [-1, 1]; an odd number centres one at zero.
        max_samples: Maximum number of rows; of more rows, an evenly spaced subset is used, and
            ``samples_used`` is its size.
        block: Rows per block.

    Returns:
        A dict of numbers, strings, lists and dicts, ready for JSON:

        - ``samples``, ``samples_used``, ``dims``: N, the number of rows used, and M;
        - ``sample_cosines``, ``dimension_cosines``: ``edges`` (bins + 1), ``counts``
          (bins), ``mean``, ``std`` of the off-diagonal entries, each pair once;
        - ``expected_std``: 1 / sqrt(M), the ``std`` of ``sample_cosines`` for independent
          directions;
        - ``sample_norms``, ``dimension_norms``: ``mean``, ``std``, ``min``, ``max``,
          ``spread`` (std / mean) and sorted ``quantiles`` (101);
        - ``dimension_std``: the M standard deviations, sorted;
        - ``sample_criterion``, ``dimension_criterion``, ``sample_fourth``,
          ``dimension_fourth``, ``identity_residual``;
        - ``dimension_ratio``, ``sample_ratio``: each sum of fourth powers divided by its
          minimum;
        - ``effective_rank``: within [1, min(N, M)];
        - ``side``, ``reason``: results of :func:`classify`.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: There are fewer than two samples or dims, or the values are zero or not
            finite.

    References:
        Garrido et al., 2023, arXiv:2206.02574; Garrido et al., 2023 (RankMe),
        arXiv:2210.02885.

    Example:
        >>> data = dashboard(torch.eye(4), bins=3)
        >>> data["effective_rank"], data["identity_residual"], data["side"]
        (4.0, 0.0, 'both')
        >>> data["sample_cosines"]["counts"]  # six orthogonal pairs
        [0, 6, 0]
    """
    check_positive("bins", bins)
    check_positive("block", block)
    sizes = check_tensors("embeddings: N M", embeddings)
    if min(sizes.values()) < 2 or max_samples < 2:
        raise InputError(
            f"dashboard needs at least 2 samples, 2 dims and max_samples >= 2, but got embeddings "
            f"of shape {tuple(embeddings.shape)} and max_samples={max_samples}."
        )
    z = _checked(embeddings.detach())
    if len(z) > max_samples:
        z = z[torch.linspace(0, len(z) - 1, max_samples, device=z.device).long()]
    with torch.no_grad():
        sample, sample_cosines = _off_diagonal(z, bins, block)
        dimension, dimension_cosines = _off_diagonal(z.T, bins, block)
        squares = z.square()
        sample_fourth = float(squares.sum(dim=1).square().sum())
        dimension_fourth = float(squares.sum(dim=0).square().sum())
        side = classify(z)
        least = float(squares.sum()) ** 2
        both = sample + sample_fourth
        return {
            "samples": sizes["N"],
            "samples_used": len(z),
            "dims": sizes["M"],
            "sample_cosines": sample_cosines,
            "dimension_cosines": dimension_cosines,
            "expected_std": 1 / math.sqrt(sizes["M"]),
            "sample_norms": _norms(z, 1),
            "dimension_norms": _norms(z, 0),
            "dimension_std": z.std(dim=0).sort().values.tolist(),
            "sample_criterion": sample,
            "dimension_criterion": dimension,
            "sample_fourth": sample_fourth,
            "dimension_fourth": dimension_fourth,
            "identity_residual": abs(dimension + dimension_fourth - both) / both,
            "dimension_ratio": dimension_fourth / (least / sizes["M"]),
            "sample_ratio": sample_fourth / (least / len(z)),
            "effective_rank": effective_rank(z),
            "side": side.side,
            "reason": side.reason,
        }


def _checked(embeddings: Tensor) -> Tensor:
    """Return embeddings as float64 after checking that they are finite and not all zero."""
    check_tensors("embeddings: N M", embeddings)
    z = lift(embeddings).double()
    if not z.isfinite().all():
        raise InputError("embeddings has values that are not finite: look for NaN and infinity.")
    if not z.any():
        raise InputError("embeddings is zero throughout, so its norms are not comparable.")
    return z


def _norms(z: Tensor, dim: int) -> dict[str, Any]:
    norms = torch.linalg.vector_norm(z, dim=dim)
    std = float(norms.std(correction=0))
    share = torch.linspace(0, 1, 101, dtype=norms.dtype, device=norms.device)
    place = (share * (len(norms) - 1)).round().long()  # quantile() does not accept long inputs
    return {
        "mean": float(norms.mean()),
        "std": std,
        "min": float(norms.min()),
        "max": float(norms.max()),
        "spread": std / float(norms.mean()),
        "quantiles": norms.sort().values[place].tolist(),
    }


def _off_diagonal(rows: Tensor, bins: int, block: int) -> tuple[float, dict[str, Any]]:
    """Sum of squared products of all ordered pairs of rows, and the histogram of cosines."""
    norm = torch.linalg.vector_norm(rows, dim=1).clamp_min(torch.finfo(rows.dtype).tiny)
    criterion = sum_1 = sum_2 = 0.0
    counts = torch.zeros(bins, dtype=torch.float64)
    for start in range(0, len(rows), block):
        end = min(start + block, len(rows))
        # Pairs (i, j) with j > i: the upper triangle of the diagonal block, and all later rows.
        products = (rows[start:end] @ rows[start:].T) / norm[start:end, None] / norm[start:]
        upper = torch.ones(end - start, end - start, dtype=torch.bool, device=rows.device).triu(1)
        for cosines, sizes in (
            (products[:, : end - start][upper], (norm[start:end, None] * norm[start:end])[upper]),
            (products[:, end - start :], norm[start:end, None] * norm[end:]),
        ):
            squares = cosines.square()
            sum_1 += float(cosines.sum())
            sum_2 += float(squares.sum())
            criterion += 2 * float((squares * sizes.square()).sum())
            counts += torch.histc(cosines.clamp(-1, 1), bins, -1, 1).cpu()
    pairs = len(rows) * (len(rows) - 1) // 2
    mean = sum_1 / pairs
    return criterion, {
        "edges": torch.linspace(-1, 1, bins + 1, dtype=torch.float64).tolist(),
        "counts": counts.long().tolist(),
        "mean": mean,
        "std": math.sqrt(max(sum_2 / pairs - mean**2, 0.0)),
    }
