"""Generators in files, as a step of a spec.

Letters: B examples, C channels, H and W pixels.
"""

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.spec.files import find
from goodviews.views.base import Params, Shape, View, register
from goodviews.views.generators.base import Generator
from goodviews.views.generators.storage import load_generator


@register(
    "learned",
    "a generator's file: a learned colour space of as many channels; only forms may follow",
    channels="2 3 4 5 6 7 8 9 10 11 12 13",
    source="Tian et al., 2020, 3.5",
)
class Learned(View):
    """Learned colour space: the channels of every pixel are mapped by a frozen generator.

    The file is searched for as described in :mod:`goodviews.spec.files`. The weights are part
    of the object, also in the processes of a data loader. Values can be outside [0, 1].

    Attributes:
        file: Name or path of the file of the generator; only the name is stored.
        hash: Hash of its content; if empty, it is filled in, so that rows and runs include it.

    References:
        Tian et al., 2020, section 3.5, arXiv:2005.10243.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.views.generators import build_generator, save_generator
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "g.safetensors"
        ...     name = save_generator(file, build_generator("vp()", 3), {})
        ...     step = Learned(str(file))
        >>> step.file, step.hash == name, step.generator.channels
        ('g.safetensors', True, 3)
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    file: str = ""
    hash: str = ""

    def __post_init__(self) -> None:
        """Find and load the file."""
        path, hash = find(self.file, self.hash)
        generator = _read(path.absolute(), hash)
        name = path.name.replace(f"-{hash}", "")
        for field, value in (("file", name), ("hash", hash), ("_kept", [generator])):
            object.__setattr__(self, field, value)

    @property
    def generator(self) -> Generator:
        """Frozen generator."""
        kept: list[Generator] = self._kept  # type: ignore[attr-defined]
        return kept[0]

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Map images (..., C, H, W); only the images receive gradients."""
        made: Tensor = self._like(images)(images)
        return made

    def check(self, shape: Shape) -> None:
        """Check that images have the number of channels that the generator maps."""
        wanted = self.generator.channels
        if shape[-3] != wanted:
            raise InputError(
                f"{self!r} maps images of {wanted} channels, but these have {shape[-3]}; write "
                f"it before split, or learn a generator of {shape[-3]} channels."
            )

    def __repr__(self) -> str:
        """Return the spec, with the name and the hash of the file."""
        return f"{self.name}({self.file!r}, hash={self.hash!r})"

    def _like(self, images: Tensor) -> Generator:
        """Generator on the device and in the precision of the images; each is made once."""
        kept: list[Generator] = self._kept  # type: ignore[attr-defined]
        for one in kept:
            weight = next(one.parameters())
            if weight.device == images.device and weight.dtype == images.dtype:
                return one
        kept.append(deepcopy(kept[0]).to(images.device, images.dtype))
        return kept[-1]


@lru_cache(maxsize=16)
def _read(path: Path, hash: str) -> Generator:
    return load_generator(path, hash)[0]
