"""The settings of a study, for small encoders of small images."""

from dataclasses import replace

from goodviews.training.small import PATCHES, small_settings

METHOD = replace(small_settings(PATCHES), views="simclr()", epochs=100)
