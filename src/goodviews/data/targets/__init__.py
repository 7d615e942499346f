"""Images with targets at places: boxes, masks, a class for each pixel, depth."""

from goodviews.data.targets.drawn import write_drawn_scenes
from goodviews.data.targets.read import read_scenes
from goodviews.data.targets.scenes import KINDS, Scenes, Target

__all__ = ["KINDS", "Scenes", "Target", "read_scenes", "write_drawn_scenes"]
