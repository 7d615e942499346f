"""The shared table: every objective, what it is fed and which laws it obeys.

An objective missing here fails ``test_table.py``. The file imports nothing of the tests,
so that the processes of ``rank_worker.py`` can read it too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from goodviews import objectives
from goodviews.objectives.catalogue import OBJECTIVES

DIMS = 4
Inputs = tuple[tuple[Tensor, ...], dict[str, Tensor]]


def views(count: int) -> Callable[[int, torch.Generator], Inputs]:
    """So many related (B, D) tensors, as two views of an example are related."""

    def make(batch: int, rng: torch.Generator) -> Inputs:
        shared = torch.randn(batch, DIMS, generator=rng, dtype=torch.float64)
        noise = torch.randn(count, batch, DIMS, generator=rng, dtype=torch.float64)
        return tuple(shared + 0.7 * noise), {}

    return make


two_views = views(2)


def with_scores(batch: int, rng: torch.Generator) -> Inputs:
    return tuple(torch.randn(2, batch, generator=rng, dtype=torch.float64)), {}


def with_queue(batch: int, rng: torch.Generator) -> Inputs:
    tensors, _ = views(2)(batch, rng)
    return tensors, {"negatives": torch.randn(5, DIMS, generator=rng, dtype=torch.float64)}


def with_own_draws(batch: int, rng: torch.Generator) -> Inputs:
    tensors, _ = views(2)(batch, rng)
    draws = torch.randn(batch, 3, DIMS, generator=rng, dtype=torch.float64)
    return tensors, {"negatives": draws}


def with_bank(batch: int, rng: torch.Generator) -> Inputs:
    tensors, keywords = with_own_draws(batch, rng)
    return (*tensors, keywords["negatives"]), {}


def with_labels(count: int) -> Callable[[int, torch.Generator], Inputs]:
    def make(batch: int, rng: torch.Generator) -> Inputs:
        tensors, _ = views(count)(batch, rng)
        return (*tensors, torch.arange(batch) % 3), {}

    return make


def with_prototypes(batch: int, rng: torch.Generator) -> Inputs:
    tensors, _ = views(2)(batch, rng)
    return (*tensors, torch.randn(3, DIMS, generator=rng, dtype=torch.float64)), {}


def with_summary(batch: int, rng: torch.Generator) -> Inputs:
    tensors, _ = views(2)(batch, rng)
    return (*tensors, torch.randn(DIMS, generator=rng, dtype=torch.float64)), {}


def stacked(batch: int, rng: torch.Generator) -> Inputs:
    return (torch.stack(views(3)(batch, rng)[0]),), {}


@dataclass(frozen=True)
class Case:
    """One objective with options."""

    function: Callable[..., Any]
    make: Callable[[int, torch.Generator], Inputs] = two_views
    options: dict[str, Any] = field(default_factory=dict)
    sharp: dict[str, float] = field(default_factory=dict)
    """Options at their harshest: temperature 0.001."""
    swapped: tuple[int, ...] | None = (1, 0)
    """Order of the tensors when the views change places; None where it is another loss."""
    per_row: frozenset[str] = frozenset()
    """Keyword tensors that have one slice per example."""
    fixed: frozenset[int] = frozenset()
    """Places of tensors no gradient reaches."""
    detached: bool = False
    """Part of the value is held fixed in backward, so finite differences see more."""
    degenerate: bool = True
    """Defined for constant embeddings."""

    @property
    def name(self) -> str:
        return self.function.__name__

    def inputs(self, batch: int = 6, dtype: torch.dtype = torch.float64, seed: int = 0) -> Inputs:
        """The same numbers at any precision; integers stay integers."""
        tensors, keywords = self.make(batch, torch.Generator().manual_seed(seed))
        return (
            tuple(cast(tensor, dtype) for tensor in tensors),
            {key: cast(tensor, dtype) for key, tensor in keywords.items()},
        )

    def permuted(self, inputs: Inputs, order: Tensor) -> Inputs:
        """The same examples in another order."""
        rule, (tensors, keywords) = OBJECTIVES[self.name].combine, inputs
        moving = len(tensors) - rule.shared
        return (
            tuple(
                t.index_select(rule.axis, order) if place < moving else t
                for place, t in enumerate(tensors)
            ),
            {key: t[order] if key in self.per_row else t for key, t in keywords.items()},
        )


def cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def leaves(result: Any) -> tuple[Tensor, ...]:
    """The tensors of a result: one, or the terms."""
    return tuple(result) if isinstance(result, tuple) else (result,)


SHARP = {"temperature": 1e-3}
PREDICTED = {"make": views(4), "swapped": (1, 0, 3, 2), "fixed": frozenset({2, 3})}

CASES: dict[str, Case] = {
    "align_uniform": Case(objectives.align_uniform, sharp={"t": 1e3}),
    "alignment": Case(objectives.alignment),
    "alignment[alpha=1]": Case(objectives.alignment, options={"alpha": 1.0}),
    "barlow": Case(objectives.barlow),
    "byol": Case(objectives.byol, **PREDICTED),
    "coding_rate": Case(objectives.coding_rate, views(1), swapped=None),
    "covariance_penalty": Case(objectives.covariance_penalty, views(1), swapped=None),
    "cross_entropy": Case(objectives.cross_entropy, with_labels(1), swapped=None),
    "cross_entropy[smoothed]": Case(
        objectives.cross_entropy, with_labels(1), {"label_smoothing": 0.1}, swapped=None
    ),
    "dcl": Case(objectives.dcl, sharp=SHARP),
    "dcl_abs": Case(objectives.dcl_abs, sharp=SHARP),
    "dcl_sq": Case(objectives.dcl_sq, sharp=SHARP),
    "dclw": Case(objectives.dclw, sharp={**SHARP, "sigma": 1e-3}, detached=True),
    "decorrelation": Case(objectives.decorrelation),
    "dimension_criterion": Case(objectives.dimension_criterion, views(1), swapped=None),
    "infonce": Case(objectives.infonce, sharp=SHARP, swapped=None),
    "infonce[queue]": Case(objectives.infonce, with_queue, sharp=SHARP, swapped=None),
    "infonce[own draws]": Case(
        *(objectives.infonce, with_own_draws, {"in_batch": False}, SHARP, None),
        per_row=frozenset({"negatives"}),
    ),
    "infonce[both]": Case(
        *(objectives.infonce, with_own_draws, {}, SHARP, None), per_row=frozenset({"negatives"})
    ),
    "infonce_two_sided": Case(objectives.infonce_two_sided, sharp=SHARP),
    "link_likelihood": Case(objectives.link_likelihood, with_scores, swapped=None),
    "local_global": Case(objectives.local_global, with_summary, swapped=None),
    "mcr2": Case(objectives.mcr2, with_labels(1), {"classes": 4}, swapped=None),
    "multiview": Case(objectives.multiview, stacked, sharp=SHARP, swapped=None),
    "multiview[core]": Case(
        objectives.multiview, stacked, {"graph": "core", "core": 1}, SHARP, swapped=None
    ),
    "nce": Case(
        *(objectives.nce, with_bank, {"bank_size": 50, "log_normaliser": 4.0}, SHARP, None)
    ),
    "normal_divergence": Case(objectives.normal_divergence, views(2), swapped=None),
    "ntxent": Case(objectives.ntxent, sharp=SHARP),
    "regression": Case(objectives.regression, swapped=None, fixed=frozenset({1})),
    "sample_criterion": Case(objectives.sample_criterion, views(1), swapped=None),
    "simclr_abs": Case(objectives.simclr_abs, sharp=SHARP),
    "simclr_centred": Case(objectives.simclr_centred, sharp=SHARP),
    "simclr_centred[B]": Case(objectives.simclr_centred, options={"variant": "B"}, sharp=SHARP),
    "simclr_sq": Case(objectives.simclr_sq, sharp=SHARP),
    "simclr_sq[bent]": Case(objectives.simclr_sq, options={"bend_positive": True}, sharp=SHARP),
    "simsiam": Case(objectives.simsiam, **PREDICTED),
    "spectral": Case(objectives.spectral, options={"mu": 2.0}),
    "supcon": Case(objectives.supcon, with_labels(2), sharp=SHARP, swapped=(1, 0, 2)),
    "swav": Case(
        *(objectives.swav, with_prototypes, {}, {**SHARP, "epsilon": 1e-3}, (1, 0, 2)),
        detached=True,
    ),
    "tcr": Case(objectives.tcr, sharp={"eps_squared": 1e-3}),
    "uniformity": Case(objectives.uniformity, views(1), sharp={"t": 1e3}, swapped=None),
    "variance_hinge": Case(objectives.variance_hinge, views(1), swapped=None),
    "vicreg": Case(objectives.vicreg),
    "vicreg[paper]": Case(objectives.vicreg, options={"scale": "paper"}),
    "vicreg[summed]": Case(objectives.vicreg, options={"scale": "summed"}),
    "vicreg_ctr": Case(objectives.vicreg_ctr, sharp=SHARP),
    "vicreg_ctr[centred]": Case(objectives.vicreg_ctr, options={"centre_dims": True}, sharp=SHARP),
    "vicreg_exp": Case(objectives.vicreg_exp, sharp=SHARP),
    "wmse": Case(objectives.wmse, degenerate=False),
}

TOOLS = {
    "across_ranks": "ranks",
    "classify": "dashboard",
    "covariance_matrix": "vicreg",
    "criterion_bounds": "duality",
    "criterion_gap": "double_norm",
    "cross_correlation": "barlow",
    "dashboard": "dashboard",
    "doubly_normalise": "double_norm",
    "fourth_power_bounds": "duality",
    "identity": "duality",
    "logsumexp_penalty": "vicreg_variants",
    "nce_log_normaliser": "nce",
    "negatives_only": "decoupled",
    "norm_correction": "duality",
    "pooled_cosines": "ntxent",
    "project_to_ball": "spectral",
    "project_to_tangent": "double_norm",
    "register": "catalogue",
    "sinkhorn": "swav",
    "summarise": "local_global",
    "total": "ranks",
    "vicreg_covariance_by_samples": "duality",
    "vicreg_scales": "vicreg",
    "view_pairs": "multiview",
    "whiten": "coding",
}
"""Public functions that are no objective by themselves, and the test file that tests them."""
