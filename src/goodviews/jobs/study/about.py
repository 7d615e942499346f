"""What a study was, and where its numbers come from: the content of ``run.json``."""

import os
from datetime import date

import torch

from goodviews.core.origin import run_origin
from goodviews.core.records.run import Cells, Data, Run, Skipped, Splits
from goodviews.core.records.run import Family as Swept
from goodviews.core.records.verdict import Verdict
from goodviews.jobs.study.pairs import describe_display
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.run import Done
from goodviews.spec.grammar import Family
from goodviews.training.machine import resolve_precision
from goodviews.training.small import scratch_encoder


def describe(
    plan: StudyPlan,
    done: Done,
    verdict: Verdict,
    family: Family | None,
    command: str,
    seconds: float,
    *,
    data: Data,
    splits: Splits,
) -> Run:
    """What a study was.

    Args:
        plan: The study.
        done: Its cells.
        verdict: What it found.
        family: The candidates as one family, if they are one.
        command: Command of this study.
        seconds: Wall time of this call.
        data: What was studied: :func:`about_images` or its twin for graphs.
        splits: Parts of the data, and the protocol.
    """
    run = run_origin(command, seeds=plan.seeds)
    rows = [result.rows[0] for result in done.results.values()]
    cpu = f"{os.cpu_count()} x {run['hardware']}"
    return Run(
        data=data,
        splits=splits,
        family=swept(family),
        encoder=plan.settings.encoder,
        objective=plan.settings.objective,
        optimiser=plan.settings.optimiser,
        precision=resolve_precision(plan.settings.precision, plan.settings.device),
        epochs=plan.settings.epochs,
        batch=min(plan.settings.batch, splits.pretrain),
        candidates=plan.candidates,
        seeds=tuple(plan.seeds),
        cells=Cells(
            done=len(done.results),
            failed=len(done.failed),
            resumed=done.resumed,
            undertrained=sum(bool(row.undertrained) for row in rows),
            collapsed=sum(bool(row.collapsed) for row in rows),
        ),
        command=command,
        versions=run["versions"],
        commit=run["commit"],
        hardware=cpu if plan.settings.device == "cpu" else torch.cuda.get_device_name(),
        wall_seconds=round(seconds, 1),
        date=date.today().isoformat(),
        wording=verdict.tasks[0].wording,
    )


def swept(family: Family | None) -> Swept | None:
    """The record of a family; nothing where there is none."""
    if family is None:
        return None
    return Swept(template=family.template, argument=family.argument, values=family.values)


def about_images(plan: Plan) -> Data:
    """The images of a study."""
    images = plan.images
    return Data(
        name=images.name,
        task_data=None if plan.task_images is images else plan.task_images.name,
        count=len(images),
        height=images.height,
        width=images.width,
        channels=images.channels,
        source=images.source,
        range=images.range_note,
        hash=images.hash,
        skipped=tuple(Skipped(file=file, why=why) for file, why in images.skipped),
        display=describe_display(images),
        labelled={task.name: int((task.labels >= 0).sum()) for task in plan.tasks},
        classes={task.name: tuple(task.classes) for task in plan.tasks},
        notes=tuple(images.notes),
    )


def image_splits(plan: Plan) -> Splits:
    """Parts of the images, and the protocol in words."""
    parts, first = plan.splits, plan.tasks[0] if plan.tasks else None
    return Splits(
        pretrain=len(parts.pretrain),
        held_out=len(parts.held_out),
        test=int((~first.choose).sum()) if first else 0,
        choose=int(first.choose.sum()) if first else 0,
        labels=first.budget if first else 0,
        label_draws=len(first.draws) if first else 0,
        protocol=_protocol(plan),
        hash=parts.hash,
    )


def _protocol(plan: Plan) -> str:
    """Who was pretrained on, who was tested, and who chose, in one sentence."""
    parts = plan.splits
    start = (
        f"Encoders are pretrained on {len(parts.pretrain):,} images, and {len(parts.held_out):,} "
        f"are held out for the bound"
    )
    if not plan.tasks:
        return f"{start}; there are no labels."
    task, scratch = plan.tasks[0], scratch_encoder(plan.settings.encoder)
    other = ""
    if scratch != plan.settings.encoder:
        other = f"; training from scratch takes {scratch}, which is more accurate there"
    if task.crossed:
        how = (
            f"readouts are fitted to {task.budget:,} of the {len(task.items):,} labels and tested "
            f"on the others, in {len(task.draws)} folds; the encoder saw none of these images"
        )
    else:
        how = (
            f"each of {len(task.draws)} readouts is fitted to {task.budget:,} labels of "
            f"pretraining images and tested on {int((~task.choose).sum()):,} held-out images"
        )
    choice = "the view is selected and measured on different folds of them"
    if task.choose.any():
        choice = f"the view is selected with {int(task.choose.sum()):,} other labels"
    return f"{start}; {how}; {choice}{other}."
