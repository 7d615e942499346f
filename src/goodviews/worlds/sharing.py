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
    r"""Two views of an example x; each keeps some of its factors and redraws the others.

    .. math:: I(v_1; v_2) = H(K_1 \cap K_2), \quad I(v_i; y) = H(T \cap K_i), \quad
        I(x; y) = H(T)

    where K are the factors that a view keeps, T are those that make the label, and the entropy
    H of independent uniform factors is the sum of the logarithms of their sizes. The formulas
    need faithful rendering (the factors are a function of the image), and everything else that
    is random must be independent between the views. Both hold in every :class:`FactorWorld`.

    Attributes:
        world: World that renders the factors.
        first: Names of the factors of x that v1 keeps.
        second: Names of the factors of x that v2 keeps.
        task: Names of the factors that make the label y.

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
            raise InputError("task is empty: name at least one factor, such as task=['form'].")

    @classmethod
    def of(cls, world: FactorWorld, shared: Iterable[str], *, task: Iterable[str]) -> "Sharing":
        """Make views that share exactly these factors: v1 keeps all of x, v2 the shared ones."""
        return cls(world, tuple(world.factors), tuple(shared), tuple(task))

    @property
    def shared(self) -> tuple[str, ...]:
        """Names of the factors that both views keep."""
        return tuple(name for name in self.first if name in self.second)

    @property
    def shared_nats(self) -> float:
        """Shared information I(v1; v2), in nats."""
        return self.world.entropy(self.shared)

    @property
    def task_nats(self) -> float:
        """Task information I(x; y), in nats."""
        return self.world.entropy(self.task)

    @property
    def first_nats(self) -> float:
        """Task information of the first view, I(v1; y), in nats."""
        return self.world.entropy(set(self.task) & set(self.first))

    @property
    def second_nats(self) -> float:
        """Task information of the second view, I(v2; y), in nats."""
        return self.world.entropy(set(self.task) & set(self.second))

    @property
    def regime(self) -> Literal["missing", "sweet_spot", "excess"]:
        """Regime of the views: task partly lost, shared alone, or shared with more."""
        if not set(self.task) <= set(self.shared):
            return "missing"
        return "sweet_spot" if set(self.shared) == set(self.task) else "excess"

    def label(self, values: Tensor) -> Tensor:
        """Labels of (B, F) factors: the task factors as one number, (B,) int64."""
        label = torch.zeros(len(values), dtype=torch.int64, device=values.device)
        for name, column in zip(self.task, self.world.columns(self.task), strict=True):
            label = label * self.world.factors[name] + values[:, column]
        return label

    def values(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the factors of x, of v1 and of v2, each (B, F) int64.

        Args:
            samples: (B,) integers, indices of the examples.
            seed: Random seed of the world.
        """
        datum = self.world.draw(samples, seed=seed)
        seen = []
        for view, kept in enumerate((self.first, self.second), start=1):
            other = self.world.draw(samples, seed=seed, view=view)
            other[:, self.world.columns(kept)] = datum[:, self.world.columns(kept)]
            seen.append(other)
        return datum, seen[0], seen[1]

    def sample(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw and render both views.

        Args:
            samples: (B,) integers, indices of the examples.
            seed: Random seed of the world.

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
        """Joint table p(v1, v2, y) by enumerating every draw, to verify the closed forms.

        Returns:
            (n, n, C) float64, where n is the number of combinations of factors; only for small
            worlds.

        Raises:
            InputError: More than 4,096 combinations of x and the two draws.
        """
        every = self.world.every()
        if len(every) ** 3 > 4_096:
            raise InputError(
                f"table enumerates at most 16 combinations of factors, but got {len(every)}."
            )
        labels = self.label(every)
        joint = torch.zeros(len(every), len(every), int(labels.max()) + 1, dtype=torch.float64)
        place = {tuple(row): number for number, row in enumerate(every.tolist())}
        first, second = self.world.columns(self.first), self.world.columns(self.second)
        for x, a, b in itertools.product(range(len(every)), repeat=3):
            v1, v2 = every[a].clone(), every[b].clone()
            v1[first], v2[second] = every[x][first], every[x][second]
            joint[place[tuple(v1.tolist())], place[tuple(v2.tolist())], labels[x]] += 1
        return joint / joint.sum()
