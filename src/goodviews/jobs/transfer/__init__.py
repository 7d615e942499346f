"""The job ``transfer``: boxes, masks, pixels and depth from a pretrained backbone."""

from goodviews.jobs.transfer.job import Transferred, transfer

__all__ = ["Transferred", "transfer"]
