"""Named views: specs of published methods and of some kinds of data.

Marks say how sure a number is: without a mark it was read in the paper's text or code, [likely]
is known from its tables, [unsure] could be wrong in a detail, [ours] was chosen for goodviews.
The encoder normalises pixels, so no preset contains ``normalise``.
"""

from dataclasses import dataclass
from typing import Any

_USUAL: tuple[tuple[str, Any], ...] = (("size", None), ("strength", 1.0))


@dataclass(frozen=True)
class Preset:
    """A name for a spec.

    Attributes:
        group: Group in a list: papers, data, colour spaces or graphs.
        spec: The spec behind the name. The argument ``size`` sets the size of crops without one,
            ``area`` their lower bound of the area, ``strength`` the strength of every step that
            has one.
        source: Source of its numbers.
        does: One line for a list; for kinds of data, the assumptions about them.
        arguments: Name and default of each argument, in order.
        channels: Numbers of channels that it accepts.
        strength: Quantity that its strength scales; empty when it has none.
    """

    group: str
    spec: str
    source: str
    does: str
    arguments: tuple[tuple[str, Any], ...] = _USUAL
    channels: str = "3"
    strength: str = "that of every step"


def _area(bound: float) -> tuple[tuple[str, Any], ...]:
    return (*_USUAL, ("area", bound))


_FLIP = "crop(scale=(0.2, 1))|flip()"
_WIDE = "crop(scale=(0.08, 1))|flip()"
_A = f"{_WIDE}|colourjitter(0.4, 0.4, 0.4, 0.4, p=1)|grey(p=0.2)"
_C = f"{_WIDE}|colourjitter(0.4, 0.4, 0.4, 0.1, p=1)|colour('ydbdr')"
_D = f"{_FLIP}|jitter(1, p=0.8)|blur(kernel='23taps')|randaugment()|grey(p=0.2)"
_E = (
    f"{_FLIP}|colourjitter(0.4, 0.4, 0.4, 0.1, p=0.8)|blur(kernel='23taps')"
    "|randaugment(ops='E')|colour('ydbdr')"
)
_MOCO = (
    "crop(scale=(0.2, 1))|colourjitter(0.4, 0.4, 0.4, 0.1, p=0.8)|grey(p=0.2)"
    "|blur(kernel='pil')|flip()"
)
_JIGSAW = "crop(scale=(0.6, 1), size=255)|flip()|jigsaw(grid=3, cell=85, crop=64)"
_GRILL = (
    "crop(scale=(0.08, 1), interpolation='bicubic')|flip()"
    "|colourjitter(0.4, 0.4, 0.2, 0.1, p=0.8)|grey(p=0.2)"
)
_PYCONTRAST = "PyContrast, the code of Tian et al., 2020"


def _asymmetric(kernel: str) -> str:
    return (
        f"{_GRILL}|blur(p=1, kernel={kernel!r})"
        f" // {_GRILL}|blur(p=0.1, kernel={kernel!r})|solarise(p=0.2)"
    )


