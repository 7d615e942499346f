"""Images from folders, arrays and dataset names; their cache, labels and splits."""

from goodviews.data.digits import digits
from goodviews.data.doctor import Finding, examine
from goodviews.data.images import Images
from goodviews.data.loading import load
from goodviews.data.objects import Data, Labels
from goodviews.data.splits import Splits, splits
from goodviews.data.strata import draw_labels

__all__ = [
    "Data",
    "Finding",
    "Images",
    "Labels",
    "Splits",
    "digits",
    "draw_labels",
    "examine",
    "load",
    "splits",
]
