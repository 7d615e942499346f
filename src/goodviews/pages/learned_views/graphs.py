"""The game as small charts, for the page of learned views."""

from collections.abc import Sequence
from typing import Any

from goodviews.pages.chart.layout import ticks
from goodviews.pages.chart.lines import Line, Tick, chart


def game_heading(found: dict[str, Any], taken: dict[str, Any]) -> str:
    """What the game's bound came to, beside what new encoders find.

    Args:
        found: The content of ``learned.json``.
        taken: The generator that was taken, of those tried.
    """
    bounds = [max(look["shared_nats"] or 0.0, 0.0) for look in found["looks"]]
    said = f"In the game the bound ended at {bounds[-1]:.1f} nats"
    if bounds[-1] < max(bounds) - 0.2:
        said = f"In the game the bound fell from {max(bounds):.1f} to {bounds[-1]:.1f} nats"
    return f"{said}; new encoders find {max(taken['nats'], 0.0):.1f}"


def graphs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Small charts of the game: what was seen at held-out images, and the encoders' loss.

    Args:
        found: The content of ``learned.json``.
    """
    looks = found["looks"]
    end = max(looks[-1]["step"], 1)

    def line(name: str, kind: str = "a") -> Line:
        known = [(look["step"], look[name]) for look in looks if look[name] is not None]
        return Line(known or [(0, 0.0)], kind)

    game = line("shared_nats", "b")
    new = Line([(one["step"], one["nats"]) for one in found["tried"]], "a")
    top = found["ceiling_nats"]
    ceiling = Line([(0, top), (end, top)], "ref")
    made = [
        {
            "head": "What the views share",
            "text": "The game's own bound is not a result: the generator plays against these very "
            "encoders. Those who judge are new.",
            "legend": [
                ("b", "", "encoders of the game"),
                ("a", "", "new encoders"),
                ("ref", "dash", f"ceiling {top:.1f}"),
            ],
            "svg": _graph([ceiling, game, new], end, "nats", "Shared nats"),
            "axis": "step of the game; nats",
        }
    ]
    if looks[0]["image_nats"] is not None:
        made.append(
            {
                "head": f"Information of each view about {found['task']}",
                "text": "Nats about the label, by the game's classifiers on labelled images that "
                "are used for monitoring only. Good views have as much as the image.",
                "legend": [
                    ("a", "", "view 1"),
                    ("b", "", "view 2"),
                    ("ref", "dash", "image"),
                ],
                "svg": _graph(
                    [line("image_nats", "ref"), line("first_nats"), line("second_nats", "b")],
                    end, "nats", "Nats about the label",
                ),
                "axis": "step of the game; nats",
            }
        )  # fmt: skip
    made.append(
        {
            "head": "How much of view 1 is linear in view 2",
            "text": "Pixel by pixel: 1 is a copy, 0 nothing. It needs no training, and cannot see "
            "what is not linear.",
            "legend": [],
            "svg": _graph([line("redundancy")], end, "share", "Redundancy", top=1.0),
            "axis": "step of the game; share of variance",
        }
    )
    return [*made, *_loss(found, end)]


def _loss(found: dict[str, Any], end: int) -> list[dict[str, Any]]:
    """The encoders' loss by step; nothing in folders of before it was kept."""
    loss = found.get("loss")
    if not loss:
        return []
    steps, values, chance = loss["steps"], loss["values"], loss["chance"]
    nce, still = found["game"]["bound"] == "infonce", found["game"].get("warm_up", 0)
    text = "Batch by batch, where the encoders learn and the generator works against them. "
    text += (
        f"At log {loss['batch']} they know nothing, at 0 they tell every pair from the other "
        f"{loss['batch'] - 1} of its batch."
        if nce
        else "0 is chance level; the loss has no floor, and a lower loss means more information."
    )
    if still:
        text += f" Vertical line: the generator was frozen for {still} step"
        text += f"{'s' if still > 1 else ''}."
    said = f"chance, log {loss['batch']} = {chance:.1f}" if nce else "chance"
    lines = [
        Line([(0, chance), (end, chance)], "ref"),
        Line(list(zip(steps, values, strict=True)), "raw"),
        Line(list(zip(steps, _smooth(values), strict=True)), "a"),
    ]
    return [
        {
            "head": "Loss of the game's encoders",
            "text": text,
            "legend": [
                ("a", "", "mean of a tenth of the game"),
                ("raw", "", "each step"),
                ("ref", "dash", said),
            ],
            "svg": _graph(lines, end, "nats", "Loss", still=still or None),
            "axis": "step of the game; nats, training",
        }
    ]


def _smooth(values: Sequence[float]) -> list[float]:
    """Means of a tenth of the values around each, fewer at the ends.

    Example:
        >>> _smooth([1.0, 2.0, 6.0])
        [1.5, 3.0, 4.0]
    """
    half = max(len(values) // 20, 1)
    near = (values[max(k - half, 0) : k + half + 1] for k in range(len(values)))
    return [sum(one) / len(one) for one in near]


def _graph(
    lines: Sequence[Line],
    end: int,
    unit: str,
    label: str,
    *,
    top: float | None = None,
    still: float | None = None,
) -> Any:
    values = [y for one in lines for _, y in one.points]
    low = min(0.0, *values)
    low = low if low < -0.05 else 0.0
    high = max(*values, 0.2) if top is None else top
    y = (low, high + 0.04 * (high - low))
    marks: list[Tick] = [(v, f"{v:g}".replace("-", "−")) for v in ticks(*y, 4)]
    steps: list[Tick] = [(v, f"{v:g}") for v in ticks(0, end, 4)]
    told = "; ".join(f"from {one.points[0][1]:.2f} to {one.points[-1][1]:.2f}" for one in lines)
    return chart(
        lines, x=(0, end), y=y, x_ticks=steps, y_ticks=marks, label=f"{label}, {unit}: {told}",
        height=190, zero=still,
    )  # fmt: skip
