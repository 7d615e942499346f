"""Where an embedding or a loss lies between the two families, as plain data.

Letters: N samples, M embedding dims. Rows are samples, whatever library they come from.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_shapes
from goodviews.information.spectrum import effective_rank
from goodviews.objectives.catalogue import OBJECTIVES
from goodviews.objectives.precision import lift


class Classification(NamedTuple):
    """Where a loss or an embedding lies.

    Example:
        >>> Classification("both", "", None, None).side
        'both'
    """

    side: str
    """"sample", "dimension", "both" (doubly normalised), "neither" or "outside"."""
    reason: str
    """One sentence that says why."""
    sample_spread: float | None
    """Relative spread (std / mean) of the sample norms; None for a loss."""
    dimension_spread: float | None
    """Relative spread (std / mean) of the dimension norms; None for a loss."""


def classify(what: Tensor | str, *, tolerance: float = 0.05) -> Classification:
    r"""Say where a loss, or an embedding, lies between the two families.

    .. math::
        \mathrm{spread} = \frac{\mathrm{std}_i \|z_i\|}{\mathrm{mean}_i \|z_i\|}, \quad
        \frac{\mathrm{std}_j \|z_{\cdot j}\|}{\mathrm{mean}_j \|z_{\cdot j}\|}

    A loss is what it contrasts. An embedding is told by its norms, for the gap between
    both criteria depends on nothing else: equal sample norms put it on the samples'
    side, equal dimension norms on the dimensions', and where both are equal the criteria
    differ by a constant.

    Args:
        what: (N, M), rows are samples; or the name of an objective.
        tolerance: Largest relative spread of norms that counts as equal.

    Returns:
        The side, the reason and, for an embedding, how far each side is from normalised.

    Raises:
        ShapeError: Not two axes.
        InputError: An unknown loss, an embedding that is zero or not finite.

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
        (True, False): ("sample", "Samples have equal norms, dimensions have not."),
        (False, True): ("dimension", "Dimensions have equal norms, samples have not."),
        (False, False): ("neither", "Neither samples nor dimensions have equal norms."),
    }[sample <= tolerance, dimension <= tolerance]
    return Classification(
        side, reason + "constant." if side == "both" else reason, sample, dimension
    )


def dashboard(
    embeddings: Tensor, *, bins: int = 101, max_samples: int = 10_000, block: int = 512
) -> dict[str, Any]:
    r"""What a page needs to show how an embedding stands, as plain numbers and lists.

    .. math::
        \frac{|(L_{nc} + \sum_j \|K_{j\cdot}\|^4) - (L_c + \sum_i \|K_{\cdot i}\|^4)|}
             {L_c + \sum_i \|K_{\cdot i}\|^4}, \quad
        \frac{\sum_j \|K_{j\cdot}\|^4}{\|K\|_F^4 / M}, \quad
        \exp H\left(\frac{\sigma}{\sum \sigma}\right)

    are the identity's relative residual, the ratio to the lemma's lower bound (at least
    1, for samples of any norm) and the effective rank from the singular values. Both
    histograms are of cosines, so they share an axis; everything is float64, and Gram
    matrices are taken in blocks.

    Args:
        embeddings: (N, M), rows are samples, N and M at least 2; used as they are.
        bins: Bins of each histogram over [-1, 1]; an odd number centres one on zero.
        max_samples: More rows than this are thinned evenly; ``samples_used`` tells.
        block: Rows per block.

    Returns:
        A dict of numbers, strings, lists and dicts, ready for JSON:

        - ``samples``, ``samples_used``, ``dims``: N, the rows used, M;
        - ``sample_cosines``, ``dimension_cosines``: ``edges`` (bins + 1), ``counts``
          (bins), ``mean``, ``std`` of the off-diagonal entries, each pair once;
        - ``expected_std``: 1 / sqrt(M), what independent directions would give
          ``sample_cosines``;
        - ``sample_norms``, ``dimension_norms``: ``mean``, ``std``, ``min``, ``max``,
          ``spread`` (std / mean) and sorted ``quantiles`` (101);
        - ``dimension_std``: the M standard deviations, sorted;
        - ``sample_criterion``, ``dimension_criterion``, ``sample_fourth``,
          ``dimension_fourth``, ``identity_residual``;
        - ``dimension_ratio``, ``sample_ratio``: each sum of fourth powers over its least
          value;
        - ``effective_rank``: within [1, min(N, M)];
        - ``side``, ``reason``: of :func:`classify`.

    Raises:
        ShapeError: Not two axes.
        InputError: Fewer than two samples or dims, or values zero or not finite.

    References:
        Garrido et al., 2023, arXiv:2206.02574; Garrido et al., 2023 (RankMe),
        arXiv:2210.02885.

    Example:
        >>> data = dashboard(torch.eye(4), bins=3)
        >>> data["effective_rank"], data["identity_residual"], data["side"]
        (4.0, 0.0, 'both')
        >>> data["sample_cosines"]["counts"]  # six pairs, all orthogonal
        [0, 6, 0]
    """
    check_positive("bins", bins)
    check_positive("block", block)
    sizes = check_shapes("embeddings: N M", embeddings)
    if min(sizes.values()) < 2 or max_samples < 2:
        raise InputError(
            f"embeddings is {tuple(embeddings.shape)}, but at least 2 samples and 2 dims are "
            "wanted (and max_samples of at least 2)."
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
    """Float64 and finite, not zero throughout."""
    check_shapes("embeddings: N M", embeddings)
    z = lift(embeddings).double()
    if not z.isfinite().all():
        raise InputError("embeddings has values that are not finite: look for NaN and infinity.")
    if not z.any():
        raise InputError("embeddings is zero throughout, so nothing can be said of its norms.")
    return z


def _norms(z: Tensor, dim: int) -> dict[str, Any]:
    norms = torch.linalg.vector_norm(z, dim=dim)
    std = float(norms.std(correction=0))
    share = torch.linspace(0, 1, 101, dtype=norms.dtype, device=norms.device)
    place = (share * (len(norms) - 1)).round().long()  # quantile() refuses long inputs
    return {
        "mean": float(norms.mean()),
        "std": std,
        "min": float(norms.min()),
        "max": float(norms.max()),
        "spread": std / float(norms.mean()),
        "quantiles": norms.sort().values[place].tolist(),
    }


def _off_diagonal(rows: Tensor, bins: int, block: int) -> tuple[float, dict[str, Any]]:
    """Sum of squared products of all ordered pairs of rows, and the cosines' histogram."""
    norm = torch.linalg.vector_norm(rows, dim=1).clamp_min(torch.finfo(rows.dtype).tiny)
    criterion = sum_1 = sum_2 = 0.0
    counts = torch.zeros(bins, dtype=torch.float64)
    for start in range(0, len(rows), block):
        end = min(start + block, len(rows))
        # Pairs (i, j) with j > i: the own block's upper triangle, and all later rows.
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
