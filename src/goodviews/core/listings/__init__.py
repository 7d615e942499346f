"""Every view by name, readable without torch; one file per room of views."""

from goodviews.core.listings.base import Listing
from goodviews.core.listings.forms import FORMS
from goodviews.core.listings.geometric import GEOMETRIC
from goodviews.core.listings.masking import MASKING, POLICIES
from goodviews.core.listings.photometric import PHOTOMETRIC
from goodviews.core.listings.planted import PLANTED

__all__ = ["VIEWS", "Listing"]

VIEWS: dict[str, Listing] = {**GEOMETRIC, **PHOTOMETRIC, **MASKING, **POLICIES, **PLANTED, **FORMS}
