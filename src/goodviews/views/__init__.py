"""Views of batches of images, with random parameters drawn from a key and named by a spec."""

from goodviews.views.base import View, register
from goodviews.views.chain import Chain
from goodviews.views.compose import ViewPair, parse_view
from goodviews.views.families import default_views
from goodviews.views.files import views_of_files
from goodviews.views.mixed import Pictures
from goodviews.views.multicrop import MultiCrop

__all__ = [
    "Chain",
    "MultiCrop",
    "Pictures",
    "View",
    "ViewPair",
    "default_views",
    "parse_view",
    "register",
    "views_of_files",
]
