"""Views learned from six mixed bands, against every split of the bands."""
