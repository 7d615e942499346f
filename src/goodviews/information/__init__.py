"""How much two views share, in nats: estimates with their error, side and ceiling."""

from goodviews.information.bounds import infonce_bound
from goodviews.information.estimate import Check, Estimate
from goodviews.information.spectrum import effective_rank
from goodviews.information.usable import usable_information

__all__ = ["Check", "Estimate", "effective_rank", "infonce_bound", "usable_information"]
