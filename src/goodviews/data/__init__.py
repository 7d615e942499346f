"""Images from folders, arrays and dataset names; their cache, labels and splits."""

from goodviews.data.digits import digits
from goodviews.data.doctor import examine
from goodviews.data.finding import Finding
from goodviews.data.groups import Groups
from goodviews.data.hashing import content_hash
from goodviews.data.image_file import ImageFile
from goodviews.data.images import Images
from goodviews.data.loading import load
from goodviews.data.moving_digits import MovingWorlds, moving_worlds
from goodviews.data.objects import Data, Labels
from goodviews.data.splits import Splits, splits
from goodviews.data.strata import draw_labels
from goodviews.data.targets import Scenes, Target, read_scenes, write_drawn_scenes
from goodviews.data.worlds import stacked_images, world_images

__all__ = [
    "Data",
    "Finding",
    "Groups",
    "ImageFile",
    "Images",
    "Labels",
    "MovingWorlds",
    "Scenes",
    "Splits",
    "Target",
    "content_hash",
    "digits",
    "draw_labels",
    "examine",
    "load",
    "moving_worlds",
    "read_scenes",
    "splits",
    "stacked_images",
    "world_images",
    "write_drawn_scenes",
]
