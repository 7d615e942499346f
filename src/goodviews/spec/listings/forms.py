"""Views that change what kind of image it is, and views that are about both of a pair."""

from goodviews.spec.listings.base import Listing

_CHANNELS = "goodviews.views.channels"
_COLOUR = "goodviews.views.colour"
_PATCHES = "goodviews.views.patches"
_FREQUENCY = "goodviews.views.frequency"
_TEMPORAL = "goodviews.views.temporal"
_TIAN = "Tian et al., 2020"

FORMS = {
    "channels": Listing(
        f"{_CHANNELS}:Channels", (("keep", 0),), "any", "–", "ours", "some channels of the image"
    ),
    "split": Listing(
        f"{_CHANNELS}:Split",
        (("first", 1),),
        "2 or more",
        "–",
        f"{_TIAN}, 3.2: channel 0 against the others",
        "two views: the first channels, and the others of the same image",
    ),
    "colour": Listing(
        f"{_COLOUR}:Colour",
        (("space", "rgb"),),
        "3",
        "–",
        f"{_TIAN}, 3.2; definitions of scikit-image",
        "another colour space; only forms may follow",
    ),
    "learned": Listing(
        "goodviews.views.generators.view:Learned",
        (("file", ""), ("hash", "")),
        "2 3 4 5 6 7 8 9 10 11 12 13",
        "–",
        f"{_TIAN}, 3.5",
        "a generator's file: a learned colour space of as many channels; only forms may follow",
    ),
    "normalise": Listing(
        f"{_COLOUR}:Normalise",
        (("space", "rgb"), ("mean", None), ("std", None)),
        "3",
        "–",
        "the code of CMC and PyContrast",
        "fixed mean and deviation of each channel; for other counts give both",
    ),
    "lowpass": Listing(
        f"{_FREQUENCY}:Lowpass", (("sigma", 0.7),), "any", "–", f"{_TIAN}, 3.3", "a fixed blur"
    ),
    "highpass": Listing(
        f"{_FREQUENCY}:Highpass",
        (("sigma", 0.7),),
        "any",
        "–",
        f"{_TIAN}, 3.3",
        "what a fixed blur takes away, from -1 to 1",
    ),
    "frequency": Listing(
        f"{_FREQUENCY}:Frequency",
        (("sigma", 0.7),),
        "any",
        "–",
        f"{_TIAN}, 3.3: most shared near sigma 0.7 [likely]",
        "two views: a blur of the image, and what it took away",
    ),
    "band": Listing(
        f"{_FREQUENCY}:Band",
        (("low", 0.0), ("high", 0.125)),
        "any",
        "–",
        "ours",
        "a ring of the Fourier spectrum",
    ),
    "bands": Listing(
        f"{_FREQUENCY}:Bands",
        (("border", 0.125),),
        "any",
        "–",
        "ours",
        "two views: frequencies below a border, and above",
    ),
    "patch": Listing(
        f"{_PATCHES}:Patch",
        (("size", 64), ("distance", 128), ("second", False)),
        "any",
        "–",
        f"{_TIAN}, 3.1",
        "one of two patches",
    ),
    "patches": Listing(
        f"{_PATCHES}:Patches",
        (("size", 64), ("distance", 128)),
        "any",
        "–",
        f"{_TIAN}, 3.1: best near 128 [likely]",
        "two views: patches of one image at a distance",
    ),
    "grid": Listing(
        f"{_PATCHES}:Grid",
        (("patch", 64), ("overlap", 32)),
        "any",
        "–",
        "van den Oord et al., 2018: 7 x 7 of 256 pixels",
        "every patch of an overlapping grid, stacked",
    ),
    "jigsaw": Listing(
        f"{_PATCHES}:Jigsaw",
        (("grid", 3), ("cell", None), ("crop", 64)),
        "any",
        "–",
        "Misra and van der Maaten, 2020 (PIRL)",
        "a random square of each cell of a grid, stacked",
    ),
    "frame": Listing(
        f"{_TEMPORAL}:Frame",
        (("before", 0), ("after", 0)),
        "any",
        "–",
        "ours",
        "a random frame of a clip",
    ),
    "frames": Listing(
        f"{_TEMPORAL}:Frames",
        (("apart", 1),),
        "any",
        "–",
        "ours",
        "two views: frames of a clip, a fixed time apart",
    ),
    "past": Listing(
        f"{_TEMPORAL}:Past",
        (("count", 10), ("after", 0)),
        "any",
        "–",
        f"{_TIAN}, Colorful Moving-MNIST: 10 frames [likely]",
        "random frames in a row of a clip",
    ),
    "pastframes": Listing(
        f"{_TEMPORAL}:PastFrames",
        (("count", 10), ("ahead", 10)),
        "any",
        "–",
        f"{_TIAN}, Colorful Moving-MNIST: 10 frames and the 20th [likely]",
        "two views: frames in a row, and one later frame of the clip",
    ),
}
