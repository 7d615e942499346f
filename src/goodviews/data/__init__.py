"""Images from folders, arrays and known names; their cache, labels and splits."""

from goodviews.data.digits import digits
from goodviews.data.images import Images
from goodviews.data.loading import load

__all__ = ["Images", "digits", "load"]
