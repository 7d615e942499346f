"""Training objectives: plain functions of embeddings that return before reducing.

An objective returns a loss per anchor or a named tuple of terms. :func:`total` reduces it to the
scalar to minimise, on one process or many.
"""

from goodviews.objectives.align_uniform import (
    AlignUniformTerms,
    align_uniform,
    alignment,
    uniformity,
)
from goodviews.objectives.barlow import BarlowTerms, barlow, cross_correlation
from goodviews.objectives.bootstrap import byol, regression, simsiam
from goodviews.objectives.catalogue import Combine, register
from goodviews.objectives.centred import simclr_centred
from goodviews.objectives.coding import (
    MCR2Terms,
    TCRTerms,
    coding_rate,
    mcr2,
    tcr,
    whiten,
    wmse,
)
from goodviews.objectives.cosine_variants import dcl_abs, dcl_sq, simclr_abs, simclr_sq
from goodviews.objectives.cross_entropy import cross_entropy
from goodviews.objectives.dashboard import Classification, classify, dashboard
from goodviews.objectives.decorrelation import DecorrelationTerms, decorrelation
from goodviews.objectives.decoupled import dcl, dclw, negatives_only
from goodviews.objectives.double_norm import (
    criterion_gap,
    doubly_normalise,
    project_to_tangent,
)
from goodviews.objectives.duality import (
    Bounds,
    Identity,
    criterion_bounds,
    dimension_criterion,
    fourth_power_bounds,
    identity,
    norm_correction,
    sample_criterion,
    vicreg_covariance_by_samples,
)
from goodviews.objectives.infonce import infonce, infonce_two_sided
from goodviews.objectives.link_likelihood import LinkTerms, link_likelihood, normal_divergence
from goodviews.objectives.local_global import LocalGlobalTerms, local_global, summarise
from goodviews.objectives.multiview import multiview, view_pairs
from goodviews.objectives.nce import nce, nce_log_normaliser
from goodviews.objectives.ntxent import ntxent, pooled_cosines
from goodviews.objectives.ranks import across_ranks, total
from goodviews.objectives.spectral import SpectralTerms, project_to_ball, spectral
from goodviews.objectives.supcon import supcon
from goodviews.objectives.swav import sinkhorn, swav
from goodviews.objectives.vicreg import (
    VICRegTerms,
    covariance_matrix,
    covariance_penalty,
    variance_hinge,
    vicreg,
    vicreg_scales,
)
from goodviews.objectives.vicreg_variants import logsumexp_penalty, vicreg_ctr, vicreg_exp

__all__ = [
    "AlignUniformTerms",
    "BarlowTerms",
    "Bounds",
    "Classification",
    "Combine",
    "Identity",
    "LinkTerms",
    "LocalGlobalTerms",
    "MCR2Terms",
    "SpectralTerms",
    "TCRTerms",
    "VICRegTerms",
    "across_ranks",
    "align_uniform",
    "alignment",
    "barlow",
    "byol",
    "classify",
    "coding_rate",
    "covariance_matrix",
    "covariance_penalty",
    "criterion_bounds",
    "criterion_gap",
    "cross_correlation",
    "cross_entropy",
    "dashboard",
    "DecorrelationTerms",
    "dcl",
    "dcl_abs",
    "dcl_sq",
    "dclw",
    "decorrelation",
    "dimension_criterion",
    "doubly_normalise",
    "fourth_power_bounds",
    "identity",
    "infonce",
    "infonce_two_sided",
    "link_likelihood",
    "local_global",
    "logsumexp_penalty",
    "mcr2",
    "multiview",
    "nce",
    "nce_log_normaliser",
    "negatives_only",
    "norm_correction",
    "normal_divergence",
    "ntxent",
    "pooled_cosines",
    "project_to_ball",
    "project_to_tangent",
    "register",
    "regression",
    "sample_criterion",
    "simclr_abs",
    "simclr_centred",
    "simclr_sq",
    "simsiam",
    "sinkhorn",
    "spectral",
    "summarise",
    "supcon",
    "swav",
    "tcr",
    "total",
    "uniformity",
    "variance_hinge",
    "vicreg",
    "vicreg_covariance_by_samples",
    "vicreg_ctr",
    "vicreg_exp",
    "vicreg_scales",
    "view_pairs",
    "whiten",
    "wmse",
]