PAPERS = {
    "pycontrast_a": Preset(
        "papers", _A, f"{_PYCONTRAST}: area 0.08 with a bank, 0.2 with a queue",
        "its augmentation A: InsDis, MoCo, PIRL", _area(0.08),
    ),
    "pycontrast_b": Preset(
        "papers",
        f"{_FLIP}|colourjitter(0.4, 0.4, 0.4, 0.1, p=0.8)|grey(p=0.2)|blur(kernel='pil')",
        f"{_PYCONTRAST}", "its augmentation B: MoCo v2", _area(0.2),
    ),
    "pycontrast_c": Preset(
        "papers", f"{_C}|split(1)", f"{_PYCONTRAST}: no grey, which would empty the chroma view",
        "its augmentation C, luma against chroma: CMC", _area(0.08),
    ),
    "pycontrast_d": Preset(
        "papers", _D, f"{_PYCONTRAST}: RandAugment n=2 m=10 std=0.5 as literal as can be",
        "its augmentation D: InfoMin", _area(0.2),
    ),
    "pycontrast_e": Preset(
        "papers", f"{_E}|split(1, draws=2)", f"{_PYCONTRAST}: RandAugment of set E",
        "its augmentation E, luma against chroma: CMC v2", _area(0.2),
    ),
    "simclr": Preset(
        "papers", f"{_WIDE}|jitter(1, p=0.8)|grey(p=0.2)|blur(p=0.5)",
        "Chen et al., 2020, appendix A; their kernel is a tenth of the side, this one 3 sigma",
        "crop, strong colour, blur",
    ),
    "moco_v1": Preset(
        "papers",
        "crop(scale=(0.2, 1))|grey(p=0.2)|colourjitter(0.4, 0.4, 0.4, 0.4, p=1)|flip()",
        "He et al., 2020, their code", "as InsDis: grey before jitter, no blur",
    ),
    "moco_v2": Preset(
        "papers", _MOCO, "Chen et al., 2020 (MoCo v2), their code", "weak jitter, PIL's blur",
    ),
    "simsiam": Preset("papers", _MOCO, "Chen and He, 2021, their code", "as MoCo v2"),
    "byol": Preset(
        "papers", _asymmetric("23taps"),
        "Grill et al., 2020, table 6 [likely]; solarise from level 128",
        "one view always blurred, the other sometimes solarised",
    ),
    "vicreg": Preset(
        "papers", _asymmetric("pil"), "Bardes et al., 2022, their code",
        "as BYOL, with PIL's blur",
    ),
    "barlow": Preset(
        "papers", _asymmetric("pil"), "Zbontar et al., 2021, their code [likely]",
        "as BYOL, with PIL's blur",
    ),
    "swav": Preset(
        "papers",
        "crop(scale=(0.14, 1))|flip()|jitter(1, p=0.8)|grey(p=0.2)|blur(kernel='23taps')",
        "Caron et al., 2020, their code: the two large crops; multicrop adds six small ones",
        "SimCLR's colours, areas from 0.14",
    ),
    "swav_small": Preset(
        "papers",
        "crop(scale=(0.05, 0.14))|flip()|jitter(1, p=0.8)|grey(p=0.2)|blur(kernel='23taps')",
        "Caron et al., 2020, their code: the six small crops, 96 pixels beside 224",
        "areas from 0.05 to 0.14",
    ),
    "pirl": Preset(
        "papers", f"{_A} // {_JIGSAW}",
        f"{_PYCONTRAST}; Misra and van der Maaten, 2020",
        "the image against nine squares of it",
    ),
    "cmc": Preset(
        "papers", f"{_C}|split(1)", f"{_PYCONTRAST}; CMC of 2019 has Lab and no jitter",
        "luma against chroma of one image", _area(0.08),
    ),
    "cmc_v2": Preset(
        "papers", f"{_E}|split(1, draws=2)", _PYCONTRAST, "luma against chroma, with RandAugment",
        _area(0.2),
    ),
    "cpc": Preset(
        "papers",
        "crop(scale=(0.73, 0.73), ratio=(1, 1), size=256)|flip()|grid(patch=64, overlap=32)",
        "van den Oord et al., 2018, 3.2 [likely]: 256 of 300 pixels, 7 x 7 patches",
        "all patches of an overlapping grid", (("strength", 1.0),),
    ),
    "infomin": Preset(
        "papers", _D, f"{_PYCONTRAST}: augmentation D", "InfoMin Aug", _area(0.2),
    ),
    "jigsaw_branch": Preset(
        "papers", _JIGSAW, f"{_PYCONTRAST}: the third input of PIRL and InfoMin",
        "nine squares of the image, no change of colour", (("strength", 1.0),), "any",
    ),
}  # fmt: skip

