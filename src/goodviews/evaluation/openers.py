"""Open an encoder by name, whatever library it comes from.

Letters: B images, N of them in the dataset, C H W one image, F representation.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.core.files import DAMAGED, read_json
from goodviews.core.plugins import Registry, load_plugins
from goodviews.core.text import counted
from goodviews.data import Data, Images, load
from goodviews.encoders import Backbone, PairEncoder, build_backbone, load_encoder, load_weights
from goodviews.encoders.adapt import Size, sides
from goodviews.encoders.graphs.pair import check_of_images
from goodviews.encoders.pair import BACKBONES
from goodviews.encoders.sources import fetches, without_sources
from goodviews.evaluation.encoders import Encoder, raw_pixels, settle
from goodviews.evaluation.large import all_finite
from goodviews.evaluation.libraries import Normalised, library_model
from goodviews.evaluation.seen import read_seen
from goodviews.views import ViewPair, parse_view

_ARRAYS = (".npy", ".npz")
_FILLED = re.compile(r"(\w+(?:\(.*?\))?)@(.+)", re.DOTALL)
"""The spec of a backbone, and the file of its weights."""


@dataclass(frozen=True)
class Opening:
    """What an encoder is opened for.

    Attributes:
        channels: C of the images.
        size: Their side in pixels, or height and width.
        count: N, images in the dataset.
        seed: Random seed of drawn weights.
        device: Where it computes.
    """

    channels: int
    size: Size
    count: int
    seed: int = 0
    device: torch.device | None = None


Library = Callable[[str, Opening], Encoder]
"""The part after the colon in ``LIBRARY:MODEL``, and what it is opened for, to an encoder."""

LIBRARIES: Registry[Library] = Registry("library")
"""Everything that ``LIBRARY:MODEL`` can open."""


def open_encoder(
    given: Any,
    *,
    channels: int,
    size: Size,
    count: int,
    seed: int = 0,
    device: torch.device | None = None,
) -> Encoder:
    """Open an encoder by name, or make one of an array or a module.

    * ``z.npy`` or ``z.npz``, or an array: representations (N, F), row i for image i;
    * ``timm:NAME`` and ``torchvision:NAME``: that library's model with its weights, from its
      cache or downloaded; ``NAME@random`` draws them instead, ``NAME@FILE`` loads those of a
      file of any library (:func:`goodviews.encoders.load_weights`); other libraries:
      :func:`register_encoders`;
    * the folder of a pretraining run, or its ``encoder.safetensors``;
    * the spec of a backbone with drawn weights, such as ``convnet(width=16)``, or with those of
      a file, ``resnet18(stem='small')@FILE``;
    * ``pixels``: the images themselves, averaged down where they are large;
    * a module or function from pixels (B, C, H, W) in [0, 1] to (B, F).

    Args:
        given: The encoder.
        channels: C of the images.
        size: Their side in pixels, or height and width.
        count: N, images in the dataset.
        seed: Random seed of drawn weights.
        device: Where it computes.

    Returns:
        The encoder.

    Raises:
        InputError: There is no such encoder, it cannot be read, or it cannot take the images.

    Example:
        >>> encoder = open_encoder("pixels", channels=1, size=4, count=2)
        >>> encoder.embed(torch.zeros(2, 1, 4, 4), torch.arange(2)).shape
        torch.Size([2, 16])
    """
    opening = Opening(channels, size, count, seed, device)
    if isinstance(given, np.ndarray | Tensor):
        array = given.detach().cpu().numpy() if isinstance(given, Tensor) else given
        return _table(array, "array", opening)
    if isinstance(given, str | Path) or hasattr(given, "folder"):
        return _named(str(getattr(given, "folder", given)).strip(), opening)
    if callable(given):
        return _module(given)
    raise InputError(
        f"Expected the name of an encoder, an array (N, F) or a module, but got {given!r}."
    )


def register_encoders(library: str) -> Callable[[Callable[..., nn.Module]], Any]:
    """Let ``LIBRARY:MODEL`` open the encoders of one more library.

    Args:
        library: Name before the colon.

    Returns:
        A decorator of a function ``(name, *, channels, size, seed)`` that returns a module from
        pixels (B, C, H, W) in [0, 1] to representations (B, F), in evaluation mode.

    Example:
        >>> @register_encoders("mine")
        ... def mine(name, *, channels, size, seed):
        ...     return nn.Flatten()
        >>> open_encoder("mine:flat", channels=1, size=4, count=2).name
        'mine:flat'
    """

    def register(make: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
        def opened(name: str, opening: Opening) -> Encoder:
            module = make(
                name, channels=opening.channels, size=min(sides(opening.size)), seed=opening.seed
            ).to(opening.device)
            return _module(module, f"{library}:{name}")

        LIBRARIES.add(library, opened, home=f"{make.__module__}:{make.__qualname__}")
        return make

    return register


def load_like(encoder: Any, data: Data, **given: Any) -> Images:
    """Load images as a pretraining run was asked to read its own.

    Args:
        encoder: A run, its folder or its encoder; anything else asks for nothing.
        data: Images in any form that :func:`goodviews.data.load` takes.
        given: Its options; channels and range that are given win over those of the run.
    """
    if not isinstance(data, Images):
        for name, value in _reading(encoder).items():
            if given.get(name) is None:
                given[name] = value
    return load(data, **given)


def _reading(encoder: Any) -> dict[str, Any]:
    """How a run was asked to read its images."""
    place = getattr(encoder, "folder", encoder)
    if not isinstance(place, str | Path):
        return {}
    folder = Path(place) if Path(place).suffix != ".safetensors" else Path(place).parent
    with suppress(InputError, OSError, ValueError, AttributeError):
        return dict(read_json(folder / "passport.json").get("reading") or {})
    return {}


def _named(text: str, opening: Opening) -> Encoder:
    """The encoder of a text."""
    if text == "pixels":
        return Encoder("raw pixels", "averaged down where large", raw_pixels, False)
    path = Path(text)
    library, _, rest = text.partition(":")
    if rest and library.isidentifier() and library not in LIBRARIES and not path.exists():
        load_plugins()
    if rest and library in LIBRARIES:
        return LIBRARIES[library](rest, opening)
    if path.suffix.lower() in _ARRAYS:
        return _table(_read_array(path), path.stem, opening, place=text)
    if text.partition("(")[0].partition("@")[0] in BACKBONES:
        return _backbone(text, opening)
    if path.is_dir() or path.suffix == ".safetensors":
        return _saved(path, opening)
    if path.is_file():
        raise InputError(
            f"{text} may hold weights, but not of which model: name it, as in "
            f"timm:resnet50@{text}."
        )
    known = [f"{name}:NAME" for name in LIBRARIES]
    known += ["FILE.npy", "FILE.npz", "FILE.safetensors", "FOLDER", "pixels", *BACKBONES]
    raise unknown("encoder", text, known)


def _read_array(path: Path) -> np.ndarray:
    """The one table (N, F) in a file."""
    try:
        found = np.load(path, allow_pickle=False, mmap_mode="c")
        held = {} if isinstance(found, np.ndarray) else {k: found[k] for k in found.files}
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or "it is not an array of numbers"
        raise InputError(f"Cannot read the representations {path}: {reason}.") from error
    if isinstance(found, np.ndarray):
        return found
    tables = [name for name, one in held.items() if one.ndim == 2]
    if len(tables) != 1:
        raise InputError(
            f"Expected exactly one array (N, F) in {path}, but it holds {len(tables)} "
            f"({', '.join(found.files)}): save it alone, as .npy."
        )
    table: np.ndarray = held[tables[0]]
    return table


def _table(found: np.ndarray, name: str, opening: Opening, *, place: str = "") -> Encoder:
    """Representations that another program made."""
    place = place or f"the {name}"
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise InputError(
            f"Expected numbers (N, F), one row per image, but {place} has shape {found.shape} of "
            f"{found.dtype}."
        )
    if len(found) != opening.count:
        raise InputError(
            f"{place} has {len(found):,} rows, but the dataset has {opening.count:,} images: give "
            f"one row per image, in the order of the dataset."
        )
    table = torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32))
    if not all_finite(table):
        raise InputError(f"{place} holds values that are not finite: train again, or leave out.")
    detail = f"array of {found.shape[1]:,} features"
    return Encoder(name, detail, lambda _, at: table[at.cpu()], takes_images=False)


def _module(module: Callable[[Tensor], Tensor], name: str = "") -> Encoder:
    """A module of the caller, or of a library that was registered."""
    weights = module.eval() if isinstance(module, nn.Module) else None
    name = name or getattr(module, "__name__", type(module).__name__)
    return Encoder(name, "a module", lambda pixels, _: module(pixels), module=weights)


def _of_library(rest: str, opening: Opening, *, library: str) -> Encoder:
    """A library's model without its classifier, normalisation in front."""
    name, _, weights = rest.partition("@")
    random = weights == "random"
    model, features, loaded = library_model(
        library,
        name,
        weights,
        channels=opening.channels,
        size=opening.size,
        seed=opening.seed,
        device=opening.device,
    )
    what = f"weights of {Path(weights).name}" if loaded else "its own weights"
    return Encoder(
        f"{library}:{name}" + ("@random" if random else ""),
        f"{'random weights' if random else what}, {features:,} features",
        lambda pixels, _: model(pixels),
        not random,
        partial(settle, model, model) if random else None,
        f"{library}:{name}@random",
        model,
        loaded=loaded,
    )


