"""Views: batched, drawn from a key, then applied; their text is their name everywhere."""

from goodviews.views.base import View, register
from goodviews.views.chain import Chain
from goodviews.views.compose import ViewPair, parse_view
from goodviews.views.families import default_views
from goodviews.views.multicrop import MultiCrop

__all__ = ["Chain", "MultiCrop", "View", "ViewPair", "default_views", "parse_view", "register"]
