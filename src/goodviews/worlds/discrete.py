"""A small discrete world: two views and a task, with every encoder and all information exact.

Letters: A values of v1, B values of v2, C classes of the task, Z values of a code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_shapes
from goodviews.core.rng import Key
from goodviews.information.discrete import entropy, mutual_information

Encoder = tuple[int, ...]
"""A deterministic encoder: the code of each value. Values with equal codes are merged."""

Regime = Literal["missing", "sweet_spot", "excess"]

TOLERANCE = 1e-9
"""Amounts of information in float64 that differ by less, in nats, are considered equal."""


def encoders(values: int) -> Iterator[Encoder]:
    """Iterate over all deterministic encoders of ``values`` values, up to renaming the codes.

    These are the partitions of the values. There are 1, 2, 5, 15, 52, 203, 877 and 4140 of
    them for 1 to 8 values.

    Example:
        >>> list(encoders(3))
        [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, 2)]
    """
    if values < 1:
        raise InputError(f"values must be at least 1, but got {values}.")

    def grow(head: Encoder, used: int) -> Iterator[Encoder]:
        if len(head) == values:
            yield head
            return
        for code in range(used + 1):
            yield from grow((*head, code), max(used, code + 1))

    yield from grow((), 0)


@dataclass(frozen=True)
class Audit:
    """Information that one encoder z of v1 keeps, in nats.

    Attributes:
        code: The encoder.
        kept_nats: I(z; v1), which is H(z).
        shared_nats: I(z; v2).
        gap_nats: Sufficiency gap I(v1; v2) - I(z; v2), at least 0.
        task_nats: I(z; y).
        sufficient: Whether the gap is zero.
        minimal: Whether it is sufficient, and no sufficient encoder keeps less.
        optimal: Whether it is a minimal sufficient statistic of x for y, which keeps I(x; y)
            and nothing else.
    """

    code: Encoder
    kept_nats: float
    shared_nats: float
    gap_nats: float
    task_nats: float
    sufficient: bool
    minimal: bool
    optimal: bool


@dataclass(frozen=True, eq=False)
class DiscreteViews:
    r"""A joint table of v1, v2 and y, in float64.

    Attributes:
        joint: (A, B, C), probabilities p(v1, v2, y) that sum to 1.
        task_information: I(x; y) in nats, where x is the example that the views show.

    Example:
        >>> sizes = {"c": 2, "n": 2}
        >>> DiscreteViews.from_factors(sizes, v1=["c", "n"], v2=["c"], task=["c"]).regime
        'sweet_spot'
    """

    joint: Tensor
    task_information: float

    def __post_init__(self) -> None:
        check_shapes("joint: A B C", self.joint)
        entropy(self.joint)  # raises where the table is not a distribution

    @classmethod
    def from_factors(
        cls,
        sizes: Mapping[str, int],
        *,
        v1: Sequence[str],
        v2: Sequence[str],
        task: Sequence[str],
    ) -> "DiscreteViews":
        """Make a world of independent uniform factors: views and label are tuples of some.

        Args:
            sizes: Number of values of each factor.
            v1: Names of the factors that the first view shows.
            v2: Names of the factors that the second view shows.
            task: Names of the factors that make the label.

        Raises:
            InputError: A factor is not in ``sizes``.

        Example:
            >>> world = DiscreteViews.from_factors(
            ...     {"c": 2, "n1": 2, "n2": 2}, v1=["c", "n1"], v2=["c", "n2"], task=["c"]
            ... )
            >>> world.regime, round(world.shared, 4)
            ('sweet_spot', 0.6931)
        """
        names = list(sizes)
        for name in (*v1, *v2, *task):
            if name not in sizes:
                raise InputError(f"Unknown factor {name!r}. Known: {', '.join(names)}.")
        shape = [_count(sizes, shown) for shown in (v1, v2, task)]
        joint = torch.zeros(shape, dtype=torch.float64)
        for values in product(*(range(size) for size in sizes.values())):
            datum = dict(zip(names, values, strict=True))
            joint[tuple(_index(sizes, datum, shown) for shown in (v1, v2, task))] += 1
        task_table = joint.sum((0, 1)) / joint.sum()
        # y is a function of x = all factors: I(x; y) = H(y).
        return cls(joint / joint.sum(), float(entropy(task_table)))

    @property
    def shared(self) -> float:
        """Shared information I(v1; v2), in nats."""
        return float(mutual_information(self.joint.sum(2)))

    @property
    def task1(self) -> float:
        """Task information of the first view, I(v1; y), in nats."""
        return float(mutual_information(self.joint.sum(1)))

    @property
    def task2(self) -> float:
        """Task information of the second view, I(v2; y), in nats."""
        return float(mutual_information(self.joint.sum(0)))

    @property
    def regime(self) -> Regime:
        """Regime of the views: task partly lost, shared alone, or shared with more.

        I(v1; v2) < I(x; y) always implies ``missing``. The converse does not hold: views may
        share at least as much information and still lose part of the task.
        """
        if not self.admissible:
            return "missing"
        more = self.shared > self.task_information + TOLERANCE
        return "excess" if more else "sweet_spot"

    @property
    def admissible(self) -> bool:
        """Whether both views keep the whole task: I(v1; y) = I(v2; y) = I(x; y)."""
        return min(self.task1, self.task2) > self.task_information - TOLERANCE

    def sample(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw v1, v2 and y, each (B,) int64, from the table.

        Args:
            samples: (B,) integers, indices of the examples; the same index gives the same
                draw in any batch.
            seed: Random seed of the world.
        """
        level = self.joint.flatten().cumsum(0).to(samples.device)
        uniform = Key.of(seed=seed, samples=samples).uniform(1)[:, 0].double() * level[-1]
        # right=True: a cell of probability zero is never drawn.
        cell = torch.searchsorted(level, uniform, right=True)
        v1, v2, y = torch.unravel_index(cell, self.joint.shape)
        return v1, v2, y

    def swapped(self) -> "DiscreteViews":
        """Return the same world with v1 and v2 exchanged, to audit encoders of v2."""
        return DiscreteViews(self.joint.transpose(0, 1).contiguous(), self.task_information)

    def gap(self, code: Encoder) -> float:
        """Sufficiency gap I(v1; v2) - I(z; v2) of an encoder of v1, in nats."""
        return self.shared - float(mutual_information(self._coded(code).sum(2)))

    def audit(self) -> list[Audit]:
        """Measure every deterministic encoder of v1."""
        shared, rows = self.shared, []
        for code in encoders(len(self.joint)):
            coded = self._coded(code)
            rows.append(
                (
                    code,
                    float(entropy(coded.sum((1, 2)))),
                    float(mutual_information(coded.sum(2))),
                    float(mutual_information(coded.sum(1))),
                )
            )
        least = min(kept for _, kept, own, _ in rows if shared - own <= TOLERANCE)
        total = self.task_information
        found = []
        for code, kept, own, task in rows:
            sufficient = shared - own <= TOLERANCE
            # z is sufficient for y, and H(z) = I(z; y): z holds nothing else.
            optimal = task >= total - TOLERANCE and kept <= task + TOLERANCE
            minimal = sufficient and kept <= least + TOLERANCE
            found.append(Audit(code, kept, own, shared - own, task, sufficient, minimal, optimal))
        return found

    def _coded(self, code: Encoder) -> Tensor:
        if len(code) != len(self.joint):
            raise InputError(f"code has {len(code)} entries, but v1 has {len(self.joint)} values.")
        index = torch.tensor(code)
        coded = self.joint.new_zeros((int(index.max()) + 1, *self.joint.shape[1:]))
        return coded.index_add_(0, index, self.joint)


def _count(sizes: Mapping[str, int], shown: Sequence[str]) -> int:
    count = 1
    for name in shown:
        count *= sizes[name]
    return count


def _index(sizes: Mapping[str, int], datum: Mapping[str, int], shown: Sequence[str]) -> int:
    index = 0
    for name in shown:
        index = index * sizes[name] + datum[name]
    return index
