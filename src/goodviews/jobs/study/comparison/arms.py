"""The networks of a comparison at one label count, and what each arm scored."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from goodviews.core.cells import hashed
from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.plans import Extent
from goodviews.jobs.study.comparison.recipe import Work, augments, light_augmentation
from goodviews.jobs.study.comparison.scores import Scores, Vectors, best_option, merged
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.store import Store

VERSION = 1
"""Of the recipe; results of another version are computed again."""


@dataclass(frozen=True, eq=False)
class Setup:
    """One task: what is compared on which draws."""

    number: int
    task: Task
    choice: Choice
    extent: Extent
    counts: list[tuple[int | None, list[Draw]]]


class Arms:
    """The networks of one task at one label count."""

    def __init__(self, plan: Plan, store: Store, setup: Setup, draws: list[Draw]) -> None:
        self.plan, self.store, self.setup, self.draws = plan, store, setup, draws
        self.places = [draw.number % len(plan.seeds) for draw in draws]
        self.light = light_augmentation(plan.task_images)

    def scratch(self, augmentation: str) -> Work:
        """A training from scratch."""
        return Work(self.setup.number, "scratch", augmentation)

    def frozen(self, draw: Draw, view: str) -> Work:
        """The readouts of a frozen encoder."""
        return Work(self.setup.number, "frozen", encoder=self.encoder(draw, view))

    def tuned(self, draw: Draw, view: str, augmentation: str, share: float) -> Work:
        """A fine-tuning."""
        encoder = self.encoder(draw, view)
        return Work(self.setup.number, "tuned", augmentation, encoder, share)

    def tuner(self, share: float, *, light: bool) -> Callable[[Draw, str], Work]:
        """One option of fine-tuning, as a function of draw and view."""
        return lambda draw, view: self.tuned(
            draw, view, self.light if light else self.own(view), share
        )

    def encoder(self, draw: Draw, view: str) -> str:
        """File of the encoder of a view, of the pretraining seed that belongs to a draw."""
        seed = self.plan.seeds[self.places[self.draws.index(draw)]]
        return str(self.store.encoder(Cell("candidate", view, seed)))

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
                found[self.frozen(draw, view)] = None
                for share in self.setup.extent.shares:
                    found[self.tuned(draw, view, self.light, share)] = None
                    found[self.tuned(draw, view, self.own(view), share)] = None
            made += [(work, draw) for work in found]
        return made

    def key(self, work: Work, draw: Draw) -> str:
        """Name of the result, from all that it depends on."""
        file = work.encoder.rpartition("/")[2].rpartition("\\")[2]
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
            def score(draw: Draw, view: str) -> np.ndarray:
                return done[self.key(work(draw, view), draw)][name]

            return merged(draws, places, choice, score)

        light = of(lambda _, __: self.scratch(self.light))
        view = of(lambda _, view: self.scratch(self.own(view)))
        scratch, taken = best_option({"light": light, "view": view}, draws, choice)
        options: dict[str, Vectors] = {}
        for share in self.setup.extent.shares:
            options[f"light {share}"] = of(self.tuner(share, light=True))
            options[f"view {share}"] = of(self.tuner(share, light=False))
        tuned, _ = best_option(options, draws, choice)
        arms = {
            "scratch_light": light,
            "scratch_view": view,
            "scratch": scratch,
            "probe": of(self.frozen),
            "knn": of(self.frozen, "knn"),
            "tuned": tuned,
        }
        return self.setup.number, Scores(draws[0].labels, draws, places, arms, taken["view"])
