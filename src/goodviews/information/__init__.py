"""Estimators of the information that two views share, in nats, with standard errors."""

from goodviews.information import critics, functionals
from goodviews.information.bottleneck import Bottleneck, bottleneck
from goodviews.information.bounds import (
    dv_estimate,
    infonce_bound,
    interpolated_bound,
    nwj_bound,
    smile_estimate,
    tuba_bound,
)
from goodviews.information.critics import (
    BilinearCritic,
    ConcatenatedCritic,
    CosineCritic,
    SeparableCritic,
)
from goodviews.information.discrete import (
    conditional_mutual_information,
    cross_entropy,
    entropy,
    kl_divergence,
    mutual_information,
    mutual_information_from_counts,
)
from goodviews.information.estimate import Check, Estimate
from goodviews.information.fit import estimate_mi
from goodviews.information.gaussian import (
    gaussian_entropy,
    gaussian_kl,
    gaussian_mutual_information,
)
from goodviews.information.mine import MineValue
from goodviews.information.neighbours import ksg_estimate
from goodviews.information.rows import infonce_bound_of_embeddings, row_bounds
from goodviews.information.spectrum import effective_rank
from goodviews.information.upper import GaussianConditional, club_bound, leave_one_out_bound
from goodviews.information.usable import usable_information

__all__ = [
    "BilinearCritic",
    "Bottleneck",
    "Check",
    "ConcatenatedCritic",
    "CosineCritic",
    "Estimate",
    "GaussianConditional",
    "MineValue",
    "SeparableCritic",
    "bottleneck",
    "club_bound",
    "conditional_mutual_information",
    "critics",
    "cross_entropy",
    "dv_estimate",
    "effective_rank",
    "entropy",
    "estimate_mi",
    "functionals",
    "gaussian_entropy",
    "gaussian_kl",
    "gaussian_mutual_information",
    "infonce_bound",
    "infonce_bound_of_embeddings",
    "interpolated_bound",
    "kl_divergence",
    "ksg_estimate",
    "leave_one_out_bound",
    "mutual_information",
    "mutual_information_from_counts",
    "nwj_bound",
    "row_bounds",
    "smile_estimate",
    "tuba_bound",
    "usable_information",
]