def _backbone(text: str, opening: Opening) -> Encoder:
    """A backbone of goodviews from its spec: with drawn weights, or with those of a file."""
    named = _FILLED.fullmatch(text)
    spec, file = named.groups() if named else (text, "")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(opening.seed)
        backbone = build_backbone(spec, channels=opening.channels, size=opening.size)
    loaded = ""
    if file:
        net = backbone.module if isinstance(backbone, Backbone) else backbone
        loaded = load_weights(net, Path(file), name=spec)
    module = Normalised(backbone, torch.tensor(0.5), torch.tensor(0.25)).eval()
    trained = bool(file) or fetches(spec)
    detail = "pretrained weights" if trained else "random weights"
    return Encoder(
        without_sources(spec),
        f"weights of {Path(file).name}" if file else detail,
        lambda pixels, _: module(pixels),
        trained=trained,
        settle=None if trained else partial(settle, module, module),
        blank=without_sources(spec) if trained else None,
        module=module,
        loaded=loaded,
    )


class Represented(nn.Module):
    """The encoders of a run; each is given images in the form of its view."""

    def __init__(self, encoders: PairEncoder, pair: ViewPair) -> None:
        super().__init__()
        self.encoders, self.pair = encoders, pair

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] to (B, F)."""
        pair = self.pair
        return self.encoders.represent(pair.plain(0, pixels), pair.plain(1, pixels))


def _saved(path: Path, opening: Opening) -> Encoder:
    """The encoder of a pretraining run: its folder, or its ``encoder.safetensors``."""
    encoders, about = load_encoder(path)
    check_of_images(encoders, path)
    takes = about.get("channels", sum(encoders.made_of["channels"][: len(encoders.backbones)]))
    if opening.channels != takes:
        raise InputError(
            f"{path.name} takes images of {counted(takes, 'channel')}, but these have "
            f"{opening.channels}: evaluate it on data like its own."
        )
    pair = parse_view(about.get("views") or "identity()")
    module = Represented(encoders, pair).eval()
    what = about.get("method") or encoders.made_of["encoder"]
    return Encoder(
        path.name if path.is_dir() else path.resolve().parent.name,
        f"checkpoint, {what}",
        lambda pixels, _: module(pixels),
        trained=True,
        blank=encoders.made_of["encoder"],
        module=module,
        seen=read_seen(path, about),
    )


for _library in ("timm", "torchvision"):
    LIBRARIES.add(_library, partial(_of_library, library=_library), home=f"{__name__}:{_library}")
