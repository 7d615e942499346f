"""Plain loops over Python numbers: what the twins of the objectives are written with."""

import math

from torch import Tensor


def rows(tensor: Tensor) -> list[list[float]]:
    return tensor.detach().double().tolist()


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def unit(a: list[float]) -> list[float]:
    norm = math.sqrt(dot(a, a))
    return [x / norm for x in a]


def cosine(a: list[float], b: list[float]) -> float:
    return dot(a, b) / math.sqrt(dot(a, a) * dot(b, b))


def distance2(a: list[float], b: list[float]) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)