DATA = {
    "medical": Preset(
        "data",
        "crop(scale=(0.3, 1))|rotate(degrees=10)|brightness(amount=0.3)|contrast(amount=0.3)"
        "|blur(sigma=(0.1, 1), p=0.3)|noise(std=0.02)",
        "ours",
        "assumes grey images in which left and right differ, a scale of values that varies by "
        "device, and findings that survive a crop to a third of the area",
        channels="any",
    ),
    "satellite": Preset(
        "data",
        "crop(scale=(0.2, 1))|flip()|vflip()|brightness(amount=0.2)|contrast(amount=0.2)"
        "|noise(std=0.01)",
        "ours",
        "assumes images from above, without an up direction, with any number of bands whose "
        "ratios matter: all bands are multiplied by one factor",
        channels="any",
    ),
    "documents": Preset(
        "data",
        "crop(scale=(0.4, 1))|affine(degrees=3, translate=0.02, scale=(0.9, 1.1), shear=3)"
        "|brightness(amount=0.3)|contrast(amount=0.3)|blur(sigma=(0.1, 1.5), p=0.3)"
        "|noise(std=0.02)",
        "ours",
        "assumes pages with one reading direction that mean the same in any light: no flip, no "
        "invert",
        channels="any",
    ),
    "textures": Preset(
        "data",
        "crop(scale=(0.1, 0.5))|flip()|vflip()|brightness(amount=0.4)|contrast(amount=0.4)",
        "ours",
        "assumes that any part looks like the whole and that there is no up direction; areas "
        "below half keep the views different",
        channels="any",
    ),
}

COLOURS = {
    space: Preset(
        "colour spaces", f"colour({space!r})", "scikit-image", f"colour({space!r})", (),
        "3", "",
    )
    for space in (
        "rgb", "hsv", "lab", "luv", "ydbdr", "yiq", "yuv", "ypbpr", "ycbcr", "xyz", "hed"
    )
}  # fmt: skip

_STRENGTH: tuple[tuple[str, Any], ...] = (("strength", 1.0),)


def _dropped(one: tuple[float, float], two: tuple[float, float], more: str = "") -> str:
    """Edges dropped each way and columns masked, at the rates (edges, features) of both views."""
    return " // ".join(
        f"drop_edges({edges}{more}, each_way=True)|mask_features({features}{more})"
        for edges, features in (one, two)
    )


GRAPHS = {
    "grace": Preset(
        "graphs", _dropped((0.2, 0.3), (0.4, 0.4)),
        "Zhu et al., 2020, arXiv:2006.04131, their code: the rates of Cora",
        "edges and columns of features dropped at random", _STRENGTH, "",
    ),
    "gca": Preset(
        "graphs", _dropped((0.3, 0.1), (0.5, 0.1), ", by='degree'"),
        "Zhu et al., 2021, arXiv:2010.14945, their code: the rates of Amazon Photo",
        "edges and columns dropped less where nodes are central", _STRENGTH, "",
    ),
    "bgrl": Preset(
        "graphs", _dropped((0.5, 0.2), (0.4, 0.1)),
        "Thakoor et al., 2022, arXiv:2102.06514, their code: the rates of Amazon Computers",
        "as GRACE, at other rates", _STRENGTH, "",
    ),
    "ccassg": Preset(
        "graphs", "drop_edges(0.4, each_way=True)|mask_features(0.1)",
        "Zhang et al., 2021, arXiv:2106.12484, their code: the rates of Cora",
        "as GRACE, one rate for both views", _STRENGTH, "",
    ),
    "graphcl": Preset(
        "graphs", "drop_nodes(0.2) // walk(0.8)",
        "You et al., 2020, arXiv:2010.13902: a fifth is lost; their pair for molecules [likely]",
        "nodes dropped against a random walk", _STRENGTH, "",
    ),
}  # fmt: skip

PRESETS: dict[str, Preset] = {**PAPERS, **DATA, **COLOURS, **GRAPHS}
"""All presets by name; no preset has the name of a view."""
