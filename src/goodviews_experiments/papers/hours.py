"""Hours of processor time that a run would take, reckoned from committed rows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from goodviews_experiments.papers.rows import newest

Hours = Callable[[Path], tuple[float, str]]
STEPS = 5004
"""Steps of 256 images in an epoch of ImageNet."""
JIGSAW, PLAIN = 1.55, "without the jigsaw branch"
"""How much longer a step of InfoMin is for its jigsaw branch, as its rows reckon."""


def runs(count: int, experiment: str, *, times: float = 1, why: str = "", **match: str) -> Hours:
    """Hours of a number of runs that are like those of an experiment.

    Args:
        count: Number of runs.
        experiment: An experiment whose rows have seconds.
        times: How much longer each is.
        why: Where that factor comes from.
        **match: Values of the rows that count.
    """

    def hours(results: Path) -> tuple[float, str]:
        lines = newest(results, experiment).table()
        seconds = float(
            np.median(
                [
                    float(line["seconds"])
                    for line in lines
                    if line["seconds"] and all(line[k] == v for k, v in match.items())
                ]
            )
        )
        longer = f" × {times:.2g} ({why})" if times != 1 else ""
        return (
            count * seconds * times / 3600,
            f"{count} runs × {seconds:.0f} s, the median of {experiment}{longer}",
        )

    return hours


def resnet18(count: int) -> Hours:
    """Hours of runs as long as those of presets_axis, with ResNet-18 in place of the ConvNet."""

    def hours(results: Path) -> tuple[float, str]:
        each = {}
        for line in newest(results, "bench_step").table():
            if (line["what"], line["library"]) == ("step", "goodviews"):
                pixels = int(line["batch"]) * int(line["pixels"]) ** 2
                each[line["network"]] = float(line["median_ms"]) / pixels
        why = "a pixel through ResNet-18 beside one through the ConvNet, in bench_step"
        times = each["ResNet-18"] / each["ConvNet"]
        return runs(count, "presets_axis", times=times, why=why)(results)

    return hours


def imagenet(epochs: float, *, times: float = 1, why: str = "") -> Hours:
    """Hours of one core for epochs of ResNet-50 on ImageNet, from the measured steps."""

    def hours(results: Path) -> tuple[float, str]:
        seconds = step(results)
        longer = f" × {times:.2g} ({why})" if times != 1 else ""
        return (
            epochs * STEPS * seconds * times / 3600,
            f"{epochs:,.0f} epochs × {STEPS:,} steps × {seconds:.0f} s, the median step of "
            f"imagenet_path{longer}",
        )

    return hours


def detector(steps: int, detectors: int) -> Hours:
    """Hours of one core for the backbone of a detector, by the pixels that it sees."""
    seen = 256 * (2 * 224**2 + 9 * 64**2)
    shown = 16 * 800 * 1333

    def hours(results: Path) -> tuple[float, str]:
        seconds = step(results) * shown / seen
        return (
            detectors * steps * seconds / 3600,
            f"{detectors} detectors × {steps:,} steps × {seconds:.0f} s for the backbone alone: "
            "a step of imagenet_path, by pixels (16 images of 800 × 1333)",
        )

    return hours


def step(results: Path) -> float:
    """Median processor time of a step of InfoMin's ImageNet path, in seconds."""
    return float(
        np.median([float(one["cpu_s"]) for one in newest(results, "imagenet_path").table()])
    )
