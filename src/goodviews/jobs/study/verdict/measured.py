"""The words of a verdict where something other than accuracy decides.

Sentences are written for the accuracy of classes; the name of what decides takes its place.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from goodviews.core.records.codec import from_json, to_json
from goodviews.core.records.rows import Measure, Row
from goodviews.core.records.verdict import TaskVerdict, Verdict
from goodviews.core.text import number
from goodviews.jobs.study.verdict.entries import mean

_KEPT = frozenset(
    ("task", "view", "spec", "id", "role", "label", "value", "command", "measure", "others")
)
"""Fields that are not prose."""

_SHOWN = {
    "accuracy": "readout_top1",
    "balanced accuracy": "readout_balanced",
    "macro F1": "readout_f1",
    "macro AUROC": "readout_auroc",
    "mean average precision": "readout_map",
    "R2": "readout_r2",
    "mIoU": "readout_miou",
}
"""Scores in words; of links there is one, which decides."""


def in_words(verdict: Verdict) -> Verdict:
    """The verdict with the name of what decides in all sentences of a task.

    Args:
        verdict: A verdict whose sentences say accuracy.
    """
    return replace(verdict, tasks=tuple(map(_task, verdict.tasks)))


def measured_words(text: str, measure: Measure) -> str:
    """A sentence about accuracy as one about what decides.

    Args:
        text: The sentence.
        measure: What decides.

    Example:
        >>> measured_words("With 4 labels per class, it reaches 90.0 % accuracy.", "macro AUROC")
        'With 4 labels per stratum, it reaches 90.0 % macro AUROC.'
        >>> measured_words("Accuracy peaks here.", "balanced accuracy")
        'Balanced accuracy peaks here.'
    """
    if measure == "accuracy":
        return text
    if measure != "balanced accuracy":
        text = text.replace("per class", "per stratum").replace(
            "logistic regression", "a linear probe"
        )
    text = text.replace("Less accurate", "Lower").replace(
        "as accurate or more so", "as good or better"
    )
    text = text.replace("As accurate as", "As good as").replace("as accurate", "as good")
    start = measure if measure == "mIoU" else measure[0].upper() + measure[1:]
    names = {"accuracy": measure, "Accuracy": start}
    return re.sub("[Aa]ccuracy", lambda found: names[found[0]], text)


def _task(task: TaskVerdict) -> TaskVerdict:
    if task.measure == "accuracy":
        return task
    made: TaskVerdict = from_json(
        TaskVerdict,
        every_sentence(to_json(task), lambda text: measured_words(text, task.measure)),
        "the verdict",
    )
    return made


def every_sentence(value: object, change: Callable[[str], str], name: str = "") -> object:
    """A JSON object with every sentence changed; names, specs and commands stay.

    Args:
        value: The object.
        change: From a sentence to another.
        name: Name of the field that holds it.

    Example:
        >>> every_sentence({"view": "flip()", "words": "good"}, str.upper)
        {'view': 'flip()', 'words': 'GOOD'}
    """
    if isinstance(value, dict):
        return {key: every_sentence(one, change, key) for key, one in value.items()}
    if isinstance(value, list):
        return [every_sentence(one, change, name) for one in value]
    if isinstance(value, str) and name not in _KEPT:
        return change(value)
    return value


def other_scores(rows: list[Row]) -> str:
    """The scores that do not decide, in words; empty where there are none.

    Args:
        rows: Rows of one view or baseline, over the seeds.

    Example:
        >>> one = Row("flip()", 0, "label", readout_top1=0.9, readout_f1=0.8)
        >>> other_scores([one])
        'macro F1 .800'
    """
    parts = []
    if rows and rows[0].measure == "link AUC":
        return ""
    for name, column in _SHOWN.items():
        value = mean([getattr(row, column) for row in rows])
        if value is not None and rows and rows[0].measure != name:
            parts.append(f"{name} {number(value, 3, bare=True)}")
    return ", ".join(parts)
