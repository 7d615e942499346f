"""Two views that share a chosen set of factors, with the exact information between them.

Letters: B examples, F factors.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.worlds.factors import FactorWorld


@dataclass(frozen=True)
class Sharing:
    r"""Views of a datum x that each keep some of its factors and draw the others anew.

    .. math:: I(v_1; v_2) = H(K_1 \cap K_2), \quad I(v_i; y) = H(T \cap K_i), \quad
        I(x; y) = H(T)

    with K the factors a view keeps, T those that make the label, and H of independent
    uniform factors the sum of their logarithms. It holds where rendering is faithful, that
    is where the factors are a function of the image, and where all that is rendered besides
    them is drawn for each view alone; both hold in every :class:`FactorWorld`.

    Attributes:
        world: What is rendered.
        first: Factors of x that v1 keeps.
        second: Factors of x that v2 keeps.
        task: Factors that make the label y.

    References:
        Tian et al., 2020, section 3 (the three regimes), arXiv:2005.10243.

    Example:
        >>> from goodviews.worlds.vectors import Vectors
        >>> world = Vectors((("task", 4), ("n1", 2), ("n2", 2)), width=2)
        >>> views = Sharing.of(world, ["task", "n1"], task=["task"])
        >>> round(views.shared_nats, 4), views.regime  # log 8
        (2.0794, 'excess')
    """

    world: FactorWorld
    first: tuple[str, ...]
    second: tuple[str, ...]
    task: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("first", "second", "task"):
            object.__setattr__(self, name, self.world.known(getattr(self, name)))
        if not self.task:
            raise InputError("Sharing has no task factor: name at least one with task.")

    @classmethod
    def of(cls, world: FactorWorld, shared: Iterable[str], *, task: Iterable[str]) -> "Sharing":
        """Views that share just these factors: v1 shows all of x, v2 keeps the shared ones."""
        return cls(world, tuple(world.factors), tuple(shared), tuple(task))

    @property
    def shared(self) -> tuple[str, ...]:
        """Factors that both views keep."""
        return tuple(name for name in self.first if name in self.second)

    @property
    def shared_nats(self) -> float:
        """I(v1; v2), nats."""
        return self.world.entropy(self.shared)

    @property
    def task_nats(self) -> float:
        """I(x; y), nats."""
        return self.world.entropy(self.task)

    @property
    def first_nats(self) -> float:
        """I(v1; y), nats."""
        return self.world.entropy(set(self.task) & set(self.first))

    @property
    def second_nats(self) -> float:
        """I(v2; y), nats."""
        return self.world.entropy(set(self.task) & set(self.second))

    @property
    def regime(self) -> Literal["missing", "sweet_spot", "excess"]:
        """What becomes of the task: lost in part, shared alone, or shared with more."""
        if not set(self.task) <= set(self.shared):
            return "missing"
        return "sweet_spot" if set(self.shared) == set(self.task) else "excess"

    def label(self, values: Tensor) -> Tensor:
        """(B, F) factors to (B,) int64 labels: the task factors as one number."""
        label = torch.zeros(len(values), dtype=torch.int64, device=values.device)
        for name, column in zip(self.task, self.world.columns(self.task), strict=True):
            label = label * self.world.factors[name] + values[:, column]
        return label

    def values(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the factors of x, of v1 and of v2, each (B, F) int64.

        Args:
            samples: (B,) integers, which examples.
            seed: Number of the world.
        """
        datum = self.world.draw(samples, seed=seed)
        seen = []
        for view, kept in enumerate((self.first, self.second), start=1):
            other = self.world.draw(samples, seed=seed, view=view)
            other[:, self.world.columns(kept)] = datum[:, self.world.columns(kept)]
            seen.append(other)
        return datum, seen[0], seen[1]

    def sample(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Render both views.

        Args:
            samples: (B,) integers, which examples.
            seed: Number of the world.

        Returns:
            v1 and v2, both (B, C, H, W) float32 in [0, 1], and the factors of x, (B, F).
        """
        datum, *seen = self.values(samples, seed=seed)
        v1, v2 = (
            self.world.render(values, self.world.flaw(samples, seed=seed, view=view))
            for view, values in enumerate(seen, start=1)
        )
        return v1, v2, datum

    def table(self) -> Tensor:
        """p(v1, v2, y), float64, by going through every draw: the closed forms' slow twin.

        Returns:
            (n, n, C) with n all combinations of factors; only for small worlds.

        Raises:
            InputError: More than 4,096 combinations of x and the two draws.
        """
        every = self.world.every()
        if len(every) ** 3 > 4_096:
            raise InputError(f"{len(every)} combinations are too many to go through: at most 16.")
        labels = self.label(every)
        joint = torch.zeros(len(every), len(every), int(labels.max()) + 1, dtype=torch.float64)
        place = {tuple(row): number for number, row in enumerate(every.tolist())}
        first, second = self.world.columns(self.first), self.world.columns(self.second)
        for x, a, b in itertools.product(range(len(every)), repeat=3):
            v1, v2 = every[a].clone(), every[b].clone()
            v1[first], v2[second] = every[x][first], every[x][second]
            joint[place[tuple(v1.tolist())], place[tuple(v2.tolist())], labels[x]] += 1
        return joint / joint.sum()
