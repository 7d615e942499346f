"""Every view by name, readable without torch; one file per room of views."""

from goodviews.spec.listings.base import Listing
from goodviews.spec.listings.forms import FORMS
from goodviews.spec.listings.geometric import GEOMETRIC
from goodviews.spec.listings.masking import MASKING, POLICIES
from goodviews.spec.listings.photometric import PHOTOMETRIC
from goodviews.spec.listings.planted import PLANTED

__all__ = ["VIEWS", "Listing"]

VIEWS: dict[str, Listing] = {**GEOMETRIC, **PHOTOMETRIC, **MASKING, **POLICIES, **PLANTED, **FORMS}
