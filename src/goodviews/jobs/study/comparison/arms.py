"""The networks of a comparison at one label count, and what each arm scored."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from goodviews.core.cells import hashed
from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.given import START, short_name, start_file
from goodviews.jobs.study.comparison.plans import Extent
from goodviews.jobs.study.comparison.recipe import RATES, Work, augments
from goodviews.jobs.study.comparison.scores import Scores, Vectors, best_option, merged
from goodviews.jobs.study.measures import item_values
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.store import Store
from goodviews.training.small import light_augmentation

VERSION = 1
"""Of the recipe; results of another version are computed again."""


@dataclass(frozen=True, eq=False)
class Setup:
    """One task: what is compared on which draws.

    Attributes:
        number: Place of the task in the plan.
        task: The task.
        choice: Its views by seed and half.
        extent: What is compared.
        counts: Labels per class and draws of each count.
        against: Given weights.
        broken: Given weights that could not be pretrained further.
    """

    number: int
    task: Task
    choice: Choice
    extent: Extent
    counts: list[tuple[int | None, list[Draw]]]
    against: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()

    @property
    def sources(self) -> list[str]:
        """Given weights as they are, and as a start."""
        return [*self.against, *(f"{START}{text}" for text in self.starting)]

    @property
    def starting(self) -> list[str]:
        """Given weights that pretraining can start from."""
        return [text for text in self.against if text not in self.broken]


def cells_folder(store: Store) -> Path:
    """Where the results of a comparison are kept."""
    return store.folder / "cells" / "comparison"


class Arms:
    """The networks of one task at one label count."""

    def __init__(self, plan: Plan, store: Store, setup: Setup, draws: list[Draw]) -> None:
        self.plan, self.store, self.setup, self.draws = plan, store, setup, draws
        self.places = [draw.number % len(plan.seeds) for draw in draws]
        self.light = light_augmentation(plan.task_images.channels)

    def scratch(self, augmentation: str) -> Work:
        """A training from scratch."""
        return Work(self.setup.number, "scratch", augmentation)

    def frozen(self, draw: Draw, view: str, source: str = "") -> Work:
        """The readouts of a frozen encoder."""
        return Work(self.setup.number, "frozen", encoder=self.encoder(draw, view, source))

    def tuned(self, draw: Draw, view: str, option: tuple[bool, float], source: str = "") -> Work:
        """A fine-tuning; an option is whether the augmentation is light, and a rate."""
        light, share = option
        encoder = self.encoder(draw, view, source)
        augmentation = self.light if light else self.own(view)
        return Work(self.setup.number, "tuned", augmentation, encoder, share)

    def options(self, source: str = "") -> list[tuple[bool, float]]:
        """How an encoder may be fine-tuned; given weights always at the lowest rate."""
        shares = self.setup.extent.shares if not source else RATES[:1]
        return [(light, share) for share in shares for light in (True, False)]

    def encoder(self, draw: Draw, view: str, source: str = "") -> str:
        """What to open: by default the encoder of a view and the seed that belongs to a draw."""
        seed = self.plan.seeds[self.places[self.draws.index(draw)]]
        if not source:
            return str(self.store.encoder(Cell("candidate", view, seed)))
        if not source.startswith(START):
            return source
        text = source.removeprefix(START)
        return str(start_file(cells_folder(self.store), self.plan, text, view, seed))

    def starts(self) -> dict[str, tuple[str, str, int]]:
        """Weights, view and seed of each pretraining from given weights, by file."""
        return {
            self.encoder(draw, view, START + text): (text, view, self.plan.seeds[place])
            for draw, place in zip(self.draws, self.places, strict=True)
            for view in self.setup.choice.of_seed(place)
            for text in self.setup.starting
        }

    def own(self, view: str) -> str:
        """The augmentation of a view; light where the view makes images of another form."""
        return view if augments(view, self.plan.task_images) else self.light

    def all(self) -> list[tuple[Work, Draw]]:
        """Every network, each once."""
        found: dict[Work, None]
        made = []
        for draw, place in zip(self.draws, self.places, strict=True):
            found = {self.scratch(self.light): None}
            for view in self.setup.choice.of_seed(place):
                found[self.scratch(self.own(view))] = None
                for source in ("", *self.setup.sources):
                    found[self.frozen(draw, view, source)] = None
                    for option in self.options(source):
                        found[self.tuned(draw, view, option, source)] = None
            made += [(work, draw) for work in found]
        return made

    def key(self, work: Work, draw: Draw) -> str:
        """Name of the result, from all that it depends on."""
        head, at, file = work.encoder.rpartition("@")
        file = f"{head}{at}{Path(file).name}"
        told = [work.arm, work.augmentation, file, work.share, draw.number, VERSION]
        labels = self.setup.task.labels
        return hashed(
            *(self.plan.fingerprint, self.setup.task.name, told),
            *(draw.fit, labels[draw.fit], draw.test),
        )

    def gather(self, done: dict[str, dict[str, np.ndarray]]) -> tuple[int, Scores]:
        """What each arm scored, from the results of the networks by key, each (n,) by name."""
        choice, draws, places = self.setup.choice, self.draws, self.places

        def of(work: Callable[[Draw, str], Work], name: str = "right") -> Vectors:
            def score(draw: Draw, view: str, some: np.ndarray) -> np.ndarray:
                made = done[self.key(work(draw, view), draw)][name]
                return item_values(self.setup.task, made, draw.test, some)

            return merged(draws, places, choice, score)

        light = of(lambda _, __: self.scratch(self.light))
        view = of(lambda _, view: self.scratch(self.own(view)))
        scratch, taken = best_option({"light": light, "view": view}, draws, choice)
        arms = {"scratch_light": light, "scratch_view": view, "scratch": scratch}
        for source in ("", *self.setup.sources):
            options = {
                str(option): of(partial(self.tuned, option=option, source=source))
                for option in self.options(source)
            }
            own = partial(self.frozen, source=source)
            name = f" {short_name(source)}" if source else ""
            arms[f"probe{name}"] = of(own)
            arms[f"knn{name}"] = of(own, "knn")
            arms[f"tuned{name}"] = best_option(options, draws, choice)[0]
        return self.setup.number, Scores(draws[0].labels, draws, places, arms, taken["view"])
