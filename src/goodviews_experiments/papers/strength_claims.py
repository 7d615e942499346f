"""What makes for good views, sections 3 and 4: colour spaces, strength of augmentation."""

from goodviews.core import Interval, intervals
from goodviews_experiments.papers.claim import Claim
from goodviews_experiments.papers.regime_claims import over_best
from goodviews_experiments.papers.rows import Rows, between
from goodviews_experiments.papers.verdict import Part

STRENGTH = "Strength of augmentation (figures)"
SPACES = "Colour spaces (figure)"


def shares_less(rows: Rows) -> list[Part]:
    """Nats given up at each rung from a crop to InfoMin's augmentation."""
    return [
        Part(
            f"{line['from']} to {line['to']}",
            Interval(*(float(line[key]) for key in ("nats", "nats_low", "nats_high"))).turned(),
            unit="nats",
            decimals=2,
        )
        for line in rows.table("ladder")
        if line["from"] != "mild crop"
    ]


def reads_better(rows: Rows) -> list[Part]:
    """Points gained at each rung from a crop to InfoMin's augmentation."""
    return [
        Part(f"{line['from']} to {line['to']}", rows.number("ladder", "points", to=line["to"]))
        for line in rows.table("ladder")
        if line["from"] != "mild crop"
    ]


def strongest_is_best(rows: Rows) -> list[Part]:
    """InfoMin's augmentation less the best view."""
    return [Part("D less the best view", over_best(rows, "D, InfoMin"))]


PLAIN = "crop(scale=(0.2, 1), size=24)|flip()"


def crop_over_mild(rows: Rows) -> list[Part]:
    """A crop of 0.2 with a flip less one of 0.9 without, and no colour distortion."""
    return _lengths(rows, PLAIN, "crop(scale=(0.9, 1), size=24)")


def jitter_over_none(rows: Rows) -> list[Part]:
    """Jitter of 0.5 with some grey less the same crop without them."""
    return _lengths(rows, f"{PLAIN}|jitter(0.5)|grey(p=0.2)", PLAIN)


def _lengths(rows: Rows, one: str, other: str) -> list[Part]:
    return [
        Part(
            f"after {epochs} epochs",
            between(
                *(
                    rows.number("views", "accuracy", view=view, epochs=epochs).times(100)
                    for view in (one, other)
                )
            ),
        )
        for epochs in ("10", "50")
    ]


def luma_over_rgb(space: str) -> Claim:
    """Raw channels of a luma-chroma space over those of RGB."""

    def accuracy(rows: Rows) -> list[Part]:
        levels = [rows.number("table", "top1", arm=f"raw {name}") for name in (space, "RGB")]
        return [Part(f"{space} over RGB", between(*levels))]

    paper = "86.6 − 81.5 = +5.1 points (L)" if space == "YDbDr" else "above 0 (NE)"
    return Claim(
        SPACES, f"{space} is better than RGB on the label", paper, "learned_views", accuracy
    )


def rgb_shares_more(rows: Rows) -> list[Part]:
    """Nats of RGB's raw split less those of luma against chroma."""
    parts = []
    for space in ("YDbDr", "Lab"):
        gap = rows.seeds("shared_nats", arm="raw RGB") - rows.seeds(
            "shared_nats", arm=f"raw {space}"
        )
        found = intervals.student_interval(gap)
        parts.append(Part(f"RGB over {space}", found, unit="nats", decimals=2))
    return parts


CLAIMS = (
    luma_over_rgb("YDbDr"),
    luma_over_rgb("Lab"),
    Claim(
        SPACES, "The split of RGB shares more than luma against chroma", "above 0 (NE)",
        "learned_views", rgb_shares_more,
    ),
    Claim(
        STRENGTH, "A crop with c = 0.2 is better than a weaker one", "best at c = 0.2",
        "short_and_long:cifar10", crop_over_mild,
        departs="two crops (0.2 with a flip, 0.9 without), no colour distortion",
    ),
    Claim(
        STRENGTH, "Accuracy rises from no colour distortion towards x = 1", "best at x = 1",
        "short_and_long:cifar10", jitter_over_none, departs="x = 0.5 with grey against none",
    ),
    Claim(
        "InfoMin augmentation (figure)", "Stronger augmentation shares less, to the end: crop, "
        "MoCo v2, SimCLR, InfoMin", "each step below 0", "presets_axis", shares_less,
    ),
    Claim(
        "InfoMin augmentation (figure)", "Each of these steps is better on the label",
        "each step above 0", "presets_axis", reads_better,
        older="E, whose runs count in the common spread, took both channels from one crop",
    ),
    Claim(
        "InfoMin augmentation (figure)", "InfoMin's augmentation is the best", "best of all",
        "presets_axis", strongest_is_best, older="E took both channels from one crop",
    ),
)  # fmt: skip
