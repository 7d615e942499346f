"""What statistics, verdict and store need to know of a plan, whether of images or of graphs."""

from typing import Any, Protocol

from goodviews.jobs.study.plan import Baselines, Cell, Task
from goodviews.training import Settings


class StudyPlan(Protocol):
    """A plan of a study, of images (:class:`Plan`) or of graphs (:class:`GraphPlan`)."""

    @property
    def name(self) -> str:
        """Name of the data."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What representations are evaluated on."""

    @property
    def settings(self) -> Settings:
        """How encoders are pretrained."""

    @property
    def candidates(self) -> int:
        """K of the bound."""

    @property
    def held(self) -> int:
        """Number of held-out items, the most that K can be."""

    @property
    def views(self) -> tuple[str, ...]:
        """Candidate specs, in the order given."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Numbers of the runs."""

    @property
    def cells(self) -> list[Cell]:
        """All cells, in the order of the rows."""

    @property
    def baselines(self) -> Baselines:
        """Names of the baselines."""

    @property
    def fingerprint(self) -> str:
        """Hash of :meth:`about`."""

    @property
    def pretrain_options(self) -> tuple[str, ...]:
        """Options of a command that pretrains with a view of this study."""

    def about(self) -> dict[str, Any]:
        """What makes two studies the same study, apart from their views and seeds."""

    def about_baseline(self, name: str, task: Task) -> str:
        """What a baseline is, in words."""
