"""Settings of the table of moving digits, and what in them is not as in the paper."""

from dataclasses import asdict, dataclass, field

from goodviews.data import MovingWorlds, moving_worlds
from goodviews_experiments.moving_digits.training import MovingSettings

DEPARTURES = (
    "canvas of {size} pixels (paper: 64)",
    "clip of {frames} frames (paper: 10)",
    "v2 shares with frame {ahead} (paper: 20)",
    "backgrounds at {brightness:g} of their brightness (paper: 1)",
    "a shared digit is the same {digit} (paper: the same digit, likely the instance)",
    "backgrounds of {photos} (paper: STL-10)",
    "{optimiser}, {schedule}, {steps} steps of {batch} fresh pairs "
    "(paper: 200 epochs, learning rate 0.03, cosine; temperature and set size not given)",
)


@dataclass(frozen=True)
class MovingTable:
    """Settings of the run.

    Attributes:
        rows: Sets of shared factors, joined by ``+``; ``nothing`` and ``supervised``.
        seeds: Numbers of the runs.
        size: S, pixels.
        frames: k.
        ahead: t.
        brightness: Brightness of backgrounds.
        digit: Whether a shared digit is the same ``instance`` or another of its ``class``.
        digits: Set of digits; the best there is when None.
        photos: Set of photographs; the best there is when None.
        fit: Images that readouts are fitted on.
        test: Images that are tested.
        permutations: Shuffles behind the leakage matrix.
        training: How networks are trained.
    """

    rows: tuple[str, ...] = (
        "nothing",
        "digit",
        "background",
        "position",
        "background+digit+position",
        "background+digit",
        "background+position",
        "digit+position",
        "supervised",
    )
    seeds: tuple[int, ...] = (0, 1, 2)
    size: int = 32
    frames: int = 2
    ahead: int = 4
    brightness: float = 0.5
    digit: str = "class"
    digits: str | None = None
    photos: str | None = None
    fit: int = 4_000
    test: int = 2_000
    permutations: int = 999
    training: MovingSettings = field(default_factory=lambda: MovingSettings(steps=600))

    def worlds(self) -> MovingWorlds:
        """Both worlds."""
        return moving_worlds(
            self.size,
            digits=self.digits,
            photos=self.photos,
            frames=self.frames,
            ahead=self.ahead,
            brightness=self.brightness,
            digit=self.digit,
        )

    def departures(self) -> list[str]:
        """What is not as in the paper, a phrase each."""
        known = {**asdict(self), **asdict(self.training)}
        known["photos"] = self.photos or "the photographs there are"
        paper = {"size": 64, "frames": 10, "ahead": 20, "brightness": 1.0, "digit": "instance"}
        return [
            text.format(**known)
            for text in DEPARTURES
            if not any(f"{{{name}" in text and known[name] == v for name, v in paper.items())
        ]


MOVING = {
    "test": MovingTable(
        rows=("nothing", "background", "position"),
        seeds=(0,),
        frames=1,
        ahead=1,
        digits="digits",
        photos="bundled",
        fit=1_000,
        test=500,
        permutations=99,
        training=MovingSettings(steps=120, batch=64),
    ),
    "cpu": MovingTable(),
    "gpu": MovingTable(
        seeds=tuple(range(5)),
        size=64,
        frames=10,
        ahead=20,
        brightness=1.0,
        digit="instance",
        fit=20_000,
        test=10_000,
        training=MovingSettings(steps=94_000, stride=2, task_steps=20_000),
    ),
}
