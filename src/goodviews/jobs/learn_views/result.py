"""What learning views returns, of images and of graphs, and the names of its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodviews.training.state import LAST, PREVIOUS
from goodviews.views.generators import Generator
from goodviews.views.graphs.generator import DropGenerator

FILE, SPEC = "g.safetensors", "views.txt"
_ENCODER = "encoder.safetensors"


@dataclass(frozen=True)
class LearnedViews:
    """A view generator that was learned, and what is known about its views.

    Attributes:
        folder: ``g.safetensors``, ``views.txt``, tables, pictures, ``learned.json`` and the page.
        generator: A map of the channels of a pixel, or rates at which a graph loses edges and
            features, in evaluation mode.
        spec: Spec of the learned views, with the name and hash of the generator's file.
        headline: How they compare with fixed views, one sentence.
        command: A study that compares them over several seeds, to type next.
        found: The content of ``learned.json``.
        page: ``index.html``.

    Example:
        >>> from goodviews.views.generators import build_generator
        >>> made = LearnedViews(
        ...     folder=Path("learned"),
        ...     generator=build_generator("linear()", 3),
        ...     spec="learned('g.safetensors')|split(1)",
        ...     headline="The learned view shares less than the raw channels.",
        ...     command="goodviews study photos --views @learned/views.txt",
        ...     found={},
        ...     page=Path("learned/index.html"),
        ... )
        >>> made.generator.channels, made.page.name
        (3, 'index.html')
    """

    folder: Path
    generator: Generator | DropGenerator
    spec: str
    headline: str
    command: str
    found: dict[str, Any]
    page: Path


def is_learning(folder: Path) -> bool:
    """Whether a folder is that of learned views, finished or to resume."""
    there = {path.name for path in folder.iterdir()}
    return bool(there & {LAST, PREVIOUS, "learned.json"}) and _ENCODER not in there
