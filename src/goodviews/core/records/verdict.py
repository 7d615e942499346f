"""``verdict.json``: what a study found, as records from which the file and its page are made.

The study writes them and the pages read them, so they belong to neither. ``docs/study_folder.md``
shows the file; a test reads its example with these records.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from goodviews.core.files import read_json
from goodviews.core.interval import Interval
from goodviews.core.records.codec import SHORT, check_schema, from_json, to_json
from goodviews.core.records.comparison import Comparison, Gap
from goodviews.core.records.compromise import Compromise
from goodviews.core.records.lengths import Lengths
from goodviews.core.records.rows import Measure
from goodviews.core.records.screening import Screening
from goodviews.core.records.search import Search

SCHEMA = 1
Regime = Literal["missing", "sweet_spot", "excess", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """The most a bound can report: log K nats with K candidates.

    ``estimate`` says that what is reported is an estimate about one graph and no bound.
    """

    nats: float
    candidates: int
    estimate: bool = False


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the page says first.

    Attributes:
        head: First words, to be read before the view.
        spec: The best view; without labels the one to try first, or nothing.
        lead: The effect with its interval, against training from scratch.
        reason: One reason.
        open: What is still open and what would close it; may be empty.
        command: What to type next.
        recommended: Whether the advice is to pretrain with the view.
    """

    head: str
    spec: str | None
    lead: str
    reason: str
    open: str
    command: str
    recommended: bool = True


@dataclass(frozen=True, kw_only=True)
class Level:
    """Accuracy of one of the rows that say whether pretraining is worth it."""

    name: str
    accuracy: Annotated[Interval | None, SHORT]
    best: bool


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Whether pretraining is worth it, in words and in numbers."""

    answer: str
    good: bool
    note: str
    rows: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True)
class NamedGap:
    """A difference to another view, by its label."""

    label: str
    points: Annotated[Interval, SHORT]


@dataclass(frozen=True, kw_only=True)
class View:
    """A candidate of the study and what was measured of it; null where there are no labels.

    Attributes:
        id: Name of its pictures and links, such as ``v-4``.
        view: Its spec.
        role: Always ``candidate``.
        label: The swept value in a family, otherwise the part that differs or a letter.
        value: What is swept, as text; nothing outside a family.
        in_family: Whether the curve runs through it.
        nats: Bound on the information its two views share; nothing with too few held-out pairs.
        at_ceiling: Whether that bound is at the most it can report.
        accuracy: Accuracy of the readout, within [0, 1], or what decides in its place: see
            :attr:`TaskVerdict.measure`.
        regime: On which side of the peak it lies.
        words: The regime in words.
        over_scratch: Against training from scratch.
        against: Against the next best view.
        usable: Usable information about the label, nats.
        about_label: Lower bound on what one view says about the label, I(v; y), nats; at most the
            entropy of the classes.
        knn: Nearest-neighbour accuracy.
        seconds: Wall time of a run.
        undertrained: How many of its runs were still improving.
        collapsed: How many of its runs collapsed.
        notes: Sentences about this view alone.
        pairs: How many pictures of pairs there are.
        others: Scores that do not decide, in words.
    """

    id: str
    view: str
    role: Literal["candidate"]
    label: str
    value: str | None
    in_family: bool
    nats: Interval | None
    at_ceiling: bool
    accuracy: Annotated[Interval | None, SHORT]
    regime: Regime | None
    words: str
    over_scratch: Gap | None
    against: NamedGap | None
    usable: Interval | None
    about_label: Interval | None
    knn: float | None
    seconds: float | None
    undertrained: int
    collapsed: int
    notes: tuple[str, ...]
    pairs: int
    others: str = ""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the views are compared with: from scratch, random weights or raw pixels."""

    name: str
    detail: str
    scratch: bool
    accuracy: Annotated[Interval | None, SHORT]
    over_scratch: Gap | None
    usable: float | None
    knn: float | None
    seconds: float | None
    others: str = ""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Readout accuracy over shared nats on a grid: the fit and its 95 % band."""

    nats: tuple[float, ...]
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Peak:
    """Where accuracy is highest.

    Attributes:
        kind: ``inside``; ``left`` (at or below the upper end), ``right`` (at or above the lower
            end); ``none`` when there is not enough evidence for a peak.
        nats: Where, with its interval.
        text: The same in words.
    """

    kind: Literal["inside", "left", "right", "none"]
    nats: Annotated[Interval, SHORT]
    text: str


@dataclass(frozen=True, kw_only=True)
class TaskVerdict:
    """What a study found for one task; without labels the only one, with an empty name.

    Attributes:
        task: Name of the label.
        classes: How many; 0 without labels.
        class_entropy_nats: Entropy of the label.
        wording: Name of the case of the advice.
        regime: Regime of the best view.
        question: What the study asked.
        advice: The answer.
        worth: Whether pretraining pays.
        finding: What the curve shows, in one line.
        alt: The curve in words.
        winner: Id of the best view; nothing without labels.
        views: Candidates, fewest shared nats first.
        baselines: From scratch, random weights, raw pixels.
        curve: The fit through a family; nothing with too few views.
        peak: Where that curve is highest; nothing with too few views.
        lengths: The best views at several lengths of training; nothing where none was measured.
        comparison: From scratch, frozen and fine-tuned on the same labels; nothing without
            labels.
        measure: What decides, and what all fields called ``accuracy`` hold: accuracy; balanced
            accuracy where classes are imbalanced; macro AUROC of several labels; R2 of a number;
            mIoU of classes of pixels.
    """

    task: str
    classes: int
    class_entropy_nats: float | None
    wording: str
    regime: Regime
    question: str
    advice: Advice
    worth: Worth | None
    finding: str
    alt: str
    winner: str | None
    views: tuple[View, ...]
    baselines: tuple[Baseline, ...]
    curve: Curve | None
    peak: Peak | None
    lengths: Lengths | None = None
    comparison: Comparison | None = None
    measure: Measure = "accuracy"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One of the study's checks of itself: what was found, and what to do if it failed."""

    name: str
    ok: bool
    value: str
    text: str
    do: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The content of ``verdict.json``.

    Attributes:
        schema: Version of the file.
        ceiling: The most a bound can report.
        tasks: What was found for each task.
        trust: Checks of the study itself.
        compromise: One view for all tasks; nothing with fewer than two.
        screening: What short runs before the study found, for each task; nothing where the views
            were given.
        search: What was searched before the study; nothing without ``--search``.
    """

    schema: int = SCHEMA
    ceiling: Ceiling
    tasks: tuple[TaskVerdict, ...]
    trust: tuple[Check, ...]
    compromise: Compromise | None = None
    screening: tuple[Screening, ...] = ()
    search: Search | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object that :meth:`from_json` reads."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: object, *, where: str = "verdict.json") -> "Verdict":
        """Read what :meth:`to_json` made.

        Raises:
            InputError: Another version wrote it, or a field is missing, unknown or of another
                type; the message names the field.
        """
        check_schema(value, where, SCHEMA)
        return from_json(cls, value, where)

    @classmethod
    def read(cls, path: Path) -> "Verdict":
        """Read ``verdict.json``.

        Raises:
            InputError: It is missing or broken, or was written by another version.
        """
        return cls.from_json(read_json(path), where=str(path))
