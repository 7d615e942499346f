"""The advice of a study where longer training may change it."""

from dataclasses import replace

from goodviews.core.records.lengths import Lengths
from goodviews.core.records.verdict import TaskVerdict


def with_lengths(task: TaskVerdict, found: Lengths) -> TaskVerdict:
    """Add what was found of longer training to a task, its advice included.

    A view that is worse than training from scratch at the study's length may be better at the
    length of use. Unless the forecast says that it is not, "do not pretrain" then becomes
    "undecided", or "pretrain for longer" where the forecast says that it is.

    Args:
        task: What the study found for the task.
        found: What it found of the length of training.
    """
    advice = task.advice
    if found.choice is None or advice.recommended or found.target <= found.epochs:
        return replace(task, lengths=found)
    if found.choice == "undecided":
        refused = task.wording == "do_not_pretrain"
        head = "Undecided whether to pretrain for longer. Best view so far:"
        later = f"The answer may change with longer training ({found.target:,} epochs)."
        advice = replace(
            advice,
            head=head if refused else advice.head,
            open=found.answer if refused else _joined(advice.open, later),
            command=found.command or advice.command,
        )
        wording = "undecided_length" if refused else task.wording
        return replace(task, lengths=found, advice=advice, wording=wording)
    if found.choice == "worth_it":
        advice = replace(
            advice,
            head=f"Pretrain for {found.target:,} epochs with",
            open=found.answer,
            recommended=True,
        )
        return replace(task, lengths=found, advice=advice, wording="longer")
    return replace(task, lengths=found, advice=replace(advice, open=found.answer))


def _joined(first: str, second: str) -> str:
    return f"{first.rstrip('.')}. {second}" if first else second
