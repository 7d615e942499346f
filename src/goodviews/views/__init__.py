"""Views: batched, drawn from a key, then applied; their text is their name everywhere."""

from goodviews.views.base import View
from goodviews.views.compose import Chain, ViewPair, parse_view
from goodviews.views.families import default_views

__all__ = ["Chain", "View", "ViewPair", "default_views", "parse_view"]
