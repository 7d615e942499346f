"""Synthetic data whose every candidate view has a regime that follows from its factors.

The channels of an image are one rendering for each factor, in which all else is constant. A view
that replaces the channels of a factor by noise erases that factor and nothing else, so two draws
of it share exactly the other factors.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from goodviews.core import unknown
from goodviews.data import Images, stacked_images
from goodviews.worlds import FactorWorld, Shapes, Sharing, Vectors

TUNING = "The tuning half of the end-to-end calibration may be read as often as one likes."
HELD_OUT = "The held-out half of the end-to-end calibration is read once, after all is mended."

_TRAIN, _TEST = 256, 400


@dataclass(frozen=True)
class Planted:
    """A data set and what is known of views of it.

    Attributes:
        images: One task, its first factor or its first two.
        world: What was rendered.
        parts: Factors that together are the label.
        blocks: Channels of each factor.
        encoder: Backbone that suits it.
    """

    images: Images
    world: FactorWorld
    parts: tuple[str, ...]
    blocks: dict[str, tuple[int, ...]]
    encoder: str

    @property
    def task(self) -> str:
        """The factor that is the label, or its first half."""
        return self.parts[0]

    @property
    def nuisances(self) -> list[str]:
        """All other factors."""
        return list(self.blocks)[len(self.parts) :]

    def keep(self, *kept: str, turned: bool = False) -> str:
        """The view that erases all factors but these.

        Args:
            *kept: Factors whose channels are left alone.
            turned: Name the erased channels in reverse: the same view by another name.
        """
        gone = [c for name, block in self.blocks.items() if name not in kept for c in block]
        if turned:
            gone.reverse()
        return f"replace(channels={tuple(gone)})" if gone else "identity()"

    def sharing(self, *kept: str) -> Sharing:
        """What two draws of that view share."""
        return Sharing(self.world, kept, kept, self.parts)


def plant(name: str, seed: int, *, halves: bool = False) -> Planted:
    """Draw a planted data set.

    Args:
        name: ``vectors`` (3 to 5 nuisance factors of 3 to 5 values, a task of 4) or
            ``shapes`` (form is the task; colour, place and background are nuisances).
        seed: Number of the world.
        halves: Whether the label has two halves of the same entropy: two factors of two values,
            or form and background.

    Raises:
        InputError: There is no such world.
    """
    rng = np.random.default_rng(seed)
    if name == "vectors":
        nuisances = rng.integers(3, 6, size=rng.integers(3, 6)).tolist()
        sizes = [2, 2, *nuisances] if halves else [4, *nuisances]
        task = ["task", "more"][: 1 + halves]
        names = [*task, *(f"nuisance{n + 1}" for n in range(len(nuisances)))]
        world: FactorWorld = Vectors(tuple(zip(names, sizes, strict=True)), noise=0.0)
        channels, shown, encoder = 4, [tuple(names)], "mlp(width=64)"
    elif name == "shapes":
        world = Shapes(side=16)
        names = ["form", "colour", "place", "background"]
        names.sort(key=lambda one: halves and one not in ("form", "background"))
        channels, shown, encoder = 3, [(one,) for one in names], "mlp(width=64)"
    else:
        raise unknown("planted world", name, ["shapes", "vectors"])
    images = stacked_images(
        world,
        shown,
        name=f"planted {name}",
        count=_TRAIN + _TEST,
        seed=seed,
        tasks=names[: 1 + halves],
        still=True,
        test=_TEST,
    )
    if halves:
        first, second = (images.labels[one] for one in names[:2])
        size = world.factors[names[1]]
        classes = tuple(map(str, range(world.factors[names[0]] * size)))
        both = {"+".join(names[:2]): first * size + second}
        images = replace(images, labels=both, classes=dict.fromkeys(both, classes))
    blocks = {
        one: tuple(range(place * channels, (place + 1) * channels))
        for place, one in enumerate(names)
    }
    return Planted(images, world, tuple(names[: 1 + halves]), blocks, encoder)


def seed_of(sentence: str, name: str, number: int) -> int:
    """A seed that the sentence fixes: the first eight hex digits of a SHA-256.

    Example:
        >>> seed_of("a", "vectors", 0)
        2883621686
    """
    text = f"{sentence} {name} {number}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
